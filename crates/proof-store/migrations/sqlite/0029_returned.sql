-- What went back to users, of a ledger that only grows.
CREATE INDEX entries_returned ON entries (id) WHERE kind IN ('refund', 'refund_by_bank', 'give_back');
