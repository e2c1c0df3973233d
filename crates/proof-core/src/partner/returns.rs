//! Where the hosted page may send people back to.

use super::Origin;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// A link is typed by hand.
const LENGTH_MAX: usize = 200;

/// What browsers, mail and telephones read as something else than the way back to an app. An `intent:` opens any app.
const SCHEMES_REFUSED: [&str; 24] = [
    "javascript",
    "data",
    "file",
    "blob",
    "vbscript",
    "about",
    "view-source",
    "filesystem",
    "content",
    "intent",
    "android-app",
    "market",
    "itms",
    "itms-apps",
    "itms-services",
    "chrome",
    "ws",
    "wss",
    "ftp",
    "mailto",
    "tel",
    "sms",
    "facetime",
    "jar",
];

/// The beginning of a partner's links: a scheme of its app, or a page of its own that opens the app, with a host and perhaps a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ReturnLink(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a return link like shopapp://return or https://shop.example/app")]
pub struct ReturnLinkError;

impl From<ReturnLink> for String {
    fn from(link: ReturnLink) -> Self {
        link.0
    }
}

impl TryFrom<String> for ReturnLink {
    type Error = ReturnLinkError;

    fn try_from(text: String) -> Result<Self, ReturnLinkError> {
        Self::parse(&text)
    }
}

impl fmt::Display for ReturnLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Origin and path of a link; `None` for one that hides where it leads.
fn parts(text: &str) -> Option<(Origin, String)> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"\\^`{|}@".contains(c);
    if text.contains(odd) || !text.is_ascii() {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let origin = Origin::parse(&format!("{scheme}://{host}")).ok()?;
    if SCHEMES_REFUSED.contains(&url.scheme()) {
        return None;
    }
    // Dots and doubled slashes are read in several ways, and one of them may be that of whoever opens it.
    let written = rest.split(['?', '#']).next()?.to_ascii_lowercase();
    let hidden =
        written.contains("//") || written.split('/').any(|part| part == ".." || part == ".");
    let coded = ["%2e", "%2f", "%5c"]
        .iter()
        .any(|code| written.contains(code));
    let path = url.path().trim_end_matches('/').to_owned();
    (!hidden && !coded).then_some((origin, path))
}

impl ReturnLink {
    pub fn parse(text: &str) -> Result<Self, ReturnLinkError> {
        let (origin, path) = parts(text).ok_or(ReturnLinkError)?;
        let whole = !text.contains(['?', '#']);
        if text.len() > LENGTH_MAX || !whole || !is_web_safe(&origin) {
            return Err(ReturnLinkError);
        }
        let link = Self(format!("{origin}{path}"));
        // What is stored is read again, and has to be the same then.
        let again = parts(&link.0).map(|(origin, path)| format!("{origin}{path}"));
        if again.as_deref() != Some(link.as_str()) {
            return Err(ReturnLinkError);
        }
        Ok(link)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Leads to an app, or is encrypted on its way.
    pub fn is_for_live(&self) -> bool {
        !self.0.starts_with("http://")
    }

    /// Whether this link, as a session has it, begins like that, with whole parts of its path.
    pub fn admits(&self, url: &str) -> bool {
        let Some((origin, path)) = parts(url) else {
            return false;
        };
        let whole = format!("{origin}{path}");
        match whole.strip_prefix(&self.0) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

/// Over plain http only this machine, for whoever develops.
fn is_web_safe(origin: &Origin) -> bool {
    let local = ["http://127.0.0.1", "http://localhost"];
    !origin.as_str().starts_with("http://")
        || local.iter().any(|start| {
            let rest = origin.as_str().strip_prefix(start);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_an_app_is_a_return_link() {
        for (text, same) in [
            ("shopapp://return", "shopapp://return"),
            ("ShopApp://Return/", "shopapp://return"),
            ("com.example.shop://pay/done", "com.example.shop://pay/done"),
            ("https://Shop.example/app/", "https://shop.example/app"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://127.0.0.1:8081/app", "http://127.0.0.1:8081/app"),
        ] {
            let link = ReturnLink::parse(text).map(|link| link.0);
            assert_eq!(link, Ok(same.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_leads_anywhere_else_is_none() {
        for text in [
            "",
            "shopapp:",
            "shopapp://",
            "shopapp:return",
            "http:shop.example://a",
            "https:shop.example://a/b",
            "javascript://return/%0aalert(1)",
            "JavaScript://x",
            "data://x",
            "file://x",
            "blob:https://shop.example",
            "vbscript://x",
            "intent://return#Intent;scheme=x;end",
            "intent://return",
            "http://shop.example",
            "https://*.example",
            "https://shop.example/a?next=b",
            "https://shop.example/#a",
            "https://user@shop.example/a",
            "https://shop.example/a/../b/%2e%2e",
            "https://shop.example//evil.example",
            "https://shop.example\\@evil.example",
            "//evil.example",
            " https://shop.example",
            "https://shop.example/\n",
        ] {
            assert_eq!(ReturnLink::parse(text), Err(ReturnLinkError), "{text:?}");
        }
        let long = format!("shopapp://{}", "a".repeat(LENGTH_MAX));
        assert_eq!(ReturnLink::parse(&long), Err(ReturnLinkError));
    }

    #[test]
    fn only_what_begins_like_a_registered_link_is_admitted() {
        let app = ReturnLink::parse("shopapp://return").unwrap();
        let page = ReturnLink::parse("https://shop.example/app").unwrap();
        for (link, url, admitted) in [
            (&app, "shopapp://return", true),
            (&app, "shopapp://return/", true),
            (&app, "shopapp://return/orders/7?ok=1#x", true),
            (&app, "SHOPAPP://return?next=https://evil.example", true),
            (&app, "shopapp://returned", false),
            (&app, "shopapp://other", false),
            (&app, "shopapp2://return", false),
            (&app, "https://return", false),
            (&app, "javascript://return", false),
            (&page, "https://shop.example/app", true),
            (&page, "https://SHOP.example:443/app/7", true),
            (&page, "https://shop.example/apple", false),
            (&page, "https://shop.example", false),
            (&page, "https://shop.example/app/../admin", false),
            (&page, "https://shop.example/app/%2e%2e/admin", false),
            (&page, "https://shop.example/app//evil.example", false),
            (&page, "https://shop.example.evil.example/app", false),
            (&page, "https://shop.example@evil.example/app", false),
            (
                &page,
                "https://evil.example/https://shop.example/app",
                false,
            ),
            (&page, "http://shop.example/app", false),
            (&page, "https://shop.example\\app", false),
            (&page, "", false),
        ] {
            assert_eq!(link.admits(url), admitted, "{link} {url}");
        }
    }

    #[test]
    fn live_has_no_plain_http() {
        assert!(ReturnLink::parse("shopapp://return").unwrap().is_for_live());
        assert!(
            !ReturnLink::parse("http://127.0.0.1/a")
                .unwrap()
                .is_for_live()
        );
    }
}
