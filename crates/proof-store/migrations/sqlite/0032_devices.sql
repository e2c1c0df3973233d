-- Devices that selfies of a person were taken on, as keyed hashes; the session has that of its order for as long as it matters.
CREATE TABLE devices (
  person_id BLOB NOT NULL REFERENCES persons (id),
  device BLOB NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (person_id, device)
) STRICT;
CREATE INDEX devices_seen ON devices (seen_at);

ALTER TABLE sessions ADD COLUMN device BLOB;
CREATE INDEX sessions_device ON sessions (expires_at) WHERE device IS NOT NULL;
