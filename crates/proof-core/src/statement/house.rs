//! The day of the whole house in one of the two worlds: what each partner's orders moved, and of each account what it
//! held when the day began, what moved it, and what it held when the day was over.

use super::{
    CryptoTotals, Day, FiatTotals, Sums, Unreadable, add, column, crypto_totals, fiat_totals,
    readable, unit,
};
use crate::{
    id::PartnerId,
    ledger::{key_alone, key_in},
    money::MoneyError,
    partner::Environment,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The form of the document; another one gets another number.
pub const HOUSE_FORMAT: &str = "proof.house/1";

/// What accounts hold at one moment, in both worlds; debit positive, in base units. Those that orders have of their
/// own are one for each unit.
pub type Holdings = BTreeMap<String, i128>;

fn world_of(key: &str) -> Environment {
    if key_alone(key) == key {
        Environment::Test
    } else {
        Environment::Live
    }
}

/// The account under which a posting stands here: `customer:{order}:EUR` is one of many, told as `customer:EUR`.
pub fn gathered(key: &str) -> String {
    let alone = key_alone(key);
    let mut parts = alone.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name @ ("customer" | "deposit")), Some(_), Some(unit)) => {
            key_in(world_of(key), &format!("{name}:{unit}"))
        }
        _ => key.to_owned(),
    }
}

/// One posting more.
pub fn hold(holdings: &mut Holdings, key: &str, amount: i128) -> Result<(), MoneyError> {
    let sum = holdings.entry(gathered(key)).or_default();
    *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
    Ok(())
}

/// What entries of one kind did to an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Movement {
    pub kind: String,
    pub lines: u64,
    pub amount: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccountDay {
    pub account: String,
    pub unit: String,
    pub opening: String,
    pub movements: Vec<Movement>,
    pub closing: String,
}

/// By id: a partner may be called something else tomorrow, and the bytes stay the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartnerDay {
    /// With its prefix, as accounts and pages have it.
    pub partner_id: String,
    pub fiat: BTreeMap<String, FiatTotals>,
    pub crypto: BTreeMap<String, CryptoTotals>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct House {
    pub format: &'static str,
    pub environment: &'static str,
    pub day: String,
    pub partners: Vec<PartnerDay>,
    /// Debit positive. Those that held nothing and were not moved are left out.
    pub accounts: Vec<AccountDay>,
}

/// The day while it is read: it grows with accounts and kinds of entries, not with orders.
#[derive(Clone, Debug)]
pub struct HouseSums {
    environment: Environment,
    partners: BTreeMap<PartnerId, Sums>,
    moved: BTreeMap<String, BTreeMap<String, (u64, i128)>>,
}

impl HouseSums {
    pub const fn new(environment: Environment) -> Self {
        Self {
            environment,
            partners: BTreeMap::new(),
            moved: BTreeMap::new(),
        }
    }

    /// One posting of the day, of either world, with the partner whose order it is about.
    pub fn take(
        &mut self,
        partner: Option<PartnerId>,
        kind: &str,
        (key, amount): (&str, i128),
    ) -> Result<(), Unreadable> {
        if world_of(key) != self.environment {
            return Ok(());
        }
        let account = key_alone(key);
        if let Some((partner, (column, sign))) = partner.zip(column(kind, account)) {
            let amount = amount.checked_mul(sign).ok_or(MoneyError::Overflow)?;
            let sums = self.partners.entry(partner).or_default();
            add(sums, (unit(account)?, column), amount)?;
        }
        let kinds = self.moved.entry(gathered(account)).or_default();
        let (lines, sum) = kinds.entry(kind.to_owned()).or_default();
        *lines = lines.saturating_add(1);
        *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
        Ok(())
    }

    /// Over what was held when the day began.
    pub fn finish(self, day: Day, opening: &Holdings) -> Result<House, Unreadable> {
        let own = opening
            .iter()
            .filter(|(key, held)| world_of(key) == self.environment && **held != 0);
        let mut held: BTreeMap<String, i128> = own
            .map(|(key, held)| (key_alone(key).to_owned(), *held))
            .collect();
        for account in self.moved.keys() {
            held.entry(account.clone()).or_default();
        }
        let accounts = held
            .into_iter()
            .map(|(account, opening)| account_day(&account, opening, self.moved.get(&account)))
            .collect::<Result<_, _>>()?;
        let partners = self.partners.iter().map(|(partner, sums)| PartnerDay {
            partner_id: partner.to_string(),
            fiat: fiat_totals(sums),
            crypto: crypto_totals(sums),
        });
        Ok(House {
            format: HOUSE_FORMAT,
            environment: self.environment.name(),
            day: day.name(),
            partners: partners.collect(),
            accounts,
        })
    }
}

fn account_day(
    account: &str,
    opening: i128,
    moved: Option<&BTreeMap<String, (u64, i128)>>,
) -> Result<AccountDay, Unreadable> {
    unit(account)?;
    let text = |amount| readable(account, amount).0;
    let (mut closing, mut movements) = (opening, Vec::new());
    for (kind, (lines, amount)) in moved.into_iter().flatten() {
        closing = closing.checked_add(*amount).ok_or(MoneyError::Overflow)?;
        movements.push(Movement {
            kind: kind.clone(),
            lines: *lines,
            amount: text(*amount),
        });
    }
    let (opening, unit) = readable(account, opening);
    Ok(AccountDay {
        account: account.to_owned(),
        unit,
        opening,
        movements,
        closing: text(closing),
    })
}

