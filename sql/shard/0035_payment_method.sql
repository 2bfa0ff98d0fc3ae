ALTER TABLE payment
  ADD COLUMN method VARCHAR(8) NOT NULL DEFAULT 'provider',
  ADD COLUMN taken_by VARCHAR(80) NULL,
  ADD CONSTRAINT payment_method CHECK (method IN ('provider', 'cash', 'card'))
