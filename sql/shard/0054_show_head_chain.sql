-- The hash of the log's last entry, so that the next can be chained to it without reading the log.
ALTER TABLE show_head ADD COLUMN chain CHAR(43) CHARACTER SET ascii NOT NULL DEFAULT '';
