-- Payouts that a card's bank sends back: cases of a new kind, and lines of the provider's report.
ALTER TABLE claims DROP CONSTRAINT claims_kind_check;
ALTER TABLE claims ADD CONSTRAINT claims_kind_check CHECK (kind IN ('taken_late', 'refund', 'dispute', 'payout_bounced'));
ALTER TABLE reported DROP CONSTRAINT reported_kind_check;
ALTER TABLE reported ADD CONSTRAINT reported_kind_check CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out', 'pay_out_bounced'));
ALTER TABLE kept_apart DROP CONSTRAINT kept_apart_kind_check;
ALTER TABLE kept_apart ADD CONSTRAINT kept_apart_kind_check CHECK (kind IN ('capture', 'refund', 'dispute', 'dispute_fee', 'dispute_won', 'pay_out', 'pay_out_bounced', 'transfer', 'deposit'));
