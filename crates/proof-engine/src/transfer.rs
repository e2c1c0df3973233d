//! The crypto leg: plan, sign, broadcast, watch.

use crate::{
    ApiError, Engine,
    error::refused,
    order::{SaveIds, apply, gone},
    payment::is_final,
    quote::with_margin,
    view::inner,
    worker::Outcome,
};
use proof_core::{
    Network,
    id::{IntentId, OrderId},
    order::{Command, Order, Proof, Sending, State},
    transfer::{Coin, UnsignedFrom, UnsignedTransfer},
};
use proof_port::{Chain, IntentClass, SignedState, SigningIntent, TransferStatus};
use proof_store::{Failure, Tx};
use std::sync::Arc;

/// What the chain says about our wallet before a transfer is planned.
#[derive(Clone)]
enum Source {
    Nonce { expected: u64 },
    Coins { unspent: Vec<Coin> },
}

impl Engine {
    fn chain(&self, order: &Order) -> Result<&Arc<dyn Chain>, ApiError> {
        self.chain_of(order.environment, order.amount.asset().network())
    }

    /// Fixes everything about the transfer but its signature, and promises its nonce or coins to
    /// this one intent, in one database transaction.
    pub(crate) async fn transfer_plan(&self, order: &Order) -> Result<Outcome, ApiError> {
        let chain = self.chain(order)?;
        let sender = self
            .rails(order.environment)?
            .signer
            .wallet(chain.network())
            .await?;
        let fee = with_margin(chain.fee().await?)?;
        let source = match chain.network() {
            Network::Bitcoin => Source::Coins {
                unspent: chain.coins(&sender).await?,
            },
            Network::Trc20 | Network::Erc20 | Network::Bep20 | Network::Solana => Source::Nonce {
                expected: chain.nonce(&sender).await?,
            },
        };
        let leg = if returns(order) { "return" } else { "deliver" };
        let (id, intent) = (order.id, self.intent(order.id, leg, 1));
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("transfer_plan", move |tx: &mut Tx| {
                let (ids, source, sender) = (ids.clone(), source.clone(), sender.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let (recipient, amount) = stored.order.outgoing().ok_or_else(gone)?;
                    let from = match source {
                        Source::Nonce { expected } => {
                            UnsignedFrom::Nonce(tx.nonce_reserve(&sender, expected, intent).await?)
                        }
                        Source::Coins { unspent } => {
                            let needed = amount
                                .checked_add(fee)
                                .map_err(|e| refused(ApiError::internal(e)))?;
                            let coins = coins_choose(tx, &unspent, needed.base()).await?;
                            let network = sender.network().name();
                            let taken = tx.coins_reserve(network, &coins, intent).await?;
                            taken.map_err(|_| refused(no_coins()))?;
                            UnsignedFrom::Coins(coins)
                        }
                    };
                    let transfer = UnsignedTransfer {
                        sender,
                        recipient,
                        amount,
                        from,
                        fee,
                    };
                    apply(
                        tx,
                        stored,
                        Command::TransferPlanned { intent, transfer },
                        &ids,
                    )
                    .await
                })
            })
            .await?;
        Ok(Outcome::Done)
    }

    /// Asks the signer. If its policy says no, the intent is closed for ever, and that is the proof
    /// with which the order turns round.
    pub(crate) async fn transfer_sign(
        &self,
        order: &Order,
        sending: &Sending,
    ) -> Result<Outcome, ApiError> {
        let signer = &self.rails(order.environment)?.signer;
        let intent = SigningIntent {
            intent: sending.intent,
            class: if returns(order) {
                IntentClass::Return
            } else {
                IntentClass::Deliver
            },
            order: order.id,
            transfer: sending.transfer.clone(),
        };
        let signed = match signer.sign(&intent).await {
            Ok(signed) => Some(signed),
            Err(error) if is_final(&error) => {
                tracing::warn!(order = %order.id, "the signer refuses a transfer: {error}");
                match signer.close(sending.intent).await? {
                    SignedState::Signed(signed) => Some(signed),
                    SignedState::NeverSigned => None,
                }
            }
            Err(error) => return Err(error.into()),
        };
        match signed {
            Some(signed) => {
                self.fact(
                    "transfer_sign",
                    order,
                    Some(Command::TransferSigned { signed }),
                )
                .await
            }
            None => self.transfer_never_signed(order.id, sending.intent).await,
        }
    }

    /// The refund starts, and what was promised to the intent is free again, at once.
    async fn transfer_never_signed(
        &self,
        id: OrderId,
        intent: IntentId,
    ) -> Result<Outcome, ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("transfer_never_signed", move |tx: &mut Tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    tx.intent_release(intent).await?;
                    let proof = Proof::NeverSigned { intent };
                    apply(tx, stored, Command::TransferDead { proof }, &ids).await
                })
            })
            .await?;
        Ok(Outcome::Done)
    }

    /// Hands the signed bytes to the network; sending them again is harmless.
    pub(crate) async fn transfer_broadcast(
        &self,
        order: &Order,
        sending: &Sending,
    ) -> Result<Outcome, ApiError> {
        let chain = self.chain(order)?;
        let signed = sending.signed.as_ref();
        let signed = signed.ok_or_else(|| ApiError::internal("nothing signed to broadcast"))?;
        if let Err(error) = chain.broadcast(&signed.signed_hex).await {
            // Refused, or in doubt: if the chain knows the hash, it got there.
            match chain.transfer(&signed.hash).await? {
                TransferStatus::Unknown => return Err(error.into()),
                TransferStatus::Waiting
                | TransferStatus::Mined { .. }
                | TransferStatus::Failed { .. } => {}
            }
        }
        self.fact(
            "transfer_broadcast",
            order,
            Some(Command::TransferBroadcast),
        )
        .await
    }

    /// Counts confirmations until the transfer is final, one way or the other.
    pub(crate) async fn transfer_watch(
        &self,
        order: &Order,
        sending: &Sending,
    ) -> Result<Outcome, ApiError> {
        let chain = self.chain(order)?;
        let signed = sending.signed.as_ref();
        let signed = signed.ok_or_else(|| ApiError::internal("nothing signed to watch"))?;
        let bound = chain.confirmations_final();
        let command = match chain.transfer(&signed.hash).await? {
            TransferStatus::Unknown => {
                // A node that forgot it is told again; the bytes are the same.
                chain.broadcast(&signed.signed_hex).await?;
                None
            }
            TransferStatus::Waiting => None,
            TransferStatus::Mined {
                confirmations, fee, ..
            } if confirmations >= bound => Some(Command::TransferFinal { confirmations, fee }),
            TransferStatus::Failed { confirmations } if confirmations >= bound => {
                let proof = Proof::RefusedByChain {
                    hash: signed.hash.clone(),
                };
                Some(Command::TransferDead { proof })
            }
            TransferStatus::Mined { confirmations, .. }
            | TransferStatus::Failed { confirmations } => {
                Some(Command::TransferSeen { confirmations })
            }
        };
        let next = self.now().plus_millis(chain.poll_interval_ms());
        match self.fact("transfer_watch", order, command).await? {
            Outcome::Done => Ok(Outcome::Done),
            Outcome::Again(_) => Ok(Outcome::Again(next)),
        }
    }
}

fn returns(order: &Order) -> bool {
    matches!(inner(&order.state), State::Returning(_))
}

fn no_coins() -> ApiError {
    ApiError::unavailable("the hot wallet has no free coins for this amount".into())
}

/// Free coins that cover the amount, largest first: few inputs, a small fee.
async fn coins_choose(
    tx: &mut Tx,
    unspent: &[Coin],
    needed: u128,
) -> Result<Vec<Coin>, Failure<ApiError>> {
    let promised = tx.coin_list(Network::Bitcoin.name()).await?;
    let mut free: Vec<&Coin> = unspent
        .iter()
        .filter(|coin| {
            !promised
                .iter()
                .any(|(h, i)| *h == coin.hash && *i == coin.index)
        })
        .collect();
    free.sort_by(|a, b| b.base.cmp(&a.base).then_with(|| a.cmp(b)));
    let (mut chosen, mut sum) = (Vec::new(), 0_u128);
    for coin in free {
        if sum >= needed {
            break;
        }
        sum = sum.saturating_add(coin.base);
        chosen.push(coin.clone());
    }
    if sum < needed {
        Err(refused(no_coins()))
    } else {
        Ok(chosen)
    }
}
