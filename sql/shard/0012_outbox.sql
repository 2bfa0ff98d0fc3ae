CREATE TABLE IF NOT EXISTS outbox (
  show_id INT UNSIGNED NOT NULL,
  outbox_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind VARCHAR(24) NOT NULL,
  subject_id BIGINT UNSIGNED NOT NULL,
  payload JSON NOT NULL,
  created_at DATETIME(3) NOT NULL,
  due_at DATETIME(3) NULL,
  tries SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  published_at DATETIME(3) NULL,
  error VARCHAR(300) NULL,
  PRIMARY KEY (show_id, outbox_id),
  KEY outbox_order (outbox_id),
  KEY outbox_due (due_at, outbox_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
