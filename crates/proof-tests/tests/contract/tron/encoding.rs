//! The signer's transactions against npm's tronweb: ids, bytes, addresses and signatures, in both directions.

use super::{FRIEND, address, asset, bytes};
use crate::npm::judged_by;
use hmac::{Hmac, Mac};
use proof_core::{
    Address, Network,
    address::tron_spelt,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
    transfer::{Form, TronForm},
};
use proof_port::{IntentClass, Signer, SigningIntent, UnsignedFrom, UnsignedTransfer, Whose};
use proof_signer::{ChainRules, LocalSigner, TronRules};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const CASES: u64 = 200;
const MASTER: [u8; 32] = [7; 32];
const CONTRACT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

/// The same numbers in every run.
fn dice(n: u64, what: &str) -> [u8; 32] {
    Sha256::digest(format!("{n} {what}")).into()
}

fn number(n: u64, what: &str, below: u64) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&dice(n, what)[..8]);
    // Of every length, not only long ones.
    let shift = dice(n, what)[31] % 60;
    (u64::from_be_bytes(bytes) >> shift) % below
}

/// The hot wallet's key as the signer derives it, written down a second time.
fn key() -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&MASTER).unwrap();
    mac.update(b"TRC20");
    mac.update(&[0]);
    mac.finalize().into_bytes().into()
}

fn wish(n: u64, sender: &Address) -> SigningIntent {
    let token = n.is_multiple_of(2).then(|| address(CONTRACT));
    let ticker = if token.is_some() { "USDT" } else { "TRX" };
    let mut account = [0; 20];
    account.copy_from_slice(&dice(n, "recipient")[..20]);
    let made_ms = 1 + number(n, "made", 4_000_000_000_000);
    let form = TronForm {
        ref_block: hex::encode(dice(n, "block")),
        expires_ms: made_ms + 1 + number(n, "life", 80_000_000),
        fee_limit: if token.is_some() {
            1 + number(n, "limit", 1 << 40)
        } else {
            0
        },
        burn_max: number(n, "burn", 1 << 40),
        token,
    };
    let id = Uuid::from_u128(n.into());
    SigningIntent {
        intent: IntentId::from_uuid(id),
        class: IntentClass::Deliver,
        order: OrderId::from_uuid(id),
        transfer: UnsignedTransfer {
            sender: sender.clone(),
            recipient: address(&tron_spelt(&account)),
            // What JavaScript counts exactly.
            amount: Amount::new(asset(ticker), (1 + number(n, "amount", 1 << 53)).into()),
            from: UnsignedFrom::Nonce(made_ms),
            fee: Amount::new(Network::Trc20.native(), form.fee_max().unwrap()),
            form: Some(Form::Tron(Box::new(form))),
        },
    }
}

fn with_prefix(address: &Address) -> String {
    format!("41{}", hex::encode(address.tron_account().unwrap()))
}

/// One case as the script reads it.
fn told(wish: &SigningIntent, signed: &proof_port::Signed) -> String {
    let transfer = &wish.transfer;
    let (Some(Form::Tron(form)), UnsignedFrom::Nonce(made_ms)) = (&transfer.form, &transfer.from)
    else {
        panic!("it is written otherwise");
    };
    let base = transfer.amount.base();
    let (recipient, block) = (&transfer.recipient, &form.ref_block);
    let mut case = json!({
        "key": hex::encode(key()), "hash": signed.hash, "signed_hex": signed.signed_hex,
        "owner": transfer.sender, "owner_address": with_prefix(&transfer.sender),
        "ref_block_bytes": block[12..16], "ref_block_hash": block[16..32],
        "expiration": form.expires_ms, "timestamp": made_ms, "fee_limit": form.fee_limit,
    });
    case["owner"] = json!(transfer.sender.as_str());
    case["to"] = json!(form.token.as_ref().unwrap_or(recipient).as_str());
    match &form.token {
        Some(token) => {
            let to = hex::encode(recipient.tron_account().unwrap());
            case["contract_address"] = json!(with_prefix(token));
            case["data"] = json!(format!("a9059cbb{to:0>64}{base:064x}"));
        }
        None => {
            case["to_address"] = json!(with_prefix(recipient));
            case["amount"] = json!(u64::try_from(base).unwrap());
        }
    }
    case.to_string()
}

#[tokio::test]
async fn tron_transactions_are_those_of_tronweb() {
    let dir = tempfile::tempdir().unwrap();
    let rules = TronRules {
        contracts: [(asset("USDT"), address(CONTRACT))].into(),
        fee_max: u128::MAX,
    };
    let signer = LocalSigner::open(dir.path(), MASTER).unwrap();
    let signer = signer.with_rules([(Network::Trc20, ChainRules::Tron(rules))].into());
    let sender = signer.wallet(Network::Trc20).await.unwrap();
    let mut lines = String::new();
    for n in 1..=CASES {
        let wish = wish(n, &sender);
        let to = &wish.transfer.recipient;
        signer
            .register(Epoch::FIRST, wish.order, to, Whose::User)
            .await
            .unwrap();
        let signed = signer.sign(Epoch::FIRST, &wish).await.unwrap();
        let read = bytes::read(&hex::decode(&signed.signed_hex).unwrap()).unwrap();
        assert_eq!(read.id, signed.hash, "the test's own reader");
        lines += &told(&wish, &signed);
        lines += "\n";
    }
    let counted = judged_by("tron/check.mjs", &lines);
    assert_eq!(counted, CASES.to_string());
    assert_eq!(address(FRIEND).as_str(), FRIEND);
}
