-- How a partner's widget looks, where it is not as ours is; and the picture that its body names.
CREATE TABLE looks (
  partner_id UUID PRIMARY KEY REFERENCES partners (id),
  body JSONB NOT NULL,
  logo BYTEA,
  changed_at TIMESTAMPTZ NOT NULL
);
