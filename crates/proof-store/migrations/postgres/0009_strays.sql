-- Crypto that came to our own wallet and belongs to no order.
CREATE TABLE strays (
  id UUID PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  -- One output of one transfer, so that nothing is held twice.
  subject TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('seen', 'held', 'gone', 'owned')),
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (environment, subject)
);
CREATE INDEX strays_by_state ON strays (environment, state, id);
