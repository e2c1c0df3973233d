//! The statement of the whole house for one day: what each partner's orders moved, and each account from what it
//! held in the morning to what it held at night.
//!
//! It is read a page at a time, since a day that is over does not change, and only sums are kept of it.

use crate::{ApiError, Engine, SignedStatement};
use proof_core::{
    Timestamp,
    id::EntryId,
    partner::Environment,
    statement::{Day, Holdings, HouseSums, hold},
};
use proof_store::{BooksAt, Failure, HousePosting, Tx};
use uuid::Uuid;

const LINES_PER_PAGE: i64 = 5_000;

/// What is kept for ever is looked at a day later than what is only told: nothing may still be on its way into it.
const KEPT_AFTER_SECONDS: i64 = 24 * 3_600;

/// Everything posted from a moment on, up to another one.
struct Reader {
    at: BooksAt,
    until: Timestamp,
}

impl Reader {
    fn new(from: Timestamp, until: Timestamp) -> Self {
        let at = (from, EntryId::from_uuid(Uuid::nil()), -1);
        Self { at, until }
    }

    /// Nothing: that was all.
    async fn next(&mut self, engine: &Engine) -> Result<Option<Vec<HousePosting>>, ApiError> {
        let (at, until) = (self.at, self.until);
        let page = engine
            .db
            .read("house", move |tx: &mut Tx| {
                Box::pin(async move {
                    let page = tx.ledger_since(at, until, LINES_PER_PAGE).await?;
                    Ok::<_, Failure<ApiError>>(page)
                })
            })
            .await?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.at = (last.posted_at, last.entry, last.line);
        Ok(Some(page))
    }
}

impl Engine {
    /// The statement of a day that is over. Asked for again, it has the same bytes.
    pub async fn house(
        &self,
        environment: Environment,
        day: Day,
    ) -> Result<SignedStatement, ApiError> {
        self.is_over(day)?;
        let opening = self.closing(day.before()).await?;
        let mut sums = HouseSums::new(environment);
        let mut reader = Reader::new(day.start(), day.end());
        while let Some(page) = reader.next(self).await? {
            for one in &page {
                sums.take(one.partner, &one.kind, (&one.account, one.amount))
                    .map_err(ApiError::internal)?;
            }
        }
        let made = sums.finish(day, &opening).map_err(ApiError::internal)?;
        let csv = made.to_csv();
        self.signed(environment, day, (&made, csv))
    }

    /// What all accounts held when a day was over: from the latest day of which it is kept, day after day.
    async fn closing(&self, day: Day) -> Result<Holdings, ApiError> {
        let latest = self
            .db
            .read("closing_latest", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.closing_latest(day).await?) })
            })
            .await?;
        let (mut held, from) = match latest {
            Some((known, held)) if known == day => return Ok(held),
            Some((known, held)) => (held, known.end()),
            None => (Holdings::new(), Timestamp::FIRST),
        };
        let mut reader = Reader::new(from, day.end());
        let mut at = None;
        while let Some(page) = reader.next(self).await? {
            for one in &page {
                let of = Day::of(one.posted_at);
                if let Some(before) = at.replace(of).filter(|before| *before != of) {
                    self.closing_keep(before, &held).await?;
                }
                hold(&mut held, &one.account, one.amount).map_err(ApiError::internal)?;
            }
        }
        self.closing_keep(day, &held).await?;
        Ok(held)
    }

    async fn closing_keep(&self, day: Day, held: &Holdings) -> Result<(), ApiError> {
        if day.end().plus_seconds(KEPT_AFTER_SECONDS) > self.now() {
            return Ok(());
        }
        let held = held.clone();
        self.db
            .write("closing_put", move |tx: &mut Tx| {
                let held = held.clone();
                Box::pin(async move {
                    tx.closing_put(day, &held).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Every night: so that no statement has to begin at the first entry.
    pub(crate) async fn closings_keep(&self) -> Result<(), ApiError> {
        let kept = self.now().plus_seconds(-KEPT_AFTER_SECONDS);
        self.closing(Day::of(kept).before()).await.map(drop)
    }
}
