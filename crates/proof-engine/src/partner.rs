//! Making partners.

use crate::{
    ApiError, Engine,
    audit::audit,
    error::refused,
    member::deed,
    policy::policy_wrong,
    session::{EMAIL_LENGTH_MAX, bounded, email, redirect_url},
    signature::secret_generate,
};
use proof_core::{
    Address, Asset, ErrorCode, Fiat, Network, Timestamp,
    audit::{Author, Deed},
    change::Change,
    id::{EndpointId, PartnerId},
    money::{Amount, Bps},
    partner::{
        Environment, Origin, Pair, Partner, PartnerType, Policy, ReturnLink, SellPolicy, Stage,
        WidgetConfig,
    },
    quote::FeePolicy,
    risk::RiskPolicy,
    secret::Secret,
    token::ClientToken,
};
use proof_store::{EndpointNew, Failure, Tx};
use serde_json::json;
use url::Url;

/// What onboarding collects of a sandbox partner.
#[derive(Clone, Debug)]
pub struct PartnerCreate {
    pub name: String,
    pub kind: PartnerType,
    pub contact_email: String,
    pub origins: Vec<Origin>,
    pub pairs: Vec<Asset>,
    /// How users may sell, if they may.
    pub sell: Option<SellPolicy>,
    pub fiats: Vec<Fiat>,
    /// For `treasury` (the partner's own) and `managed` (provisioned by the operator).
    pub wallets: Vec<(Asset, Address)>,
    pub webhook_url: Option<String>,
    pub redirect_url: Option<String>,
}

/// The credentials, shown once.
#[derive(Clone, Debug)]
pub struct PartnerCreated {
    pub partner: Partner,
    pub client_token: Secret,
    pub webhook_secret: Option<Secret>,
}

/// Everything that one partner adds, ready to be written as often as the database asks.
#[derive(Clone)]
struct PartnerWrite {
    now: Timestamp,
    partner: Partner,
    token: ClientToken,
    origins: Vec<Origin>,
    wallets: Vec<(Asset, Address)>,
    endpoint: Option<(String, Secret)>,
    endpoint_id: EndpointId,
}

impl PartnerWrite {
    async fn run(self, tx: &mut Tx) -> Result<(), Failure<ApiError>> {
        let (partner, environment, now) = (self.partner.id, Environment::Test, self.now);
        if !tx.partner_insert(&self.partner, now).await? {
            return Err(refused(name_taken(&self.partner.name)));
        }
        tx.token_insert(partner, &self.token, now).await?;
        for origin in &self.origins {
            tx.origin_insert(partner, environment, origin).await?;
        }
        for (asset, address) in &self.wallets {
            tx.wallet_insert(partner, environment, (*asset, address), now)
                .await?;
        }
        if let Some((url, secret)) = &self.endpoint {
            let id = self.endpoint_id;
            tx.endpoint_put(
                EndpointNew {
                    id,
                    partner,
                    environment,
                    url,
                    secret,
                },
                now,
            )
            .await?;
        }
        Ok(())
    }
}

impl PartnerWrite {
    fn deed(&self, author: Author) -> Deed {
        let partner = &self.partner;
        let told = json!({
            "name": partner.name, "type": partner.kind, "origins": self.origins,
            "policy": partner.policy,
        });
        deed(author, "partner.create", partner.id.to_string(), told)
    }
}

/// A default order is worth something, and never more than the hot wallet of a sandbox holds.
fn pair_default(asset: Asset, sells: bool) -> Result<Pair, ApiError> {
    let (min, max) = match asset.ticker() {
        "BTC" => ("0.0002", "0.5"),
        "ETH" => ("0.005", "10"),
        "BNB" => ("0.02", "50"),
        "SOL" => ("0.1", "200"),
        _ => ("10", "10000"),
    };
    let amount = |text| Amount::parse(asset, text).map_err(ApiError::internal);
    Ok(Pair {
        asset,
        min: amount(min)?,
        max: amount(max)?,
        buys: true,
        sells,
        fees: None,
    })
}

