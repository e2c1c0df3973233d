//! `proof doctor`: what usually goes wrong between a partner's machine and the server, looked at one by one;
//! with `--config`, what usually goes wrong with an installation.

mod installation;

use super::{API_URL, ApiArgs, outbound};
use crate::{clock::SystemClock, say::say};
use anyhow::bail;
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Request},
};
use clap::Args;
use proof_core::{Clock, Timestamp, partner::Origin, secret::Secret, time::span_words};
use proof_engine::webhook_signature;
use proof_outbound::{
    Guard, HttpTransport, Limits, OutboundError, Overlong, PartnerCall, Transport,
};
use proof_port::Timer;
use serde::Serialize;
use serde_json::{Value, json};
use std::{fmt::Write, path::PathBuf};
use url::{Host, Url};

const TIMEOUT_MS: u64 = 10_000;
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Receivers of webhooks take five minutes at most; half of that is close enough to be told.
const SKEW_SECONDS_MAX: i64 = 150;

/// How often the server is asked what came of its test event, a second apart.
const LOOKS_MAX: u32 = 15;

#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// The API's URL.
    #[arg(long, env = "PROOF_URL", default_value = API_URL)]
    url: Url,
    /// Your client token.
    #[arg(
        long,
        env = "PROOF_TOKEN",
        hide_env_values = true,
        required_unless_present = "config"
    )]
    token: Option<String>,
    /// For operators: looks at the installation of this configuration instead, on its own machine.
    #[arg(long, conflicts_with_all = ["origin", "webhook_url"])]
    config: Option<PathBuf>,
    /// Your page's origin, https://shop.example: is it registered?
    #[arg(long)]
    origin: Option<String>,
    /// Your webhook's handler as this machine reaches it, to be tried from here.
    #[arg(long)]
    webhook_url: Option<Url>,
    /// What it checks signatures with: `whsec_…`.
    #[arg(
        long,
        env = "PROOF_WEBHOOK_SECRET",
        hide_env_values = true,
        requires = "webhook_url"
    )]
    secret: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// Right, and not as safe as it could be.
    Warning,
    Problem,
    /// Could not be looked at.
    Skipped,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    state: State,
    what: String,
    /// What to do.
    next: Option<String>,
}

impl Check {
    fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self::new(name, State::Ok, what, None)
    }

    fn problem(name: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(name, State::Problem, what, Some(next.into()))
    }

    fn warning(name: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(name, State::Warning, what, Some(next.into()))
    }

    fn skipped(name: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(name, State::Skipped, what, Some(next.into()))
    }

    fn new(
        name: &'static str,
        state: State,
        what: impl Into<String>,
        next: Option<String>,
    ) -> Self {
        Self {
            name,
            state,
            what: what.into(),
            next,
        }
    }
}

/// An answer, read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Answer {
    /// Why it was refused, in the server's words.
    fn why(&self) -> String {
        let status = self.status;
        match self.json["message"].as_str() {
            Some(message) => format!("{status}: {message}"),
            None => format!("the answer was {status}"),
        }
    }
}

struct Doctor {
    args: DoctorArgs,
    api: ApiArgs,
    transport: HttpTransport,
    checks: Vec<Check>,
}

/// The exit status is 0 when nothing is wrong.
pub async fn doctor(args: DoctorArgs) -> anyhow::Result<()> {
    let json = args.json;
    let checks = match &args.config {
        Some(config) => installation::look(config).await?,
        None => partner(args).await?,
    };
    let text = if json {
        format!("{}\n", json!({ "checks": checks }))
    } else {
        words(&checks)?
    };
    say(&text)?;
    let is_problem = |check: &&Check| check.state == State::Problem;
    match checks.iter().filter(is_problem).count() {
        0 => Ok(()),
        1 => bail!("there is a problem"),
        count => bail!("there are {count} problems"),
    }
}

async fn partner(args: DoctorArgs) -> anyhow::Result<Vec<Check>> {
    let api = ApiArgs {
        url: args.url.clone(),
        token: args.token.clone().unwrap_or_default(),
    };
    let mut doctor = Doctor {
        args,
        api,
        transport: HttpTransport::new()?,
        checks: Vec::new(),
    };
    doctor.look().await;
    Ok(doctor.checks)
}

fn words(checks: &[Check]) -> anyhow::Result<String> {
    let mut text = String::new();
    for check in checks {
        let state = match check.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Problem => "problem",
            State::Skipped => "skipped",
        };
        writeln!(text, "{state:<8} {:<10} {}", check.name, check.what)?;
        if let Some(next) = &check.next {
            writeln!(text, "{:19} → {next}", "")?;
        }
    }
    Ok(text)
}

impl Doctor {
    async fn look(&mut self) {
        self.tls();
        if !self.server().await {
            return;
        }
        if self.token().await {
            self.setup().await;
            self.socket().await;
            self.webhook().await;
        }
        self.handler().await;
    }

