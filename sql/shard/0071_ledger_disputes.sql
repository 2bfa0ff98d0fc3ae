-- Two more accounts: what cardholders dispute, and what they won.
ALTER TABLE ledger
  DROP CONSTRAINT ledger_debits,
  DROP CONSTRAINT ledger_credits,
  ADD CONSTRAINT ledger_debit_account CHECK (debit IN
    ('provider', 'till', 'sales', 'owed', 'discount', 'disputed', 'chargeback')),
  ADD CONSTRAINT ledger_credit_account CHECK (credit IN
    ('provider', 'till', 'sales', 'owed', 'discount', 'disputed', 'chargeback'))
