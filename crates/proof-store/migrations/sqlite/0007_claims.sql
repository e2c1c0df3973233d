-- Cases about fiat: disputes, refunds after the end, payments taken too late.
CREATE TABLE claims (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('taken_late', 'refund', 'dispute')),
  -- What makes it one of its kind, so that nothing is dealt with twice.
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('refunding', 'disputed', 'in_review', 'settled')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (order_id, kind, name)
) STRICT;
CREATE INDEX claims_by_partner ON claims (partner_id, environment, id);
CREATE INDEX claims_by_state ON claims (state, id);

-- Jobs of new kinds: bringing claims to their end, and asking about the payments of an order.
CREATE TABLE jobs_before AS SELECT * FROM jobs;
DROP TABLE jobs;
CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment')),
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

-- Reports tell of disputes.
CREATE TABLE reported_before AS SELECT * FROM reported;
DROP TABLE reported;
CREATE TABLE reported (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  provider TEXT NOT NULL,
  number INTEGER NOT NULL,
  reference TEXT NOT NULL,
  order_id BLOB,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out')),
  fiat TEXT NOT NULL,
  amount TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  PRIMARY KEY (environment, provider, number)
) STRICT;
INSERT INTO reported SELECT environment, provider, number, reference, order_id, kind, fiat, amount, imported_at FROM reported_before;
DROP TABLE reported_before;
CREATE INDEX reported_by_order ON reported (order_id);
CREATE INDEX reported_by_time ON reported (environment, imported_at);

-- A deposit can vanish after its payout.
CREATE TABLE cases_before AS SELECT * FROM cases;
DROP TABLE cases;
CREATE TABLE cases (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('overpaid', 'late', 'wrong_token', 'wrong_network', 'second_deposit', 'reorged')),
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

-- Cards, persons and addresses with which nobody deals. The last line about a thing counts.
CREATE TABLE listings (
  line INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('card', 'person', 'address')),
  value TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('listed', 'removed')),
  reason TEXT NOT NULL,
  said_by TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX listings_by_value ON listings (kind, value, line);
