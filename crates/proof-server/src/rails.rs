//! The world behind the sandbox's rails.

use anyhow::Context;
use proof_chain::simulated::SimulatedChain;
use proof_connect::sandbox::{SandboxIdentity, SandboxPayments, SandboxPayouts, SandboxRates};
use proof_core::{Entropy, Network, time::random};
use proof_engine::Rails;
use proof_outbound::{Configured, Outbound};
use proof_port::{Chain, Signer};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, io::Write, path::Path, sync::Arc};
use url::Url;

/// Networks that the sandbox simulates.
pub const NETWORKS: [Network; 4] = [
    Network::Trc20,
    Network::Erc20,
    Network::Bep20,
    Network::Bitcoin,
];

/// Where the sandbox world listens, and what it wants to be shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxConfig {
    pub cards_url: Url,
    pub world_url: Url,
    pub key: proof_core::secret::Secret,
    /// People may move its clock, and the server's with it: for one server with this world to itself.
    #[serde(default)]
    pub movable_clock: bool,
    /// Browsers whose wallets hand over what the sandbox's processor understands get their buttons; those of real
    /// devices do not work with it.
    #[serde(default)]
    pub wallets: bool,
}

impl SandboxConfig {
    fn door(&self, outbound: &Outbound, name: &'static str, base: &Url) -> Configured {
        outbound.configured(
            name,
            base.clone(),
            Some(self.key.expose_secret().to_owned()),
        )
    }

    /// The card processor.
    pub fn cards(&self, outbound: &Outbound) -> Configured {
        self.door(outbound, "sandbox cards", &self.cards_url)
    }

    /// The part of the world that is not the card processor.
    pub fn world(&self, outbound: &Outbound) -> Configured {
        self.door(outbound, "sandbox", &self.world_url)
    }

    pub fn rails(&self, outbound: &Outbound, signer: Arc<dyn Signer>) -> Rails {
        let chains = NETWORKS.into_iter().map(|network| {
            let chain = SimulatedChain::new(self.world(outbound), network, self.world_url.clone());
            (network, Arc::new(chain) as Arc<dyn Chain>)
        });
        let cards = self.cards(outbound);
        let payouts = self.cards(outbound);
        Rails {
            payments: Arc::new(SandboxPayments::new(cards, self.key.clone(), self.wallets)),
            payouts: Arc::new(SandboxPayouts::new(payouts)),
            identity: Arc::new(SandboxIdentity::new(self.world(outbound))),
            rates: Arc::new(SandboxRates::new(self.world(outbound))),
            signer,
            chains: chains.collect::<BTreeMap<_, _>>(),
        }
    }
}

/// The signer's master key in the sandbox.
pub fn master_key(dir: &Path, entropy: &dyn Entropy) -> anyhow::Result<[u8; 32]> {
    kept_key(dir, "master.key", entropy)
}

/// Random bytes that are made once and kept, readable by their owner only.
pub fn kept_key<const N: usize>(
    dir: &Path,
    name: &str,
    entropy: &dyn Entropy,
) -> anyhow::Result<[u8; N]> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let path = dir.join(name);
    if !path.exists() {
        // Written beside and moved: a crash leaves no half of a key.
        let fresh = dir.join(format!("{name}.new"));
        let key: [u8; N] = random(entropy);
        let mut file = fs::File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
    }
    let key = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    key.try_into()
        .map_err(|_| anyhow::anyhow!("{} is not a key of {N} bytes", path.display()))
}
