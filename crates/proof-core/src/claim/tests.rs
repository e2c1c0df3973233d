use super::*;
use crate::{
    asset::{Asset, Fiat},
    id::CustomerId,
    ledger::EntryKind,
    money::Amount,
    network::Network,
    operator::Voice,
    order::OrderRequest,
    partner::Side,
    payment::Takings,
};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn eur(minor: u128) -> Money {
    Money::new(Fiat::Eur, minor)
}

fn order() -> Order {
    let usdt = Asset::find("USDT", Network::Trc20).unwrap();
    let address = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
    let request = OrderRequest {
        id: OrderId::from_uuid(Uuid::from_u128(1)),
        environment: Environment::Test,
        partner: PartnerId::from_uuid(Uuid::from_u128(2)),
        customer: CustomerId::from_uuid(Uuid::from_u128(3)),
        side: Side::Buy,
        amount: Amount::parse(usdt, "100").unwrap(),
        destination: crate::Address::parse(Network::Trc20, address).unwrap(),
        fiat: Fiat::Eur,
        email: "ann@example.com".into(),
        provider: "sandbox".into(),
        refund_hint: None,
    };
    Order::create(request, NOW).0
}

fn voice(by: &str) -> Voice {
    Voice {
        by: by.parse().unwrap(),
        reason: "seen".into(),
    }
}

fn told(stage: DisputeStage) -> Dispute {
    let inquiry = [DisputeStage::Inquiry, DisputeStage::Closed].contains(&stage);
    Dispute {
        id: "dp_1".into(),
        stage,
        amount: eur(1_000),
        fee: eur(150),
        withheld: !inquiry,
        due: Some(NOW.plus_seconds(3_600)),
    }
}

fn opened(stage: DisputeStage) -> ClaimDecision {
    let opening = ClaimOpening::Dispute {
        attempt: 1,
        dispute: told(stage),
    };
    Claim::open(
        CaseId::from_uuid(Uuid::from_u128(7)),
        &order(),
        opening,
        NOW,
    )
    .unwrap()
}

fn hears(claim: &Claim, stage: DisputeStage) -> Result<ClaimDecision, ClaimRefusal> {
    claim.decide(ClaimCommand::Dispute(told(stage)), NOW)
}

fn says(claim: &Claim, by: &str, ruling: ClaimRuling) -> Result<ClaimDecision, ClaimRefusal> {
    let voice = voice(by);
    claim.decide(ClaimCommand::Rule { ruling, voice }, NOW)
}

fn kinds(decision: &ClaimDecision) -> Vec<EntryKind> {
    decision.entries.iter().map(Entry::kind).collect()
}

fn contest() -> ClaimRuling {
    ClaimRuling::Contest {
        evidence: "the receipt".into(),
    }
}

#[test]
fn money_is_withheld_once_however_far_the_first_look_finds_it() {
    use DisputeStage::{Accepted, Closed, EvidenceDue, Inquiry, Lost, Opened, Submitted, Won};
    let (open, fee) = (EntryKind::Dispute, EntryKind::DisputeFee);
    for stage in [Opened, EvidenceDue, Submitted] {
        let first = opened(stage);
        assert_eq!(kinds(&first), [open, fee], "{stage:?}");
        assert_eq!(first.facts, [TakingsFact::Disputed(eur(1_000), 1)]);
        assert_eq!(hears(&first.claim, stage), Err(ClaimRefusal::WrongState));
        let won = hears(&first.claim, Won).unwrap();
        assert_eq!(kinds(&won), [EntryKind::DisputeWon]);
        assert_eq!(won.facts, [TakingsFact::DisputeWon(eur(1_000))]);
        assert_eq!(hears(&won.claim, Lost), Err(ClaimRefusal::WrongState));
    }
    for (stage, last) in [
        (Won, TakingsFact::DisputeWon(eur(1_000))),
        (Lost, TakingsFact::DisputeLost(eur(1_000), 1)),
        (Accepted, TakingsFact::DisputeLost(eur(1_000), 1)),
    ] {
        let ended = opened(stage);
        let facts = [TakingsFact::Disputed(eur(1_000), 1), last];
        assert_eq!(ended.facts, facts, "{stage:?}");
        assert_eq!(ended.claim.state.name(), "settled");
    }
    for stage in [Inquiry, Closed] {
        let nothing = opened(stage);
        assert!(
            nothing.entries.is_empty() && nothing.facts.is_empty(),
            "{stage:?}"
        );
    }
}

