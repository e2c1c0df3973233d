//! The permission to open the widget for one order.

use crate::{
    asset::{Asset, Fiat},
    partner::Side,
    secret::Secret,
};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha512;
use std::net::{IpAddr, SocketAddr};
use uuid::Uuid;

/// A session may be opened, and reopened, for this long.
pub const INIT_TOKEN_SECONDS: i64 = 3_600;

pub const INIT_TOKEN_TYPE: &str = "sdk_partner_authorization";

const SIGNATURE_PREFIX: &str = "v2:";
const SIGNATURE_DOMAIN: &[u8] = b"proof session signature v2";

/// Everything of the session response that the widget gets and the signature covers, in the order
/// in which the response shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parameters {
    pub merchant_transaction_id: Uuid,
    pub widget_id: Uuid,
    pub address: String,
    pub init_token: String,
    pub init_token_type: String,
    pub currency: String,
    pub currencies: Vec<String>,
    pub fix_currency: bool,
    pub network: String,
    pub networks: Vec<String>,
    pub fix_network: Vec<String>,
    pub amount: String,
    pub fix_amount: bool,
    pub fiat_currency: Fiat,
    pub fiat_currencies: Vec<Fiat>,
    pub fix_fiat_currency: bool,
    pub fix_fiat_amount: bool,
    #[serde(rename = "type")]
    pub side: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
}

/// What a session is made from, after every check.
pub struct ParametersRequest<'a> {
    pub merchant_transaction_id: Uuid,
    pub widget_id: Uuid,
    pub address: String,
    pub init_token: String,
    pub asset: Asset,
    pub amount: String,
    pub side: Side,
    pub redirect_url: Option<String>,
    pub policy: &'a crate::partner::Policy,
}

impl Parameters {
    pub fn new(request: ParametersRequest<'_>) -> Self {
        let policy = request.policy;
        let listed = |name: fn(Asset) -> &'static str| {
            let mut names: Vec<String> = Vec::new();
            for pair in &policy.pairs {
                let name = name(pair.asset);
                if !names.iter().any(|n| n == name) {
                    names.push(name.to_owned());
                }
            }
            names
        };
        Self {
            merchant_transaction_id: request.merchant_transaction_id,
            widget_id: request.widget_id,
            address: request.address,
            init_token: request.init_token,
            init_token_type: INIT_TOKEN_TYPE.to_owned(),
            currency: request.asset.ticker().to_owned(),
            currencies: listed(Asset::ticker),
            fix_currency: true,
            network: request.asset.network().name().to_owned(),
            networks: listed(|asset| asset.network().name()),
            fix_network: vec![request.asset.network().name().to_owned()],
            amount: request.amount,
            fix_amount: true,
            fiat_currency: policy.fiat_default(),
            fiat_currencies: policy.fiats.clone(),
            fix_fiat_currency: false,
            fix_fiat_amount: true,
            side: request.side,
            redirect_url: request.redirect_url,
        }
    }

    /// `v2:` and the HMAC-SHA-512 of the canonical form: for every field its name and its JSON text,
    /// each behind its length as eight bytes, so that no two parameter sets share a form.
    pub fn sign(&self, client_ip: Option<IpAddr>, key: &Secret) -> String {
        let mut mac = mac(key);
        mac.update(&self.canonical(client_ip));
        format!(
            "{SIGNATURE_PREFIX}{}",
            hex::encode(mac.finalize().into_bytes())
        )
    }

    /// Whether `signature` is ours for exactly these parameters; compared in constant time.
    pub fn verify(&self, client_ip: Option<IpAddr>, key: &Secret, signature: &str) -> bool {
        let bytes = signature
            .strip_prefix(SIGNATURE_PREFIX)
            .and_then(|h| hex::decode(h).ok());
        let mut mac = mac(key);
        mac.update(&self.canonical(client_ip));
        bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
    }

    /// The first parameter in `given` (as the page passed them on) that differs from this session.
    /// Missing ones are taken from the session, unknown ones are ignored.
    pub fn mismatch(
        &self,
        given: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<&'static str> {
        let own = serde_json::to_value(self).unwrap_or_default();
        FIELDS.into_iter().find(|name| {
            let given = given.get(*name).filter(|v| !v.is_null());
            given.is_some_and(|value| own.get(name) != Some(value))
        })
    }

    fn canonical(&self, client_ip: Option<IpAddr>) -> Vec<u8> {
        let own = serde_json::to_value(self).unwrap_or_default();
        let mut form = Vec::with_capacity(1_024);
        let mut push = |bytes: &[u8]| {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            form.extend_from_slice(&length.to_be_bytes());
            form.extend_from_slice(bytes);
        };
        push(SIGNATURE_DOMAIN);
        for name in FIELDS {
            push(name.as_bytes());
            push(
                own.get(name)
                    .map(ToString::to_string)
                    .unwrap_or_default()
                    .as_bytes(),
            );
        }
        push(b"client_ip");
        push(
            client_ip
                .map(|ip| ip.to_string())
                .unwrap_or_default()
                .as_bytes(),
        );
        form
    }
}

