//! The only door out: HTTP and mail with time-outs, size limits and a retry class.
//!
//! Two kinds of host are called. One is named in the configuration by the operator and is trusted
//! to be anywhere ([`Configured`]). The other is named by a partner and is trusted with nothing:
//! [`PartnerDoor`] dials it only at addresses that its [`Guard`] allows and that are not our own
//! ([`Places`]). Neither follows a redirect, so the host that was checked is the host that is spoken
//! to.
//!
//! Mail goes to one server that the operator named ([`SmtpDoor`]).
//!
//! The [`Transport`] underneath HTTP is a trait: a simulation puts its own network there.

mod configured;
mod guard;
mod http_transport;
mod partner;
mod places;
mod smtp;
mod transport;

pub use configured::{Answer, CallError, Configured, Sent};
pub use guard::Guard;
pub use http_transport::HttpTransport;
pub use partner::{OutboundError, PartnerCall, PartnerDoor, PartnerReply};
pub use places::Places;
pub use smtp::{Envelope, SmtpConfigError, SmtpDoor, SmtpError, letter};
pub use transport::{Limits, Overlong, Transport, TransportError};

use std::sync::Arc;
use url::Url;

/// Hands out the two kinds of door over one transport.
#[derive(Clone)]
pub struct Outbound {
    transport: Arc<dyn Transport>,
    places: Arc<Places>,
}

impl Outbound {
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self::with_places(transport, Arc::default())
    }

    /// The same places belong into the transport, which checks what names lead to.
    pub fn with_places(transport: Arc<dyn Transport>, places: Arc<Places>) -> Self {
        Self { transport, places }
    }

    /// A provider at a fixed place; `name` is what errors and logs call it.
    pub fn configured(&self, name: &'static str, base: Url, bearer: Option<String>) -> Configured {
        Configured::new(Arc::clone(&self.transport), name, base, bearer)
    }

    /// A place that a partner named.
    pub fn partner(&self, guard: Guard) -> PartnerDoor {
        PartnerDoor::new(Arc::clone(&self.transport), guard, Arc::clone(&self.places))
    }
}

#[cfg(test)]
mod tests;
