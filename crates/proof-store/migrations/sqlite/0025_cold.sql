-- Moving what a hot wallet has too much into cold storage; of one coin one move at a time.
CREATE TABLE cold_moves (
  -- The signer knows it by this, as it knows orders by theirs.
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  asset TEXT NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('moving', 'moved', 'refused')),
  -- What comes from there is known again.
  address TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (environment, asset, number)
) STRICT;
CREATE UNIQUE INDEX cold_moves_one_open ON cold_moves (environment, asset) WHERE state = 'moving';
CREATE INDEX cold_moves_by_address ON cold_moves (environment, address, id);

-- What came to our wallet from there needs nobody to explain it.
CREATE TABLE strays_before AS SELECT * FROM strays;
DROP TABLE strays;
CREATE TABLE strays (
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  -- One output of one transfer, so that nothing is held twice.
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('seen', 'held', 'gone', 'owned', 'from_cold')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (environment, subject)
) STRICT;
INSERT INTO strays SELECT id, environment, subject, version, state, body, created_at, updated_at FROM strays_before;
DROP TABLE strays_before;
CREATE INDEX strays_by_state ON strays (environment, state, id);

-- Jobs of a new kind: looking for what a wallet has too much, and moving it.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment', 'sweep', 'cold')),
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
