//! The signer as a process of its own: killed at any moment, away for a while, and back.

use crate::server::{Server, open, post};
use crate::user::{card_token, follow, identify};
use serde_json::{Value, json};
use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

const LIMITS: &str = r#"
[limits.deliver]
"USDT/TRC20" = { order = "100", hour = "500", day = "500" }
[limits.fee]
"TRX/TRC20" = { order = "50", hour = "250", day = "250" }
"#;

/// Files of a signer, and what they are for.
pub struct Place {
    dir: TempDir,
    /// What its programs find in their surroundings.
    env: Vec<(&'static str, PathBuf)>,
}

impl Place {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let place = Self {
            dir,
            env: Vec::new(),
        };
        place.private("passphrase", "nobody will ever guess this\n");
        let (wallet, secret) = (place.text("wallet.json"), place.text("socket.secret"));
        place.wallet(&["new", "--wallet", &wallet], "").await;
        let mut made = Command::new(env!("CARGO_BIN_EXE_proof"));
        let made = made.args(["wallet", "secret", "--out", &secret]).status();
        assert!(made.await.unwrap().success());
        let config = format!(
            "socket = {:?}\njournal = {:?}\nwallet = {wallet:?}\npassphrase_file = {:?}\nsecret = {secret:?}\n{LIMITS}",
            place.path("signer.sock"),
            place.path("journal"),
            place.path("passphrase"),
        );
        fs::write(place.path("signer.toml"), config).unwrap();
        place
    }

