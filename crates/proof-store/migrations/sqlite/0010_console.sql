-- The people of the console. A password is kept as its Argon2 hash.
CREATE TABLE members (
  id BLOB PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'operator', 'reviewer', 'support', 'partner_admin', 'partner_developer')),
  partner_id BLOB REFERENCES partners (id),
  disabled_at INTEGER,
  password TEXT NOT NULL,
  totp_secret TEXT NOT NULL,
  -- The last time step whose code was taken: no code is good twice.
  totp_step INTEGER NOT NULL,
  wrong_tries INTEGER NOT NULL,
  wrong_at INTEGER,
  created_at INTEGER NOT NULL,
  signed_in_at INTEGER
) STRICT;
CREATE INDEX members_by_partner ON members (partner_id);

CREATE TABLE invitations (
  token_hash BLOB PRIMARY KEY,
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  partner_id BLOB REFERENCES partners (id),
  totp_secret TEXT NOT NULL,
  invited_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX invitations_by_partner ON invitations (partner_id);

CREATE TABLE logins (
  token_hash BLOB PRIMARY KEY,
  member_id BLOB NOT NULL REFERENCES members (id),
  created_at INTEGER NOT NULL,
  fresh_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logins_by_member ON logins (member_id);

-- What people did. The text is what the hash is over; the columns beside it are for finding it.
CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  by_name TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  record TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- One row: the end of the chain, which whoever adds to it holds.
CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  number INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- What one person wants and a second one has to want, too.
CREATE TABLE proposals (
  subject TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- What was seen of a partner's integration, for its checklist.
CREATE TABLE observations (
  partner_id BLOB NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  note TEXT NOT NULL,
  order_id BLOB,
  PRIMARY KEY (partner_id, environment, kind, subject)
) STRICT;

CREATE TABLE checklist_signatures (
  partner_id BLOB NOT NULL REFERENCES partners (id),
  line TEXT NOT NULL,
  by_name TEXT NOT NULL,
  note TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (partner_id, line)
) STRICT;

CREATE TABLE checklist_profiles (
  partner_id BLOB PRIMARY KEY REFERENCES partners (id),
  body TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- The console looks at everybody's orders, the latest first.
CREATE INDEX orders_by_environment ON orders (environment, id);
CREATE INDEX orders_by_environment_status ON orders (environment, status, id);
CREATE INDEX customers_by_user ON customers (partner_user_id);
