//! The operators of a story: they look at what waits for people, and two of them decide.

use super::Sim;
use proof_core::{
    claim::ClaimRuling,
    id::{CaseId, OrderId},
    operator::OperatorName,
    order::Ruling,
};
use std::sync::atomic::Ordering;

const NAMES: [&str; 3] = ["alice", "bob", "carol"];

impl Sim {
    /// While all is not well they say now and then what comes to their minds, if they are bold; then
    /// they decide together.
    pub(super) async fn operate(&self) {
        loop {
            self.sleep(300 + self.people.below(3_000)).await;
            let together = self.points.calm.load(Ordering::SeqCst);
            if !together && !self.script.bold {
                continue;
            }
            let listed = self.ask(async |engine| engine.order_reviewed().await).await;
            for order in listed.and_then(Result::ok).unwrap_or_default() {
                self.order_judge(order.order, together).await;
            }
            let listed = self.ask(async |engine| engine.case_reviewed().await).await;
            for case in listed.and_then(Result::ok).unwrap_or_default() {
                self.case_judge(case.case, &case.rulings, together).await;
            }
        }
    }

    async fn order_judge(&self, id: OrderId, together: bool) {
        let story = self.ask(async |engine| engine.order_story(id).await).await;
        let Some(Ok(story)) = story else { return };
        let possible: Vec<&str> = story.rulings.iter().map(String::as_str).collect();
        if possible.is_empty() {
            return;
        }
        let name = self.people.pick(&possible);
        let ruling = match name {
            "approve" => Ruling::Approve,
            "refund" => Ruling::Refund,
            "return" => Ruling::Return,
            "refunded_by_bank" => Ruling::RefundedByBank {
                transfer: "bank 1".into(),
            },
            other => panic!("nobody knows how to rule {other}"),
        };
        for by in self.voices(together) {
            let (ruling, by) = (&ruling, &by);
            let ruled = async |engine: &proof_engine::Engine| {
                let reason = "seen".to_owned();
                engine
                    .order_rule(id, ruling.clone(), by.clone(), reason)
                    .await
            };
            self.rulings.set(self.rulings.get() + 1);
            let said = format!("{id} {name} by {by}: {:?}", self.ask(ruled).await);
            self.history.note("an operator rules", said.as_bytes());
        }
    }

    async fn case_judge(&self, id: CaseId, possible: &[String], together: bool) {
        let possible: Vec<&str> = possible.iter().map(String::as_str).collect();
        if possible.is_empty() {
            return;
        }
        let ruling = match self.people.pick(&possible) {
            "approve" => ClaimRuling::Approve,
            "write_off" => ClaimRuling::WriteOff,
            "withdraw" => ClaimRuling::Withdraw,
            "paid_by_dispute" => ClaimRuling::PaidByDispute,
            "accept" => ClaimRuling::Accept,
            "refunded_by_bank" => ClaimRuling::RefundedByBank {
                transfer: "bank 1".into(),
            },
            "contest" => ClaimRuling::Contest {
                evidence: "the order".into(),
            },
            other => panic!("nobody knows how to rule {other}"),
        };
        for by in self.voices(together) {
            let (ruling, by) = (&ruling, &by);
            let ruled = async |engine: &proof_engine::Engine| {
                let reason = "seen".to_owned();
                engine
                    .case_rule(id, ruling.clone(), by.clone(), reason)
                    .await
            };
            self.rulings.set(self.rulings.get() + 1);
            let said = format!("{id} {ruling:?} by {by}: {:?}", self.ask(ruled).await);
            self.history.note("an operator rules", said.as_bytes());
        }
    }

    fn voices(&self, together: bool) -> Vec<OperatorName> {
        let count = if together { NAMES.len() - 1 } else { 1 };
        let first = usize::try_from(self.people.below(3)).unwrap();
        let names = (0..count).map(|n| NAMES[(first + n) % NAMES.len()]);
        names.map(|name| name.parse().unwrap()).collect()
    }
}
