CREATE TABLE IF NOT EXISTS fans (
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  data_key VARBINARY(120) NULL,
  email VARBINARY(400) NULL,
  email_index BINARY(32) NULL,
  name VARBINARY(400) NULL,
  phone VARBINARY(120) NULL,
  phone_index BINARY(32) NULL,
  password_hash VARCHAR(120) NULL,
  token_epoch INT UNSIGNED NOT NULL DEFAULT 1,
  state VARCHAR(8) NOT NULL,
  guarded_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY fans_email (email_index),
  KEY fans_phone (phone_index),
  KEY fans_guarded (guarded_at),
  CONSTRAINT fans_state CHECK (state IN ('ACTIVE', 'BANNED', 'ERASED'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
