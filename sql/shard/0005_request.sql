CREATE TABLE IF NOT EXISTS request (
  show_id INT UNSIGNED NOT NULL,
  request_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  idem_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body_hash CHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  pass_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  node CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  wish VARCHAR(400) NOT NULL,
  accepted_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  state VARCHAR(9) NOT NULL DEFAULT 'ACCEPTED',
  reason VARCHAR(24) NULL,
  detail VARCHAR(1000) NULL,
  decided_at DATETIME(3) NULL,
  PRIMARY KEY (show_id, request_id),
  UNIQUE KEY request_idem (show_id, fan_id, idem_key),
  KEY request_order (request_id),
  CONSTRAINT request_state
    CHECK (state IN ('ACCEPTED', 'GRANTED', 'REFUSED', 'WITHDRAWN', 'LAPSED')),
  CONSTRAINT request_reason CHECK ((state = 'REFUSED') = (reason IS NOT NULL)),
  CONSTRAINT request_decided CHECK ((state = 'ACCEPTED') = (decided_at IS NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
