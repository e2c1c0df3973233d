//! What a partner may know about a user: how far the verification is.

use crate::{
    client::{Call, Client},
    error::Error,
    wire::{KycStatus, segment},
};
use serde::Deserialize;

impl Client {
    /// A user is known from the first session on; before that it is [`Error::NotFound`].
    pub async fn kyc_status(&self, partner_user_id: &str) -> Result<KycStatus, Error> {
        #[derive(Deserialize)]
        struct User {
            status: KycStatus,
        }
        let user: User = self.call(&Call::get(path(partner_user_id)?)).await?;
        Ok(user.status)
    }
}

pub(crate) fn path(partner_user_id: &str) -> Result<String, Error> {
    let user = segment("partner_user_id", partner_user_id)?;
    Ok(format!("/widget/users/{user}/kyc-status"))
}
