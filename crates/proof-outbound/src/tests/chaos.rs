//! Receivers that misbehave, byte by byte: each gets its class, in bounded time and memory.

use super::kit::{
    Visitors, answering, anywhere, door, outbound, post_to, request_read, serve, told,
};
use crate::{Guard, OutboundError, PartnerReply};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Stands for the contract's 15 seconds where a receiver uses up all of its time.
const SHORT_MS: u64 = 400;
const LONG_MS: u64 = 10_000;
const MEGABYTE: usize = 1024 * 1024;

async fn post(address: SocketAddr, timeout_ms: u64) -> Result<PartnerReply, OutboundError> {
    let url = format!("http://{address}/hook").parse().unwrap();
    post_to(&door(&outbound(), Guard::Sandbox, timeout_ms), url).await
}

fn receiver(handle: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    serve(anywhere(Ipv4Addr::LOCALHOST), handle)
}

fn is_in_doubt(result: &Result<PartnerReply, OutboundError>) -> bool {
    matches!(result, Err(OutboundError::MaybeSent(_)))
}

#[tokio::test]
async fn a_status_is_a_reply_whichever_it_is() {
    for status in [200, 204, 304, 400, 404, 410, 500, 503, 599, 999] {
        let address = answering(format!(
            "HTTP/1.1 {status} So\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ));
        assert_eq!(post(address, LONG_MS).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn retry_after_is_seconds_within_a_day() {
    for (said, understood) in [
        ("0", Some(0)),
        ("120", Some(120)),
        (" 120 ", Some(120)),
        ("86401", Some(86_400)),
        ("4294967296", Some(86_400)),
        ("99999999999999999999999999", Some(86_400)),
        ("", None),
        ("-1", None),
        ("+5", None),
        ("1.5", None),
        ("1e9", None),
        ("soon", None),
        ("１２", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ] {
        let address = answering(format!(
            "HTTP/1.1 429 Slow\r\nretry-after: {said}\r\ncontent-length: 0\r\n\r\n"
        ));
        let reply = post(address, LONG_MS).await.unwrap();
        assert_eq!(
            (reply.status, reply.retry_after_s),
            (429, understood),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left() {
    let (sender, mut hung_up) = unbounded_channel();
    let address = receiver(move |mut stream| {
        request_read(&mut stream);
        let rest = io::copy(&mut stream, &mut io::sink());
        let _ = sender.send(rest.is_ok());
    });
    let result = post(address, SHORT_MS).await;
    assert!(is_in_doubt(&result), "{result:?}");
    assert!(result.unwrap_err().to_string().contains("timed out"));
    assert!(told(&mut hung_up).await, "the connection is kept");
}

#[tokio::test]
async fn a_reset_leaves_doubt() {
    // Closing with unread bytes makes the system send a reset.
    let address = receiver(|mut stream| {
        let _ = stream.read(&mut [0]);
    });
    let result = post(address, LONG_MS).await;
    assert!(is_in_doubt(&result), "{result:?}");
}

/// Sends `start`, then `drop` again and again with pauses far below the time-out, until the other
/// side hangs up.
fn dripping(start: &'static str, drop: &'static str) -> SocketAddr {
    receiver(move |mut stream| {
        request_read(&mut stream);
        let pause = Duration::from_millis(SHORT_MS / 8);
        stream.set_read_timeout(Some(pause)).unwrap();
        let mut sent = stream.write_all(start.as_bytes());
        while sent.is_ok() && stream.read(&mut [0]).is_err() {
            sent = stream.write_all(drop.as_bytes());
        }
    })
}

#[tokio::test]
async fn a_drip_is_bounded_as_a_whole() {
    for (start, drop) in [
        ("HTTP/1.1 200 O", "K"),
        ("HTTP/1.1 200 OK\r\nx-drip: ", "x"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", "x"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
        ),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let result = post(dripping(start, drop), SHORT_MS).await;
        assert!(is_in_doubt(&result), "{start:?} {drop:?}: {result:?}");
    }
}

#[tokio::test]
async fn no_redirect_leads_inside() {
    let inside = Visitors::at(Ipv4Addr::LOCALHOST).unwrap();
    let port = inside.port;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for target in ["http://127.0.0.1", "http://localhost", "//127.0.0.1"] {
            let target = format!("{target}:{port}/");
            let address = answering(format!(
                "HTTP/1.1 {status} There\r\nlocation: {target}\r\nrefresh: 0; url={target}\r\n\
                 content-length: 0\r\n\r\n"
            ));
            assert_eq!(post(address, LONG_MS).await.unwrap().status, status);
        }
    }
    assert_eq!(inside.received_at(Ipv4Addr::LOCALHOST), []);
}

#[tokio::test]
async fn a_lie_about_the_length_is_no_answer_or_is_cut() {
    for head in [
        "content-length: 5000",
        "content-length: 18446744073709551615",
        "content-length: 4\r\ncontent-length: 5",
        "content-length: -1",
        "content-length: four",
    ] {
        let address = answering(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\nlate"));
        let result = post(address, LONG_MS).await;
        assert!(is_in_doubt(&result), "{head}: {result:?}");
    }
    let address = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nlate and later");
    assert_eq!(post(address, LONG_MS).await.unwrap().body_start, "la");
}

/// Bytes beyond the end of an answer could be taken for the answer to the next delivery.
#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_used() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let address = receiver(move |mut stream| {
        request_read(&mut stream);
        let first = "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
        let forged = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let _ = match count.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => stream.write_all(format!("{first}{forged}").as_bytes()),
            _ => stream.write_all(first.replace("500 No", "410 Gone").as_bytes()),
        };
        // Open until the other side hangs up, so that it may be used again.
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let url: url::Url = format!("http://{address}/hook").parse().unwrap();
    for _ in 0..20 {
        let door = door(&outbound(), Guard::Sandbox, LONG_MS);
        assert_eq!(post_to(&door, url.clone()).await.unwrap().status, 500);
        assert_eq!(post_to(&door, url.clone()).await.unwrap().status, 410);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 40);
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for garbage in [
        format!("{chunked}zzz\r\nabc\r\n0\r\n\r\n"),
        format!("{chunked}ffffffffffffffffff\r\nabc"),
        format!("{chunked}-1\r\nabc\r\n0\r\n\r\n"),
        format!("{chunked}3\r\nabcdef\r\n0\r\n\r\n"),
        format!("{chunked}3\r\nabc\r\n"),
        "SSH-2.0-OpenSSH_9.9\r\n".to_owned(),
        "HTTP/9.9 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 20000 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\n\0: \0\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}".to_owned(),
        "\r\n".repeat(100),
        String::new(),
    ] {
        let result = post(answering(garbage.clone()), LONG_MS).await;
        assert!(is_in_doubt(&result), "{garbage:?}: {result:?}");
    }
}

/// Sends `start` and then a hundred megabytes of `more`; what the other side took comes back.
fn flooding(start: &'static str, more: &'static str) -> (SocketAddr, UnboundedReceiver<usize>) {
    let (sender, taken) = unbounded_channel();
    let address = receiver(move |mut stream| {
        request_read(&mut stream);
        let block = more.repeat(64 * 1024 / more.len());
        let mut sent = stream.write_all(start.as_bytes());
        let mut bytes = 0;
        while sent.is_ok() && bytes < 100 * MEGABYTE {
            sent = stream.write_all(block.as_bytes());
            bytes += block.len();
        }
        let _ = sender.send(bytes);
    });
    (address, taken)
}

#[tokio::test]
async fn a_flood_of_body_is_cut() {
    for (start, more) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "8\r\nxxxxxxxx\r\n",
        ),
    ] {
        let (address, mut taken) = flooding(start, more);
        let reply = post(address, LONG_MS).await.unwrap();
        assert_eq!((reply.status, reply.body_start), (200, "x".repeat(1024)));
        // The rest was in the buffers of the system, on both sides.
        let taken = told(&mut taken).await;
        assert!(taken < 20 * MEGABYTE, "{start:?}: {taken} bytes were taken");
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_no_answer() {
    for (start, more) in [
        ("HTTP/1.1 200 OK\r\n", "x-header: value\r\n"),
        ("HTTP/1.1 200 OK\r\nx-header: ", "x"),
        ("HTTP/1.1 200 ", "x"),
        ("", "x"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            "x",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "x-trailer: value\r\n",
        ),
    ] {
        let (address, mut taken) = flooding(start, more);
        let result = post(address, LONG_MS).await;
        assert!(is_in_doubt(&result), "{start:?}: {result:?}");
        let taken = told(&mut taken).await;
        assert!(taken < 20 * MEGABYTE, "{start:?}: {taken} bytes were taken");
    }
}

/// A receiver that promises an answer for ever costs no memory, and its time is over too.
#[tokio::test]
async fn a_flood_of_promises_is_bounded() {
    let address = receiver(|mut stream| {
        request_read(&mut stream);
        let block = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000);
        while stream.write_all(block.as_bytes()).is_ok() {}
    });
    let result = post(address, SHORT_MS).await;
    assert!(is_in_doubt(&result), "{result:?}");
}

#[tokio::test]
async fn what_is_shown_of_headers_is_bounded() {
    let many = format!("x-long: {}\r\n", "v".repeat(4_000)).repeat(50);
    let address = answering(format!(
        "HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n"
    ));
    let reply = post(address, LONG_MS).await.unwrap();
    assert_eq!(reply.headers.len(), 32);
    assert!(reply.headers.iter().all(|(_, value)| value.len() == 256));
}

/// Ten megabytes of zeros in a few hundred bytes less than 65 thousand: a literal zero and then
/// "258 times the byte before", 13 bits each, in deflate's fixed code.
fn gzip_bomb() -> Vec<u8> {
    let repeats = 10 * MEGABYTE / 258;
    // Final block of fixed codes; literal 0 is 00110000; then length 258 (11000101) at distance 1
    // (00000); last the end of the block (0000000).
    let mut bits = "11000110000".to_owned();
    bits.push_str(&"1100010100000".repeat(repeats));
    bits.push_str("0000000");
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    for eight in bits.as_bytes().chunks(8) {
        let bit = |(at, bit): (usize, &u8)| u8::from(*bit == b'1') << at;
        bytes.push(eight.iter().enumerate().map(bit).sum());
    }
    // The checksum is wrong; whoever inflates sees that when it is too late.
    bytes.extend([0; 8]);
    bytes
}

#[tokio::test]
async fn a_bomb_is_not_inflated() {
    let bomb = gzip_bomb();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    )
    .into_bytes();
    answer.extend(&bomb);
    let (sender, mut asked) = unbounded_channel();
    let address = receiver(move |mut stream| {
        let _ = sender.send(request_read(&mut stream));
        let _ = stream.write_all(&answer);
    });
    let reply = post(address, LONG_MS).await.unwrap();
    let raw: String = String::from_utf8_lossy(&bomb).chars().take(1024).collect();
    assert_eq!((reply.status, reply.body_start), (200, raw));
    let asked = told(&mut asked).await.to_lowercase();
    assert!(!asked.contains("accept-encoding"), "{asked}");
    assert!(asked.starts_with("post /hook http/1.1\r\n"), "{asked}");
}
