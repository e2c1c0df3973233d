//! What a partner's orders moved on one day: made of the books' entries alone, so that the same day
//! always gives the same bytes.

mod house;

pub use house::{AccountDay, HOUSE_FORMAT, Holdings, House, HouseSums, Movement, PartnerDay, hold};

use crate::{
    asset::{Asset, Fiat},
    id::{EntryId, OrderId, PartnerId},
    ledger::Unit,
    money::{Amount, Money, MoneyError},
    partner::Environment,
    time::Timestamp,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The form of the document; another one gets another number.
pub const STATEMENT_FORMAT: &str = "proof.statement/1";

const DAY_SECONDS: i64 = 24 * 3_600;

/// A day, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Day(i64);

impl Day {
    /// Reads `2026-11-24`.
    pub fn parse(text: &str) -> Option<Self> {
        let at = Timestamp::parse(&format!("{text}T00:00:00Z"))?;
        (text.len() == "2026-11-24".len()).then(|| Self(at.seconds().div_euclid(DAY_SECONDS)))
    }

    pub const fn of(at: Timestamp) -> Self {
        Self(at.seconds().div_euclid(DAY_SECONDS))
    }

    pub const fn start(self) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(self.0.saturating_mul(DAY_SECONDS))
    }

    pub const fn end(self) -> Timestamp {
        self.start().plus_seconds(DAY_SECONDS)
    }

    /// Days since the first one of 1970.
    pub const fn number(self) -> i64 {
        self.0
    }

    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    pub fn name(self) -> String {
        self.start().to_contract().chars().take(10).collect()
    }
}

/// One entry of the books, with all of its postings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookEntry {
    pub id: EntryId,
    pub order: OrderId,
    pub kind: String,
    pub at: Timestamp,
    pub memo: Option<String>,
    /// Account keys and signed base units, debit positive.
    pub postings: Vec<(String, i128)>,
}

