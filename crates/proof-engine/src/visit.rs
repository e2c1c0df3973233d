//! Opening the widget: the init token is exchanged for a visit, after every parameter was compared
//! with the session.

use crate::{
    ApiError, Engine, LookShown, View, access::forbidden_origin, installation::hex_of, order::gone,
};
use proof_core::{
    Address, ErrorCode,
    embed::EmbedFinding,
    id::OrderId,
    language::Language,
    money::Amount,
    order::Order,
    partner::{Environment, Origin, Partner, ReturnLink},
    session::Parameters,
    token::TokenHash,
};
use proof_store::{Failure, SessionRow, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Until 30 days after the end a visit may look; an order itself ends within days.
const VISIT_SECONDS: i64 = 32 * 24 * 3_600;

/// 128 bits in hexadecimal.
const DEVICE_LENGTH: usize = 32;

const LIVE: Environment = Environment::Live;

/// What the frame sends when it starts.
#[derive(Clone, Debug, Deserialize)]
pub struct VisitOpen {
    pub widget_id: Uuid,
    pub init_token: String,
    /// The parameters exactly as the page gave them.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    pub page_origin: String,
    /// Codes of what the frame found in the page around it.
    #[serde(default)]
    pub findings: Vec<String>,
    #[serde(default)]
    pub device_now_ms: Option<i64>,
    /// The language that the frame speaks.
    #[serde(default)]
    pub lang: Option<String>,
    /// What this browser drew for itself when it came first, where it keeps anything.
    #[serde(default)]
    pub device: Option<String>,
    /// An Android app has opened the page, as its browser says.
    #[serde(default)]
    pub from_app: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct VisitOpened {
    pub visit_token: String,
    pub view: View,
    /// Codes of what is wrong with the page, shown with the first screen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<&'static str>,
}

/// What the server needs to know to serve the frame's page.
#[derive(Clone, Debug)]
pub struct Frame {
    pub origins: Vec<Origin>,
    pub fields_origins: Vec<String>,
    pub look: LookShown,
    /// It matters whether a browser has been here before.
    pub knows_devices: bool,
}

/// The device of an order's session as it is now kept, or that there is none.
pub(crate) struct DeviceSeen(Option<[u8; 32]>);

fn invalid() -> ApiError {
    let message = "This session is unknown or has expired; go back to the shop and start again.";
    ApiError::new(ErrorCode::InvalidToken, message)
}

/// What the app's page stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageKind {
    /// A frame in a page of the partner's.
    Partners,
    /// A page of ours, opened by the partner's app.
    Hosted,
}

/// The hosted page is for partners who have said where it may lead, and leads nowhere else.
fn may_return(session: &SessionRow, known: &[ReturnLink]) -> Result<(), ApiError> {
    let refused = |message: &str| {
        Err(ApiError::field(
            ErrorCode::ForbiddenOrigin,
            "redirect_url",
            message,
        ))
    };
    if known.is_empty() {
        return refused("The hosted page is not switched on: no return link is registered.");
    }
    let Some(url) = &session.parameters.redirect_url else {
        return Ok(());
    };
    if known.iter().any(|link| link.admits(url)) {
        return Ok(());
    }
    refused("The redirect_url of this session begins with no registered return link.")
}

/// The signature says what was agreed on, the order what will be done: an order that a hand in the database has
/// turned to another wallet must not take anybody's card.
fn agrees(session: &Parameters, order: &Order) -> Result<(), ApiError> {
    let asset = order.amount.asset();
    let same = session.merchant_transaction_id == order.id.uuid()
        && session.side == order.side
        && session.network == asset.network().name()
        && session.currency == asset.ticker()
        && Amount::parse(asset, &session.amount).is_ok_and(|amount| amount == order.amount);
    let good = Address::parse(asset.network(), &session.address);
    if same && good.is_ok_and(|address| address == order.destination) {
        return Ok(());
    }
    Err(ApiError::internal(
        "a stored order is not that of its session",
    ))
}

impl Engine {
    /// Who may embed this widget, and whose frames it may hold.
    pub async fn frame(&self, widget_id: Uuid) -> Result<Frame, ApiError> {
        let (origins, look) = self
            .db
            .read("frame", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(partner) = tx.partner_by_widget(widget_id).await? else {
                        return Ok(None);
                    };
                    let look = LookShown::new(&partner, tx.look_load(partner.id).await?);
                    let origins = tx.origin_list(partner.id, None).await?;
                    Ok::<_, Failure<ApiError>>(Some((origins, look)))
                })
            })
            .await?
            .ok_or_else(|| ApiError::not_found("widget"))?;
        Ok(Frame {
            origins,
            fields_origins: self.fields_origins(),
            look,
            knows_devices: self.person_policy.knows_devices(),
        })
    }

    /// Where the providers' card fields come from; which of them an order needs, its view says.
    pub fn fields_origins(&self) -> Vec<String> {
        let rails = [&self.test_rails, &self.live_rails];
        let rails = rails.into_iter().flatten();
        rails.map(|r| r.payments.fields_origin()).collect()
    }

    /// What a browser fetches by itself to know whether it can open a wallet, and is only let for the page's sake.
    pub fn wallet_origins(&self) -> &'static [&'static str] {
        let rails = [&self.test_rails, &self.live_rails];
        let mut offers = rails.into_iter().flatten().map(|r| r.payments.wallets());
        if offers.any(|offer| offer.google_pay.is_some()) {
            // The method's address, and where its manifests are.
            &["https://google.com/pay", "https://pay.google.com/gp/p/"]
        } else {
            &[]
        }
    }

    pub(crate) fn fields_origin(&self, environment: Environment) -> String {
        let rails = self.rails(environment);
        rails.map_or_else(|_| String::new(), |r| r.payments.fields_origin())
    }

    pub(crate) fn visit_token(&self) -> String {
        format!("vt_{}", hex_of(&self.random::<32>()))
    }

    /// `page`: where the frame is; the hosted page has none around it.
    pub async fn visit_open(
        &self,
        open: VisitOpen,
        page: PageKind,
    ) -> Result<VisitOpened, ApiError> {
        let now = self.now();
        let (session, partner) = self.visit_session(&open).await?;
        if now >= session.expires_at {
            self.embed_note(&partner, &open.page_origin, EmbedFinding::Session);
            return Err(invalid());
        }
        let checked = self.visit_check((&open, page), &session, &partner).await;
        self.observe_visit(&open, &partner, session.order, checked.as_ref().err());
        let order = checked?;
        if page == PageKind::Hosted && open.from_app {
            self.observe_custom_tab(&order);
        }
        let device = self.device_seen(&order, open.device.as_deref())?;
        let opened = self.visit_begin(session.order, device).await?;
        self.visit_spoken(&session, open.lang.as_deref()).await?;
        let findings = match page {
            PageKind::Partners => self.embed_findings(&open, &partner, &order),
            PageKind::Hosted => Vec::new(),
        };
        Ok(VisitOpened { findings, ..opened })
    }

    /// What is kept of the device, where it matters. What nobody draws is none.
    fn device_seen(
        &self,
        order: &Order,
        said: Option<&str>,
    ) -> Result<Option<DeviceSeen>, ApiError> {
        let Some(keys) = self.person_keys.as_ref() else {
            return Ok(None);
        };
        if !self.person_policy.knows_devices() {
            return Ok(None);
        }
        let is_drawn = |said: &&str| {
            said.len() == DEVICE_LENGTH && said.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let said = said.filter(is_drawn);
        let hash = said.map(|said| keys.device(order.environment, said));
        Ok(Some(DeviceSeen(hash.transpose()?)))
    }

    /// Letters are written in the language in which the widget was opened last.
    async fn visit_spoken(&self, session: &SessionRow, said: Option<&str>) -> Result<(), ApiError> {
        let spoken = said.and_then(Language::parse);
        let Some(language) = spoken.filter(|language| session.spoken != Some(*language)) else {
            return Ok(());
        };
        let order = session.order;
        self.db
            .write("session_spoken", move |tx: &mut Tx| {
                Box::pin(async move {
                    tx.session_spoken(order, language).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// A visit to an order that the caller may open.
    pub(crate) async fn visit_begin(
        &self,
        order: OrderId,
        device: Option<DeviceSeen>,
    ) -> Result<VisitOpened, ApiError> {
        let (token, now) = (self.visit_token(), self.now());
        let hash = TokenHash::of(&token);
        let device = device.map(|DeviceSeen(device)| device);
        self.db
            .write("visit_open", move |tx: &mut Tx| {
                Box::pin(async move {
                    let expires_at = now.plus_seconds(VISIT_SECONDS);
                    tx.visit_insert(hash, order, now, expires_at).await?;
                    if let Some(device) = device {
                        tx.session_device(order, device).await?;
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(VisitOpened {
            visit_token: token,
            view: self.view(order).await?,
            findings: Vec::new(),
        })
    }

    async fn visit_session(&self, open: &VisitOpen) -> Result<(SessionRow, Partner), ApiError> {
        let (init_hash, widget_id) = (TokenHash::of(&open.init_token), open.widget_id);
        let found = self
            .db
            .read("visit_session", move |tx: &mut Tx| {
                Box::pin(async move {
                    let session = tx.session_by_init(init_hash).await?;
                    let partner = tx.partner_by_widget(widget_id).await?;
                    Ok::<_, Failure<ApiError>>((session, partner))
                })
            })
            .await?;
        let (session, partner) = found;
        let partner = partner.ok_or_else(invalid)?;
        let own = session.filter(|session| session.parameters.widget_id == partner.widget_id);
        let Some(session) = own else {
            self.embed_note(&partner, &open.page_origin, EmbedFinding::Session);
            return Err(invalid());
        };
        Ok((session, partner))
    }

    /// Everything that can be wrong is found before the user's first input.
    async fn visit_check(
        &self,
        (open, page): (&VisitOpen, PageKind),
        session: &SessionRow,
        partner: &Partner,
    ) -> Result<Order, ApiError> {
        let (id, order) = (partner.id, session.order);
        let (origins, returns, order) = self
            .db
            .read("visit_origins", move |tx: &mut Tx| {
                Box::pin(async move {
                    // Two people name the live pages, one a sandbox's: that is no page for real money.
                    let live = tx.order_load(id, LIVE, order).await?;
                    let origins = tx.origin_list(id, live.map(|_| LIVE)).await?;
                    let order = tx.order_work(order).await?.ok_or_else(gone)?.order;
                    let returns = match page {
                        PageKind::Hosted => tx.return_list(id, order.environment).await?,
                        PageKind::Partners => Vec::new(),
                    };
                    Ok::<_, Failure<ApiError>>((origins, returns, order))
                })
            })
            .await?;
        match page {
            PageKind::Hosted => may_return(session, &returns)?,
            PageKind::Partners => {
                let origin = Origin::parse(&open.page_origin);
                if !origin.is_ok_and(|origin| origins.contains(&origin)) {
                    return Err(forbidden_origin(&open.page_origin));
                }
            }
        }
        let mut own = session.parameters.clone();
        own.init_token.clone_from(&open.init_token);
        let signature = open.parameters.get("signature").filter(|v| !v.is_null());
        let field = own.mismatch(&open.parameters).or_else(|| {
            let same = signature.is_none_or(|s| s.as_str() == Some(session.signature.as_str()));
            (!same).then_some("signature")
        });
        if let Some(field) = field {
            let message = format!(
                "The parameter {field} differs from the session; nothing was started. \
                 Go back to the shop."
            );
            return Err(ApiError::field(
                ErrorCode::ParameterMismatch,
                field,
                message,
            ));
        }
        // What we stored must still carry our own signature.
        if !own.verify(
            session.client_ip,
            &partner.signature_key,
            &session.signature,
        ) {
            return Err(ApiError::internal(
                "a stored session does not match its signature",
            ));
        }
        agrees(&own, &order)?;
        Ok(order)
    }

    /// The order that a visit token opens.
    pub async fn visit_order(&self, bearer: Option<&str>) -> Result<OrderId, ApiError> {
        let token = bearer.filter(|text| !text.is_empty()).ok_or_else(|| {
            ApiError::new(ErrorCode::MissingToken, "The widget must be opened first.")
        })?;
        let (hash, now) = (TokenHash::of(token), self.now());
        self.db
            .read("visit_order", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.visit_load(hash, now).await?) })
            })
            .await?
            .ok_or_else(invalid)
    }
}