fn fees_default() -> Result<FeePolicy, ApiError> {
    let bps = |bps| Bps::new(bps).ok_or_else(|| ApiError::internal("fee above 100 %"));
    Ok(FeePolicy {
        spread: bps(100)?,
        processing: bps(250)?,
        processing_fixed_minor: 25,
        partner: bps(50)?,
    })
}

fn wrong(field: &'static str, message: &str) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, field, message)
}

/// Names are shown in consoles and mails.
const NAME_LENGTH_MAX: usize = 100;

pub(crate) fn name_parse(text: String) -> Result<String, ApiError> {
    let text = bounded(text.trim().to_owned(), "name", NAME_LENGTH_MAX)?;
    // What stands beside the name is read in its own order, whatever the name is.
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.contains(turns) {
        let message = "must not contain marks that turn the direction of text";
        return Err(wrong("name", message));
    }
    Ok(text)
}

pub(crate) fn contact_parse(text: String) -> Result<String, ApiError> {
    let text = bounded(text.trim().to_owned(), "contact_email", EMAIL_LENGTH_MAX)?;
    email(text, "contact_email")
}

pub(crate) fn name_taken(name: &str) -> ApiError {
    wrong("name", &format!("A partner named {name} is there already."))
}

impl PartnerCreate {
    /// What an operator may have mistyped.
    fn check(self) -> Result<Self, ApiError> {
        let name = name_parse(self.name)?;
        let contact_email = contact_parse(self.contact_email)?;
        let redirect_url = self.redirect_url.map(redirect_url).transpose()?;
        if let Some(sell) = &self.sell {
            sell.check().map_err(policy_wrong)?;
        }
        let mut assets: Vec<Asset> = self.wallets.iter().map(|(asset, _)| *asset).collect();
        assets.sort_unstable();
        if assets.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(wrong("wallets", "One asset has two wallets; name one."));
        }
        Ok(Self {
            name,
            contact_email,
            redirect_url,
            ..self
        })
    }
}

impl Engine {
    /// Makes a sandbox partner with a token, its origins, wallets and, if asked, a webhook endpoint.
    pub async fn partner_create(
        &self,
        author: impl Into<Author>,
        request: PartnerCreate,
    ) -> Result<PartnerCreated, ApiError> {
        let request = request.check()?;
        let now = self.now();
        let entropy = self.entropy.as_ref();
        if let Some(url) = &request.webhook_url {
            self.endpoint_check(Environment::Test, url)?;
        }
        let pairs = request
            .pairs
            .iter()
            .copied()
            .map(|asset| pair_default(asset, request.sell.is_some()))
            .collect::<Result<Vec<_>, _>>()?;
        let widget = WidgetConfig {
            redirect_url: request.redirect_url,
            ..WidgetConfig::default()
        };
        let partner = Partner {
            id: PartnerId::new(now, entropy),
            name: request.name,
            kind: request.kind,
            stage: Stage::Sandbox,
            widget_id: proof_core::id::uuid_v7(now, entropy),
            contact_email: request.contact_email,
            policy: Policy {
                version: 1,
                pairs,
                fiats: request.fiats,
                fees: fees_default()?,
                sell: request.sell.unwrap_or_default(),
                risk: RiskPolicy::sandbox(),
                widget,
            },
            signature_key: Secret::new(crate::installation::hex_of(&self.random::<32>())),
        };
        let token = ClientToken::generate(Environment::Test, entropy);
        let secret = request
            .webhook_url
            .as_ref()
            .map(|_| secret_generate(self.random()));
        let created = PartnerCreated {
            partner: partner.clone(),
            client_token: Secret::new(token.expose_secret()),
            webhook_secret: secret.clone(),
        };
        let write = PartnerWrite {
            now,
            partner,
            token,
            origins: request.origins,
            wallets: request.wallets,
            endpoint: request.webhook_url.zip(secret),
            endpoint_id: EndpointId::new(now, entropy),
        };
        let deed = write.deed(author.into());
        self.db
            .write("partner_create", move |tx: &mut Tx| {
                let (write, deed) = (write.clone(), deed.clone());
                Box::pin(async move {
                    write.run(tx).await?;
                    audit(tx, &deed, now).await
                })
            })
            .await?;
        Ok(created)
    }

