//! A chain that only a configuration knows, beside another one: two nodes, one address on both.

use super::{
    CONFIRMATIONS, ETHER, FRIEND, Real,
    anvil::Anvil,
    chain, config,
    orders::{mining, partner_of},
    rules,
};
use crate::{
    buyer::{Buyer, GOOD_CARD},
    kit::{App, as_partner},
    sell::{case_of, start},
};
use http::Method;
use proof_chain::evm::EvmConfig;
use proof_core::{
    Address, Asset, Network,
    catalogue::{add_network, add_token},
    money::Amount,
    partner::Environment,
};
use proof_engine::PartnerCreated;
use proof_port::Chain as _;
use proof_signer::Limits;
use proof_store::Engine as Database;
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use tokio::{sync::Mutex, task::JoinHandle};

const REFUND: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
/// Base's own test network.
const CHAIN_ID: u64 = 84_532;
const COINS: u128 = 1_000_000_000;

/// One of the two chains.
struct Side {
    anvil: Arc<Anvil>,
    config: EvmConfig,
}

impl Side {
    fn new(anvil: Anvil, with: impl FnOnce(EvmConfig) -> EvmConfig) -> Self {
        let config = with(config(&anvil));
        let anvil = Arc::new(anvil);
        Self { anvil, config }
    }

    fn real(&self) -> Real {
        let spec = self.config.read().unwrap();
        Real {
            cold: None,
            rules: rules(&spec),
            limits: Limits::new(),
            chain: Arc::new(chain(&[&self.anvil.url], spec)),
        }
    }

    fn mining(&self, app: &App) -> JoinHandle<()> {
        let no_floor = Arc::new(Mutex::new(0));
        mining(Arc::clone(&self.anvil), Arc::clone(&app.clock), no_floor)
    }

    /// The owner puts coins into its hot wallet, and books them.
    async fn fund(&self, app: &App) {
        let (engine, network) = (&app.app.engine, self.config.network);
        let wallet = engine.hot_wallet(Environment::Test, network).await.unwrap();
        let (to, anvil) = (wallet.as_str(), &self.anvil);
        anvil.send_native(to, ETHER).await;
        anvil.send_token(&anvil.usdc, to, COINS).await;
        // Deeper than what is final.
        anvil.mine(20).await;
        for (ticker, base) in [("ETH", ETHER), ("USDC", COINS)] {
            let asset = Asset::find(ticker, network).unwrap();
            let funded = engine.treasury_fund(Environment::Test, Amount::new(asset, base));
            funded.await.unwrap();
        }
    }

    async fn there(&self, owner: &str, ticker: &str) -> u128 {
        let network = self.config.network;
        let owner = Address::parse(network, owner).unwrap();
        let asset = Asset::find(ticker, network).unwrap();
        let chain = chain(&[&self.anvil.url], self.config.read().unwrap());
        chain.balance(&owner, asset).await.unwrap().base()
    }
}

/// Ethereum, and a chain that the configuration adds.
struct Two {
    app: App,
    ethereum: Side,
    base: Side,
    miners: [JoinHandle<()>; 2],
    partner: PartnerCreated,
}

impl Two {
    async fn open() -> Option<Self> {
        let ethereum = Side::new(Anvil::start().await?, |config| config);
        let base = Side::new(Anvil::start_beside(CHAIN_ID).await?, |config| {
            let network = add_network("BASE", "ETH").unwrap();
            add_token(network, "USDC", 6).unwrap();
            let tokens = config.tokens.into_iter();
            EvmConfig {
                network,
                chain_id: CHAIN_ID,
                tokens: tokens.filter(|(ticker, _)| ticker == "USDC").collect(),
                explorer: "https://sepolia.basescan.org".parse().unwrap(),
                ..config
            }
        });
        let app = App::sqlite_on([ethereum.real(), base.real()]).await;
        let pairs = ["USDC/BASE", "ETH/BASE", "USDC/ERC20", "USDT/ERC20"];
        let pairs = pairs.map(|pair| pair.parse().unwrap());
        let partner = partner_of(&app, pairs.into()).await;
        let miners = [ethereum.mining(&app), base.mining(&app)];
        ethereum.fund(&app).await;
        base.fund(&app).await;
        Some(Self {
            app,
            ethereum,
            base,
            miners,
            partner,
        })
    }

