//! How a partner's widget looks: read by everybody who opens it, changed by one person.

use crate::{ApiError, Engine, Seat, audit::audit, error::refused, member::deed};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use proof_core::{
    ErrorCode,
    id::PartnerId,
    partner::{Accent, Font, Logo, LogoHash, Look, LookError, Partner},
};
use proof_store::{Failure, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

const PNG_URL: &str = "data:image/png;base64,";

/// A look as browsers read and write it: its logo is an address, or the picture itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookShown {
    pub accent: Option<Accent>,
    pub radius: Option<u8>,
    pub font: Option<Font>,
    /// Where it is, as it was read here; or a new one as `data:image/png;base64,…`.
    pub logo: Option<String>,
}

fn address(widget_id: Uuid, hash: LogoHash) -> String {
    format!("/frame/{widget_id}/logo?v={}", String::from(hash))
}

impl LookShown {
    pub(crate) fn new(partner: &Partner, look: Look) -> Self {
        Self {
            accent: look.accent,
            radius: look.radius,
            font: look.font,
            logo: look.logo.map(|hash| address(partner.widget_id, hash)),
        }
    }
}

/// What happens to the picture.
#[derive(Clone)]
enum LogoSaid {
    None,
    Same(String),
    New(Logo),
}

fn logo_said(text: Option<String>) -> Result<LogoSaid, LookError> {
    let Some(text) = text else {
        return Ok(LogoSaid::None);
    };
    match text.strip_prefix(PNG_URL) {
        Some(data) => {
            let bytes = BASE64_STANDARD.decode(data).map_err(|_| LookError::Logo)?;
            Ok(LogoSaid::New(Logo::parse(&bytes)?))
        }
        None => Ok(LogoSaid::Same(text)),
    }
}

fn wrong(error: LookError) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, error.field(), error.to_string())
}

fn overtaken() -> ApiError {
    ApiError::new(
        ErrorCode::WrongState,
        "The logo was changed meanwhile. Look again, and make your change to that one.",
    )
}

impl Engine {
    pub async fn look(&self, id: PartnerId) -> Result<LookShown, ApiError> {
        self.db
            .read("look", move |tx: &mut Tx| {
                Box::pin(async move {
                    let partner = tx.partner_load(id).await?;
                    let partner = partner.ok_or_else(|| refused(ApiError::nobody("partner")))?;
                    let look = tx.look_load(id).await?;
                    Ok::<_, Failure<ApiError>>(LookShown::new(&partner, look))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Whoever opens the widget from now on sees it; in both worlds, so that what is tried in the sandbox
    /// is what live has.
    pub async fn look_set(
        &self,
        seat: &Seat,
        id: PartnerId,
        shown: LookShown,
    ) -> Result<LookShown, ApiError> {
        let said = logo_said(shown.logo).map_err(wrong)?;
        let wanted = Look {
            accent: shown.accent,
            radius: shown.radius,
            font: shown.font,
            logo: None,
        };
        wanted.check().map_err(wrong)?;
        let (author, now) = (seat.author(), self.now());
        self.db
            .write("look_set", move |tx: &mut Tx| {
                let (author, said) = (author.clone(), said.clone());
                Box::pin(async move {
                    let partner = tx.partner_lock(id).await?;
                    let partner = partner.ok_or_else(|| refused(ApiError::nobody("partner")))?;
                    let before = tx.look_load(id).await?;
                    let logo = match &said {
                        LogoSaid::None => None,
                        LogoSaid::New(logo) => Some(logo.hash()),
                        LogoSaid::Same(shown) => {
                            let mine = |hash: &LogoHash| address(partner.widget_id, *hash);
                            let same = before.logo.filter(|hash| mine(hash) == *shown);
                            Some(same.ok_or_else(|| refused(overtaken()))?)
                        }
                    };
                    let after = Look { logo, ..wanted };
                    tx.look_put(id, &after, now).await?;
                    match &said {
                        LogoSaid::None => tx.logo_put(id, None).await?,
                        LogoSaid::New(logo) => tx.logo_put(id, Some(logo)).await?,
                        LogoSaid::Same(_) => (),
                    }
                    let mut deed = deed(author, "look.set", id.to_string(), json!(after));
                    deed.before = json!(before);
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(LookShown::new(&partner, after))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The picture of this name; an older one is gone.
    pub async fn logo(&self, widget_id: Uuid, hash: &str) -> Result<Vec<u8>, ApiError> {
        let unknown = || ApiError::not_found("logo");
        let hash: LogoHash = hash.parse().map_err(|_| unknown())?;
        let found = self
            .db
            .read("logo", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(partner) = tx.partner_by_widget(widget_id).await? else {
                        return Ok(None);
                    };
                    if tx.look_load(partner.id).await?.logo != Some(hash) {
                        return Ok(None);
                    }
                    Ok::<_, Failure<ApiError>>(tx.logo_load(partner.id).await?)
                })
            })
            .await?;
        found.ok_or_else(unknown)
    }
}
