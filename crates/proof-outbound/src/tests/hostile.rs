//! Thousands of webhook addresses that mean harm, against the real transport and real listeners.

use super::kit::{
    NOT_PUBLIC, OWN, Visitors, door, is_refusal, outbound_at, outbound_with, post_to,
};
use crate::{Guard, Outbound, OutboundError, PartnerReply, Places};
use futures::{StreamExt, stream};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use url::Url;

const URLS_MIN: usize = 3_000;
const PER_HOST: usize = 16;
const AT_A_TIME: usize = 16;
/// Whatever is refused is refused at once; this only keeps a failure short.
const TIMEOUT_MS: u64 = 3_000;
/// For the one call that is dialled and leads nowhere.
const NOWHERE_MS: u64 = 400;
/// In 2d00::/8, which nobody was given: public by its form, and nobody is called by mistake.
const PUBLIC: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2d00, 0, 0, 0, 0, 0, 0, 1));

const V4: [[u8; 4]; 19] = [
    [127, 0, 0, 1],
    [127, 0, 0, 2],
    [127, 255, 255, 254],
    [0, 0, 0, 0],
    [10, 0, 0, 1],
    [172, 16, 0, 1],
    [192, 168, 1, 1],
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [192, 0, 0, 192],
    [192, 0, 2, 2],
    [198, 18, 0, 1],
    [203, 0, 113, 7],
    [224, 0, 0, 1],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];

const V6: [&str; 14] = [
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fd00::2]",
    "[fd00:ec2::254]",
    "[FD20:CE::254]",
    "[ff02::1]",
    "[fec0::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[2001::1]",
];

/// Names of the inside, and decoys; in these tests each leads to the inside.
const NAMES: [&str; 16] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "loc%61lhost",
    "ｌｏｃａｌｈｏｓｔ",
    "local\u{ad}host",
    "localhost.localdomain",
    "ip6-localhost",
    "a.localhost",
    "metadata.google.internal",
    "kubernetes.default.svc",
    "host.docker.internal",
    "127.0.0.1.nip.example",
    "7f000001.decoy.example",
    "xn--decoy-.example",
    "decoy.example",
];

/// The ports that the addresses below name, or have by their scheme.
const PORTS: [u16; 2] = [80, 443];

/// `SplitMix64`: the same addresses in every run.
struct Seeded(u64);

impl Seeded {
    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let at = usize::try_from((z ^ (z >> 31)) % u64::try_from(from.len()).unwrap()).unwrap();
        from[at].clone()
    }
}

fn spellings(ip: [u8; 4]) -> Vec<String> {
    let [a, b, c, d] = ip;
    let whole = u32::from_be_bytes(ip);
    let (low3, low2) = (whole & 0x00ff_ffff, whole & 0xffff);
    let (high, low) = (whole >> 16, low2);
    let dotted = format!("{a}.{b}.{c}.{d}");
    let digits_from = |zero: u32| -> String {
        let digit = |c: char| Some(zero + c.to_digit(10)?).and_then(char::from_u32);
        dotted.chars().map(|c| digit(c).unwrap_or(c)).collect()
    };
    vec![
        format!("{whole}"),
        format!("{whole:#x}"),
        format!("0X{whole:X}"),
        format!("{whole:#010x}"),
        format!("0{whole:o}"),
        format!("000000{whole:o}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0000{a:o}.0x000{b:x}.{c}.{d}"),
        format!("{a}.{low3}"),
        format!("{a}.{b}.{low2}"),
        format!("0x{a:x}.{low3:#o}").replace("0o", "0"),
        format!("{a}.{b}.{c}.{}", u32::from(d) + 256),
        format!("{dotted}."),
        format!("{dotted}.."),
        dotted.replace('.', "。"),
        dotted.replace('.', "．"),
        dotted.replace('.', "｡"),
        dotted.replace('.', "%2e"),
        dotted.replace('.', "%252e"),
        dotted.replace('.', "\t."),
        dotted.replace('.', ".\n"),
        dotted.replace('.', ".\u{200b}"),
        dotted.bytes().map(|byte| format!("%{byte:x}")).collect(),
        // Full width, mathematical, Arabic.
        digits_from(0xff10),
        digits_from(0x1d7ce),
        digits_from(0x0660),
        format!("[{dotted}]"),
        format!("[::ffff:{dotted}]"),
        format!("[::FFFF:{high:X}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04x}:{low:04x}]"),
        format!("[::ffff:0:{dotted}]"),
        format!("[::{dotted}]"),
        format!("[64:ff9b::{dotted}]"),
        format!("[64:FF9B:1::{high:x}:{low:x}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!(
            "[2001:0:{high:x}:{low:x}::{:x}:{:x}]",
            !high & 0xffff,
            !low & 0xffff
        ),
        format!("[fe80::5efe:{dotted}]"),
        dotted,
    ]
}

