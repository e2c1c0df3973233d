-- Assets that a configuration has added: the books name them for as long as there are books.
CREATE TABLE catalogue (
  network TEXT NOT NULL,
  ticker TEXT NOT NULL,
  decimals INTEGER NOT NULL,
  place INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (network, ticker)
) STRICT;