impl House {
    const COLUMNS: &'static str = "part,partner_id,account,unit,what,lines,amount";

    /// As RFC 4180 has it; no field holds a comma, a quote or a line's end.
    pub fn to_csv(&self) -> String {
        let mut rows = vec![Self::COLUMNS.to_owned()];
        for partner in &self.partners {
            let id = &partner.partner_id;
            let mut row = |unit: &String, what, amount: &String| {
                rows.push(format!("partner,{id},,{unit},{what},,{amount}"));
            };
            for (unit, sums) in &partner.fiat {
                for (what, amount) in sums.fields() {
                    row(unit, what, amount);
                }
            }
            for (unit, sums) in &partner.crypto {
                for (what, amount) in sums.fields() {
                    row(unit, what, amount);
                }
            }
        }
        for one in &self.accounts {
            let (account, unit) = (&one.account, &one.unit);
            let mut row = |what: &str, lines: &str, amount: &str| {
                rows.push(format!("account,,{account},{unit},{what},{lines},{amount}"));
            };
            row("opening", "", &one.opening);
            for movement in &one.movements {
                row(
                    &movement.kind,
                    &movement.lines.to_string(),
                    &movement.amount,
                );
            }
            row("closing", "", &one.closing);
        }
        let lines = rows.iter().map(|row| format!("{row}\r\n"));
        lines.collect()
    }
}

impl FiatTotals {
    const fn fields(&self) -> [(&'static str, &String); 7] {
        [
            ("captured", &self.captured),
            ("refunded", &self.refunded),
            ("disputed", &self.disputed),
            ("paid_out", &self.paid_out),
            ("fees", &self.fees),
            ("partner_share", &self.partner_share),
            ("payable", &self.payable),
        ]
    }
}

impl CryptoTotals {
    const fn fields(&self) -> [(&'static str, &String); 6] {
        [
            ("delivered", &self.delivered),
            ("received", &self.received),
            ("returned", &self.returned),
            ("kept_as_dust", &self.kept_as_dust),
            ("kept_apart", &self.kept_apart),
            ("network_fees", &self.network_fees),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn accounts_of_orders_are_one_for_each_unit() {
        for (key, told) in [
            ("customer:0190:EUR", "customer:EUR"),
            ("live/deposit:0190:USDT/TRC20", "live/deposit:USDT/TRC20"),
            ("wallet:USDT/TRC20", "wallet:USDT/TRC20"),
            ("partner_fee:prt_1:EUR", "partner_fee:prt_1:EUR"),
        ] {
            assert_eq!(gathered(key), told);
        }
    }

    #[test]
    fn a_day_begins_where_the_last_one_ended() {
        let partner = PartnerId::from_uuid(Uuid::from_u128(2));
        let day = Day::parse("2026-11-24").unwrap();
        let mut held = Holdings::new();
        hold(&mut held, "psp:sandbox:EUR", 1_000).unwrap();
        hold(&mut held, "customer:o1:EUR", -1_000).unwrap();
        hold(&mut held, "live/psp:sandbox:EUR", 7).unwrap();
        hold(&mut held, "bank:EUR", 0).unwrap();
        let mut sums = HouseSums::new(Environment::Test);
        for (of, kind, key, amount) in [
            (Some(partner), "capture", "psp:sandbox:EUR", 250),
            (Some(partner), "capture", "customer:o2:EUR", -250),
            (Some(partner), "refund", "psp:sandbox:EUR", -50),
            (Some(partner), "refund", "customer:o1:EUR", 50),
            (None, "fund", "wallet:USDT/TRC20", 3_000_000),
            (None, "fund", "live/wallet:USDT/TRC20", 9),
        ] {
            sums.take(of, kind, (key, amount)).unwrap();
        }
        let house = sums.finish(day, &held).unwrap();
        let names: Vec<&str> = house.accounts.iter().map(|a| a.account.as_str()).collect();
        assert_eq!(
            names,
            ["customer:EUR", "psp:sandbox:EUR", "wallet:USDT/TRC20"]
        );
        let psp = &house.accounts[1];
        assert_eq!(
            (psp.opening.as_str(), psp.closing.as_str()),
            ("10.00", "12.00")
        );
        assert_eq!(
            (psp.movements[0].lines, &*psp.movements[0].amount),
            (1, "2.50")
        );
        assert_eq!(house.accounts[0].closing, "-12.00");
        assert_eq!(house.partners[0].fiat["EUR"].captured, "2.50");
        assert_eq!(house.partners[0].fiat["EUR"].refunded, "0.50");
        let csv = house.to_csv();
        assert!(
            csv.contains("account,,psp:sandbox:EUR,EUR,refund,1,-0.50\r\n"),
            "{csv}"
        );
        assert!(!csv.contains('"'));
        let mut unknown = HouseSums::new(Environment::Test);
        unknown.take(None, "fund", ("wallet:XXX", 1)).unwrap();
        let stopped = unknown.finish(day, &Holdings::new());
        assert_eq!(stopped, Err(Unreadable::Account("wallet:XXX".into())));
    }
}
