-- Payments of this show are authorised first and captured once their card is counted.
ALTER TABLE show_head ADD COLUMN counts_cards TINYINT(1) NOT NULL DEFAULT 0
