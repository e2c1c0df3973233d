//! Nodes that are not what they should be, and what several of them say together.

use super::{
    Bench, CONFIRMATIONS, FRIEND, address,
    anvil::{Anvil, CHAIN_ID},
    asset, chain, config,
    proxy::{Proxy, Vice},
};
use proof_chain::evm::EvmChain;
use proof_port::{Chain, Class, TransferStatus};

fn behind(bench: &Bench, proxies: &[&Proxy]) -> EvmChain {
    let urls: Vec<&str> = proxies.iter().map(|proxy| proxy.url.as_str()).collect();
    chain(&urls, config(&bench.anvil).read().unwrap())
}

#[tokio::test]
async fn a_node_on_another_chain_or_with_other_tokens_is_never_believed() {
    let Some(anvil) = Anvil::start().await else {
        return;
    };
    let (mut wrong_chain, mut wrong_token, mut no_token) =
        (config(&anvil), config(&anvil), config(&anvil));
    wrong_chain.chain_id = 1;
    wrong_token
        .tokens
        .insert("USDT".to_owned(), anvil.odd.clone());
    no_token.tokens.insert("USDC".to_owned(), FRIEND.to_owned());
    for (config, said) in [
        (wrong_chain, "is on chain"),
        (wrong_token, "there is no token"),
        (no_token, "there is no token"),
    ] {
        let chain = chain(&[&anvil.url], config.read().unwrap());
        let refused = chain.check().await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
        for asked in [
            chain.tip().await.map(|_| ()),
            chain.broadcast("02").await,
            chain.arrivals(0).await.map(|_| ()),
            chain.nonce(&address(FRIEND)).await.map(|_| ()),
        ] {
            assert_eq!(asked.unwrap_err().class, Class::Retry);
        }
    }
    let mut doubled = config(&anvil);
    doubled.tokens.insert("USDC".to_owned(), anvil.usdt.clone());
    assert!(doubled.read().is_err());
    let mut strange = config(&anvil);
    strange.tokens.insert("DOGE".to_owned(), anvil.usdt.clone());
    assert!(strange.read().is_err());
    // A server starts while its node is away, and asks again later.
    let away = chain(&["http://127.0.0.1:9"], config(&anvil).read().unwrap());
    assert_eq!(away.check().await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_liar_among_three_moves_nothing() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.anvil;
    let liar = Proxy::start(&anvil.url).await;
    let (good, other) = (
        Proxy::start(&anvil.url).await,
        Proxy::start(&anvil.url).await,
    );
    let three = behind(&bench, &[&liar, &good, &other]);
    anvil.mine(60).await;
    let signed = bench.delivered("USDT", FRIEND, 5).await;
    let height = anvil.height().await;
    let truth = bench.chain.transfer(&signed.hash).await.unwrap();
    for vice in [
        Vice::Ahead(1_000),
        Vice::Behind(50),
        Vice::Html,
        Vice::Forgets,
        Vice::LeavesOut,
    ] {
        liar.is(vice.clone());
        assert_eq!(three.tip().await.unwrap().height, height, "{vice:?}");
        assert_eq!(three.transfer(&signed.hash).await.unwrap(), truth);
        let found = three.arrivals(height - 1).await.unwrap();
        assert!(found.complete && found.height == height);
        let ours = |found: &proof_port::Arrivals| {
            let mut all = found.arrivals.iter();
            all.any(|one| one.deposit.key.hash == signed.hash)
        };
        assert!(ours(&found), "{vice:?}");
        let balance = three.balance(&address(FRIEND), asset("USDT")).await;
        assert_eq!(balance.unwrap().base(), 5);
        // Two of which one lies cannot agree on anything but what both have.
        let two = behind(&bench, &[&liar, &good]);
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
    assert!(three.tip().await.is_err());
}

#[tokio::test]
async fn a_node_that_goes_back_says_nothing_until_it_is_here_again() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = Proxy::start(&bench.anvil.url).await;
    let one = behind(&bench, &[&node]);
    bench.anvil.mine(50).await;
    let height = one.tip().await.unwrap().height;
    node.is(Vice::Behind(40));
    let refused = one.arrivals(height).await.unwrap_err();
    assert!(refused.context.contains("40 blocks behind"), "{refused}");
    node.is(Vice::None);
    bench.anvil.send_native(FRIEND, 5).await;
    bench.anvil.mine(1).await;
    let found = one.arrivals(height).await.unwrap();
    let mut all = found.arrivals.iter();
    assert!(all.any(|one| one.recipient == FRIEND));
}

#[tokio::test]
async fn nodes_that_lose_answers_now_and_then_are_read_in_one_look() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let (one, other) = (
        Proxy::start(&bench.anvil.url).await,
        Proxy::start(&bench.anvil.url).await,
    );
    let both = behind(&bench, &[&one, &other]);
    bench.anvil.mine(20).await;
    bench.anvil.send_native(FRIEND, 5).await;
    bench.anvil.mine(10).await;
    for node in [&one, &other] {
        node.is(Vice::Forgetful);
    }
    let found = both.arrivals(0).await.unwrap();
    assert!(found.complete, "up to {}", found.height);
    let mut all = found.arrivals.iter();
    let there = all.find(|one| one.recipient == FRIEND).unwrap();
    // Each of these takes several answers of both.
    let (key, amount) = (&there.deposit.key, there.deposit.amount);
    let status = both.arrival(FRIEND, key, amount).await.unwrap();
    assert!(matches!(status, TransferStatus::Mined { .. }), "{status:?}");
    let status = both.transfer(&key.hash).await.unwrap();
    assert!(matches!(status, TransferStatus::Mined { .. }), "{status:?}");
    assert!(both.nonce(&bench.wallet).await.is_ok());
    let signed = bench.signed("USDT", FRIEND, 5).await;
    assert!(both.fee().await.unwrap().base() > 0);
    both.broadcast(&signed.signed_hex).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_transaction_was_taken_is_in_doubt() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = Proxy::start(&bench.anvil.url).await;
    let one = behind(&bench, &[&node]);
    let signed = bench.signed("USDT", FRIEND, 5).await;
    node.is(Vice::TakesAndBreaks);
    let lost = one.broadcast(&signed.signed_hex).await.unwrap_err();
    assert_eq!(lost.class, Class::InDoubt, "{lost}");
    // Asking about the hash settles it.
    let known = one.transfer(&signed.hash).await.unwrap();
    assert_eq!(known, TransferStatus::Waiting);
    node.is(Vice::None);
    one.broadcast(&signed.signed_hex).await.unwrap();
    bench.anvil.mine(1).await;
    assert_eq!(bench.balance(FRIEND, "USDT").await, 5);
    // Nobody there: nothing can have happened.
    let away = chain(
        &["http://127.0.0.1:9"],
        config(&bench.anvil).read().unwrap(),
    );
    let unsent = away.broadcast(&signed.signed_hex).await.unwrap_err();
    assert_eq!(unsent.class, Class::Retry, "{unsent}");
}

