CREATE TABLE installation (
  id BLOB PRIMARY KEY,
  secret TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE partners (
  id BLOB PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('treasury', 'user_wallet', 'managed')),
  stage TEXT NOT NULL CHECK (stage IN ('sandbox', 'live_watched', 'live', 'suspended')),
  widget_id BLOB NOT NULL UNIQUE,
  contact_email TEXT NOT NULL,
  signature_key TEXT NOT NULL,
  policy TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE origins (
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  origin TEXT NOT NULL,
  PRIMARY KEY (partner_id, environment, origin)
) STRICT;
CREATE INDEX origins_by_origin ON origins (origin);

CREATE TABLE tokens (
  key_id TEXT PRIMARY KEY,
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX tokens_by_partner ON tokens (partner_id);

CREATE TABLE wallets (
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  asset TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (partner_id, environment, asset)
) STRICT;

CREATE TABLE persons (
  id BLOB PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE customers (
  id BLOB PRIMARY KEY,
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  partner_user_id TEXT NOT NULL,
  email TEXT NOT NULL,
  person_id BLOB REFERENCES persons (id),
  created_at INTEGER NOT NULL,
  UNIQUE (partner_id, environment, partner_user_id)
) STRICT;
CREATE INDEX customers_by_person ON customers (person_id);

CREATE TABLE orders (
  id BLOB PRIMARY KEY,
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  customer_id BLOB NOT NULL REFERENCES customers (id),
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_by_partner ON orders (partner_id, environment, id);
CREATE INDEX orders_by_customer ON orders (customer_id);

CREATE TABLE sessions (
  order_id BLOB PRIMARY KEY REFERENCES orders (id),
  init_hash BLOB NOT NULL UNIQUE,
  parameters TEXT NOT NULL,
  signature TEXT NOT NULL,
  client_ip TEXT,
  lang TEXT,
  theme TEXT,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE visits (
  token_hash BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX visits_by_order ON visits (order_id);

CREATE TABLE verifications (
  id BLOB PRIMARY KEY,
  customer_id BLOB NOT NULL REFERENCES customers (id),
  order_id BLOB NOT NULL REFERENCES orders (id),
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('collecting', 'submitted', 'review', 'approved', 'rejected')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX verifications_by_customer ON verifications (customer_id, id);
CREATE INDEX verifications_by_order ON verifications (order_id);

CREATE TABLE events (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  UNIQUE (order_id, sequence)
) STRICT;

CREATE TABLE accounts (
  key TEXT PRIMARY KEY,
  unit TEXT NOT NULL,
  balance TEXT NOT NULL
) STRICT;

CREATE TABLE entries (
  id BLOB PRIMARY KEY,
  order_id BLOB REFERENCES orders (id),
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_by_order ON entries (order_id);

CREATE TABLE postings (
  entry_id BLOB NOT NULL REFERENCES entries (id),
  line INTEGER NOT NULL,
  account_key TEXT NOT NULL REFERENCES accounts (key),
  amount TEXT NOT NULL,
  PRIMARY KEY (entry_id, line)
) STRICT;
CREATE INDEX postings_by_account ON postings (account_key);

CREATE TABLE jobs (
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery')),
  key BLOB NOT NULL,
  run_at INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  lease_token BLOB,
  lease_until INTEGER,
  UNIQUE (kind, key)
) STRICT;
CREATE INDEX jobs_due ON jobs (run_at);

CREATE TABLE idempotency (
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash BLOB NOT NULL,
  response TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (partner_id, environment, route, key)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE endpoints (
  id BLOB PRIMARY KEY,
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (partner_id, environment)
) STRICT;

CREATE TABLE deliveries (
  id BLOB PRIMARY KEY,
  endpoint_id BLOB NOT NULL REFERENCES endpoints (id),
  order_id BLOB NOT NULL REFERENCES orders (id),
  event_id BLOB NOT NULL REFERENCES events (id),
  sequence INTEGER NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'superseded', 'failed')),
  attempts INTEGER NOT NULL,
  last_status INTEGER,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  first_tried_at INTEGER,
  last_tried_at INTEGER,
  UNIQUE (endpoint_id, event_id)
) STRICT;
CREATE INDEX deliveries_by_order ON deliveries (order_id, sequence);
CREATE INDEX deliveries_by_event ON deliveries (event_id);

CREATE TABLE nonces (
  network TEXT NOT NULL,
  sender TEXT NOT NULL,
  nonce INTEGER NOT NULL,
  intent_id BLOB UNIQUE,
  PRIMARY KEY (network, sender, nonce)
) STRICT;

CREATE TABLE coins (
  network TEXT NOT NULL,
  hash TEXT NOT NULL,
  position INTEGER NOT NULL,
  intent_id BLOB NOT NULL,
  PRIMARY KEY (network, hash, position)
) STRICT;
CREATE INDEX coins_by_intent ON coins (intent_id);
