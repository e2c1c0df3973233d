-- Why the last try of a job failed: people see it where they see that it does not get on.
ALTER TABLE jobs ADD COLUMN trouble TEXT;
CREATE INDEX jobs_in_trouble ON jobs (kind, key) WHERE trouble IS NOT NULL;
