//! What the world outside did for each part of a story, by its own word and whoever heard it.

use proof_core::{Asset, Network};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The number of a part.
type Number = usize;

#[derive(Default)]
pub struct Effects {
    /// Card tokens, by whose they are.
    pub tokens: BTreeMap<String, Number>,
    payments: BTreeMap<String, Number>,
    captured: BTreeMap<String, u128>,
    refunded: BTreeMap<String, u128>,
    /// The references of disputes, and what became of them.
    disputed: BTreeMap<String, String>,
    stages: BTreeMap<String, String>,
    kept_cards: BTreeMap<String, Number>,
    /// References under which somebody was paid.
    paid: BTreeMap<String, Number>,
    /// Coins that moved: hash, asset, recipient and base units.
    moved: BTreeMap<String, (Asset, String, i128)>,
    /// By the name of the refund: which payment, and how much.
    refunds: BTreeMap<String, (String, u128)>,
    pub moved_is_old: bool,
    scanned: BTreeMap<Network, u64>,
}

impl Effects {
    /// A call of the server that was carried out, whether or not it hears so.
    pub fn note(&mut self, (method, host, path): (&str, &str, &str), body: &[u8], answer: &[u8]) {
        if method != "POST" {
            return;
        }
        let (body, answer) = (read(body), read(answer));
        let text = |value: &Value, field: &str| value[field].as_str().map(str::to_owned);
        let minor = |field: &str| answer[field].as_str().and_then(|text| text.parse().ok());
        match (host, path) {
            ("cards.test", "/v1/authorisations") => {
                let of = self.owner(&body);
                self.payments.extend(text(&body, "reference").zip(of));
            }
            ("cards.test", "/v1/payout-cards") => {
                let of = self.owner(&body);
                self.kept_cards.extend(text(&answer, "id").zip(of));
            }
            ("cards.test", "/v1/payouts") => {
                let status = text(&answer, "status").unwrap_or_default();
                if ["sent", "pending"].contains(&status.as_str()) {
                    let of = self.kept_cards[body["card_id"].as_str().unwrap()];
                    self.paid.insert(text(&answer, "reference").unwrap(), of);
                }
            }
            ("cards.test", path) if path.starts_with("/v1/disputes/") => self.disputed(&answer),
            ("cards.test", path) if path.ends_with("/refunds") => {
                let reference = path.split('/').nth(3).unwrap().to_owned();
                let minor = body["amount"]["minor"]
                    .as_str()
                    .map(|text| text.parse().unwrap());
                if text(&answer, "status").as_deref() == Some("refunded") {
                    let name = text(&answer, "refund_reference").unwrap();
                    self.refunds.insert(name, (reference, minor.unwrap()));
                }
            }
            ("cards.test", _) => {
                let reference = text(&answer, "reference");
                self.captured
                    .extend(reference.clone().zip(minor("captured")));
                self.refunded.extend(reference.zip(minor("refunded")));
            }
            ("world.test", path) if path.ends_with("/transfers") => self.moved_is_old = true,
            _ => {}
        }
    }

    /// The cardholder went to the bank.
    pub fn dispute(&mut self, answer: &Value) -> Option<String> {
        let id = answer["id"].as_str()?.to_owned();
        let (_, reference) = id.strip_prefix("dp_")?.split_once('_')?;
        self.disputed.insert(id.clone(), reference.to_owned());
        self.disputed(answer);
        Some(id)
    }

    /// How far it came.
    pub fn disputed(&mut self, answer: &Value) {
        let text = |field: &str| answer[field].as_str().map(str::to_owned);
        self.stages.extend(text("id").zip(text("stage")));
    }

    fn owner(&self, body: &Value) -> Option<Number> {
        let token = body["token"].as_str()?;
        let of = self.tokens.get(token).copied();
        assert!(of.is_some(), "a card of nobody's was used: {token}");
        of
    }

    /// The chain's list of transfers above a block.
    pub fn scan_from(&self, network: Network) -> u64 {
        self.scanned.get(&network).copied().unwrap_or(0)
    }

