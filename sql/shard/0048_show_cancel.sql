CREATE TABLE IF NOT EXISTS show_cancel (
  show_id INT UNSIGNED NOT NULL PRIMARY KEY,
  state VARCHAR(7) NOT NULL,
  open_job TINYINT(1) NULL,
  reason VARCHAR(300) NOT NULL,
  asked_by VARCHAR(80) NOT NULL,
  asked_at DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  KEY show_cancel_open (open_job),
  CONSTRAINT show_cancel_state CHECK (state IN ('RUNNING', 'DONE')),
  CONSTRAINT show_cancel_open_state CHECK ((state = 'RUNNING') = (open_job IS NOT NULL))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
