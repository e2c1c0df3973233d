-- Why the last try of a job failed: people see it where they see that it does not get on.
ALTER TABLE jobs ADD COLUMN trouble TEXT;
CREATE INDEX jobs_in_trouble ON jobs (kind, key) WHERE trouble IS NOT NULL;

-- Jobs of a new kind: looking whether a chain keeps what was delivered.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('order', 'identity', 'delivery', 'scan', 'case', 'reconcile', 'mail', 'claim', 'payment', 'sweep', 'cold', 'delivered'));
