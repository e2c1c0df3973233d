-- The identity check of an order on another device: the latest of each order, its single-use link, and the visit of whoever opened it.
CREATE TABLE handovers (
  order_id BLOB PRIMARY KEY REFERENCES orders (id),
  link_hash BLOB NOT NULL UNIQUE,
  visit_hash BLOB UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'over')),
  until INTEGER NOT NULL,
  made INTEGER NOT NULL,
  changes INTEGER NOT NULL
) STRICT;
