use super::*;
use bytes::Bytes;
use futures::executor::block_on;
use proof_outbound::{Limits, Outbound, Transport, TransportError};
use proof_port::Class;
use std::sync::{Arc, Mutex};

/// Gives one answer to everything and keeps what was asked.
struct Node {
    answer: Result<(u16, &'static str), TransportError>,
    asked: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Transport for Node {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _limits: Limits,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let asked = format!("{} {}", request.method(), request.uri().path());
        self.asked.lock().unwrap().push(asked);
        let (status, body) = self.answer.clone()?;
        Ok(http::Response::builder()
            .status(status)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap())
    }
}

fn chain(answer: Result<(u16, &'static str), TransportError>) -> (SimulatedChain, Arc<Node>) {
    let node = Arc::new(Node {
        answer,
        asked: Mutex::default(),
    });
    let base: Url = "http://world.test/".parse().unwrap();
    let outbound = Outbound::new(node.clone());
    let configured = outbound.configured("simulated_chain", base.clone(), None);
    (SimulatedChain::new(configured, Network::Trc20, base), node)
}

fn owner() -> Address {
    Address::parse(Network::Trc20, "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC").unwrap()
}

const MINED: &str = r#"{"status":"mined","confirmations":2,"block":7,"fee":"13500000",
    "sender":"a","recipient":"b","ticker":"USDT","base":"1"}"#;
const WAITING: &str = r#"{"status":"waiting","confirmations":0,"block":null,"fee":"1"}"#;
const FAILED: &str = r#"{"status":"failed","confirmations":4,"block":3,"fee":"1"}"#;
const STRANGE: &str = r#"{"status":"forked","confirmations":9,"block":3,"fee":"1"}"#;

#[test]
fn a_transfer_is_what_the_node_says_and_unknown_words_wait() {
    let fee = Amount::new(Network::Trc20.native(), 13_500_000);
    let mined = TransferStatus::Mined {
        confirmations: 2,
        block: 7,
        fee,
    };
    let failed = TransferStatus::Failed {
        confirmations: 4,
        fee: Amount::new(Network::Trc20.native(), 1),
    };
    for (status, body, expected) in [
        (200, MINED, mined),
        (200, WAITING, TransferStatus::Waiting),
        (200, FAILED, failed),
        (200, STRANGE, TransferStatus::Waiting),
        (404, "{}", TransferStatus::Unknown),
    ] {
        let (chain, node) = chain(Ok((status, body)));
        assert_eq!(block_on(chain.transfer("ab12")).unwrap(), expected);
        let asked = node.asked.lock().unwrap().clone();
        assert_eq!(asked, ["GET /chains/v1/TRC20/transfers/ab12"]);
    }
}

#[test]
fn no_failure_of_a_broadcast_is_in_doubt() {
    for (status, body, class) in [
        (422, r#"{"code":"bad_signature"}"#, Class::GiveUp),
        (422, r#"{"code":"malformed"}"#, Class::GiveUp),
        (422, r#"{"code":"spent_coin"}"#, Class::GiveUp),
        (422, r#"{"code":"bad_nonce"}"#, Class::Retry),
        (422, r#"{"code":"insufficient_funds"}"#, Class::Retry),
        (500, "oh", Class::Retry),
    ] {
        let (chain, _) = chain(Ok((status, body)));
        assert_eq!(block_on(chain.broadcast("00")).unwrap_err().class, class);
    }
    for error in [
        TransportError::not_sent("refused"),
        TransportError::maybe_sent("reset"),
    ] {
        let (chain, _) = chain(Err(error));
        let error = block_on(chain.broadcast("00")).unwrap_err();
        assert_eq!((error.class, error.answered), (Class::Retry, false));
    }
    let (chain, node) = chain(Ok((200, r#"{"hash":"ab"}"#)));
    assert!(block_on(chain.broadcast("00")).is_ok());
    let asked = node.asked.lock().unwrap().clone();
    assert_eq!(asked, ["POST /chains/v1/TRC20/transfers"]);
}

#[test]
fn accounts_are_read_exactly() {
    let body = r#"{"nonce":4,"balances":{"USDT":"340282366920938463463374607431768211455"}}"#;
    let usdt = Asset::find("USDT", Network::Trc20).unwrap();
    let (chain, node) = chain(Ok((200, body)));
    let balance = block_on(chain.balance(&owner(), usdt)).unwrap();
    assert_eq!(balance, Amount::new(usdt, u128::MAX));
    let native = block_on(chain.balance(&owner(), Network::Trc20.native())).unwrap();
    assert!(native.is_zero());
    assert_eq!(block_on(chain.nonce(&owner())).unwrap(), 4);
    let path = format!("GET /chains/v1/TRC20/accounts/{}", owner());
    assert_eq!(node.asked.lock().unwrap().clone(), vec![path; 3]);
}

#[test]
fn an_unreadable_answer_is_no_answer() {
    for body in ["", "{}", r#"{"nonce":-1,"balances":{}}"#] {
        let (chain, _) = chain(Ok((200, body)));
        let error = block_on(chain.nonce(&owner())).unwrap_err();
        assert_eq!((error.class, error.answered), (Class::Retry, true));
    }
}

#[test]
fn a_hash_has_its_page() {
    let (chain, _) = chain(Ok((200, "{}")));
    assert_eq!(
        chain.explorer_url("ab"),
        "http://world.test/explorer/TRC20/ab"
    );
}

#[test]
fn arrivals_are_what_the_blocks_list_and_strange_tokens_are_left_out() {
    let body = r#"{"height":9,"complete":true,"transfers":[
        {"hash":"ab","index":0,"sender":"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t","recipient":"T1","ticker":"USDT","base":"7","block":8,"seen_at":5},
        {"hash":"cd","index":0,"sender":"","recipient":"T1","ticker":"SCAM","base":"7","block":null,"seen_at":6}]}"#;
    let (chain, node) = chain(Ok((200, body)));
    let arrivals = block_on(chain.arrivals(4)).unwrap();
    assert_eq!((arrivals.height, arrivals.complete), (9, true));
    let usdt = Asset::find("USDT", Network::Trc20).unwrap();
    let [one] = arrivals.arrivals.as_slice() else {
        panic!("{arrivals:?}")
    };
    assert_eq!(one.deposit.amount, Amount::new(usdt, 7));
    let senders: Vec<&str> = one.deposit.senders.iter().map(Address::as_str).collect();
    assert_eq!(senders, ["TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"]);
    assert_eq!(
        (one.recipient.as_str(), one.deposit.seen_at.micros()),
        ("T1", 5)
    );
    let asked = node.asked.lock().unwrap().clone();
    assert_eq!(asked, ["GET /chains/v1/TRC20/transfers"]);
}
