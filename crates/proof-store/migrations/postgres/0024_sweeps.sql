-- Emptying deposit addresses into the hot wallet; one address is emptied of one coin at a time.
CREATE TABLE sweeps (
  id UUID PRIMARY KEY,
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  order_id UUID NOT NULL REFERENCES orders (id),
  state TEXT NOT NULL CHECK (state IN ('topping_up', 'sweeping', 'swept', 'refused')),
  version BIGINT NOT NULL,
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sweeps_by_order ON sweeps (order_id, id);
CREATE UNIQUE INDEX sweeps_one_open ON sweeps (order_id) WHERE state IN ('topping_up', 'sweeping');
CREATE INDEX sweeps_open ON sweeps (environment, id) WHERE state IN ('topping_up', 'sweeping');

-- Jobs of a new kind: looking for what is to be swept, and sweeping it.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment', 'sweep'));
