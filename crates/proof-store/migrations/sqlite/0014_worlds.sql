-- A webhook that somebody took away: its deliveries stay, its address and secret count no more.
ALTER TABLE endpoints ADD COLUMN removed_at INTEGER;

-- Who has looked at refused calls: of so many, so that the next one is new again.
ALTER TABLE refusals ADD COLUMN acknowledged_by TEXT;
ALTER TABLE refusals ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE refusals ADD COLUMN acknowledged_note TEXT;
ALTER TABLE refusals ADD COLUMN acknowledged_count INTEGER NOT NULL DEFAULT 0;
