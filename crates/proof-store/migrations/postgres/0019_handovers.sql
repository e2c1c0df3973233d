-- The identity check of an order on another device: the latest of each order, its single-use link, and the visit of whoever opened it.
CREATE TABLE handovers (
  order_id UUID PRIMARY KEY REFERENCES orders (id),
  link_hash BYTEA NOT NULL UNIQUE,
  visit_hash BYTEA UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'over')),
  until TIMESTAMPTZ NOT NULL,
  made BIGINT NOT NULL,
  changes BIGINT NOT NULL
);
