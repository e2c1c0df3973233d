//! Signs by the documentation with a key of its own: neither the signer's code nor the chain's.

use super::*;
use crate::journal::Recorded;
use k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use serde_json::{Value, json};

const GENESIS: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

struct Holder {
    network: Network,
    key: SigningKey,
    address: String,
}

impl Holder {
    fn new(network: Network, secret: u8) -> Self {
        let key = SigningKey::from_slice(&[secret; 32]).unwrap();
        let point = key.verifying_key().to_encoded_point(false);
        let uncompressed = point.as_bytes().try_into().unwrap();
        let address = Address::from_public_key(network, uncompressed).unwrap();
        Self {
            network,
            key,
            address: address.to_string(),
        }
    }

    fn sign(&self, body: &Value) -> String {
        self.sign_for(self.network.name(), &body.to_string())
    }

    fn sign_for(&self, network: &str, body: &str) -> String {
        let digest = Sha256::digest(format!("proof-simchain/1{network}{body}"));
        let signature: Signature = self.key.sign_prehash(&digest).unwrap();
        let public = self.key.verifying_key().to_encoded_point(true);
        hex::encode([body.as_bytes(), public.as_bytes(), &signature.to_bytes()].concat())
    }

    fn usdt(&self, recipient: &Self, base: u128, nonce: u64) -> Value {
        json!({"sender": self.address, "recipient": recipient.address, "ticker": "USDT",
            "base": base.to_string(), "fee": "10", "nonce": nonce})
    }
}

fn after(ms: i64) -> Timestamp {
    GENESIS.plus_millis(ms)
}

fn begun(network: Network) -> Recorded<SimChain> {
    let mut chain = Recorded::new(SimChain::new(network));
    let begin = |chain: &SimChain| Ok::<_, Refusal>(chain.begin(GENESIS));
    assert_eq!(chain.step(begin), Ok(true));
    chain
}

fn faucet(chain: &mut Recorded<SimChain>, owner: &Holder, ticker: &str, base: u128) {
    let give = |chain: &SimChain| {
        let event = chain.faucet(&owner.address, ticker, base, after(1))?;
        Ok::<_, Refusal>(Some(event))
    };
    assert_eq!(chain.step(give), Ok(true));
}

/// Sends; the code of a refusal, else the hash and whether it was new.
fn send(
    chain: &mut Recorded<SimChain>,
    signed: &str,
    at: Timestamp,
) -> Result<(String, bool), &'static str> {
    let network = chain.machine.network;
    let signed = Signed::parse(network, signed).map_err(|refusal| refusal.code)?;
    let hash = signed.hash.clone();
    let step = chain.step(|chain| chain.receive(signed, at));
    step.map(|new| (hash, new)).map_err(|refusal| refusal.code)
}

fn funded() -> (Recorded<SimChain>, Holder, Holder) {
    let alice = Holder::new(Network::Trc20, 1);
    let bob = Holder::new(Network::Trc20, 2);
    let mut chain = begun(Network::Trc20);
    faucet(&mut chain, &alice, "USDT", 1_000);
    faucet(&mut chain, &alice, "TRX", 25);
    (chain, alice, bob)
}

fn balance(chain: &Recorded<SimChain>, owner: &Holder, ticker: &str, at: Timestamp) -> u128 {
    let account = chain.machine.account(&owner.address, at);
    account.balances.get(ticker).copied().unwrap_or(0)
}

#[test]
fn a_signed_transfer_waits_for_its_block_and_is_confirmed_by_the_next() {
    let (mut chain, alice, bob) = funded();
    let signed = alice.sign(&alice.usdt(&bob, 400, 0));
    let (hash, new) = send(&mut chain, &signed, after(2_500)).unwrap();
    assert!(new);
    assert_eq!(hash.len(), 64);
    let again = send(&mut chain, &signed, after(9_999)).unwrap();
    assert_eq!(again, (hash.clone(), false), "the same bytes again");

    for (ms, block, confirmations) in [
        (2_500, None, 0),
        (3_999, None, 0),
        (4_000, Some(2), 1),
        (6_000, Some(2), 2),
        (8_500, Some(2), 3),
    ] {
        let view = chain.machine.transfer(&hash, after(ms)).unwrap();
        assert_eq!(
            (view.block, view.confirmations),
            (block, confirmations),
            "{ms}"
        );
    }
    assert_eq!(
        balance(&chain, &alice, "USDT", after(3_999)),
        600,
        "spent at once"
    );
    assert_eq!(balance(&chain, &bob, "USDT", after(3_999)), 0);
    assert_eq!(balance(&chain, &bob, "USDT", after(4_000)), 400);
    assert_eq!(balance(&chain, &alice, "TRX", after(4_000)), 15, "the fee");
    assert_eq!(chain.machine.account(&alice.address, after(2_500)).nonce, 1);
    let unknown = chain.machine.transfer("00", after(1)).err().unwrap();
    assert_eq!(unknown.code, "not_found");
    assert_eq!(chain.replayed(SimChain::new(Network::Trc20)), chain.machine);
}