#[test]
fn stages_never_go_back_and_another_amount_is_no_answer() {
    let claim = opened(DisputeStage::Submitted).claim;
    for stage in [DisputeStage::Inquiry, DisputeStage::EvidenceDue] {
        assert_eq!(hears(&claim, stage), Err(ClaimRefusal::WrongState));
    }
    let other = || {
        ClaimCommand::Dispute(Dispute {
            amount: eur(999),
            ..told(DisputeStage::Lost)
        })
    };
    let looked = claim.decide(other(), NOW).unwrap();
    assert!(looked.entries.is_empty() && looked.facts.is_empty());
    assert_eq!(
        looked.claim.state.name(),
        "in_review",
        "people look at both"
    );
    let again = looked.claim.decide(other(), NOW);
    assert_eq!(again, Err(ClaimRefusal::WrongState), "once");
}

#[test]
fn an_inquiry_moves_no_money_however_it_is_answered() {
    let inquiry = opened(DisputeStage::Inquiry).claim;
    let quiet = |stage| Dispute {
        withheld: false,
        ..told(stage)
    };
    let submitted = inquiry.decide(ClaimCommand::Dispute(quiet(DisputeStage::Submitted)), NOW);
    let submitted = submitted.unwrap();
    assert!(submitted.entries.is_empty() && submitted.facts.is_empty());
    for stage in [DisputeStage::Closed, DisputeStage::Won, DisputeStage::Lost] {
        let ended = submitted
            .claim
            .decide(ClaimCommand::Dispute(quiet(stage)), NOW);
        let ended = ended.unwrap();
        assert!(
            ended.entries.is_empty() && ended.facts.is_empty(),
            "{stage:?}"
        );
    }
    // It becomes a dispute of a part.
    let part = Dispute {
        amount: eur(600),
        ..told(DisputeStage::EvidenceDue)
    };
    let part = inquiry.decide(ClaimCommand::Dispute(part), NOW).unwrap();
    assert_eq!(part.facts, [TakingsFact::Disputed(eur(600), 1)]);
    assert_eq!(part.claim.amount, eur(600));
    // Withheld money that comes back with a closed dispute is booked.
    let closed = Dispute {
        amount: eur(600),
        withheld: true,
        ..told(DisputeStage::Closed)
    };
    let closed = part
        .claim
        .decide(ClaimCommand::Dispute(closed), NOW)
        .unwrap();
    assert_eq!(closed.facts, [TakingsFact::DisputeWon(eur(600))]);
}

#[test]
fn what_a_dispute_may_pay_is_not_given_back_meanwhile() {
    let claim = wanted().claim;
    let mut takings = Takings::default();
    takings.capture(300).unwrap();
    assert!(ClaimRuling::Approve.fits(&claim, takings));
    assert!(!ClaimRuling::PaidByDispute.fits(&claim, takings));
    takings.dispute(300).unwrap();
    assert!(!ClaimRuling::Approve.fits(&claim, takings));
    assert!(!ClaimRuling::WriteOff.fits(&claim, takings));
    takings.dispute_lost(300, false).unwrap();
    assert!(ClaimRuling::PaidByDispute.fits(&claim, takings));
}

#[test]
fn one_contests_and_two_give_in() {
    let claim = opened(DisputeStage::EvidenceDue).claim;
    assert_eq!(claim.rulings(), ["contest", "accept"]);
    let contested = says(&claim, "alice", contest()).unwrap().claim;
    assert!(matches!(
        contested.duty(),
        ClaimDuty::Answer(Answer::Contest { .. })
    ));
    let told = contested.decide(ClaimCommand::Answered, NOW).unwrap().claim;
    assert_eq!(told.duty(), ClaimDuty::AskDispute);
    let proposed = says(&claim, "alice", ClaimRuling::Accept).unwrap().claim;
    assert_eq!(
        proposed.duty(),
        ClaimDuty::AskDispute,
        "nobody has said it to the bank"
    );
    let alone = says(&proposed, "alice", ClaimRuling::Accept);
    assert_eq!(alone, Err(ClaimRefusal::SecondPerson));
    let agreed = says(&proposed, "bob", ClaimRuling::Accept).unwrap().claim;
    assert_eq!(agreed.duty(), ClaimDuty::Answer(Answer::Accept));
    let submitted = opened(DisputeStage::Submitted).claim;
    assert!(submitted.rulings().is_empty());
}

