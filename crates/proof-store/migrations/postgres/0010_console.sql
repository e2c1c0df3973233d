-- The people of the console. A password is kept as its Argon2 hash.
CREATE TABLE members (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'reviewer', 'support', 'partner_admin', 'partner_developer')),
  partner_id UUID REFERENCES partners (id),
  disabled_at TIMESTAMPTZ,
  password TEXT NOT NULL,
  totp_secret TEXT NOT NULL,
  -- The last time step whose code was taken: no code is good twice.
  totp_step BIGINT NOT NULL,
  wrong_tries BIGINT NOT NULL,
  wrong_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL,
  signed_in_at TIMESTAMPTZ
);
CREATE INDEX members_by_partner ON members (partner_id);

CREATE TABLE invitations (
  token_hash BYTEA PRIMARY KEY,
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  partner_id UUID REFERENCES partners (id),
  totp_secret TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ
);
CREATE INDEX invitations_by_partner ON invitations (partner_id);

CREATE TABLE logins (
  token_hash BYTEA PRIMARY KEY,
  member_id UUID NOT NULL REFERENCES members (id),
  created_at TIMESTAMPTZ NOT NULL,
  fresh_at TIMESTAMPTZ NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX logins_by_member ON logins (member_id);

-- What people did. The text is what the hash is over; the columns beside it are for finding it.
CREATE TABLE audit (
  number BIGINT PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL,
  by_name TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  record TEXT NOT NULL,
  hash TEXT NOT NULL
);

-- One row: the end of the chain, which whoever adds to it holds.
CREATE TABLE audit_head (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  number BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- What one person wants and a second one has to want, too.
CREATE TABLE proposals (
  subject TEXT PRIMARY KEY,
  body JSONB NOT NULL,
  at TIMESTAMPTZ NOT NULL
);

-- What was seen of a partner's integration, for its checklist.
CREATE TABLE observations (
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  first_at TIMESTAMPTZ NOT NULL,
  last_at TIMESTAMPTZ NOT NULL,
  request_id TEXT NOT NULL,
  note TEXT NOT NULL,
  order_id UUID,
  PRIMARY KEY (partner_id, environment, kind, subject)
);

CREATE TABLE checklist_signatures (
  partner_id UUID NOT NULL REFERENCES partners (id),
  line TEXT NOT NULL,
  by_name TEXT NOT NULL,
  note TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (partner_id, line)
);

CREATE TABLE checklist_profiles (
  partner_id UUID PRIMARY KEY REFERENCES partners (id),
  body JSONB NOT NULL,
  by_name TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL
);

-- The console looks at everybody's orders, the latest first.
CREATE INDEX orders_by_environment ON orders (environment, id);
CREATE INDEX orders_by_environment_status ON orders (environment, status, id);
CREATE INDEX customers_by_user ON customers (partner_user_id);
