//! TRON's nodes that are not what they should be, and what several of them say together.

use super::{
    Bench, CONFIRMATIONS, FRIEND, address, asset, chain, config,
    front::{Front, GENESIS, Vice},
    on_tron,
};
use proof_chain::tron::TronChain;
use proof_port::{Chain, Class, TransferStatus};

fn behind(bench: &Bench, fronts: &[&Front]) -> TronChain {
    chain(fronts, config(&bench.world).read().unwrap())
}

#[tokio::test]
async fn a_node_of_another_tron_or_with_other_tokens_is_never_believed() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let (mut wrong_chain, mut wrong_token) = (config(&bench.world), config(&bench.world));
    wrong_chain.genesis = GENESIS.replace("7a69", "7a70");
    let odd = on_tron(&bench.world.anvil.odd);
    wrong_token.tokens.insert("USDT".to_owned(), odd);
    let mut no_token = config(&bench.world);
    no_token.tokens.insert("USDT".to_owned(), FRIEND.to_owned());
    for (config, said) in [
        (wrong_chain, "the node's first block is"),
        (wrong_token, "there is no token"),
        (no_token, "there is no token"),
    ] {
        let chain = chain(&[&bench.front], config.read().unwrap());
        let refused = chain.check().await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
        for asked in [
            chain.tip().await.map(|_| ()),
            chain.broadcast("0a").await,
            chain.arrivals(0).await.map(|_| ()),
        ] {
            assert_eq!(asked.unwrap_err().class, Class::Retry);
        }
    }
    bench.front.is(Vice::Html);
    let away = behind(&bench, &[&bench.front]);
    assert_eq!(away.check().await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_liar_among_three_nodes_of_tron_moves_nothing() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.world.anvil;
    let (liar, other) = (
        Front::start(&bench.world).await,
        Front::start(&bench.world).await,
    );
    let three = behind(&bench, &[&liar, &bench.front, &other]);
    anvil.mine(60).await;
    let signed = bench.delivered("USDT", FRIEND, 5).await;
    anvil.mine(1).await;
    let height = anvil.height().await;
    let truth = bench.chain.transfer(&signed.hash).await.unwrap();
    for vice in [
        Vice::Ahead(50),
        Vice::Behind(50),
        Vice::Html,
        Vice::Forgets,
        Vice::LeavesOut,
    ] {
        liar.is(vice);
        assert_eq!(three.tip().await.unwrap().height, height, "{vice:?}");
        assert_eq!(three.transfer(&signed.hash).await.unwrap(), truth);
        let found = three.arrivals(height - 3).await.unwrap();
        assert!(found.complete && found.height == height);
        let mut all = found.arrivals.iter();
        let there = all.any(|one| one.deposit.key.hash == signed.hash);
        assert!(there, "{vice:?}");
        let balance = three.balance(&address(FRIEND), asset("USDT")).await;
        assert_eq!(balance.unwrap().base(), 5);
        // Two of which one lies cannot agree on anything but what both have.
        let two = behind(&bench, &[&liar, &bench.front]);
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
    bench.front.is(Vice::Html);
    liar.is(Vice::Html);
    assert!(
        three.tip().await.is_err(),
        "two that are away are no majority"
    );
    // One that goes back says nothing until it is here again.
    bench.front.is(Vice::Behind(40));
    let refused = bench.chain.arrivals(height).await.unwrap_err();
    assert!(refused.context.contains("40 blocks behind"), "{refused}");
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_transaction_was_taken_is_in_doubt() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let signed = bench.signed("USDT", FRIEND, 5).await;
    bench.front.is(Vice::TakesAndBreaks);
    let lost = bench.chain.broadcast(&signed.signed_hex).await.unwrap_err();
    assert_eq!(lost.class, Class::InDoubt, "{lost}");
    bench.front.is(Vice::None);
    bench.chain.broadcast(&signed.signed_hex).await.unwrap();
    bench.world.anvil.mine(1).await;
    assert_eq!(bench.balance(FRIEND, "USDT").await, 5);
    // Bytes that say something else than what was signed are for good.
    let other = bench.signed("USDT", FRIEND, 6).await.signed_hex;
    let flipped = match other.strip_suffix('b') {
        Some(start) => format!("{start}c"),
        None => format!("{}b", &other[..other.len() - 1]),
    };
    let refused = bench.chain.broadcast(&flipped).await.unwrap_err();
    assert_eq!(refused.class, Class::GiveUp, "{refused}");
}

#[tokio::test]
async fn the_status_of_tron_says_whether_it_can_be_used() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let status = async |genesis: &str, usdt: &str| {
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
            [networks.TRC20]
            adapter = "tron"
            rpc = ["{}"]
            genesis = "{genesis}"
            tokens = {{ USDT = "{usdt}" }}
            confirmations = 20
            fee_trx_max = "100"
            explorer = "https://nile.tronscan.org"
            "#,
            bench.front.url
        );
        std::fs::write(&config, text).unwrap();
        let command = proof_server::chain::ChainCommand::Status { config };
        proof_server::chain::run(command).await
    };
    let usdt = on_tron(&bench.world.anvil.usdt);
    status(GENESIS, &usdt).await.unwrap();
    let other = GENESIS.replace("00007a69", "00000539");
    let odd = on_tron(&bench.world.anvil.odd);
    for (genesis, usdt) in [(other.as_str(), &usdt), (GENESIS, &odd)] {
        let bad = status(genesis, usdt).await.unwrap_err().to_string();
        assert_eq!(bad, "not usable: TRC20");
    }
}
