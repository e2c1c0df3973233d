-- Cases about fiat: disputes, refunds after the end, payments taken too late.
CREATE TABLE claims (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES orders (id),
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL CHECK (kind IN ('taken_late', 'refund', 'dispute')),
  -- What makes it one of its kind, so that nothing is dealt with twice.
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('refunding', 'disputed', 'in_review', 'settled')),
  body JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (order_id, kind, name)
);
CREATE INDEX claims_by_partner ON claims (partner_id, environment, id);
CREATE INDEX claims_by_state ON claims (state, id);

-- Jobs of new kinds: bringing claims to their end, and asking about the payments of an order.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment'));

-- Reports tell of disputes.
ALTER TABLE reported DROP CONSTRAINT reported_kind_check;
ALTER TABLE reported ADD CONSTRAINT reported_kind_check CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out'));

-- A deposit can vanish after its payout.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check CHECK (kind IN ('overpaid', 'late', 'wrong_token', 'wrong_network', 'second_deposit', 'reorged'));

-- Cards, persons and addresses with which nobody deals. The last line about a thing counts.
CREATE TABLE listings (
  line BIGINT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('card', 'person', 'address')),
  value TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('listed', 'removed')),
  reason TEXT NOT NULL,
  said_by TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX listings_by_value ON listings (kind, value, line);
