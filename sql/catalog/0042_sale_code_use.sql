CREATE TABLE IF NOT EXISTS sale_code_use (
  sale_id VARCHAR(48) NOT NULL,
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code_id INT UNSIGNED NOT NULL,
  used_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (sale_id, fan_id),
  KEY sale_code_use_code (code_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
