-- Proofs that real networks work here: one small transfer each way, on the operator's own nodes.
CREATE TABLE provings (
  id UUID PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  network TEXT NOT NULL,
  address TEXT NOT NULL,
  version BIGINT NOT NULL,
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (environment, address)
);
CREATE INDEX provings_last ON provings (environment, network, created_at, id);
