-- Cards that customers let us keep: the provider's name for each, and what a person knows theirs by.
CREATE TABLE cards (
  id BLOB PRIMARY KEY,
  customer_id BLOB NOT NULL REFERENCES customers (id),
  person_id BLOB NOT NULL REFERENCES persons (id),
  order_id BLOB NOT NULL REFERENCES orders (id),
  reference TEXT NOT NULL,
  brand TEXT NOT NULL,
  last4 TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  expires INTEGER NOT NULL,
  kept_at INTEGER NOT NULL,
  UNIQUE (customer_id, fingerprint)
) STRICT;
CREATE INDEX cards_expires ON cards (expires);
CREATE INDEX cards_order ON cards (order_id);
CREATE INDEX cards_person ON cards (person_id);

-- Orders whose card their customer wants to be kept, from the capture until that is done.
CREATE TABLE card_wishes (
  order_id BLOB PRIMARY KEY REFERENCES orders (id)
) STRICT;
