CREATE TABLE IF NOT EXISTS show_gate (
  show_id INT UNSIGNED NOT NULL PRIMARY KEY,
  sale_id VARCHAR(48) NOT NULL,
  state VARCHAR(9) NOT NULL,
  opens_at DATETIME(3) NOT NULL,
  closes_at DATETIME(3) NOT NULL,
  KEY show_gate_sale (sale_id),
  CONSTRAINT show_gate_state CHECK (state IN ('OPEN', 'PAUSED', 'CLOSED', 'MOVING', 'CANCELLED'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
