//! Whether what somebody proved once still holds.

use crate::{
    asset::Asset,
    money::{Amount, MoneyError},
    partner::Environment,
    time::Timestamp,
};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

const DAY_SECONDS: i64 = 24 * 3_600;

/// What an installation wants of persons.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonPolicy {
    /// Tries that a customer has before a pause.
    pub tries_max: u32,
    pub pause_hours: u32,
    /// So many days after a proof a fresh selfie is asked for; 0: never.
    pub selfie_days: u32,
    /// From so much on an order asks for a selfie of its day.
    pub selfie_above: LargeAmounts,
    /// The same where no selfie of theirs was taken on the order's device yet.
    pub selfie_above_new_device: LargeAmounts,
    /// Hashes of documents and numbers of faces are kept for so long after the attempt.
    pub kept_days: u32,
}

impl Default for PersonPolicy {
    fn default() -> Self {
        Self {
            tries_max: 10,
            pause_hours: 24,
            selfie_days: 90,
            selfie_above: LargeAmounts::default(),
            selfie_above_new_device: LargeAmounts::default(),
            // Five years, as long as most laws want to know who somebody was.
            kept_days: 1_827,
        }
    }
}

impl PersonPolicy {
    pub const fn kept_seconds(&self) -> i64 {
        self.kept_days as i64 * DAY_SECONDS
    }

    /// Whether it matters where orders come from.
    pub fn knows_devices(&self) -> bool {
        self.selfie_above_new_device.amounts().next().is_some()
    }

    fn is_large(&self, wanted: Wanted) -> bool {
        self.selfie_above.contains(wanted.amount)
            || !wanted.device_is_known && self.selfie_above_new_device.contains(wanted.amount)
    }

    pub const fn pause_seconds(&self) -> i64 {
        self.pause_hours as i64 * 3_600
    }
}

/// Amounts by coin, whatever its network; a coin that is not named has no large ones.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct LargeAmounts(Arc<BTreeMap<Asset, Amount>>);

#[derive(Debug, thiserror::Error)]
pub enum LargeAmountsError {
    #[error("{0} is no coin that can be bought or sold")]
    Coin(String),
    #[error("{text} is no amount of {asset}")]
    Amount {
        asset: Asset,
        text: String,
        source: MoneyError,
    },
}

impl TryFrom<BTreeMap<String, String>> for LargeAmounts {
    type Error = LargeAmountsError;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, LargeAmountsError> {
        let mut amounts = BTreeMap::new();
        for (ticker, text) in texts {
            let assets: Vec<Asset> = Asset::all().filter(|a| a.ticker() == ticker).collect();
            if assets.is_empty() {
                return Err(LargeAmountsError::Coin(ticker));
            }
            for asset in assets {
                let amount = Amount::parse(asset, &text).map_err(|source| {
                    let text = text.clone();
                    LargeAmountsError::Amount {
                        asset,
                        text,
                        source,
                    }
                })?;
                amounts.insert(asset, amount);
            }
        }
        Ok(Self(Arc::new(amounts)))
    }
}

impl LargeAmounts {
    /// From which on it is large.
    pub fn amounts(&self) -> impl Iterator<Item = Amount> {
        self.0.values().copied()
    }

    pub fn contains(&self, amount: Amount) -> bool {
        let least = self.0.get(&amount.asset());
        least.is_some_and(|least| amount.base() >= least.base())
    }
}

/// What an order is about, and whether a selfie of whoever comes was taken on its device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub amount: Amount,
    pub device_is_known: bool,
}

/// One attempt that proved a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proven {
    pub at: Timestamp,
    pub document_ends: Option<Timestamp>,
    /// There is a face to compare with.
    pub has_face: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Good,
    /// It was a while ago for what is wanted now: the face is looked at again.
    SelfieDue,
    /// The shop names another email than the confirmed one: both mailboxes say that it is theirs, or everything is
    /// looked at again.
    EmailNew,
    /// The document has ended, or they were forgotten: everything is looked at again.
    Ended,
}

impl Standing {
    /// Whether the address comes first. A document proves who it is whatever the address.
    pub const fn with_email(self, is_new: bool) -> Self {
        match self {
            Self::Good | Self::SelfieDue | Self::EmailNew if is_new => Self::EmailNew,
            Self::Good | Self::SelfieDue | Self::EmailNew | Self::Ended => self,
        }
    }
}

/// Whether an order comes with another address than the confirmed one. Somebody whose address was never asked for is
/// believed. In the sandbox what follows a `+` scripts what happens, and makes no other address.
pub fn is_email_new(environment: Environment, confirmed: Option<&str>, email: &str) -> bool {
    let plain = |text: &str| {
        let text = text.to_lowercase();
        match (environment, text.split_once('@')) {
            (Environment::Test, Some((local, domain))) => {
                let local = local.split('+').next().unwrap_or(local);
                format!("{local}@{domain}")
            }
            _ => text,
        }
    };
    confirmed.is_some_and(|confirmed| plain(confirmed) != plain(email))
}

/// So long after a change of address nothing is paid to a card that was not paid before.
pub const EMAIL_HOLD_SECONDS: i64 = DAY_SECONDS;

