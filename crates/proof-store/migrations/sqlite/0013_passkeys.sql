-- A person without a password has '' for it and for the secret of the authenticator app.

-- Keys with which people of the console sign in: what the browser gave, with its counter.
CREATE TABLE passkeys (
  id BLOB PRIMARY KEY,
  member_id BLOB NOT NULL REFERENCES members (id),
  credential_id BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_member ON passkeys (member_id);

-- What a browser was asked for and has not answered yet: each is good once, for some minutes.
CREATE TABLE ceremonies (
  token_hash BLOB PRIMARY KEY,
  purpose TEXT NOT NULL,
  body TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ceremonies_by_purpose ON ceremonies (purpose);
CREATE INDEX ceremonies_by_age ON ceremonies (expires_at);

-- Of an invitation for somebody who is here already and lost every way to sign in.
ALTER TABLE invitations ADD COLUMN member_id BLOB REFERENCES members (id);
CREATE INDEX invitations_by_member ON invitations (member_id);
