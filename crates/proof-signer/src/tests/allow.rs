//! Partners' own addresses: those on a list that two people change.

use super::*;
use crate::{ApproverKey, Approvers, Deed, Limit, Limits, Listed, Outflow, Vote, list_change};
use proof_core::{Clock, Timestamp};
use std::sync::Arc;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

fn key(n: u8) -> ApproverKey {
    ApproverKey::of(&[n; 32]).unwrap()
}

fn approvers(names: &[(&str, u8)]) -> Approvers {
    let keys: Vec<_> = names.iter().map(|(_, n)| key(*n).public()).collect();
    let named = names.iter().zip(&keys);
    Approvers::new(named.map(|((name, _), key)| (*name, key.as_str()))).unwrap()
}

const THREE: &[(&str, u8)] = &[("alice", 1), ("bob", 2), ("carol", 3)];

fn guarded(dir: &Path) -> LocalSigner {
    open(dir).with_approvers(approvers(THREE))
}

fn vote(list: &Listed, who: (&str, u8), deed: Deed, address: &str) -> Vote {
    let change = list_change(&list.mark, deed, Network::Trc20, address).unwrap();
    key(who.1).vote(who.0, change)
}

/// Both say it of the list as it is.
fn both(signer: &LocalSigner, deed: Deed, address: &str) {
    let list = signer.listed_now();
    assert!(
        !signer
            .vote_now(&vote(&list, THREE[0], deed, address))
            .unwrap()
    );
    assert!(
        signer
            .vote_now(&vote(&list, THREE[1], deed, address))
            .unwrap()
    );
}

fn register(signer: &LocalSigner, n: u128, whose: Whose) -> Result<(), PortError> {
    block_on(signer.register(Epoch::FIRST, order(n), &tron(SHOP), whose))
}

fn not_yet(result: Result<(), PortError>) {
    let error = result.unwrap_err();
    assert!(error.class == Class::Retry && error.answered, "{error}");
    assert!(error.context.contains("two approvers"), "{error}");
}

#[test]
fn a_partners_address_is_delivered_to_once_two_have_listed_it_and_until_two_take_it_off() {
    let dir = tempfile::tempdir().unwrap();
    let signer = guarded(dir.path());
    not_yet(register(&signer, 1, Whose::Partner));
    let list = signer.listed_now();
    let first = vote(&list, THREE[0], Deed::Allow, SHOP);
    for _ in 0..2 {
        assert!(!signer.vote_now(&first).unwrap(), "one person is one");
    }
    assert_eq!(signer.listed_now().waiting, std::slice::from_ref(&first));
    not_yet(register(&signer, 1, Whose::Partner));
    drop(signer);

    // The first vote is remembered, and whoever said it is not asked again.
    let signer = guarded(dir.path());
    let second = vote(&list, THREE[2], Deed::Allow, SHOP);
    assert!(signer.vote_now(&second).unwrap());
    let now = signer.listed_now();
    assert_eq!((now.addresses, now.waiting), (vec![tron(SHOP)], vec![]));
    for n in [1, 2] {
        register(&signer, n, Whose::Partner).unwrap();
    }
    let wish = delivery(&signer);
    let signed = sign(&signer, &wish).unwrap();

    both(&signer, Deed::Remove, SHOP);
    let mut other = wish.clone();
    (other.intent, other.order) = (intent(2), order(2));
    other.transfer.from = UnsignedFrom::Nonce(1);
    assert_eq!(
        refused(sign(&signer, &other)),
        "the partner's address was taken off the signer's list"
    );
    not_yet(register(&signer, 3, Whose::Partner));
    // What was given stays given, and users' own addresses are not on the list.
    assert_eq!(sign(&signer, &wish).unwrap(), signed);
    register(&signer, 4, Whose::User).unwrap();
    (other.intent, other.order) = (intent(4), order(4));
    sign(&signer, &other).unwrap();
    drop(signer);

    let again = guarded(dir.path());
    assert!(again.listed_now().addresses.is_empty());
    // No older vote is good for the list that follows.
    for old in [&first, &second] {
        let said = refused(again.vote_now(old));
        assert!(said.contains("another one by now"), "{said}");
    }
}

