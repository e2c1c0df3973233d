//! Patterns of texts that the server reads, exactly as it reads them. They use nothing that differs
//! between dialects of regular expressions: classes are spelled out, and nothing looks ahead.

use proof_core::{Asset, Fiat, Network};
use proof_engine::REDIRECT_SCHEMES_REFUSED;
use serde_json::{Value, json};

/// Unicode's white space and control characters, as the inside of a class.
const BLANK: &str = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// What a URL must escape, as the inside of a class.
const NO_URL: &str = r#"<>"\\^`{|}"#;

/// White space around an address.
const SPACE: &str =
    r"[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*";

/// Text without control characters.
pub fn printable() -> &'static str {
    r"^[^\u0000-\u001f\u007f-\u009f]*$"
}

/// Digits, optionally a point and digits; above zero.
pub fn amount() -> &'static str {
    r"^(?:0*[1-9][0-9]*(?:\.[0-9]+)?|0+\.0*[1-9][0-9]*)$"
}

/// A decimal in an answer; empty while unknown.
pub fn amount_shown() -> &'static str {
    r"^(?:[0-9]+(?:\.[0-9]+)?)?$"
}

pub fn email() -> String {
    format!("^[^{BLANK}@]+@[^{BLANK}@.](?:[^{BLANK}@]*[^{BLANK}@.])?$")
}

/// A time in an answer.
pub fn time_shown() -> &'static str {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
}

/// A time in a request: RFC 3339 from 1970 on.
pub fn time() -> Value {
    json!({
        "type": "string",
        "format": "date-time",
        "pattern": "^(?:19[7-9][0-9]|[2-9][0-9]{3})-",
    })
}

/// An event's or a delivery's id, as we write it.
pub fn id(prefix: &str) -> String {
    format!("^{prefix}_[0-9a-f]{{32}}$")
}

/// `http` and `https` have a host; apps have any scheme but those that run or read something. The
/// server takes names in other scripts, too, which no pattern can tell from bad ones.
pub fn redirect_url() -> Value {
    let any_case = |word: &str| -> String {
        let letters = word.chars();
        letters
            .map(|c| match c {
                'a'..='z' => format!("[{}{c}]", c.to_ascii_uppercase()),
                c => c.to_string(),
            })
            .collect()
    };
    let refused = REDIRECT_SCHEMES_REFUSED.map(any_case);
    let http = any_case("http");
    let v4 = v4();
    let name = r"(?:[A-Za-z0-9-]+\.)*[A-Za-z][A-Za-z0-9-]*";
    let host = format!(r"(?:{name}|{v4}|\[{}\])", v6(&v4));
    let rest = format!("[^{BLANK}{NO_URL}]*");
    let web = format!("^{http}[sS]?://{host}(?::[0-9]{{1,4}}|:[1-5][0-9]{{4}})?(?:[/?#]{rest})?$");
    let app = format!("^[A-Za-z][A-Za-z0-9+.-]*:{rest}$");
    let no_app = format!("^(?:{http}[sS]?|{}):", refused.join("|"));
    json!({
        "minLength": 1,
        "maxLength": 2048,
        "anyOf": [
            {"type": "null"},
            {"type": "string", "pattern": web},
            {"type": "string", "pattern": app, "not": {"pattern": no_app}},
        ],
    })
}

/// RFC 3986's grammar of an IPv4 address.
fn v4() -> String {
    let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    format!(r"{octet}(?:\.{octet}){{3}}")
}

/// RFC 3986's grammar of an IPv6 address.
fn v6(v4: &str) -> String {
    let h = "[0-9a-fA-F]{1,4}";
    let last = format!("(?:{h}:{h}|{v4})");
    let shortened = (0..=5).map(|before| {
        let start = match before {
            0 => String::new(),
            n => format!("(?:{h}(?::{h}){{0,{}}})?", n - 1),
        };
        format!("{start}::(?:{h}:){{{}}}{last}", 5 - before)
    });
    let shortened = shortened.collect::<Vec<_>>().join("|");
    format!(
        "(?:(?:{h}:){{6}}{last}|{shortened}|(?:{h}(?::{h}){{0,5}})?::{h}|(?:{h}(?::{h}){{0,6}})?::)"
    )
}

/// An address, with or without port, or a list whose first entry is one; or nothing.
pub fn client_ip() -> String {
    let v4 = v4();
    let v6 = v6(&v4);
    let port =
        "0*(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
    let address =
        format!(r"(?:{v4}(?::{port})?|{v6}|\[(?:{v4}|{v6})\]|\[{v6}(?:%[0-9]{{1,9}})?\]:{port})");
    format!(r"^{SPACE}(?:{address}{SPACE}(?:,[\s\S]*)?)?$")
}

/// Header text, as HTTP carries it.
pub fn header() -> &'static str {
    r"^[!-~][\t -~]*$"
}

/// Tickers of the catalogue, each once.
pub fn tickers() -> Vec<&'static str> {
    let mut tickers: Vec<&str> = Vec::new();
    for asset in Asset::all() {
        if !tickers.contains(&asset.ticker()) {
            tickers.push(asset.ticker());
        }
    }
    tickers
}

/// The usual ones first.
pub fn networks() -> Vec<&'static str> {
    let mut networks = Network::BUILT_IN.map(Network::name).to_vec();
    for asset in Asset::all() {
        let network = asset.network().name();
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    networks
}

pub fn fiats() -> Vec<&'static str> {
    Fiat::ALL.map(Fiat::code).to_vec()
}
