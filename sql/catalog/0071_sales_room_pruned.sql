-- When the room of a finished sale was thrown away; NULL while it may be in Redis.
ALTER TABLE sales ADD COLUMN room_pruned_at DATETIME(3) NULL;