const SCHEMES: [&str; 34] = [
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "https://",
    "http://",
    "http://",
    "HTTPS://",
    "hTTpS://",
    "ht\ntps://",
    " https://",
    "https:",
    "https:/",
    "https:////",
    "https:\\\\",
    "http:\\/",
    "ftp://",
    "ws://",
    "wss://",
    "gopher://",
    "file://",
    "ldap://",
    "blob:https://",
    "data:",
    "javascript://",
    "//",
    "jar:https://",
];

/// H is the forbidden host with its port.
const AUTHORITIES: [&str; 25] = [
    "H",
    "H",
    "H",
    "H",
    "H",
    "H",
    "H",
    "H",
    "@H",
    ":@H",
    "user@H",
    "user:word@H",
    "decoy.example@H",
    "decoy.example:443@H",
    "decoy.example%40H",
    "decoy.example\\@H",
    "decoy.example%2f@H",
    "H\\@decoy.example",
    "H#@decoy.example",
    "H?@decoy.example",
    "H\\decoy.example",
    "decoy.example&@H",
    "H%00.decoy.example",
    "H%23.decoy.example",
    "H ",
];

const PATHS: [&str; 14] = [
    "",
    "/",
    "/hook",
    "/latest/meta-data/iam/",
    "/../..",
    "/%2e%2e/%2E%2e",
    "?a=b",
    "#",
    "/\\..\\",
    "/hook?to=http://127.0.0.1/",
    "/🦀",
    "//",
    "/;a=b",
    "/hook\r\nhost: inside",
];

/// Around each spelling of each forbidden place, some of all that can surround it.
fn hostile_urls(port: u16) -> BTreeSet<String> {
    let plain = format!(":{port}");
    let (zero, tab) = (format!(":0{port}"), format!("\t:{port}"));
    let ports = [
        &plain, &plain, &plain, &zero, &tab, "", "", ":", ":443", ":80",
    ];
    let mut hosts: Vec<String> = V4.into_iter().flat_map(spellings).collect();
    hosts.extend([&V6[..], &NAMES[..]].concat().into_iter().map(String::from));
    let mut seeded = Seeded(0x5eed);
    let mut urls = BTreeSet::new();
    for host in hosts {
        for _ in 0..PER_HOST {
            let place = format!("{host}{}", seeded.pick(&ports));
            let authority = seeded.pick(&AUTHORITIES).replace('H', &place);
            let (scheme, path) = (seeded.pick(&SCHEMES), seeded.pick(&PATHS));
            urls.insert(format!("{scheme}{authority}{path}"));
        }
    }
    urls
}

/// Which of these can be given as a webhook's address at all, with what became of them.
async fn called(
    outbound: &Outbound,
    guard: Guard,
    urls: &BTreeSet<String>,
) -> Vec<(Url, Result<PartnerReply, OutboundError>)> {
    let door = &door(outbound, guard, TIMEOUT_MS);
    let urls = urls.iter().filter_map(|text| Url::parse(text).ok());
    stream::iter(urls)
        .map(|url| async move { (url.clone(), post_to(door, url).await) })
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await
}

/// A name that cannot be in a certificate is given up before it is looked up.
fn is_no_name(result: &Result<PartnerReply, OutboundError>) -> bool {
    matches!(result, Err(OutboundError::NotSent(said)) if said.ends_with("invalid dns name"))
}

/// Names lead to addresses of all the forbidden kinds, and some of them also to public ones.
fn astray(name: &str) -> Vec<IpAddr> {
    let inside = V4.map(IpAddr::from);
    let inside = inside[name.bytes().map(usize::from).sum::<usize>() % inside.len()];
    match name.len() % 3 {
        0 => vec![inside],
        1 => vec![PUBLIC, inside],
        _ => vec![inside, PUBLIC],
    }
}

fn nets(texts: &[&str]) -> Vec<ipnet::IpNet> {
    texts.iter().map(|net| net.parse().unwrap()).collect()
}

#[tokio::test]
async fn no_hostile_address_is_dialled() {
    let listener = Visitors::everywhere();
    let urls = hostile_urls(listener.port);
    assert!(urls.len() >= URLS_MIN, "only {} URLs", urls.len());
    for (guard, allow) in [
        (Guard::PublicHttps, nets(&["0.0.0.0/0", "::/0"])),
        (Guard::Sandbox, Vec::new()),
    ] {
        let outbound = outbound_with(Places::new(allow, Vec::new(), &[]), astray);
        let results = called(&outbound, guard, &urls).await;
        let (mut by_form, mut by_address, mut by_name) = (0, 0, 0);
        for (url, result) in &results {
            match result {
                Err(OutboundError::Refused(said)) if *said == NOT_PUBLIC => by_address += 1,
                Err(OutboundError::Refused(_)) => by_form += 1,
                _ if is_refusal(result, NOT_PUBLIC) => by_name += 1,
                _ if is_no_name(result) => by_form += 1,
                _ => panic!("{guard:?} {url}: {result:?}"),
            }
        }
        // Were they all unreadable, nothing would be shown.
        let counts =
            format!("{guard:?}: {by_address} by address, {by_name} by name, {by_form} by form");
        assert!(by_address >= URLS_MIN && by_name >= 300, "{counts}");
        let received = listener.received_at(Ipv4Addr::LOCALHOST);
        assert_eq!(received, [], "{guard:?}");
    }
}

