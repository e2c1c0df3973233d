//! Which addresses a host named by a partner may have (protection against SSRF).

use crate::places::Places;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// `https` at addresses of the public internet.
    PublicHttps,
    /// Also `http`, and the networks that are listed in [`Places`]: where developers' servers live.
    Sandbox,
}

impl Guard {
    /// Checks what can be seen in the address itself. Names are checked again when they have been
    /// resolved, on the address that is dialled, since a name may change its mind in between.
    pub(crate) fn check_url(self, url: &Url, places: &Places) -> Result<(), &'static str> {
        match (url.scheme(), self) {
            ("https", _) | ("http", Self::Sandbox) => {}
            (_, Self::PublicHttps) => return Err("only https is called"),
            (_, Self::Sandbox) => return Err("only http and https are called"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a user name is not called");
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err("the address names no host");
        };
        if places.is_own_host(host.clone(), port) {
            return Err(OWN);
        }
        match host {
            Host::Domain(_) => Ok(()),
            Host::Ipv4(ip) => self.check_ip(ip.into(), Some(port), places),
            Host::Ipv6(ip) => self.check_ip(ip.into(), Some(port), places),
        }
    }

    /// Checks an address before it is dialled; without a port when the port is none of ours.
    pub(crate) fn check_ip(
        self,
        ip: IpAddr,
        port: Option<u16>,
        places: &Places,
    ) -> Result<(), &'static str> {
        if !(is_public(ip) || (self == Self::Sandbox && places.allows(ip))) {
            return Err("the address is not public");
        }
        if port.is_some_and(|port| places.is_own(ip, port)) {
            return Err(OWN);
        }
        Ok(())
    }
}

const OWN: &str = "the address is one of this service";

pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => v4_is_public(ip),
        IpAddr::V6(ip) => v6_is_public(ip),
    }
}

/// What a list of allowed networks can open. Named one by one, so that a kind of address that
/// nobody thought of stays shut.
pub(crate) fn is_listable(ip: IpAddr) -> bool {
    let inside = match ip {
        IpAddr::V4(ip) => {
            ip.is_loopback() || ip.is_private() || v4_is_shared(ip) || v4_is_benchmark(ip)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    };
    inside && !is_metadata(ip)
}

/// The services that hand a machine of a cloud its credentials, as far as they are not link-local.
fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let ip = ip.octets();
            ip == [100, 100, 100, 200]                  // Alibaba
                || ip == [168, 63, 129, 16] // Azure; in a public range
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            (a == 0xfd00 && b == 0x0ec2)                // Amazon
                || (a == 0xfd20 && b == 0x00ce)         // Google
                || (a == 0xfd00 && b == 0x00c1)         // Oracle
                || (a == 0xfd00 && b == 0x0042) // Scaleway
        }
    }
}

const fn v4_is_shared(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 100 && b >= 64 && b < 128
}

const fn v4_is_benchmark(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 198 && (b == 18 || b == 19)
}

/// Everything that the IANA registry of special IPv4 addresses keeps from being global unicast.
fn v4_is_public(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0                                // this network
        || ip.is_private()
        || v4_is_shared(ip)                             // carrier-grade NAT
        || ip.is_loopback()
        || ip.is_link_local()                           // clouds keep their metadata here
        || is_metadata(ip.into())
        || (a == 192 && b == 0 && c == 0)               // protocol assignments
        || ip.is_documentation()
        || (a == 192 && b == 31 && c == 196)            // AS112
        || (a == 192 && b == 52 && c == 193)            // AMT
        || (a == 192 && b == 88 && c == 99)             // 6to4 relays
        || (a == 192 && b == 175 && c == 48)            // AS112
        || v4_is_benchmark(ip)
        || a >= 224; // multicast, reserved, broadcast
    !special
}

