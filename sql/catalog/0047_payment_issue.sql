CREATE TABLE IF NOT EXISTS payment_issue (
  issue_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(24) NOT NULL,
  object_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  day DATE NULL,
  show_id INT UNSIGNED NULL,
  reservation_id BIGINT UNSIGNED NULL,
  ours INT UNSIGNED NULL,
  theirs INT UNSIGNED NULL,
  currency CHAR(3) NULL,
  detail VARCHAR(300) NOT NULL,
  found_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  seen_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  resolved_at DATETIME(3) NULL,
  resolved_by VARCHAR(80) NULL,
  UNIQUE KEY payment_issue_object (kind, object_id),
  KEY payment_issue_open (resolved_at, issue_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