/// What one entry means to the partner. Amounts are decimals; what does not apply is empty.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    pub at: String,
    pub entry_id: String,
    pub merchant_transaction_id: String,
    pub kind: String,
    pub fiat_currency: String,
    pub fiat_amount: String,
    pub currency: String,
    pub network: String,
    pub crypto_amount: String,
    pub hash: String,
    /// In the network's native coin; paid by the operator.
    pub network_fee: String,
    pub network_fee_currency: String,
    pub fees: String,
    pub partner_share: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct FiatTotals {
    pub captured: String,
    pub refunded: String,
    /// Withheld by the provider for disputes, less what it gave back.
    pub disputed: String,
    pub paid_out: String,
    pub fees: String,
    pub partner_share: String,
    /// To the partner, for this day.
    pub payable: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CryptoTotals {
    pub delivered: String,
    pub received: String,
    pub returned: String,
    pub kept_as_dust: String,
    /// Could not be given back yet; kept apart for whom it belongs to.
    pub kept_apart: String,
    pub network_fees: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Statement {
    pub format: &'static str,
    pub partner_id: PartnerId,
    pub environment: &'static str,
    pub day: String,
    pub lines: Vec<Line>,
    pub fiat: BTreeMap<String, FiatTotals>,
    pub crypto: BTreeMap<String, CryptoTotals>,
}

/// A posting that this document cannot read: the books are newer than it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("account {0} is not one of ours")]
    Account(String),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The columns of the document in which sums are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Column {
    Captured,
    Refunded,
    Disputed,
    PaidOut,
    Fees,
    PartnerShare,
    Delivered,
    Received,
    Returned,
    Dust,
    Suspended,
    NetworkFee,
}

type Sums = BTreeMap<(Unit, Column), i128>;

/// What a posting of an entry means, and with which sign; most accounts mean nothing to a partner.
fn column(kind: &str, account: &str) -> Option<(Column, i128)> {
    let name = account.split(':').next().unwrap_or_default();
    Some(match (kind, name) {
        ("capture", "psp") => (Column::Captured, 1),
        ("refund", "psp") | ("refund_by_bank", "bank") => (Column::Refunded, -1),
        ("dispute" | "dispute_won", "psp") => (Column::Disputed, -1),
        ("pay_out" | "pay_out_bounced", "payout") => (Column::PaidOut, -1),
        ("deliver" | "pay_out", "fee") => (Column::Fees, -1),
        ("deliver" | "pay_out", "partner_fee") => (Column::PartnerShare, -1),
        ("deliver" | "give_back", "gas") => (Column::NetworkFee, 1),
        (
            "deposit" | "deposit_lost" | "deposit_gone" | "deposit_back" | "hand_over"
            | "take_over",
            "deposit",
        ) => (Column::Received, 1),
        ("give_back", "customer") => (Column::Returned, 1),
        ("dust", "customer") => (Column::Dust, 1),
        ("write_off", "customer") => (Column::Suspended, 1),
        ("deliver", "trading") if account.contains('/') => (Column::Delivered, 1),
        _ => return None,
    })
}

fn unit(account: &str) -> Result<Unit, Unreadable> {
    let unit = account.rsplit(':').next().unwrap_or_default();
    unit.parse()
        .map_err(|_| Unreadable::Account(account.to_owned()))
}

fn add(sums: &mut Sums, key: (Unit, Column), amount: i128) -> Result<(), MoneyError> {
    let sum = sums.entry(key).or_default();
    *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
    Ok(())
}

/// Puts the day together, in the order of the books. Entries that mean nothing to a partner (coins
/// reserved, a transfer on its way) are left out.
pub fn statement(
    partner: PartnerId,
    environment: Environment,
    day: Day,
    entries: &[BookEntry],
) -> Result<Statement, Unreadable> {
    let (mut lines, mut totals) = (Vec::new(), Sums::new());
    for entry in entries {
        let mut own = Sums::new();
        for (account, amount) in &entry.postings {
            if let Some((column, sign)) = column(&entry.kind, account) {
                let amount = amount.checked_mul(sign).ok_or(MoneyError::Overflow)?;
                let key = (unit(account)?, column);
                add(&mut own, key, amount)?;
                add(&mut totals, key, amount)?;
            }
        }
        if !own.is_empty() {
            lines.push(line(entry, &own));
        }
    }
    Ok(Statement {
        format: STATEMENT_FORMAT,
        partner_id: partner,
        environment: environment.name(),
        day: day.name(),
        lines,
        fiat: fiat_totals(&totals),
        crypto: crypto_totals(&totals),
    })
}

fn line(entry: &BookEntry, sums: &Sums) -> Line {
    let fiat = |columns: &[Column]| {
        let mut found = sums
            .iter()
            .filter_map(|((unit, column), amount)| match unit {
                Unit::Fiat(fiat) if columns.contains(column) => Some((*fiat, *amount)),
                Unit::Fiat(_) | Unit::Crypto(_) => None,
            });
        found.next()
    };
    let crypto = |columns: &[Column]| {
        let mut found = sums
            .iter()
            .filter_map(|((unit, column), amount)| match unit {
                Unit::Crypto(asset) if columns.contains(column) => Some((*asset, *amount)),
                Unit::Fiat(_) | Unit::Crypto(_) => None,
            });
        found.next()
    };
    let moved = fiat(&[
        Column::Captured,
        Column::Refunded,
        Column::Disputed,
        Column::PaidOut,
    ]);
    let (fees, share) = (fiat(&[Column::Fees]), fiat(&[Column::PartnerShare]));
    let coins = [
        Column::Delivered,
        Column::Received,
        Column::Returned,
        Column::Dust,
        Column::Suspended,
    ];
    let (coins, gas) = (crypto(&coins), crypto(&[Column::NetworkFee]));
    let currency = moved.or(fees).or(share).map(|(fiat, _)| fiat.code());
    let money =
        |found: Option<(Fiat, i128)>| found.map_or_else(String::new, |(f, n)| fiat_text(f, n));
    let coin =
        |found: Option<(Asset, i128)>| found.map_or_else(String::new, |(a, n)| coin_text(a, n));
    let text = |text: Option<&'static str>| text.unwrap_or_default().to_owned();
    Line {
        at: entry.at.to_string(),
        entry_id: entry.id.to_string(),
        merchant_transaction_id: entry.order.uuid().to_string(),
        kind: entry.kind.clone(),
        fiat_currency: text(currency),
        fiat_amount: money(moved),
        currency: text(coins.map(|(asset, _)| asset.ticker())),
        network: text(coins.map(|(asset, _)| asset.network().name())),
        crypto_amount: coin(coins),
        hash: entry.memo.clone().unwrap_or_default(),
        network_fee: coin(gas),
        network_fee_currency: text(gas.map(|(asset, _)| asset.ticker())),
        fees: money(fees),
        partner_share: money(share),
    }
}

/// With a sign, since a deposit that vanished is taken back.
fn signed(amount: i128, text: impl Fn(u128) -> String) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}", text(amount.unsigned_abs()))
}

