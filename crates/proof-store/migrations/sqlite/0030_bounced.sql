-- Payouts that a card's bank sends back: cases of a new kind, and lines of the provider's report.
CREATE TABLE claims_before AS SELECT * FROM claims;
DROP TABLE claims;
CREATE TABLE claims (
  id BLOB PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id),
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('taken_late', 'refund', 'dispute', 'payout_bounced')),
  -- What makes it one of its kind, so that nothing is dealt with twice.
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('refunding', 'disputed', 'in_review', 'settled')),
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (order_id, kind, name)
) STRICT;
INSERT INTO claims SELECT id, order_id, partner_id, environment, kind, name, version, state, body, created_at, updated_at FROM claims_before;
DROP TABLE claims_before;
CREATE INDEX claims_by_partner ON claims (partner_id, environment, id);
CREATE INDEX claims_by_state ON claims (state, id);

CREATE TABLE reported_before AS SELECT * FROM reported;
DROP TABLE reported;
CREATE TABLE reported (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  provider TEXT NOT NULL,
  number INTEGER NOT NULL,
  reference TEXT NOT NULL,
  order_id BLOB,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out', 'pay_out_bounced')),
  fiat TEXT NOT NULL,
  amount TEXT NOT NULL,
  imported_at INTEGER NOT NULL,
  PRIMARY KEY (environment, provider, number)
) STRICT;
INSERT INTO reported SELECT environment, provider, number, reference, order_id, kind, fiat, amount, imported_at FROM reported_before;
DROP TABLE reported_before;
CREATE INDEX reported_by_order ON reported (order_id);
CREATE INDEX reported_by_time ON reported (environment, imported_at);

CREATE TABLE kept_apart_before AS SELECT * FROM kept_apart;
DROP TABLE kept_apart;
CREATE TABLE kept_apart (
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  subject TEXT NOT NULL,
  order_id BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out', 'pay_out_bounced', 'transfer', 'deposit')),
  unit TEXT NOT NULL,
  amount TEXT NOT NULL,
  entry_id BLOB NOT NULL REFERENCES entries (id),
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (environment, subject)
) STRICT;
INSERT INTO kept_apart SELECT environment, subject, order_id, kind, unit, amount, entry_id, kept_at FROM kept_apart_before;
DROP TABLE kept_apart_before;
CREATE INDEX kept_apart_by_order ON kept_apart (order_id);
CREATE INDEX kept_apart_by_entry ON kept_apart (entry_id);