fn wanted() -> ClaimDecision {
    let opening = ClaimOpening::Refund {
        number: 1,
        amount: eur(300),
        voice: voice("alice"),
    };
    Claim::open(
        CaseId::from_uuid(Uuid::from_u128(8)),
        &order(),
        opening,
        NOW,
    )
    .unwrap()
}

#[test]
fn a_refund_is_owed_from_the_moment_on_which_two_agree() {
    let first = wanted();
    assert!(first.entries.is_empty());
    assert_eq!(first.facts, [TakingsFact::RefundPromised(eur(300))]);
    assert_eq!(first.claim.duty(), ClaimDuty::None);
    let agreed = says(&first.claim, "bob", ClaimRuling::Approve).unwrap();
    assert_eq!(kinds(&agreed), [EntryKind::Concede]);
    assert_eq!(agreed.claim.duty(), ClaimDuty::Refund);
    let done = agreed.claim.decide(ClaimCommand::Refunded, NOW).unwrap();
    assert_eq!(kinds(&done), [EntryKind::Refund]);
    let again = done.claim.decide(ClaimCommand::Refunded, NOW);
    assert_eq!(again, Err(ClaimRefusal::WrongState));
}

#[test]
fn a_refund_that_the_provider_refuses_goes_by_bank_or_is_kept() {
    let agreed = says(&wanted().claim, "bob", ClaimRuling::Approve)
        .unwrap()
        .claim;
    let by_bank = || ClaimRuling::RefundedByBank {
        transfer: "SEPA 1".into(),
    };
    let over = NOW.plus_seconds(REFUNDING_SECONDS_MAX);
    let doubtful = agreed
        .decide(ClaimCommand::DeadlinePassed, over)
        .unwrap()
        .claim;
    let early = says(&doubtful, "alice", by_bank());
    assert!(matches!(early, Err(ClaimRefusal::Ruling(_))));
    assert_eq!(
        doubtful.duty(),
        ClaimDuty::Refund,
        "a fact may still end it"
    );
    let answered = doubtful.decide(ClaimCommand::RefundRefused, over).unwrap();
    assert!(
        answered.claim.rulings().contains(&"refunded_by_bank"),
        "an answer counts under review, too"
    );
    let refused = agreed
        .decide(ClaimCommand::RefundRefused, NOW)
        .unwrap()
        .claim;
    let rulings = [
        "approve",
        "refunded_by_bank",
        "write_off",
        "paid_by_dispute",
    ];
    assert_eq!(refused.rulings(), rulings);
    for (ruling, kind) in [
        (by_bank(), EntryKind::RefundByBank),
        (ClaimRuling::WriteOff, EntryKind::WriteOff),
    ] {
        let proposed = says(&refused, "alice", ruling.clone()).unwrap().claim;
        let done = says(&proposed, "bob", ruling).unwrap();
        assert_eq!(kinds(&done), [kind]);
    }
    let proposed = says(&refused, "alice", ClaimRuling::Approve).unwrap().claim;
    let again = says(&proposed, "bob", ClaimRuling::Approve).unwrap();
    assert!(again.entries.is_empty(), "it is owed already");
}

#[test]
fn what_nobody_else_wants_is_dropped() {
    let dropped = says(&wanted().claim, "alice", ClaimRuling::Withdraw).unwrap();
    assert_eq!(dropped.facts, [TakingsFact::RefundDropped(eur(300))]);
    assert_eq!(dropped.claim.wake_at(NOW), None);
}

#[test]
fn what_was_taken_late_goes_back_by_itself() {
    let opening = ClaimOpening::TakenLate {
        attempt: 2,
        amount: eur(500),
    };
    let id = CaseId::from_uuid(Uuid::from_u128(9));
    let taken = Claim::open(id, &order(), opening, NOW).unwrap();
    assert_eq!(kinds(&taken), [EntryKind::Capture]);
    assert_eq!(taken.facts, [TakingsFact::TakenLate(eur(500))]);
    assert_eq!(
        (taken.claim.duty(), taken.claim.wake_at(NOW)),
        (ClaimDuty::Refund, Some(NOW))
    );
}
