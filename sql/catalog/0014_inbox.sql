CREATE TABLE IF NOT EXISTS inbox (
  event_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  kind VARCHAR(60) NOT NULL,
  show_id INT UNSIGNED NULL,
  reservation_id BIGINT UNSIGNED NULL,
  intent_id VARCHAR(80) NULL,
  received_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  waiting TINYINT(1) NULL DEFAULT 1,
  settled_at DATETIME(3) NULL,
  KEY inbox_waiting (waiting, received_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
