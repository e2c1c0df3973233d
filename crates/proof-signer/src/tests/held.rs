//! Hot wallets' keys that are held elsewhere: no signature comes twice, and the key may be away.

use super::{
    bitcoin::{coin, ruled_with as on_bitcoin},
    replacement::raised,
    *,
};
use crate::keys::{Key, KeyAway, SIGNED_FOR, derive};
use futures::future::join_all;
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey, hazmat::SignPrimitive};
use sha2::Sha256;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use zeroize::Zeroizing;

/// Where the keys are.
#[derive(Default)]
pub struct Held {
    signed: AtomicU64,
    /// So many are given, and then it is away.
    left: Option<AtomicU64>,
}

impl Held {
    fn away_after(signatures: u64) -> Self {
        Self {
            left: Some(AtomicU64::new(signatures)),
            ..Self::default()
        }
    }

    fn signed(&self) -> u64 {
        self.signed.load(Ordering::SeqCst)
    }
}

/// As a token signs: by another random number each time.
pub struct Varying {
    key: SigningKey,
    held: Arc<Held>,
}

impl Varying {
    pub fn keys(held: &Arc<Held>) -> WalletKeys {
        let keys = SIGNED_FOR.into_iter().map(|network| {
            let key = Self {
                key: derive(&[9; 32], &[network.name()]).unwrap(),
                held: Arc::clone(held),
            };
            (network, Box::new(key) as Box<dyn Key>)
        });
        WalletKeys::held(Zeroizing::new([7; 32]), keys)
    }
}

impl Key for Varying {
    fn public(&self) -> &VerifyingKey {
        self.key.verifying_key()
    }

    fn sign(&self, hash: &[u8; 32]) -> Result<(Signature, RecoveryId), KeyAway> {
        self.ready()?;
        if let Some(left) = &self.held.left {
            left.fetch_sub(1, Ordering::SeqCst);
        }
        let number = self.held.signed.fetch_add(1, Ordering::SeqCst);
        let scalar = self.key.as_nonzero_scalar();
        let signed =
            scalar.try_sign_prehashed_rfc6979::<Sha256>(&(*hash).into(), &number.to_be_bytes());
        let (signature, _) = signed.unwrap();
        let signature = signature.normalize_s().unwrap_or(signature);
        let recovery = RecoveryId::trial_recovery_from_prehash(self.public(), hash, &signature);
        Ok((signature, recovery.unwrap()))
    }

    fn ready(&self) -> Result<(), KeyAway> {
        let left = self.held.left.as_ref();
        match left.map(|left| left.load(Ordering::SeqCst)) {
            Some(0) => Err(KeyAway("it was taken out".to_owned())),
            Some(_) | None => Ok(()),
        }
    }
}

fn registered_with(dir: &Path, held: &Arc<Held>) -> (LocalSigner, SigningIntent) {
    let signer = ruled_with(dir, Varying::keys(held));
    block_on(signer.register(Epoch::FIRST, order(1), &evm(FRIEND), Whose::User)).unwrap();
    let wish = evm_delivery(&signer, 1);
    (signer, wish)
}

fn lines(dir: &Path) -> Vec<String> {
    let journal = fs::read_to_string(dir.join("journal.jsonl")).unwrap();
    journal.lines().map(str::to_owned).collect()
}

fn later<T: std::fmt::Debug>(result: Result<T, PortError>) -> String {
    let error = result.unwrap_err();
    assert_eq!((error.class, error.answered), (Class::Retry, false));
    error.context
}

#[test]
fn an_intent_has_one_hash_although_no_signature_comes_twice() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Arc::<Held>::default());
    let (signer, wish) = registered_with(dir.path(), &held);
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = registered_with(elsewhere.path(), &held);
    let first = thread::scope(|scope| {
        let asking: Vec<_> = (0..64)
            .map(|_| scope.spawn(|| sign(&signer, &wish).unwrap()))
            .collect();
        let mut told = asking.into_iter().map(|asked| asked.join().unwrap());
        let first = told.next().unwrap();
        assert!(told.all(|again| again == first));
        first
    });
    assert_eq!(held.signed(), 1);
    assert_ne!(
        sign(&other, &wish).unwrap().hash,
        first.hash,
        "without the journal there would be two hashes"
    );
    let raise = raised(&wish, 22, 2);
    let second = sign(&signer, &raise).unwrap();
    assert_ne!(second.hash, first.hash);
    drop(signer);
    for _ in 0..2 {
        let (signer, _) = registered_with(dir.path(), &held);
        let thread = SignerThread::spawn(signer).unwrap();
        let asked = (0..64).map(|_| thread.sign(Epoch::FIRST, &wish));
        let told = block_on(join_all(asked));
        assert!(told.iter().all(|told| *told.as_ref().unwrap() == first));
        let again = block_on(thread.sign(Epoch::FIRST, &raise)).unwrap();
        assert_eq!(again, second);
        let state = block_on(thread.close(Epoch::FIRST, wish.intent)).unwrap();
        assert_eq!(state, SignedState::Signed(first.clone()));
    }
    assert_eq!(
        held.signed(),
        3,
        "the first, its replacement, and the other signer's"
    );
}

