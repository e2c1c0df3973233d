-- Of millions of accounts nearly all are an order's. The house's own are read often, and are few.
CREATE INDEX accounts_house ON accounts (key) WHERE key NOT LIKE '%customer:%' AND key NOT LIKE '%deposit:%';

-- Who did what, and about what, in a log that only grows.
CREATE INDEX audit_by_name ON audit (by_name, number);
CREATE INDEX audit_by_act ON audit (act, number);
CREATE INDEX audit_by_subject ON audit (subject, number);
