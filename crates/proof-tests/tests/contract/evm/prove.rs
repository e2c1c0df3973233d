//! A real network is unproven until a transfer of each coin went each way.

use super::{CONFIRMATIONS, ETHER, FRIEND, asset, chain, config, orders::Ramp};
use crate::people::Person;
use proof_core::{
    Network,
    audit::Author,
    member::Role,
    partner::Environment,
    proving::{Leg, Proving},
};
use proof_engine::ApiError;
use proof_port::Signer;
use proof_signer::{Limit, Limits, Outflow};
use serde_json::{Value, json};
use std::sync::Arc;

const TEST: Environment = Environment::Test;
const ERC20: Network = Network::Erc20;

async fn begin(ramp: &Ramp) -> Result<Proving, ApiError> {
    let engine = &ramp.app.app.engine;
    engine.prove_begin(TEST, ERC20, Author::machine()).await
}

async fn step(ramp: &Ramp) -> Proving {
    let engine = &ramp.app.app.engine;
    loop {
        // Blocks come meanwhile: what a node could not say for a moment is asked again.
        match engine.prove_step(TEST, ERC20).await {
            Ok(proving) => return proving,
            Err(error) => {
                let code = error.code.code();
                let passes = ["provider_error", "upstream_unavailable"].contains(&code);
                assert!(passes, "{error}");
            }
        }
    }
}

async fn until(ramp: &Ramp, what: &str, is_so: impl Fn(&Leg) -> bool) -> Proving {
    let look = || async {
        let proving = step(ramp).await;
        proving.legs.iter().all(&is_so).then_some(proving)
    };
    ramp.app.until(what, look).await
}

async fn pay_in(ramp: &Ramp, address: &str) {
    let anvil = &ramp.anvil;
    anvil.send_native(address, ETHER / 1_000).await;
    for token in [&anvil.usdt, &anvil.usdc] {
        anvil.send_token(token, address, 70_000).await;
    }
}

