CREATE TABLE IF NOT EXISTS ticket (
  show_id INT UNSIGNED NOT NULL,
  booking_id BIGINT UNSIGNED NOT NULL,
  seat_no SMALLINT UNSIGNED NOT NULL,
  counter SMALLINT UNSIGNED NOT NULL,
  state VARCHAR(5) NOT NULL,
  live_seat SMALLINT UNSIGNED NULL,
  used_at DATETIME(3) NULL,
  used_gate VARCHAR(40) NULL,
  PRIMARY KEY (show_id, booking_id, seat_no),
  UNIQUE KEY ticket_live_seat (show_id, live_seat),
  CONSTRAINT ticket_state CHECK (state IN ('VALID', 'USED', 'VOID')),
  CONSTRAINT ticket_live CHECK ((state = 'VOID') = (live_seat IS NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
