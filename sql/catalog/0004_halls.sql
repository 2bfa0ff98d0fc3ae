CREATE TABLE IF NOT EXISTS halls (
  hall_id VARCHAR(48) NOT NULL PRIMARY KEY,
  cinema_id VARCHAR(48) NOT NULL,
  name VARCHAR(100) NOT NULL,
  KEY halls_cinema (cinema_id),
  CONSTRAINT halls_cinema FOREIGN KEY (cinema_id) REFERENCES cinemas (cinema_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
