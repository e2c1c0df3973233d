//! Very many questions over the socket, in any order, again and at once, with the process killed at any of its writes.
//! What was answered, and what is in the journal, is judged by somebody who knows nothing of the signer's code.
//!
//! `PROOF_SIGNER_CALLS=1000000 cargo nextest run --profile long --workspace -E 'test(no_call_moves_the_signer_beyond_its_policy)'`

use super::{
    held::{Held, Varying},
    *,
};
use crate::{
    Limit, Outflow, SignerDoor, SignerThread, SocketSecret, SocketSigner,
    socket::tests::{Counting, Real},
};
use proof_core::{Clock, Timestamp};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tokio::sync::oneshot;

/// As many as take some two seconds.
const CALLS: u64 = 5_000;
/// A journal is read again at each start; in longer ones all days are full, and nothing more is signed.
const CALLS_PER_JOURNAL: u64 = 5_000;
const CLIENTS: usize = 4;
const WRITES_PER_LIFE: u64 = 150;
const ORDER_LIMIT: u128 = 150;
const HOUR_LIMIT: u128 = 500;
const DAY_LIMIT: u128 = HOUR_LIMIT * 4;
const FEE_CAP: u128 = 3_000_000;

const CLASSES: [IntentClass; 4] = [
    IntentClass::Deliver,
    IntentClass::TopUp,
    IntentClass::Deliver,
    IntentClass::Sweep,
];

/// Random enough, and the same again for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let n = self.below(of.len() as u64);
        &of[usize::try_from(n).unwrap()]
    }
}

#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// What somebody was told.
#[derive(Default)]
struct Told {
    calls: u64,
    destinations: BTreeMap<OrderId, Address>,
    refunds: BTreeMap<OrderId, Address>,
    deposits: BTreeMap<OrderId, Address>,
    /// The whole transfer by its hash, and hashes by intent.
    signed: BTreeMap<String, SigningIntent>,
    never: BTreeSet<IntentId>,
    refusals: u64,
    full: u64,
    full_days: u64,
    lost: u64,
}

fn put<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    map: &mut BTreeMap<K, V>,
    key: K,
    value: V,
) {
    if let Some(known) = map.get(&key) {
        assert_eq!(*known, value, "{key:?} was told otherwise before");
    }
    map.insert(key, value);
}

struct Bench {
    dir: TempDir,
    hand: Arc<Hand>,
    /// No signature comes twice, so that nothing but the journal gives one hash twice.
    held: Arc<Held>,
    wallets: BTreeMap<Network, Address>,
    told: Mutex<Told>,
    asked: AtomicU64,
}