#[test]
fn what_was_signed_and_not_journalled_has_left_nothing_and_is_signed_anew() {
    for part in 0..=3 {
        let (dir, held) = (tempfile::tempdir().unwrap(), Arc::<Held>::default());
        let (signer, wish) = registered_with(dir.path(), &held);
        let before = lines(dir.path()).len();
        let signer = signer.dying(Box::new(move |length| Some(length * part / 3)));
        assert!(later(sign(&signer, &wish)).contains("journal"));
        assert!(
            later(sign(&signer, &wish)).contains("journal"),
            "and nothing after it"
        );
        let given = held.signed();
        drop(signer);
        let (signer, _) = registered_with(dir.path(), &held);
        let signed = sign(&signer, &wish).unwrap();
        assert_eq!(sign(&signer, &wish).unwrap(), signed);
        let whole = part == 3;
        assert_eq!(held.signed(), given + u64::from(!whole));
        let lines = lines(dir.path());
        assert_eq!(lines.len(), before + 1, "{part}");
        assert!(lines[before].contains(&signed.hash), "{part}");
    }
}

#[test]
fn a_key_that_is_away_is_waited_for_and_refuses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (signer, wish) = registered_with(dir.path(), &Arc::default());
    drop(signer);
    let (signer, _) = registered_with(dir.path(), &Arc::new(Held::away_after(0)));
    let before = lines(dir.path());
    for _ in 0..2 {
        assert!(later(sign(&signer, &wish)).contains("taken out"));
    }
    let unpaid = block_on(signer.register(Epoch::FIRST, order(3), &evm(FRIEND), Whose::User));
    assert!(later(unpaid).contains("taken out"), "nobody pays for it");
    assert_eq!(lines(dir.path()), before, "nothing is taken by it");
    let mut stolen = wish.clone();
    stolen.transfer.recipient = evm(USDT);
    assert!(refused(sign(&signer, &stolen)).contains("recipient"));
    // Deposit addresses need no such key, and what is closed meanwhile stays closed.
    block_on(signer.open_deposit(Epoch::FIRST, order(2), &evm(FRIEND))).unwrap();
    let state = block_on(signer.close(Epoch::FIRST, intent(2))).unwrap();
    assert_eq!(state, SignedState::NeverSigned);
    drop(signer);
    let (signer, _) = registered_with(dir.path(), &Arc::default());
    sign(&signer, &wish).unwrap();
    let closed = refused(sign(&signer, &evm_delivery(&signer, 2)));
    assert_eq!(closed, "the intent is closed");
}

#[test]
fn a_key_that_goes_away_between_two_coins_leaves_no_half_of_a_transfer() {
    let (dir, held) = (tempfile::tempdir().unwrap(), Arc::new(Held::away_after(1)));
    let signer = on_bitcoin(dir.path(), Varying::keys(&held));
    let coins = [coin("ab", 60_000), coin("cd", 70_000)];
    let wish = super::bitcoin::delivery(&signer, 1, &coins, 2_000);
    let before = lines(dir.path());
    later(sign(&signer, &wish));
    assert_eq!((held.signed(), lines(dir.path())), (1, before));
    drop(signer);
    let signer = on_bitcoin(dir.path(), Varying::keys(&Arc::default()));
    let signed = sign(&signer, &wish).unwrap();
    assert_eq!(sign(&signer, &wish).unwrap(), signed);
}

#[test]
fn other_hot_wallets_are_noticed_before_anything_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    drop(registered_with(dir.path(), &Arc::default()));
    let derived = LocalSigner::open(dir.path(), [7; 32]).unwrap_err();
    assert!(matches!(derived, SignerError::OtherKey), "{derived}");
    let none = WalletKeys::held(Zeroizing::new([7; 32]), []);
    let none = LocalSigner::open(dir.path(), none).unwrap_err();
    assert!(matches!(none, SignerError::OtherKey), "{none}");
}
