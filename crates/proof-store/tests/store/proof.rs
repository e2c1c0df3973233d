//! What attempts leave behind of those who made them.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    id::{OrderId, PersonId, VerificationId},
    identity::{Challenge, DocumentKind, Verification, VerificationState},
    order::Order,
    partner::Environment,
};
use proof_store::{Db, ProofRow, SealedFace, Verdict};
use std::collections::BTreeSet;
use uuid::Uuid;

fn attempt(entropy: &Counting, order: &Order) -> Verification {
    Verification {
        challenge: Challenge::default(),
        id: VerificationId::new(NOW, entropy),
        customer: order.customer,
        order: order.id,
        document: Some(DocumentKind::Passport),
        known_as: None,
        received: BTreeSet::new(),
        try_number: 1,
        started_at: NOW,
        state: VerificationState::Collecting,
        consent: None,
        kept: None,
        is_held: false,
        resembles: Vec::new(),
        looks_like: None,
        names: None,
        decided_by: None,
    }
}

fn row(v: &Verification, verdict: Verdict) -> ProofRow {
    ProofRow {
        verification: v.id,
        environment: Environment::Test,
        customer: v.customer,
        verdict,
        document_hash: Some([1; 32]),
        document_ends: Some(NOW.plus_seconds(9)),
        face: Some(SealedFace {
            model: "m".to_owned(),
            sealed: vec![7; 16],
        }),
        email_hash: Some([2; 32]),
        at: NOW,
    }
}

/// Runs every statement of this noun.
pub async fn rows(db: &Db, entropy: &Counting, order: &Order) {
    let mut attempts = [(); 3].map(|()| attempt(entropy, order));
    attempts.sort_by_key(|v| v.id);
    let [one, two, three] = attempts;
    let person = PersonId::new(NOW, entropy);
    let (customer, proved) = (order.customer, one.clone());
    write!(db, [one, two, three], |tx| {
        for v in [&one, &two, &three] {
            tx.verification_insert(v).await?;
        }
        tx.customer_link(customer, person, NOW).await?;
        tx.customer_link_known(customer, person).await?;
        tx.proof_lock().await?;
        tx.proof_save(&row(&one, Verdict::Approved(person))).await?;
        tx.proof_save(&row(&two, Verdict::Waiting)).await?;
        tx.proof_save(&row(&three, Verdict::Waiting)).await?;
        let known = tx.proof_of_document([1; 32], two.id, 9).await?;
        assert_eq!(known.len(), 1, "those who wait prove nothing");
        assert_eq!(known[0].verdict, Verdict::Approved(person));
        assert_eq!(known[0].face, row(&one, Verdict::Waiting).face);
        assert_eq!(tx.proof_of_document([1; 32], one.id, 9).await?.len(), 0);
        assert_eq!(tx.proof_of_document([3; 32], two.id, 9).await?.len(), 0);
        assert_eq!(tx.proof_of_person(person, 9).await?.len(), 1);
        let by_email = tx.proof_by_email([2; 32]).await?;
        assert_eq!(by_email.map(|r| r.verification), Some(one.id));
        assert!(tx.proof_by_email([1; 32]).await?.is_none());
        let refused = Verdict::Refused("document_forged".to_owned());
        tx.proof_rule(two.id, &refused).await?;
        assert_eq!(
            tx.proof_load(two.id).await?.map(|r| r.verdict),
            Some(refused)
        );
        tx.proof_drop(two.id).await?;
        assert!(tx.proof_load(two.id).await?.is_some(), "it was decided");
        tx.proof_drop(three.id).await?;
        assert!(tx.proof_load(three.id).await?.is_none());
        let faces = tx.proof_faces(Environment::Test, "m", three.id, 9).await?;
        assert_eq!(
            faces.iter().map(|r| r.verification).collect::<Vec<_>>(),
            [two.id, one.id]
        );
        let before = tx.proof_faces(Environment::Test, "m", two.id, 9).await?;
        assert_eq!(before.len(), 1);
        let live = tx.proof_faces(Environment::Live, "m", three.id, 9).await?;
        assert_eq!(live.len(), 0);
        assert_eq!(tx.person_check().await?, None);
        tx.person_check_save([5; 32]).await?;
        assert_eq!(tx.person_check().await?, Some(vec![5; 32]));
    });
    devices(db, person, order.id).await;
    forgotten(db, person, proved).await;
}

/// The order's session says its device.
async fn devices(db: &Db, person: PersonId, order: OrderId) {
    write!(db, |tx| {
        tx.session_device(order, None).await?;
        tx.device_learn(person, order, NOW).await?;
        assert!(!tx.device_known(person, order).await?, "it said none");
        for (device, later) in [(1, 0), (2, 1), (3, 2), (2, 3)] {
            tx.session_device(order, Some([device; 32])).await?;
            tx.device_learn(person, order, NOW.plus_seconds(later))
                .await?;
        }
        tx.device_trim(person, 2).await?;
        for (device, is_known) in [(1, false), (2, true), (3, true)] {
            tx.session_device(order, Some([device; 32])).await?;
            assert_eq!(tx.device_known(person, order).await?, is_known);
        }
        tx.person_hold(person, Some("case 7".to_owned())).await?;
        let end = NOW.plus_seconds(3);
        assert_eq!(tx.device_forget(end).await?, 0, "it must be kept");
        tx.person_hold(person, None).await?;
        assert_eq!(tx.device_forget(end).await?, 1);
        assert!(!tx.device_known(person, order).await?, "it was the third");
        tx.session_device(order, Some([2; 32])).await?;
        assert!(tx.device_known(person, order).await?);
        tx.device_erase(person).await?;
        assert!(!tx.device_known(person, order).await?);
        let ended = NOW.plus_seconds(10_000_000);
        assert_eq!(tx.session_device_forget(ended).await?, 1);
        assert_eq!(tx.session_device_forget(ended).await?, 0);
    });
}

async fn forgotten(db: &Db, person: PersonId, one: Verification) {
    write!(db, [one], |tx| {
        let kept = tx.person_load(person).await?.unwrap();
        assert_eq!((kept.hold, kept.erased_at), (None, None));
        let attempts = tx.verification_of_person(person, 9).await?;
        assert!(attempts.contains(&one), "{attempts:?}");
        // What must be kept is kept, however old.
        tx.person_hold(person, Some("case 7".to_owned())).await?;
        assert_eq!(tx.proof_forget(NOW).await?, 0);
        assert_eq!(
            tx.proof_forget(NOW.plus_seconds(1)).await?,
            0,
            "nor what they were refused for"
        );
        let last = VerificationId::from_uuid(Uuid::max());
        let held = tx.verification_held(last, 9).await?;
        assert!(held.contains(&one), "{held:?}");
        assert!(!tx.verification_held(one.id, 9).await?.contains(&one));
        assert!(tx.proof_load(one.id).await?.unwrap().face.is_some());
        tx.person_hold(person, None).await?;
        assert_eq!(tx.verification_held(last, 9).await?, Vec::new());
        assert!(tx.proof_left(person).await?);
        tx.person_erase(person, NOW).await?;
        assert!(!tx.proof_left(person).await?);
        let gone = tx.proof_load(one.id).await?.unwrap();
        assert_eq!(gone.verdict, Verdict::Approved(person), "the outcome stays");
        assert_eq!(
            (gone.document_hash, gone.face, gone.email_hash),
            (None, None, None)
        );
        let kept = tx.person_load(person).await?.unwrap();
        assert_eq!((kept.hold, kept.erased_at), (None, Some(NOW)));
    });
}
