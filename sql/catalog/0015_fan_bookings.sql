CREATE TABLE IF NOT EXISTS fan_bookings (
  fan_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  show_id INT UNSIGNED NOT NULL,
  booking_id BIGINT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (fan_id, show_id, booking_id),
  KEY fan_bookings_recent (fan_id, created_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
