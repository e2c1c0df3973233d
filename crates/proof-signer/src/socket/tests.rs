//! The socket, and those who should not be at it.

use super::{
    DoorError, SignerDoor, SocketSecret, SocketSigner,
    wire::{Answer, Connection},
};
use crate::{ApproverKey, Approvers, Deed, ListKeeper, LocalSigner, SignerThread, list_change};
use proof_core::{
    Address, Clock, Entropy, Network, Timestamp,
    id::{IntentId, OrderId},
    recovery::Epoch,
};
use proof_port::{Class, PortError, SignedState, Signer, Timer, Whose};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::oneshot,
    task::JoinHandle,
};

pub struct Real;

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        Timestamp::from_micros(i64::try_from(since.unwrap().as_micros()).unwrap())
    }
}

#[async_trait::async_trait]
impl Timer for Real {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep_until(&self, at: Timestamp) {
        let millis = at.millis_since(self.now());
        tokio::time::sleep(Duration::from_millis(u64::try_from(millis).unwrap_or(0))).await;
    }
}

/// Never the same bytes twice.
#[derive(Default)]
pub struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn secret(byte: u8) -> SocketSecret {
    let text = hex::encode([byte; 32]);
    SocketSecret::read(text.as_bytes()).unwrap()
}

/// A signer at its socket; ends when it is told to.
pub struct Life {
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// For whom the long waits are over at once.
struct Hasty;

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Real.now()
    }
}

#[async_trait::async_trait]
impl Timer for Hasty {
    async fn sleep_until(&self, at: Timestamp) {
        if at.millis_since(self.now()) < 30_000 {
            Real.sleep_until(at).await;
        }
    }
}

fn approver(n: u8) -> ApproverKey {
    ApproverKey::of(&[n; 32]).unwrap()
}

fn approvers() -> Approvers {
    let keys = [1, 2].map(|n| approver(n).public());
    Approvers::new([("alice", keys[0].as_str()), ("bob", &keys[1])]).unwrap()
}

pub fn start(dir: &Path, users: &[u32]) -> Life {
    start_by(dir, users, Arc::new(Real))
}

#[expect(clippy::disallowed_methods, reason = "the test waits for it")]
fn start_by(dir: &Path, users: &[u32], timer: Arc<dyn Timer>) -> Life {
    let signer = LocalSigner::open(&dir.join("journal"), [7; 32]).unwrap();
    let signer = signer.with_approvers(approvers());
    let signer: Arc<dyn ListKeeper> = Arc::new(SignerThread::spawn(signer).unwrap());
    let entropy = Arc::new(Counting(AtomicU8::new(100)));
    let path = dir.join("signer.sock");
    let door = SignerDoor::open(&path, secret(1), users, entropy, timer).unwrap();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(door.answer(signer, async move {
        let _ = stopped.await;
    }));
    Life { stop, running }
}

impl Life {
    pub async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }
}

pub fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    dir
}

pub fn client(path: PathBuf) -> SocketSigner {
    SocketSigner::new(
        path,
        secret(1),
        Arc::new(Counting::default()),
        Arc::new(Real),
    )
}

fn order(n: u128) -> OrderId {
    OrderId::from_uuid(uuid::Uuid::from_u128(n))
}

fn shop() -> Address {
    Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap()
}

fn waits<T: std::fmt::Debug>(result: Result<T, PortError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class, Class::Retry, "{error}");
    error.context
}

#[tokio::test]
async fn questions_go_on_after_the_signer_was_away() {
    let dir = folder();
    let path = dir.path().join("signer.sock");
    let signer = client(path);
    waits(signer.epoch().await);
    let life = start(dir.path(), &[]);
    assert_eq!(signer.epoch().await.unwrap(), Epoch::FIRST);
    let wallet = signer.wallet(Network::Trc20).await.unwrap();
    signer
        .register(Epoch::FIRST, order(1), &shop(), Whose::User)
        .await
        .unwrap();
    life.end().await;
    waits(
        signer
            .register(Epoch::FIRST, order(2), &shop(), Whose::User)
            .await,
    );

    let life = start(dir.path(), &[]);
    let other = signer
        .register(Epoch::FIRST, order(1), &wallet, Whose::User)
        .await;
    let other = other.unwrap_err();
    assert_eq!(other.class, Class::GiveUp);
    assert_eq!(other.context, "the order has another destination");
    let promised = signer.promised(order(1)).await.unwrap();
    assert_eq!(promised.destination, Some(shop()));
    assert_eq!(signer.promises(None).await.unwrap(), [promised]);
    let intent = IntentId::from_uuid(uuid::Uuid::from_u128(1));
    let closed = signer.close(Epoch::FIRST, intent).await.unwrap();
    assert_eq!(closed, SignedState::NeverSigned);
    life.end().await;
}

#[tokio::test]
async fn many_ask_at_once_and_each_hears_its_own_answer() {
    let dir = folder();
    let life = start(dir.path(), &[]);
    let signer = client(dir.path().join("signer.sock"));
    let asked = (1..=100).map(|n| {
        let signer = &signer;
        async move {
            let refund = shop();
            let address = signer.open_deposit(Epoch::FIRST, order(n), &refund);
            let address = address.await.unwrap();
            let promised = signer.promised(order(n)).await.unwrap();
            assert_eq!(promised.deposit.unwrap().address, address);
        }
    });
    futures::future::join_all(asked).await;
    life.end().await;
}

