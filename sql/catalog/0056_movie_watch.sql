-- Fans who asked to be told when a movie goes on sale.
CREATE TABLE IF NOT EXISTS movie_watch (
  movie_id VARCHAR(48) NOT NULL,
  fan_id CHAR(12) CHARACTER SET ascii NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (movie_id, fan_id),
  KEY movie_watch_fan (fan_id),
  CONSTRAINT movie_watch_movie FOREIGN KEY (movie_id) REFERENCES movies (movie_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
