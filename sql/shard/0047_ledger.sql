CREATE TABLE IF NOT EXISTS ledger (
  show_id INT UNSIGNED NOT NULL,
  lsn BIGINT UNSIGNED NOT NULL,
  part TINYINT UNSIGNED NOT NULL,
  reservation_id BIGINT UNSIGNED NOT NULL,
  at DATETIME(3) NOT NULL,
  debit VARCHAR(10) NOT NULL,
  credit VARCHAR(10) NOT NULL,
  amount INT UNSIGNED NOT NULL,
  currency CHAR(3) NOT NULL,
  PRIMARY KEY (show_id, lsn, part),
  KEY ledger_reservation (show_id, reservation_id),
  KEY ledger_at (at),
  CONSTRAINT ledger_debit CHECK (debit IN ('provider', 'till', 'sales', 'owed')),
  CONSTRAINT ledger_credit CHECK (credit IN ('provider', 'till', 'sales', 'owed')),
  CONSTRAINT ledger_moves CHECK (debit <> credit AND amount > 0)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
