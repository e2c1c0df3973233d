//! `proof listen`: status changes come to a server on this machine, signed as webhooks are.

use super::{ApiArgs, outbound, read};
use crate::{clock::SystemClock, say::say};
use anyhow::Context;
use clap::Args;
use proof_core::{Clock, secret::Secret};
use proof_engine::webhook_signature;
use proof_outbound::{Configured, Guard, PartnerCall, PartnerDoor};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// How long the server holds a question that has no answer yet.
const WAIT_SECONDS: &str = "25";

#[derive(Args, Debug)]
pub struct ListenArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Where they go: http://127.0.0.1:3000/webhooks/proof. Without it they are only printed.
    #[arg(long)]
    forward: Option<Url>,
    /// With which your handler checks them: `whsec_…`.
    #[arg(
        long,
        env = "PROOF_WEBHOOK_SECRET",
        hide_env_values = true,
        requires = "forward"
    )]
    secret: Option<String>,
    /// Sends everything again that comes after this event, `evt_…`; without it, only what is new.
    #[arg(long)]
    after: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Event>,
    next_cursor: String,
}

#[derive(Deserialize)]
struct Event {
    event_id: String,
    merchant_transaction_id: String,
    sequence: i64,
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

pub async fn listen(args: ListenArgs) -> anyhow::Result<()> {
    let api = args.api.api()?;
    let door = outbound()?.partner(Guard::Sandbox);
    let mut cursor = match args.after.clone() {
        Some(after) => after,
        None => end_of(&api).await?,
    };
    say("Waiting for status changes; stop with Ctrl-C.\n")?;
    loop {
        let page: Page = page(&api, &cursor, WAIT_SECONDS).await?;
        for event in page
            .data
            .iter()
            .filter(|event| event.kind == "order.status_changed")
        {
            let (id, status) = (&event.merchant_transaction_id, &event.status);
            say(&format!("{}  {id}  {status}", event.event_id))?;
            let told = match &args.forward {
                Some(url) => forward(&api, &door, (url, args.secret.as_deref()), event).await?,
                None => String::new(),
            };
            say(&format!("{told}\n"))?;
        }
        cursor = page.next_cursor;
    }
}

async fn page(api: &Configured, cursor: &str, wait: &str) -> anyhow::Result<Page> {
    let query = [("after", cursor), ("limit", "100"), ("wait", wait)];
    read(&api.get(&["widget", "events"], &query).await?)
}

/// What happened before is not news.
async fn end_of(api: &Configured) -> anyhow::Result<String> {
    let mut cursor = String::new();
    loop {
        let page: Page = page(api, &cursor, "0").await?;
        if page.data.is_empty() {
            return Ok(page.next_cursor);
        }
        cursor = page.next_cursor;
    }
}

/// What came of it, in a few words: a handler that is down is no reason to stop.
async fn forward(
    api: &Configured,
    door: &PartnerDoor,
    (url, secret): (&Url, Option<&str>),
    event: &Event,
) -> anyhow::Result<String> {
    let id = event.merchant_transaction_id.as_str();
    let mut body: Value = read(&api.get(&["widget", "transactions", id], &[]).await?)?;
    let fields = body.as_object_mut().context("no transaction")?;
    fields.remove("partner_user_id");
    // The status of this event, whatever came after it.
    fields.insert("status".into(), json!(event.status));
    fields.insert("event_id".into(), json!(event.event_id));
    fields.insert("sequence".into(), json!(event.sequence));
    let (body, now) = (body.to_string(), SystemClock.now());
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("webhook-id".to_owned(), event.event_id.clone()),
        ("webhook-timestamp".to_owned(), now.seconds().to_string()),
    ];
    if let Some(secret) = secret {
        let secret = Secret::new(secret);
        let signature = webhook_signature(&[&secret], &[], &event.event_id, now, &body)?;
        headers.push(("webhook-signature".to_owned(), signature));
    }
    let call = PartnerCall {
        url: url.clone(),
        headers,
        body: body.into_bytes(),
    };
    Ok(match door.post(call).await {
        Ok(reply) => format!("  → {}", reply.status),
        Err(error) => format!("  → {error}"),
    })
}
