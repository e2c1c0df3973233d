-- Devices that selfies of a person were taken on, as keyed hashes; the session has that of its order for as long as it matters.
CREATE TABLE devices (
  person_id UUID NOT NULL REFERENCES persons (id),
  device BYTEA NOT NULL,
  seen_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (person_id, device)
);
CREATE INDEX devices_seen ON devices (seen_at);

ALTER TABLE sessions ADD COLUMN device BYTEA;
CREATE INDEX sessions_device ON sessions (expires_at) WHERE device IS NOT NULL;