    /// Whether that is all there is.
    pub fn scanned(&mut self, network: Network, list: &Value) -> bool {
        for one in list["transfers"].as_array().into_iter().flatten() {
            let field = |name: &str| one[name].as_str().unwrap().to_owned();
            let asset = Asset::find(&field("ticker"), network).unwrap();
            // Native coins that move pay for others.
            if asset.ticker() == "USDT" {
                let base = field("base").parse().unwrap();
                let what = (asset, field("recipient"), base);
                self.moved.insert(field("hash"), what);
            }
        }
        // What waits for its block is listed again.
        self.scanned
            .insert(network, list["height"].as_u64().unwrap());
        list["complete"] == true
    }

    pub fn dropped(&mut self, hash: &str) {
        self.moved.remove(hash);
    }

    /// Payments whose money was taken and not given back before the order's end.
    pub fn captures(&self, of: Number) -> usize {
        let mine = self.payments.iter().filter(|(_, owner)| **owner == of);
        mine.filter(|(reference, _)| {
            let minor = |map: &BTreeMap<String, u128>| map.get(*reference).copied().unwrap_or(0);
            let back = |counts: fn(&str) -> bool| self.refunded_of(reference, counts);
            let captured = minor(&self.captured);
            let refunded = minor(&self.refunded).max(back(|_| true));
            assert!(refunded <= captured, "{reference}: more back than taken");
            captured > refunded - back(is_after_the_end)
        })
        .count()
    }

    fn refunded_of(&self, reference: &str, counts: fn(&str) -> bool) -> u128 {
        let of = self.refunds.iter().filter(|(_, (of, _))| of == reference);
        let of = of.filter(|(name, _)| counts(name));
        of.map(|(_, (_, minor))| minor).sum()
    }

    /// Minor units that were captured at any time.
    pub fn taken(&self, of: Number) -> u128 {
        let mine = self.payments.iter().filter(|(_, owner)| **owner == of);
        let taken = mine.filter_map(|(reference, _)| self.captured.get(reference));
        taken.sum()
    }

    /// Minor units that people gave back after the order's end.
    pub fn given_back(&self, of: Number) -> u128 {
        let mine = self.payments.iter().filter(|(_, owner)| **owner == of);
        let back = mine.map(|(reference, _)| self.refunded_of(reference, is_after_the_end));
        back.sum()
    }

    /// Of these, payments that a bank took back.
    pub fn lost(&self, of: Number) -> usize {
        let over = |id: &str| ["lost", "accepted"].contains(&self.stages[id].as_str());
        let lost = self.disputed.iter().filter(|(id, _)| over(id));
        lost.filter(|(_, reference)| self.payments.get(*reference) == Some(&of))
            .count()
    }

    pub fn payouts(&self, of: Number) -> usize {
        self.paid.values().filter(|owner| **owner == of).count()
    }

    /// All of an asset that went to an address.
    pub fn received(&self, asset: Asset, address: &str) -> i128 {
        let there = self.moved.values();
        let there = there.filter(|(moved, to, _)| *moved == asset && to == address);
        there.map(|(.., base)| base).sum()
    }

    /// Transfers of exactly so much to an address.
    pub fn transfers(&self, address: &str, amount: i128) -> usize {
        let same = |(_, to, base): &&(Asset, String, i128)| to == address && *base == amount;
        self.moved.values().filter(same).count()
    }

    /// Transfers to one of our customers' addresses that nobody asked for.
    pub fn strangers(&self, known: &BTreeSet<String>) -> Vec<String> {
        let recipients = self.moved.values().map(|(_, to, _)| to);
        recipients
            .filter(|to| !known.contains(*to))
            .cloned()
            .collect()
    }
}

/// Such a refund has a case of its own, and is named after it.
fn is_after_the_end(refund: &str) -> bool {
    const CASE_DIGITS: usize = 32;
    let case = refund.split('-').nth(3);
    case.is_some_and(|case| case.len() == CASE_DIGITS)
}

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}