fn fiat_text(fiat: Fiat, amount: i128) -> String {
    signed(amount, |minor| Money::new(fiat, minor).to_decimal())
}

fn coin_text(asset: Asset, amount: i128) -> String {
    signed(amount, |base| Amount::new(asset, base).to_decimal())
}

/// An amount of the books for people to read, and its unit; what no unit is stays as it is.
pub fn readable(account: &str, amount: i128) -> (String, String) {
    match unit(account) {
        Ok(Unit::Fiat(fiat)) => (fiat_text(fiat, amount), fiat.code().to_owned()),
        Ok(Unit::Crypto(asset)) => (coin_text(asset, amount), asset.to_string()),
        Err(_) => (amount.to_string(), String::new()),
    }
}

fn fiat_totals(sums: &Sums) -> BTreeMap<String, FiatTotals> {
    let mut totals = BTreeMap::new();
    for unit in sums.keys().map(|(unit, _)| *unit) {
        let Unit::Fiat(fiat) = unit else { continue };
        let of = |column| fiat_text(fiat, sums.get(&(unit, column)).copied().unwrap_or(0));
        let one = FiatTotals {
            captured: of(Column::Captured),
            refunded: of(Column::Refunded),
            disputed: of(Column::Disputed),
            paid_out: of(Column::PaidOut),
            fees: of(Column::Fees),
            partner_share: of(Column::PartnerShare),
            payable: of(Column::PartnerShare),
        };
        totals.insert(fiat.code().to_owned(), one);
    }
    totals
}

fn crypto_totals(sums: &Sums) -> BTreeMap<String, CryptoTotals> {
    let mut totals = BTreeMap::new();
    for unit in sums.keys().map(|(unit, _)| *unit) {
        let Unit::Crypto(asset) = unit else { continue };
        let of = |column| coin_text(asset, sums.get(&(unit, column)).copied().unwrap_or(0));
        let one = CryptoTotals {
            delivered: of(Column::Delivered),
            received: of(Column::Received),
            returned: of(Column::Returned),
            kept_as_dust: of(Column::Dust),
            kept_apart: of(Column::Suspended),
            network_fees: of(Column::NetworkFee),
        };
        totals.insert(unit.to_string(), one);
    }
    totals
}

impl Line {
    const COLUMNS: &'static str = "at,entry_id,merchant_transaction_id,kind,fiat_currency,fiat_amount,currency,network,crypto_amount,hash,network_fee,network_fee_currency,fees,partner_share";

    fn fields(&self) -> [&str; 14] {
        [
            &self.at,
            &self.entry_id,
            &self.merchant_transaction_id,
            &self.kind,
            &self.fiat_currency,
            &self.fiat_amount,
            &self.currency,
            &self.network,
            &self.crypto_amount,
            &self.hash,
            &self.network_fee,
            &self.network_fee_currency,
            &self.fees,
            &self.partner_share,
        ]
    }
}

