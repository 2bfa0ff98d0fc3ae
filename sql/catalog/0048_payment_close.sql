CREATE TABLE IF NOT EXISTS payment_close (
  day DATE NOT NULL PRIMARY KEY,
  state VARCHAR(7) NOT NULL,
  waiting TINYINT(1) NULL,
  asked_by VARCHAR(80) NOT NULL,
  asked_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  due_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  finished_at DATETIME(3) NULL,
  charges INT UNSIGNED NOT NULL DEFAULT 0,
  refunds INT UNSIGNED NOT NULL DEFAULT 0,
  differences INT UNSIGNED NOT NULL DEFAULT 0,
  totals JSON NULL,
  error VARCHAR(300) NULL,
  KEY payment_close_waiting (waiting, due_at),
  CONSTRAINT payment_close_state CHECK (state IN ('WAITING', 'DONE')),
  CONSTRAINT payment_close_open CHECK ((state = 'WAITING') = (waiting IS NOT NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
