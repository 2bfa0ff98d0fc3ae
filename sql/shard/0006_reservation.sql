CREATE TABLE IF NOT EXISTS reservation (
  show_id INT UNSIGNED NOT NULL,
  reservation_id BIGINT UNSIGNED NOT NULL,
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  pass_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state VARCHAR(8) NOT NULL,
  seats VARCHAR(1000) NOT NULL,
  adjacent TINYINT(1) NOT NULL,
  amount INT UNSIGNED NOT NULL,
  currency CHAR(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  limit_at DATETIME(3) NOT NULL,
  due_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  PRIMARY KEY (show_id, reservation_id),
  UNIQUE KEY reservation_pass (show_id, pass_id),
  KEY reservation_due (show_id, due_at),
  CONSTRAINT reservation_state
    CHECK (state IN ('HELD', 'PAYING', 'ENDING', 'BOOKED', 'EXPIRED', 'RELEASED')),
  CONSTRAINT reservation_due CHECK ((state IN ('HELD', 'PAYING')) = (due_at IS NOT NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
