//! All services together.

use crate::{
    callback::Callbacks,
    cards::Cards,
    chain::SimChain,
    clock::WorldClock,
    identity::{IdentityDesk, Shelf},
    journal::Journaled,
};
use proof_core::{Clock, Entropy, Network};
use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

pub struct WorldConfig {
    /// Where the services keep their journals; `None`: in memory, for a simulation.
    pub data: Option<PathBuf>,
    /// What Proof has to show.
    pub key: String,
    /// Decides the course of rates.
    pub seed: u64,
}

pub struct World {
    pub(crate) key: String,
    pub(crate) seed: u64,
    pub(crate) clock: WorldClock,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) callbacks: Callbacks,
    pub(crate) cards: Journaled<Cards>,
    pub(crate) identity: Journaled<IdentityDesk>,
    pub(crate) pictures: Shelf,
    pub(crate) chains: BTreeMap<Network, Journaled<SimChain>>,
}

impl World {
    pub fn open(
        config: WorldConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> io::Result<Self> {
        let dir = |name: &str| config.data.as_ref().map(|data| data.join(name));
        let clock = WorldClock::open(config.data.as_deref(), clock)?;
        let mut chains = BTreeMap::new();
        for network in SimChain::NETWORKS {
            let dir = dir(&format!("chains/{network}"));
            let chain = Journaled::open(dir.as_deref(), SimChain::new(network))?;
            chain.write(|chain| io::Result::Ok(chain.begin(clock.now())), |_| ())?;
            chains.insert(network, chain);
        }
        Ok(Self {
            callbacks: Callbacks::default(),
            cards: Journaled::open(dir("cards").as_deref(), Cards::default())?,
            identity: Journaled::open(dir("identity").as_deref(), IdentityDesk::default())?,
            pictures: Shelf::open(dir("identity/pictures"))?,
            chains,
            key: config.key,
            seed: config.seed,
            clock,
            entropy,
        })
    }
}
