CREATE TABLE IF NOT EXISTS sale_releases (
  release_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sale_id VARCHAR(48) NOT NULL,
  zone VARCHAR(40) NULL,
  seats INT UNSIGNED NULL,
  due_at DATETIME(3) NOT NULL,
  actor VARCHAR(80) NOT NULL,
  state VARCHAR(9) NOT NULL,
  released INT UNSIGNED NOT NULL DEFAULT 0,
  made_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at DATETIME(3) NULL,
  KEY sale_releases_due (state, due_at),
  KEY sale_releases_sale (sale_id, due_at),
  CONSTRAINT sale_releases_state CHECK (state IN ('WAITING', 'DONE', 'CANCELLED'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
