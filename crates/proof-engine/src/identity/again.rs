//! Before somebody is approved: what came to be known while the check waited is looked at first.

use super::wrong_state;
use crate::{
    ApiError, Engine,
    error::refused,
    operator::gone,
    person::{PersonKeys, Traces, Whose},
};
use proof_core::{
    ErrorCode,
    id::PersonId,
    identity::{Resembling, Verification, resemblances},
    order::Order,
};
use proof_port::IdentityStatus;
use proof_store::{Failure, Tx};

impl Engine {
    /// Newer lists may name somebody who is alike, and somebody alike may have been decided. What is compared goes
    /// into the transaction that decides, too: another check may be decided at this moment.
    pub(super) async fn looked_again(
        &self,
        v: &Verification,
        order: &Order,
    ) -> Result<Option<Traces>, ApiError> {
        self.names_again(v, order).await?;
        let traces = self.waiting_traces(v, order).await?;
        if let Some(traces) = &traces {
            self.alike_again(v, order, traces).await?;
        }
        Ok(traces)
    }

    async fn names_again(&self, v: &Verification, order: &Order) -> Result<(), ApiError> {
        let lists = self.sanctions.lists().map(|lists| lists.version.clone());
        let screened = v.names.as_ref().map(|names| names.lists.clone());
        if lists.is_none() || lists == screened {
            return Ok(());
        }
        let identity = &self.rails(order.environment)?.identity;
        let IdentityStatus::Done(_, seen) = identity.status(&self.identity_reference(v)).await?
        else {
            return Ok(());
        };
        let Some(names) = self.sanctions.screen_of(&seen).await? else {
            return Ok(());
        };
        let is_new = v.names.as_ref().is_none_or(|known| !known.covers(&names));
        let is_new = is_new && !names.hits.is_empty();
        let (id, order) = (v.id, order.id);
        self.db
            .write("identity_names", move |tx: &mut Tx| {
                let names = names.clone();
                Box::pin(async move {
                    tx.order_lock(order).await?.ok_or_else(gone)?;
                    let found = tx.verification_load(id).await?.ok_or_else(wrong_state)?;
                    let names = Some(names);
                    let v = Verification {
                        names,
                        ..found.verification
                    };
                    tx.verification_save(&v, found.version).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        if !is_new {
            return Ok(());
        }
        let message = "The sanctions lists are newer than this page and name somebody who is alike: load it again and look.";
        Err(ApiError::new(ErrorCode::WrongState, message))
    }

    /// Keeps whom it is found to resemble now, for the page.
    async fn alike_again(
        &self,
        v: &Verification,
        order: &Order,
        traces: &Traces,
    ) -> Result<(), ApiError> {
        let (keys, traces) = (self.person_keys()?.clone(), traces.clone());
        let (id, order) = (v.id, order.id);
        let is_new = self
            .db
            .write("identity_alike", move |tx: &mut Tx| {
                let (traces, keys) = (traces.clone(), keys.clone());
                Box::pin(async move {
                    let order = tx.order_lock(order).await?.ok_or_else(gone)?.order;
                    let stored = tx.verification_load(id).await?.ok_or_else(wrong_state)?;
                    let found = unseen(tx, (&traces, &keys), &stored.verification, &order).await?;
                    let Some(found) = found else {
                        return Ok(false);
                    };
                    let v = Verification {
                        resembles: resemblances(&found),
                        ..stored.verification
                    };
                    tx.verification_save(&v, stored.version).await?;
                    Ok::<_, Failure<ApiError>>(true)
                })
            })
            .await?;
        if is_new { Err(came()) } else { Ok(()) }
    }

    /// What an attempt that waits shows of a person, compared with what is known by now.
    async fn waiting_traces(
        &self,
        v: &Verification,
        order: &Order,
    ) -> Result<Option<Traces>, ApiError> {
        let id = v.id;
        let row = self
            .db
            .read("identity_waiting", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.proof_load(id).await?) })
            })
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let whose = Whose {
            verification: id,
            customer: v.customer,
            environment: order.environment,
            own: v.known_as,
        };
        self.traces_again(whose, row).await.map(Some)
    }
}

/// In the transaction that decides: nobody who is alike was decided since people looked.
pub(super) async fn nobody_came(
    tx: &mut Tx,
    by: (&Traces, &PersonKeys),
    v: &Verification,
    order: &Order,
) -> Result<(), Failure<ApiError>> {
    match unseen(tx, by, v, order).await? {
        Some(_) => Err(refused(came())),
        None => Ok(()),
    }
}

fn came() -> ApiError {
    let message =
        "Somebody with the same document or face came meanwhile: load this page again and look.";
    ApiError::new(ErrorCode::WrongState, message)
}

/// All that is alike, where people have not seen all of it.
async fn unseen(
    tx: &mut Tx,
    (traces, keys): (&Traces, &PersonKeys),
    v: &Verification,
    order: &Order,
) -> Result<Option<Vec<Resembling>>, Failure<ApiError>> {
    let customer = tx.customer_load(order.partner, order.customer).await?;
    let own = customer.ok_or_else(gone)?.person;
    let found = traces.found(tx, keys, v.known_as.or(own)).await?;
    Ok(has_unseen(v, own, &found).then_some(found))
}

/// Who it is known to be is no news, unless they are unwanted.
fn has_unseen(v: &Verification, own: Option<PersonId>, found: &[Resembling]) -> bool {
    let known = own.or(v.known_as).or(v.looks_like);
    let is_known = |one: &&Resembling| known.is_some() && one.person == known && !one.is_unwanted();
    let news: Vec<_> = found.iter().filter(|one| !is_known(one)).cloned().collect();
    let seen = |id| v.resembles.iter().any(|one| one.verification == id);
    resemblances(&news)
        .iter()
        .any(|one| !seen(one.verification))
}
