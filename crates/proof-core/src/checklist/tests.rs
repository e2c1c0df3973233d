//! Rules by themselves; whole merchants are told in the contract tests.

use super::*;
use crate::{
    id::PartnerId,
    money::{Amount, Bps},
    partner::{Pair, PartnerType, Policy, SellPolicy, Stage, WidgetConfig},
    quote::FeePolicy,
    risk::RiskPolicy,
    secret::Secret,
};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn facts() -> Facts {
    let asset = Asset::find("USDT", crate::Network::Trc20).unwrap();
    let amount = |text| Amount::parse(asset, text).unwrap();
    let pair = Pair {
        asset,
        min: amount("10"),
        max: amount("100"),
        buys: true,
        sells: false,
        fees: None,
    };
    Facts {
        unproven: Default::default(),
        partner: Partner {
            id: PartnerId::from_uuid(Uuid::from_u128(1)),
            name: "Shop".into(),
            kind: PartnerType::Treasury,
            stage: Stage::Sandbox,
            widget_id: Uuid::from_u128(2),
            contact_email: "a@b.example".into(),
            policy: Policy {
                version: 1,
                pairs: vec![pair],
                fiats: vec![crate::Fiat::Eur],
                fees: FeePolicy {
                    spread: Bps::ZERO,
                    processing: Bps::ZERO,
                    processing_fixed_minor: 0,
                    partner: Bps::ZERO,
                },
                sell: SellPolicy::default(),
                risk: RiskPolicy::sandbox(),
                widget: WidgetConfig::default(),
            },
            signature_key: Secret::new("k"),
        },
        origins: vec![Origin::parse("https://shop.example").unwrap()],
        wallets: vec![asset],
        has_token: true,
        webhook: None,
        seen: Vec::new(),
        refused: Vec::new(),
        signed: Vec::new(),
        profile: Profile::default(),
        live: Vec::new(),
    }
}

fn seen(kind: Kind, subject: &str, ago: i64) -> Observation {
    Observation {
        kind,
        subject: subject.into(),
        first_at: NOW.plus_seconds(-ago),
        last_at: NOW.plus_seconds(-ago),
        request_id: "req_1".into(),
        note: String::new(),
        order: None,
    }
}

fn state(facts: &Facts, id: &str) -> LineState {
    let judged = judge(facts, NOW);
    judged
        .into_iter()
        .find(|line| line.spec.id == id)
        .unwrap()
        .state
}

#[test]
fn every_line_has_a_rule_and_says_what_to_do() {
    let judged = judge(&facts(), NOW);
    assert_eq!(judged.len(), LINES.len());
    for line in judged {
        let id = line.spec.id;
        assert!(!line.why.is_empty(), "{id}");
        assert_eq!(line.next.is_some(), line.state == LineState::Unseen, "{id}");
        // Where a person's word is needed, somebody may give it.
        assert!(
            line.spec.signer.is_some() || !line.spec.who.needs_person(),
            "{id}"
        );
    }
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.name()), Some(*kind));
    }
}

#[test]
fn evidence_decays_and_refusals_are_forgiven() {
    let mut facts = facts();
    facts.seen = vec![seen(Kind::Call, "", DECAY_SECONDS - 1)];
    assert_eq!(state(&facts, "ACC-1"), LineState::Passing);
    facts.refused = vec![Refused {
        route: "GET /widget/transactions".into(),
        code: "invalid_token".into(),
        origin: String::new(),
        last_at: NOW.plus_seconds(1 - WINDOW_SECONDS),
        request_id: "req_2".into(),
    }];
    assert_eq!(state(&facts, "ACC-1"), LineState::Failing);
    facts.refused[0].last_at = NOW.plus_seconds(-WINDOW_SECONDS);
    assert_eq!(state(&facts, "ACC-1"), LineState::Passing);
    facts.seen = vec![seen(Kind::Call, "", DECAY_SECONDS)];
    assert_eq!(state(&facts, "ACC-1"), LineState::Unseen);
}

#[test]
fn webhooks_are_quick_and_nearly_always_taken() {
    let mut facts = facts();
    assert_eq!(state(&facts, "WHK-1"), LineState::NotApplicable);
    let mut with = |tries: Vec<(i64, bool)>| {
        facts.webhook = Some(WebhookFacts {
            url: "https://shop.example/hook".into(),
            is_enabled: true,
            tries,
        });
        state(&facts, "WHK-1")
    };
    assert_eq!(with(Vec::new()), LineState::Unseen);
    // It waits for a person's word that the work is done afterwards.
    let mut tries = vec![(100, true); 95];
    tries.extend(vec![(5_000, true); 5]);
    assert_eq!(with(tries.clone()), LineState::Unseen);
    tries[0].0 = 5_000;
    assert_eq!(with(tries), LineState::Failing);
    let mut tries = vec![(100, true); 90];
    tries.extend(vec![(100, false); 10]);
    assert_eq!(with(tries.clone()), LineState::Unseen);
    tries[0].1 = false;
    assert_eq!(with(tries), LineState::Failing);
}

#[test]
fn a_line_that_needs_both_needs_both() {
    let mut facts = facts();
    let signed = |line: &str| Signature {
        line: line.into(),
        by: "ann".into(),
        note: String::new(),
        at: NOW,
        basis: String::new(),
    };
    facts.signed = vec![signed("ERR-1"), signed("ACC-3"), signed("PAY-1")];
    assert_eq!(
        state(&facts, "ERR-1"),
        LineState::Unseen,
        "nothing was provoked"
    );
    assert_eq!(state(&facts, "ACC-3"), LineState::SignedOff);
    facts.seen = ["wallet_not_supported", "currency_not_allowed"]
        .map(|code| seen(Kind::Provoked, code, 1))
        .into();
    assert_eq!(state(&facts, "ERR-1"), LineState::SignedOff);
    facts.signed.clear();
    assert_eq!(
        state(&facts, "ERR-1"),
        LineState::Unseen,
        "nobody has signed"
    );
}

