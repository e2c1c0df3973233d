-- Addresses that deposits are awaited at. One address may be good on several networks.
CREATE TABLE deposit_addresses (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  address TEXT NOT NULL,
  network TEXT NOT NULL,
  order_id UUID NOT NULL REFERENCES orders (id),
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (environment, address)
);
CREATE INDEX deposit_addresses_by_order ON deposit_addresses (order_id);

-- What arrived at them: each output of each transfer once, whoever finds it.
CREATE TABLE deposits (
  id UUID PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  network TEXT NOT NULL,
  hash TEXT NOT NULL,
  position BIGINT NOT NULL,
  order_id UUID NOT NULL REFERENCES orders (id),
  asset TEXT NOT NULL,
  amount NUMERIC(39,0) NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  found_at TIMESTAMPTZ NOT NULL,
  UNIQUE (environment, network, hash, position)
);
CREATE INDEX deposits_by_order ON deposits (order_id);

-- How far the blocks of each network have been read, and when its node last told us all it knew.
CREATE TABLE chain_scans (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  network TEXT NOT NULL,
  height BIGINT NOT NULL,
  heard_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (environment, network)
);

-- Money that moved, or is owed, outside of an order's happy path.
CREATE TABLE cases (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES orders (id),
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('overpaid', 'late', 'wrong_token', 'wrong_network', 'second_deposit')),
  -- What it is about, so that nothing is dealt with twice.
  subject TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'executing', 'in_review', 'settled')),
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (order_id, subject)
);
CREATE INDEX cases_by_partner ON cases (partner_id, environment, id);
CREATE INDEX cases_by_state ON cases (state, id);

-- Jobs of new kinds: reading the blocks of a network, and ending cases.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case'));
