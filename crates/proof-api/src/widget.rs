//! The widget's own API (docs, "The widget's own API").

use crate::{
    Api, bearer, body,
    error::Refused,
    origin,
    path::Named,
    query::{Query, wrong},
    route::{Caller, Route},
};
use axum::{
    Json,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_core::{
    ErrorCode, Fiat,
    id::{CardId, CaseId, OrderId, QuoteId},
    identity::{DocumentKind, DocumentSide, PICTURE_BYTES_MAX},
};
use proof_engine::{
    ApiError, CardKey, CaseChoice, CaseChosen, CodeSent, Device, DeviceWallet, EmailCodes,
    IdentityStart, Instrument, PageKind, PictureUpload, PriceView, SaleChoice, SaleStart, View,
    VisitOpen, VisitOpened,
};
use serde::Deserialize;

/// Longest that a reader is kept waiting for a change.
const WAIT_SECONDS_MAX: i64 = 25;

pub fn routes() -> Vec<Route> {
    let (get, post) = (Method::GET, Method::POST);
    let widget = Caller::Widget;
    let rest = vec![
        Route::new(widget, post.clone(), "/frame/api/visits", visit),
        Route::new(widget, get, "/frame/api/order", order),
        Route::new(widget, post.clone(), "/frame/api/estimate", estimate),
        Route::new(widget, post.clone(), "/frame/api/quote", quote),
        Route::new(widget, post.clone(), "/frame/api/payments", payment),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/payments/check",
            payment_check,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/cards/{card}/key",
            card_key,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/cards/{card}/remove",
            card_remove,
        ),
        Route::new(widget, post.clone(), "/frame/api/sale", sale),
        Route::new(widget, post.clone(), "/frame/api/sale/choice", sale_choice),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/cases/{case}/quote",
            case_quote,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/cases/{case}/choice",
            case_choice,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/cases/{case}/visit",
            case_visit,
        ),
        Route::new(widget, post, "/frame/api/cancel", cancel),
    ];
    rest.into_iter().chain(identity_routes()).collect()
}

fn identity_routes() -> Vec<Route> {
    let (post, put, widget) = (Method::POST, Method::PUT, Caller::Widget);
    vec![
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/start",
            identity_start,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/selfie",
            identity_selfie,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/known",
            identity_known,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/known/code",
            identity_known_code,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/email",
            identity_email,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/email/codes",
            identity_email_codes,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/payments/apple-pay/session",
            apple_session,
        ),
        Route::new(
            widget,
            put.clone(),
            "/frame/api/identity/documents/{side}",
            identity_document,
        ),
        Route::new(
            widget,
            put.clone(),
            "/frame/api/identity/frames/{index}",
            identity_frame,
        ),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/submit",
            identity_submit,
        ),
    ]
}

/// The frame's calls come from our own page only.
pub(crate) fn own_origin(api: &Api, headers: &HeaderMap) -> Result<(), Refused> {
    match origin(headers) {
        None => Ok(()),
        Some(text) if api.is_own(text) => Ok(()),
        Some(_) => {
            let message = "This call belongs to the widget's own page.";
            Err(Refused(ApiError::new(ErrorCode::ForbiddenOrigin, message)))
        }
    }
}

/// The order whose identity check the caller may go on with, and from which device.
async fn identified(api: &Api, headers: &HeaderMap) -> Result<(OrderId, Device), Refused> {
    own_origin(api, headers)?;
    Ok(api.engine.visit_identity(bearer(headers)).await?)
}

/// The order that the caller's visit opens.
pub(crate) async fn visited(api: &Api, headers: &HeaderMap) -> Result<OrderId, Refused> {
    own_origin(api, headers)?;
    Ok(api.engine.visit_order(bearer(headers)).await?)
}

