//! Identifiers: one type each, UUIDv7 inside, a visible prefix outside.

use crate::time::{Entropy, Timestamp, random};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_…")]
pub struct IdError {
    pub prefix: &'static str,
}

/// A fresh UUIDv7: sortable by time, unguessable in its last 74 bits.
pub fn uuid_v7(now: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random(entropy)).into_uuid()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(now, entropy))
            }

            /// Above every id that was ever made.
            pub const LAST: Self = Self(Uuid::max());

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }
    };
}

id!(/// A business that embeds the widget.
    PartnerId, "prt");
id!(/// One `partner_user_id` of one partner.
    CustomerId, "cus");
id!(/// Whom a verification belongs to.
    PersonId, "per");
id!(/// One attempt to prove identity.
    VerificationId, "ver");
id!(/// One buy or sell; a plain UUID on the wire, as `merchant_transaction_id`.
    OrderId, "ord");
id!(/// A fact about an order.
    EventId, "evt");
id!(/// A scenario that a sandbox plays.
    PlayId, "ply");
id!(/// One opening of the widget for one order.
    VisitId, "vis");
id!(/// A webhook endpoint of a partner.
    EndpointId, "whe");
id!(/// One event on its way to one endpoint.
    DeliveryId, "whd");
id!(/// One balanced set of ledger postings.
    EntryId, "ent");
id!(/// One movement that the signer is asked for, for ever.
    IntentId, "int");
id!(/// A row of work with a lease.
    JobId, "job");
id!(/// One locked price.
    QuoteId, "quo");
id!(/// Crypto that arrived at an address of ours.
    DepositId, "dep");
id!(/// One emptying of a deposit address.
    SweepId, "swp");
id!(/// Money that moved, or is owed, outside of an order's happy path.
    CaseId, "cas");
id!(/// A card that a customer lets us keep.
    CardId, "crd");
id!(/// One letter to a user.
    MailId, "mai");
id!(/// A person of the console.
    MemberId, "mem");
id!(/// A passkey of a person of the console.
    PasskeyId, "psk");
id!(/// Something on which books and world do not agree.
    FindingId, "fnd");
id!(/// Something that is wrong with the installation, from its beginning to its end.
    AlertId, "alt");
id!(/// One try to copy the database to another place.
    BackupId, "bak");
