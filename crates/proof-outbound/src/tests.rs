//! The real transport against servers that misbehave, each on a thread with a plain socket.

mod chaos;
mod hostile;
mod kit;
mod places;
mod tls;

use crate::{Guard, OutboundError, PartnerReply, Sent};
use kit::{outbound, post};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::mpsc,
    thread,
};

/// Reads one request's head, answers these bytes and hangs up; what it read comes back.
fn server(answer: impl Into<Vec<u8>>) -> (SocketAddr, mpsc::Receiver<String>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let _ = sender.send(String::from_utf8_lossy(&head).into_owned());
            // The other side may have heard enough already.
            let _ = stream.write_all(&answer);
        }
    });
    (address, asked)
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn a_reply_is_kept_with_what_a_schedule_needs() {
    let answer = "HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 4\r\n\r\nlate";
    let (address, asked) = server(answer);
    let reply = post(Guard::Sandbox, &format!("http://{address}/hook?a=b")).await;
    let expected = PartnerReply {
        status: 503,
        retry_after_s: Some(120),
        headers: [("retry-after", "120"), ("content-length", "4")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body_start: "late".to_owned(),
    };
    assert_eq!(reply, Ok(expected));
    let head = asked.recv().unwrap();
    assert!(head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("webhook-id: evt_1\r\n"), "{head}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (target, asked) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let (address, _) = server(format!(
        "HTTP/1.1 307 Moved\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n"
    ));
    let url = format!("http://{address}/");
    assert_eq!(post(Guard::Sandbox, &url).await.unwrap().status, 307);
    let configured = outbound().configured("test", url.parse().unwrap(), None);
    assert_eq!(configured.get(&["x"], &[]).await.unwrap().status, 307);
    assert!(asked.try_recv().is_err(), "the target was called");
}

#[tokio::test]
async fn a_long_reply_is_cut_for_a_partner_and_refused_from_a_provider() {
    let long = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 4000000\r\n\r\n".as_slice(),
        &vec![b'x'; 4_000_000],
    ]
    .concat();
    let (address, _) = server(long);
    let url = format!("http://{address}/");
    let reply = post(Guard::Sandbox, &url).await.unwrap();
    assert_eq!((reply.status, reply.body_start.len()), (200, 1024));
    let configured = outbound().configured("test", url.parse().unwrap(), None);
    let error = configured.get(&[], &[]).await.unwrap_err();
    assert_eq!(
        (error.sent, error.context.as_str()),
        (Sent::Maybe, "the answer is too long")
    );
}

#[tokio::test]
async fn what_was_not_sent_is_told_from_what_may_have_been() {
    let gone = format!("http://{}/", nobody());
    for url in [gone.as_str(), "http://no-such-host.invalid/"] {
        let error = post(Guard::Sandbox, url).await.unwrap_err();
        assert!(matches!(error, OutboundError::NotSent(_)), "{url}: {error}");
        let configured = outbound().configured("test", url.parse().unwrap(), None);
        let error = configured.get(&[], &[]).await.unwrap_err();
        assert_eq!(error.sent, Sent::No, "{url}: {error}");
    }
    for answer in [
        "",
        "what?\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
    ] {
        let (address, asked) = server(answer);
        let url = format!("http://{address}/");
        let error = post(Guard::Sandbox, &url).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::MaybeSent(_)),
            "{answer:?}: {error}"
        );
        let configured = outbound().configured("test", url.parse().unwrap(), None);
        let error = configured.post(&["pay"], &()).await.unwrap_err();
        assert_eq!(error.sent, Sent::Maybe, "{answer:?}: {error}");
        assert!(asked.try_recv().is_ok());
    }
}

#[tokio::test]
async fn a_name_is_checked_where_it_leads() {
    let (address, asked) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let port = address.port();
    let error = post(Guard::PublicHttps, &format!("https://localhost:{port}/")).await;
    let Err(OutboundError::NotSent(context)) = error else {
        panic!("{error:?}");
    };
    assert!(context.contains("not public"), "{context}");
    let error = post(Guard::PublicHttps, &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(
        error,
        Err(OutboundError::Refused("the address is not public"))
    );
    let error = post(Guard::PublicHttps, &format!("http://localhost:{port}/")).await;
    assert_eq!(error, Err(OutboundError::Refused("only https is called")));
    assert!(asked.try_recv().is_err(), "the inside was called");
    let reply = post(Guard::Sandbox, &format!("http://localhost:{port}/")).await;
    assert_eq!(reply.unwrap().status, 200);
}

#[tokio::test]
async fn errors_tell_no_secrets_of_the_address() {
    let url = format!("http://{}/hook/s3cret?token=s3cret", nobody());
    let error = post(Guard::Sandbox, &url).await.unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn name_and_password_in_an_address_go_where_they_belong() {
    let (address, asked) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let outbound = kit::outbound();
    let url = format!("http://us%40er:p%3Ass@{address}").parse().unwrap();
    let door = outbound.configured("node", url, None);
    assert_eq!(door.base().as_str(), format!("http://{address}/"));
    door.post_for(&1, 10).await.unwrap();
    let head = asked.recv().unwrap().to_lowercase();
    // us@er:p:ss
    assert!(
        head.contains("authorization: basic dxnazxi6cdpzcw==\r\n"),
        "{head}"
    );
    assert!(!head.contains("p%3a"), "{head}");
}
