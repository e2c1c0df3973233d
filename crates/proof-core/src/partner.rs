//! A business that embeds the widget, and what it is allowed to do.

mod accident;
mod look;
mod policy;
mod returns;

pub use accident::{AccidentPolicy, LatePolicy, Remedy, StrayPolicy, UnderpaidPolicy};
pub use look::{Accent, Font, Logo, LogoHash, Look, LookError};
pub use policy::{Pair, Policy, PolicyError, SellPolicy, WidgetConfig};
pub use returns::{ReturnLink, ReturnLinkError};

use crate::id::PartnerId;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use url::Url;
use uuid::Uuid;

/// Which world an order lives in; fixed for ever by the token that made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Test,
    Live,
}

impl Environment {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Test, Self::Live]
            .into_iter()
            .find(|e| e.name() == text)
    }
}

/// Where bought crypto goes (contract, "Partner types").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerType {
    Treasury,
    UserWallet,
    Managed,
}

impl PartnerType {
    pub const ALL: [Self; 3] = [Self::Treasury, Self::UserWallet, Self::Managed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Treasury => "treasury",
            Self::UserWallet => "user_wallet",
            Self::Managed => "managed",
        }
    }
}

impl FromStr for PartnerType {
    type Err = crate::asset::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = crate::asset::UnknownName {
            what: "partner type",
        };
        Self::ALL
            .into_iter()
            .find(|t| t.name() == text)
            .ok_or(unknown)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Sandbox,
    LiveWatched,
    Live,
    /// No new session; running orders finish.
    Suspended,
}

impl Stage {
    /// Whether live was opened: then there is something of the partner's that is real.
    pub const fn has_live(self) -> bool {
        match self {
            Self::LiveWatched | Self::Live | Self::Suspended => true,
            Self::Sandbox => false,
        }
    }
}

/// Which way the money goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Buy, Self::Sell]
            .into_iter()
            .find(|s| s.name() == text)
    }
}

#[derive(Clone, Debug)]
pub struct Partner {
    pub id: PartnerId,
    pub name: String,
    pub kind: PartnerType,
    pub stage: Stage,
    pub widget_id: Uuid,
    pub contact_email: String,
    pub policy: Policy,
    /// Key of the session signature.
    pub signature_key: crate::secret::Secret,
}

/// Scheme, host and port of a page or app, in one spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Origin(String);

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        Self::parse(&text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin of the form scheme://host[:port]")]
pub struct OriginError;

impl Origin {
    /// Host compared without case, default ports folded; app schemes are welcome.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest) = text.split_once("://").ok_or(OriginError)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c) || !c.is_ascii();
        if rest.is_empty() || !rest.chars().all(plain) {
            return Err(OriginError);
        }
        let url = Url::parse(text).map_err(|_| OriginError)?;
        let host = url.host_str().ok_or(OriginError)?.to_ascii_lowercase();
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let refused = [
            "javascript",
            "data",
            "file",
            "blob",
            "vbscript",
            "about",
            "view-source",
        ];
        // `http:host://` is read in two ways.
        let is_scheme = url.scheme().eq_ignore_ascii_case(scheme);
        if !is_scheme || refused.contains(&url.scheme()) || host.is_empty() || url.port() == Some(0)
        {
            return Err(OriginError);
        }
        Ok(Self(format!(
            "{}://{host}{port}",
            scheme.to_ascii_lowercase()
        )))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a person's browser should call it: passkeys are for names, and loopback has one.
    pub fn by_name(&self) -> Self {
        match self.0.split_once("//127.0.0.1") {
            Some((scheme, port)) if port.is_empty() || port.starts_with(':') => {
                Self(format!("{scheme}//localhost{port}"))
            }
            Some(_) | None => self.clone(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_a_name() {
        for (text, named) in [
            ("http://127.0.0.1:8080", "http://localhost:8080"),
            ("http://127.0.0.1", "http://localhost"),
            ("http://127.0.0.1.example", "http://127.0.0.1.example"),
            ("https://203.0.113.5", "https://203.0.113.5"),
            ("https://ramp.example", "https://ramp.example"),
        ] {
            let origin = Origin(text.to_owned());
            assert_eq!(origin.by_name().as_str(), named);
        }
    }

    #[test]
    fn origins_have_one_spelling() {
        for (text, same) in [
            ("https://Shop.Example", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("HTTP://shop.example:80", "http://shop.example"),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(
                Origin::parse(text).map(|o| o.0),
                Ok(same.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "null",
            "shop.example",
            "https://",
            "https://a/b",
            "https://a@b",
            "https://*.b",
            "javascript://x",
            "data://x",
            "file://x",
            "https://a?b",
            "https://a b",
            "https://a;b",
            "app://a\"b",
            "https://a:0",
            "about://x",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError), "{text}");
        }
    }
}
