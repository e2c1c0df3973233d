//! What is ours is not called on a partner's behalf, by whichever name.

use super::kit::{
    NOT_PUBLIC, OWN, Visitors, door, is_refusal, outbound_at, outbound_with, post_to,
};
use crate::{Guard, Outbound, OutboundError, Places};
use std::{
    env,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::Command,
};
use url::Url;

const TIMEOUT_MS: u64 = 2_000;
const PUBLIC: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2d00, 0, 0, 0, 0, 0, 0, 1));

fn loopback() -> Vec<ipnet::IpNet> {
    vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]
}

async fn sandbox(outbound: &Outbound, url: &str) -> Result<u16, OutboundError> {
    let door = door(outbound, Guard::Sandbox, TIMEOUT_MS);
    let reply = post_to(&door, Url::parse(url).unwrap()).await;
    reply.map(|reply| reply.status)
}

async fn is_own(outbound: &Outbound, guard: Guard, url: &str) -> bool {
    let door = door(outbound, guard, TIMEOUT_MS);
    let url = Url::parse(url).unwrap();
    let checked = door.check_url(&url);
    let posted = post_to(&door, url).await;
    // Whatever the text shows is told before anything is sent.
    assert!(!matches!(posted, Err(OutboundError::Refused(_))) || checked.is_err());
    is_refusal(&posted, OWN)
}

#[tokio::test]
async fn our_own_listeners_are_refused_and_their_neighbours_are_not() {
    let (ours, other) = (Visitors::everywhere(), Visitors::everywhere());
    let base = format!("http://Pay.Example:{}/app", ours.port);
    let base = Url::parse(&base).unwrap();
    for own in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
        let own = SocketAddr::new(own.parse().unwrap(), ours.port);
        let outbound = outbound_at(Places::new(
            loopback(),
            vec![own],
            std::slice::from_ref(&base),
        ));
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "2130706433",
            "localhost",
            "LOCALHOST",
            "[::1]",
            "pay.example",
            "PAY.EXAMPLE.",
        ] {
            let url = format!("http://{host}:{}/hook", ours.port);
            assert!(is_own(&outbound, Guard::Sandbox, &url).await, "{own} {url}");
        }
        for host in ["127.0.0.1", "localhost"] {
            let url = format!("http://{host}:{}/hook", other.port);
            assert_eq!(sandbox(&outbound, &url).await, Ok(200), "{own} {url}");
        }
    }
    assert_eq!(ours.received_at(Ipv4Addr::LOCALHOST), []);
    assert_eq!(other.received_at(Ipv4Addr::LOCALHOST).len(), 6);
}

#[tokio::test]
async fn a_listener_at_one_address_is_refused_at_that_address() {
    let listener = Visitors::everywhere();
    let own = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), listener.port);
    let places = Places::new(loopback(), vec![own], &[]);
    let outbound = outbound_with(places, |name| match name {
        "inside.example" => vec![Ipv4Addr::LOCALHOST.into()],
        "both.example" => vec![[127, 0, 0, 9].into(), Ipv4Addr::LOCALHOST.into()],
        _ => vec![[127, 0, 0, 9].into()],
    });
    for host in ["127.0.0.1", "inside.example", "both.example"] {
        let url = format!("http://{host}:{}/", listener.port);
        assert!(is_own(&outbound, Guard::Sandbox, &url).await, "{url}");
    }
    assert_eq!(listener.received_at(Ipv4Addr::LOCALHOST), []);
    // Linux answers at all of 127.0.0.0/8; elsewhere the address is at least not refused.
    let url = format!("http://other.example:{}/", listener.port);
    assert!(!is_own(&outbound, Guard::Sandbox, &url).await);
}

#[tokio::test]
async fn our_public_place_is_refused_to_live_webhooks() {
    let own = vec![SocketAddr::new(PUBLIC, 443), SocketAddr::new(PUBLIC, 8443)];
    let base = Url::parse("https://pay.example").unwrap();
    let outbound = outbound_with(Places::new(loopback(), own, &[base]), |_| vec![PUBLIC]);
    for url in [
        "https://[2d00::1]/",
        "https://[2d00:0::0:1]:8443/",
        "https://pay.example/hook",
        "https://pay.example:443/hook",
        "https://pay.example.:443/hook",
        "https://leads-to-us.example/",
        "https://leads-to-us.example:8443/",
    ] {
        assert!(is_own(&outbound, Guard::PublicHttps, url).await, "{url}");
        assert!(is_own(&outbound, Guard::Sandbox, url).await, "{url}");
    }
    let door = outbound.partner(Guard::PublicHttps);
    for url in ["https://pay.example:8444/", "https://[2d00::1]:8444/"] {
        assert_eq!(door.check_url(&Url::parse(url).unwrap()), Ok(()), "{url}");
    }
}

#[tokio::test]
async fn the_list_holds_for_the_sandbox_alone() {
    let listener = Visitors::everywhere();
    let net = vec!["127.0.0.1/32".parse().unwrap()];
    let outbound = outbound_at(Places::new(net, Vec::new(), &[]));
    let url = format!("http://127.0.0.1:{}/", listener.port);
    assert_eq!(sandbox(&outbound, &url).await, Ok(200));
    for host in ["127.0.0.2", "[::1]"] {
        let url = format!("http://{host}:{}/", listener.port);
        let refused = Err(OutboundError::Refused(NOT_PUBLIC));
        assert_eq!(sandbox(&outbound, &url).await, refused, "{url}");
    }
    let live = door(&outbound, Guard::PublicHttps, TIMEOUT_MS);
    let url = url.replace("http:", "https:").parse().unwrap();
    let refused = Err(OutboundError::Refused(NOT_PUBLIC));
    assert_eq!(post_to(&live, url).await, refused);
    assert_eq!(listener.received_at(Ipv4Addr::LOCALHOST).len(), 1);
}

/// Is run once more by the test below, with proxies in its environment.
#[tokio::test]
async fn a_call_goes_straight_to_its_place() {
    let listener = Visitors::at(Ipv4Addr::LOCALHOST).unwrap();
    let outbound = outbound_with(Places::default(), |_| vec![Ipv4Addr::LOCALHOST.into()]);
    let url = format!("http://shop.example:{}/", listener.port);
    assert_eq!(sandbox(&outbound, &url).await, Ok(200));
    let base = format!("http://localhost:{}/", listener.port);
    let configured = outbound.configured("test", base.parse().unwrap(), None);
    assert_eq!(configured.get(&[], &[]).await.unwrap().status, 200);
    assert_eq!(listener.received_at(Ipv4Addr::LOCALHOST).len(), 2);
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let proxy = Visitors::at(Ipv4Addr::LOCALHOST).unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([
        "--exact",
        "tests::places::a_call_goes_straight_to_its_place",
    ]);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env(name, format!("http://127.0.0.1:{}", proxy.port));
    }
    let output = command
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
    assert_eq!(proxy.received_at(Ipv4Addr::LOCALHOST), []);
}
