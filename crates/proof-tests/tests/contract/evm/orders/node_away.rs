//! One node of three that is not where the others are: people hear of it while orders still go on.

use super::super::{
    Real,
    anvil::Anvil,
    chain, config,
    proxy::{Proxy, Vice},
    rules,
};
use crate::{health::alert, kit::App};
use proof_signer::Limits;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_of_three_that_lags_or_is_away_is_told_by_its_number() {
    let Some(anvil) = Anvil::start().await else {
        return;
    };
    anvil.mine(60).await;
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Proxy::start(&anvil.url).await);
    }
    let urls: Vec<&str> = nodes.iter().map(|node| node.url.as_str()).collect();
    let spec = config(&anvil).read().unwrap();
    let app = App::sqlite_on(Some(Real {
        cold: None,
        rules: rules(&spec),
        limits: Limits::new(),
        chain: Arc::new(chain(&urls, spec)),
    }))
    .await;
    for vice in [Vice::Behind(40), Vice::Html] {
        nodes[1].is(vice);
        let told = || alert(&app, "rail_down", "test node 2 of ERC20");
        let down = app.until("it is told", told).await;
        assert_eq!(down["headline"], "No call to node 2 of ERC20 goes well.");
        for other in ["node 1 of ERC20", "node 3 of ERC20", "node ERC20"] {
            let other = format!("test {other}");
            assert_eq!(alert(&app, "rail_down", &other).await, None, "{other}");
        }
        nodes[1].is(Vice::None);
        let over = || async { told().await.is_none().then_some(()) };
        app.until("it is over", over).await;
    }
    app.halt().await;
}
