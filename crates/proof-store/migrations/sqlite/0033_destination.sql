-- Where an order delivers to, from the moment that it was paid or ended.
CREATE INDEX orders_by_destination ON orders (body -> 'destination' ->> 'text', environment, id) WHERE status <> 'pending';
