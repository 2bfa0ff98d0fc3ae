-- How many seats of a sale one card may pay for; null: as many as there are.
ALTER TABLE sales ADD COLUMN card_cap SMALLINT UNSIGNED NULL
