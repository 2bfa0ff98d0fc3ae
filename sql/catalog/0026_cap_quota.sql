-- What a holder has taken of a cap that no single shard can count: seats of a fan or a card in a
-- sale, uses of a discount code. Its row is the lock of its claims.
CREATE TABLE cap_quota (
  scope VARCHAR(48) NOT NULL,
  kind VARCHAR(4) NOT NULL,
  holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken INT UNSIGNED NOT NULL,
  PRIMARY KEY (scope, kind, holder),
  CONSTRAINT cap_quota_kind CHECK (kind IN ('fan', 'card', 'code'))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