#[test]
fn a_vote_is_its_authors_alone_for_one_address_and_one_list_and_one_installation() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let signer = guarded(dir.path());
    let list = signer.listed_now();
    let good = vote(&list, THREE[0], Deed::Allow, SHOP);
    let mut forged = vec![
        (key(9).vote("alice", good.change.clone()), "approver's key"),
        (key(9).vote("mallory", good.change.clone()), "of this name"),
        (key(1).vote("bob", good.change.clone()), "approver's key"),
        (vote(&list, THREE[0], Deed::Remove, SHOP), "not on the list"),
    ];
    for (address, deed) in [(THIEF, Deed::Allow), (SHOP, Deed::Remove)] {
        let mut changed = good.clone();
        changed.change = list_change(&list.mark, deed, Network::Trc20, address).unwrap();
        forged.push((changed, "approver's key"));
    }
    let other = LocalSigner::open(elsewhere.path(), [8; 32]).unwrap();
    let foreign = vote(&other.listed_now(), THREE[0], Deed::Allow, SHOP);
    forged.push((foreign, "another one by now"));
    for (vote, why) in forged {
        let said = refused(signer.vote_now(&vote));
        assert!(said.contains(why), "{said}");
    }
    assert!(signer.listed_now().waiting.is_empty());

    // Two who disagree change nothing, and the last word of each counts.
    let theirs = vote(&list, THREE[1], Deed::Allow, THIEF);
    assert!(!signer.vote_now(&good).unwrap());
    assert!(!signer.vote_now(&theirs).unwrap());
    assert!(
        signer
            .vote_now(&vote(&list, THREE[0], Deed::Allow, THIEF))
            .unwrap()
    );
    assert_eq!(signer.listed_now().addresses, [tron(THIEF)]);
    let said = refused(signer.vote_now(&vote(&signer.listed_now(), THREE[0], Deed::Allow, THIEF)));
    assert!(said.contains("on the list already"), "{said}");
    drop(signer);

    // Another key's journal is not taken for ours, though nothing but the list is in it.
    let opened = LocalSigner::open(dir.path(), [8; 32]);
    assert!(matches!(opened, Err(SignerError::OtherKey)));
}

#[test]
fn who_is_no_approver_any_more_has_no_say() {
    let dir = tempfile::tempdir().unwrap();
    let signer = guarded(dir.path());
    let list = signer.listed_now();
    assert!(
        !signer
            .vote_now(&vote(&list, THREE[0], Deed::Allow, SHOP))
            .unwrap()
    );
    drop(signer);
    let signer = open(dir.path()).with_approvers(approvers(&THREE[1..]));
    assert!(
        !signer
            .vote_now(&vote(&list, THREE[1], Deed::Allow, SHOP))
            .unwrap()
    );
    assert!(
        signer
            .vote_now(&vote(&list, THREE[2], Deed::Allow, SHOP))
            .unwrap()
    );
    drop(signer);

    // Without approvers nobody votes, and partners' addresses are like users'.
    let signer = open(dir.path());
    let said = refused(signer.vote_now(&vote(&signer.listed_now(), THREE[0], Deed::Remove, SHOP)));
    assert!(said.contains("no approvers"), "{said}");
    register(&signer, 1, Whose::Partner).unwrap();
    let public = key(1).public();
    for twice in [
        [("a", public.as_str()), ("b", &public)],
        [("a", &public), ("a", "02")],
    ] {
        assert!(Approvers::new(twice).is_none());
    }
}

#[test]
fn what_goes_to_listed_addresses_has_limits_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let usdt = asset("USDT", Network::Trc20);
    let limit = |n| Limit {
        order: n,
        hour: n,
        day: n,
    };
    let limits: Limits = [
        ((Outflow::DeliverListed, usdt), limit(100_000_000)),
        ((Outflow::Fee, Network::Trc20.native()), limit(100_000_000)),
    ]
    .into();
    let signer = guarded(dir.path()).with_limits(limits, Arc::new(Still));
    both(&signer, Deed::Allow, SHOP);
    register(&signer, 1, Whose::Partner).unwrap();
    register(&signer, 2, Whose::User).unwrap();
    sign(&signer, &delivery(&signer)).unwrap();
    // A server that says of its own order that it is a user's gets what users get: here, nothing.
    let mut lie = delivery(&signer);
    (lie.intent, lie.order) = (intent(2), order(2));
    lie.transfer.from = UnsignedFrom::Nonce(1);
    let error = sign(&signer, &lie).unwrap_err();
    assert!(
        error.context.contains("no limit for deliveries of"),
        "{error}"
    );
}