#[tokio::test]
async fn the_status_of_a_configured_network_says_whether_it_can_be_used() {
    let Some(anvil) = Anvil::start().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let status = async |chain_id: u64, usdt: &str| {
        let config = dir.path().join("proof.toml");
        let text = format!(
            r#"
            listen = "127.0.0.1:8080"
            base_url = "https://ramp.example"
            database = "sqlite:/nowhere/proof.db"
            signer = "/nowhere/signer"
            [sandbox]
            cards_url = "http://127.0.0.1:1"
            world_url = "http://127.0.0.1:1"
            key = "key"
            [networks.ERC20]
            adapter = "evm"
            rpc = ["{}"]
            chain_id = {chain_id}
            tokens = {{ USDT = "{usdt}" }}
            confirmations = 12
            fee_gwei_max = 80
            explorer = "https://etherscan.io"
            "#,
            anvil.url
        );
        std::fs::write(&config, text).unwrap();
        let command = proof_server::chain::ChainCommand::Status { config };
        proof_server::chain::run(command).await
    };
    status(CHAIN_ID, &anvil.usdt).await.unwrap();
    for (chain_id, usdt) in [(1_337, &anvil.usdt), (CHAIN_ID, &anvil.odd)] {
        let bad = status(chain_id, usdt).await.unwrap_err().to_string();
        assert_eq!(bad, "not usable: ERC20");
    }
    for chain_id in [1, 56, 137] {
        let refused = status(chain_id, &anvil.usdt).await.unwrap_err();
        assert!(refused.to_string().contains("may be money"), "{refused}");
    }
}
