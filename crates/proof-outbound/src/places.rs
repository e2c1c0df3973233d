//! What is true of this installation: who we are, and whom a sandbox may reach beside the internet.

use crate::guard::{is_listable, is_public};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

const LOOPBACK: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
];

/// Given once, when the transport and the doors are made; shared by all of them.
#[derive(Clone, Debug)]
pub struct Places {
    allow: Vec<IpNet>,
    own: Vec<SocketAddr>,
    own_hosts: Vec<(Host, u16)>,
}

impl Default for Places {
    /// This machine may be reached, and nothing on it is ours.
    fn default() -> Self {
        Self::new(LOOPBACK.to_vec(), Vec::new(), &[])
    }
}

impl Places {
    /// `allow`: networks that [`Guard::Sandbox`](crate::Guard::Sandbox) reaches beside the public
    /// internet; [`Guard::PublicHttps`](crate::Guard::PublicHttps) knows none. Only loopback,
    /// private (RFC 1918), unique local, shared (100.64.0.0/10) and benchmark (198.18.0.0/15)
    /// addresses can be listed. Link-local addresses, the metadata services of clouds, multicast,
    /// the unspecified address and every address that carries another one (IPv4-mapped and
    /// -compatible, NAT64, 6to4, Teredo) stay refused, also when an entry covers them.
    ///
    /// `own`: where our listeners are bound. One at the unspecified address (`0.0.0.0`, `::`)
    /// stands for its port at every address that is not public: behind which public address we are
    /// is not known here, so that has to be listed as well when it is to be refused.
    ///
    /// `own_urls`: where others find us (the public base URL); their host and port are refused.
    pub fn new(allow: Vec<IpNet>, own: Vec<SocketAddr>, own_urls: &[Url]) -> Self {
        let host = |url: &Url| Some((normal(url.host()?), url.port_or_known_default()?));
        Self {
            allow,
            own,
            own_hosts: own_urls.iter().filter_map(host).collect(),
        }
    }

    /// The networks that a sandbox reaches beside the public internet.
    pub fn allow(&self) -> &[IpNet] {
        &self.allow
    }

    pub(crate) fn allows(&self, ip: IpAddr) -> bool {
        is_listable(ip) && self.allow.iter().any(|net| net.contains(&ip))
    }

    pub(crate) fn is_own(&self, ip: IpAddr, port: u16) -> bool {
        self.own.iter().any(|own| {
            let bound = own.ip().to_canonical();
            own.port() == port && (bound == ip || (bound.is_unspecified() && !is_public(ip)))
        })
    }

    pub(crate) fn is_own_host(&self, host: Host<&str>, port: u16) -> bool {
        let host = normal(host);
        self.own_hosts
            .iter()
            .any(|(own, own_port)| *own == host && *own_port == port)
    }

    /// Where it matters which address a name leads to.
    pub(crate) fn own_ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.own.iter().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}

/// A name with and without its final dot is one name. URLs are in lower case already.
fn normal(host: Host<&str>) -> Host {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
        Host::Ipv4(ip) => Host::Ipv4(ip),
        Host::Ipv6(ip) => Host::Ipv6(ip),
    }
}