#[test]
fn a_probe_that_goes_well_later_makes_good() {
    let mut facts = facts();
    facts.seen = vec![seen(Kind::ProbeBad, "ERR-2", 10)];
    assert_eq!(state(&facts, "ERR-2"), LineState::Failing);
    facts.seen.push(seen(Kind::ProbeGood, "ERR-2", 5));
    assert_eq!(state(&facts, "ERR-2"), LineState::Passing);
}

#[test]
fn pauses_have_to_be_there_and_to_grow() {
    let calls = |gaps: &[i64]| {
        let mut at = NOW;
        let mut calls = vec![at];
        for gap in gaps {
            at = at.plus_millis(*gap);
            calls.push(at);
        }
        calls
    };
    let verdict = |gaps: &[i64], over| backoff_verdict(&calls(gaps), 3, over);
    for good in [
        &[200, 400, 800][..],
        &[100, 120, 144],
        &[1_000, 2_000, 4_000, 5],
    ] {
        let said = verdict(good, true);
        assert!(matches!(said, ProbeVerdict::Good(_)), "{good:?}: {said:?}");
    }
    for bad in [
        &[50, 400, 800][..],
        &[400, 400, 400],
        &[400, 200, 100],
        &[200],
        &[61_000, 80_000, 99_000],
    ] {
        assert!(
            matches!(verdict(bad, true), ProbeVerdict::Bad(_)),
            "{bad:?}"
        );
    }
    assert_eq!(verdict(&[200, 400], false), ProbeVerdict::Open);
    let four = calls(&[1_000, 1_000, 1_000]);
    assert!(matches!(loop_verdict(&four, false), ProbeVerdict::Bad(_)));
    assert!(matches!(
        loop_verdict(&four[..3], true),
        ProbeVerdict::Good(_)
    ));
    assert_eq!(loop_verdict(&four[..3], false), ProbeVerdict::Open);
    assert_eq!(loop_verdict(&[], true), ProbeVerdict::Open);
}

#[test]
fn a_signature_is_good_for_what_it_was_given_for() {
    let mut facts = facts();
    facts.signed = vec![Signature {
        line: "COV-1".into(),
        by: "ann".into(),
        note: String::new(),
        at: NOW,
        basis: basis(&facts, "COV-1"),
    }];
    assert_eq!(state(&facts, "COV-1"), LineState::SignedOff);
    facts.partner.policy.pairs[0].sells = true;
    let judged = judge(&facts, NOW);
    let line = judged.iter().find(|line| line.spec.id == "COV-1").unwrap();
    assert_eq!(line.state, LineState::Unseen);
    assert!(line.next.as_ref().unwrap().contains("ann"), "{line:?}");
    assert!(line.is_signable);
}

#[test]
fn the_first_live_order_counts_when_somebody_watched() {
    let mut facts = facts();
    facts.partner.stage = Stage::LiveWatched;
    let completed = |watched_by: Option<&str>| LiveOrder {
        seen: seen(Kind::BuyCompleted, "", 60),
        watched_by: watched_by.map(str::to_owned),
    };
    facts.live = vec![completed(None)];
    let signable = |facts: &Facts| {
        let judged = judge(facts, NOW);
        let line = judged.into_iter().find(|line| line.spec.id == "LIVE-2");
        line.unwrap().is_signable
    };
    assert!(!signable(&facts));
    facts.live.push(completed(Some("bob")));
    assert!(signable(&facts));
    assert_eq!(state(&facts, "LIVE-2"), LineState::Unseen);
    facts.signed = vec![Signature {
        line: "LIVE-2".into(),
        by: "bob".into(),
        note: String::new(),
        at: NOW,
        basis: String::new(),
    }];
    assert_eq!(state(&facts, "LIVE-2"), LineState::SignedOff);
}

#[test]
fn an_event_that_came_again_is_counted_or_signed_for() {
    let mut facts = facts();
    facts.webhook = Some(WebhookFacts {
        url: "https://shop.example/hook".into(),
        is_enabled: true,
        tries: Vec::new(),
    });
    let with = |facts: &mut Facts, seen: Vec<Observation>| {
        facts.seen = seen;
        state(facts, "WHK-2")
    };
    let good = |subject, ago| seen(Kind::ProbeGood, subject, ago);
    let bad = |subject, ago| seen(Kind::ProbeBad, subject, ago);
    assert_eq!(with(&mut facts, vec![good("WHK-2", 5)]), LineState::Unseen);
    assert_eq!(with(&mut facts, vec![good(COUNTED, 5)]), LineState::Passing);
    assert_eq!(
        with(&mut facts, vec![good(COUNTED, 5), bad(FORGED, 4)]),
        LineState::Failing
    );
    assert_eq!(
        with(&mut facts, vec![good(COUNTED, 5), bad("WHK-2", 4)]),
        LineState::Failing
    );
    let mended = vec![
        bad("WHK-2", 9),
        bad(FORGED, 9),
        good(FORGED, 5),
        good(COUNTED, 5),
    ];
    assert_eq!(with(&mut facts, mended), LineState::Passing);
}
