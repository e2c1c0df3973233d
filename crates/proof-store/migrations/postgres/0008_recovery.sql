-- What an owner took over after a restore, one row for each life of the installation.
CREATE TABLE recoveries (
  epoch BIGINT PRIMARY KEY,
  accepted_by TEXT NOT NULL,
  accepted_at TIMESTAMPTZ NOT NULL,
  digest TEXT NOT NULL,
  report JSONB NOT NULL
);

-- Money that moved outside under orders that this database does not know: booked, and kept apart.
CREATE TABLE kept_apart (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  subject TEXT NOT NULL,
  order_id UUID NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out', 'transfer', 'deposit')),
  unit TEXT NOT NULL,
  amount NUMERIC(39,0) NOT NULL,
  entry_id UUID NOT NULL REFERENCES entries (id),
  kept_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (environment, subject)
);
CREATE INDEX kept_apart_by_order ON kept_apart (order_id);
CREATE INDEX kept_apart_by_entry ON kept_apart (entry_id);
