-- The hash of this entry and the one before it: an entry changed or taken out later breaks the chain.
ALTER TABLE show_log ADD COLUMN chain CHAR(43) CHARACTER SET ascii NOT NULL DEFAULT '';
