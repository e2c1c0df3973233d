//! Hot wallets whose keys a token holds: SoftHSM2 signs, and what it signed is judged by the libraries of wallets.

use crate::{
    signer::Place,
    token::{MODULE, is_without, tokens, tokens_in, told},
};
use proof_core::{
    Address, Network,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
    transfer::{BitcoinForm, EvmForm, Form, TronForm},
};
use proof_port::{
    Class, Coin, IntentClass, PortError, Signed, Signer, SigningIntent, UnsignedFrom,
    UnsignedTransfer, Whose,
};
use proof_server::clock::{SystemClock, SystemEntropy};
use proof_signer::{SocketSecret, SocketSigner, read_private};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use uuid::Uuid;

const FRIENDS: [(Network, &str); 3] = [
    (Network::Erc20, "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    (Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
    (
        Network::Bitcoin,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ),
];
const COINS: [u128; 2] = [60_000, 70_000];
/// Half of a token's signatures have a high s: so many have one of each kind.
const TRANSFERS: u64 = 8;
/// Questions until a token that is back has to be found: the pause after a look is some of them long.
const LOOKS_MAX: u32 = 10_000;

/// Real chains in the signer's configuration, and a wallet whose keys the token has.
fn configure(place: &Place, wallet: &str) {
    let path = place.path("signer.toml");
    let config = fs::read_to_string(&path).unwrap();
    let config = config.replace(&place.text("wallet.json"), wallet);
    let one = "{ order = \"1\", hour = \"1\", day = \"1\" }";
    let config = config.replace(
        "[limits.deliver]",
        &format!("[limits.deliver]\n\"ETH/ERC20\" = {one}\n\"BTC/BITCOIN\" = {one}\n\"TRX/TRC20\" = {one}"),
    );
    let config = config.replace(
        "[limits.fee]",
        &format!("[limits.fee]\n\"ETH/ERC20\" = {one}\n\"BTC/BITCOIN\" = {one}"),
    );
    let chains = "[networks.ERC20]\nchain_id = 31337\nfee_max = \"0.01\"\n\
                  [networks.TRC20]\nfee_max = \"20\"\n\
                  [networks.BITCOIN]\nchain = \"regtest\"\nfee_max = \"0.001\"\n";
    let token = format!("pkcs11 = {{ module = {MODULE:?}, token = \"proof\" }}\n");
    fs::write(path, format!("{token}{config}{chains}")).unwrap();
}

/// As a server asks.
fn door(place: &Place) -> SocketSigner {
    let secret = SocketSecret::read(&read_private(&place.path("socket.secret")).unwrap());
    let (entropy, timer) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
    SocketSigner::new(place.path("signer.sock"), secret.unwrap(), entropy, timer)
}

fn friend(network: Network) -> Address {
    let (_, text) = FRIENDS.iter().find(|(of, _)| *of == network).unwrap();
    Address::parse(network, text).unwrap()
}

/// The order's own, to whom it was registered for.
async fn delivery(door: &SocketSigner, network: Network, n: u64) -> SigningIntent {
    let recipient = friend(network);
    let id = Uuid::from_u128(u128::from(n));
    let base = u128::from(n) + 10_000;
    let coin = |(index, base): (u32, u128)| Coin {
        hash: hex_of(&Sha256::digest(n.to_be_bytes())),
        index,
        base,
    };
    let coins: Vec<Coin> = (0..).zip(COINS).map(coin).collect();
    let (form, from, fee) = match network {
        Network::Bitcoin => {
            let form = BitcoinForm {
                chain_id: proof_chain::bitcoin::chain_id("regtest").unwrap(),
                fee_per_kvb: 2_000,
            };
            let fee = form.fee(&coins, &recipient, base).unwrap();
            let form = Form::Bitcoin(Box::new(form));
            (form, UnsignedFrom::Coins(coins), fee)
        }
        Network::Trc20 => {
            let made_ms = 1_700_000_000_000;
            let form = TronForm {
                ref_block: hex_of(&Sha256::digest(b"block")),
                expires_ms: made_ms + 60_000,
                fee_limit: 0,
                burn_max: 1_000,
                token: None,
            };
            let fee = form.fee_max().unwrap();
            let from = UnsignedFrom::Nonce(made_ms + n);
            (Form::Tron(Box::new(form)), from, fee)
        }
        _ => {
            let form = EvmForm {
                chain_id: 31_337,
                gas_limit: 60_000,
                fee_per_gas_max: 2_000_000_000,
                tip_per_gas_max: 1_000_000_000,
                token: None,
            };
            let fee = form.fee_max().unwrap();
            let form = Form::Evm(Box::new(form));
            (form, UnsignedFrom::Nonce(n), fee)
        }
    };
    let order = OrderId::from_uuid(id);
    door.register(Epoch::FIRST, order, &recipient, Whose::User)
        .await
        .unwrap();
    SigningIntent {
        intent: IntentId::from_uuid(id),
        class: IntentClass::Deliver,
        order,
        transfer: UnsignedTransfer {
            sender: door.wallet(network).await.unwrap(),
            recipient,
            amount: Amount::new(network.native(), base),
            from,
            fee: Amount::new(network.native(), fee),
            form: Some(form),
        },
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn sign(door: &SocketSigner, wish: &SigningIntent) -> Result<Signed, PortError> {
    door.sign(Epoch::FIRST, wish).await
}

async fn later(door: &SocketSigner, wish: &SigningIntent) -> String {
    let error = sign(door, wish).await.unwrap_err();
    assert_eq!((error.class, error.answered), (Class::Retry, false));
    error.context
}

/// Whether the chains' own libraries take them.
fn judge(transfers: &[(SigningIntent, Signed)]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/chains.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is needed ('make tools')");
    let mut input = node.stdin.take().unwrap();
    for (wish, signed) in transfers {
        let sender = &wish.transfer.sender;
        let line = json!({
            "network": sender.network().name(),
            "sender": sender.as_str(),
            "account": sender.tron_account().map(|account| hex_of(&account)),
            "values": COINS.map(|base| base.to_string()),
            "hash": signed.hash,
            "signed": signed.signed_hex,
        });
        // One that has found a fault reads no further; its status says so.
        let _ = writeln!(input, "{line}");
    }
    drop(input);
    let said = node.wait_with_output().unwrap();
    assert!(said.status.success(), "a chain would not take it");
    let taken = String::from_utf8(said.stdout).unwrap();
    assert_eq!(taken.trim(), transfers.len().to_string());
}

/// A place whose token holds the hot wallets' keys.
async fn held() -> Place {
    let mut place = Place::new().await;
    tokens(&mut place, &["proof"]);
    let wallet = place.text("held.json");
    let new = ["new", "--hot-keys", "--wallet", &wallet];
    let by = ["--pkcs11", MODULE, "--token", "proof"];
    place.wallet(&[new.as_slice(), &by].concat(), "").await;
    configure(&place, &wallet);
    place
}

#[tokio::test]
async fn hot_keys_that_a_token_holds_sign_what_chains_take_and_once() {
    if is_without() {
        return;
    }
    let place = held().await;
    let signer = place.start().await;
    let door = door(&place);
    let mut given = Vec::new();
    for (chain, (network, _)) in (0..).zip(FRIENDS) {
        for n in (1..=TRANSFERS).map(|n| n + chain * 100) {
            let wish = delivery(&door, network, n).await;
            let signed = sign(&door, &wish).await.unwrap();
            given.push((wish, signed));
        }
    }
    judge(&given);
    signer.kill().await;
    let signer = place.start().await;
    for (wish, signed) in &given {
        assert_eq!(sign(&door, wish).await.unwrap(), *signed);
    }
    assert_eq!(place.signed(), given.len(), "each is signed once");
    signer.kill().await;
}

#[tokio::test]
async fn a_token_that_was_away_is_logged_in_again_and_a_wrong_pin_is_tried_once() {
    if is_without() {
        return;
    }
    let place = held().await;
    let wrong: (&[&str], &str) = (&["proof"], "0815");
    tokens_in(&place, "wrong", wrong);
    let swap = |from: &str, to: &str| fs::rename(place.path(from), place.path(to)).unwrap();
    let mut signer = place.start().await;
    let door = door(&place);
    let first = delivery(&door, Network::Erc20, 1).await;
    let signed = sign(&door, &first).await.unwrap();
    let second = delivery(&door, Network::Erc20, 2).await;

    swap("tokens", "away");
    let why = later(&door, &second).await;
    assert!(why.contains("the PKCS#11 module says"), "{why}");
    signer.says("the token does not sign").await;
    assert_eq!(sign(&door, &first).await.unwrap(), signed);
    let order = OrderId::from_uuid(Uuid::from_u128(9));
    let to = friend(Network::Erc20);
    let unpaid = door.register(Epoch::FIRST, order, &to, Whose::User).await;
    assert_eq!(unpaid.unwrap_err().class, Class::Retry);
    swap("away", "tokens");
    let mut paid = Err(());
    for _ in 0..LOOKS_MAX {
        let asked = door.register(Epoch::FIRST, order, &to, Whose::User).await;
        paid = asked.map_err(drop);
        if paid.is_ok() {
            break;
        }
    }
    paid.expect("it looks for the token again");
    signer.says("the token signs again").await;
    sign(&door, &second).await.unwrap();

    let third = delivery(&door, Network::Erc20, 3).await;
    swap("tokens", "away");
    swap("wrong", "tokens");
    let why = later(&door, &third).await;
    assert!(why.contains("PIN"), "{why}");
    swap("tokens", "wrong");
    swap("away", "tokens");
    let why = later(&door, &third).await;
    assert!(why.contains("restart the signer"), "{why}");
    signer.kill().await;
    let signer = place.start().await;
    sign(&door, &third).await.unwrap();
    assert_eq!(place.signed(), 3);
    signer.kill().await;
}

#[tokio::test]
async fn a_wallet_file_names_the_keys_that_its_token_holds_and_no_others() {
    if is_without() {
        return;
    }
    let place = held().await;
    let wallet = place.text("held.json");
    let asked = async |deed: &str| {
        let by = ["--wallet", &wallet, "--pkcs11", MODULE, "--token", "proof"];
        place.asked(&[&[deed], by.as_slice()].concat(), "").await
    };
    let said = async |deed: &str| {
        let output = asked(deed).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let addresses = said("addresses").await;
    assert_eq!(addresses.lines().count(), 4, "{addresses}");
    let without = ["new", "--hot-keys", "--wallet", &place.text("none.json")];
    assert!(told(&place.asked(&without, "").await).contains("--pkcs11"));

    // The printed form is that of deposit addresses alone, says so, and is read all the same.
    let printed = said("print").await;
    assert!(printed.starts_with("# Of deposit addresses alone"));
    let copy = place.text("copy.json");
    let import = [
        "import", "--wallet", &copy, "--pkcs11", MODULE, "--token", "proof",
    ];
    let derived = place.wallet(&import, &printed).await;
    let both = |line: &str| addresses.lines().any(|held| held == line);
    assert!(!derived.lines().any(both), "{derived}");

    // The vault is not the token's own wallet.
    let config = fs::read_to_string(place.path("signer.toml")).unwrap();
    let hot = addresses.lines().find(|line| line.starts_with("ERC20"));
    let hot = hot.unwrap().split_whitespace().last().unwrap();
    let vault = place.path("vault.toml");
    fs::write(&vault, format!("{config}[cold]\nERC20 = {hot:?}\n")).unwrap();
    let vault = ["signer", "--config", vault.to_str().unwrap()];
    let refused = told(&place.proof(&vault, "").await);
    assert!(refused.contains("the hot wallet itself"), "{refused}");

    // Whoever writes the file puts no other key beside the sealed one, whatever checksum they make.
    let good = fs::read_to_string(&wallet).unwrap();
    let mut file: Value = serde_json::from_str(&good).unwrap();
    let other = file["hot"]["BEP20"].clone();
    file["hot"]["ERC20"] = other;
    fs::write(&wallet, file.to_string()).unwrap();
    assert!(told(&asked("addresses").await).contains("its checksum is another"));
    file["checksum"] = json!(checksum(&file));
    fs::write(&wallet, file.to_string()).unwrap();
    assert!(told(&asked("addresses").await).contains("Decrypt"));
    fs::write(&wallet, good).unwrap();

    // A token that has lost them.
    let objects = |place: &Place| {
        let token = fs::read_dir(place.path("tokens")).unwrap().next().unwrap();
        let files = fs::read_dir(token.unwrap().path()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let files = files.filter(|file| {
            let end = file.extension().is_some_and(|end| end == "object");
            end && file.file_stem().is_some_and(|name| name != "token")
        });
        let mut files: Vec<_> = files
            .map(|file| (fs::metadata(&file).unwrap().modified().unwrap(), file))
            .collect();
        files.sort();
        files
    };
    // The key that seals was made first.
    for (_, file) in objects(&place).into_iter().skip(1) {
        fs::remove_file(file).unwrap();
    }
    let lost = told(&asked("addresses").await);
    assert!(lost.contains("TRC20: the token has no such key"), "{lost}");
}

/// As the file's own.
fn checksum(file: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let own = ["format", "key", "nonce", "sealed"].map(|name| text(&file[name]));
    let hot = file["hot"].as_object().unwrap();
    // In the order of networks, which is not that of names.
    let hot = ["TRC20", "ERC20", "BEP20", "BITCOIN"].map(|network| {
        let (key, public) = (text(&hot[network]["key"]), text(&hot[network]["public"]));
        format!("/{network}/{key}/{public}")
    });
    hex_of(&Sha256::digest(own.join("/") + &hot.concat()))
}
