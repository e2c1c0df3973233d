-- Checks of identity that people have to look at.
CREATE INDEX verifications_in_review ON verifications (id) WHERE state = 'review';
