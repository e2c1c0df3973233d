-- What an attempt left behind of whoever made it, by which the same person is known again: the number of the
-- document under a key, the numbers of the face sealed.
CREATE TABLE proofs (
  verification_id UUID PRIMARY KEY REFERENCES verifications (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  customer_id UUID NOT NULL REFERENCES customers (id),
  -- Whom it proved.
  person_id UUID REFERENCES persons (id),
  verdict TEXT NOT NULL CHECK (verdict IN ('waiting', 'approved', 'refused')),
  -- Why somebody was refused for good.
  reason TEXT,
  document_hash BYTEA,
  document_ends TIMESTAMPTZ,
  face_model TEXT,
  face BYTEA,
  email_hash BYTEA,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX proofs_by_document ON proofs (document_hash) WHERE document_hash IS NOT NULL;
CREATE INDEX proofs_by_face ON proofs (environment, face_model, verification_id) WHERE face IS NOT NULL;
CREATE INDEX proofs_by_email ON proofs (email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX proofs_by_person ON proofs (person_id, verification_id);
CREATE INDEX proofs_by_customer ON proofs (customer_id);
CREATE INDEX proofs_by_age ON proofs (created_at) WHERE document_hash IS NOT NULL OR face IS NOT NULL OR email_hash IS NOT NULL;

-- What the key of the persons makes of a known text: with another key nobody would be known again.
ALTER TABLE installation ADD COLUMN person_check BYTEA;

-- Why what is known of a person must be kept, and when it was taken away.
ALTER TABLE persons ADD COLUMN hold TEXT;
ALTER TABLE persons ADD COLUMN erased_at TIMESTAMPTZ;
