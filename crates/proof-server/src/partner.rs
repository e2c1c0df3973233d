//! `proof partner …`.

use crate::{
    clock::{SystemClock, SystemEntropy},
    config::{Config, database, sqlite_folder},
    lock::DataLock,
    operator::{Question, ask},
    order::ServerArgs,
    say::say,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use proof_core::{
    Address, Asset, Fiat, Timestamp,
    id::PartnerId,
    operator::OperatorName,
    partner::{Environment, LatePolicy, Origin, PartnerType, Policy, SellPolicy},
    secret::Secret,
};
use proof_engine::{
    Engine, PartnerCreate, PartnerCreated, Parts, Persons, SETTLE_SECONDS,
    TOKEN_GRACE_SECONDS_DEFAULT, TokenListed, Watching,
};
use proof_outbound::{HttpTransport, Outbound};
use proof_store::{Checkpoints, Execution};
use std::{fs, path::PathBuf, sync::Arc};
use url::Url;

#[derive(Subcommand, Debug)]
pub enum PartnerCommand {
    /// Makes a sandbox partner and prints its credentials, once.
    Create(Box<CreateArgs>),
    /// Lists partners.
    List(DatabaseArgs),
    /// A partner's pairs, fees, limits, and what becomes of deposits that do not fit, on the running server.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// A partner's tokens: list, make one, exchange all, end one.
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Subcommand, Debug)]
pub enum PolicyCommand {
    /// Prints the policy as JSON, as `set` reads it.
    Show(PolicyArgs),
    /// Goes by this policy from now on, if nobody has changed it since it was shown; two operators have to.
    Set {
        #[command(flatten)]
        policy: PolicyArgs,
        /// The whole policy as JSON, as `show` prints it.
        #[arg(long)]
        file: PathBuf,
        /// Who you are: a name under [[operators]] in the configuration; alice or bob in `proof dev`.
        #[arg(long = "as")]
        by: OperatorName,
    },
}

#[derive(Args, Debug)]
pub struct PolicyArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// `prt_…`, as `proof partner list` shows it.
    #[arg(long)]
    partner: PartnerId,
}

#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Key ids, last use, end, and whether a browser was seen with one.
    List(TokenArgs),
    /// One more token beside those that are there.
    Create(TokenArgs),
    /// A new token; all others of this environment end after the grace period.
    Rotate {
        #[command(flatten)]
        token: TokenArgs,
        /// Seconds for which the others still work.
        #[arg(long, default_value_t = TOKEN_GRACE_SECONDS_DEFAULT)]
        grace_seconds: i64,
    },
    /// Ends a token at once.
    Revoke {
        #[command(flatten)]
        token: TokenArgs,
        /// The part between `sk_test_` and the next underscore.
        #[arg(long)]
        key_id: String,
    },
}

#[derive(Args, Debug)]
pub struct TokenArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// `prt_…`, as `proof partner list` shows it.
    #[arg(long)]
    partner: PartnerId,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct DatabaseArgs {
    /// The server's configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data folder of `proof dev`.
    #[arg(long)]
    data: Option<PathBuf>,
}

impl DatabaseArgs {
    pub fn url(&self) -> anyhow::Result<String> {
        match (&self.config, &self.data) {
            (Some(path), _) => Ok(Config::read(path)?.database),
            (None, Some(data)) => Ok(format!("sqlite:{}", data.join("proof.db").display())),
            (None, None) => bail!("say which database: --config FILE or --data DIR"),
        }
    }

    /// Where PostgreSQL's own programs are, if not on the `PATH`.
    pub fn postgres_tools(&self) -> anyhow::Result<Option<PathBuf>> {
        match &self.config {
            Some(path) => Ok(Config::read(path)?.postgres_tools),
            None => Ok(None),
        }
    }
}

#[derive(Args, Debug)]
pub struct CreateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[arg(long)]
    name: String,
    /// treasury, user_wallet or managed.
    #[arg(long = "type")]
    kind: PartnerType,
    #[arg(long)]
    contact_email: String,
    /// A page that may embed the widget, `https://shop.example`; may be repeated.
    #[arg(long = "origin", required = true, value_parser = origin)]
    origins: Vec<Origin>,
    /// What users may buy, `USDT/TRC20`; may be repeated.
    // Read when the database is open: it knows what a configuration has added.
    #[arg(long = "pair", required = true)]
    pairs: Vec<String>,
    /// Users may also sell (off-ramp).
    #[arg(long)]
    sells: bool,
    /// Seconds that a sell waits for its deposit (6 h).
    #[arg(long, requires = "sells")]
    deposit_window_seconds: Option<i64>,
    /// What becomes of a deposit that comes later: `ask` the user, `return` it, or `review` it.
    #[arg(long, requires = "sells")]
    late_deposits: Option<LatePolicy>,
    /// What users may pay with; the first is the default.
    #[arg(long = "fiat", default_values = ["EUR", "USD"])]
    fiats: Vec<Fiat>,
    /// Where bought crypto goes (treasury, managed), `USDT/TRC20=T…`; may be repeated.
    #[arg(long = "wallet")]
    wallets: Vec<String>,
    #[arg(long)]
    webhook_url: Option<Url>,
    /// Where users go afterwards unless a session says otherwise: http, https or an app's scheme.
    #[arg(long)]
    redirect_url: Option<String>,
}

fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}

fn pair(text: &str) -> anyhow::Result<Asset> {
    let known = text.parse();
    known.with_context(|| format!("--pair {text}: must be TICKER/NETWORK, one of the catalogue's"))
}

fn wallet(text: &str) -> anyhow::Result<(Asset, Address)> {
    let form = || format!("--wallet {text}: must be TICKER/NETWORK=ADDRESS");
    let (asset, address) = text.split_once('=').with_context(form)?;
    let asset: Asset = asset.parse().with_context(form)?;
    let address = Address::parse(asset.network(), address).with_context(form)?;
    Ok((asset, address))
}

type Wallets = Vec<(Asset, Address)>;

/// Of everything that is bought, where it goes, unless users have wallets of their own.
fn pairs_and_wallets(args: &CreateArgs) -> anyhow::Result<(Vec<Asset>, Wallets)> {
    let pairs = args.pairs.iter().map(|text| pair(text));
    let pairs: Vec<Asset> = pairs.collect::<anyhow::Result<_>>()?;
    let wallets = args.wallets.iter().map(|text| wallet(text));
    let wallets: Wallets = wallets.collect::<anyhow::Result<_>>()?;
    let has_wallet = |pair: &&Asset| wallets.iter().any(|(asset, _)| asset == *pair);
    let missing = pairs.iter().find(|pair| !has_wallet(pair));
    match missing {
        Some(pair) if args.kind != PartnerType::UserWallet => {
            let kind = args.kind.name();
            bail!("a {kind} partner needs --wallet {pair}=ADDRESS")
        }
        _ => Ok((pairs, wallets)),
    }
}

pub async fn run(command: PartnerCommand) -> anyhow::Result<()> {
    match command {
        PartnerCommand::Create(args) => create(*args).await,
        PartnerCommand::List(args) => list(args).await,
        PartnerCommand::Policy(command) => policy(command).await,
        PartnerCommand::Token(command) => token(command).await,
    }
}

async fn policy(command: PolicyCommand) -> anyhow::Result<()> {
    let (args, question) = match command {
        PolicyCommand::Show(args) => {
            let partner = args.partner;
            (args, Question::PolicyShow { partner })
        }
        PolicyCommand::Set { policy, file, by } => {
            let text =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let question = Question::PolicySet {
                partner: policy.partner,
                policy: Box::new(policy_read(&text).with_context(|| file.display().to_string())?),
                by,
            };
            (policy, question)
        }
    };
    let policy: Option<Policy> = ask(&args.server.socket()?, &question).await?;
    let Some(policy) = policy else {
        return say("kept; another operator has to set the same policy\n");
    };
    say(&format!("{}\n", serde_json::to_string_pretty(&policy)?))
}

/// The whole of it: a word that is misspelt or left out would change something that nobody meant.
fn policy_read(text: &[u8]) -> anyhow::Result<Policy> {
    let given: serde_json::Value = serde_json::from_slice(text).context("not JSON")?;
    let policy: Policy = serde_json::from_value(given.clone()).context("not a policy")?;
    if serde_json::to_value(&policy)? != given {
        bail!("a key is unknown or missing; change what `proof partner policy show` prints");
    }
    Ok(policy)
}

async fn token(command: TokenCommand) -> anyhow::Result<()> {
    let environment = Environment::Test;
    match command {
        TokenCommand::List(args) => {
            let (engine, _lock) = engine(&args.database).await?;
            token_print(&engine.token_list(args.partner).await?)?;
        }
        TokenCommand::Create(args) => {
            let (engine, _lock) = engine(&args.database).await?;
            token_show(
                &engine
                    .token_create(
                        proof_core::audit::Author::machine(),
                        args.partner,
                        environment,
                    )
                    .await?,
            )?;
        }
        TokenCommand::Rotate {
            token,
            grace_seconds,
        } => {
            let (engine, _lock) = engine(&token.database).await?;
            let rotated = engine.token_rotate(
                proof_core::audit::Author::machine(),
                token.partner,
                environment,
                grace_seconds,
            );
            token_show(&rotated.await?)?;
        }
        TokenCommand::Revoke { token, key_id } => {
            let (engine, _lock) = engine(&token.database).await?;
            engine
                .token_revoke(proof_core::audit::Author::machine(), token.partner, key_id)
                .await?;
        }
    }
    Ok(())
}

fn token_show(token: &Secret) -> anyhow::Result<()> {
    say(&format!(
        "client_token    {}\n\nThe token is shown only now; only its owner can keep it.\n",
        token.expose_secret()
    ))
}

