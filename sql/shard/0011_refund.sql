CREATE TABLE IF NOT EXISTS refund (
  show_id INT UNSIGNED NOT NULL,
  reservation_id BIGINT UNSIGNED NOT NULL,
  refund_no SMALLINT UNSIGNED NOT NULL,
  attempt SMALLINT UNSIGNED NOT NULL,
  amount INT UNSIGNED NOT NULL,
  currency CHAR(3) NOT NULL,
  reason VARCHAR(40) NOT NULL,
  state VARCHAR(9) NOT NULL,
  provider_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  check_at DATETIME(3) NULL,
  PRIMARY KEY (show_id, reservation_id, refund_no),
  KEY refund_check (check_at),
  CONSTRAINT refund_state CHECK (state IN ('CREATED', 'PENDING', 'SUCCEEDED', 'FAILED'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
