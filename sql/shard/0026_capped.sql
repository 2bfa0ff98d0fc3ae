-- Seats of this show also count against caps in the catalog: who frees some tells the outbox.
ALTER TABLE show_head ADD COLUMN capped TINYINT(1) NOT NULL DEFAULT 0;
