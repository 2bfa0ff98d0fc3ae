-- How far each follower of the log has come in each show: the stream of events, or the operator's webhook.
CREATE TABLE IF NOT EXISTS event_cursor (
  show_id INT UNSIGNED NOT NULL,
  follower VARCHAR(8) CHARACTER SET ascii NOT NULL,
  lsn BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (show_id, follower)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
