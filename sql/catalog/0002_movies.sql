CREATE TABLE IF NOT EXISTS movies (
  movie_id VARCHAR(48) NOT NULL PRIMARY KEY,
  kind VARCHAR(8) NOT NULL,
  title VARCHAR(200) NOT NULL,
  synopsis TEXT NOT NULL,
  runtime_minutes SMALLINT UNSIGNED NOT NULL,
  certificate VARCHAR(16) NOT NULL,
  languages JSON NOT NULL,
  genres JSON NOT NULL,
  rating DECIMAL(3, 1) NULL,
  cast_names JSON NOT NULL,
  poster VARCHAR(500) NULL,
  trailer_url VARCHAR(500) NULL,
  CONSTRAINT movies_kind CHECK (kind IN ('film', 'event'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
