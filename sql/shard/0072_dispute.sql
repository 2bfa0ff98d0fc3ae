CREATE TABLE IF NOT EXISTS dispute (
  show_id INT UNSIGNED NOT NULL,
  reservation_id BIGINT UNSIGNED NOT NULL,
  dispute_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempt SMALLINT UNSIGNED NOT NULL,
  intent_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state VARCHAR(4) NOT NULL,
  amount INT UNSIGNED NOT NULL,
  currency CHAR(3) NOT NULL,
  reason VARCHAR(60) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  check_at DATETIME(3) NULL,
  PRIMARY KEY (show_id, reservation_id, dispute_id),
  KEY dispute_check (check_at),
  CONSTRAINT dispute_state CHECK (state IN ('OPEN', 'WON', 'LOST'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
