-- Whether a choice of seats in this sale may leave one free seat alone.
ALTER TABLE sales
  ADD COLUMN orphan_rule VARCHAR(7) NOT NULL DEFAULT 'off',
  ADD CONSTRAINT sales_orphan_rule CHECK (orphan_rule IN ('off', 'lenient', 'strict'));
