ALTER TABLE refund
  ADD COLUMN intent_id VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN retry_of SMALLINT UNSIGNED NULL,
  ADD COLUMN fail_code VARCHAR(60) NULL,
  ADD KEY refund_state (state)
