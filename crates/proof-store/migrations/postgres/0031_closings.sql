-- What the accounts of both worlds held when a day was over, so that a later day need not be added up from the first.
CREATE TABLE closings (
  day BIGINT PRIMARY KEY,
  body JSONB NOT NULL
);
