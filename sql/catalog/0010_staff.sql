CREATE TABLE IF NOT EXISTS staff (
  staff_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  role VARCHAR(12) NOT NULL,
  password_hash VARCHAR(120) NOT NULL,
  token_epoch INT UNSIGNED NOT NULL DEFAULT 1,
  state VARCHAR(8) NOT NULL,
  guarded_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY staff_name (name),
  KEY staff_guarded (guarded_at),
  CONSTRAINT staff_role CHECK (role IN ('box_office', 'ops', 'admin')),
  CONSTRAINT staff_state CHECK (state IN ('ACTIVE', 'REMOVED'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
