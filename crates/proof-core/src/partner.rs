//! A business that embeds the widget, and what it is allowed to do.

use crate::{
    asset::{Asset, Fiat},
    deposit::DEPOSIT_WINDOW_SECONDS,
    id::PartnerId,
    money::{Amount, Bps},
    quote::FeePolicy,
    risk::RiskPolicy,
};
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

/// Which way the money goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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

/// An asset that a partner's users may buy or sell, and how much of it in one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pair {
    pub asset: Asset,
    pub min: Amount,
    pub max: Amount,
    #[serde(default = "yes")]
    pub buys: bool,
    #[serde(default)]
    pub sells: bool,
}

const fn yes() -> bool {
    true
}

impl Pair {
    pub const fn allows(&self, side: Side) -> bool {
        match side {
            Side::Buy => self.buys,
            Side::Sell => self.sells,
        }
    }
}

/// How long a sell waits, and what it does when the market runs away meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SellPolicy {
    /// How long a deposit may take to be seen.
    pub window_seconds: i64,
    /// How long the locked price stands for coins that are not stable; for stable ones it is the
    /// whole window.
    pub hold_seconds: i64,
    /// How far the market may move before the user is asked again.
    pub slippage: Bps,
    #[serde(default)]
    pub late: LatePolicy,
}

/// What becomes of a deposit that comes after the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatePolicy {
    /// The user may sell it at today's price; silence brings it back.
    #[default]
    Ask,
    Return,
}

impl LatePolicy {
    pub const ALL: [Self; 2] = [Self::Ask, Self::Return];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Return => "return",
        }
    }
}

impl FromStr for LatePolicy {
    type Err = crate::asset::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|policy| policy.name() == text);
        known.ok_or(crate::asset::UnknownName {
            what: "policy for late deposits",
        })
    }
}

impl Default for SellPolicy {
    fn default() -> Self {
        Self {
            window_seconds: DEPOSIT_WINDOW_SECONDS,
            hold_seconds: 30 * 60,
            slippage: Bps::new(500).unwrap_or(Bps::ZERO),
            late: LatePolicy::default(),
        }
    }
}

impl SellPolicy {
    pub fn hold_of(&self, asset: Asset) -> i64 {
        if asset.is_stable() {
            self.window_seconds
        } else {
            self.hold_seconds.min(self.window_seconds)
        }
    }
}

/// How the widget starts when a session does not say otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WidgetConfig {
    #[serde(rename = "type")]
    pub side: Option<Side>,
    pub lang: Option<String>,
    pub theme: Option<String>,
    pub redirect_url: Option<String>,
}

/// Everything an operator decides about a partner.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    pub pairs: Vec<Pair>,
    /// The first is the default.
    pub fiats: Vec<Fiat>,
    pub fees: FeePolicy,
    #[serde(default)]
    pub sell: SellPolicy,
    #[serde(default)]
    pub risk: RiskPolicy,
    pub widget: WidgetConfig,
}

impl Policy {
    /// Whether a deposit that came late may be sold, as a session for it could be made today.
    pub fn sells_late(&self, amount: Amount) -> bool {
        let fits = |pair: &Pair| {
            let limits = pair.min.base()..=pair.max.base();
            pair.sells && limits.contains(&amount.base())
        };
        self.sell.late == LatePolicy::Ask && self.pair(amount.asset()).is_some_and(fits)
    }

    pub fn pair(&self, asset: Asset) -> Option<&Pair> {
        self.pairs.iter().find(|p| p.asset == asset)
    }

    pub fn fiat_default(&self) -> Fiat {
        self.fiats.first().copied().unwrap_or(Fiat::Eur)
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Origin(String);

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
        if refused.contains(&url.scheme()) || host.is_empty() || url.port() == Some(0) {
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
