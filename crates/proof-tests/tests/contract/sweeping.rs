//! What every network's sweeps are asked.

use crate::kit::App;
use proof_core::{
    audit::Author,
    id::OrderId,
    partner::Environment,
    sweep::{Sweep, SweepState},
};
use proof_engine::{SweepLine, SweepPage};
use proof_port::{IntentClass, Signer};
use proof_store::{Failure, Tx};

const TEST: Environment = Environment::Test;

impl App {
    pub async fn preview(&self) -> SweepPage {
        let engine = &self.app.engine;
        // Blocks come meanwhile: what a node could not say for a moment is asked again.
        let asked = || async { engine.sweep_preview(TEST).await.ok() };
        self.until("a look", asked).await
    }

    pub async fn ask(&self) -> Vec<SweepLine> {
        let engine = &self.app.engine;
        let asked = || async { engine.sweep_ask(TEST, Author::machine()).await.ok() };
        self.until("a look", asked).await.lines
    }

    pub async fn sweeps(&self, order: OrderId) -> Vec<Sweep> {
        let found = self.db.read("sweeps", move |tx: &mut Tx| {
            Box::pin(async move { Ok::<_, Failure<()>>(tx.sweep_of_order(order, 10).await?) })
        });
        found.await.unwrap()
    }

    pub async fn until_swept(&self, order: OrderId) {
        let look = || async {
            let sweeps = self.sweeps(order).await;
            let last = sweeps.last()?;
            assert_ne!(last.state, SweepState::Refused);
            (last.state == SweepState::Swept).then_some(())
        };
        self.until("it is swept", look).await;
    }

    /// How many signatures of a class the signer has given for an order.
    pub async fn signed(&self, order: OrderId, class: IntentClass) -> usize {
        let promised = self.signer.promised(order).await.unwrap();
        let of_class = promised.signed.iter().filter(|s| s.intent.class == class);
        of_class.count()
    }

    /// The nightly comparison finds nothing about deposit addresses, nor that something came from this one.
    pub async fn night_is_quiet(&self, at: &str) {
        // Longer than books and chain may differ.
        self.clock.skip(1_800);
        let engine = &self.app.engine;
        let look = || async {
            // Blocks come meanwhile, and a node may be in the middle of one.
            let done = engine.reconcile(TEST).await.ok()?;
            let mut open = done.open;
            open.retain(|found| found.kind == "deposit_differs" || found.cause.contains(at));
            assert!(open.is_empty(), "{open:#?}");
            (done.orders > 0).then_some(())
        };
        self.until("the night is over", look).await;
    }
}

pub fn verdicts(lines: &[SweepLine]) -> Vec<String> {
    let told = lines.iter();
    told.map(|line| format!("{} {}", line.currency, line.verdict))
        .collect()
}
