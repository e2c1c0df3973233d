//! What the steps of an order from before a restore ask first: whether the lost life has done them.

use crate::{
    ApiError, Engine,
    order::{SaveIds, gone},
    transfer::Leg,
    worker::Outcome,
};
use proof_core::{
    case::Case,
    id::OrderId,
    order::{Order, SaleVerdict},
    transfer::{TransferFact, UnsignedFrom},
};
use proof_port::{IntentClass, PayoutRequest, PayoutState, Promised, SignedIntent};
use proof_store::{Failure, Tx};

/// Pause before somebody who waits for people looks again.
const AGAIN_SECONDS: i64 = 60;

const CASES_MAX: i64 = 100;

impl Engine {
    /// Before a transfer is planned. `None`: nothing was ever signed for it, so it is planned anew.
    pub(crate) async fn transfer_recall(&self, leg: Leg) -> Result<Option<Outcome>, ApiError> {
        if self.recovered_at.borrow().is_none() {
            return Ok(None);
        }
        if leg.is_cold() {
            let own = self.transfer_own(leg).await?.1;
            let is_known = !own.is_empty();
            if is_known {
                self.transfer_adopt(leg, own).await?;
            }
            return Ok(is_known.then_some(Outcome::Done));
        }
        let order = self.order_load(leg.order).await?.order;
        if !self.predates(order.created_at) {
            return Ok(None);
        }
        if leg.is_of_order() && leg.class == IntentClass::Deliver {
            // Callbacks about disputes went to the lost life.
            self.payments_look(leg.order).await?;
            let present = self.order_load(leg.order).await?.order;
            if present.state != order.state {
                return Ok(Some(Outcome::Done));
            }
        }
        let (promised, own) = self.transfer_own(leg).await?;
        if !own.is_empty() {
            self.transfer_adopt(leg, own).await?;
            return Ok(Some(Outcome::Done));
        }
        let waits = Outcome::Again(self.now().plus_seconds(AGAIN_SECONDS));
        let cases = self.cases_of(leg.order).await?;
        if leg.class == IntentClass::Return && strange_return(&promised.signed, &order, &cases) {
            tracing::error!(order = %leg.order, "crypto went back before the restore, and it is not known for what: people have to look");
            return Ok(Some(waits));
        }
        let paid = leg.is_of_order()
            && leg.class == IntentClass::Return
            && self.is_paid_out(&order).await?;
        if paid {
            tracing::error!(order = %leg.order, "it was paid out before the restore: its crypto does not go back");
            return Ok(Some(waits));
        }
        Ok(None)
    }

    /// What the signer promised to whom it is, and what it has signed for this one transfer.
    async fn transfer_own(&self, leg: Leg) -> Result<(Promised, Vec<SignedIntent>), ApiError> {
        let signer = &self.rails(leg.environment)?.signer;
        let promised = signer.promised(leg.asked).await?;
        let own = promised.signed.iter();
        let own = own.filter(|s| s.intent.intent == leg.intent).cloned();
        let own = own.collect();
        Ok((promised, own))
    }

