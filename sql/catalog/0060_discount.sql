-- Discount codes. A code is never made twice, since reservations keep its name.
CREATE TABLE IF NOT EXISTS discount (
  code       VARCHAR(24) CHARACTER SET ascii NOT NULL,
  amount     INT UNSIGNED NULL,
  currency   CHAR(3) NULL,
  percent    TINYINT UNSIGNED NULL,
  uses_max   INT UNSIGNED NOT NULL,
  starts_at  DATETIME(3) NULL,
  ends_at    DATETIME(3) NULL,
  sale_id    VARCHAR(48) NULL,
  -- JSON list of show numbers; NULL: every show.
  shows      VARCHAR(2400) NULL,
  created_by VARCHAR(80) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at   DATETIME(3) NULL,
  PRIMARY KEY (code),
  CONSTRAINT discount_value CHECK ((amount IS NULL) <> (percent IS NULL)),
  CONSTRAINT discount_currency CHECK ((amount IS NULL) = (currency IS NULL)),
  CONSTRAINT discount_percent CHECK (percent IS NULL OR percent BETWEEN 1 AND 100)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
