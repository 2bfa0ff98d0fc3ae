-- Cash that went into a till or out of it, each sale and refund once.
CREATE TABLE IF NOT EXISTS till_entry (
  till_id INT UNSIGNED NOT NULL,
  entry_key VARCHAR(60) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  kind VARCHAR(6) NOT NULL,
  show_id INT UNSIGNED NOT NULL,
  booking_id BIGINT UNSIGNED NOT NULL,
  amount INT UNSIGNED NOT NULL,
  entered_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY till_entry_till (till_id, entered_at),
  CONSTRAINT till_entry_kind CHECK (kind IN ('sale', 'refund')),
  CONSTRAINT till_entry_till FOREIGN KEY (till_id) REFERENCES till (till_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
