CREATE TABLE IF NOT EXISTS pass_claims (
  pass_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  show_id INT UNSIGNED NOT NULL,
  idem_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  busy TINYINT(1) NOT NULL,
  requests SMALLINT UNSIGNED NOT NULL,
  claimed_at DATETIME(3) NOT NULL,
  KEY pass_claims_age (claimed_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
