-- Whether an attempt only authorises: its call must be the same however often it is repeated.
ALTER TABLE payment ADD COLUMN manual_capture TINYINT(1) NOT NULL DEFAULT 0
