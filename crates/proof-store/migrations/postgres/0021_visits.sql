-- The language in which an order's widget was opened last: its letters are written in it.
ALTER TABLE sessions ADD COLUMN spoken TEXT;

-- Links that somebody asked for in the widget itself: they are counted.
ALTER TABLE links ADD COLUMN wished_at TIMESTAMPTZ;

-- Where the hosted page may send people back to: an app's own scheme, or a page that opens it.
CREATE TABLE return_links (
  partner_id UUID NOT NULL REFERENCES partners (id),
  environment TEXT NOT NULL CHECK (environment IN ('test', 'live')),
  link TEXT NOT NULL,
  PRIMARY KEY (partner_id, environment, link)
);
