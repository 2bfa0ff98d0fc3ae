-- One more account: what codes took off prices.
ALTER TABLE ledger
  DROP CONSTRAINT ledger_debit,
  DROP CONSTRAINT ledger_credit,
  ADD CONSTRAINT ledger_debits
    CHECK (debit IN ('provider', 'till', 'sales', 'owed', 'discount')),
  ADD CONSTRAINT ledger_credits
    CHECK (credit IN ('provider', 'till', 'sales', 'owed', 'discount'))
