//! What comes back from a vault by a transaction that we wrote and its own wallet signed: here the node, which has no
//! wallet and is told nothing but the file and the vault's keys.

use super::super::{
    Bench, address, btc,
    orders::{On, Ramp},
    regtest::{BTC, Regtest},
};
use super::ramp_with;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bitcoin::{Network as Kind, PrivateKey, secp256k1::Secp256k1};
use proof_chain::bitcoin::as_on_main;
use proof_core::{Network, audit::Author, deposit::DepositKey, money::Amount};
use proof_engine::{ApiError, Refill};
use proof_port::Chain;
use serde_json::json;

fn key(n: u8) -> PrivateKey {
    PrivateKey::from_slice(&[n; 32], Kind::Regtest).unwrap()
}

/// The first keys are here, and the others are somewhere else.
fn multi(needed: u8, of: u8) -> String {
    let public = |n| key(n).public_key(&Secp256k1::new()).to_string();
    let written = |n| {
        if n <= needed {
            key(n).to_wif()
        } else {
            public(n)
        }
    };
    let keys: Vec<String> = (1..=of).map(written).collect();
    format!("multi({needed},{})", keys.join(","))
}

/// All forms of an address that a vault may have, and the most that is offered for a byte, in tenths of a satoshi: a
/// script's hash does not say how much of it has to be signed.
fn vaults() -> [(String, u128); 7] {
    let one = key(9).to_wif();
    [
        (format!("wpkh({one})"), 21),
        (format!("tr({one})"), 21),
        (format!("pkh({one})"), 21),
        (format!("sh(wpkh({one}))"), 60),
        (format!("wsh({})", multi(3, 5)), 21),
        (format!("sh({})", multi(2, 3)), 21),
        (format!("sh(wsh({}))", multi(3, 5)), 36),
    ]
}

impl Regtest {
    /// The vault's address, as we write it.
    async fn vault(&self, descriptor: &str) -> String {
        let known = self.call("getdescriptorinfo", json!([descriptor])).await;
        let public = known["descriptor"].as_str().unwrap();
        let derived = self.call("deriveaddresses", json!([public])).await;
        as_on_main("regtest", derived[0].as_str().unwrap()).unwrap()
    }

