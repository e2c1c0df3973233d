use super::*;
use crate::{clock::SystemClock, identity::PoolSettings};
use proof_port::SelfieStep;

struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

fn desk(dir: &std::path::Path) -> BuiltIn {
    let entropy = Arc::new(Counting(3.into()));
    let vault = Vault::open(dir, &[1; 32], entropy).unwrap();
    let pool = Pool::new(PoolSettings::new("none".into(), "none".into()));
    BuiltIn::new(vault, pool, Arc::new(SystemClock), Policy::default())
}

/// An attempt that showed this film and a document, and what was found.
async fn looked_at(desk: &BuiltIn, reference: &str, film: [&[u8]; 2], findings: Vec<Finding>) {
    let page = Label::Document {
        kind: DocumentKind::Passport,
        side: Side::Front,
    };
    let whole = page.seal_with(b"page").unwrap();
    desk.put(reference, page.name(), whole).await.unwrap();
    for (index, bytes) in (0..).zip(film) {
        let frame = Label::Frame {
            index,
            step: SelfieStep::Center,
            taken_ms: index,
        };
        let whole = frame.seal_with(bytes).unwrap();
        desk.put(reference, frame.name(), whole).await.unwrap();
        let (reference, digest) = (reference.to_owned(), digest(bytes));
        desk.with_vault(move |vault| vault.mark(&digest, &reference, desk_time()))
            .await
            .unwrap();
    }
    let report = Report::of(findings);
    desk.put_json(reference, REPORT, &report).await.unwrap();
}

fn desk_time() -> proof_core::Timestamp {
    SystemClock.now()
}

async fn owns(desk: &BuiltIn, frame: &[u8], reference: &str) -> bool {
    let (digest, reference) = (digest(frame), reference.to_owned());
    desk.with_vault(move |vault| vault.owns(&digest, &reference))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_film_is_kept_by_whoever_showed_it_first() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path());
    let unread = Finding {
        reason: Reason::ZoneUnreadable,
        on: Subject::Front,
    };
    // The same picture twice is one mark.
    looked_at(&desk, "ann-1", [b"ann", b"ann"], vec![unread]).await;
    looked_at(&desk, "eve-1", [b"eve", b"ann"], vec![unread]).await;
    let kept = desk.keep("eve-1", "eve-2", KeptPart::Selfie).await;
    assert!(!kept.unwrap(), "one frame is of somebody else");
    assert_eq!(desk.pictures("eve-2").await.unwrap(), Vec::new());
    assert!(owns(&desk, b"eve", "eve-1").await);
    assert!(owns(&desk, b"ann", "ann-1").await);
    let kept = desk.keep("ann-1", "ann-2", KeptPart::Selfie).await;
    assert!(kept.unwrap());
    assert_eq!(desk.pictures("ann-2").await.unwrap().len(), 2);
    assert!(owns(&desk, b"ann", "ann-2").await);
}

#[tokio::test]
async fn of_what_nobody_looked_at_nothing_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path());
    for (reference, reason) in [
        ("a", Reason::NoAnswer),
        ("b", Reason::NoModels),
        ("c", Reason::NoSelfie),
    ] {
        let on = Subject::Document;
        let film = [reference.as_bytes(), reference.as_bytes()];
        looked_at(&desk, reference, film, vec![Finding { reason, on }]).await;
        for part in [KeptPart::Document, KeptPart::Selfie] {
            assert!(!desk.keep(reference, "next", part).await.unwrap());
        }
    }
    assert_eq!(desk.pictures("next").await.unwrap(), Vec::new());
}
