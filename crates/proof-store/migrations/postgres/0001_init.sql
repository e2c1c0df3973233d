CREATE TABLE installation (
  id UUID PRIMARY KEY,
  secret TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE partners (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('treasury', 'user_wallet', 'managed')),
  stage TEXT NOT NULL CHECK (stage IN ('sandbox', 'live_watched', 'live', 'suspended')),
  widget_id UUID NOT NULL UNIQUE,
  contact_email TEXT NOT NULL,
  signature_key TEXT NOT NULL,
  policy JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE origins (
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  origin TEXT NOT NULL,
  PRIMARY KEY (partner_id, environment, origin)
);
CREATE INDEX origins_by_origin ON origins (origin);

CREATE TABLE tokens (
  key_id TEXT PRIMARY KEY,
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  hash BYTEA NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ
);
CREATE INDEX tokens_by_partner ON tokens (partner_id);

CREATE TABLE wallets (
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  asset TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (partner_id, environment, asset)
);

CREATE TABLE persons (
  id UUID PRIMARY KEY,
  created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE customers (
  id UUID PRIMARY KEY,
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  partner_user_id TEXT NOT NULL,
  email TEXT NOT NULL,
  person_id UUID REFERENCES persons (id),
  created_at TIMESTAMPTZ NOT NULL,
  UNIQUE (partner_id, environment, partner_user_id)
);
CREATE INDEX customers_by_person ON customers (person_id);

CREATE TABLE orders (
  id UUID PRIMARY KEY,
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  customer_id UUID NOT NULL REFERENCES customers (id),
  version BIGINT NOT NULL,
  state TEXT NOT NULL,
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX orders_by_partner ON orders (partner_id, environment, id);
CREATE INDEX orders_by_customer ON orders (customer_id);

CREATE TABLE sessions (
  order_id UUID PRIMARY KEY REFERENCES orders (id),
  init_hash BYTEA NOT NULL UNIQUE,
  parameters JSONB NOT NULL,
  signature TEXT NOT NULL,
  client_ip TEXT,
  lang TEXT,
  theme TEXT,
  expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE visits (
  token_hash BYTEA PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES orders (id),
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX visits_by_order ON visits (order_id);

CREATE TABLE verifications (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customers (id),
  order_id UUID NOT NULL REFERENCES orders (id),
  version BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('collecting', 'submitted', 'review', 'approved', 'rejected')),
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX verifications_by_customer ON verifications (customer_id, id);
CREATE INDEX verifications_by_order ON verifications (order_id);

CREATE TABLE events (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES orders (id),
  sequence BIGINT NOT NULL,
  kind TEXT NOT NULL,
  body JSONB NOT NULL,
  occurred_at TIMESTAMPTZ NOT NULL,
  UNIQUE (order_id, sequence)
);

CREATE TABLE accounts (
  key TEXT PRIMARY KEY,
  unit TEXT NOT NULL,
  balance NUMERIC(39,0) NOT NULL
);

CREATE TABLE entries (
  id UUID PRIMARY KEY,
  order_id UUID REFERENCES orders (id),
  kind TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX entries_by_order ON entries (order_id);

CREATE TABLE postings (
  entry_id UUID NOT NULL REFERENCES entries (id),
  line BIGINT NOT NULL,
  account_key TEXT NOT NULL REFERENCES accounts (key),
  amount NUMERIC(39,0) NOT NULL,
  PRIMARY KEY (entry_id, line)
);
CREATE INDEX postings_by_account ON postings (account_key);

CREATE TABLE jobs (
  id UUID PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('order', 'identity', 'delivery')),
  key UUID NOT NULL,
  run_at TIMESTAMPTZ NOT NULL,
  generation BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  lease_token UUID,
  lease_until TIMESTAMPTZ,
  UNIQUE (kind, key)
);
CREATE INDEX jobs_due ON jobs (run_at);

CREATE TABLE idempotency (
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash BYTEA NOT NULL,
  response TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (partner_id, environment, route, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE endpoints (
  id UUID PRIMARY KEY,
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  UNIQUE (partner_id, environment)
);

CREATE TABLE deliveries (
  id UUID PRIMARY KEY,
  endpoint_id UUID NOT NULL REFERENCES endpoints (id),
  order_id UUID NOT NULL REFERENCES orders (id),
  event_id UUID NOT NULL REFERENCES events (id),
  sequence BIGINT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'superseded', 'failed')),
  attempts BIGINT NOT NULL,
  last_status BIGINT,
  last_error TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  first_tried_at TIMESTAMPTZ,
  last_tried_at TIMESTAMPTZ,
  UNIQUE (endpoint_id, event_id)
);
CREATE INDEX deliveries_by_order ON deliveries (order_id, sequence);
CREATE INDEX deliveries_by_event ON deliveries (event_id);

CREATE TABLE nonces (
  network TEXT NOT NULL,
  sender TEXT NOT NULL,
  nonce BIGINT NOT NULL,
  intent_id UUID UNIQUE,
  PRIMARY KEY (network, sender, nonce)
);

CREATE TABLE coins (
  network TEXT NOT NULL,
  hash TEXT NOT NULL,
  position BIGINT NOT NULL,
  intent_id UUID NOT NULL,
  PRIMARY KEY (network, hash, position)
);
CREATE INDEX coins_by_intent ON coins (intent_id);
