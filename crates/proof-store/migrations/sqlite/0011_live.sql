-- What a signature was given for: it is void when that has changed.
ALTER TABLE checklist_signatures ADD COLUMN basis TEXT NOT NULL DEFAULT '';

-- Where a partner's shop says how often an event had an effect.
ALTER TABLE endpoints ADD COLUMN status_url TEXT;

-- Who let a partner move real money, and why although lines were not green, if some were not.
CREATE TABLE live_openings (
  partner_id BLOB PRIMARY KEY REFERENCES partners (id),
  by_name TEXT NOT NULL,
  override_reason TEXT,
  at INTEGER NOT NULL
) STRICT;

-- Who had the page of an order open, and when that page last said so.
CREATE TABLE watches (
  order_id BLOB NOT NULL REFERENCES orders (id),
  by_name TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (order_id, by_name)
) STRICT;
