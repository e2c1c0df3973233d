-- Letters to users. Each thing is told once.
CREATE TABLE mails (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  topic TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'skipped', 'failed')),
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (order_id, topic)
) STRICT;

-- Links in letters: each opens its order once, with the code of the letter that it names.
CREATE TABLE links (
  token_hash BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  asked INTEGER NOT NULL,
  code_mail_id BLOB REFERENCES mails (id),
  code_hash BLOB,
  code_asked_at INTEGER,
  code_tries INTEGER NOT NULL
) STRICT;
CREATE INDEX links_by_order ON links (order_id);
CREATE INDEX links_by_code ON links (code_mail_id);

-- Jobs of a new kind: sending letters.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail')),
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

-- Cases can wait for their users.
CREATE TABLE cases_before AS SELECT * FROM cases;
DROP TABLE cases;
CREATE TABLE cases (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('overpaid', 'late', 'wrong_token', 'wrong_network', 'second_deposit')),
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'awaiting_user', 'executing', 'in_review', 'settled')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (order_id, subject)
) STRICT;
INSERT INTO cases SELECT id, order_id, partner_id, environment, kind, subject, version, state, body, created_at, updated_at FROM cases_before;
DROP TABLE cases_before;
CREATE INDEX cases_by_partner ON cases (partner_id, environment, id);
CREATE INDEX cases_by_state ON cases (state, id);
