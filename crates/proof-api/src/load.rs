//! Refusing early instead of late: a call that would wait behind hundreds of others is told to come
//! again while it still costs nothing.
//!
//! A place is held while a call is answered, not while its body trickles in: a sender who is slow on
//! purpose holds one of many cheap places instead of one of the few dear ones.

use crate::{Api, error::Refused};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use proof_core::ErrorCode;
use proof_engine::ApiError;
use std::{cell::RefCell, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls that are answered at the same time: enough to fill both cores and the writer's batches,
/// few enough that the last of them is answered within a second.
const ANSWERED_MAX: usize = 512;

/// Of which providers' callbacks have these to themselves: each ends somebody's waiting, and a
/// provider that is refused comes back with all of them at once.
const CALLBACKS_MAX: usize = 64;

/// Bodies that are on their way. One address, at its allowance, cannot take all of them.
const READ_MAX: usize = 2_048;

/// The same for callbacks, whose senders are known only when the body has been read.
const CALLBACKS_READ_MAX: usize = 256;

/// Long polls wait and cost next to nothing meanwhile.
const WAITING_MAX: usize = 20_000;

const RETRY_SECONDS: u32 = 1;

/// Places for calls.
pub struct Load {
    answered: Arc<Semaphore>,
    callbacks: Arc<Semaphore>,
    read: Arc<Semaphore>,
    callbacks_read: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A place, and the pool that it is from.
struct Place {
    pool: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn take(pool: &Arc<Semaphore>) -> Option<Self> {
        let permit = Arc::clone(pool).try_acquire_owned().ok()?;
        let pool = Arc::clone(pool);
        Some(Self {
            pool,
            _permit: permit,
        })
    }
}

tokio::task_local! {
    /// The place of the call that this task answers.
    static PLACE: RefCell<Option<Place>>;
}

impl Load {
    pub(crate) fn new() -> Self {
        Self {
            answered: Arc::new(Semaphore::new(ANSWERED_MAX - CALLBACKS_MAX)),
            callbacks: Arc::new(Semaphore::new(CALLBACKS_MAX)),
            read: Arc::new(Semaphore::new(READ_MAX)),
            callbacks_read: Arc::new(Semaphore::new(CALLBACKS_READ_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }

    /// Waits for news in a cheap place instead of the call's own. The handler says that it waits,
    /// whatever the request looks like.
    pub(crate) async fn while_waiting<T>(
        &self,
        wait: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, Refused> {
        let _waiting = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| overloaded())?;
        // Outside of a served call (tests) there is no place to give back.
        drop(PLACE.try_with(RefCell::take));
        Ok(wait.await?)
    }

    /// Reads a body outside of the call's place, and comes back to one. Callbacks come without any
    /// credentials, so the room for their bodies is not the partners'.
    pub(crate) async fn while_reading<T>(
        &self,
        read: impl Future<Output = Result<T, Refused>>,
    ) -> Result<T, Refused> {
        let pool = PLACE.try_with(|place| place.take().map(|place| place.pool));
        let pool = pool.ok().flatten();
        let callback = pool
            .as_ref()
            .is_some_and(|pool| Arc::ptr_eq(pool, &self.callbacks));
        let room = if callback {
            &self.callbacks_read
        } else {
            &self.read
        };
        let reading = Arc::clone(room).try_acquire_owned();
        let reading = reading.map_err(|_| overloaded())?;
        let done = read.await;
        drop(reading);
        if let Some(pool) = pool {
            // Whoever has sent all of it is not sent away any more: the queue is bounded by those
            // who were reading.
            let permit = Arc::clone(&pool).acquire_owned().await;
            let place = Place {
                pool,
                _permit: permit.map_err(|_| overloaded())?,
            };
            let _kept = PLACE.try_with(|own| own.replace(Some(place)));
        }
        done
    }
}

fn overloaded() -> Refused {
    let message = "Too much is going on right now; nothing was done. Try again.";
    Refused(ApiError {
        retry_after_s: Some(RETRY_SECONDS),
        ..ApiError::new(ErrorCode::Overloaded, message)
    })
}

fn is_callback(request: &Request) -> bool {
    request.uri().path().starts_with("/inbound/")
}

/// Gives a call a place, or refuses it. Whether the process lives is answered even then.
pub async fn shed(api: &Api, request: Request, next: Next) -> Response {
    if request.uri().path() == "/healthz" {
        return next.run(request).await;
    }
    let pool = if is_callback(&request) {
        &api.load.callbacks
    } else {
        &api.load.answered
    };
    match Place::take(pool) {
        Some(place) => {
            let place = RefCell::new(Some(place));
            PLACE.scope(place, next.run(request)).await
        }
        None => overloaded().into_response(),
    }
}