async fn visit(
    State(api): State<Api>,
    request: Request,
) -> Result<(StatusCode, Json<VisitOpened>), Refused> {
    let (parts, body) = request.into_parts();
    own_origin(&api, &parts.headers)?;
    let bytes = body::read(&api, body, body::JSON_BYTES_MAX).await?;
    let open: VisitOpen = serde_json::from_slice(&bytes).map_err(|_| {
        let message = "The widget was started without a widget id or an init token.";
        Refused(ApiError::new(ErrorCode::DecodeError, message))
    })?;
    // A page of ours embeds no frame: where it says that it is around one, there is none.
    let page = match api.is_own(&open.page_origin) {
        true => PageKind::Hosted,
        false => PageKind::Partners,
    };
    Ok((
        StatusCode::CREATED,
        Json(api.engine.visit_open(open, page).await?),
    ))
}

async fn order(
    State(api): State<Api>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Json<View>, Refused> {
    let (id, device) = identified(&api, &headers).await?;
    let query = Query::read(&query);
    let Some(seen) = query.integer("seen", (0, i64::MAX))? else {
        return Ok(Json(api.engine.view(id).await?.of(device)));
    };
    let wait = query.integer("wait", (0, i64::MAX))?.unwrap_or(0);
    let wait = wait.min(WAIT_SECONDS_MAX);
    let until = api.engine.now().plus_seconds(wait);
    let changed = api.engine.view_changed(id, seen, until);
    Ok(Json(api.load.while_waiting(changed).await?.of(device)))
}

#[derive(Deserialize)]
struct IdentityAsk {
    document: DocumentKind,
    consent: Option<String>,
    #[serde(default)]
    keep: bool,
}

async fn identity_start(State(api): State<Api>, request: Request) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let (id, device) = identified(&api, &parts.headers).await?;
    let ask: IdentityAsk = body::json(&api, body).await?;
    let start = IdentityStart {
        document: Some(ask.document),
        consent: consented(ask.consent)?,
        keep: ask.keep,
    };
    let view = api.engine.identity_start(id, start).await?;
    Ok(Json(view.of(device)))
}

fn consented(text: Option<String>) -> Result<String, Refused> {
    text.ok_or_else(|| {
        let message = "The field consent is required: the text that the user agreed to.";
        Refused(ApiError::field(ErrorCode::MissingParam, "consent", message))
    })
}

#[derive(Deserialize)]
struct SelfieAsk {
    consent: Option<String>,
}

/// The user is known, and only the face is looked at again.
async fn identity_selfie(State(api): State<Api>, request: Request) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let (id, device) = identified(&api, &parts.headers).await?;
    let ask: SelfieAsk = body::json(&api, body).await?;
    let start = IdentityStart {
        document: None,
        consent: consented(ask.consent)?,
        keep: false,
    };
    let view = api.engine.identity_start(id, start).await?;
    Ok(Json(view.of(device)))
}

async fn identity_known(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Json<CodeSent>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.known_ask(id).await?))
}

#[derive(Deserialize)]
struct KnownCode {
    code: String,
    consent: Option<String>,
}

async fn identity_known_code(
    State(api): State<Api>,
    request: Request,
) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let said: KnownCode = body::json(&api, body).await?;
    let consent = consented(said.consent)?;
    Ok(Json(
        api.engine.known_enter(id, &said.code, &consent).await?,
    ))
}

async fn identity_email(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Json<CodeSent>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.email_ask(id).await?))
}

#[derive(Deserialize)]
struct EmailSaid {
    former_code: String,
    new_code: String,
}

async fn identity_email_codes(
    State(api): State<Api>,
    request: Request,
) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let said: EmailSaid = body::json(&api, body).await?;
    let codes = EmailCodes {
        former: said.former_code,
        new: said.new_code,
    };
    Ok(Json(api.engine.email_enter(id, codes).await?))
}

