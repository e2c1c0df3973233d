//! How a story ended, and what has to be true of every end.

use crate::plot::Plot;
use proof_core::{Asset, Network};
use proof_store::Balance;
use std::collections::BTreeMap;

/// How one part of it ended, and what the world did for it.
pub struct Told {
    pub plot: Plot,
    pub status: String,
    pub amount: i128,
    /// What its user sent, on each network.
    pub coins: BTreeMap<Network, Coins>,
    /// To our own wallet, by mistake.
    pub astray: i128,
    /// Payments whose money we kept, or a bank took back.
    pub captures: usize,
    /// Those that a bank took back.
    pub lost: usize,
    /// Minor units that were captured, and what people gave back of them after the end.
    pub taken: u128,
    pub given_back: u128,
    pub payouts: usize,
    /// Transfers of the amount to the partner's wallet.
    pub delivered: usize,
}

/// The coins of one user on one network, in base units.
#[derive(Clone, Copy, Default)]
pub struct Coins {
    /// To deposit addresses, and still there.
    pub sent: i128,
    /// What the chain took back after it was paid for or sent back: our loss.
    pub gone: i128,
    /// To the refund address.
    pub returned: i128,
}

/// The hot wallet of one network.
pub struct Wallet {
    pub network: Network,
    /// What it had in the beginning.
    pub funds: i128,
    /// What the chain says that it has left.
    pub left: i128,
    pub left_native: i128,
}

/// All parts.
pub struct Parts(pub Vec<Told>);

pub struct Outcome {
    pub told: Parts,
    pub wallets: Vec<Wallet>,
    pub history: String,
    pub crashes: u64,
    /// Places at which the server could have died.
    pub points: u64,
    pub lost: u64,
    /// How often the books were looked at.
    pub checks: u64,
    /// Words of operators.
    pub rulings: u64,
    pub simulated_seconds: i64,
    pub balances: Vec<Balance>,
    /// Of what went astray, what nobody has explained.
    pub strays_held: i128,
    /// Addresses that got coins and are nobody's.
    pub strangers: Vec<String>,
}

impl Outcome {
    /// How the first part ended.
    pub fn status(&self) -> &str {
        &self.told.0[0].status
    }

    /// Safety: the books are whole, agree with the chain, and owe nobody anything.
    pub fn check(&self, seed: u64) {
        let sum = |prefix: &str| sum(&self.balances, prefix);
        for open in ["customer:", "reserved:", "in_transit:"] {
            assert_eq!(sum(open), 0, "seed {seed}: {open} is not settled");
        }
        assert_eq!(self.strangers, [""; 0], "seed {seed}: coins went astray");
        self.told.0.iter().for_each(|told| told.check(seed));
        for wallet in &self.wallets {
            self.check_network(wallet, seed);
        }
        let even = self.told.is_even(&self.balances, self.strays_held);
        assert!(even, "seed {seed}: what is owed");
    }

    fn check_network(&self, wallet: &Wallet, seed: u64) {
        let network = wallet.network;
        for (asset, left) in [
            (usdt(network), wallet.left),
            (network.native(), wallet.left_native),
        ] {
            let booked = of(&self.balances, "wallet:", asset);
            assert_eq!(booked, left, "seed {seed}: {asset}, books and chain");
        }
        let (asset, told) = (usdt(network), &self.told);
        let left = wallet.funds - told.out(network) + told.astray(network);
        assert_eq!(left, wallet.left, "seed {seed}: the wallet of {asset}");
        let booked = |kind| of(&self.balances, kind, asset);
        let (sent, gone) = (told.coins(network).sent, told.coins(network).gone);
        let said = "by the books, and by senders and chain";
        assert_eq!(
            booked("deposit:"),
            sent,
            "seed {seed}: {asset} came, {said}"
        );
        assert_eq!(
            booked("loss:"),
            gone,
            "seed {seed}: {asset} is lost, {said}"
        );
    }
}

