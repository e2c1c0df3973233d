//! What was found outside, and how it is told.

use super::{OrderMoved, UnknownOrder};
use proof_core::{
    id::OrderId,
    money::Amount,
    partner::Environment,
    recovery::{Adoption, Apart, PaymentSeen, SaleAdoption},
};
use proof_port::SignedIntent;

/// What is different in one environment.
#[derive(Default)]
pub(super) struct Found {
    pub environment: Option<Environment>,
    pub moved: Vec<Moved>,
    pub strangers: Vec<Stranger>,
    /// Signatures that the database does not know: what they spend is theirs.
    pub spent: Vec<SignedIntent>,
    pub wallets: Vec<String>,
}

/// An order of ours that is further outside.
pub(super) struct Moved {
    pub shown: OrderMoved,
    pub act: Act,
}

/// What accepting does with an order of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Nothing,
    /// The hold under this reference.
    GiveBack(String),
    Adopt(Adoption),
    AdoptSale(SaleAdoption),
}

/// An order that the database does not know.
pub(super) struct Stranger {
    pub order: OrderId,
    pub shown: UnknownOrder,
    /// What is to be booked, each with a name that is the same at every look.
    pub apart: Vec<(String, Apart)>,
    /// Holds that nobody will ever use.
    pub holds: Vec<String>,
    /// Signed and not final: handed to its network again.
    pub on_their_way: Vec<SignedIntent>,
}

/// What became of a signed transfer.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    Final { fee: Amount },
    Refused,
    OnItsWay,
}

impl Stranger {
    pub(super) fn sent(&mut self, signed: &SignedIntent, fate: Fate) {
        self.shown.outside.push(transfer_words(signed, fate));
        match fate {
            Fate::Final { fee } => {
                let amount = signed.intent.transfer.amount;
                let subject = format!("transfer {}", signed.signed.hash);
                self.apart.push((subject, Apart::Sent { amount, fee }));
            }
            Fate::OnItsWay => self.on_their_way.push(signed.clone()),
            Fate::Refused => {}
        }
    }

    /// To our own wallet: nothing was spent.
    pub(super) fn swept(&mut self, signed: &SignedIntent, fate: Fate) {
        self.shown.outside.push(transfer_words(signed, fate));
        if matches!(fate, Fate::OnItsWay) {
            self.on_their_way.push(signed.clone());
        }
    }

    pub(super) fn then_say(&mut self) {
        let then = &mut self.shown.then;
        if !self.apart.is_empty() {
            then.push("its money is booked and kept apart on suspense, for people".to_owned());
        }
        if !self.holds.is_empty() {
            then.push("the hold is given back".to_owned());
        }
        if !self.on_their_way.is_empty() {
            then.push(
                "the transfer is handed to its network again, and has to be final first".to_owned(),
            );
        }
        if then.is_empty() {
            then.push("nothing moved: it is only named".to_owned());
        }
    }
}

pub(super) fn payment_words(attempt: u32, payment: PaymentSeen) -> String {
    match payment {
        PaymentSeen::Nothing => format!("payment {attempt} came to nothing"),
        PaymentSeen::Open => format!("payment {attempt} is open at the processor, or held"),
        PaymentSeen::Taken { captured, refunded } => {
            let (taken, fiat) = (captured.to_decimal(), captured.fiat());
            if refunded.minor() == 0 {
                format!("payment {attempt}: {taken} {fiat} were taken")
            } else {
                let back = refunded.to_decimal();
                format!("payment {attempt}: {taken} {fiat} were taken, {back} given back")
            }
        }
    }
}

pub(super) fn transfer_words(signed: &SignedIntent, fate: Fate) -> String {
    let transfer = &signed.intent.transfer;
    let (amount, to) = (transfer.amount, &transfer.recipient);
    let became = match fate {
        Fate::Final { .. } => "final",
        Fate::Refused => "refused by the chain",
        Fate::OnItsWay => "signed, not final",
    };
    let (hash, asset) = (&signed.signed.hash, amount.asset());
    format!(
        "{} {asset} to {to}: {became}, transfer {hash}",
        amount.to_decimal()
    )
}
