//! Transfers of our own that the database has forgotten: they belong to no order.

use super::{World, transfer_words};
use crate::{
    ApiError, Engine,
    recovery::{
        OrderMoved,
        found::{Act, Found, Moved},
    },
};
use proof_port::Promised;

impl Engine {
    /// What a proof that the database has forgotten has taken from the wallet.
    pub(super) async fn proof_tell(
        &self,
        world: &mut World,
        promised: &Promised,
    ) -> Result<(), ApiError> {
        let environment = world.environment;
        for signed in &promised.signed {
            let network = signed.intent.transfer.amount.asset().network();
            let known = crate::prove::is_booked(&self.db, environment, network, signed).await?;
            if !known {
                let fate = self.fate(environment, signed).await?;
                world.take(signed, fate);
            }
        }
        Ok(())
    }

    /// What a move into cold storage that the database has forgotten has taken from the wallet.
    pub(super) async fn cold_tell(
        &self,
        world: &mut World,
        promised: &Promised,
        found: &mut Found,
    ) -> Result<(), ApiError> {
        for signed in &promised.signed {
            if self.is_cold_known(signed).await? {
                continue;
            }
            let fate = self.fate(world.environment, signed).await?;
            world.take(signed, fate);
            let amount = signed.intent.transfer.amount;
            let shown = OrderMoved {
                order: promised.order,
                what: format!(
                    "{} {} into cold storage",
                    amount.to_decimal(),
                    amount.asset()
                ),
                state: "not known here".to_owned(),
                outside: vec![transfer_words(signed, fate)],
                then: "is taken over by the next look at what the hot wallet has too much"
                    .to_owned(),
            };
            found.moved.push(Moved {
                shown,
                act: Act::Nothing,
            });
        }
        Ok(())
    }
}
