//! A wallet that a token of a PKCS#11 module seals: SoftHSM2, Debian's own.

use crate::signer::Place;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

pub const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "4711";

/// Somebody turned this off by name: `PROOF_WITHOUT=pkcs11`.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "whoever runs the tests says so, and reads it"
)]
pub fn is_without() -> bool {
    let without = env::var("PROOF_WITHOUT").unwrap_or_default();
    let named = without.split(',').any(|name| name == "pkcs11");
    if named {
        println!("skipped: PROOF_WITHOUT names pkcs11");
    } else {
        assert!(
            Path::new(MODULE).exists(),
            "{MODULE} is missing: run 'ci/tools', or leave this out with PROOF_WITHOUT=pkcs11"
        );
    }
    named
}

/// A module with tokens of this test alone.
pub fn tokens(place: &mut Place, labels: &[&str]) {
    let config = tokens_in(place, "tokens", (labels, PIN));
    place.env("SOFTHSM2_CONF", &config);
    place.private("passphrase", PIN);
}

/// The module's configuration for a folder of tokens.
pub fn tokens_in(place: &Place, name: &str, (labels, pin): (&[&str], &str)) -> PathBuf {
    let folder = place.path(name);
    fs::create_dir(&folder).unwrap();
    let config = place.path(&format!("{name}.conf"));
    fs::write(
        &config,
        format!("directories.tokendir = {}\n", folder.display()),
    )
    .unwrap();
    for label in labels {
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--so-pin", "87654321"])
            .args(["--pin", pin, "--label", label])
            .env("SOFTHSM2_CONF", &config)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }
    config
}

pub fn told(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_wallet_that_a_token_seals_opens_with_that_token_and_its_pin_alone() {
    if is_without() {
        return;
    }
    let mut place = Place::new().await;
    tokens(&mut place, &["proof", "other"]);
    let wallet = place.text("sealed.json");
    let by = |label: &'static str| ["--wallet", &wallet, "--pkcs11", MODULE, "--token", label];
    let asked = async |place: &Place, deed: &str, label: &'static str| {
        place
            .asked(&[&[deed], by(label).as_slice()].concat(), "")
            .await
    };
    let (proof, new) = (by("proof"), [&["new"], by("proof").as_slice()].concat());
    let addresses = place.wallet(&new, "").await;
    assert_eq!(addresses.lines().count(), 4, "{addresses}");
    let again = place
        .wallet(&[&["addresses"], proof.as_slice()].concat(), "")
        .await;
    assert_eq!(again, addresses);
    assert!(told(&asked(&place, "new", "proof").await).contains("never written over"));
    assert!(told(&asked(&place, "addresses", "other").await).contains("has another key"));
    assert!(told(&asked(&place, "addresses", "none").await).contains("no token of this label"));
    let unnamed = place.asked(&["addresses", "--wallet", &wallet], "").await;
    assert!(told(&unnamed).contains("a PKCS#11 token sealed it"));

    // The safe's copy goes to another token, or to a passphrase.
    let printed = place
        .wallet(&[&["print"], proof.as_slice()].concat(), "")
        .await;
    let second = place.text("second.json");
    let other = [
        "import", "--wallet", &second, "--pkcs11", MODULE, "--token", "other",
    ];
    assert_eq!(place.wallet(&other, &printed).await, addresses);

    let good = fs::read_to_string(&wallet).unwrap();
    let changed = good.replacen("\"sealed\": \"", "\"sealed\": \"0", 1);
    fs::write(&wallet, changed).unwrap();
    assert!(told(&asked(&place, "addresses", "proof").await).contains("damaged"));
    fs::write(&wallet, good).unwrap();

    // The signer's own start.
    let config = fs::read_to_string(place.path("signer.toml")).unwrap();
    let sealed = config.replace(&place.text("wallet.json"), &wallet);
    let token = format!("pkcs11 = {{ module = {MODULE:?}, token = \"proof\" }}\n");
    fs::write(place.path("signer.toml"), token + &sealed).unwrap();
    let signer = place.start().await;
    let config = place.text("signer.toml");
    let list = place.people(&["list", "--config", &config], "").await;
    assert!(list.starts_with("list "), "{list}");
    signer.kill().await;

    place.private("passphrase", "0815");
    let wrong = told(&asked(&place, "addresses", "proof").await);
    assert!(wrong.contains("PIN"), "{wrong}");
}