#[tokio::test]
async fn strangers_are_sent_away_on_both_sides() {
    let dir = folder();
    let path = dir.path().join("signer.sock");
    let life = start(dir.path(), &[]);
    let entropy = Arc::new(Counting::default());
    let stranger = SocketSigner::new(path.clone(), secret(2), entropy, Arc::new(Real));
    let heard = waits(stranger.epoch().await);
    assert!(heard.contains("does not know our secret"), "{heard}");
    // Nothing that a stranger says is answered.
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(&[0; 72]).await.unwrap();
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    assert!(heard.is_empty());
    life.end().await;

    let life = start(dir.path(), &[4_000_000]);
    let heard = waits(client(path.clone()).epoch().await);
    assert!(heard.contains("no process of this user"), "{heard}");
    life.end().await;

    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let entropy = Arc::new(Counting::default());
    let door = SignerDoor::open(&path, secret(1), &[], entropy.clone(), Arc::new(Real));
    assert!(matches!(door.err(), Some(DoorError::OpenFolder(_))));
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "kept").unwrap();
    let door = SignerDoor::open(&file, secret(1), &[], entropy, Arc::new(Real));
    assert!(matches!(door.err(), Some(DoorError::NoSocket(_))));
}

#[tokio::test]
async fn two_change_the_list_of_partners_addresses_through_the_door() {
    let dir = folder();
    let life = start(dir.path(), &[]);
    let signer = client(dir.path().join("signer.sock"));
    let shop = shop();
    let register = || signer.register(Epoch::FIRST, order(1), &shop, Whose::Partner);
    waits(register().await);
    let list = signer.listed().await.unwrap();
    let change = list_change(&list.mark, Deed::Allow, Network::Trc20, shop.as_str()).unwrap();
    let stranger = signer.vote(approver(3).vote("alice", change.clone()));
    assert_eq!(stranger.await.unwrap_err().class, Class::GiveUp);
    let votes = [(1, "alice"), (2, "bob")].map(|(n, by)| approver(n).vote(by, change.clone()));
    let [first, second] = votes.map(|vote| signer.vote(vote));
    assert!(!first.await.unwrap());
    assert!(second.await.unwrap());
    assert_eq!(
        signer.listed().await.unwrap().addresses,
        std::slice::from_ref(&shop)
    );
    register().await.unwrap();
    life.end().await;
}

#[tokio::test]
async fn a_connection_over_which_nothing_is_asked_is_closed() {
    let dir = folder();
    let life = start_by(dir.path(), &[], Arc::new(Hasty));
    let path = dir.path().join("signer.sock");
    let stream = UnixStream::connect(&path).await.unwrap();
    let (secret, entropy) = (secret(1), Counting::default());
    let mut connection = Connection::greet(stream, &secret, &entropy).await.unwrap();
    assert!(connection.receive(1_000).await.unwrap().is_none());
    life.end().await;
}

#[tokio::test]
async fn a_question_of_another_version_is_no_refusal() {
    let dir = folder();
    let life = start(dir.path(), &[]);
    let stream = UnixStream::connect(dir.path().join("signer.sock"));
    let (stream, entropy) = (stream.await.unwrap(), Counting::default());
    let secret = secret(1);
    let greeted = Connection::greet(stream, &secret, &entropy);
    let mut connection = greeted.await.unwrap();
    connection.send(b"\"sweep\"", 100).await.unwrap();
    let answer = connection.receive(1_000).await.unwrap().unwrap();
    let answer: Answer = serde_json::from_slice(&answer).unwrap();
    assert!(matches!(answer, Answer::Later(_)), "{answer:?}");
    drop(connection);
    life.end().await;
}

/// Passes a conversation on, with one byte of what the server says changed; gives what it heard from the server.
async fn between(place: &UnixListener, path: &Path, changed: Option<usize>) -> Vec<u8> {
    let (server, _) = place.accept().await.unwrap();
    let signer = UnixStream::connect(path).await.unwrap();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut from_signer, mut to_signer) = signer.into_split();
    let asked = async {
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read) = from_server.read(&mut buffer).await {
            let said = &mut buffer[..read];
            if read == 0 {
                break;
            }
            let begin = heard.len();
            heard.extend_from_slice(said);
            if let Some(byte) = changed.and_then(|at| at.checked_sub(begin))
                && let Some(byte) = said.get_mut(byte)
            {
                *byte ^= 1;
            }
            if to_signer.write_all(said).await.is_err() {
                break;
            }
        }
        drop(to_signer);
        heard
    };
    let answered = async {
        let _ = tokio::io::copy(&mut from_signer, &mut to_server).await;
        drop(to_server);
    };
    tokio::join!(asked, answered).0
}

#[tokio::test]
async fn whoever_stands_between_can_change_and_repeat_nothing() {
    let dir = folder();
    let path = dir.path().join("signer.sock");
    let life = start(dir.path(), &[]);
    let middle = dir.path().join("middle.sock");
    let place = UnixListener::bind(&middle).unwrap();
    let once = async |signer: SocketSigner, n| {
        let asked = signer
            .register(Epoch::FIRST, order(n), &shop(), Whose::User)
            .await;
        drop(signer);
        asked
    };
    let passed = async |n, changed| {
        let asked = once(client(middle.clone()), n);
        tokio::join!(asked, between(&place, &path, changed))
    };
    let (asked, heard) = passed(1, None).await;
    asked.unwrap();
    // In the greeting, in the proof, in the code and in the question.
    for at in [20, 60, 80, heard.len() - 5] {
        let (asked, _) = passed(2, Some(at)).await;
        waits(asked);
    }
    // The same bytes again are nobody's.
    let mut stream = UnixStream::connect(&path).await.unwrap();
    stream.write_all(&heard).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert_eq!(answer.len(), 64, "its half of the greeting, and no answer");
    let known = client(path).promises(None).await.unwrap();
    let known: Vec<OrderId> = known.iter().map(|promised| promised.order).collect();
    assert_eq!(known, [order(1)]);
    life.end().await;
}
