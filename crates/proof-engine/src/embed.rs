//! What is wrong with a page that embeds the widget, told to its partner.

use crate::{ApiError, Engine, Refusal, VisitOpen};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use proof_core::{
    embed::{EmbedFinding, LOADER, USED_SECONDS, is_clock_off},
    order::Order,
    partner::{Environment, Origin, Partner},
};
use proof_store::{Failure, Tx};
use serde::Serialize;
use sha2::{Digest, Sha384};
use uuid::Uuid;

/// A page has one or two things wrong with it; more are somebody's invention.
const FINDINGS_MAX: usize = 8;

/// What a page may ask before it opens anything. All of it can be read off the frame's own headers.
#[derive(Clone, Debug, Serialize)]
pub struct EmbedCheck {
    /// Whether the page's origin may hold the widget.
    pub registered: bool,
    pub origin: String,
    pub now_ms: i64,
    /// Which loader the frame needs.
    pub loader: u32,
}

impl Engine {
    pub async fn embed_check(&self, widget: Uuid, origin: &str) -> Result<EmbedCheck, ApiError> {
        let (_, origins) = self.embedding(widget).await?;
        Ok(EmbedCheck {
            registered: Origin::parse(origin).is_ok_and(|own| origins.contains(&own)),
            origin: shown(origin),
            now_ms: self.real_now().millis(),
            loader: LOADER,
        })
    }

    /// A page says what is wrong with it: a line in the integration log. Anybody can say so of any widget, so a line is all
    /// that comes of it.
    pub async fn embed_report(
        &self,
        widget: Uuid,
        origin: &str,
        codes: &[String],
    ) -> Result<(), ApiError> {
        let (partner, _) = self.embedding(widget).await?;
        for finding in known(codes) {
            self.embed_note(&partner, origin, finding);
        }
        Ok(())
    }

    /// What frame and server found together, before the first screen.
    pub(crate) fn embed_findings(
        &self,
        open: &VisitOpen,
        partner: &Partner,
        order: &Order,
    ) -> Vec<&'static str> {
        let mut found = known(&open.findings);
        if open
            .device_now_ms
            .is_some_and(|ms| is_clock_off(ms, self.real_now()))
        {
            found.push(EmbedFinding::Clock);
        }
        let is_over = order.status().is_terminal();
        if is_over && order.status_at.plus_seconds(USED_SECONDS) < self.now() {
            found.push(EmbedFinding::SessionUsed);
        }
        for finding in &found {
            self.embed_note(partner, &open.page_origin, *finding);
        }
        found.into_iter().map(EmbedFinding::code).collect()
    }

    pub(crate) fn embed_note(&self, partner: &Partner, origin: &str, finding: EmbedFinding) {
        self.refusal_note(Refusal {
            partner: partner.id,
            // A page does not say which world it is for: pages are tried out in the sandbox.
            environment: Environment::Test,
            route: "widget".to_owned(),
            code: finding.code(),
            field: "",
            origin: shown(origin),
            message: finding.message().to_owned(),
            request_id: String::new(),
        });
    }

    async fn embedding(&self, widget: Uuid) -> Result<(Partner, Vec<Origin>), ApiError> {
        self.db
            .read("embedding", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(partner) = tx.partner_by_widget(widget).await? else {
                        return Ok(None);
                    };
                    let origins = tx.origin_list(partner.id, None).await?;
                    Ok::<_, Failure<ApiError>>(Some((partner, origins)))
                })
            })
            .await?
            .ok_or_else(|| ApiError::not_found("widget"))
    }
}

/// The digest of a file, as the `integrity` attribute has it.
pub fn integrity_of(file: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(file)))
}

/// What is none is not repeated.
fn shown(origin: &str) -> String {
    Origin::parse(origin).map_or("(no origin)".to_owned(), |origin| origin.to_string())
}

fn known(codes: &[String]) -> Vec<EmbedFinding> {
    let named = codes.iter().take(FINDINGS_MAX);
    let mut found: Vec<_> = named.filter_map(|code| EmbedFinding::parse(code)).collect();
    found.sort_unstable();
    found.dedup();
    found
}
