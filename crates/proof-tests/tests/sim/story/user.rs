//! What a user does, in the widget and at a wallet: one part of a story.

use super::{KEY, SETTLED_SECONDS, SHOPS, Sim, address, usdt_units};
use crate::{
    clock::SimEntropy,
    effects::Effects,
    outcome::{Coins, usdt},
    plot::{Deposits, Part, Paying, Plot},
    watch::Channel,
};
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use proof_core::{
    Asset, Clock, Network, id::OrderId, identity::CONSENT_TEXT, partner::Environment,
    screening::ListedKind,
};
use proof_engine::{Engine, OrderStory, StoryCase};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};
use tower::ServiceExt;

const GOOD: &str = "4242424242424242";
const POOR: &str = "4000000000009995";
const ASKED_BY_BANK: &str = "4000000000003220";
const NOT_CAPTURED: &str = "4000000000000341";

/// What is known of a part while it is told.
pub struct Tale {
    pub part: Part,
    pub number: usize,
    /// Of USDT, another one for each part, so that what moves can be told apart.
    pub amount: i128,
    /// Where its coins go back to; nobody else's.
    pub refund: String,
    /// The order that it is about now.
    pub order: RefCell<String>,
    pub status: RefCell<String>,
    /// What it sent to deposit addresses.
    came: RefCell<BTreeMap<Network, Coins>>,
    /// What went to our own wallet.
    pub astray: Cell<i128>,
    /// The deposit addresses that it was shown.
    pub addresses: RefCell<BTreeSet<String>>,
    hash: RefCell<Option<String>>,
    /// The provider's name of this user's dispute.
    dispute: RefCell<Option<String>>,
    steps: Cell<u32>,
    random: SimEntropy,
}

impl Tale {
    pub fn new(number: usize, part: Part, seed: u64) -> Self {
        let units = 100 + i128::try_from(number).unwrap();
        let network = part.plot.network();
        Self {
            part,
            number,
            amount: usdt_units(network, units),
            refund: address(100 + number, network),
            order: RefCell::default(),
            status: RefCell::default(),
            came: RefCell::default(),
            astray: Cell::new(0),
            addresses: RefCell::default(),
            hash: RefCell::default(),
            dispute: RefCell::default(),
            steps: Cell::new(0),
            random: SimEntropy::new(seed ^ (0x7A1E_0000 + u64::try_from(number).unwrap())),
        }
    }

    fn step_done(&self) {
        self.steps.set(self.steps.get() + 1);
    }

    const fn network(&self) -> Network {
        self.part.plot.network()
    }

    /// So many of its coins, in base units.
    fn units(&self, whole: i128) -> i128 {
        usdt_units(self.network(), whole)
    }

    fn whole_units(&self) -> String {
        (self.amount / self.units(1)).to_string()
    }

    fn note_sent(&self, network: Network, amount: i128) {
        self.came.borrow_mut().entry(network).or_default().sent += amount;
    }

    fn note_gone(&self, amount: i128) {
        let mut came = self.came.borrow_mut();
        came.entry(self.network()).or_default().gone += amount;
    }

    /// With what went back to it, by the chains' word.
    pub fn coins(&self, effects: &Effects) -> BTreeMap<Network, Coins> {
        let came = self.came.borrow();
        let mut networks: BTreeSet<Network> = came.keys().copied().collect();
        networks.insert(self.network());
        let coins = networks.into_iter().map(|network| {
            let coins = Coins {
                returned: effects.received(usdt(network), &self.refund),
                ..came.get(&network).copied().unwrap_or_default()
            };
            (network, coins)
        });
        coins.collect()
    }
}

pub struct Actor<'a> {
    pub sim: &'a Sim,
    pub tale: &'a Tale,
}

const ENDS: [&str; 3] = ["completed", "failed", "cancelled"];

