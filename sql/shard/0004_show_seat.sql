CREATE TABLE IF NOT EXISTS show_seat (
  show_id INT UNSIGNED NOT NULL,
  seat_no SMALLINT UNSIGNED NOT NULL,
  seat VARCHAR(12) NOT NULL,
  row_label VARCHAR(6) NOT NULL,
  row_no SMALLINT UNSIGNED NOT NULL,
  x SMALLINT UNSIGNED NOT NULL,
  zone VARCHAR(40) NOT NULL,
  kind VARCHAR(10) NOT NULL,
  price INT UNSIGNED NOT NULL,
  state VARCHAR(7) NOT NULL,
  reservation_id BIGINT UNSIGNED NULL,
  PRIMARY KEY (show_id, seat_no),
  UNIQUE KEY show_seat_label (show_id, seat),
  CONSTRAINT show_seat_state CHECK (state IN ('FREE', 'HELD', 'BOOKED', 'BLOCKED')),
  CONSTRAINT show_seat_owner CHECK ((state IN ('HELD', 'BOOKED')) = (reservation_id IS NOT NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
