CREATE TABLE IF NOT EXISTS kept_seat (
  show_id INT UNSIGNED NOT NULL,
  seat_no SMALLINT UNSIGNED NOT NULL,
  kind VARCHAR(5) NOT NULL,
  reason VARCHAR(200) NOT NULL,
  author VARCHAR(80) NOT NULL,
  kept_at DATETIME(3) NOT NULL,
  until_at DATETIME(3) NULL,
  PRIMARY KEY (show_id, seat_no),
  KEY kept_seat_until (until_at),
  CONSTRAINT kept_seat_kind CHECK (kind IN ('block', 'hold')),
  CONSTRAINT kept_seat_end CHECK (kind = 'hold' OR until_at IS NULL)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
