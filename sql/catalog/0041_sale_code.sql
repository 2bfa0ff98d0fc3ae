CREATE TABLE IF NOT EXISTS sale_code (
  code_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sale_id VARCHAR(48) NOT NULL,
  code VARCHAR(40) NOT NULL,
  kind VARCHAR(13) NOT NULL,
  uses_max INT UNSIGNED NOT NULL,
  uses INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at DATETIME(3) NULL,
  UNIQUE KEY sale_code_text (sale_id, code),
  CONSTRAINT sale_code_kind CHECK (kind IN ('presale', 'staff', 'accessibility')),
  CONSTRAINT sale_code_uses CHECK (uses <= uses_max)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
