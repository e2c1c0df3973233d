//! Cases by whom they wait for.

use crate::{
    ApiError, CaseStory, Engine, Page,
    operator::{case_story, claim_story},
};
use proof_core::id::CaseId;
use proof_store::{Failure, InReview, Tx};

/// For whom a case waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseWaits {
    /// Two operators.
    Us,
    User,
    /// A chain, a provider, the cardholder's bank.
    Others,
    /// Nobody: it is settled.
    Nobody,
}

impl CaseWaits {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "us" => Self::Us,
            "user" => Self::User,
            "others" => Self::Others,
            "nobody" => Self::Nobody,
            _ => return None,
        })
    }

    /// States of cases about crypto, and of those about fiat.
    const fn states(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Us => (&["in_review"], &["in_review"]),
            Self::User => (&["awaiting_user"], &[]),
            Self::Others => (&["open", "executing", "gone"], &["refunding", "disputed"]),
            Self::Nobody => (&["settled"], &["settled"]),
        }
    }
}

impl Engine {
    /// How many orders and cases wait for people, beyond what one page shows.
    pub async fn reviewed_count(&self) -> Result<InReview, ApiError> {
        self.db
            .read("reviewed_count", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.reviewed_count().await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Cases by whom they wait for, the newest first: those before one of them.
    pub async fn case_list(
        &self,
        waits: CaseWaits,
        before: Option<CaseId>,
        limit: i64,
    ) -> Result<Page<CaseStory>, ApiError> {
        let more = limit.saturating_add(1);
        let mut stories = self
            .db
            .read("case_list", move |tx: &mut Tx| {
                Box::pin(async move {
                    let (crypto, fiat) = waits.states();
                    let mut stories = Vec::new();
                    for state in crypto {
                        let cases = tx.case_list(state, before, more).await?;
                        stories.extend(cases.iter().map(case_story));
                    }
                    for state in fiat {
                        let claims = tx.claim_list(state, before, more).await?;
                        stories.extend(claims.iter().map(claim_story));
                    }
                    Ok::<_, Failure<ApiError>>(stories)
                })
            })
            .await?;
        stories.sort_by_key(|one| std::cmp::Reverse(one.case));
        Ok(Page::cut(stories, limit, |last| last.case.to_string()))
    }
}