/// Global unicast is 2000::/3 and nothing else; inside it, ranges that carry or stand for another
/// address are refused, since a translator on the way could lead back in.
const fn v6_is_public(ip: Ipv6Addr) -> bool {
    let [a, b, c, ..] = ip.segments();
    let global = (a & 0xe000) == 0x2000;
    // 2001::/23 is for protocols (Teredo, ORCHID, benchmarks), 2001:db8::/32 for documentation.
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8))
        || a == 0x2002                                  // 6to4
        || (a == 0x2620 && b == 0x004f && c == 0x8000)  // AS112
        || (a == 0x3fff && b < 0x1000); // documentation
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORBIDDEN: [&str; 54] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2620:4f:8000::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    #[test]
    fn forbidden_ranges_are_refused() {
        for text in FORBIDDEN {
            assert!(!is_public(text.parse().unwrap()), "{text} as an address");
            let url = if text.contains(':') {
                format!("https://[{text}]/hook")
            } else {
                format!("https://{text}/hook")
            };
            let url = Url::parse(&url).unwrap();
            assert!(
                Guard::PublicHttps
                    .check_url(&url, &Places::default())
                    .is_err(),
                "{url}"
            );
        }
    }

    #[test]
    fn neighbours_of_forbidden_ranges_are_allowed() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn odd_spellings_are_seen_through() {
        for text in [
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://127.0.0.1./",
            "https://１２７.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://0/",
            "https://[::ffff:7f00:1]/",
            "https://[0:0:0:0:0:0:0:1]/",
            "https://192.168.257/",
            "https://user@1.1.1.1/",
            "https://1.1.1.1:pass@10.0.0.1/",
            "http://1.1.1.1/",
            "ftp://1.1.1.1/",
            "file:///etc/passwd",
            "data:,x",
        ] {
            let verdict =
                Url::parse(text).map(|url| Guard::PublicHttps.check_url(&url, &Places::default()));
            assert!(!matches!(verdict, Ok(Ok(()))), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn the_sandbox_reaches_this_machine_and_what_is_listed() {
        let listed = Places::new(vec!["192.168.1.0/24".parse().unwrap()], Vec::new(), &[]);
        for (text, by_default, by_list) in [
            ("http://127.0.0.1:3000/hook", true, false),
            ("http://[::1]:3000/hook", true, false),
            ("http://192.168.1.20/hook", false, true),
            ("http://192.168.2.20/hook", false, false),
            ("http://[fd00::5]/hook", false, false),
            ("http://localhost:3000/hook", true, true),
            ("https://shop.example/hook", true, true),
            ("http://1.1.1.1/hook", true, true),
            ("http://169.254.169.254/latest/meta-data", false, false),
            ("http://0.0.0.0/", false, false),
            ("http://[fe80::1]/", false, false),
            ("http://224.0.0.1/", false, false),
            ("ws://127.0.0.1/", false, false),
        ] {
            let url = Url::parse(text).unwrap();
            let check = |places: &Places| Guard::Sandbox.check_url(&url, places).is_ok();
            assert_eq!(check(&Places::default()), by_default, "{text} by default");
            assert_eq!(check(&listed), by_list, "{text} by the list");
            let public = Guard::PublicHttps.check_url(&url, &listed).is_ok();
            assert_eq!(public, text == "https://shop.example/hook", "{text} live");
        }
    }

    #[test]
    fn a_list_opens_what_can_be_listed_and_no_more() {
        let everything = ["0.0.0.0/0", "::/0"].map(|net| net.parse().unwrap());
        let listed = Places::new(everything.to_vec(), Vec::new(), &[]);
        let opened: Vec<&str> = FORBIDDEN
            .into_iter()
            .filter(|text| listed.allows(text.parse().unwrap()))
            .collect();
        assert_eq!(
            opened,
            [
                "10.0.0.1",
                "10.255.255.255",
                "100.64.0.1",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.0.1",
                "198.18.0.1",
                "198.19.255.255",
                "::1",
                "fc00::1",
            ]
        );
        for text in ["100.100.100.200", "fd00:c1::a9fe:a9fe", "fd00:42::42"] {
            assert!(!listed.allows(text.parse().unwrap()), "{text}");
        }
    }
}