/// Judges all that proved a person, the newest first. Of somebody who was proved before such things were
/// kept there is nothing, and nothing to ask for; of somebody who was forgotten there is nothing left to go by.
/// `wanted`: what an order is about.
pub fn standing(
    proven: &[Proven],
    erased_at: Option<Timestamp>,
    wanted: Option<Wanted>,
    (policy, now): (&PersonPolicy, Timestamp),
) -> Standing {
    let is_kept = |one: &&Proven| erased_at.is_none_or(|erased| one.at > erased);
    let proven: Vec<_> = proven.iter().filter(is_kept).collect();
    let Some(last) = proven.first() else {
        return match erased_at {
            None => Standing::Good,
            Some(_) => Standing::Ended,
        };
    };
    let ends = proven.iter().find_map(|one| one.document_ends);
    if ends.is_some_and(|ends| ends <= now) {
        return Standing::Ended;
    }
    let days = i64::from(policy.selfie_days);
    let is_large = wanted.is_some_and(|wanted| policy.is_large(wanted));
    let is_past = |days: i64| last.at.plus_seconds(days.saturating_mul(DAY_SECONDS)) <= now;
    let is_due = (days > 0 && is_past(days)) || (is_large && is_past(1));
    if is_due && proven.iter().any(|one| one.has_face) {
        return Standing::SelfieDue;
    }
    Standing::Good
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn after(days: i64) -> Timestamp {
        START.plus_seconds(days * DAY_SECONDS)
    }

    #[test]
    fn a_proof_holds_for_a_while_and_a_document_until_it_ends() {
        let policy = PersonPolicy::default();
        let whole = Proven {
            at: START,
            document_ends: Some(after(200)),
            has_face: true,
        };
        let told = |proven: &[Proven], days| standing(proven, None, None, (&policy, after(days)));
        assert_eq!(told(&[], 900), Standing::Good);
        assert_eq!(told(&[whole], 89), Standing::Good);
        assert_eq!(told(&[whole], 90), Standing::SelfieDue);
        assert_eq!(told(&[whole], 200), Standing::Ended);
        let selfie = Proven {
            at: after(95),
            document_ends: None,
            has_face: true,
        };
        assert_eq!(told(&[selfie, whole], 184), Standing::Good);
        assert_eq!(told(&[selfie, whole], 185), Standing::SelfieDue);
        assert_eq!(told(&[selfie, whole], 200), Standing::Ended);
        let faceless = Proven {
            has_face: false,
            ..whole
        };
        assert_eq!(told(&[faceless], 199), Standing::Good);
        let never = PersonPolicy {
            selfie_days: 0,
            ..policy.clone()
        };
        assert_eq!(
            standing(&[whole], None, None, (&never, after(199))),
            Standing::Good
        );
    }

    #[test]
    fn a_large_order_asks_for_a_selfie_of_its_day() {
        let large = |texts: &[(&str, &str)]| {
            let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
            LargeAmounts::try_from(texts.iter().map(owned).collect::<BTreeMap<_, _>>())
        };
        let policy = PersonPolicy {
            selfie_above: large(&[("USDT", "2000")]).unwrap(),
            selfie_above_new_device: large(&[("USDT", "300")]).unwrap(),
            ..PersonPolicy::default()
        };
        let proven = Proven {
            at: START,
            document_ends: None,
            has_face: true,
        };
        let told = |asset: &str, amount: &str, proven, days| {
            let amount = Amount::parse(asset.parse().unwrap(), amount).unwrap();
            let at = |device_is_known| {
                let wanted = Wanted {
                    amount,
                    device_is_known,
                };
                standing(&[proven], None, Some(wanted), (&policy, after(days)))
            };
            [at(true), at(false)]
        };
        let (good, due) = ([Standing::Good; 2], [Standing::SelfieDue; 2]);
        let new_only = [Standing::Good, Standing::SelfieDue];
        assert_eq!(told("USDT/TRC20", "2000", proven, 0), good);
        for asset in ["USDT/TRC20", "USDT/BEP20"] {
            assert_eq!(told(asset, "299.99", proven, 1), good);
            assert_eq!(told(asset, "300", proven, 1), new_only);
            assert_eq!(told(asset, "1999.99", proven, 1), new_only);
            assert_eq!(told(asset, "2000", proven, 1), due);
        }
        assert_eq!(told("USDC/ERC20", "9000", proven, 1), good);
        let faceless = Proven {
            has_face: false,
            ..proven
        };
        assert_eq!(told("USDT/TRC20", "2000", faceless, 1), good);
        large(&[("DOGE", "1")]).unwrap_err();
        large(&[("BTC", "0.000000001")]).unwrap_err();
    }

    #[test]
    fn another_address_comes_before_a_selfie_and_after_a_document() {
        let [test, live] = [Environment::Test, Environment::Live]
            .map(|place| move |confirmed, email| is_email_new(place, confirmed, email));
        for is_new in [test, live] {
            assert!(!is_new(None, "a@example.com"));
            assert!(!is_new(Some("Ann@example.com"), "ann@Example.com"));
            assert!(is_new(Some("ann@example.com"), "ann@example.org"));
        }
        let tagged = (Some("ann@example.com"), "ann+kyc-retry@example.com");
        assert!(!is_email_new(Environment::Test, tagged.0, tagged.1));
        assert!(is_email_new(Environment::Live, tagged.0, tagged.1));
        for (standing, expected) in [
            (Standing::Good, Standing::EmailNew),
            (Standing::SelfieDue, Standing::EmailNew),
            (Standing::Ended, Standing::Ended),
        ] {
            assert_eq!(standing.with_email(true), expected);
            assert_eq!(standing.with_email(false), standing);
        }
    }

    #[test]
    fn who_was_forgotten_proves_it_anew() {
        let policy = PersonPolicy::default();
        let proof = |days| Proven {
            at: after(days),
            document_ends: None,
            has_face: days > 10,
        };
        let told = |proven: &[Proven], days| {
            standing(proven, Some(after(10)), None, (&policy, after(days)))
        };
        assert_eq!(told(&[proof(5)], 11), Standing::Ended);
        assert_eq!(told(&[], 11), Standing::Ended);
        assert_eq!(told(&[proof(12), proof(5)], 13), Standing::Good);
        assert_eq!(told(&[proof(12), proof(5)], 102), Standing::SelfieDue);
    }
}
