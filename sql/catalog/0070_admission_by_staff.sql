-- Whom staff let in beside the rate: such an admission counts for no rate, and the proof says so.
ALTER TABLE admission ADD COLUMN by_staff TINYINT(1) NOT NULL DEFAULT 0;
