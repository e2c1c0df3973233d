-- What is wrong with the installation, from its beginning to its end.
CREATE TABLE alerts (
  id UUID PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  facts JSONB NOT NULL,
  opened_at TIMESTAMPTZ NOT NULL,
  closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE closed_at IS NULL;
CREATE INDEX alerts_by_age ON alerts (opened_at);

-- Each try to copy the database to another place, and what came of it.
CREATE TABLE backups (
  id UUID PRIMARY KEY,
  place TEXT NOT NULL,
  taken_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ NOT NULL,
  bytes BIGINT NOT NULL,
  -- When it was proven: every byte, every count, and the books.
  verified_at TIMESTAMPTZ,
  problem TEXT
);
CREATE INDEX backups_by_age ON backups (taken_at);

-- Written at each look: what shows that the database can still be written.
CREATE TABLE heartbeats (
  name TEXT PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL
);

-- What is still to be done is counted often, and is little beside what has ended.
CREATE INDEX orders_worked ON orders (state, side, updated_at) WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired');
CREATE INDEX deliveries_waiting ON deliveries (created_at) WHERE state = 'pending';
