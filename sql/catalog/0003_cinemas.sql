CREATE TABLE IF NOT EXISTS cinemas (
  cinema_id VARCHAR(48) NOT NULL PRIMARY KEY,
  city_id VARCHAR(48) NOT NULL,
  name VARCHAR(150) NOT NULL,
  address VARCHAR(300) NOT NULL,
  postal_code VARCHAR(16) NOT NULL,
  lat DOUBLE NOT NULL,
  lon DOUBLE NOT NULL,
  KEY cinemas_city (city_id),
  CONSTRAINT cinemas_city FOREIGN KEY (city_id) REFERENCES cities (city_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
