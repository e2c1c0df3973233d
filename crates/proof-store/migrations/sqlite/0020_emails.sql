-- The address under which a customer was checked, or which they confirmed since, and when it last became another one.
ALTER TABLE customers ADD COLUMN confirmed_email TEXT;
ALTER TABLE customers ADD COLUMN email_changed_at INTEGER;
UPDATE customers SET confirmed_email = email WHERE person_id IS NOT NULL;
