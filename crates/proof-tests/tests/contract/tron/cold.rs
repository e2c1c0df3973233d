//! What the hot wallet has too much on TRON goes into cold storage, and what comes back from there is known.

use super::{TRX, asset, on_anvil, orders::Ramp};
use proof_core::{
    Network,
    audit::Author,
    cold::{Band, ColdState},
    money::{Amount, Bps},
    partner::Environment,
};
use proof_engine::ColdStorage;
use proof_port::Signer;
use proof_store::{Failure, Tx};

const TEST: Environment = Environment::Test;

/// The hot wallet begins with 1000 of both.
fn storage() -> ColdStorage {
    let band = |ticker| {
        let band = Band {
            ceiling: Amount::new(asset(ticker), 900 * TRX),
            target: Amount::new(asset(ticker), 400 * TRX),
        };
        (asset(ticker), band)
    };
    ColdStorage {
        bands: ["USDT", "TRX"].map(band).into(),
        share: Bps::new(100).unwrap(),
        every_minutes: None,
    }
}

impl Ramp {
    async fn until_cold(&self, ticker: &str) {
        let of = asset(ticker);
        let look = || async {
            let found = self.app.db.read("cold_last", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<()>>(tx.cold_last(TEST, of).await?) })
            });
            let last = found.await.unwrap()?;
            assert_ne!(last.state, ColdState::Refused, "{:?}", last.why);
            (last.state == ColdState::Moved).then_some(())
        };
        self.app.until("it is cold", look).await;
    }

    async fn cold_books(&self, ticker: &str) -> (u128, u128) {
        let of = |account: &str| format!("{account}:{}", asset(ticker));
        let hot = self.app.balance(&of("wallet")).await.unsigned_abs();
        (hot, self.app.balance(&of("cold")).await.unsigned_abs())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_above_the_ceiling_on_tron_is_moved_and_what_comes_back_is_booked() {
    let Some(mut ramp) = Ramp::cold(storage()).await else {
        return;
    };
    let engine = &ramp.app.app.engine;
    // What the owner put in was booked by hand, and is not read again.
    ramp.world.anvil.mine(40).await;
    let watched = engine.treasury_watch(TEST, Network::Trc20, Author::machine());
    watched.await.unwrap();
    let asked = || async { engine.cold_ask(TEST, Author::machine()).await.ok() };
    let page = ramp.app.until("a look", asked).await;
    assert!(page.lines.iter().all(|line| line.begun), "{page:?}");
    ramp.restart().await;
    ramp.until_cold("USDT").await;
    ramp.until_cold("TRX").await;
    let wallet = ramp.app.signer.wallet(Network::Trc20).await.unwrap();
    assert_eq!(ramp.cold_books("USDT").await, (400 * TRX, 600 * TRX));
    assert_eq!(ramp.there(wallet.as_str(), "USDT").await, 400 * TRX);
    let (trx, cold) = ramp.cold_books("TRX").await;
    assert_eq!(cold, 600 * TRX);
    assert_eq!(ramp.there(wallet.as_str(), "TRX").await, trx);
    assert!(trx < 400 * TRX, "what it burnt");
    ramp.books_agree().await;
    // An operator sends some back.
    {
        let _held = ramp.blocks.lock().await;
        let (anvil, to) = (&ramp.world.anvil, on_anvil(wallet.as_str()));
        anvil.send_token(&anvil.usdt, &to, 250 * TRX).await;
    }
    let back = || async {
        let page = ramp.app.app.engine.treasury_look(TEST).await.ok()?;
        let (_, cold) = ramp.cold_books("USDT").await;
        (cold == 350 * TRX && page.arrivals.is_empty()).then_some(())
    };
    ramp.app.until("it is back", back).await;
    assert_eq!(ramp.cold_books("USDT").await.0, 650 * TRX);
    ramp.books_agree().await;
    ramp.done().await;
}
