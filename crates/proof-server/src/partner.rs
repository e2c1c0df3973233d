//! `proof partner …`.

use crate::{
    clock::{SystemClock, SystemEntropy},
    config::{Config, database, sqlite_folder},
    lock::DataLock,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use proof_core::{
    Address, Asset, Fiat,
    partner::{Origin, PartnerType},
};
use proof_engine::{Engine, PartnerCreate, PartnerCreated, Parts};
use proof_outbound::{HttpTransport, Outbound};
use std::{path::PathBuf, sync::Arc};
use url::Url;

#[derive(Subcommand, Debug)]
pub enum PartnerCommand {
    /// Makes a sandbox partner and prints its credentials, once.
    Create(Box<CreateArgs>),
    /// Lists partners.
    List(DatabaseArgs),
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
    #[arg(long = "pair", required = true)]
    pairs: Vec<Asset>,
    /// What users may pay with; the first is the default.
    #[arg(long = "fiat", default_values = ["EUR", "USD"])]
    fiats: Vec<Fiat>,
    /// Where bought crypto goes (treasury, managed), `USDT/TRC20=T…`; may be repeated.
    #[arg(long = "wallet", value_parser = wallet)]
    wallets: Vec<(Asset, Address)>,
    #[arg(long)]
    webhook_url: Option<Url>,
    #[arg(long)]
    redirect_url: Option<Url>,
}

fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}

fn wallet(text: &str) -> Result<(Asset, Address), String> {
    let (asset, address) = text
        .split_once('=')
        .ok_or("must be TICKER/NETWORK=ADDRESS")?;
    let asset: Asset = asset
        .parse()
        .map_err(|_| format!("unknown asset {asset}"))?;
    let address = Address::parse(asset.network(), address).map_err(|e| e.to_string())?;
    Ok((asset, address))
}

pub async fn run(command: PartnerCommand) -> anyhow::Result<()> {
    match command {
        PartnerCommand::Create(args) => create(*args).await,
        PartnerCommand::List(args) => list(args).await,
    }
}

async fn engine(args: &DatabaseArgs) -> anyhow::Result<(Engine, Option<DataLock>)> {
    let url = match (&args.config, &args.data) {
        (Some(path), _) => Config::read(path)?.database,
        (None, Some(data)) => format!("sqlite:{}", data.join("proof.db").display()),
        (None, None) => bail!("say which database: --config FILE or --data DIR"),
    };
    let lock = sqlite_folder(&url)
        .map(|dir| DataLock::take(&dir))
        .transpose()?;
    let parts = Parts {
        db: database(&url).await?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        outbound: Outbound::new(Arc::new(HttpTransport::new()?)),
        test_rails: None,
        live_rails: None,
    };
    Ok((Engine::start(parts).await?, lock))
}

async fn create(args: CreateArgs) -> anyhow::Result<()> {
    if args.kind != PartnerType::UserWallet {
        let missing = args
            .pairs
            .iter()
            .find(|p| !args.wallets.iter().any(|(a, _)| a == *p));
        if let Some(pair) = missing {
            bail!(
                "a {} partner needs --wallet {pair}=ADDRESS",
                args.kind.name()
            );
        }
    }
    let (engine, _lock) = engine(&args.database).await?;
    let created = engine
        .partner_create(PartnerCreate {
            name: args.name.clone(),
            kind: args.kind,
            contact_email: args.contact_email,
            origins: args.origins,
            pairs: args.pairs,
            fiats: args.fiats,
            wallets: args.wallets,
            webhook_url: args.webhook_url.map(String::from),
            redirect_url: args.redirect_url.map(String::from),
        })
        .await
        .with_context(|| format!("cannot make the partner {}", args.name))?;
    print(&created);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn print(created: &PartnerCreated) {
    println!("partner_id      {}", created.partner.id);
    println!("widget_id       {}", created.partner.widget_id);
    println!("client_token    {}", created.client_token.expose_secret());
    if let Some(secret) = &created.webhook_secret {
        println!("webhook_secret  {}", secret.expose_secret());
    }
    println!("\nThe token and the secret are shown only now; only their owner can keep them.");
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
async fn list(args: DatabaseArgs) -> anyhow::Result<()> {
    let (engine, _lock) = engine(&args).await?;
    for partner in engine.partner_list().await? {
        let kind = partner.kind.name();
        println!(
            "{}  {kind:<11}  {}  {}",
            partner.id, partner.widget_id, partner.name
        );
    }
    Ok(())
}