fn token_print(tokens: &[TokenListed]) -> anyhow::Result<()> {
    let time = |at: Option<Timestamp>| at.map_or("-".to_owned(), Timestamp::to_contract);
    let mut text = "key_id        env   created               last used             ends                  seen in a browser\n".to_owned();
    for token in tokens {
        text += &format!(
            "{}  {:<4}  {}  {:<20}  {:<20}  {}\n",
            token.key_id,
            token.environment.name(),
            token.created_at.to_contract(),
            time(token.last_used_at),
            time(token.expires_at),
            time(token.exposed_at),
        );
    }
    say(&text)
}

pub(crate) async fn engine(args: &DatabaseArgs) -> anyhow::Result<(Engine, Option<DataLock>)> {
    let url = args.url()?;
    let lock = sqlite_folder(&url)
        .map(|dir| DataLock::take(&dir))
        .transpose()?;
    let parts = Parts {
        db: database(&url, Execution::Concurrent, Checkpoints::ByItself).await?,
        clock: Arc::new(SystemClock),
        movable: None,
        entropy: Arc::new(SystemEntropy),
        outbound: Outbound::new(Arc::new(HttpTransport::new()?)),
        test_rails: None,
        live_rails: None,
        rehearsed: false,
        mailer: None,
        limited: true,
        settle_seconds: SETTLE_SECONDS,
        sweeping: proof_engine::Sweeping::OFF,
        cold: proof_engine::ColdStorage::OFF,
        watching: Watching::default(),
        persons: Persons::default(),
        key_turns: Vec::new(),
    };
    Ok((Engine::start(parts).await?, lock))
}

async fn create(args: CreateArgs) -> anyhow::Result<()> {
    let (engine, _lock) = engine(&args.database).await?;
    let (pairs, wallets) = pairs_and_wallets(&args)?;
    let created = engine
        .partner_create(
            proof_core::audit::Author::machine(),
            PartnerCreate {
                name: args.name.clone(),
                kind: args.kind,
                contact_email: args.contact_email,
                origins: args.origins,
                pairs,
                sell: args.sells.then(|| {
                    let mut policy = SellPolicy::default();
                    if let Some(seconds) = args.deposit_window_seconds {
                        policy.window_seconds = seconds;
                    }
                    policy.accidents.late = args.late_deposits.unwrap_or_default();
                    policy
                }),
                fiats: args.fiats,
                wallets,
                webhook_url: args.webhook_url.map(String::from),
                redirect_url: args.redirect_url,
            },
        )
        .await
        .with_context(|| format!("cannot make the partner {}", args.name))?;
    print(&created)
}

fn print(created: &PartnerCreated) -> anyhow::Result<()> {
    let mut text = format!(
        "partner_id      {}\nwidget_id       {}\nclient_token    {}\n",
        created.partner.id,
        created.partner.widget_id,
        created.client_token.expose_secret()
    );
    if let Some(secret) = &created.webhook_secret {
        text += &format!("webhook_secret  {}\n", secret.expose_secret());
    }
    text += "\nThe token and the secret are shown only now; only their owner can keep them.\n";
    say(&text)
}

async fn list(args: DatabaseArgs) -> anyhow::Result<()> {
    let (engine, _lock) = engine(&args).await?;
    let mut text = String::new();
    for partner in engine.partner_list().await? {
        let kind = partner.kind.name();
        text += &format!(
            "{}  {kind:<11}  {}  {}\n",
            partner.id, partner.widget_id, partner.name
        );
    }
    say(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shown() -> Value {
        json!({
            "version": 3,
            "pairs": [{
                "asset": "USDT/TRC20", "buys": true, "sells": true, "fees": null,
                "min": { "asset": "USDT/TRC20", "base": "10000000" },
                "max": { "asset": "USDT/TRC20", "base": "20000000" },
            }],
            "fiats": ["EUR"],
            "fees": { "spread": 100, "processing": 250, "processing_fixed_minor": "25", "partner": 50 },
            "sell": SellPolicy::default(),
            "risk": proof_core::risk::RiskPolicy::default(),
            "widget": { "type": null, "lang": null, "theme": null, "redirect_url": null },
        })
    }

    fn read(value: &Value) -> anyhow::Result<Policy> {
        policy_read(value.to_string().as_bytes())
    }

    #[test]
    fn a_policy_is_read_whole_or_not_at_all() {
        assert_eq!(read(&shown()).unwrap().version, 3);
        let mut misspelt = shown();
        misspelt["sell"]["accidents"]["overpayed"] = json!("review");
        let mut partial = shown();
        partial["sell"]["accidents"] = json!({ "late": "review" });
        for wrong in [misspelt, partial] {
            let told = read(&wrong).unwrap_err().to_string();
            assert!(told.contains("unknown or missing"), "{told}");
        }
        let mut unknown = shown();
        unknown["sell"]["accidents"]["late"] = json!("keep");
        assert!(
            read(&unknown)
                .unwrap_err()
                .to_string()
                .contains("not a policy")
        );
    }
}
