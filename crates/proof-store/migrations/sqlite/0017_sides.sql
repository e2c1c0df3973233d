-- Who looks for sells among two million buys, or the other way round, finds them at once.
CREATE INDEX orders_by_side ON orders (environment, side, id);
CREATE INDEX orders_by_status_side ON orders (environment, status, side, id);
CREATE INDEX orders_by_partner_side ON orders (partner_id, environment, side, id);
CREATE INDEX orders_by_partner_status_side ON orders (partner_id, environment, status, side, id);
DROP INDEX orders_by_environment_status;