#[test]
fn only_the_holder_of_the_key_spends() {
    let (mut chain, alice, bob) = funded();
    let body = alice.usdt(&bob, 400, 0);
    let good = alice.sign(&body);

    assert_eq!(
        send(&mut chain, &bob.sign(&body), after(1)),
        Err("bad_signature")
    );
    let elsewhere = alice.sign_for("ERC20", &body.to_string());
    assert_eq!(send(&mut chain, &elsewhere, after(1)), Err("bad_signature"));
    let mut bytes = hex::decode(&good).unwrap();
    for place in [0, 20, bytes.len() - 90, bytes.len() - 40, bytes.len() - 1] {
        bytes[place] ^= 1;
        let refused = send(&mut chain, &hex::encode(&bytes), after(1));
        assert_eq!(refused, Err("bad_signature"), "byte {place}");
        bytes[place] ^= 1;
    }
    let amount = bytes.windows(5).position(|w| w == b"\"400\"").unwrap();
    bytes[amount + 1] = b'9';
    assert_eq!(
        send(&mut chain, &hex::encode(&bytes), after(1)),
        Err("bad_signature")
    );
    assert!(send(&mut chain, &good, after(1)).is_ok());
}

#[test]
fn what_is_not_a_transfer_is_malformed() {
    let (mut chain, alice, bob) = funded();
    for text in ["", "zz", "00", &"00".repeat(96), &"00".repeat(70_000)] {
        assert_eq!(send(&mut chain, text, after(1)), Err("malformed"));
    }
    let lower = alice.address.to_lowercase();
    for (field, value) in [
        ("recipient", json!("nobody")),
        ("recipient", json!(lower)),
        (
            "recipient",
            json!("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
        ),
        ("ticker", json!("USDC")),
        ("base", json!("0")),
        ("base", json!(400)),
        ("base", json!("-1")),
        ("fee", json!("0")),
        ("nonce", json!(null)),
        ("nonce", json!("0")),
        ("coins", json!([])),
        ("memo", json!("hi")),
    ] {
        let mut body = alice.usdt(&bob, 400, 0);
        body[field] = value.clone();
        let refused = send(&mut chain, &alice.sign(&body), after(1));
        assert_eq!(refused, Err("malformed"), "{field} = {value}");
    }
}

#[test]
fn funds_are_finite_and_a_nonce_is_used_once() {
    let (mut chain, alice, bob) = funded();
    let mut pay = |base, nonce| {
        let signed = alice.sign(&alice.usdt(&bob, base, nonce));
        send(&mut chain, &signed, after(1)).map(|(_, new)| new)
    };
    assert_eq!(pay(1_001, 0), Err("insufficient_funds"));
    assert_eq!(pay(u128::MAX, 0), Err("insufficient_funds"));
    assert_eq!(pay(400, 0), Ok(true));
    assert_eq!(pay(300, 0), Err("bad_nonce"));
    assert_eq!(pay(601, 1), Err("insufficient_funds"));
    assert_eq!(pay(600, 1), Ok(true));
    faucet(&mut chain, &alice, "USDT", 10);
    let third = alice.sign(&alice.usdt(&bob, 1, 2));
    let broke = send(&mut chain, &third, after(1));
    assert_eq!(broke, Err("insufficient_funds"), "nothing left for the fee");
    faucet(&mut chain, &alice, "TRX", 5);
    assert!(send(&mut chain, &third, after(1)).is_ok());
    assert_eq!(chain.replayed(SimChain::new(Network::Trc20)), chain.machine);
}

#[test]
fn what_comes_before_its_turn_waits_for_it() {
    let (mut chain, alice, bob) = funded();
    faucet(&mut chain, &alice, "TRX", 1_000);
    let signed = |base, nonce| alice.sign(&alice.usdt(&bob, base, nonce));
    let third = send(&mut chain, &signed(30, 2), after(100)).unwrap().0;
    let second = send(&mut chain, &signed(20, 1), after(200)).unwrap().0;
    assert_eq!(
        send(&mut chain, &signed(21, 1), after(250)),
        Err("bad_nonce")
    );
    let again = send(&mut chain, &signed(30, 2), after(9_000));
    assert_eq!(again, Ok((third.clone(), false)), "the same bytes");
    for hash in [&second, &third] {
        let view = chain.machine.transfer(hash, after(9_000)).unwrap();
        assert_eq!((view.block, view.confirmations), (None, 0));
    }
    assert_eq!(balance(&chain, &alice, "USDT", after(9_000)), 1_000);
    assert_eq!(chain.machine.account(&alice.address, after(9_000)).nonce, 0);
    assert!(chain.machine.listed(0, after(9_000)).2.is_empty());

    send(&mut chain, &signed(10, 0), after(10_000)).unwrap();
    let view = chain.machine.transfer(&third, after(12_000)).unwrap();
    assert_eq!((view.block, view.confirmations), (Some(6), 1));
    assert_eq!(balance(&chain, &alice, "USDT", after(12_000)), 940);
    assert_eq!(balance(&chain, &bob, "USDT", after(12_000)), 60);
    assert_eq!(
        chain.machine.account(&alice.address, after(12_000)).nonce,
        3
    );
    assert_eq!(chain.replayed(SimChain::new(Network::Trc20)), chain.machine);
}

#[test]
fn a_node_keeps_a_few_early_ones_and_none_that_cannot_pay() {
    let (mut chain, alice, bob) = funded();
    faucet(&mut chain, &alice, "TRX", 1_000);
    let signed = |base, nonce| alice.sign(&alice.usdt(&bob, base, nonce));
    let far = early::EARLY_MAX + 1;
    assert_eq!(
        send(&mut chain, &signed(1, far), after(1)),
        Err("bad_nonce")
    );
    assert!(send(&mut chain, &signed(1, far - 1), after(1)).is_ok());
    let poor = send(&mut chain, &signed(1_001, 1), after(1));
    assert_eq!(poor, Err("insufficient_funds"));
    // Enough for one of the two.
    let second = send(&mut chain, &signed(600, 1), after(1)).unwrap().0;
    send(&mut chain, &signed(500, 0), after(2)).unwrap();
    assert!(chain.machine.transfer(&second, after(9_000)).is_err());
    assert_eq!(balance(&chain, &alice, "USDT", after(9_000)), 500);
    assert!(send(&mut chain, &signed(500, 1), after(9_000)).is_ok());
    assert_eq!(chain.replayed(SimChain::new(Network::Trc20)), chain.machine);
}

#[test]
fn native_coins_pay_amount_and_fee_together() {
    let alice = Holder::new(Network::Erc20, 1);
    let bob = Holder::new(Network::Erc20, 2);
    let mut chain = begun(Network::Erc20);
    faucet(&mut chain, &alice, "ETH", 109);
    let mut body = alice.usdt(&bob, 100, 0);
    body["ticker"] = json!("ETH");
    let refused = send(&mut chain, &alice.sign(&body), after(1));
    assert_eq!(refused, Err("insufficient_funds"));
    faucet(&mut chain, &alice, "ETH", 1);
    let (hash, _) = send(&mut chain, &alice.sign(&body), after(1)).unwrap();
    assert!(hash.starts_with("0x") && hash.len() == 66);
    assert_eq!(balance(&chain, &alice, "ETH", after(9_000)), 0);
    assert_eq!(balance(&chain, &bob, "ETH", after(9_000)), 100);
}

fn spend(alice: &Holder, bob: &Holder, base: u128, coins: &[Coin]) -> String {
    alice.sign(
        &json!({"sender": alice.address, "recipient": bob.address, "ticker": "BTC",
        "base": base.to_string(), "fee": "10", "coins": coins}),
    )
}

#[test]
fn coins_are_spent_once_and_change_comes_back() {
    let alice = Holder::new(Network::Bitcoin, 1);
    let bob = Holder::new(Network::Bitcoin, 2);
    let mut chain = begun(Network::Bitcoin);
    faucet(&mut chain, &alice, "BTC", 600);
    faucet(&mut chain, &alice, "BTC", 500);
    let coins = chain.machine.coins(&alice.address, after(1));
    assert_eq!(coins.len(), 2);

    let too_much = spend(&alice, &bob, 1_091, &coins);
    assert_eq!(
        send(&mut chain, &too_much, after(1)),
        Err("insufficient_funds")
    );
    let twice = [coins[0].clone(), coins[0].clone()];
    assert_eq!(
        send(&mut chain, &spend(&alice, &bob, 1, &twice), after(1)),
        Err("malformed")
    );
    let stolen = spend(&bob, &alice, 1, &coins);
    assert_eq!(send(&mut chain, &stolen, after(1)), Err("spent_coin"));
    let mut dear = coins.clone();
    dear[0].base += 1;
    assert_eq!(
        send(&mut chain, &spend(&alice, &bob, 1, &dear), after(1)),
        Err("spent_coin")
    );

    let good = spend(&alice, &bob, 800, &coins);
    let (hash, _) = send(&mut chain, &good, after(6_000)).unwrap();
    assert_eq!(
        send(&mut chain, &good, after(6_000)),
        Ok((hash.clone(), false))
    );
    let again = spend(&alice, &bob, 801, &coins);
    assert_eq!(send(&mut chain, &again, after(6_000)), Err("spent_coin"));

    let change = chain.machine.coins(&alice.address, after(6_000));
    let expected = Coin {
        hash,
        index: 1,
        base: 290,
    };
    assert_eq!(change, [expected], "usable at once");
    assert!(chain.machine.coins(&bob.address, after(9_999)).is_empty());
    assert_eq!(balance(&chain, &bob, "BTC", after(9_999)), 0);
    assert_eq!(balance(&chain, &bob, "BTC", after(10_000)), 800);
    let next = spend(&alice, &bob, 280, &change);
    assert!(send(&mut chain, &next, after(6_001)).is_ok());
    assert!(
        chain
            .machine
            .coins(&alice.address, after(99_000))
            .is_empty()
    );
    assert_eq!(
        chain.replayed(SimChain::new(Network::Bitcoin)),
        chain.machine
    );
}

#[test]
fn the_faucet_gives_what_exists_to_whom_exists() {
    let chain = begun(Network::Trc20).machine;
    let address = Holder::new(Network::Trc20, 1).address;
    for (address, ticker, base) in [
        ("nobody", "USDT", 1),
        (address.as_str(), "BTC", 1),
        (&address, "USDT", 0),
    ] {
        assert!(chain.faucet(address, ticker, base, GENESIS).is_err());
    }
    let (mut chain, alice, _) = funded();
    let flood = chain
        .machine
        .faucet(&alice.address, "USDT", u128::MAX, GENESIS);
    assert!(flood.is_err(), "more than the integer can hold");
    faucet(&mut chain, &alice, "USDT", u128::MAX - 1_000);
    assert_eq!(balance(&chain, &alice, "USDT", after(1)), u128::MAX);
}

#[test]
fn a_clock_that_runs_back_takes_nothing_back() {
    let (mut chain, alice, bob) = funded();
    let first = alice.sign(&alice.usdt(&bob, 1, 0));
    send(&mut chain, &first, after(10_000)).unwrap();
    let second = alice.sign(&alice.usdt(&bob, 1, 1));
    let (hash, _) = send(&mut chain, &second, after(0)).unwrap();
    assert_eq!(chain.machine.height(after(0)), 5);
    let view = chain.machine.transfer(&hash, after(12_000)).unwrap();
    assert_eq!((view.block, view.confirmations), (Some(6), 1));
}

#[test]
fn blocks_may_go_without_a_transfer_for_a_while() {
    let (mut chain, alice, bob) = funded();
    let signed = alice.sign(&alice.usdt(&bob, 5, 0));
    let (hash, _) = send(&mut chain, &signed, after(1_000)).unwrap();
    let confirmations = |chain: &Recorded<SimChain>, ms| {
        let view = chain.machine.transfer(&hash, after(ms)).unwrap();
        (view.confirmations, view.block)
    };
    assert_eq!(confirmations(&chain, 2_000), (1, Some(1)));
    // It was in a block, and is in none for a minute.
    let later = |chain: &SimChain| chain.later(&hash, 60, after(10_000)).map(Some);
    assert_eq!(chain.step(later), Ok(true));
    assert_eq!(confirmations(&chain, 71_999), (0, None));
    assert_eq!(confirmations(&chain, 72_000), (1, Some(36)));
    let (_, _, listed) = chain.machine.listed(0, after(72_000));
    let blocks: Vec<_> = listed.iter().map(|one| one.block).collect();
    assert_eq!(blocks, [Some(36)]);
    assert_eq!(
        chain.machine.account(&bob.address, after(20_000)).balances["USDT"],
        5
    );
    let nobodys = chain.machine.later("x", 60, after(0)).unwrap_err();
    assert_eq!(nobodys.code, "not_found");
    assert_eq!(chain.replayed(SimChain::new(Network::Trc20)), chain.machine);
}