/// Every field of [`Parameters`]; a test holds the two together.
const FIELDS: [&str; 19] = [
    "merchant_transaction_id",
    "widget_id",
    "address",
    "init_token",
    "init_token_type",
    "currency",
    "currencies",
    "fix_currency",
    "network",
    "networks",
    "fix_network",
    "amount",
    "fix_amount",
    "fiat_currency",
    "fiat_currencies",
    "fix_fiat_currency",
    "fix_fiat_amount",
    "type",
    "redirect_url",
];

fn mac(key: &Secret) -> Hmac<Sha512> {
    // Unwrap safety: HMAC takes a key of any length.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    Hmac::<Sha512>::new_from_slice(key.expose_secret().as_bytes()).expect("any key length")
}

/// The text is no address of an end user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an IP address")]
pub struct ClientIpError;

/// Longest `client_ip` looked at: what a web server takes as one header.
const CLIENT_IP_LENGTH_MAX: usize = 8 * 1_024;

/// Reads the contract's `client_ip`: IPv4 or IPv6, with or without port, or a whole
/// `X-Forwarded-For`, whose first entry counts. Empty means absent.
pub fn client_ip_parse(text: &str) -> Result<Option<IpAddr>, ClientIpError> {
    if text.len() > CLIENT_IP_LENGTH_MAX {
        return Err(ClientIpError);
    }
    let first = text.split(',').next().unwrap_or("").trim();
    if first.is_empty() {
        return if text.trim().is_empty() {
            Ok(None)
        } else {
            Err(ClientIpError)
        };
    }
    let bare = first
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let ip = bare
        .unwrap_or(first)
        .parse::<IpAddr>()
        .or_else(|_| first.parse::<SocketAddr>().map(|socket| socket.ip()))
        .map_err(|_| ClientIpError)?;
    Ok(Some(ip.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameters() -> Parameters {
        Parameters {
            merchant_transaction_id: Uuid::from_u128(7),
            widget_id: Uuid::from_u128(8),
            address: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".into(),
            init_token: "it_1".into(),
            init_token_type: INIT_TOKEN_TYPE.into(),
            currency: "USDT".into(),
            currencies: vec!["USDT".into(), "BTC".into()],
            fix_currency: true,
            network: "TRC20".into(),
            networks: vec!["TRC20".into(), "BITCOIN".into()],
            fix_network: vec!["TRC20".into()],
            amount: "100".into(),
            fix_amount: true,
            fiat_currency: Fiat::Eur,
            fiat_currencies: vec![Fiat::Eur, Fiat::Usd],
            fix_fiat_currency: false,
            fix_fiat_amount: true,
            side: Side::Buy,
            redirect_url: Some("https://shop.example/done".into()),
        }
    }

    #[test]
    fn every_field_is_listed_once() {
        let value = serde_json::to_value(parameters()).unwrap();
        let mut own: Vec<&str> = value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut listed = FIELDS.to_vec();
        own.sort_unstable();
        listed.sort_unstable();
        assert_eq!(own, listed);
    }

    #[test]
    fn the_signature_covers_every_field_and_the_ip() {
        let key = Secret::new("k");
        let ip = client_ip_parse("203.0.113.7").unwrap();
        let own = parameters();
        let signature = own.sign(ip, &key);
        assert_eq!(signature.len(), 3 + 128);
        assert!(own.verify(ip, &key, &signature));
        assert!(!own.verify(None, &key, &signature));
        assert!(!own.verify(ip, &Secret::new("other"), &signature));
        let value = serde_json::to_value(&own).unwrap();
        for name in FIELDS {
            let mut changed = value.clone();
            changed[name] = match &value[name] {
                serde_json::Value::Bool(b) => json!(!b),
                serde_json::Value::Array(_) => json!([]),
                _ if name == "type" => json!("sell"),
                _ if name == "fiat_currency" => json!("USD"),
                _ if name.ends_with("_id") => json!(Uuid::from_u128(99)),
                _ => json!("x"),
            };
            let changed: Parameters = serde_json::from_value(changed).unwrap();
            assert!(!changed.verify(ip, &key, &signature), "{name}");
        }
    }

    #[test]
    fn a_changed_parameter_is_named_and_an_unknown_one_ignored() {
        let own = parameters();
        let mut given = serde_json::to_value(&own)
            .unwrap()
            .as_object()
            .unwrap()
            .clone();
        assert_eq!(own.mismatch(&given), None);
        given.insert("surprise".into(), json!(1));
        given.remove("currencies");
        assert_eq!(own.mismatch(&given), None);
        given.insert("amount".into(), json!("1000"));
        assert_eq!(own.mismatch(&given), Some("amount"));
        given.insert("amount".into(), json!(100));
        assert_eq!(own.mismatch(&given), Some("amount"));
    }

    #[test]
    fn client_ips_as_partners_see_them() {
        for (text, ip) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:443", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        ] {
            assert_eq!(
                client_ip_parse(text),
                Ok(Some(ip.parse().unwrap())),
                "{text}"
            );
        }
        assert_eq!(client_ip_parse(""), Ok(None));
        for text in [
            "x",
            "1.2.3",
            ",1.2.3.4",
            "1.2.3.4 5",
            "http://1.2.3.4",
            "1.2.3.4:99999",
        ] {
            assert_eq!(client_ip_parse(text), Err(ClientIpError), "{text}");
        }
    }
}
