-- A drawer of cash, from its opening to its count. open_of lets a member of staff have one open till at a time.
CREATE TABLE IF NOT EXISTS till (
  till_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  staff_name VARCHAR(80) NOT NULL,
  open_of VARCHAR(80) NULL,
  currency CHAR(3) NOT NULL,
  opening_amount INT UNSIGNED NOT NULL,
  opened_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  counted_amount INT UNSIGNED NULL,
  closed_at DATETIME(3) NULL,
  UNIQUE KEY till_open (open_of),
  KEY till_opened (opened_at),
  CONSTRAINT till_closed CHECK ((closed_at IS NULL) = (open_of IS NOT NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