    async fn change_sandbox(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        change: Change,
    ) -> Result<(), ApiError> {
        let (author, world) = (author.into().into(), Environment::Test);
        let done = self.change_do(author, partner, world, change, None).await;
        done.map(drop)
    }

    /// Lets pages of one more origin embed the partner's widget in the sandbox.
    pub async fn origin_add(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        origin: Origin,
    ) -> Result<(), ApiError> {
        let change = Change::OriginAdd { origin };
        self.change_sandbox(author, partner, change).await
    }

    /// Lets the hosted page of the sandbox lead back to one more place.
    pub async fn return_add(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        link: ReturnLink,
    ) -> Result<(), ApiError> {
        let change = Change::ReturnAdd { link };
        self.change_sandbox(author, partner, change).await
    }

    /// Pages of this origin may embed the partner's widget in the sandbox no more.
    pub async fn origin_remove(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        origin: Origin,
    ) -> Result<(), ApiError> {
        let change = Change::OriginRemove { origin };
        self.change_sandbox(author, partner, change).await
    }

    /// The hosted page of the sandbox leads back to this place no more.
    pub async fn return_remove(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        link: ReturnLink,
    ) -> Result<(), ApiError> {
        let change = Change::ReturnRemove { link };
        self.change_sandbox(author, partner, change).await
    }

    /// Refuses a webhook URL that would never be called, before anybody waits for it.
    pub(crate) fn endpoint_check(
        &self,
        environment: Environment,
        url: &str,
    ) -> Result<(), ApiError> {
        let wrong = |reason: &str| {
            let message = format!("The webhook URL cannot be used: {reason}.");
            ApiError::field(ErrorCode::ValidationError, "webhook_url", message)
        };
        let url = Url::parse(url).map_err(|_| wrong("it is not a URL"))?;
        let door = self.outbound.partner(crate::delivery::guard(environment));
        door.check_url(&url)
            .map_err(|error| wrong(&error.to_string()))
    }

    /// Moves the partner's sandbox webhook to another URL; its secret stays.
    pub async fn endpoint_move(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        url: String,
    ) -> Result<(), ApiError> {
        let change = Change::WebhookMove { before: None, url };
        self.change_sandbox(author, partner, change).await
    }

    /// Where the shop says how often an event had an effect: the probes ask instead of a person.
    pub async fn endpoint_status_url(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        url: Option<String>,
    ) -> Result<(), ApiError> {
        if let Some(url) = &url {
            self.endpoint_check(Environment::Test, url)?;
        }
        let told = json!({ "status_url": url });
        let deed = deed(
            author.into(),
            "webhook.status_url",
            partner.to_string(),
            told,
        );
        let now = self.now();
        self.db
            .write("endpoint_status_url", move |tx: &mut Tx| {
                let (url, mut deed) = (url.clone(), deed.clone());
                Box::pin(async move {
                    let endpoint = tx.endpoint_of_partner(partner, Environment::Test).await?;
                    let endpoint = endpoint.ok_or_else(|| refused(ApiError::nobody("webhook")))?;
                    if endpoint.status_url == url {
                        return Ok(());
                    }
                    deed.before = json!({ "status_url": endpoint.status_url });
                    tx.endpoint_status_url(endpoint.id, url.as_deref()).await?;
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// All partners, for operators.
    pub async fn partner_list(&self) -> Result<Vec<Partner>, ApiError> {
        self.db
            .read("partner_list", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.partner_all().await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Networks that this installation can deliver on in the sandbox.
    pub fn networks(&self) -> Vec<Network> {
        self.test_rails
            .iter()
            .flat_map(|rails| rails.chains.keys().copied())
            .collect()
    }
}
