//! One partner of each type, made at the first start and kept.

use crate::{clock::SystemEntropy, rails::NETWORKS, rails::master_key};
use anyhow::Context;
use proof_core::{
    Address, Asset, ErrorCode, Fiat,
    audit::Author,
    id::PartnerId,
    partner::{Environment, Origin, PartnerType, ReturnLink, SellPolicy},
};
use proof_engine::{Engine, PartnerCreate};
use proof_port::Signer;
use proof_signer::LocalSigner;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// A partner's credentials. The database holds only hashes, so the sandbox keeps them in its folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoPartner {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub partner_id: String,
    pub client_token: String,
    pub widget_id: String,
    pub webhook_secret: String,
    pub origins: Vec<String>,
    pub pairs: Vec<Asset>,
}

const FILE: &str = "dev-partners.json";

/// The demo partners, with today's shop as their page and webhook.
pub async fn partners(
    engine: &Engine,
    data: &Path,
    shop_port: u16,
) -> anyhow::Result<Vec<DemoPartner>> {
    let path = data.join(FILE);
    let shop = Origin::parse(&format!("http://127.0.0.1:{shop_port}"))?;
    let known = engine.partner_list().await?;
    let kept: Option<Vec<DemoPartner>> = match fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).context("unreadable demo partners")?),
        Err(_) => None,
    };
    let in_database = |partner: &DemoPartner| {
        known
            .iter()
            .any(|known| known.id.to_string() == partner.partner_id)
    };
    let mut partners = match kept.filter(|kept| kept.iter().all(in_database)) {
        Some(kept) => kept,
        None => create(engine, data, &shop).await?,
    };
    for partner in &mut partners {
        let id: PartnerId = partner.partner_id.parse()?;
        leave(engine, id, partner, &shop).await?;
        engine
            .origin_add(Author::machine(), id, shop.clone())
            .await?;
        for link in [shop.to_string(), "shopapp://return".to_owned()] {
            let link = ReturnLink::parse(&link)?;
            engine.return_add(Author::machine(), id, link).await?;
        }
        engine
            .endpoint_move(Author::machine(), id, format!("{shop}/webhooks/proof"))
            .await?;
        let status_url = Some(format!("{shop}/webhooks/proof/effects"));
        engine
            .endpoint_status_url(Author::machine(), id, status_url)
            .await?;
        if !works(engine, &partner.client_token).await? {
            let fresh = engine
                .token_create(Author::machine(), id, Environment::Test)
                .await?;
            fresh.expose_secret().clone_into(&mut partner.client_token);
        }
        if !partner.origins.iter().any(|origin| origin == shop.as_str()) {
            partner.origins.push(shop.to_string());
        }
    }
    keep(&path, &partners)?;
    Ok(partners)
}

/// A shop on another port each time would fill the lists: those of earlier starts go.
async fn leave(
    engine: &Engine,
    id: PartnerId,
    partner: &mut DemoPartner,
    shop: &Origin,
) -> anyhow::Result<()> {
    let earlier = partner.origins.iter().filter(|one| *one != shop.as_str());
    for one in earlier {
        let (origin, link) = (Origin::parse(one)?, ReturnLink::parse(one)?);
        let gone = [
            engine.origin_remove(Author::machine(), id, origin).await,
            engine.return_remove(Author::machine(), id, link).await,
        ];
        for done in gone {
            match done {
                Ok(()) => {}
                // Somebody took it away at the console.
                Err(error) if error.code == ErrorCode::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    partner.origins.retain(|one| one == shop.as_str());
    Ok(())
}

/// Whether a token is good for longer: not ended, nor about to end since it was exchanged.
async fn works(engine: &Engine, token: &str) -> anyhow::Result<bool> {
    match engine.access(Some(token)).await {
        Ok(access) => Ok(access.ends.is_none()),
        Err(error) if error.code == ErrorCode::InvalidToken => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn create(engine: &Engine, data: &Path, shop: &Origin) -> anyhow::Result<Vec<DemoPartner>> {
    let wallets = wallets(data).await?;
    let pairs: Vec<Asset> = wallets.iter().map(|(asset, _)| *asset).collect();
    let mut partners = Vec::new();
    for (name, kind) in [
        ("Demo Shop", PartnerType::Treasury),
        ("Demo Wallet", PartnerType::UserWallet),
        ("Demo Custody", PartnerType::Managed),
    ] {
        let own = kind == PartnerType::UserWallet;
        let created = engine
            .partner_create(
                Author::machine(),
                PartnerCreate {
                    name: name.to_owned(),
                    kind,
                    contact_email: "dev@example.com".to_owned(),
                    origins: vec![shop.clone()],
                    pairs: pairs.clone(),
                    sell: Some(SellPolicy::default()),
                    fiats: vec![Fiat::Eur, Fiat::Usd, Fiat::Gbp],
                    wallets: if own { Vec::new() } else { wallets.clone() },
                    webhook_url: Some(format!("{shop}/webhooks/proof")),
                    redirect_url: None,
                },
            )
            .await?;
        let secret = created
            .webhook_secret
            .as_ref()
            .map(|s| s.expose_secret().to_owned());
        partners.push(DemoPartner {
            name: name.to_owned(),
            kind: kind.name().to_owned(),
            partner_id: created.partner.id.to_string(),
            client_token: created.client_token.expose_secret().to_owned(),
            widget_id: created.partner.widget_id.to_string(),
            webhook_secret: secret.unwrap_or_default(),
            origins: vec![shop.to_string()],
            pairs: pairs.clone(),
        });
    }
    Ok(partners)
}

/// Wallets that belong to the demo partners, not to us: another key in another folder.
async fn wallets(data: &Path) -> anyhow::Result<Vec<(Asset, Address)>> {
    let dir: PathBuf = data.join("demo-wallets");
    let owner = LocalSigner::open(&dir, master_key(&dir, &SystemEntropy)?)?;
    let mut wallets = Vec::new();
    for asset in Asset::all().filter(|asset| NETWORKS.contains(&asset.network())) {
        wallets.push((asset, owner.wallet(asset.network()).await?));
    }
    Ok(wallets)
}

/// Written whole or not at all, readable by its owner only.
fn keep(path: &Path, partners: &[DemoPartner]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let fresh = path.with_extension("new");
    let mut file = fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(partners)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path).context("cannot keep the demo partners")
}