impl Actor<'_> {
    /// From the session to the end of all that came of it.
    pub async fn tell(&self) {
        self.sim.sleep(self.tale.part.starts_after).await;
        let visit = self.begin().await;
        let begun = self.sim.clock.now();
        loop {
            if let Some(visit) = &visit {
                let (status, view) = self.get("/frame/api/order", visit).await;
                if status == 200 {
                    self.act(visit, &view).await;
                }
            }
            let status = self.poll().await;
            self.dispute(&status).await;
            if ENDS.contains(&status.as_str()) {
                break;
            }
            // Whoever waits for long looks less often.
            let waited = self.sim.clock.now().seconds() - begun.seconds();
            let pause = 1 + self.tale.random.below(5) + (waited - 600).max(0) / 15;
            self.sim.sleep(pause).await;
        }
        if let Some(visit) = visit
            && let Some(resold) = self.after_the_end(&visit).await
        {
            self.resold(&resold).await;
        }
    }

    async fn begin(&self) -> Option<String> {
        let shop = self.sim.shops.borrow()[self.tale.part.partner].clone();
        let part = self.tale.part;
        let side = if part.plot.is_buy() { "buy" } else { "sell" };
        let user = format!("u{}", part.user);
        let body = json!({
            "partner_user_id": user, "user_email": format!("{user}@example.com"),
            "network": self.tale.network(), "currency": "USDT", "amount": self.tale.whole_units(), "type": side,
        });
        let who = self.who();
        let session = self
            .sim
            .until(200, "/widget/session", (&who, &shop.token), &body)
            .await;
        let id = session["merchant_transaction_id"].as_str().unwrap();
        id.clone_into(&mut self.tale.order.borrow_mut());
        let body = json!({
            "widget_id": shop.widget_id, "init_token": session["init_token"],
            "parameters": session, "page_origin": SHOPS[part.partner],
        });
        loop {
            let (status, opened) = self.post("", "visits", body.clone()).await;
            if status < 500 {
                // A clock that was set in between may have ended the session.
                return opened["visit_token"].as_str().map(str::to_owned);
            }
            self.sim.sleep(2).await;
        }
    }

    fn who(&self) -> String {
        format!("part {}", self.tale.number)
    }

    /// The status, as the partner reads it.
    async fn poll(&self) -> String {
        let token = self.sim.shops.borrow()[self.tale.part.partner]
            .token
            .clone();
        let path = format!("/widget/transactions/{}", self.tale.order.borrow());
        let (status, transaction) = self.get(&path, &token).await;
        if status == 200 {
            self.sim.watch.shown(Channel::Poll, &transaction);
            let status = transaction["status"].as_str().unwrap();
            status.clone_into(&mut self.tale.status.borrow_mut());
        }
        self.tale.status.borrow().clone()
    }

    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let who = self.who();
        self.sim
            .call((Method::GET, path), (&who, token), Vec::new())
            .await
    }

    async fn act(&self, visit: &str, view: &Value) {
        match (
            view["step"].as_str().unwrap_or_default(),
            self.tale.part.plot,
        ) {
            ("identity", _) => self.identify(visit).await,
            ("quote", _) => drop(self.post(visit, "quote", json!({})).await),
            ("pay", Plot::Buy(Paying::Cancelled)) => {
                drop(self.post(visit, "cancel", json!({})).await);
            }
            ("pay", Plot::Buy(paying)) => self.pay(visit, view, paying).await,
            ("three_ds", Plot::Buy(paying)) => self.bank(view, paying).await,
            ("terms", _) if view["quote"].is_null() => {
                drop(self.post(visit, "quote", json!({})).await);
            }
            ("terms", Plot::Sell { card_is_good, .. }) => {
                self.terms(visit, view, card_is_good).await;
            }
            ("deposit" | "confirming", Plot::Sell { deposits, .. }) => {
                self.send(view, deposits).await;
            }
            ("choice", _) => {
                let body = json!({ "choice": "return" });
                drop(self.post(visit, "sale/choice", body).await);
            }
            _ => {}
        }
    }

    async fn pay(&self, visit: &str, view: &Value, paying: Paying) {
        let again = view["payment"]["attempt"].as_i64().unwrap_or(0) > 0;
        let number = match paying {
            Paying::SecondCard if !again => POOR,
            Paying::Approved => ASKED_BY_BANK,
            Paying::Rejected | Paying::Left if !again => ASKED_BY_BANK,
            // They have gone away.
            Paying::Rejected | Paying::Left => return,
            Paying::NotCaptured => NOT_CAPTURED,
            Paying::Well
            | Paying::SecondCard
            | Paying::Cancelled
            | Paying::Regretted
            | Paying::Disputed
            | Paying::Pleased => GOOD,
        };
        let token = self.card_token(number).await;
        let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
        if paying != Paying::Regretted {
            drop(self.post(visit, "payments", body).await);
            return;
        }
        self.post(visit, "payments", body).await;
        self.post(visit, "cancel", json!({})).await;
    }

    /// On the bank's page.
    async fn bank(&self, view: &Value, paying: Paying) {
        let Some(url) = view["payment"]["three_ds_url"].as_str() else {
            return;
        };
        let path = url.split_once("cards.test/").unwrap().1;
        let answer = match paying {
            Paying::Approved => json!({ "approve": true }),
            Paying::Rejected => json!({ "approve": false }),
            _ => return,
        };
        self.sim.outside("cards.test", path, &answer).await;
    }

    /// One step of a user who goes to the bank, and of the bank.
    async fn dispute(&self, status: &str) {
        if self.tale.part.plot != Plot::Buy(Paying::Disputed) {
            return;
        }
        let known = self.tale.dispute.borrow().clone();
        let paid = ["processing", "completed"].contains(&status);
        let answer = match known {
            None if paid && self.tale.random.chance(50) => {
                let order = self.tale.order.borrow().replace('-', "");
                let path = format!("bank/v1/payments/{order}/disputes");
                let body = json!({ "inquiry": self.tale.random.chance(30) });
                let made = self.sim.outside("cards.test", &path, &body).await;
                let mut effects = self.sim.network.effects.lock().unwrap();
                *self.tale.dispute.borrow_mut() = effects.dispute(&made);
                made
            }
            // It takes its time, and may have heard from us meanwhile.
            Some(id) if self.tale.random.chance(20) => {
                let steps = ["escalate", "win", "lose", "close"];
                let body = json!({ "step": self.tale.random.pick(&steps) });
                let path = format!("bank/v1/disputes/{id}");
                let after = self.sim.outside("cards.test", &path, &body).await;
                self.sim.network.effects.lock().unwrap().disputed(&after);
                after
            }
            None | Some(_) => return,
        };
        self.sim
            .history
            .note("the bank", answer.to_string().as_bytes());
        self.called_back().await;
    }

    /// The processor calls back; nobody has to hear it.
    async fn called_back(&self) {
        let id = self.tale.dispute.borrow().clone().unwrap_or_default();
        let Some((_, reference)) = id.trim_start_matches("dp_").split_once('_') else {
            return;
        };
        let body = json!({ "type": "dispute.updated", "reference": reference }).to_string();
        let headers = [("sandbox-signature".to_owned(), self.sim.signature(&body))];
        let called = async |engine: &Engine| {
            engine
                .inbound_payment("sandbox", &headers, body.as_bytes())
                .await
        };
        drop(self.sim.ask(called).await);
    }

    /// The bank decides in the end, and the server knows it.
    async fn claims_end(&self) {
        if self.tale.part.plot != Plot::Buy(Paying::Disputed) {
            return;
        }
        loop {
            let status = self.tale.status.borrow().clone();
            self.dispute(&status).await;
            // Who never paid has nothing to dispute.
            let disputed = self.tale.dispute.borrow().is_some();
            if (!disputed && status != "completed") || self.cases_are_settled().await {
                return;
            }
            self.sim.sleep(1_800).await;
        }
    }

    /// As operators see it: there was something beside the order, and it has ended.
    async fn cases_are_settled(&self) -> bool {
        let cases = self.story().await.map(|story| story.cases);
        cases.is_some_and(|cases| !cases.is_empty() && cases.iter().all(is_settled))
    }

    /// The order, as operators see it.
    async fn story(&self) -> Option<OrderStory> {
        let asked = async |engine: &Engine| engine.order_story(self.order_id()).await;
        self.sim.ask(asked).await?.ok()
    }

    fn order_id(&self) -> OrderId {
        let id = format!("ord_{}", self.tale.order.borrow());
        id.parse().unwrap()
    }

    /// Operators give some of the money back, or all of it, or want to give more than there is; others may
    /// see that differently. What they gave is what the card got, and our loss.
    async fn given_back(&self) {
        let completed = *self.tale.status.borrow() == "completed";
        if self.tale.part.plot != Plot::Buy(Paying::Pleased) || !completed {
            return;
        }
        for _ in 0..=self.tale.random.below(3) {
            let amounts = [None, Some("10.00"), Some("25.50"), Some("500.00")];
            let amount = self.tale.random.pick(&amounts);
            for by in ["alice", "bob"] {
                self.refund(amount, by).await;
            }
        }
        let story = loop {
            match self.story().await {
                Some(story) if story.cases.iter().all(is_settled) => break story,
                Some(_) | None => self.sim.sleep(600).await,
            }
        };
        let lost = story.postings.iter();
        let lost = lost.filter(|posting| posting.account == "loss:EUR");
        let lost: i128 = lost
            .map(|posting| posting.amount.parse::<i128>().unwrap())
            .sum();
        let effects = self.sim.network.effects.lock().unwrap();
        let got = effects.given_back(self.tale.number);
        assert_eq!(
            lost,
            i128::try_from(got).unwrap(),
            "{}: given back",
            self.who()
        );
    }

    /// Who is not heard says it again, for a while; who was is told so.
    async fn refund(&self, amount: Option<&str>, by: &str) {
        for _ in 0..5 {
            let asked = async |engine: &Engine| {
                let (by, reason) = (
                    by.parse::<proof_core::operator::OperatorName>().unwrap(),
                    "a good customer".to_owned(),
                );
                let id = self.order_id();
                engine.order_refund(id, amount, by, reason).await
            };
            let answer = self.sim.ask(asked).await;
            let said = format!("{} {amount:?} by {by}: {answer:?}", self.who());
            self.sim
                .history
                .note("an operator refunds", said.as_bytes());
            if let Some(Ok(_)) = answer {
                return;
            }
            self.sim.sleep(60).await;
        }
    }

    async fn card_token(&self, number: &str) -> Value {
        let card = json!({ "number": number, "expiry": "12/30", "cvc": "123" });
        let answer = self
            .sim
            .outside("cards.test", "fields/v1/tokens", &card)
            .await;
        let token = answer["token"].as_str().unwrap().to_owned();
        let mut effects = self.sim.network.effects.lock().unwrap();
        effects.tokens.insert(token, self.tale.number);
        answer["token"].clone()
    }

    async fn terms(&self, visit: &str, view: &Value, card_is_good: bool) {
        let number = if card_is_good { GOOD } else { POOR };
        let token = self.card_token(number).await;
        let body = json!({
            "card_token": token, "quote_id": view["quote"]["id"],
            "refund_address": self.tale.refund,
        });
        drop(self.post(visit, "sale", body).await);
    }

    /// One step of what this user does at the deposit address.
    async fn send(&self, view: &Value, deposits: Deposits) {
        let (step, waiting) = (self.tale.steps.get(), view["step"] == "deposit");
        let (whole, part) = (self.tale.amount, self.tale.units(60));
        let amount = match (deposits, step) {
            (Deposits::Listed, 0) => return self.listed().await,
            (Deposits::OtherToken, 0) => return self.other_token(view).await,
            (Deposits::OtherNetwork, 0) => return self.other_network(view).await,
            (Deposits::Astray, 0) => return self.astray().await,
            (
                Deposits::Listed | Deposits::OtherToken | Deposits::OtherNetwork | Deposits::Astray,
                1,
            ) if waiting => whole,
            (
                Deposits::Whole
                | Deposits::Reorged
                | Deposits::Gone
                | Deposits::Twice
                | Deposits::Dust,
                0,
            ) => whole,
            (Deposits::Parts | Deposits::Short, 0) => part,
            (Deposits::Parts, 1) if waiting => whole - part,
            (Deposits::TooMuch, 0) => whole + self.tale.units(30),
            // In time to be noticed before it is final; afterwards a day of waiting begins.
            (Deposits::Reorged, 1) if view["sale"]["deposits"][0]["confirmations"] == 0 => {
                self.chain_takes_back(whole).await;
                return self.tale.step_done();
            }
            (Deposits::Reorged, 2) if waiting => whole,
            _ => return,
        };
        self.transfer(view, amount).await;
    }

    /// An operator hears of this user.
    async fn listed(&self) {
        let refund = self.tale.refund.as_str();
        let said = async |engine: &Engine| {
            let who = (ListedKind::Address, refund);
            engine
                .listing_say(
                    who,
                    true,
                    "ann".parse::<proof_core::operator::OperatorName>().unwrap(),
                    "the bank wrote",
                )
                .await
        };
        if let Some(Ok(())) = self.sim.ask(said).await {
            self.tale.step_done();
        }
    }

    async fn other_token(&self, view: &Value) {
        let address = &view["sale"]["deposit_address"];
        self.wallet(address, Network::Trc20.native(), 40).await;
        self.know(address);
        self.tale.step_done();
    }

    async fn other_network(&self, view: &Value) {
        const UNITS: i128 = 40;
        let (address, network) = (&view["sale"]["deposit_address"], Network::Bep20);
        self.wallet(address, usdt(network), UNITS).await;
        self.know(address);
        self.tale.note_sent(network, usdt_units(network, UNITS));
        self.tale.step_done();
    }

    /// A deposit address that it was shown.
    fn know(&self, address: &Value) {
        let address = address.as_str().unwrap().to_owned();
        self.tale.addresses.borrow_mut().insert(address);
    }

    async fn astray(&self) {
        const UNITS: i128 = 5;
        let hot =
            async |engine: &Engine| engine.hot_wallet(Environment::Test, Network::Trc20).await;
        if let Some(Ok(hot)) = self.sim.ask(hot).await {
            let to = json!(hot.as_str());
            self.wallet(&to, usdt(Network::Trc20), UNITS).await;
            self.tale.astray.set(usdt_units(Network::Trc20, UNITS));
            self.tale.step_done();
        }
    }

    /// The user's own wallet.
    async fn wallet(&self, address: &Value, asset: Asset, units: i128) -> Value {
        let (currency, amount) = (asset.ticker(), units.to_string());
        let body = json!({ "address": address, "currency": currency, "amount": amount });
        let path = format!("wallet/v1/{}/transfers", asset.network());
        self.sim.outside("world.test", &path, &body).await
    }

    async fn transfer(&self, view: &Value, amount: i128) {
        let address = &view["sale"]["deposit_address"];
        let network = self.tale.network();
        let units = amount / self.tale.units(1);
        let sent = self.wallet(address, usdt(network), units).await;
        let hash = sent["hash"].as_str().unwrap();
        self.know(address);
        *self.tale.hash.borrow_mut() = Some(hash.to_owned());
        self.tale.note_sent(network, amount);
        self.tale.step_done();
    }

    async fn chain_takes_back(&self, amount: i128) {
        let hash = self.tale.hash.borrow().clone().unwrap();
        let body = json!({ "hash": hash });
        let path = format!("chains/v1/{}/reorgs", self.tale.network());
        self.sim.outside("world.test", &path, &body).await;
        self.sim.network.effects.lock().unwrap().dropped(&hash);
        self.tale.note_sent(self.tale.network(), -amount);
    }

    /// What was paid for or sent back is gone: the books are compared with the chain until it is known,
    /// and people decide about it.
    async fn gone(&self, view: &Value) {
        let sale = &view["sale"];
        let held = sale["deposits"].as_array().is_some_and(|d| !d.is_empty());
        let beside = sale["cases"].as_array().is_some_and(|c| !c.is_empty());
        if self.tale.steps.get() != 1 || !held || beside {
            return;
        }
        self.chain_takes_back(self.tale.amount).await;
        self.tale.note_gone(self.tale.amount);
        self.tale.step_done();
        while !self.cases_are_settled().await {
            self.sim.sleep(SETTLED_SECONDS).await;
            let compared = async |engine: &Engine| engine.reconcile(Environment::Test).await;
            drop(self.sim.ask(compared).await);
        }
    }

    /// What comes too late, and what came beside the order, has to end as well. What came late is
    /// sold: the visit to the order that it became.
    async fn after_the_end(&self, visit: &str) -> Option<String> {
        let Plot::Sell { deposits, .. } = self.tale.part.plot else {
            self.claims_end().await;
            self.given_back().await;
            return None;
        };
        let mut pause = 30;
        loop {
            let (status, view) = self.get("/frame/api/order", visit).await;
            if status == 200 {
                let never_sold = view["sale"]["deposit_address"].is_null();
                if deposits == Deposits::Gone {
                    self.gone(&view).await;
                }
                let late = deposits == Deposits::Late && self.tale.steps.get() == 0;
                if late && !never_sold {
                    self.transfer(&view, self.tale.amount).await;
                }
                let more = match deposits {
                    Deposits::Twice => Some(40),
                    Deposits::Dust => Some(1),
                    _ => None,
                };
                if let Some(units) = more
                    && self.tale.steps.get() == 1
                {
                    self.transfer(&view, self.tale.units(units)).await;
                }
                let cases = view["sale"]["cases"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let steps = self.tale.steps.get();
                let expected = match deposits {
                    Deposits::Late
                    | Deposits::TooMuch
                    | Deposits::OtherToken
                    | Deposits::OtherNetwork => steps > 0,
                    Deposits::Twice | Deposits::Dust => steps > 1,
                    _ => false,
                };
                for case in &cases {
                    if let Some(visit) = self.choose(visit, case).await {
                        return Some(visit);
                    }
                }
                let open = |case: &Value| case["state"] == "waiting" || case["state"] == "choose";
                if !cases.iter().any(open) && (!expected || !cases.is_empty()) {
                    return None;
                }
            }
            self.sim.sleep(pause).await;
            pause = (pause + 15).min(1_800);
        }
    }

    /// Takes today's price, step by step; a lost answer leaves the way to the new order. What is not the
    /// amount is wanted back, so that an order's payout is always its amount.
    async fn choose(&self, visit: &str, case: &Value) -> Option<String> {
        let path = format!("cases/{}", case["id"].as_str().unwrap());
        let (step, body) = match (case["state"].as_str(), &case["quote"]) {
            (Some("choose"), _) if case["amount"] != format!("{}.00", self.tale.whole_units()) => {
                ("choice", json!({ "choice": "return" }))
            }
            (Some("choose"), Value::Null) => ("quote", json!({})),
            (Some("choose"), quote) => {
                let body = json!({ "choice": "sell", "quote_id": quote["id"] });
                ("choice", body)
            }
            (Some("sold"), _) => ("visit", json!({})),
            _ => return None,
        };
        let (_, answer) = self.post(visit, &format!("{path}/{step}"), body).await;
        answer["visit_token"].as_str().map(str::to_owned)
    }

    /// Follows the order that a late deposit became until it ends.
    async fn resold(&self, visit: &str) {
        let mut pause = 30;
        loop {
            let (status, view) = self.get("/frame/api/order", visit).await;
            if status == 200 {
                let id = view["merchant_transaction_id"].as_str().unwrap();
                id.clone_into(&mut self.tale.order.borrow_mut());
                if ENDS.contains(&self.poll().await.as_str()) {
                    return;
                }
            }
            self.sim.sleep(pause).await;
            pause = (pause + 15).min(1_800);
        }
    }

    async fn post(&self, visit: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/frame/api/{path}");
        let who = self.who();
        let bytes = body.to_string().into_bytes();
        self.sim
            .call((Method::POST, &path), (&who, visit), bytes)
            .await
    }

    /// Any step may fail; the user starts again from what the next view says.
    async fn identify(&self, visit: &str) {
        let (status, _) = self
            .post(
                visit,
                "identity/start",
                json!({ "document": "passport", "consent": CONSENT_TEXT }),
            )
            .await;
        if status != 200 {
            return;
        }
        let front = "/frame/api/identity/documents/front";
        let mut good = self.put(visit, front, picture(800, 500)).await;
        for (index, step) in ["center", "center", "left", "left", "right", "right"]
            .iter()
            .enumerate()
        {
            let path = format!("/frame/api/identity/frames/{index}?step={step}");
            for _ in 0..5 {
                good = self.put(visit, &path, picture(320, 240)).await;
                if good {
                    break;
                }
            }
        }
        if good {
            self.post(visit, "identity/submit", json!({})).await;
        }
    }

    async fn put(&self, visit: &str, path: &str, bytes: Vec<u8>) -> bool {
        let who = self.who();
        let call = (Method::PUT, path);
        self.sim.call(call, (&who, visit), bytes).await.0 < 300
    }
}

impl Sim {
    /// As the processor signs what it says by itself.
    fn signature(&self, body: &str) -> String {
        use hmac::Mac;
        let time = self.clock.now().seconds();
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
    }

    /// Something that people do outside, past the network of the server.
    pub(super) async fn outside(&self, host: &str, path: &str, body: &Value) -> Value {
        let router = self.network.hosts.lock().unwrap()[host].clone();
        let request = Request::post(format!("http://{host}/{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        if path.starts_with("wallet/") {
            self.network.effects.lock().unwrap().moved_is_old = true;
        }
        read(router.oneshot(request).await.unwrap()).await
    }

    /// A look outside, past the network of the server.
    pub(super) async fn look(&self, path: &str) -> Value {
        let router = self.network.hosts.lock().unwrap()["world.test"].clone();
        let request = Request::get(format!("http://world.test/{path}"))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::empty())
            .unwrap();
        read(router.oneshot(request).await.unwrap()).await
    }
}

async fn read(answer: axum::response::Response) -> Value {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

fn is_settled(case: &StoryCase) -> bool {
    case.state == "settled"
}

/// A real, if dull, picture: an uncompressed-in-spirit PNG of one colour.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([90, 120, 150]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}
