-- Which customers paid with a card; a card is known by the processor's fingerprint only.
CREATE TABLE card_uses (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  fingerprint TEXT NOT NULL,
  customer_id UUID NOT NULL REFERENCES customers (id),
  first_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (environment, fingerprint, customer_id)
);
CREATE INDEX card_uses_by_customer ON card_uses (customer_id);
