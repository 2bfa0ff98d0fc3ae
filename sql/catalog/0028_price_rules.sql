-- How a sale moves its prices; null: every zone keeps its own.
ALTER TABLE sales ADD COLUMN price_rules VARCHAR(2000) NULL
