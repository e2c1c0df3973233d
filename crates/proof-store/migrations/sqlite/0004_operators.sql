-- Orders that wait for people.
CREATE INDEX orders_in_review ON orders (updated_at) WHERE state = 'in_review';

-- What an entry is about outside: a transfer's hash.
ALTER TABLE entries ADD COLUMN memo TEXT;
CREATE INDEX entries_by_time ON entries (created_at);

-- What payment providers say that they moved, line by line.
CREATE TABLE reported (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  provider TEXT NOT NULL,
  number INTEGER NOT NULL,
  reference TEXT NOT NULL,
  order_id BLOB,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'pay_out')),
  fiat TEXT NOT NULL,
  amount TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  PRIMARY KEY (environment, provider, number)
) STRICT;
CREATE INDEX reported_by_order ON reported (order_id);
CREATE INDEX reported_by_time ON reported (environment, imported_at);

-- When the books were last compared with the world.
CREATE TABLE reconciliations (
  environment TEXT PRIMARY KEY CHECK (environment IN ('test', 'live')),
  started_at INTEGER NOT NULL
) STRICT;

-- What does not agree between the books and the world: each thing once, however often it is seen.
CREATE TABLE findings (
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  cause TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  closed_at INTEGER,
  UNIQUE (environment, kind, subject)
) STRICT;
CREATE INDEX findings_open ON findings (environment, found_at) WHERE closed_at IS NULL;

-- Jobs of a new kind: comparing the books with the world.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile')),
  key BLOB NOT NULL,
  run_at INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  lease_token BLOB,
  lease_until INTEGER,
  UNIQUE (kind, key)
) STRICT;
INSERT INTO jobs SELECT id, kind, key, run_at, generation, attempts, lease_token, lease_until FROM jobs_before;
DROP TABLE jobs_before;
CREATE INDEX jobs_due ON jobs (run_at);
CREATE INDEX jobs_waiting ON jobs (kind, run_at) WHERE lease_until IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;
