-- What people have in hand when they look for an order: the hash of its transfer, and the address of its user.
CREATE INDEX events_by_hash ON events (body ->> 'hash') WHERE body ->> 'hash' IS NOT NULL;
CREATE INDEX customers_by_email ON customers (lower(confirmed_email));
