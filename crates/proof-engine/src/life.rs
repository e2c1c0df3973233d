//! Which life of the installation this server is in, and what it may therefore do.
//!
//! The signers say it: a server whose epoch is not theirs moves no money. It reads, serves reads,
//! delivers what was said already, and refuses whatever would move an order.

use crate::{ApiError, Engine};
use proof_core::{
    ErrorCode,
    recovery::{Epoch, Life},
};
use proof_store::Pool;

/// People look at what happened before they let it go on; that takes minutes at least.
const RETRY_SECONDS: u32 = 60;

/// A server that was replaced notices within this, and until then the signer refuses it.
const LOOK_SECONDS: i64 = 1;

impl Engine {
    pub(crate) const fn epoch(&self) -> Epoch {
        Epoch::new(self.installation.epoch)
    }

    /// As the signers said when they were last asked.
    pub fn life(&self) -> Life {
        *self.life.borrow()
    }

    /// Asks the signers; the worst answer counts.
    pub async fn life_look(&self) -> Result<Life, ApiError> {
        let mut life = Life::Known;
        for rails in [&self.test_rails, &self.live_rails].into_iter().flatten() {
            life = life.max(Life::of(self.epoch(), rails.signer.epoch().await?));
        }
        let before = self.life.send_replace(life);
        if before != life {
            match life {
                Life::Known => tracing::info!(epoch = %self.epoch(), "this server moves money"),
                Life::Recovering => tracing::warn!(
                    epoch = %self.epoch(),
                    "in recovery after a restore: nothing moves until an owner accepts it (proof recovery show)"
                ),
                Life::Fenced => tracing::error!(
                    epoch = %self.epoch(),
                    "another server took over: this one moves nothing any more and should be stopped"
                ),
            }
        }
        Ok(life)
    }

    /// Before anything is changed for a caller.
    pub fn may_change(&self) -> Result<(), ApiError> {
        match self.life() {
            Life::Known => Ok(()),
            Life::Recovering | Life::Fenced => Err(ApiError {
                retry_after_s: Some(RETRY_SECONDS),
                ..ApiError::new(
                    ErrorCode::Recovering,
                    "The service is being recovered after a restore: it can be read, and nothing new begins. Nothing was done; try again later.",
                )
            }),
        }
    }

    /// Before jobs are taken. What was said already may be delivered in any life.
    pub(crate) async fn may_work(&self, pool: Pool) -> bool {
        match pool {
            Pool::Deliveries => true,
            Pool::Mails | Pool::Nights => self.life() == Life::Known,
            Pool::Orders => {
                let now = self.now();
                let looked = self.life_at.borrow().plus_seconds(LOOK_SECONDS);
                if self.life() == Life::Known && now < looked {
                    return true;
                }
                self.life_at.send_replace(now);
                // A signer that is busy is none that refuses: it still has its own word.
                if let Err(error) = self.life_look().await {
                    error.log("the signer cannot be asked for its epoch");
                }
                self.life() == Life::Known
            }
        }
    }
}