async fn line(person: &Person<'_>, ramp: &Ramp) -> Value {
    let path = format!("partners/{}/checklist", ramp.partner.partner.id);
    let list = person.get(&path).await.json;
    let lines = list["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["id"] == "COV-2");
    line.unwrap().clone()
}

/// Of each coin of the network, whether the treasury's page calls it unproven; no other network is.
async fn wallets_say(person: &Person<'_>) -> Vec<bool> {
    let page = person.get("treasury?environment=test").await.json;
    let wallets = page["wallets"].as_array().unwrap();
    let (ours, others): (Vec<_>, Vec<_>) = wallets.iter().partition(|w| w["network"] == "ERC20");
    assert!(others.iter().all(|wallet| wallet["unproven"] == false));
    let said = |wallet: &&Value| wallet["unproven"].as_bool().unwrap();
    ours.iter().map(said).collect()
}

fn is_unproven(line: &Value) -> bool {
    let why = line["why"].as_str().unwrap();
    let next = line["next"].as_str().unwrap_or_default();
    let said = why.contains("Not proven on real nodes: ERC20.");
    assert_eq!(said, next.contains("proof chain prove"), "{line}");
    said
}

fn wish() -> Value {
    let wallets = ["USDT", "USDC", "ETH"]
        .map(|ticker| json!({ "pair": asset(ticker).to_string(), "address": FRIEND }));
    json!({
        "origins": ["https://shop.example"],
        "wallets": wallets,
        "override_reason": "they sell tomorrow",
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_is_unproven_until_a_transfer_of_each_coin_went_each_way() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let wallet = ramp.app.signer.wallet(ERC20).await.unwrap();
    let nonce = ramp.app.real().nonce(&wallet).await;
    let nonce = nonce.unwrap();
    let begun = begin(&ramp).await.unwrap();
    assert_eq!(begun.legs.len(), 3);
    step(&ramp).await;
    let signed = step(&ramp).await;
    let hashes = |proving: &Proving| {
        let legs = proving.legs.iter();
        let signed = legs.map(|leg| leg.out.as_ref().unwrap().signed.clone().unwrap().hash);
        signed.collect::<Vec<_>>()
    };
    let all_signed = hashes(&signed);

    // The process dies between a signature and its broadcast. Another one goes on.
    ramp.app = ramp.app.rehearsing().await;
    let ramp = ramp;
    assert_eq!(begin(&ramp).await.unwrap().id, begun.id);
    let alice = Person::join(&ramp.app, "alice", Role::Owner).await;
    assert!(is_unproven(&line(&alice, &ramp).await));
    assert!(wallets_say(&alice).await.into_iter().all(|said| said));
    let live = format!("partners/{}/live", ramp.partner.partner.id);
    let refused = alice.act(&live, wish()).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    let told = refused.text.contains("proof chain prove ERC20");
    assert!(told, "{}", refused.text);

    let address = begun.address.as_str();
    until(&ramp, "ours are seen", |leg| leg.seen).await;
    pay_in(&ramp, address).await;
    until(&ramp, "theirs are seen", |leg| leg.came.is_some()).await;
    // All of it is gone: ours are told again, and theirs are awaited again.
    ramp.anvil.reorg(CONFIRMATIONS - 2).await;
    until(&ramp, "theirs are gone", |leg| {
        leg.came.as_ref().is_none_or(|came| came.height.is_some())
    })
    .await;
    pay_in(&ramp, address).await;
    let look = || async {
        let proving = step(&ramp).await;
        proving.proven_at.map(|_| proving)
    };
    let proven = ramp.app.until("it is proven", look).await;
    assert_eq!(hashes(&proven), all_signed);
    let after = ramp.app.real().nonce(&wallet).await;
    assert_eq!(after.unwrap(), nonce + 3, "nothing was sent twice");
    assert!(proven.legs.iter().all(Leg::is_done));
    ramp.books_agree().await;

    assert!(!is_unproven(&line(&alice, &ramp).await));
    assert!(!wallets_say(&alice).await.into_iter().any(|said| said));
    let allowed = alice.act(&live, wish()).await;
    assert_eq!(allowed.json["ruled"], "proposed", "{}", allowed.text);
    assert_eq!(begin(&ramp).await.unwrap(), proven, "once is enough");
    another_contract_voids_it(ramp, proven).await;
}

async fn another_contract_voids_it(mut ramp: Ramp, proven: Proving) {
    let mut other = config(&ramp.anvil);
    other.tokens.remove("USDC");
    let spec = other.read().unwrap();
    ramp.app.halt().await;
    ramp.app.db.close().await;
    ramp.app.real = vec![Arc::new(chain(&[&ramp.anvil.url], spec))];
    let url = ramp.app.url.clone();
    ramp.app = ramp.app.reborn(&url).await;
    let bob = Person::join(&ramp.app, "bob", Role::Owner).await;
    assert!(is_unproven(&line(&bob, &ramp).await));
    let again = begin(&ramp).await.unwrap();
    assert_ne!((again.id, &again.address), (proven.id, &proven.address));
    assert_eq!(again.legs.len(), 2);
    drop(bob);
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signer_without_a_limit_for_it_proves_nothing_and_blocks_nothing() {
    let all = Limit {
        order: ETHER,
        hour: ETHER,
        day: ETHER,
    };
    let limits = ["ETH", "USDT", "USDC"].map(|ticker| ((Outflow::Deliver, asset(ticker)), all));
    let mut limits: Limits = limits.into();
    limits.insert((Outflow::Fee, ERC20.native()), all);
    let Some(ramp) = Ramp::limited(limits).await else {
        return;
    };
    begin(&ramp).await.unwrap();
    let engine = &ramp.app.app.engine;
    let refused = || async {
        let stepped = engine.prove_step(TEST, ERC20).await;
        stepped
            .err()
            .filter(|error| error.code.code() == "wrong_state")
    };
    let refused = ramp.app.until("the signer says no", refused).await;
    assert!(refused.message.contains("[limits.prove]"), "{refused}");
    let last = proof_engine::proving_of(&ramp.app.db, TEST, ERC20).await;
    let first = &last.unwrap().unwrap().legs[0];
    assert!(first.out.is_none() && first.attempt == 2, "{first:?}");
    ramp.done().await;
}