    async fn signed(&self, psbt: &[u8], descriptor: &str) -> String {
        let asked = json!([STANDARD.encode(psbt), [descriptor]]);
        let done = self.call("descriptorprocesspsbt", asked).await;
        assert_eq!(done["complete"], true, "{descriptor}: {done}");
        done["hex"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wallets_of_every_form_sign_what_we_write_and_nodes_take_it() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    for (descriptor, most) in vaults() {
        let vault = bench.node.vault(&descriptor).await;
        let sent = [(vault.as_str(), BTC / 4), (vault.as_str(), BTC / 8)];
        let hash = bench.node.send(&sent).await;
        bench.node.mine(super::super::CONFIRMATIONS).await;
        let keys = [0, 1].map(|index| DepositKey {
            hash: hash.clone(),
            index,
        });
        let vault = address(&vault);
        let coins = bench.chain.coins_among(&vault, &keys).await.unwrap();
        let written = bench.chain.unsigned(&vault, &coins, &bench.wallet);
        let written = written.await.unwrap().unwrap();
        let signed = bench.node.signed(&written.bytes, &descriptor).await;
        let tried = bench
            .node
            .call("testmempoolaccept", json!([[signed]]))
            .await;
        assert_eq!(tried[0]["allowed"], true, "{descriptor}: {tried}");
        // Two satoshi for a byte are asked: what is signed is never larger than was reckoned.
        let size = u128::from(tried[0]["vsize"].as_u64().unwrap());
        let fee = written.fee.base();
        assert!(
            fee >= 2 * size && fee * 10 <= most * size,
            "{descriptor}: {fee} satoshi for {size} bytes"
        );
        let sent = bench
            .node
            .call("decoderawtransaction", json!([signed]))
            .await;
        let many = ["vin", "vout"].map(|of| sent[of].as_array().unwrap().len());
        assert_eq!(many, [2, 1], "{descriptor}");
        let paid = Amount::parse(written.fee.asset(), &sent["vout"][0]["value"].to_string());
        assert_eq!(paid.unwrap().base() + fee, u128::from(BTC / 4 + BTC / 8));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_for_less_than_it_costs() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let vault = bench.node.vault(&vaults()[0].0).await;
    let hash = bench.node.send(&[(vault.as_str(), 500)]).await;
    bench.node.mine(super::super::CONFIRMATIONS).await;
    let (vault, key) = (address(&vault), DepositKey { hash, index: 0 });
    let coins = bench.chain.coins_among(&vault, &[key]).await.unwrap();
    assert_eq!(coins.len(), 1);
    let refused = bench.chain.unsigned(&vault, &coins, &bench.wallet).await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("500 satoshi are not worth"), "{why}");
}

impl Ramp {
    async fn refill(&self, amount: &str) -> Result<Refill, ApiError> {
        self.app.app.engine.cold_refill(super::TEST, amount).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_vault_signed_comes_back_and_is_known_by_itself() {
    let descriptor = format!("wpkh({})", key(9).to_wif());
    let Some(probe) = Regtest::start().await else {
        return;
    };
    let vault = probe.vault(&descriptor).await;
    let ramp = ramp_with(On::Sqlite, BTC / 10, address(&vault)).await;
    let ramp = ramp.unwrap();
    let engine = &ramp.app.app.engine;
    ramp.node.mine(24).await;
    let watched = engine.treasury_watch(super::TEST, Network::Bitcoin, Author::machine());
    watched.await.unwrap();
    let refused =
        |amount: &'static str| async { ramp.refill(amount).await.unwrap_err().to_string() };
    let nothing = refused("0.5").await;
    assert!(
        nothing.contains("0.00 BTC of what was moved to bc1q"),
        "{nothing}"
    );
    for odd in ["0", "-1", "0.000000001", "1e-5", "much", ""] {
        assert!(refused(odd).await.contains("at most 8 decimals"), "{odd:?}");
    }
    ramp.until_begun().await;
    let moved = ramp.until_cold().await;
    let amount = u64::try_from(moved.amount.base()).unwrap();
    let more = refused("2.5").await;
    let most = format!("{} BTC of what", moved.amount.to_decimal());
    assert!(more.contains(&most), "{more}");
    // What lies there beside it is somebody else's business.
    ramp.node.send(&[(vault.as_str(), 3 * BTC)]).await;
    let look = || async { ramp.refill("0.5").await.ok() };
    let refill = ramp.app.until("it is written", look).await;
    assert_eq!(refill.coins.len(), 1);
    assert_eq!(refill.coins[0].1, moved.amount.to_decimal());
    assert!(refill.above_ceiling, "{refill:?}");
    assert_eq!(as_on_main("regtest", &refill.from).unwrap(), vault);
    assert_eq!(
        as_on_main("regtest", &refill.to).unwrap(),
        ramp.wallet().await
    );
    let psbt = hex::decode(&refill.psbt).unwrap();
    let signed = ramp.node.signed(&psbt, &descriptor).await;
    ramp.node.call("sendrawtransaction", json!([signed])).await;
    let asset = Network::Bitcoin.native();
    let [arrives, fee] = [&refill.arrives, &refill.fee]
        .map(|text| u64::try_from(Amount::parse(asset, text).unwrap().base()).unwrap());
    assert_eq!(arrives + fee, amount);
    let back = || async {
        let page = engine.treasury_look(super::TEST).await.ok()?;
        (ramp.books("cold").await == fee && page.arrivals.is_empty()).then_some(())
    };
    ramp.app.until("it is back", back).await;
    assert_eq!(ramp.books("suspense").await, 0);
    let spent = refused("0.5").await;
    assert!(spent.contains("0.00 BTC of what"), "{spent}");
    assert_eq!(btc(arrives).to_decimal(), refill.arrives);
    ramp.books_agree().await;
    ramp.done().await;
}