impl Bench {
    fn new() -> Self {
        // In memory where there is such a place: the disk's own speed is not what is looked at.
        let memory = Path::new("/dev/shm");
        let dir = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let dir = dir.unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let hand = Arc::new(Hand(AtomicI64::new(1_000_000_000_000)));
        let held = Arc::default();
        Self {
            dir,
            hand,
            wallets: Varying::keys(&held).addresses(),
            held,
            told: Mutex::default(),
            asked: AtomicU64::new(0),
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("signer.sock")
    }

    fn signer(&self) -> LocalSigner {
        let moved = Limit {
            order: ORDER_LIMIT,
            hour: HOUR_LIMIT,
            day: DAY_LIMIT,
        };
        let fees = |order, hour| Limit {
            order,
            hour,
            day: hour * 20,
        };
        let (trc20, erc20) = (Network::Trc20, Network::Erc20);
        let (tron_usdt, evm_usdt) = (asset("USDT", trc20), asset("USDT", erc20));
        let limits = [
            ((Outflow::Deliver, tron_usdt), moved),
            ((Outflow::Return, tron_usdt), moved),
            ((Outflow::Deliver, evm_usdt), moved),
            ((Outflow::Return, evm_usdt), moved),
            ((Outflow::Sweep, evm_usdt), moved),
            ((Outflow::TopUp, erc20.native()), moved),
            ((Outflow::Fee, trc20.native()), fees(10_000, 1_000_000)),
            (
                (Outflow::Fee, erc20.native()),
                fees(FEE_CAP * 6, FEE_CAP * 400),
            ),
        ];
        let signer = ruled_with(self.dir.path(), Varying::keys(&self.held));
        signer.with_limits(limits.into(), self.hand.clone())
    }

    /// One life of the process, killed at one of its writes.
    async fn live(&self, calls: u64, dice: &mut Dice) {
        let (mut writes, part) = (dice.below(WRITES_PER_LIFE), dice.below(4));
        let death = move |length: usize| {
            if writes == 0 {
                // Nothing, a part, or all of it without an answer.
                return Some(length * usize::try_from(part).unwrap() / 3);
            }
            writes -= 1;
            None
        };
        let signer = self.signer().dying(Box::new(death));
        let signer = Arc::new(SignerThread::spawn(signer).unwrap());
        let secret = SocketSecret::read(&[b'7'; 64]).unwrap();
        let (entropy, timer) = (Arc::new(Counting::default()), Arc::new(Real));
        let door = SignerDoor::open(&self.socket(), secret.clone(), &[], entropy.clone(), timer);
        let (stop, stopped) = oneshot::channel::<()>();
        let client = SocketSigner::new(self.socket(), secret, entropy, Arc::new(Real));
        let seeds: Vec<u64> = (0..CLIENTS).map(|_| dice.below(u64::MAX) | 1).collect();
        let asking = async {
            let each = seeds
                .into_iter()
                .map(|seed| self.ask(&client, calls, Dice(seed)));
            futures::future::join_all(each).await;
            drop(stop);
        };
        let answering = door.unwrap().answer(signer, async {
            let _ = stopped.await;
        });
        tokio::join!(asking, answering);
        // Sometimes an hour goes by, sometimes the clock is set back.
        let seconds = *dice.one(&[0, 600, 3_600, 7_200, -1_800]);
        self.hand.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    async fn ask(&self, signer: &SocketSigner, calls: u64, mut dice: Dice) {
        while self.asked.fetch_add(1, Ordering::SeqCst) < calls {
            if self.question(signer, &mut dice).await == Some(Class::Retry) {
                return;
            }
        }
    }

    /// What was asked, some of it senseless; how it failed, if the process is to blame.
    async fn question(&self, signer: &SocketSigner, dice: &mut Dice) -> Option<Class> {
        // Orders come and go: what was asked long ago is asked less.
        let wave = u128::from(self.asked.load(Ordering::SeqCst) / 150);
        let id = wave * 10 + u128::from(dice.below(30));
        let to = [SHOP, THIEF].map(tron).to_vec();
        let evm_to = [FRIEND, USDT].map(evm).to_vec();
        let on_evm = id.is_multiple_of(2);
        let to = if on_evm { &evm_to } else { &to };
        let to = to[usize::from(dice.below(5) == 0)].clone();
        let epoch = Epoch::FIRST;
        let error = match dice.below(20) {
            0..4 => {
                let asked = signer.register(epoch, order(id), &to, Whose::User).await;
                let kept = asked.map(|()| put(&mut self.told().destinations, order(id), to));
                kept.err()
            }
            4 | 5 => {
                let asked = signer.open_deposit(epoch, order(id), &to).await;
                let kept = asked.map(|address| {
                    put(&mut self.told().deposits, order(id), address);
                    put(&mut self.told().refunds, order(id), to);
                });
                kept.err()
            }
            6 => {
                let asked = signer.close(epoch, intent(id)).await;
                let kept = asked.map(|state| {
                    if state == SignedState::NeverSigned {
                        self.told().never.insert(intent(id));
                    }
                });
                kept.err()
            }
            _ => {
                let wish = self.wish(dice, id, (on_evm, to));
                let asked = signer.sign(epoch, &wish).await;
                let kept = asked.map(|signed| put(&mut self.told().signed, signed.hash, wish));
                kept.err()
            }
        };
        let mut told = self.told();
        told.calls += 1;
        let error = error?;
        let away = !error.answered || error.context.starts_with("journal");
        let died = error.class == Class::Retry && away;
        told.refusals += u64::from(!died);
        told.full += u64::from(error.context.contains("hour's limit"));
        told.full_days += u64::from(error.context.contains("day's limit"));
        told.lost += u64::from(died);
        died.then_some(Class::Retry)
    }

    fn wish(&self, dice: &mut Dice, id: u128, (on_evm, to): (bool, Address)) -> SigningIntent {
        let network = if on_evm {
            Network::Erc20
        } else {
            Network::Trc20
        };
        let class = match dice.below(20) {
            0 => *dice.one(&CLASSES),
            1..4 => IntentClass::Return,
            // Of one intent mostly one.
            _ if on_evm => CLASSES[usize::try_from(id / 2 % 4).unwrap()],
            _ => IntentClass::Deliver,
        };
        let of = order(if dice.below(20) == 0 { id + 1 } else { id });
        let (sender, recipient, moved) = self.way(dice, (class, of), (network, to));
        let price = 10 + u128::from(dice.below(22));
        let form = EvmForm {
            chain_id: 31_337,
            gas_limit: 100_000,
            fee_per_gas_max: price,
            tip_per_gas_max: 1 + price / 8,
            token: (moved != network.native()).then(|| evm(super::USDT)),
        };
        let fee = if on_evm {
            form.fee_max().unwrap()
        } else {
            100 + u128::from(dice.below(2))
        };
        SigningIntent {
            intent: intent(id),
            class,
            order: of,
            transfer: UnsignedTransfer {
                sender,
                recipient,
                // Nothing, and more than an order may.
                amount: Amount::new(moved, *dice.one(&[100, 100, 100, 100, 100, 100, 0, 160])),
                // Sometimes one that another intent has.
                from: UnsignedFrom::Nonce(u64::try_from(id).unwrap() + dice.below(20) / 19),
                fee: Amount::new(network.native(), fee),
                form: on_evm.then(|| Form::Evm(Box::new(form))),
            },
        }
    }

    /// From where to where, and what: as the class has it, or to somebody who only asks.
    fn way(
        &self,
        dice: &mut Dice,
        (class, of): (IntentClass, OrderId),
        (network, to): (Network, Address),
    ) -> (Address, Address, Asset) {
        let wallet = self.wallets[&network].clone();
        let usdt = asset("USDT", network);
        let deposit = self.told().deposits.get(&of).cloned();
        let (sender, right, moved) = match (class, deposit) {
            (IntentClass::Sweep, Some(deposit)) => (deposit, wallet, usdt),
            (IntentClass::TopUp, Some(deposit)) => (wallet, deposit, network.native()),
            _ => return (wallet, to, usdt),
        };
        let is_right = dice.below(5) > 0;
        (sender, if is_right { right } else { to }, moved)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    /// By answers and journal alone.
    fn judge(&self) -> (u64, u64) {
        let told = self.told();
        let mut by_intent: BTreeMap<IntentId, Vec<&SigningIntent>> = BTreeMap::new();
        let mut nonces = BTreeMap::new();
        for wish in told.signed.values() {
            let transfer = &wish.transfer;
            assert!(
                !told.never.contains(&wish.intent),
                "{wish:?} was never to be"
            );
            let wallet = &self.wallets[&transfer.sender.network()];
            let deposit = told.deposits.get(&wish.order);
            let (from, to) = match wish.class {
                IntentClass::Deliver => (Some(wallet), told.destinations.get(&wish.order)),
                IntentClass::Return => (Some(wallet), told.refunds.get(&wish.order)),
                IntentClass::Sweep => (deposit, Some(wallet)),
                IntentClass::TopUp => (Some(wallet), deposit),
                IntentClass::Prove | IntentClass::Cold => unreachable!("none asks for it"),
            };
            // An answer that was lost registered it all the same; never two.
            assert_eq!(*from.unwrap_or(&transfer.sender), transfer.sender);
            assert_eq!(*to.unwrap_or(&transfer.recipient), transfer.recipient);
            let UnsignedFrom::Nonce(nonce) = transfer.from else {
                unreachable!("none asks for coins");
            };
            put(&mut nonces, (&transfer.sender, nonce), wish.intent);
            by_intent.entry(wish.intent).or_default().push(wish);
        }
        let mut replaced = 0;
        for wishes in by_intent.values_mut() {
            wishes.sort_by_key(|wish| wish.transfer.fee.base());
            replaced += wishes.len() as u64 - 1;
            for pair in wishes.windows(2) {
                let (a, b) = (&pair[0].transfer, &pair[1].transfer);
                assert_eq!(
                    (&a.recipient, a.amount, &a.from),
                    (&b.recipient, b.amount, &b.from)
                );
                assert!(b.fee.base() * 10 >= a.fee.base() * 11, "{a:?} {b:?}");
                assert!(b.fee.base() <= FEE_CAP);
            }
        }
        self.judge_journal(&told);
        (told.signed.len() as u64, replaced)
    }

    fn judge_journal(&self, told: &Told) {
        // A line that the last death tore was never answered for; a start takes it away.
        drop(self.signer());
        let text = fs::read_to_string(self.dir.path().join("journal.jsonl")).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (mut hashes, mut intents) = (BTreeSet::new(), BTreeSet::new());
        let mut left: BTreeMap<(String, String), Vec<(i64, u128)>> = BTreeMap::new();
        let mut of_orders: BTreeMap<(String, OrderId), u128> = BTreeMap::new();
        for line in lines.map(|line| line["entry"].clone()) {
            if line["type"] != "signed" {
                continue;
            }
            let wish: SigningIntent = serde_json::from_value(line["intent"].clone()).unwrap();
            let hash = line["signed"]["hash"].as_str().unwrap().to_owned();
            assert!(!told.never.contains(&wish.intent));
            assert!(hashes.insert(hash), "a line is there twice");
            if !intents.insert(wish.intent) {
                continue;
            }
            let key = (
                format!("{:?}", wish.class),
                wish.transfer.amount.asset().to_string(),
            );
            let base = wish.transfer.amount.base();
            *of_orders.entry((key.0.clone(), wish.order)).or_default() += base;
            let at = line["at"].as_i64().unwrap();
            left.entry(key).or_default().push((at, base));
        }
        assert!(told.signed.keys().all(|hash| hashes.contains(hash)));
        for (key, sum) in of_orders {
            assert!(sum <= ORDER_LIMIT, "{key:?}: {sum} for an order");
        }
        for (key, movements) in left {
            assert!(movements.is_sorted_by_key(|(at, _)| *at), "time went back");
            for (seconds, limit) in [(3_600, HOUR_LIMIT), (86_400, DAY_LIMIT)] {
                let most = most_within(&movements, seconds * 1_000_000);
                assert!(most <= limit, "{key:?}: {most} within {seconds} s");
            }
        }
    }
}

/// The most that moved in any stretch of so many microseconds.
fn most_within(movements: &[(i64, u128)], micros: i64) -> u128 {
    let (mut from, mut sum, mut most) = (0, 0, 0);
    for (at, amount) in movements {
        sum += amount;
        while movements[from].0 <= at - micros {
            sum -= movements[from].1;
            from += 1;
        }
        most = most.max(sum);
    }
    most
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs it by hand says how long"
)]
async fn no_call_moves_the_signer_beyond_its_policy() {
    let calls = std::env::var("PROOF_SIGNER_CALLS").map_or(CALLS, |n| n.parse().unwrap());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut done, mut lives, mut lost, mut refusals) = (0, 0_u64, 0, 0);
    let (mut signatures, mut replacements, mut full, mut full_days) = (0, 0, 0, 0);
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    while done < calls {
        let bench = Bench::new();
        let share = CALLS_PER_JOURNAL.min(calls - done);
        while bench.asked.load(Ordering::SeqCst) < share {
            bench.live(share, &mut dice).await;
            lives += 1;
        }
        let (signed, replaced) = bench.judge();
        let told = bench.told();
        done += share;
        (lost, refusals) = (lost + told.lost, refusals + told.refusals);
        (signatures, replacements) = (signatures + signed, replacements + replaced);
        (full, full_days) = (full + told.full, full_days + told.full_days);
        for wish in told.signed.values() {
            *classes.entry(format!("{:?}", wish.class)).or_default() += 1;
        }
    }
    println!(
        "{done} calls in {lives} lives: {signatures} signatures, {replacements} of them replacements; \
         {refusals} refused, {full} of them by the hour's limit and {full_days} by the day's; {lost} lost; {classes:?}"
    );
    // It has to have been at each of the bounds.
    assert!(signatures > calls / 100 && replacements > calls / 1_000);
    assert!(full > 0 && full_days > 0 && lives > calls / 1_000);
    assert_eq!(classes.len(), 4, "{classes:?}");
}
