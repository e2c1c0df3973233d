//! Who a partner is: its name, whom one asks, and its type, which says where what its users buy goes.

use crate::{
    ApiError, Engine, Seat,
    audit::audit,
    change::{wallets_check, wallets_of},
    checklist::not_allowed,
    error::refused,
    live,
    member::deed,
    partner::{contact_parse, name_parse, name_taken},
};
use proof_core::{
    Address, Asset, ErrorCode, Timestamp,
    change::Wallet,
    id::PartnerId,
    member::Act,
    partner::{Environment, Partner, PartnerType},
};
use proof_store::{Failure, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub name: String,
    pub kind: PartnerType,
    pub contact_email: String,
}

impl From<&Partner> for About {
    fn from(partner: &Partner) -> Self {
        Self {
            name: partner.name.clone(),
            kind: partner.kind,
            contact_email: partner.contact_email.clone(),
        }
    }
}

/// What somebody has seen of it, and what it is to be.
#[derive(Clone, Debug)]
pub struct AboutAsk {
    pub before: About,
    pub after: About,
    /// Where coins go in the sandbox, if the new type wants wallets.
    pub wallets: Vec<(Asset, Address)>,
}

fn wrong_state(message: &str) -> ApiError {
    ApiError::new(ErrorCode::WrongState, message)
}

fn overtaken() -> ApiError {
    wrong_state("This was changed meanwhile. Look again, and make your change to that.")
}

/// The type decides where coins go: for orders that have begun it was decided, for live it was proven on the way
/// there, and nobody signs for another one.
async fn kind_may_change(tx: &mut Tx, partner: &Partner) -> Result<(), Failure<ApiError>> {
    if partner.stage.has_live() {
        return Err(refused(wrong_state(
            "This partner has live, and what was proven on the way there holds for its type alone. Make another partner for the other type.",
        )));
    }
    if tx.order_any_open(partner.id, Environment::Test).await? {
        return Err(refused(wrong_state(
            "Orders of this partner are under way, and its type says where their coins go. Change it when they have ended.",
        )));
    }
    Ok(())
}

/// The sandbox has exactly these wallets from now on; what it had is answered.
async fn wallets_replace(
    tx: &mut Tx,
    partner: PartnerId,
    wallets: &[(Asset, Address)],
    now: Timestamp,
) -> Result<Vec<Wallet>, Failure<ApiError>> {
    let before = wallets_of(tx, partner, Environment::Test).await?;
    for old in &before {
        tx.wallet_delete(partner, Environment::Test, old.asset)
            .await?;
    }
    for (asset, address) in wallets {
        tx.wallet_insert(partner, Environment::Test, (*asset, address), now)
            .await?;
    }
    Ok(before)
}

impl AboutAsk {
    fn check(self) -> Result<Self, ApiError> {
        let after = About {
            name: name_parse(self.after.name)?,
            contact_email: contact_parse(self.after.contact_email)?,
            ..self.after
        };
        let is_idle = after.kind == PartnerType::UserWallet || after.kind == self.before.kind;
        if is_idle && !self.wallets.is_empty() {
            let message = "Wallets belong to another type, which has them.";
            return Err(ApiError::field(
                ErrorCode::ValidationError,
                "wallets",
                message,
            ));
        }
        Ok(Self { after, ..self })
    }

    async fn run(
        &self,
        tx: &mut Tx,
        seat: &Seat,
        (id, now): (PartnerId, Timestamp),
    ) -> Result<About, Failure<ApiError>> {
        let partner = tx.partner_lock(id).await?;
        let partner = partner.ok_or_else(|| refused(ApiError::nobody("partner")))?;
        let (before, after) = (About::from(&partner), &self.after);
        // Sent twice, it is so already.
        if before == *after {
            return Ok(before);
        }
        if before != self.before {
            return Err(refused(overtaken()));
        }
        let mut deed = deed(
            seat.author(),
            "partner.change",
            id.to_string(),
            json!(after),
        );
        deed.before = json!(before);
        let owned = (&before.name, before.kind) != (&after.name, after.kind);
        if owned && !seat.role().may(Act::PartnerWrite) {
            return Err(refused(not_allowed()));
        }
        if before.kind != after.kind {
            kind_may_change(tx, &partner).await?;
            let changed = Partner {
                kind: after.kind,
                ..partner
            };
            let named = self.wallets.iter().map(|(asset, _)| *asset).collect();
            wallets_check(&changed, named).map_err(refused)?;
            let had = wallets_replace(tx, id, &self.wallets, now).await?;
            deed.before["wallets"] = json!(had);
            deed.after["wallets"] = json!(wallets_of(tx, id, Environment::Test).await?);
            // Whoever wanted it live meant another one.
            tx.proposal_end(&live::subject(id)).await?;
        }
        let fields = (
            after.name.as_str(),
            after.kind,
            after.contact_email.as_str(),
        );
        if !tx.partner_about_save(id, fields).await? {
            return Err(refused(name_taken(&after.name)));
        }
        audit(tx, &deed, now).await?;
        Ok(after.clone())
    }
}

impl Engine {
    /// From now on the widget, letters and pages say so. A partner's own people say whom one asks; the name, which
    /// users trust, and the type are the operator's.
    pub async fn about_set(
        &self,
        seat: &Seat,
        id: PartnerId,
        ask: AboutAsk,
    ) -> Result<About, ApiError> {
        let (ask, seat, now) = (ask.check()?, seat.clone(), self.now());
        self.db
            .write("about_set", move |tx: &mut Tx| {
                let (ask, seat) = (ask.clone(), seat.clone());
                Box::pin(async move { ask.run(tx, &seat, (id, now)).await })
            })
            .await
            .map_err(ApiError::from)
    }
}