impl Statement {
    /// The lines as RFC 4180 has them. No field holds a comma, a quote or a line's end: they are ids,
    /// decimals, names and hashes.
    pub fn to_csv(&self) -> String {
        let mut text = format!("{}\r\n", Line::COLUMNS);
        for line in &self.lines {
            text.push_str(&line.fields().join(","));
            text.push_str("\r\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger, network::Network, quote};
    use uuid::Uuid;

    fn ids() -> (OrderId, PartnerId) {
        (
            OrderId::from_uuid(Uuid::from_u128(1)),
            PartnerId::from_uuid(Uuid::from_u128(2)),
        )
    }

    fn book(n: u128, entry: &ledger::Entry) -> BookEntry {
        BookEntry {
            id: EntryId::from_uuid(Uuid::from_u128(n)),
            order: ids().0,
            kind: entry.kind().name().to_owned(),
            at: Day::parse("2026-11-24").unwrap().start(),
            memo: entry.memo().map(str::to_owned),
            postings: entry
                .postings()
                .iter()
                .map(|p| (p.key(), p.amount))
                .collect(),
        }
    }

    fn day_of(entries: &[ledger::Entry]) -> Statement {
        let books: Vec<_> = (1..)
            .zip(entries)
            .map(|(n, entry)| book(n, entry))
            .collect();
        let day = Day::parse("2026-11-24").unwrap();
        statement(ids().1, Environment::Test, day, &books).unwrap()
    }

    #[test]
    fn days_are_read_strictly() {
        let day = Day::parse("2026-11-24").unwrap();
        assert_eq!(day.name(), "2026-11-24");
        assert_eq!(Day::of(day.end()).name(), "2026-11-25");
        assert_eq!(Day::of(day.end().plus_seconds(-1)), day);
        for bad in ["2026-13-01", "2026-1-1", "20261124", "2026-11-24T00", ""] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_of_each_kind_adds_up() {
        let (order, partner) = ids();
        let usdt = Asset::find("USDT", Network::Trc20).unwrap();
        let eur = |minor| Money::new(Fiat::Eur, minor);
        let trx = |base| Amount::new(Network::Trc20.native(), base);
        let coins = Amount::parse(usdt, "100").unwrap();
        let bps = |n| crate::money::Bps::new(n).unwrap();
        let fees = quote::FeePolicy {
            spread: bps(100),
            processing: bps(250),
            processing_fixed_minor: 25,
            partner: bps(50),
        };
        let now = Day::parse("2026-11-24").unwrap().start();
        let quote = quote::quote_buy(&quote::QuoteRequest {
            id: crate::id::QuoteId::from_uuid(Uuid::from_u128(4)),
            crypto: coins,
            fiat: Fiat::Eur,
            mid: crate::money::Rate::from_price("0.9215", 6, 2).unwrap(),
            rate_at: now,
            network: eur(80),
            fees: &fees,
            now,
        })
        .unwrap();
        let entries = [
            ledger::reserve(coins).unwrap(),
            ledger::capture(order, "sandbox", quote.total).unwrap(),
            ledger::deliver(order, partner, &quote, trx(1_000_000), trx(900_000))
                .unwrap()
                .noted("h1"),
            ledger::refund(order, "sandbox", eur(500)).unwrap(),
            ledger::refund_by_bank(order, eur(25)).unwrap(),
            ledger::deposit(order, coins).unwrap().noted("h2"),
            ledger::give_back(order, coins, trx(1_000_000), trx(800_000))
                .unwrap()
                .noted("h3"),
        ];
        let done = day_of(&entries);
        let kinds: Vec<&str> = done.lines.iter().map(|line| line.kind.as_str()).collect();
        let expected = [
            "capture",
            "deliver",
            "refund",
            "refund_by_bank",
            "deposit",
            "give_back",
        ];
        assert_eq!(
            kinds, expected,
            "what means nothing to a partner is left out"
        );
        let euros = &done.fiat["EUR"];
        assert_eq!(euros.captured, quote.total.to_decimal());
        assert_eq!(euros.refunded, "5.25");
        let share = Money::new(Fiat::Eur, quote.line(quote::LineCode::Partner));
        assert_eq!(
            (&euros.partner_share, &euros.payable),
            (&share.to_decimal(), &share.to_decimal())
        );
        let coins = &done.crypto["USDT/TRC20"];
        assert_eq!(
            (coins.delivered.as_str(), coins.received.as_str()),
            ("100.00", "100.00")
        );
        assert_eq!(coins.returned, "100.00");
        assert_eq!(done.crypto["TRX/TRC20"].network_fees, "1.70");
        assert_eq!(done.lines[1].hash, "h1");
        assert_eq!(done.to_csv().lines().count(), 7);
        assert!(!done.to_csv().contains('"'));
    }

    #[test]
    fn a_deposit_that_vanished_is_taken_back() {
        let (order, _) = ids();
        let usdt = Asset::find("USDT", Network::Trc20).unwrap();
        let coins = Amount::parse(usdt, "40").unwrap();
        let done = day_of(&[
            ledger::deposit(order, coins).unwrap(),
            ledger::deposit_lost(order, coins).unwrap(),
        ]);
        assert_eq!(done.lines[1].crypto_amount, "-40.00");
        assert_eq!(done.crypto["USDT/TRC20"].received, "0.00");
    }

    #[test]
    fn an_account_that_is_unknown_stops_the_document() {
        let entry = BookEntry {
            id: EntryId::from_uuid(Uuid::from_u128(1)),
            order: ids().0,
            kind: "capture".into(),
            at: Timestamp::FIRST,
            memo: None,
            postings: vec![("psp:sandbox:XXX".into(), 5)],
        };
        let day = Day::parse("2026-11-24").unwrap();
        let done = statement(ids().1, Environment::Test, day, &[entry]);
        assert_eq!(done, Err(Unreadable::Account("psp:sandbox:XXX".into())));
    }
}
