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

-- Jobs of a new kind: reading the blocks of a network.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan'));
