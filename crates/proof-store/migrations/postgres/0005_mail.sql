-- Letters to users. Each thing is told once.
CREATE TABLE mails (
  id UUID PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES orders (id),
  topic TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'skipped', 'failed')),
  body JSONB NOT NULL,
  attempts BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (order_id, topic)
);

-- Links in letters: each opens its order once, with the code of the letter that it names.
CREATE TABLE links (
  token_hash BYTEA PRIMARY KEY,
  order_id UUID NOT NULL REFERENCES orders (id),
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ,
  asked BIGINT NOT NULL,
  code_mail_id UUID REFERENCES mails (id),
  code_hash BYTEA,
  code_asked_at TIMESTAMPTZ,
  code_tries BIGINT NOT NULL
);
CREATE INDEX links_by_order ON links (order_id);
CREATE INDEX links_by_code ON links (code_mail_id);

-- Jobs of a new kind: sending letters.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail'));

-- Cases can wait for their users.
ALTER TABLE cases DROP CONSTRAINT cases_state_check;
ALTER TABLE cases ADD CONSTRAINT cases_state_check CHECK (state IN ('open', 'awaiting_user', 'executing', 'in_review', 'settled'));
