-- Addresses that deposits are awaited at. One address may be good on several networks.
CREATE TABLE deposit_addresses (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  address TEXT NOT NULL,
  network TEXT NOT NULL,
  order_id BLOB NOT NULL REFERENCES orders (id),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (environment, address)
) STRICT;
CREATE INDEX deposit_addresses_by_order ON deposit_addresses (order_id);

-- What arrived at them: each output of each transfer once, whoever finds it.
CREATE TABLE deposits (
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  network TEXT NOT NULL,
  hash TEXT NOT NULL,
  position INTEGER NOT NULL,
  order_id BLOB NOT NULL REFERENCES orders (id),
  asset TEXT NOT NULL,
  amount TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  found_at INTEGER NOT NULL,
  UNIQUE (environment, network, hash, position)
) STRICT;
CREATE INDEX deposits_by_order ON deposits (order_id);

-- How far the blocks of each network have been read, and when its node last told us all it knew.
CREATE TABLE chain_scans (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  network TEXT NOT NULL,
  height INTEGER NOT NULL,
  heard_at INTEGER NOT NULL,
  PRIMARY KEY (environment, network)
) STRICT;

-- Money that moved, or is owed, outside of an order's happy path.
CREATE TABLE cases (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('overpaid', 'late', 'wrong_token', 'wrong_network', 'second_deposit')),
  -- What it is about, so that nothing is dealt with twice.
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'executing', 'in_review', 'settled')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (order_id, subject)
) STRICT;
CREATE INDEX cases_by_partner ON cases (partner_id, environment, id);
CREATE INDEX cases_by_state ON cases (state, id);

-- Jobs of new kinds: reading the blocks of a network, and ending cases.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case')),
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
