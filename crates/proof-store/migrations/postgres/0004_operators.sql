-- Orders that wait for people.
CREATE INDEX orders_in_review ON orders (updated_at) WHERE state = 'in_review';

-- What an entry is about outside: a transfer's hash.
ALTER TABLE entries ADD COLUMN memo TEXT;
CREATE INDEX entries_by_time ON entries (created_at);

-- What payment providers say that they moved, line by line.
CREATE TABLE reported (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  provider TEXT NOT NULL,
  number BIGINT NOT NULL,
  reference TEXT NOT NULL,
  order_id UUID,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'pay_out')),
  fiat TEXT NOT NULL,
  amount NUMERIC(39,0) NOT NULL,
  imported_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (environment, provider, number)
);
CREATE INDEX reported_by_order ON reported (order_id);
CREATE INDEX reported_by_time ON reported (environment, imported_at);

-- When the books were last compared with the world.
CREATE TABLE reconciliations (
  environment TEXT PRIMARY KEY CHECK (environment IN ('test', 'live')),
  started_at TIMESTAMPTZ NOT NULL
);

-- What does not agree between the books and the world: each thing once, however often it is seen.
CREATE TABLE findings (
  id UUID PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  cause TEXT NOT NULL,
  found_at TIMESTAMPTZ NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  closed_at TIMESTAMPTZ,
  UNIQUE (environment, kind, subject)
);
CREATE INDEX findings_open ON findings (environment, found_at) WHERE closed_at IS NULL;

-- Jobs of a new kind: comparing the books with the world.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile'));
