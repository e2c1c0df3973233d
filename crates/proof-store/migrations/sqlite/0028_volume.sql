-- When orders were completed: what they moved, day by day.
CREATE INDEX orders_completed ON orders (environment, CAST(body ->> 'status_at' AS BIGINT)) WHERE status = 'completed';
CREATE INDEX orders_completed_partner ON orders (partner_id, environment, CAST(body ->> 'status_at' AS BIGINT)) WHERE status = 'completed';

-- Who has an alert in hand. It ends with the alert: the next one of the same trouble is a row of its own.
ALTER TABLE alerts ADD COLUMN acknowledged_by TEXT;
ALTER TABLE alerts ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE alerts ADD COLUMN acknowledged_note TEXT;
