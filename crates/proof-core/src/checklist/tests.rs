//! Rules by themselves; whole merchants are told in the contract tests.

use super::*;
use crate::{
    id::PartnerId,
    money::{Amount, Bps},
    partner::{Pair, PartnerType, Policy, SellPolicy, Side, Stage, WidgetConfig},
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
        declared: None,
        asked: None,
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

fn asked(facts: &mut Facts, sides: &[Side]) {
    let pair = facts.partner.policy.pairs[0].asset;
    facts.asked = Some(Asked {
        pairs: sides
            .iter()
            .map(|side| AskedPair { pair, side: *side })
            .collect(),
        by: "carol".into(),
        at: NOW,
    });
}

fn line(facts: &Facts, id: &str) -> Judged {
    let mut judged = judge(facts, NOW).into_iter();
    judged.find(|line| line.spec.id == id).unwrap()
}

#[test]
fn a_signature_is_good_for_what_it_was_given_for() {
    use LineState::{Failing, SignedOff, Unseen};
    let mut facts = facts();
    asked(&mut facts, &[Side::Buy]);
    let shown = line(&facts, "COV-1");
    assert!(shown.is_signable && shown.signature.is_none(), "{shown:?}");
    let sign = |basis: &str| Signature {
        line: "COV-1".into(),
        by: "ann".into(),
        note: String::new(),
        at: NOW,
        basis: basis.into(),
    };
    facts.signed = vec![sign(&shown.basis)];
    assert_eq!(state(&facts, "COV-1"), SignedOff);
    // What is enabled and not asked for is nobody's matter.
    facts.partner.policy.pairs[0].sells = true;
    assert_eq!(state(&facts, "COV-1"), SignedOff);
    // A longer list was not confirmed, nor a shorter one.
    asked(&mut facts, &[Side::Buy, Side::Sell]);
    let changed = line(&facts, "COV-1");
    assert_eq!((changed.state, changed.is_signable), (Unseen, true));
    assert!(
        changed.next.as_ref().unwrap().contains("ann"),
        "{changed:?}"
    );
    facts.signed = vec![sign(&changed.basis)];
    assert_eq!(state(&facts, "COV-1"), SignedOff);
    asked(&mut facts, &[Side::Sell]);
    assert_eq!(state(&facts, "COV-1"), Unseen);
    // A pair that is taken away is missing.
    asked(&mut facts, &[Side::Buy, Side::Sell]);
    facts.partner.policy.pairs[0].sells = false;
    let missing = line(&facts, "COV-1");
    assert_eq!((missing.state, missing.is_signable), (Failing, false));
    assert!(missing.signature.is_none(), "{missing:?}");
    // Who confirmed what was enabled, when nobody had listed anything, did not see this list.
    facts.signed = vec![sign("buy USDT/TRC20")];
    asked(&mut facts, &[Side::Buy]);
    assert_eq!(state(&facts, "COV-1"), Unseen);
}

#[test]
fn what_is_asked_for_is_enabled_or_named() {
    use LineState::{Failing, NotApplicable, Passing, Unseen};
    let mut facts = facts();
    let cells = |facts: &Facts, id: &str| -> Vec<(String, LineState, bool)> {
        let cells = line(facts, id).matrix.unwrap().into_iter();
        cells
            .map(|cell| (cell.of.to_string(), cell.state, cell.is_asked))
            .collect()
    };
    let buy = |state, is_asked| ("buy USDT/TRC20".to_owned(), state, is_asked);
    let sell = |state, is_asked| ("sell USDT/TRC20".to_owned(), state, is_asked);
    assert_eq!(state(&facts, "COV-1"), Unseen);
    assert_eq!(cells(&facts, "COV-1"), [buy(NotApplicable, false)]);
    asked(&mut facts, &[]);
    assert_eq!(state(&facts, "COV-1"), Unseen, "it was taken back");
    asked(&mut facts, &[Side::Sell]);
    let red = line(&facts, "COV-1");
    assert_eq!(red.state, Failing);
    assert_eq!(red.why, "Asked for, and not enabled: sell USDT/TRC20.");
    assert!(red.next.is_some() && red.evidence[0].text.contains("carol"));
    assert_eq!(
        cells(&facts, "COV-1"),
        [buy(NotApplicable, false), sell(Failing, true)]
    );
    // The other line is about what is enabled, as before.
    assert_eq!(cells(&facts, "COV-2"), [buy(Unseen, false)]);
    facts.partner.policy.pairs[0].sells = true;
    facts.seen = vec![seen(Kind::SessionMade, "sell USDT/TRC20", 5)];
    assert_eq!(
        cells(&facts, "COV-1"),
        [buy(NotApplicable, false), sell(Passing, true)]
    );
    assert_eq!(
        cells(&facts, "COV-2"),
        [buy(Unseen, false), sell(Passing, true)]
    );
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

fn declared(facts: &mut Facts, [ios, android, wallet_payments]: [bool; 3]) {
    facts.declared = Some(Declared {
        profile: Profile {
            ios,
            android,
            wallet_payments,
        },
        by: "carol".into(),
        at: NOW,
    });
}

#[test]
fn no_line_is_outside_of_what_nobody_declared() {
    let mut facts = facts();
    let mobile: Vec<&str> = LINES.iter().map(|line| line.id).collect();
    let mobile = mobile.into_iter().filter(|id| id.starts_with("MOB"));
    for id in mobile {
        facts.declared = None;
        assert_eq!(state(&facts, id), LineState::Unseen, "{id}");
        declared(&mut facts, [false; 3]);
        let judged = judge(&facts, NOW);
        let line = judged.iter().find(|line| line.spec.id == id).unwrap();
        assert_eq!(line.state, LineState::NotApplicable, "{id}");
        assert!(line.why.ends_with("says carol."), "{}", line.why);
    }
}

#[test]
fn a_custom_tab_is_in_the_files_and_was_seen() {
    let mut facts = facts();
    declared(&mut facts, [false, true, false]);
    let (file, tab) = (
        seen(Kind::ScanGood, "MOB-5", 5),
        seen(Kind::CustomTab, "android", 5),
    );
    for (seen, expected) in [
        (vec![file.clone()], LineState::Unseen),
        (vec![tab.clone()], LineState::Unseen),
        (vec![file.clone(), tab.clone()], LineState::Passing),
        (
            vec![file, tab, seen(Kind::ScanBad, "MOB-5", 1)],
            LineState::Failing,
        ),
    ] {
        facts.seen = seen;
        assert_eq!(state(&facts, "MOB-5"), expected, "{:?}", facts.seen);
    }
}

#[test]
fn google_pay_is_seen_in_a_tab_or_vouched_for() {
    let mut facts = facts();
    declared(&mut facts, [false, true, true]);
    let signed = Signature {
        line: "MOB-7".into(),
        by: "carol".into(),
        note: String::new(),
        at: NOW,
        basis: String::new(),
    };
    let paid = |phone| seen(Kind::WalletCaptured, phone, 5);
    let file = || seen(Kind::ScanGood, "MOB-5", 5);
    for (seen, signs, expected) in [
        (vec![], true, LineState::Unseen),
        (vec![paid("android")], true, LineState::Unseen),
        (
            vec![seen(Kind::WalletBegun, "android tab", 5)],
            false,
            LineState::Unseen,
        ),
        (vec![paid("android tab")], false, LineState::Passing),
        (vec![file(), paid("android")], false, LineState::Unseen),
        (vec![file(), paid("android")], true, LineState::SignedOff),
    ] {
        facts.seen = seen;
        facts.signed = if signs { vec![signed.clone()] } else { vec![] };
        assert_eq!(state(&facts, "MOB-7"), expected, "{:?}", facts.seen);
    }
}

#[test]
fn verdicts_are_sentences() {
    let at = |ms: &[i64]| -> Vec<Timestamp> { ms.iter().map(|ms| NOW.plus_millis(*ms)).collect() };
    let good = |text: &str| ProbeVerdict::Good(text.into());
    assert_eq!(
        backoff_verdict(&at(&[0, 202, 605, 1_405]), 3, true),
        good("retried after 0.202 s, 0.403 s and 0.8 s")
    );
    for (calls, text) in [
        (&[0][..], "the call was not repeated in 30 s"),
        (&[0, 1_000], "the call was repeated once in 30 s"),
        (&[0, 1_000, 9_000], "the call was repeated 2 times in 30 s"),
    ] {
        assert_eq!(loop_verdict(&at(calls), true), good(text));
    }
}