#[tokio::test]
async fn no_list_opens_our_own_listeners_or_what_cannot_be_listed() {
    let listener = Visitors::everywhere();
    let urls = hostile_urls(listener.port);
    let own = [listener.port, PORTS[0], PORTS[1]]
        .map(|port| SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port))
        .to_vec();
    let allow = nets(&["0.0.0.0/0", "::/0"]);
    let outbound = outbound_with(Places::new(allow, own, &[]), astray);
    let (mut own, mut not_listable) = (0, 0);
    for (url, result) in called(&outbound, Guard::Sandbox, &urls).await {
        if is_refusal(&result, OWN) {
            own += 1;
        } else if is_refusal(&result, NOT_PUBLIC) {
            not_listable += 1;
        } else {
            let refused = matches!(result, Err(OutboundError::Refused(_)));
            assert!(refused || is_no_name(&result), "{url}: {result:?}");
        }
    }
    let counts = format!("{own} own, {not_listable} not listable");
    assert!(own >= 700 && not_listable >= 2_000, "{counts}");
    assert_eq!(listener.received_at(Ipv4Addr::LOCALHOST), []);
}

/// The same spellings where loopback is allowed: were the listener deaf, or the spellings no
/// addresses, the tests above would show nothing.
#[tokio::test]
async fn the_same_spellings_reach_what_is_allowed() {
    let listener = Visitors::everywhere();
    let urls: BTreeSet<String> = spellings([127, 0, 0, 1])
        .iter()
        .map(|host| format!("http://{host}:{}/hook", listener.port))
        .collect();
    let outbound = outbound_at(Places::default());
    let results = called(&outbound, Guard::Sandbox, &urls).await;
    let reached = results.iter().filter(|(_, result)| result.is_ok()).count();
    assert!(reached >= 15, "{results:?}");
    let received = listener.received_at(Ipv4Addr::LOCALHOST);
    assert_eq!(received.len(), reached);
}

#[tokio::test]
async fn a_name_with_one_foot_inside_is_not_called() {
    let listener = Visitors::everywhere();
    for inside in V4.map(IpAddr::from) {
        for found in [
            vec![inside],
            vec![PUBLIC, inside],
            vec![inside, PUBLIC],
            vec![PUBLIC, Ipv6Addr::LOCALHOST.into(), PUBLIC, inside],
        ] {
            let said = found.clone();
            let places = Places::new(Vec::new(), Vec::new(), &[]);
            let outbound = outbound_with(places, move |_| said.clone());
            for (guard, scheme) in [(Guard::PublicHttps, "https"), (Guard::Sandbox, "http")] {
                let url = format!("{scheme}://mixed.example:{}/", listener.port);
                let door = door(&outbound, guard, TIMEOUT_MS);
                let result = post_to(&door, url.parse().unwrap()).await;
                assert!(
                    is_refusal(&result, NOT_PUBLIC),
                    "{guard:?} {found:?}: {result:?}"
                );
            }
        }
    }
    assert_eq!(listener.received_at(Ipv4Addr::LOCALHOST), []);
}

/// A name that is honest when it is checked and leads inside when it is asked again.
#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_dialled() {
    let listener = Visitors::everywhere();
    let first_then_inside = |first: IpAddr| {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let names = move |_: &str| match count.fetch_add(1, Ordering::Relaxed) {
            0 => vec![first],
            _ => vec![IpAddr::from([127, 0, 0, 2])],
        };
        let places = Places::new(nets(&["127.0.0.1/32"]), Vec::new(), &[]);
        (outbound_with(places, names), asked)
    };

    let (outbound, asked) = first_then_inside(Ipv4Addr::LOCALHOST.into());
    let url: Url = format!("http://rebind.example:{}/", listener.port)
        .parse()
        .unwrap();
    let sandbox = door(&outbound, Guard::Sandbox, TIMEOUT_MS);
    assert_eq!(post_to(&sandbox, url.clone()).await.unwrap().status, 200);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let second = post_to(&sandbox, url).await;
    assert!(is_refusal(&second, NOT_PUBLIC), "{second:?}");
    let received = listener.received_at(Ipv4Addr::LOCALHOST);
    assert_eq!(
        received,
        [SocketAddr::new(Ipv4Addr::LOCALHOST.into(), listener.port)]
    );

    let (outbound, asked) = first_then_inside(PUBLIC);
    let url: Url = format!("https://rebind.example:{}/", listener.port)
        .parse()
        .unwrap();
    let public = door(&outbound, Guard::PublicHttps, NOWHERE_MS);
    let first = post_to(&public, url.clone()).await;
    assert!(
        first.is_err() && !is_refusal(&first, NOT_PUBLIC),
        "{first:?}"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the name was asked again");
    let second = post_to(&public, url).await;
    assert!(is_refusal(&second, NOT_PUBLIC), "{second:?}");
    assert_eq!(listener.received_at(Ipv4Addr::LOCALHOST), []);
}
