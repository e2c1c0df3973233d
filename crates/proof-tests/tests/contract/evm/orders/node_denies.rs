//! A node that takes what is sent, and says that it does not: nobody is paid twice, and nobody not at all.

use super::{
    super::{
        FRIEND,
        anvil::Anvil,
        proxy::{Proxy, Vice},
    },
    Ramp,
};
use crate::buyer::GOOD_CARD;
use proof_signer::Limits;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_denies_to_have_taken_arrives_once() {
    let Some(anvil) = Anvil::start().await else {
        return;
    };
    let node = Proxy::start(&anvil.url).await;
    let ramp = Ramp::on(anvil, &node.url, Limits::new(), (Vec::new(), None)).await;
    for (vice, arrived) in [
        (Vice::TakesAndDenies("nonce too low"), 100_000_000),
        (Vice::TakesAndDenies("already known"), 200_000_000),
        (
            Vice::TakesAndDenies("replacement transaction underpriced"),
            300_000_000,
        ),
        (Vice::TakesAndBreaks, 400_000_000),
    ] {
        node.is(vice.clone());
        let buyer = ramp.user("buy", "USDT", "100").await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        buyer.until_step("completed").await;
        assert_eq!(ramp.there(FRIEND, "USDT").await, arrived, "{vice:?}");
    }
    node.is(Vice::None);
    ramp.books_agree().await;
    ramp.done().await;
}