    /// Everything about it is fixed already, and its nonce or coins are spent.
    async fn transfer_adopt(&self, leg: Leg, given: Vec<SignedIntent>) -> Result<(), ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("transfer_adopt", move |tx: &mut Tx| {
                let (ids, given) = (ids.clone(), given.clone());
                Box::pin(async move {
                    let first = given.first().ok_or_else(gone)?;
                    let (intent, transfer) = (first.intent.intent, first.intent.transfer.clone());
                    if let UnsignedFrom::Nonce(nonce) = &transfer.from {
                        tx.nonce_claim(&transfer.sender, *nonce, intent).await?;
                    }
                    let network = transfer.amount.asset().network().name();
                    for coin in transfer.from.coins() {
                        let coin = (coin.hash.as_str(), coin.index);
                        tx.coin_claim(network, coin, intent).await?;
                    }
                    let fact = TransferFact::Planned { intent, transfer };
                    leg.record(tx, fact, &ids).await?;
                    for fact in replacements(&given) {
                        leg.record(tx, fact, &ids).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn cases_of(&self, order: OrderId) -> Result<Vec<Case>, ApiError> {
        self.db
            .read("recall_cases", move |tx: &mut Tx| {
                Box::pin(async move {
                    let cases = tx.case_of_order(order, CASES_MAX).await?;
                    Ok::<_, Failure<ApiError>>(cases)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn is_paid_out(&self, order: &Order) -> Result<bool, ApiError> {
        Ok(match self.payout_heard(order).await? {
            None | Some(PayoutState::Refused { .. }) => false,
            Some(PayoutState::Pending | PayoutState::Sent | PayoutState::Bounced) => true,
        })
    }

    /// What the payout provider says of this order's payout; `None`: it never heard of it.
    pub(crate) async fn payout_heard(
        &self,
        order: &Order,
    ) -> Result<Option<PayoutState>, ApiError> {
        let (Some(price), Some(sale)) = (&order.price, &order.sale) else {
            return Ok(None);
        };
        let request = PayoutRequest {
            reference: self.reference(order.id, "payout", 1),
            card_id: sale.payout_token.clone(),
            amount: price.total,
        };
        let payouts = &self.rails(order.environment)?.payouts;
        Ok(payouts.payout(&request).await?)
    }

    /// Before the price of a sell is judged: what the lost life decided stands.
    pub(crate) async fn sale_recall(&self, order: &Order) -> Result<Option<SaleVerdict>, ApiError> {
        if !self.predates(order.created_at) {
            return Ok(None);
        }
        // Whatever became of it, the same question gives the same answer.
        if self.payout_heard(order).await?.is_some() {
            return Ok(Some(SaleVerdict::Pay));
        }
        let sale = order.sale.as_ref();
        let reason = if self.is_going_back(order).await? {
            "its crypto went back before the restore"
        } else if sale.is_some_and(|sale| sale.payout_token.is_empty()) {
            "its payout card is not known any more"
        } else {
            return Ok(None);
        };
        let reason = reason.to_owned();
        Ok(Some(SaleVerdict::Review { reason }))
    }

    /// Before the provider hears of a payout: whether the lost life gave the crypto back instead.
    pub(crate) async fn payout_is_barred(&self, order: &Order) -> Result<bool, ApiError> {
        if !self.predates(order.created_at) || !self.is_going_back(order).await? {
            return Ok(false);
        }
        // A payout that was refused is why it went back.
        Ok(self.payout_heard(order).await?.is_none())
    }

    async fn is_going_back(&self, order: &Order) -> Result<bool, ApiError> {
        let signer = &self.rails(order.environment)?.signer;
        let promised = signer.promised(order.id).await?;
        let back = self.intent(order.id, "return", 1);
        Ok(promised
            .signed
            .iter()
            .any(|signed| signed.intent.intent == back))
    }
}

/// What follows the plan where the signer has signed more than once.
fn replacements(given: &[SignedIntent]) -> Vec<TransferFact> {
    let [first, later @ ..] = given else {
        return Vec::new();
    };
    if later.is_empty() {
        return Vec::new();
    }
    let mut facts = vec![TransferFact::Signed {
        signed: first.signed.clone(),
    }];
    for given in later {
        facts.push(TransferFact::Raised {
            transfer: given.intent.transfer.clone(),
        });
        facts.push(TransferFact::Replaced {
            signed: given.signed.clone(),
        });
    }
    facts
}

/// Whether something went back under an intent that nothing here has.
fn strange_return(signed: &[SignedIntent], order: &Order, cases: &[Case]) -> bool {
    let ours = serde_json::to_string(&(order, cases)).unwrap_or_default();
    let mut returns = signed
        .iter()
        .filter(|s| s.intent.class == IntentClass::Return);
    // One of those that were signed under an intent is enough: only one can happen.
    returns.any(|given| {
        let mut same = signed
            .iter()
            .filter(|s| s.intent.intent == given.intent.intent);
        !same.any(|s| ours.contains(&s.signed.hash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof_core::{
        Address, Asset, Network, Timestamp,
        id::IntentId,
        money::Amount,
        transfer::{Sending, Unfit, UnsignedTransfer},
    };
    use proof_port::{Signed, SigningIntent};
    use uuid::Uuid;

    fn given(hash: &str, fee: u128) -> SignedIntent {
        let address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        let address = Address::parse(Network::Erc20, address).unwrap();
        SignedIntent {
            intent: SigningIntent {
                intent: IntentId::from_uuid(Uuid::from_u128(1)),
                class: IntentClass::Deliver,
                order: OrderId::from_uuid(Uuid::from_u128(2)),
                transfer: UnsignedTransfer {
                    sender: address.clone(),
                    recipient: address,
                    amount: Amount::new(Asset::find("USDT", Network::Erc20).unwrap(), 5),
                    from: UnsignedFrom::Nonce(3),
                    fee: Amount::new(Network::Erc20.native(), fee),
                    form: None,
                },
            },
            signed: Signed {
                hash: hash.to_owned(),
                signed_hex: hash.to_owned(),
            },
        }
    }

    fn told(sending: &mut Sending, fact: TransferFact) -> Result<(), Unfit> {
        match fact {
            TransferFact::Signed { signed } => sending.sign(signed),
            TransferFact::Raised { transfer } => sending.raise(transfer),
            TransferFact::Replaced { signed } => sending.replace(signed).map(drop),
            other => panic!("{other:?} is no replacement"),
        }
    }

    #[test]
    fn all_that_the_signer_signed_is_taken_over_in_its_order() {
        let all = [given("a", 10), given("b", 12), given("c", 15)];
        assert!(replacements(&all[..1]).is_empty(), "the signer is asked");
        let first = &all[0].intent;
        let deadline = Timestamp::from_micros(9);
        let mut sending = Sending::new(first.intent, first.transfer.clone(), deadline);
        for fact in replacements(&all) {
            told(&mut sending, fact).unwrap();
        }
        assert_eq!(sending.hash(), Ok("c".to_owned()));
        assert_eq!(sending.transfer, all[2].intent.transfer);
        let others = [all[0].signed.clone(), all[1].signed.clone()];
        assert_eq!(sending.others, others);
    }
}