fn sum(balances: &[Balance], prefix: &str) -> i128 {
    let own = balances.iter().filter(|b| b.key.starts_with(prefix));
    own.map(|b| b.amount).sum()
}

fn of(balances: &[Balance], prefix: &str, asset: Asset) -> i128 {
    let (own, unit) = (
        balances.iter().filter(|b| b.key.starts_with(prefix)),
        format!(":{asset}"),
    );
    let own = own.filter(|b| b.key.ends_with(&unit));
    own.map(|b| b.amount).sum()
}

/// The coins that are bought and sold.
pub fn usdt(network: Network) -> Asset {
    Asset::find("USDT", network).unwrap()
}

impl Parts {
    /// From the hot wallet.
    fn out(&self, network: Network) -> i128 {
        let delivered = |told: &Told| told.delivered_amount(network);
        self.coins(network).returned + self.0.iter().map(delivered).sum::<i128>()
    }

    fn astray(&self, network: Network) -> i128 {
        let own = self.0.iter().filter(|_| network == Network::Trc20);
        own.map(|told| told.astray).sum()
    }

    /// Of all users.
    fn coins(&self, network: Network) -> Coins {
        let own = self.0.iter().filter_map(|told| told.coins.get(&network));
        own.fold(Coins::default(), |all, own| Coins {
            sent: all.sent + own.sent,
            gone: all.gone + own.gone,
            returned: all.returned + own.returned,
        })
    }

    /// What came in was paid for, went back, is worth less than its way back, or was written off by
    /// two people; and all of it is in the books. What was gone after that is the loss, and nothing
    /// else is. What was captured was delivered for.
    pub fn is_even(&self, balances: &[Balance], strays_held: i128) -> bool {
        let networks = self.0.iter().flat_map(|told| told.coins.keys());
        self.0.iter().all(Told::is_delivered)
            && networks.copied().all(|network| {
                let strays_held = if network == Network::Trc20 {
                    strays_held
                } else {
                    0
                };
                self.is_even_on(network, balances, strays_held)
            })
    }

    fn is_even_on(&self, network: Network, balances: &[Balance], strays_held: i128) -> bool {
        let booked = |kind| of(balances, kind, usdt(network));
        let all = self.coins(network);
        let paid: i128 = self.0.iter().map(|told| told.paid_amount(network)).sum();
        let kept = -booked("suspense:") - booked("dust:") - strays_held;
        booked("deposit:") == all.sent
            && booked("loss:") == all.gone
            && all.sent + all.gone - all.returned - paid == kept
    }
}

impl Told {
    fn delivered_amount(&self, network: Network) -> i128 {
        self.moved_by(self.delivered, network)
    }

    fn paid_amount(&self, network: Network) -> i128 {
        self.moved_by(self.payouts, network)
    }

    fn moved_by(&self, times: usize, network: Network) -> i128 {
        let own = self.plot.network() == network;
        self.amount * i128::try_from(times).unwrap() * i128::from(own)
    }

    /// What was captured was delivered for, unless a bank took it back before.
    fn is_delivered(&self) -> bool {
        let undelivered = self.captures - self.delivered.min(self.captures);
        undelivered == 0 || (undelivered == self.lost && self.delivered == 0)
    }

    fn check(&self, seed: u64) {
        let completed = usize::from(self.status == "completed");
        let said = format!("seed {seed}: {:?} {}", self.plot, self.status);
        match self.plot {
            Plot::Buy(_) => {
                let taken_back = if completed == 0 { self.lost } else { 0 };
                assert_eq!(self.captures, completed + taken_back, "{said}: captures");
                assert_eq!(self.delivered, completed, "{said}: deliveries");
                assert!(self.given_back <= self.taken, "{said}: given back");
            }
            Plot::Sell { .. } => assert_eq!(self.payouts, completed, "{said}: payouts"),
        }
    }
}
