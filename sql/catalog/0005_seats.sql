CREATE TABLE IF NOT EXISTS seats (
  hall_id VARCHAR(48) NOT NULL,
  seat_no SMALLINT UNSIGNED NOT NULL,
  seat VARCHAR(12) NOT NULL,
  row_label VARCHAR(6) NOT NULL,
  row_no SMALLINT UNSIGNED NOT NULL,
  x SMALLINT UNSIGNED NOT NULL,
  zone VARCHAR(40) NOT NULL,
  kind VARCHAR(10) NOT NULL,
  PRIMARY KEY (hall_id, seat_no),
  UNIQUE KEY seats_label (hall_id, seat),
  CONSTRAINT seats_kind CHECK (kind IN ('standard', 'accessible', 'companion')),
  CONSTRAINT seats_hall FOREIGN KEY (hall_id) REFERENCES halls (hall_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
