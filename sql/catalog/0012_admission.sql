CREATE TABLE IF NOT EXISTS admission (
  pass_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  sale_id VARCHAR(48) NOT NULL,
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  epoch INT UNSIGNED NOT NULL,
  score BIGINT UNSIGNED NULL,
  admitted_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  state VARCHAR(8) NOT NULL,
  ended_at DATETIME(3) NULL,
  KEY admission_sale (sale_id, admitted_at),
  KEY admission_fan (fan_id, sale_id),
  CONSTRAINT admission_state CHECK (state IN ('LIVE', 'SPENT', 'LEFT', 'REVOKED'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
