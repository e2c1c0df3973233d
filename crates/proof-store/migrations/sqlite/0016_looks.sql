-- How a partner's widget looks, where it is not as ours is; and the picture that its body names.
CREATE TABLE looks (
  partner_id BLOB PRIMARY KEY REFERENCES partners (id),
  body TEXT NOT NULL,
  logo BLOB,
  changed_at INTEGER NOT NULL
) STRICT;
