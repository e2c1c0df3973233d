-- Moving what a hot wallet has too much into cold storage; of one coin one move at a time.
CREATE TABLE cold_moves (
  -- The signer knows it by this, as it knows orders by theirs.
  id UUID PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  asset TEXT NOT NULL,
  number BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('moving', 'moved', 'refused')),
  -- What comes from there is known again.
  address TEXT NOT NULL,
  version BIGINT NOT NULL,
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (environment, asset, number)
);
CREATE UNIQUE INDEX cold_moves_one_open ON cold_moves (environment, asset) WHERE state = 'moving';
CREATE INDEX cold_moves_by_address ON cold_moves (environment, address, id);

-- What came to our wallet from there needs nobody to explain it.
ALTER TABLE strays DROP CONSTRAINT strays_state_check;
ALTER TABLE strays ADD CONSTRAINT strays_state_check CHECK (state IN ('seen', 'held', 'gone', 'owned', 'from_cold'));

-- Jobs of a new kind: looking for what a wallet has too much, and moving it.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment', 'sweep', 'cold'));
