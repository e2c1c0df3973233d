-- Orders are listed and filtered by what partners see of them.
ALTER TABLE orders ADD COLUMN side TEXT NOT NULL DEFAULT 'buy' CHECK (side IN ('buy', 'sell'));
ALTER TABLE orders ADD COLUMN asset TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled'));
UPDATE orders SET
  side = json_extract(body, '$.side'),
  asset = json_extract(body, '$.amount.asset'),
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
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
ALTER TABLE tokens ADD COLUMN exposed_at INTEGER;
ALTER TABLE tokens ADD COLUMN exposed_origin TEXT;

-- Endpoints: two secrets in overlap, and a way to be switched off.
ALTER TABLE endpoints ADD COLUMN state TEXT NOT NULL DEFAULT 'enabled' CHECK (state IN ('enabled', 'disabled'));
ALTER TABLE endpoints ADD COLUMN disabled_at INTEGER;
ALTER TABLE endpoints ADD COLUMN disabled_reason TEXT;
ALTER TABLE endpoints ADD COLUMN failing_since INTEGER;
ALTER TABLE endpoints ADD COLUMN secret_previous TEXT;
ALTER TABLE endpoints ADD COLUMN secret_previous_until INTEGER;

-- Events carry whose they are and their place in the feed, which is given when they are published.
-- Deliveries can be of a test event, which belongs to no order.
CREATE TABLE deliveries_before AS SELECT * FROM deliveries;
DROP TABLE deliveries;
CREATE TABLE events_with_feed (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  sequence INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  body TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  position INTEGER UNIQUE,
  UNIQUE (order_id, sequence)
) STRICT;
INSERT INTO events_with_feed
  SELECT e.id, e.order_id, o.partner_id, o.environment, e.sequence, e.kind,
    COALESCE((SELECT json_extract(s.body, '$.status') FROM events s
      WHERE s.order_id = e.order_id AND s.kind = 'order.status_changed' AND s.sequence <= e.sequence
      ORDER BY s.sequence DESC LIMIT 1), 'pending'),
    e.body, e.occurred_at, ROW_NUMBER() OVER (ORDER BY e.occurred_at, e.order_id, e.sequence)
  FROM events e JOIN orders o ON o.id = e.order_id;
DROP TABLE events;
ALTER TABLE events_with_feed RENAME TO events;
CREATE INDEX events_feed ON events (partner_id, environment, position);
CREATE INDEX events_unpublished ON events (order_id, sequence) WHERE position IS NULL;

-- The last place that was given; whoever publishes holds this row. What happened before has been
-- told already.
CREATE TABLE feed (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL
) STRICT;
INSERT INTO feed (id, position) SELECT 1, COUNT(*) FROM events;

CREATE TABLE deliveries (
  id BLOB PRIMARY KEY,
  endpoint_id BLOB NOT NULL REFERENCES endpoints (id),
  order_id BLOB REFERENCES orders (id),
  event_id BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'superseded', 'failed')),
  attempts INTEGER NOT NULL,
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  first_tried_at INTEGER,
  UNIQUE (endpoint_id, event_id)
) STRICT;
INSERT INTO deliveries
  SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts,
    CASE state WHEN 'pending' THEN created_at END, created_at, first_tried_at
  FROM deliveries_before;
DROP TABLE deliveries_before;
CREATE INDEX deliveries_by_order ON deliveries (order_id, sequence);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);

-- Every try, for the delivery log.
CREATE TABLE attempts (
  delivery_id BLOB NOT NULL REFERENCES deliveries (id),
  number INTEGER NOT NULL,
  url TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status INTEGER,
  headers TEXT,
  body_start TEXT,
  error TEXT,
  PRIMARY KEY (delivery_id, number)
) STRICT;
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
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  route TEXT NOT NULL,
  code TEXT NOT NULL,
  field TEXT NOT NULL,
  origin TEXT NOT NULL,
  message TEXT NOT NULL,
  count INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (partner_id, environment, route, code, field, origin)
) STRICT;
CREATE INDEX refusals_by_age ON refusals (last_at);