async fn identity_document(
    State(api): State<Api>,
    Named(side): Named,
    request: Request,
) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let (id, device) = identified(&api, &parts.headers).await?;
    let side = [DocumentSide::Front, DocumentSide::Back]
        .into_iter()
        .find(|s| s.name() == side)
        .ok_or_else(|| {
            let message = "The side is front or back.";
            Refused(ApiError::field(ErrorCode::ValidationError, "side", message))
        })?;
    let bytes = body::read(&api, body, PICTURE_BYTES_MAX).await?;
    let upload = PictureUpload::Document { side };
    api.engine
        .identity_picture(id, upload, bytes.into())
        .await?;
    Ok(Json(api.engine.view(id).await?.of(device)))
}

async fn identity_frame(
    State(api): State<Api>,
    Named(index): Named,
    query: RawQuery,
    request: Request,
) -> Result<StatusCode, Refused> {
    let (parts, body) = request.into_parts();
    let (id, _) = identified(&api, &parts.headers).await?;
    let bytes = body::read(&api, body, PICTURE_BYTES_MAX).await?;
    let index = index.parse();
    let index = index.map_err(|_| wrong("index", "must be a whole number"))?;
    let query = Query::read(&query);
    let step = query.text("step")?.map(str::to_owned);
    let step = step.ok_or_else(|| {
        let message = "The query parameter step is required.";
        Refused(ApiError::field(ErrorCode::MissingParam, "step", message))
    })?;
    let taken = query.integer("taken_ms", (0, i64::from(u32::MAX)))?;
    let taken_ms = taken.and_then(|ms| u32::try_from(ms).ok()).unwrap_or(0);
    let upload = PictureUpload::Frame {
        index,
        step,
        taken_ms,
    };
    api.engine
        .identity_picture(id, upload, bytes.into())
        .await?;
    let agent = parts.headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    api.engine
        .observe_camera(id, agent.unwrap_or_default())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn identity_submit(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Json<View>, Refused> {
    let (id, device) = identified(&api, &headers).await?;
    Ok(Json(api.engine.identity_submit(id).await?.of(device)))
}

#[derive(Deserialize)]
struct QuoteAsk {
    fiat_currency: Option<Fiat>,
}

async fn estimate(State(api): State<Api>, request: Request) -> Result<Json<PriceView>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let ask: QuoteAsk = body::json(&api, body).await?;
    Ok(Json(api.engine.estimate(id, ask.fiat_currency).await?))
}

async fn quote(State(api): State<Api>, request: Request) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let ask: QuoteAsk = body::json(&api, body).await?;
    Ok(Json(api.engine.quote_lock(id, ask.fiat_currency).await?))
}

#[derive(Deserialize)]
struct PaymentStart {
    /// Of the provider's card fields; or what a wallet of the device handed over.
    card_token: Option<String>,
    /// The customer lets us keep the card for the next time.
    #[serde(default)]
    keep_card: bool,
    wallet: Option<String>,
    wallet_payload: Option<String>,
    quote_id: String,
}

fn instrument(start: PaymentStart) -> Result<Instrument, Refused> {
    let wallet = match (start.wallet.as_deref(), start.card_token) {
        (None, Some(token)) => {
            let keep = start.keep_card;
            return Ok(Instrument::Card { token, keep });
        }
        (Some("apple_pay"), None) => DeviceWallet::ApplePay,
        (Some("google_pay"), None) => DeviceWallet::GooglePay,
        (Some(_), _) => {
            return Err(wrong(
                "wallet",
                "must be apple_pay or google_pay, without a card_token",
            ));
        }
        (None, None) => {
            return Err(wrong(
                "card_token",
                "is required, or wallet with wallet_payload",
            ));
        }
    };
    let payload = start.wallet_payload.unwrap_or_default();
    Ok(Instrument::Wallet { wallet, payload })
}

async fn payment(State(api): State<Api>, request: Request) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let start: PaymentStart = body::json(&api, body).await?;
    let quote = quote_id(&start.quote_id)?;
    let instrument = instrument(start)?;
    if matches!(instrument, Instrument::Wallet { .. }) {
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let seen = api.engine.observe_wallet(id, agent.unwrap_or_default());
        // The payment is begun, whatever the checklist makes of it; what it needs is noted before, for it
        // may go through at once.
        if let Err(error) = seen.await {
            tracing::warn!(order = %id, "a wallet was not noted for the checklist: {error}");
        }
    }
    Ok(Json(api.engine.payment_start(id, quote, instrument).await?))
}

