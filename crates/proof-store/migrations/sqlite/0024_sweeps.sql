-- Emptying deposit addresses into the hot wallet; one address is emptied of one coin at a time.
CREATE TABLE sweeps (
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  order_id BLOB NOT NULL REFERENCES orders (id),
  state TEXT NOT NULL CHECK (state IN ('topping_up', 'sweeping', 'swept', 'refused')),
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sweeps_by_order ON sweeps (order_id, id);
CREATE UNIQUE INDEX sweeps_one_open ON sweeps (order_id) WHERE state IN ('topping_up', 'sweeping');
CREATE INDEX sweeps_open ON sweeps (environment, id) WHERE state IN ('topping_up', 'sweeping');

-- Jobs of a new kind: looking for what is to be swept, and sweeping it.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment', 'sweep')),
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
