-- Assets that a configuration has added: the books name them for as long as there are books.
CREATE TABLE catalogue (
  network TEXT NOT NULL,
  ticker TEXT NOT NULL,
  decimals BIGINT NOT NULL,
  place BIGINT NOT NULL,
  added_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (network, ticker)
);
