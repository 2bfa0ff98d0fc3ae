-- One request's share of a quota, committed before the request or the money goes its way. `unsure`
-- until its request is known to be in a journal; then the outbox frees it.
CREATE TABLE cap_claim (
  show_id INT UNSIGNED NOT NULL,
  kind VARCHAR(4) NOT NULL,
  claim_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  scope VARCHAR(48) NOT NULL,
  holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  units SMALLINT UNSIGNED NOT NULL,
  unsure TINYINT(1) DEFAULT 1,
  claimed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (show_id, kind, claim_key),
  KEY cap_claim_holder (scope, kind, holder),
  KEY cap_claim_unsure (unsure, claimed_at)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
