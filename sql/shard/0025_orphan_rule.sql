-- The sale's rule on single seats, where the lane reads it with the show's lock.
ALTER TABLE show_head
  ADD COLUMN orphan_rule VARCHAR(7) NOT NULL DEFAULT 'off',
  ADD CONSTRAINT show_head_orphan_rule CHECK (orphan_rule IN ('off', 'lenient', 'strict'));
