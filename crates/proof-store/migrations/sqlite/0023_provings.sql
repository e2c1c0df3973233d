-- Proofs that real networks work here: one small transfer each way, on the operator's own nodes.
CREATE TABLE provings (
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  network TEXT NOT NULL,
  address TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (environment, address)
) STRICT;
CREATE INDEX provings_last ON provings (environment, network, created_at, id);
