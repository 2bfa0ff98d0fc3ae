CREATE TABLE IF NOT EXISTS show_moves (
  show_id INT UNSIGNED NOT NULL PRIMARY KEY,
  from_shard SMALLINT UNSIGNED NOT NULL,
  to_shard SMALLINT UNSIGNED NOT NULL,
  state VARCHAR(8) NOT NULL,
  even_selling TINYINT(1) NOT NULL,
  actor VARCHAR(80) NOT NULL,
  note VARCHAR(300) NOT NULL DEFAULT '',
  planned_at DATETIME(3) NOT NULL,
  changed_at DATETIME(3) NOT NULL,
  KEY show_moves_state (state, planned_at),
  KEY show_moves_changed (changed_at),
  CONSTRAINT show_moves_state
    CHECK (state IN ('PLANNED', 'COPYING', 'CLOSED', 'SWITCHED', 'OPENED', 'DONE'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
