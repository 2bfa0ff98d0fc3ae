CREATE TABLE IF NOT EXISTS room_note (
  sale_id VARCHAR(48) NOT NULL,
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place INT UNSIGNED NULL,
  mail TINYINT(1) NOT NULL,
  push_sealed VARBINARY(2000) NULL,
  soon_at DATETIME(3) NULL,
  turn_at DATETIME(3) NULL,
  PRIMARY KEY (sale_id, fan_id),
  KEY room_note_due (sale_id, soon_at, place),
  KEY room_note_fan (fan_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
