-- What an owner took over after a restore, one row for each life of the installation.
CREATE TABLE recoveries (
  epoch INTEGER PRIMARY KEY,
  accepted_by TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  digest TEXT NOT NULL,
  report TEXT NOT NULL
) STRICT;

-- Money that moved outside under orders that this database does not know: booked, and kept apart.
CREATE TABLE kept_apart (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  subject TEXT NOT NULL,
  order_id BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out', 'transfer', 'deposit')),
  unit TEXT NOT NULL,
  amount TEXT NOT NULL,
  entry_id BLOB NOT NULL REFERENCES entries (id),
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (environment, subject)
) STRICT;
CREATE INDEX kept_apart_by_order ON kept_apart (order_id);
CREATE INDEX kept_apart_by_entry ON kept_apart (entry_id);
