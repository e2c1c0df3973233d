//! Nodes that are not what they should be, and what several of them say together.

use super::{
    Bench, CONFIRMATIONS, FRIEND, address, chain, config,
    proxy::{Proxy, Vice},
    regtest::Regtest,
    spec,
};
use proof_chain::bitcoin::BitcoinChain;
use proof_core::Address;
use proof_port::{Chain, Class, Coin, TransferStatus};

#[tokio::test]
async fn a_node_on_another_chain_or_without_its_index_is_never_believed() {
    let Some(node) = Regtest::start_with(&["-txindex=0"]).await else {
        return;
    };
    let mut signet = config();
    signet.chain = "signet".to_owned();
    for (config, said) in [(signet, "first block"), (config(), "txindex")] {
        let chain = chain(&[&node.url], config.read().unwrap());
        let refused = chain.check().await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
        for asked in [
            chain.tip().await.map(|_| ()),
            chain.broadcast("02").await,
            chain.arrivals(0).await.map(|_| ()),
            chain.coins(&address(FRIEND)).await.map(|_| ()),
        ] {
            assert_eq!(asked.unwrap_err().class, Class::Retry);
        }
    }
    // A server starts while its node is away, and asks again later.
    let away = chain(&["http://127.0.0.1:9"], spec());
    assert_eq!(away.check().await.unwrap().len(), 1);
}

/// All three are one node in truth, which looks through its coins for one of them at a time.
async fn counted(three: &BitcoinChain, wallet: &Address) -> Vec<Coin> {
    for _ in 0..20 {
        match three.coins(wallet).await {
            Ok(coins) => return coins,
            Err(error) => assert_eq!(error.class, Class::Retry, "{error}"),
        }
    }
    panic!("the node never has time");
}

#[tokio::test]
async fn one_liar_among_three_moves_nothing() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = &bench.node;
    let liar = Proxy::start(&node.url).await;
    let (good, other) = (Proxy::start(&node.url).await, Proxy::start(&node.url).await);
    node.mine(40).await;
    let signed = bench.delivered(FRIEND, 5_000).await;
    let height = node.height().await;
    let truth = bench.chain.transfer(&signed.hash).await.unwrap();
    let coins = bench.chain.coins(&bench.wallet).await.unwrap();
    for vice in [
        Vice::Ahead(1_000),
        Vice::Behind(30),
        Vice::Html,
        Vice::Forgets,
        Vice::OtherBlock,
    ] {
        liar.is(vice.clone());
        let three = chain(&[&liar.url, &good.url, &other.url], spec());
        assert_eq!(three.tip().await.unwrap().height, height, "{vice:?}");
        assert_eq!(three.transfer(&signed.hash).await.unwrap(), truth);
        assert_eq!(counted(&three, &bench.wallet).await, coins, "{vice:?}");
        let found = three.arrivals(height - 1).await.unwrap();
        assert!(found.complete && found.height == height);
        let mut all = found.arrivals.iter();
        assert!(
            all.any(|one| one.deposit.key.hash == signed.hash),
            "{vice:?}"
        );
        // Two of which one lies cannot agree on anything but what both have.
        let two = chain(&[&liar.url, &good.url], spec());
        match two.transfer(&signed.hash).await {
            Ok(TransferStatus::Mined { confirmations, .. }) => {
                assert!(confirmations < CONFIRMATIONS, "{vice:?}");
            }
            Ok(TransferStatus::Unknown | TransferStatus::Failed { .. }) => {
                panic!("{vice:?} turns an order round")
            }
            Ok(TransferStatus::Waiting) | Err(_) => {}
        }
    }
    // Two that went away are no majority.
    good.is(Vice::Html);
    liar.is(Vice::Html);
    let three = chain(&[&liar.url, &good.url, &other.url], spec());
    assert!(three.tip().await.is_err());
}

#[tokio::test]
async fn a_node_that_goes_back_says_nothing_until_it_is_here_again() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = Proxy::start(&bench.node.url).await;
    let one = chain(&[&node.url], spec());
    let height = one.tip().await.unwrap().height;
    node.is(Vice::Behind(40));
    let refused = one.arrivals(height).await.unwrap_err();
    assert!(refused.context.contains("40 blocks behind"), "{refused}");
    node.is(Vice::None);
    bench.node.send(&[(FRIEND, 5_000)]).await;
    bench.node.mine(1).await;
    let found = one.arrivals(height).await.unwrap();
    let mut all = found.arrivals.iter();
    assert!(all.any(|one| one.recipient == FRIEND));
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_transaction_was_taken_is_in_doubt() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = Proxy::start(&bench.node.url).await;
    let one = chain(&[&node.url], spec());
    let signed = bench.signed(FRIEND, 5_000).await;
    node.is(Vice::TakesAndBreaks);
    let lost = one.broadcast(&signed.signed_hex).await.unwrap_err();
    assert_eq!(lost.class, Class::InDoubt, "{lost}");
    // Asking about the hash settles it.
    let known = one.transfer(&signed.hash).await.unwrap();
    assert_eq!(known, TransferStatus::Waiting);
    node.is(Vice::None);
    one.broadcast(&signed.signed_hex).await.unwrap();
    bench.node.mine(1).await;
    assert_eq!(bench.balance(FRIEND).await, 5_000);
    // What the bytes cannot overcome is final; nobody there means that nothing can have happened.
    assert_eq!(one.broadcast("02").await.unwrap_err().class, Class::GiveUp);
    let away = chain(&["http://127.0.0.1:9"], spec());
    let unsent = away.broadcast(&signed.signed_hex).await.unwrap_err();
    assert_eq!(unsent.class, Class::Retry, "{unsent}");
}
