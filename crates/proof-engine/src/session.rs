//! `POST /widget/session`: reads the body field by field, and makes the order (contract §2).

use crate::{Access, ApiError, Engine, error::refused, order::save_new};
use proof_core::{
    Address, Asset, ErrorCode, Fiat, Network, Timestamp,
    id::{CustomerId, EventId, JobId, OrderId, PartnerId},
    money::{Amount, MoneyError, decimal_parse},
    order::{Order, OrderRequest},
    partner::{Environment, PartnerType, Side, Stage},
    session::{INIT_TOKEN_SECONDS, Parameters, ParametersRequest, client_ip_parse},
    token::TokenHash,
};
use proof_store::{Failure, IdempotencyKey, IdempotencyRow, SessionRow, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use url::Url;

const USER_ID_LENGTH_MAX: usize = 255;
pub(crate) const EMAIL_LENGTH_MAX: usize = 254;
const URL_LENGTH_MAX: usize = 2_048;
const NAME_LENGTH_MAX: usize = 32;
const IDEMPOTENCY_KEY_LENGTH_MAX: usize = 255;
const IDEMPOTENCY_SECONDS: i64 = 24 * 3_600;
const ROUTE: &str = "POST /widget/session";

/// More decimals than any asset has: the form of the text is checked before the asset is known.
const DECIMALS_MAX: u8 = 36;

/// The answer, in the contract's order of fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionResponse {
    #[serde(flatten)]
    pub parameters: Parameters,
    pub signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
}

/// The body, every field checked by itself.
struct Fields {
    partner_user_id: String,
    user_email: String,
    network: String,
    currency: String,
    amount: String,
    side: Side,
    redirect_url: Option<String>,
    client_ip: Option<IpAddr>,
    address: Option<String>,
}

/// A session that may be made: everything about it is known to be allowed.
#[derive(Clone)]
struct Checked {
    partner_user_id: String,
    user_email: String,
    amount: Amount,
    amount_text: String,
    side: Side,
    redirect_url: Option<String>,
    client_ip: Option<IpAddr>,
    destination: Address,
    /// Of a sell: where the partner thinks that crypto may go back to.
    refund_hint: Option<Address>,
}

/// Everything that one session adds, ready to be written as often as the database asks.
#[derive(Clone)]
struct SessionWrite {
    now: Timestamp,
    id: OrderId,
    customer: CustomerId,
    event: EventId,
    job: JobId,
    partner: PartnerId,
    environment: Environment,
    provider: String,
    fiat: Fiat,
    session: SessionRow,
    init_hash: TokenHash,
    kept: Option<(String, IdempotencyRow)>,
    checked: Checked,
}

impl SessionWrite {
    async fn run(self, tx: &mut Tx) -> Result<(), Failure<ApiError>> {
        let (partner, environment) = (self.partner, self.environment);
        let checked = self.checked;
        let user = (
            checked.partner_user_id.as_str(),
            checked.user_email.as_str(),
        );
        let customer = tx
            .customer_upsert(self.customer, (partner, environment), user, self.now)
            .await?;
        let request = OrderRequest {
            id: self.id,
            environment,
            partner,
            customer: customer.id,
            side: checked.side,
            amount: checked.amount,
            destination: checked.destination,
            fiat: self.fiat,
            email: checked.user_email,
            provider: self.provider,
            refund_hint: checked.refund_hint,
        };
        let (order, event) = Order::create(request, self.now);
        save_new(tx, &order, &[(self.event, event)], self.job).await?;
        tx.session_insert(&self.session, self.init_hash).await?;
        if let Some((key, row)) = &self.kept {
            let key = IdempotencyKey {
                partner,
                environment,
                route: ROUTE,
                key,
            };
            if !tx.idempotency_insert(key, row, self.now).await? {
                return Err(refused(idempotency_conflict()));
            }
        }
        Ok(())
    }
}

fn missing(field: &'static str) -> ApiError {
    ApiError::field(
        ErrorCode::MissingParam,
        field,
        format!("The field {field} is required."),
    )
}

