-- Shows whose fans were reminded of this start.
CREATE TABLE IF NOT EXISTS reminded (
  show_id INT UNSIGNED NOT NULL,
  starts_at DATETIME(3) NOT NULL,
  reminded_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (show_id, starts_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