    pub fn env(&mut self, name: &'static str, value: &Path) {
        self.env.push((name, value.to_owned()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn private(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    /// `proof wallet …` with the passphrase.
    pub async fn asked(&self, args: &[&str], input: &str) -> Output {
        self.proof(&[&["wallet"], args].concat(), input).await
    }

    pub async fn proof(&self, args: &[&str], input: &str) -> Output {
        // In a file, since a child that ends early would break a pipe.
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input.as_bytes()).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        Command::new(env!("CARGO_BIN_EXE_proof"))
            .args(args)
            .env("PROOF_PASSPHRASE_FILE", self.path("passphrase"))
            .envs(self.env.clone())
            .stdin(file)
            .output()
            .await
            .unwrap()
    }

    pub async fn wallet(&self, args: &[&str], input: &str) -> String {
        let output = self.asked(args, input).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// `proof signer …`, as the people do who vote.
    pub async fn people(&self, args: &[&str], input: &str) -> String {
        let output = self.proof(&[&["signer"], args].concat(), input).await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Two people with keys of their own, as the configuration knows them.
    async fn approvers(&self) {
        let path = self.path("signer.toml");
        let mut config = fs::read_to_string(&path).unwrap();
        config = config.replace("[limits.deliver]", "[limits.deliver_listed]");
        for name in ["alice", "bob"] {
            let key = self
                .people(&["approver", "--key", &self.text(name)], "")
                .await;
            config.push_str(&format!(
                "[[approvers]]\nname = {name:?}\nkey = {:?}\n",
                key.trim()
            ));
        }
        fs::write(path, config).unwrap();
    }

    /// One person's word, handed over by another; what the signer says.
    async fn votes(&self, name: &str, deed: &str, address: &str) -> String {
        let config = self.text("signer.toml");
        let list = self.people(&["list", "--config", &config], "").await;
        let mark = list.lines().next().unwrap().strip_prefix("list ").unwrap();
        let key = self.text(name);
        let args = [
            "TRC20", address, "--list", mark, "--as", name, "--key", &key,
        ];
        let vote = self.people(&[&[deed], args.as_slice()].concat(), "").await;
        self.people(&["vote", "--config", &config], &vote).await
    }

    pub async fn start(&self) -> Signer {
        let mut child = Command::new(env!("CARGO_BIN_EXE_proof"))
            .args(["signer", "--config"])
            .arg(self.path("signer.toml"))
            .envs(self.env.clone())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        loop {
            let line = said.next_line().await.unwrap();
            if line.expect("the signer came up").contains("signing") {
                return Signer { child, said };
            }
        }
    }

    /// Signatures in the journal.
    pub fn signed(&self) -> usize {
        let journal = fs::read_to_string(self.path("journal").join("journal.jsonl")).unwrap();
        journal.matches("\"type\":\"signed\"").count()
    }
}

pub struct Signer {
    child: Child,
    /// Closed, its next word would be its last.
    said: Lines<BufReader<ChildStderr>>,
}

impl Signer {
    /// Waits for a line of its log.
    pub async fn says(&mut self, text: &str) {
        loop {
            let line = self.said.next_line().await.unwrap();
            if line.expect("it goes on").contains(text) {
                return;
            }
        }
    }

    /// SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn ready_to_pay(server: &Server, name: &str) -> String {
    let (visit, _) = open(server, name, "buy").await;
    identify(server, &visit).await;
    follow(server, &visit, "quote").await;
    visit
}

async fn pay(server: &Server, visit: &str) {
    let api = server.api(visit);
    let view = post(&api, &["frame", "api", "quote"], json!({})).await;
    let token = card_token(server, "4242424242424242").await;
    let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
    post(&api, &["frame", "api", "payments"], body).await;
}

async fn order_of(server: &Server, visit: &str) -> Value {
    let api = server.api(visit);
    let order = api.get(&["frame", "api", "order"], &[]).await;
    order.unwrap().json().unwrap()
}

async fn received(server: &Server, data: &Path, visit: &str) -> u128 {
    let order = order_of(server, visit).await;
    let address = order["address"].as_str().unwrap();
    server.balance(data, address).await
}

#[tokio::test]
async fn orders_wait_for_a_signer_that_was_killed_and_go_on_with_it() {
    let (place, data) = (Place::new().await, tempfile::tempdir().unwrap());
    let signer = place.start().await;
    let (socket, secret) = (place.text("signer.sock"), place.text("socket.secret"));
    let more = ["--signer", &socket, "--signer-secret", &secret];
    let server = Server::start_with(data.path(), 0, &more).await;
    let ready = ["ann", "ben"].map(|name| ready_to_pay(&server, name));
    let visits = futures::future::join_all(ready).await;
    let before = received(&server, data.path(), &visits[0]).await;
    // The kill comes wherever these two are then.
    pay(&server, &visits[0]).await;
    pay(&server, &visits[1]).await;
    signer.kill().await;
    let by_then = place.signed();
    // The server is there, for everything that needs no signature.
    let late = ready_to_pay(&server, "dan").await;
    assert_eq!(place.signed(), by_then);
    let signer = place.start().await;
    let ended = visits
        .iter()
        .map(|visit| follow(&server, visit, "completed"));
    for view in futures::future::join_all(ended).await {
        assert_eq!(view["status"], "completed");
    }
    pay(&server, &late).await;
    follow(&server, &late, "delivering").await;
    signer.kill().await;
    let signer = place.start().await;
    let view = follow(&server, &late, "completed").await;
    assert_eq!(view["status"], "completed");
    assert_eq!(place.signed(), 3, "each is signed once");
    let after = received(&server, data.path(), &visits[0]).await;
    assert_eq!(after - before, 3 * 100_000_000);
    // The server has never had the key.
    assert!(!data.path().join("signer").join("master.key").exists());
    server.kill().await;
    signer.kill().await;
}

#[tokio::test]
async fn a_treasury_is_paid_once_two_have_listed_its_address_at_the_signer() {
    let (place, data) = (Place::new().await, tempfile::tempdir().unwrap());
    place.approvers().await;
    let signer = place.start().await;
    let (socket, secret) = (place.text("signer.sock"), place.text("socket.secret"));
    let more = ["--signer", &socket, "--signer-secret", &secret];
    let server = Server::start_with(data.path(), 0, &more).await;
    let visit = ready_to_pay(&server, "ann").await;
    let api = server.api(&visit);
    let view = post(&api, &["frame", "api", "quote"], json!({})).await;
    let token = card_token(&server, "4242424242424242").await;
    let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
    let refused = api
        .post(&["frame", "api", "payments"], &body)
        .await
        .unwrap();
    assert!(
        !refused.is_success(),
        "nothing is paid for an unknown address"
    );

    let address = order_of(&server, &visit).await["address"]
        .as_str()
        .unwrap()
        .to_owned();
    let heard = place.votes("alice", "allow", &address).await;
    assert!(heard.contains("A second approver"), "{heard}");
    let done = place.votes("bob", "allow", &address).await;
    assert!(done.starts_with("done: allow TRC20 T"), "{done}");
    pay(&server, &visit).await;
    let view = follow(&server, &visit, "completed").await;
    assert_eq!(view["status"], "completed");
    assert_eq!(place.signed(), 1);
    server.kill().await;
    signer.kill().await;
}

#[tokio::test]
async fn a_wallet_is_made_printed_and_read_again_and_mistakes_are_named() {
    let place = Place::new().await;
    let (wallet, second) = (place.text("wallet.json"), place.text("second.json"));
    let addresses = place.wallet(&["addresses", "--wallet", &wallet], "").await;
    assert_eq!(addresses.lines().count(), 4, "{addresses}");
    let printed = place.wallet(&["print", "--wallet", &wallet], "").await;
    let import = ["import", "--wallet", &second];
    assert_eq!(place.wallet(&import, &printed).await, addresses);
    let told = async |args: &[&str], input: &str| {
        let output = place.asked(args, input).await;
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let again = told(&import, &printed).await;
    assert!(again.contains("never written over"), "{again}");
    let third = place.text("third.json");
    let slip = told(&["import", "--wallet", &third], "PROO FKEY").await;
    assert!(slip.contains("a letter is wrong or missing"), "{slip}");
    place.private("passphrase", "this is another one, alas");
    let wrong = told(&["addresses", "--wallet", &wallet], "").await;
    assert!(wrong.contains("the passphrase is not the one"), "{wrong}");
    fs::set_permissions(place.path("passphrase"), Permissions::from_mode(0o644)).unwrap();
    let open = told(&["addresses", "--wallet", &wallet], "").await;
    assert!(open.contains("chmod 600"), "{open}");
}