fn wrong(field: &'static str, rule: &str) -> ApiError {
    let message = format!("The field {field} {rule}.");
    ApiError::field(ErrorCode::ValidationError, field, message)
}

/// A text field: absent and null are the same; anything but text is wrong.
fn text(body: &Map<String, Value>, field: &'static str) -> Result<Option<String>, ApiError> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(wrong(field, "must be a JSON string"))
        }
    }
}

fn is_present(body: &Map<String, Value>, field: &str) -> bool {
    body.get(field).is_some_and(|value| !value.is_null())
}

pub(crate) fn bounded(
    text: String,
    field: &'static str,
    length_max: usize,
) -> Result<String, ApiError> {
    if text.is_empty() {
        return Err(wrong(field, "must not be empty"));
    }
    if text.chars().count() > length_max {
        return Err(wrong(
            field,
            &format!("must have at most {length_max} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong(field, "must not contain control characters"));
    }
    Ok(text)
}

impl Fields {
    /// Missing fields first, then wrong ones, each in the contract's order.
    fn read(body: &Map<String, Value>, access: &Access) -> Result<Self, ApiError> {
        let default = access.partner.policy.widget.side.unwrap_or(Side::Buy);
        let side = body
            .get("type")
            .and_then(Value::as_str)
            .and_then(Side::parse);
        let own_wallet = access.partner.kind == PartnerType::UserWallet;
        let buys = side.unwrap_or(default) == Side::Buy;
        for field in [
            "partner_user_id",
            "user_email",
            "network",
            "currency",
            "amount",
        ] {
            if !is_present(body, field) {
                return Err(missing(field));
            }
        }
        if own_wallet && buys && !is_present(body, "address") {
            return Err(missing("address"));
        }
        let required =
            |field, length_max| bounded(text(body, field)?.unwrap_or_default(), field, length_max);
        Ok(Self {
            partner_user_id: required("partner_user_id", USER_ID_LENGTH_MAX)?,
            user_email: email(required("user_email", EMAIL_LENGTH_MAX)?, "user_email")?,
            network: required("network", NAME_LENGTH_MAX)?,
            currency: required("currency", NAME_LENGTH_MAX)?,
            amount: amount(text(body, "amount")?.unwrap_or_default())?,
            side: match text(body, "type")? {
                None => default,
                Some(name) => {
                    Side::parse(&name).ok_or_else(|| wrong("type", "must be buy or sell"))?
                }
            },
            redirect_url: text(body, "redirect_url")?.map(redirect_url).transpose()?,
            client_ip: match text(body, "client_ip")? {
                None => None,
                Some(ip) => client_ip_parse(&ip)
                    .map_err(|_| wrong("client_ip", "must be an IPv4 or IPv6 address"))?,
            },
            // The other types ignore it, even if it is malformed.
            address: if own_wallet {
                text(body, "address")?
            } else {
                None
            },
        })
    }
}

pub(crate) fn email(text: String, field: &'static str) -> Result<String, ApiError> {
    let good = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    if good && !text.contains(char::is_whitespace) {
        Ok(text)
    } else {
        Err(wrong(field, "must be an email address"))
    }
}

fn amount(text: String) -> Result<String, ApiError> {
    let rule =
        "must be a decimal number above 0 as a string, like \"99.50\", of at most 40 characters";
    match decimal_parse(&text, DECIMALS_MAX) {
        Ok(0) | Err(MoneyError::Malformed) => Err(wrong("amount", rule)),
        // Size and precision are judged when the asset is known.
        Ok(_) | Err(_) => Ok(text),
    }
}

/// Schemes that run or read something, or are no place to go back to.
pub const REDIRECT_SCHEMES_REFUSED: [&str; 14] = [
    "javascript",
    "data",
    "file",
    "blob",
    "vbscript",
    "about",
    "view-source",
    "filesystem",
    "ws",
    "wss",
    "ftp",
    "mailto",
    "tel",
    "sms",
];

pub(crate) fn redirect_url(text: String) -> Result<String, ApiError> {
    let text = bounded(text, "redirect_url", URL_LENGTH_MAX)?;
    let rule = "must be an absolute http, https or app URL";
    let scheme = text
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let scheme = scheme.ok_or_else(|| wrong("redirect_url", rule))?;
    let letters = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let refused = REDIRECT_SCHEMES_REFUSED.contains(&scheme.as_str());
    let web = ["http", "https"].contains(&scheme.as_str());
    let rest = text.get(scheme.len()..).unwrap_or("");
    let slashes = rest
        .strip_prefix("://")
        .is_some_and(|h| !h.is_empty() && !h.starts_with('/'));
    let url = Url::parse(&text).ok();
    let named = url.as_ref().and_then(Url::host_str);
    let host = slashes && named.is_some_and(|host| !host.trim_matches('.').is_empty());
    // What a URL must escape, and what browsers read as something else.
    let odd = |c: char| c.is_whitespace() || "<>\"\\^`{|}".contains(c);
    if !letters || refused || (web && !host) || text.contains(odd) {
        return Err(wrong("redirect_url", rule));
    }
    Ok(text)
}

impl Engine {
    /// Makes a session. The raw body is what an idempotency key is bound to.
    pub async fn session_create(
        &self,
        access: &Access,
        body: &[u8],
        idempotency_key: Option<&str>,
    ) -> Result<SessionResponse, ApiError> {
        let key = idempotency_key.map(idempotency_key_parse).transpose()?;
        let body_hash = Sha256::digest(body).to_vec();
        if let Some(key) = &key
            && let Some(kept) = self.session_kept(access, key, &body_hash).await?
        {
            return Ok(kept);
        }
        self.may_begin(access.environment)?;
        let object = match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => object,
            Ok(_) | Err(_) => {
                let message = "The body must be one JSON object.";
                return Err(ApiError::new(ErrorCode::DecodeError, message));
            }
        };
        let fields = Fields::read(&object, access)?;
        let scenario = self.scenario_asked(access, &fields.user_email)?;
        let checked = self.session_check(access, fields).await?;
        let keyed = key.clone().map(|key| (key, body_hash.clone()));
        let saved = self.session_save(access, checked, keyed).await;
        if let (Ok(session), Some(scenario)) = (&saved, scenario) {
            let order = OrderId::from_uuid(session.parameters.merchant_transaction_id);
            self.play_of_email(access, order, scenario);
        }
        match (saved, key) {
            // A twin of this call was faster: nothing of ours was saved, its answer is the answer.
            (Err(error), Some(key)) if error.code == ErrorCode::IdempotencyConflict => self
                .session_kept(access, &key, &body_hash)
                .await?
                .ok_or(error),
            (outcome, _) => outcome,
        }
    }

    /// What the partner's own rules say, in the contract's order: wrong fields that need the asset,
    /// then currency, off-ramp, wallet, provider.
    async fn session_check(&self, access: &Access, fields: Fields) -> Result<Checked, ApiError> {
        let partner = &access.partner;
        let network = fields.network.parse::<Network>().ok();
        let asset = network.and_then(|network| Asset::find(&fields.currency, network));
        let pair = asset.and_then(|asset| partner.policy.pair(asset));
        let amount = pair
            .map(|pair| amount_in_limits(&fields.amount, pair))
            .transpose()?;
        let own = match (network, &fields.address) {
            (Some(network), Some(text)) => {
                let rule = format!("must be a {network} address with a good checksum");
                Some(Address::parse(network, text).map_err(|_| wrong("address", &rule))?)
            }
            (None, _) | (_, None) => None,
        };
        if !partner
            .policy
            .pairs
            .iter()
            .any(|p| p.asset.ticker() == fields.currency)
        {
            let message = format!("{} is not enabled for this partner.", fields.currency);
            return Err(ApiError::new(ErrorCode::CurrencyNotAllowed, message));
        }
        let pairs = &partner.policy.pairs;
        if fields.side == Side::Sell && !pairs.iter().any(|pair| pair.sells) {
            let message = "Selling is not enabled for this partner; ask the operator.";
            return Err(ApiError::new(ErrorCode::OfframpDisabled, message));
        }
        let no_wallet = || {
            let message = format!(
                "There is no active wallet for {} on {}; ask the operator to enable the pair.",
                fields.currency, fields.network
            );
            ApiError::new(ErrorCode::WalletNotSupported, message)
        };
        let pair = pair.filter(|pair| pair.allows(fields.side));
        let (amount, pair) = amount.zip(pair).ok_or_else(no_wallet)?;
        let asset = pair.asset;
        let refund_hint = own.clone().filter(|_| fields.side == Side::Sell);
        let destination = match (partner.kind, own, fields.side) {
            (PartnerType::UserWallet, Some(own), _) => Some(own),
            (PartnerType::UserWallet, None, Side::Buy) => None,
            // Never used: a sell has an address of its own to deposit at.
            (PartnerType::UserWallet, None, Side::Sell) => {
                let signer = &self.rails(access.environment)?.signer;
                Some(signer.wallet(asset.network()).await?)
            }
            (PartnerType::Treasury | PartnerType::Managed, _, _) => {
                self.wallet(access, asset).await?
            }
        }
        .ok_or_else(no_wallet)?;
        self.session_provider_check(access, asset)?;
        Ok(Checked {
            partner_user_id: fields.partner_user_id,
            user_email: fields.user_email,
            amount,
            amount_text: fields.amount,
            side: fields.side,
            redirect_url: fields.redirect_url,
            client_ip: fields.client_ip,
            destination,
            refund_hint,
        })
    }

    fn session_provider_check(&self, access: &Access, asset: Asset) -> Result<(), ApiError> {
        let rails = self.rails(access.environment)?;
        let chain = rails.chains.get(&asset.network());
        if !chain.is_some_and(|chain| chain.carries(asset)) {
            return Err(ApiError::unavailable(format!("no node for {asset}")));
        }
        match (access.partner.stage, access.environment) {
            (Stage::Sandbox, Environment::Test) | (Stage::LiveWatched | Stage::Live, _) => Ok(()),
            (Stage::Sandbox, Environment::Live) => {
                let message = "This partner is not live. Ask the operator.";
                Err(ApiError::new(ErrorCode::InvalidToken, message))
            }
            (Stage::Suspended, _) => {
                let message = "This partner is suspended: no new sessions. Ask the operator.";
                Err(ApiError::new(ErrorCode::InvalidToken, message))
            }
        }
    }

    async fn wallet(&self, access: &Access, asset: Asset) -> Result<Option<Address>, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("wallet_load", move |tx: &mut Tx| {
                Box::pin(async move {
                    let wallet = tx.wallet_load(partner, environment, asset).await?;
                    Ok::<_, Failure<ApiError>>(wallet)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn session_save(
        &self,
        access: &Access,
        checked: Checked,
        key: Option<(String, Vec<u8>)>,
    ) -> Result<SessionResponse, ApiError> {
        let now = self.now();
        let entropy = self.entropy.as_ref();
        let id = OrderId::new(now, entropy);
        let response = self.session_response(access, &checked, id)?;
        let init_hash = TokenHash::of(&response.parameters.init_token);
        let mut stored = response.clone();
        // Only its hash is kept; the token can be derived again.
        stored.parameters.init_token = String::new();
        let kept = key.map(|(key, body_hash)| {
            let response = serde_json::to_string(&stored).unwrap_or_default();
            (
                key,
                IdempotencyRow {
                    body_hash,
                    response,
                },
            )
        });
        let rails = self.rails(access.environment)?;
        let provider = match checked.side {
            Side::Buy => rails.payments.provider(),
            Side::Sell => rails.payouts.provider(),
        };
        let write = SessionWrite {
            now,
            id,
            customer: CustomerId::new(now, entropy),
            event: EventId::new(now, entropy),
            job: JobId::new(now, entropy),
            partner: access.partner.id,
            environment: access.environment,
            provider: provider.to_owned(),
            fiat: access.partner.policy.fiat_default(),
            session: SessionRow {
                order: id,
                parameters: stored.parameters,
                signature: stored.signature,
                client_ip: checked.client_ip,
                lang: stored.lang,
                theme: stored.theme,
                spoken: None,
                expires_at: now.plus_seconds(INIT_TOKEN_SECONDS),
            },
            init_hash,
            kept,
            checked,
        };
        self.db
            .append("session_create", move |tx: &mut Tx| {
                let write = write.clone();
                Box::pin(async move { write.run(tx).await })
            })
            .await?;
        Ok(response)
    }

    fn session_response(
        &self,
        access: &Access,
        checked: &Checked,
        id: OrderId,
    ) -> Result<SessionResponse, ApiError> {
        let widget = &access.partner.policy.widget;
        let parameters = Parameters::new(ParametersRequest {
            merchant_transaction_id: id.uuid(),
            widget_id: access.partner.widget_id,
            address: checked.destination.to_string(),
            init_token: self.init_token(id)?,
            asset: checked.amount.asset(),
            amount: checked.amount_text.clone(),
            side: checked.side,
            redirect_url: checked
                .redirect_url
                .clone()
                .or_else(|| widget.redirect_url.clone()),
            policy: &access.partner.policy,
        });
        let signature = parameters.sign(checked.client_ip, &access.partner.signature_key);
        let (lang, theme) = (widget.lang.clone(), widget.theme.clone());
        Ok(SessionResponse {
            parameters,
            signature,
            lang,
            theme,
        })
    }

    /// The answer that this key already got, for as long as it is kept.
    async fn session_kept(
        &self,
        access: &Access,
        key: &str,
        body_hash: &[u8],
    ) -> Result<Option<SessionResponse>, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        let (key, now) = (key.to_owned(), self.now());
        let kept = self
            .db
            .write("idempotency_load", move |tx: &mut Tx| {
                let key = key.clone();
                Box::pin(async move {
                    tx.idempotency_purge(now.plus_seconds(-IDEMPOTENCY_SECONDS))
                        .await?;
                    let key = IdempotencyKey {
                        partner,
                        environment,
                        route: ROUTE,
                        key: &key,
                    };
                    Ok::<_, Failure<ApiError>>(tx.idempotency_load(key).await?)
                })
            })
            .await?;
        let Some(kept) = kept else { return Ok(None) };
        if kept.body_hash != body_hash {
            return Err(idempotency_conflict());
        }
        let mut response: SessionResponse =
            serde_json::from_str(&kept.response).map_err(ApiError::internal)?;
        let order = OrderId::from_uuid(response.parameters.merchant_transaction_id);
        response.parameters.init_token = self.init_token(order)?;
        Ok(Some(response))
    }
}

fn amount_in_limits(text: &str, pair: &proof_core::partner::Pair) -> Result<Amount, ApiError> {
    let asset = pair.asset;
    let above = || wrong("amount", &format!("is above the maximum of {}", pair.max));
    let amount = Amount::parse(asset, text).map_err(|error| {
        let decimals = asset.decimals();
        match error {
            MoneyError::Overflow => above(),
            _ => wrong(
                "amount",
                &format!("must have at most {decimals} decimals for {asset}"),
            ),
        }
    })?;
    if amount.base() < pair.min.base() {
        return Err(wrong(
            "amount",
            &format!("is below the minimum of {}", pair.min),
        ));
    }
    if amount.base() > pair.max.base() {
        return Err(above());
    }
    Ok(amount)
}

fn idempotency_conflict() -> ApiError {
    let message = "This Idempotency-Key was used with another body; use a new key.";
    ApiError::new(ErrorCode::IdempotencyConflict, message)
}

fn idempotency_key_parse(text: &str) -> Result<String, ApiError> {
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_LENGTH_MAX {
        let message = "Idempotency-Key must have 1 to 255 characters.";
        return Err(ApiError::new(ErrorCode::ValidationError, message));
    }
    Ok(text.to_owned())
}