fn card_id(text: &str) -> Result<CardId, Refused> {
    text.parse()
        .map_err(|_| Refused(ApiError::not_found("card")))
}

async fn card_key(
    State(api): State<Api>,
    Named(card): Named,
    headers: HeaderMap,
) -> Result<Json<CardKey>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.card_key(id, card_id(&card)?).await?))
}

async fn card_remove(
    State(api): State<Api>,
    Named(card): Named,
    headers: HeaderMap,
) -> Result<Json<View>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.card_remove(id, card_id(&card)?).await?))
}

/// The domain is that of the widget's own page; nobody names another.
async fn apple_session(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Refused> {
    let id = visited(&api, &headers).await?;
    let session = api.engine.apple_session(id, &api.domain()).await?;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, session).into_response())
}

fn quote_id(text: &str) -> Result<QuoteId, Refused> {
    text.parse().map_err(|_| {
        let message = "The field quote_id must be the id of the quote that was shown.";
        let code = ErrorCode::ValidationError;
        Refused(ApiError::field(code, "quote_id", message))
    })
}

#[derive(Deserialize)]
struct SaleAsk {
    quote_id: String,
    card_token: String,
    refund_address: String,
}

async fn sale(State(api): State<Api>, request: Request) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let ask: SaleAsk = body::json(&api, body).await?;
    let start = SaleStart {
        quote: quote_id(&ask.quote_id)?,
        card_token: ask.card_token,
        refund_address: ask.refund_address,
    };
    Ok(Json(api.engine.sale_start(id, start).await?))
}

/// What the user wants after the price has moved.
#[derive(Deserialize)]
#[serde(tag = "choice", rename_all = "snake_case")]
enum ChoiceAsk {
    Payout { quote_id: String },
    Return,
}

async fn sale_choice(State(api): State<Api>, request: Request) -> Result<Json<View>, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let choice = match body::json(&api, body).await? {
        ChoiceAsk::Payout { quote_id: text } => SaleChoice::Payout(quote_id(&text)?),
        ChoiceAsk::Return => SaleChoice::Return,
    };
    Ok(Json(api.engine.sale_choose(id, choice).await?))
}

/// What the user wants to be done with what came late.
#[derive(Deserialize)]
#[serde(tag = "choice", rename_all = "snake_case")]
enum CaseAsk {
    Sell { quote_id: String },
    Return,
}

fn case_id(text: &str) -> Result<CaseId, Refused> {
    text.parse()
        .map_err(|_| Refused(ApiError::not_found("case")))
}

async fn case_quote(
    State(api): State<Api>,
    Named(case): Named,
    headers: HeaderMap,
) -> Result<Json<View>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.case_quote(id, case_id(&case)?).await?))
}

async fn case_choice(
    State(api): State<Api>,
    Named(case): Named,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let choice = match body::json(&api, body).await? {
        CaseAsk::Sell { quote_id: text } => CaseChoice::Sell(quote_id(&text)?),
        CaseAsk::Return => CaseChoice::Return,
    };
    let chosen = api.engine.case_choose(id, case_id(&case)?, choice).await?;
    Ok(match chosen {
        CaseChosen::Kept(view) => Json(view).into_response(),
        CaseChosen::Sold(opened) => (StatusCode::CREATED, Json(opened)).into_response(),
    })
}

async fn case_visit(
    State(api): State<Api>,
    Named(case): Named,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<VisitOpened>), Refused> {
    let id = visited(&api, &headers).await?;
    let opened = api.engine.case_follow(id, case_id(&case)?).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

async fn payment_check(State(api): State<Api>, headers: HeaderMap) -> Result<Json<View>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.payment_check(id).await?))
}

async fn cancel(State(api): State<Api>, headers: HeaderMap) -> Result<Json<View>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.order_cancel(id).await?))
}
