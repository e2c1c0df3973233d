-- Why the last try of a job failed: people see it where they see that it does not get on.
-- And jobs of a new kind: looking whether a chain keeps what was delivered.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment', 'sweep', 'cold', 'delivered')),
  key BLOB NOT NULL,
  run_at INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  lease_token BLOB,
  lease_until INTEGER,
  trouble TEXT,
  UNIQUE (kind, key)
) STRICT;
INSERT INTO jobs SELECT id, kind, key, run_at, generation, attempts, lease_token, lease_until, NULL FROM jobs_before;
DROP TABLE jobs_before;
CREATE INDEX jobs_due ON jobs (run_at);
CREATE INDEX jobs_waiting ON jobs (kind, run_at) WHERE lease_until IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_in_trouble ON jobs (kind, key) WHERE trouble IS NOT NULL;
