ALTER TABLE payment
  ADD COLUMN received_amount INT UNSIGNED NULL,
  ADD COLUMN received_currency CHAR(3) NULL
