-- Crypto that came to our own wallet and belongs to no order.
CREATE TABLE strays (
  id BLOB PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  -- One output of one transfer, so that nothing is held twice.
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('seen', 'held', 'gone', 'owned')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (environment, subject)
) STRICT;
CREATE INDEX strays_by_state ON strays (environment, state, id);