    fn say(&mut self, check: Check) {
        self.checks.push(check);
    }

    async fn call(
        &self,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let base = self.api.url.as_str().trim_end_matches('/');
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{base}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::new()).map_err(|e| e.to_string())?;
        let limits = Limits {
            timeout_ms: TIMEOUT_MS,
            body_bytes_max: ANSWER_BYTES_MAX,
            overlong: Overlong::Refuse,
            resolve: None,
        };
        let answer = self.transport.send(request, limits).await;
        let answer = answer.map_err(|error| error.context)?;
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            json: serde_json::from_slice(answer.body()).unwrap_or(Value::Null),
        })
    }

    /// A call with the token.
    async fn ask(&self, method: Method, path: &str) -> Result<Answer, String> {
        let bearer = format!("Bearer {}", self.api.token);
        self.call((method, path), &[("authorization", &bearer)])
            .await
    }

    fn tls(&mut self) {
        let url = &self.api.url;
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        let check = match (url.scheme(), local) {
            ("https", _) => Check::ok("tls", "the API is called over https"),
            (_, true) => Check::ok("tls", "http, on this machine only"),
            _ => Check::problem(
                "tls",
                "your token would cross the network in clear",
                "Call the API under its https URL.",
            ),
        };
        self.say(check);
    }

    async fn server(&mut self) -> bool {
        let health = match self.call((Method::GET, "/healthz"), &[]).await {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => {
                let why = answer.why();
                self.say(Check::problem(
                    "server",
                    why,
                    "Something else answers under this URL, or a proxy in front of it; compare it with the one you were given.",
                ));
                return false;
            }
            Err(why) => {
                self.say(Check::problem(
                    "server",
                    why,
                    "Is the URL right, the server running, and the way to it open? `make dev` prints it for a sandbox of your own.",
                ));
                return false;
            }
        };
        let contract = self.call((Method::GET, "/openapi.json"), &[]).await;
        let version = contract.ok().and_then(|contract| {
            let version = contract.json["info"]["version"].as_str();
            version.map(str::to_owned)
        });
        let version = version.unwrap_or_else(|| "unknown".to_owned());
        self.say(Check::ok("server", format!("answers, version {version}")));
        self.clock(&health.headers);
        true
    }

    /// `Date` is the real time, whatever a sandbox's clock says.
    fn clock(&mut self, headers: &HeaderMap) {
        let date = headers.get("date").and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(http_date) else {
            self.say(Check::skipped(
                "clock",
                "the server does not say what time it is there",
                "A proxy may take its Date header away.",
            ));
            return;
        };
        let ahead = SystemClock.now().seconds() - theirs;
        let by = span_words(ahead.abs());
        let check = if ahead.abs() <= SKEW_SECONDS_MAX {
            Check::ok(
                "clock",
                format!("this machine and the server differ by {by}"),
            )
        } else {
            let way = if ahead > 0 { "ahead of" } else { "behind" };
            Check::problem(
                "clock",
                format!("this machine is {by} {way} the server"),
                "Let NTP set the clock: webhooks that are off by five minutes are refused.",
            )
        };
        self.say(check);
    }

    async fn token(&mut self) -> bool {
        let kind = if self.api.token.starts_with("sk_live_") {
            "live"
        } else if self.api.token.starts_with("sk_test_") {
            "test"
        } else {
            self.say(Check::problem(
                "token",
                "this is no client token: those begin with sk_test_ or sk_live_",
                "Copy the whole token; it is shown once, when it is made.",
            ));
            return false;
        };
        let check = match self.ask(Method::GET, "/widget/transactions?limit=1").await {
            Ok(answer) if answer.status == 200 => Check::ok("token", format!("is good, {kind}")),
            Ok(answer) if answer.status == 401 => Check::problem(
                "token",
                answer.why(),
                "Make a new one in the console under Keys, or ask the operator.",
            ),
            Ok(answer) => Check::problem("token", answer.why(), "Try again; the server says why."),
            Err(why) => Check::problem("token", why, "Try again."),
        };
        let good = check.state == State::Ok;
        self.say(check);
        good
    }

    /// Origins and pairs, as the server has them.
    async fn setup(&mut self) {
        let sandbox = match self.ask(Method::GET, "/widget/sandbox").await {
            Ok(answer) if answer.status == 200 => answer.json,
            Ok(answer) => {
                let why = answer.why();
                let next =
                    "Origins and pairs are shown for sandbox tokens; see them in the console.";
                self.say(Check::skipped("setup", why, next));
                return;
            }
            Err(why) => return self.say(Check::problem("setup", why, "Try again.")),
        };
        self.origin(&sandbox["origins"]);
        self.pairs(&sandbox["pairs"]);
        let ahead = sandbox["clock"]["ahead_seconds"].as_i64().unwrap_or(0);
        if ahead > 0 {
            let what = format!("the sandbox's clock is {} ahead", span_words(ahead));
            self.say(Check::ok("sandbox", what));
        }
    }

    fn origin(&mut self, registered: &Value) {
        let registered: Vec<&str> = registered
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let all = registered.join(", ");
        let check = match self.args.origin.as_deref().map(Origin::parse) {
            None if registered.is_empty() => Check::problem(
                "origin",
                "no origin is registered: no page of yours can open the widget",
                "Ask the operator to register your page's origin, https://shop.example.",
            ),
            None => Check::ok(
                "origin",
                format!("registered: {all}; --origin checks yours"),
            ),
            Some(Err(_)) => Check::problem(
                "origin",
                "an origin is a scheme, a host and perhaps a port",
                "Without a path and a slash at the end: https://shop.example.",
            ),
            Some(Ok(own)) if registered.contains(&own.as_str()) => {
                Check::ok("origin", format!("{own} is registered"))
            }
            Some(Ok(own)) => Check::problem(
                "origin",
                format!("{own} is not registered, {all} is"),
                "Scheme, host and port must be the same; ask the operator to add it.",
            ),
        };
        self.say(check);
    }

    fn pairs(&mut self, pairs: &Value) {
        let told: Vec<String> = pairs
            .as_array()
            .into_iter()
            .flatten()
            .map(|pair| {
                let word = |field: &str| pair[field].as_str().unwrap_or_default().to_owned();
                let sides = match (pair["buys"] == true, pair["sells"] == true) {
                    (true, true) => "buy and sell",
                    (true, false) => "buy",
                    (false, true) => "sell",
                    (false, false) => "off",
                };
                format!("{}/{} {sides}", word("currency"), word("network"))
            })
            .collect();
        let check = if told.is_empty() {
            let next = "Ask the operator to enable what your users should buy or sell.";
            Check::problem("pairs", "none is enabled", next)
        } else {
            Check::ok("pairs", told.join(", "))
        };
        self.say(check);
    }

    /// A handshake about the latest transaction: proxies like to lose the upgrade.
    async fn socket(&mut self) {
        let latest = self.ask(Method::GET, "/widget/transactions?limit=1").await;
        let latest = latest.map(|answer| answer.json["data"][0]["merchant_transaction_id"].clone());
        let Some(id) = latest.ok().and_then(|id| id.as_str().map(str::to_owned)) else {
            self.say(Check::skipped(
                "websocket",
                "there is no transaction yet to follow",
                "Make one, `proof trigger buy-cancelled` for example, and come back.",
            ));
            return;
        };
        let bearer = format!("Bearer {}", self.api.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "cHJvb2YgZG9jdG9yIGFza3M="),
        ];
        let path = format!("/ws?tx_id={id}");
        let check = match self.call((Method::GET, &path), &headers).await {
            Ok(answer) if answer.status == 101 => Check::ok("websocket", "opens"),
            Ok(answer) if answer.status == 426 => Check::problem(
                "websocket",
                "the upgrade is lost on the way",
                "A proxy between here and the server has to pass Upgrade and Connection on.",
            ),
            Ok(answer) => Check::problem("websocket", answer.why(), "Poll until it opens again."),
            Err(why) => Check::problem("websocket", why, "Is a proxy cutting it off?"),
        };
        self.say(check);
    }

    /// The server sends a test event to the endpoint that it knows.
    async fn webhook(&mut self) {
        let known = match self.ask(Method::GET, "/widget/webhook").await {
            Ok(answer) if answer.status == 200 => answer.json,
            Ok(answer) if answer.status == 404 => {
                self.say(Check::skipped(
                    "webhook",
                    "no endpoint is registered",
                    "Poll, or tell the operator where your handler is; `proof listen` brings events to this machine.",
                ));
                return;
            }
            Ok(answer) => {
                let why = answer.why();
                return self.say(Check::problem("webhook", why, "Try again."));
            }
            Err(why) => return self.say(Check::problem("webhook", why, "Try again.")),
        };
        let url = known["url"].as_str().unwrap_or_default().to_owned();
        if known["state"] == "disabled" {
            let reason = known["disabled_reason"].as_str().unwrap_or("somebody did");
            let what = format!("{url} is switched off: {reason}");
            let next =
                "Put it right, then enable it in the console or with POST /widget/webhook/enable.";
            return self.say(Check::problem("webhook", what, next));
        }
        let check = match self.tested().await {
            Ok(Some(status)) if (200..300).contains(&status) => Check::ok(
                "webhook",
                format!("{url} took a signed test event ({status})"),
            ),
            Ok(Some(status @ (400 | 401 | 403))) => Check::problem(
                "webhook",
                format!("{url} answered {status} to a test event"),
                "Does it check with this endpoint's secret, over the raw body? Rotate the secret if it is lost.",
            ),
            Ok(Some(status)) => Check::problem(
                "webhook",
                format!("{url} answered {status} to a test event"),
                "Answer 2xx at once, and work afterwards.",
            ),
            Ok(None) => Check::problem(
                "webhook",
                format!("{url} cannot be reached from the server"),
                "The server's network has to reach it; `proof listen --forward` needs no open port.",
            ),
            Err(why) => Check::problem("webhook", why, "Try again."),
        };
        self.say(check);
    }

    /// What the endpoint answered to a test event; `None`: nothing.
    async fn tested(&self) -> Result<Option<i64>, String> {
        let sent = self.ask(Method::POST, "/widget/webhook/test").await?;
        if sent.status != 202 {
            return Err(sent.why());
        }
        let id = sent.json["id"].as_str().unwrap_or_default();
        let path = format!("/widget/webhook/deliveries/{id}");
        for _ in 0..LOOKS_MAX {
            let detail = self.ask(Method::GET, &path).await?;
            if let Some(tried) = detail.json["log"].get(0) {
                return Ok(tried["status"].as_i64());
            }
            let at = SystemClock.now().plus_seconds(1);
            SystemClock.sleep_until(at).await;
        }
        Err("the server has not sent its test event yet".to_owned())
    }

    /// The handler itself, from this machine: a good signature, then a bad one.
    async fn handler(&mut self) {
        let Some(url) = self.args.webhook_url.clone() else {
            return;
        };
        let Some(secret) = self.args.secret.clone() else {
            let next = "Give its secret with --secret to have signatures checked.";
            return self.say(Check::skipped("handler", "was not tried", next));
        };
        let good = self.post_event(&url, &Secret::new(secret)).await;
        let forged = Secret::new("whsec_bm9ib2R5J3Mgc2VjcmV0LCBhcyBhIGZvcmdlciBoYXM=");
        let bad = self.post_event(&url, &forged).await;
        let well = |status: u16| (200..300).contains(&status);
        let check = match (good, bad) {
            (Err(why), _) | (_, Err(why)) => {
                Check::problem("handler", why, "Is it running under this URL?")
            }
            (Ok(good), _) if !well(good) => Check::problem(
                "handler",
                format!("refuses what its secret has signed ({good})"),
                "Check the raw body as it came, before anything parses it, with this secret.",
            ),
            (Ok(_), Ok(bad)) if well(bad) => Check::problem(
                "handler",
                format!("takes what somebody else has signed ({bad})"),
                "Check webhook-signature before you believe an event; the SDKs do.",
            ),
            (Ok(good), Ok(bad)) => Check::ok(
                "handler",
                format!("takes what is signed ({good}) and refuses what is not ({bad})"),
            ),
        };
        self.say(check);
    }

    async fn post_event(&self, url: &Url, secret: &Secret) -> Result<u16, String> {
        let (id, now) = ("evt_00000000000000000000000000000000", SystemClock.now());
        let body = test_event(now);
        let signature = webhook_signature(&[secret], &[], id, now, &body);
        let signature = signature.map_err(|error| error.message)?;
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.seconds().to_string()),
            ("webhook-signature", signature),
        ];
        let call = PartnerCall {
            url: url.clone(),
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: body.into_bytes(),
        };
        let door = outbound().map_err(|error| error.to_string())?;
        let reply = door.partner(Guard::Sandbox).post(call).await;
        reply
            .map(|reply| reply.status)
            .map_err(|error: OutboundError| error.to_string())
    }
}

/// As the server's own test event looks.
fn test_event(now: Timestamp) -> String {
    json!({
        "merchant_transaction_id": "00000000-0000-0000-0000-000000000000",
        "type": "buy", "status": "pending", "currency": "USDT", "network": "TRC20",
        "crypto_amount": "100", "fiat_currency": "EUR", "fiat_amount": "",
        "created_at": now.to_contract(), "updated_at": now.to_contract(),
        "event_id": "evt_00000000000000000000000000000000", "sequence": 1, "test": true,
    })
    .to_string()
}

/// `Thu, 26 Nov 2026 04:34:22 GMT`, in seconds since 1970.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.strip_suffix(" GMT")?.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let month = 1 + MONTHS.iter().position(|name| *name == month)?;
    let time = words.next()?;
    let at = Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z"))?;
    Some(at.seconds())
}

#[cfg(test)]
mod tests {
    use super::http_date;

    #[test]
    fn a_date_header_is_read() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:10 GMT"), Some(10));
        assert_eq!(
            http_date("Thu, 26 Nov 2026 04:34:22 GMT"),
            Some(1_795_667_662)
        );
        for text in ["", "Thu, 26 Nov 2026", "Thu, 26 Nor 2026 04:34:22 GMT"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
