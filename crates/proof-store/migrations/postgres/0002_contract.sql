-- Orders are listed and filtered by what partners see of them.
ALTER TABLE orders ADD COLUMN side TEXT NOT NULL DEFAULT 'buy' CHECK (side IN ('buy', 'sell'));
ALTER TABLE orders ADD COLUMN asset TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled'));
UPDATE orders SET
  side = body ->> 'side',
  asset = body -> 'amount' ->> 'asset',
  status = CASE
    WHEN state IN ('paid', 'delivering', 'refunding') THEN 'processing'
    WHEN state = 'completed' THEN 'completed'
    WHEN state IN ('failed', 'expired') THEN 'failed'
    WHEN state = 'cancelled' THEN 'cancelled'
    WHEN state = 'in_review' AND EXISTS (
      SELECT 1 FROM events e WHERE e.order_id = orders.id AND e.kind = 'order.status_changed'
    ) THEN 'processing'
    ELSE 'pending'
  END;

CREATE INDEX orders_by_status ON orders (partner_id, environment, status, id);

-- Tokens: when last used, and whether a browser was seen with one.
ALTER TABLE tokens ADD COLUMN last_used_at TIMESTAMPTZ;
ALTER TABLE tokens ADD COLUMN exposed_at TIMESTAMPTZ;
ALTER TABLE tokens ADD COLUMN exposed_origin TEXT;

-- Endpoints: two secrets in overlap, and a way to be switched off.
ALTER TABLE endpoints ADD COLUMN state TEXT NOT NULL DEFAULT 'enabled' CHECK (state IN ('enabled', 'disabled'));
ALTER TABLE endpoints ADD COLUMN disabled_at TIMESTAMPTZ;
ALTER TABLE endpoints ADD COLUMN disabled_reason TEXT;
ALTER TABLE endpoints ADD COLUMN failing_since TIMESTAMPTZ;
ALTER TABLE endpoints ADD COLUMN secret_previous TEXT;
ALTER TABLE endpoints ADD COLUMN secret_previous_until TIMESTAMPTZ;

-- Events carry whose they are and their place in the feed, which is given when they are published.
ALTER TABLE events ADD COLUMN partner_id UUID REFERENCES partners (id);
ALTER TABLE events ADD COLUMN environment TEXT CHECK (environment IN ('test', 'live'));
ALTER TABLE events ADD COLUMN status TEXT;
ALTER TABLE events ADD COLUMN position BIGINT UNIQUE;
UPDATE events SET partner_id = o.partner_id, environment = o.environment,
  status = COALESCE((SELECT s.body ->> 'status' FROM events s
    WHERE s.order_id = events.order_id AND s.kind = 'order.status_changed' AND s.sequence <= events.sequence
    ORDER BY s.sequence DESC LIMIT 1), 'pending')
  FROM orders o WHERE o.id = events.order_id;
UPDATE events SET position = numbered.position FROM (
  SELECT id, ROW_NUMBER() OVER (ORDER BY occurred_at, order_id, sequence) AS position FROM events
) numbered WHERE numbered.id = events.id;
ALTER TABLE events ALTER COLUMN partner_id SET NOT NULL;
ALTER TABLE events ALTER COLUMN environment SET NOT NULL;
ALTER TABLE events ALTER COLUMN status SET NOT NULL;
CREATE INDEX events_feed ON events (partner_id, environment, position);
CREATE INDEX events_unpublished ON events (order_id, sequence) WHERE position IS NULL;

-- The last place that was given; whoever publishes holds this row. What happened before has been
-- told already.
CREATE TABLE feed (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  position BIGINT NOT NULL
);
INSERT INTO feed (id, position) SELECT 1, COUNT(*) FROM events;

-- Deliveries can be of a test event, which belongs to no order.
ALTER TABLE deliveries ALTER COLUMN order_id DROP NOT NULL;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_event_id_fkey;
DROP INDEX deliveries_by_event;
ALTER TABLE deliveries ADD COLUMN next_at TIMESTAMPTZ;
UPDATE deliveries SET next_at = created_at WHERE state = 'pending';
ALTER TABLE deliveries DROP COLUMN last_status;
ALTER TABLE deliveries DROP COLUMN last_error;
ALTER TABLE deliveries DROP COLUMN last_tried_at;
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);

-- Every try, for the delivery log.
CREATE TABLE attempts (
  delivery_id UUID NOT NULL REFERENCES deliveries (id),
  number BIGINT NOT NULL,
  url TEXT NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  duration_ms BIGINT NOT NULL,
  status BIGINT,
  headers JSONB,
  body_start TEXT,
  error TEXT,
  PRIMARY KEY (delivery_id, number)
);
CREATE INDEX attempts_by_age ON attempts (started_at);

-- One delivery job for each endpoint instead of one for each order.
DELETE FROM jobs WHERE kind = 'delivery';
INSERT INTO jobs (id, kind, key, run_at, generation, attempts)
  SELECT e.id, 'delivery', e.id, e.created_at, 1, 0 FROM endpoints e
  WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = e.id AND d.next_at IS NOT NULL);

-- The next job is found without a look at all of them.
CREATE INDEX jobs_waiting ON jobs (kind, run_at) WHERE lease_until IS NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE lease_until IS NOT NULL;

-- Refused calls, counted, for the people who can put them right.
CREATE TABLE refusals (
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  route TEXT NOT NULL,
  code TEXT NOT NULL,
  field TEXT NOT NULL,
  origin TEXT NOT NULL,
  message TEXT NOT NULL,
  count BIGINT NOT NULL,
  request_id TEXT NOT NULL,
  first_at TIMESTAMPTZ NOT NULL,
  last_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (partner_id, environment, route, code, field, origin)
);
CREATE INDEX refusals_by_age ON refusals (last_at);