    async fn user(&self, side: &str, ticker: &str, amount: &str) -> Buyer<'_> {
        let asset = Asset::find(ticker, self.base.config.network).unwrap();
        Buyer::about_to(&self.app, &self.partner, side, (asset, amount)).await
    }

    async fn seller(&self) -> (Buyer<'_>, String) {
        let seller = self.user("sell", "USDC", "50").await;
        let answer = start(&seller, GOOD_CARD, REFUND).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let address = answer.json["sale"]["deposit_address"].as_str().unwrap();
        let address = address.to_owned();
        (seller, address)
    }

    async fn books_agree(&self) {
        let engine = &self.app.app.engine;
        let agree = || async {
            let page = engine.treasury_page(Environment::Test).await.unwrap();
            let is_real = |network: &str| ["ERC20", "BASE"].contains(&network);
            let mut ours = page.wallets.iter().filter(|w| is_real(w.network));
            ours.all(|wallet| wallet.agrees == Some(true)).then_some(())
        };
        self.app.until("books and chains agree", agree).await;
    }

    async fn done(self) {
        for miner in self.miners {
            miner.abort();
            // It may be in the middle of a block, or gone.
            let _ = miner.await;
        }
        self.app.halt().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_a_configuration_adds_is_bought_and_sold_on_like_any_other() {
    let Some(two) = Two::open().await else {
        return;
    };
    for (ticker, amount, base) in [("USDC", "100", 100_000_000), ("ETH", "0.02", ETHER / 50)] {
        let buyer = two.user("buy", ticker, amount).await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        let view = buyer.until_step("completed").await;
        let hash = view["transfer"]["hash"].as_str().unwrap();
        let page = format!("https://sepolia.basescan.org/tx/{hash}");
        assert_eq!(view["transfer"]["explorer_url"], page);
        assert!(view["transfer"]["confirmations"].as_u64().unwrap() >= CONFIRMATIONS);
        assert_eq!(two.base.there(FRIEND, ticker).await, base);
        assert_eq!(two.ethereum.there(FRIEND, ticker).await, 0);
        let path = format!("/widget/transactions/{}", buyer.id);
        let asked = as_partner(&two.partner, Method::GET, &path, axum::body::Body::empty());
        let told = two.app.call(asked).await.json;
        assert_eq!(
            (&told["network"], &told["currency"]),
            (&json!("BASE"), &json!(ticker))
        );
    }
    let document = two.app.get("/openapi.json").await.json;
    let known = &document["components"]["schemas"]["Network"]["enum"];
    assert!(
        known.as_array().unwrap().contains(&json!("BASE")),
        "{known}"
    );
    let (seller, address) = two.seller().await;
    let link = seller.view().await["sale"]["deposit_link"].clone();
    assert!(
        link.as_str().unwrap().contains("@84532/transfer?"),
        "{link}"
    );
    two.base
        .anvil
        .send_token(&two.base.anvil.usdc, &address, 50_000_000)
        .await;
    seller.until_step("completed").await;
    two.books_agree().await;
    two.done().await;
}

/// The accidents of a deposit, on nodes: another chain on which the address is ours, too, and another asset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_on_another_chain_or_as_another_asset_goes_back_as_it_came() {
    let Some(two) = Two::open().await else {
        return;
    };
    let (seller, address) = two.seller().await;
    let ethereum = &two.ethereum.anvil;
    ethereum
        .send_token(&ethereum.usdc, &address, 50_000_000)
        .await;
    let case = case_of(&two.app, &seller, "wrong_network").await;
    let seen = (&case["network"], &case["state"], &case["refund_address"]);
    assert_eq!(seen, (&json!("ERC20"), &json!("returned"), &json!(REFUND)));
    let back = two.ethereum.there(REFUND, "USDC").await;
    assert!(0 < back && back <= 50_000_000, "{back}");
    assert_eq!(two.base.there(REFUND, "USDC").await, 0);
    // The order itself still waits for what was agreed on.
    assert_eq!(seller.view().await["step"], "deposit");
    let (other, address) = two.seller().await;
    two.base.anvil.send_native(&address, ETHER / 20).await;
    let case = case_of(&two.app, &other, "wrong_token").await;
    assert_eq!(case["state"], "returned", "{case}");
    let back = two.base.there(REFUND, "ETH").await;
    assert!(0 < back && back <= ETHER / 20, "{back}");
    for (seller, side) in [(&seller, &two.base), (&other, &two.base)] {
        let address = seller.view().await["sale"]["deposit_address"].clone();
        let (usdc, to) = (&side.anvil.usdc, address.as_str().unwrap());
        side.anvil.send_token(usdc, to, 50_000_000).await;
        seller.until_step("completed").await;
    }
    two.books_agree().await;
    two.done().await;
}

/// What the books name is known for as long as there are books, whatever the configuration has become.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_keeps_what_was_added_and_refuses_to_have_it_changed() {
    let app = App::sqlite().await;
    app.halt().await;
    let insert = |network: &str, ticker: &str, decimals: u8, place: u8| {
        format!(
            "INSERT INTO catalogue (network, ticker, decimals, place, added_at) VALUES ('{network}', '{ticker}', {decimals}, {place}, 0)"
        )
    };
    let run = async |sql: String| {
        let Database::Sqlite { writer, .. } = app.db.engine() else {
            panic!("another engine");
        };
        sqlx::query(AssertSqlSafe(sql))
            .execute(writer)
            .await
            .unwrap();
    };
    // From a life in which the configuration had it.
    run(insert("GNOSIS", "XDAI", 18, 0)).await;
    run(insert("GNOSIS", "EURE", 18, 1)).await;
    assert!("EURE/GNOSIS".parse::<Asset>().is_err());
    let app = app.reborn(&app.url).await;
    let known: Asset = "EURE/GNOSIS".parse().unwrap();
    assert_eq!(
        (known.decimals(), known.network().native().ticker()),
        (18, "XDAI")
    );
    // This life's configuration adds one; the next one knows both.
    app.halt().await;
    add_token(Network::Erc20, "DAI", 18).unwrap();
    let app = app.reborn(&app.url).await;
    app.halt().await;
    let sql = "SELECT ticker FROM catalogue ORDER BY place, network";
    let Database::Sqlite { readers, .. } = app.db.engine() else {
        panic!("another engine");
    };
    let kept: Vec<String> = sqlx::query_scalar(sql).fetch_all(readers).await.unwrap();
    assert_eq!(kept, ["XDAI", "DAI", "EURE"]);
    // Six decimals would make a millionth of every amount.
    let changed = "UPDATE catalogue SET decimals = 6 WHERE ticker = 'DAI'";
    let Database::Sqlite { writer, .. } = app.db.engine() else {
        panic!("another engine");
    };
    sqlx::query(changed).execute(writer).await.unwrap();
    let error = format!("{:#}", app.starts_again().await.unwrap_err());
    assert!(error.contains("DAI/ERC20"), "{error}");
}
