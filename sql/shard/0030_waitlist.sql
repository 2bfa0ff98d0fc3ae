CREATE TABLE IF NOT EXISTS waitlist (
  show_id INT UNSIGNED NOT NULL,
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place BIGINT UNSIGNED NOT NULL,
  state VARCHAR(7) NOT NULL,
  quantity SMALLINT UNSIGNED NOT NULL,
  offered SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  lapses SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  zone VARCHAR(40) NULL,
  step_free TINYINT(1) NOT NULL DEFAULT 0,
  accept_fewer TINYINT(1) NOT NULL DEFAULT 0,
  joined_at DATETIME(3) NOT NULL,
  PRIMARY KEY (show_id, fan_id),
  UNIQUE KEY waitlist_place (show_id, place),
  KEY waitlist_line (show_id, state, place),
  CONSTRAINT waitlist_state CHECK (state IN ('WAITING', 'OFFERED', 'SERVED', 'LEFT')),
  CONSTRAINT waitlist_wants CHECK ((state = 'WAITING') = (quantity > 0)),
  CONSTRAINT waitlist_offered CHECK ((state = 'OFFERED') <= (offered > 0))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
