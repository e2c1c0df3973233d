//! How a story ended, and what has to be true of every end.

use crate::plot::Plot;
use proof_store::Balance;

/// How one part of it ended, and what the world did for it.
pub struct Told {
    pub plot: Plot,
    pub status: String,
    pub amount: i128,
    /// To deposit addresses.
    pub sent: i128,
    /// To our own wallet, by mistake.
    pub astray: i128,
    /// Payments whose money we kept, or a bank took back.
    pub captures: usize,
    /// Those that a bank took back.
    pub lost: usize,
    pub payouts: usize,
    /// Transfers of the amount to the partner's wallet.
    pub delivered: usize,
    /// To the refund address.
    pub returned: i128,
}

/// All parts.
pub struct Parts(pub Vec<Told>);

pub struct Outcome {
    pub told: Parts,
    pub funds: i128,
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
    /// What the chain says that the hot wallet has left.
    pub chain_left: i128,
    pub chain_left_native: i128,
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
        for (account, left) in [
            ("wallet:USDT/TRC20", self.chain_left),
            ("wallet:TRX/TRC20", self.chain_left_native),
        ] {
            assert_eq!(sum(account), left, "seed {seed}: {account} and the chain");
        }
        assert_eq!(self.strangers, [""; 0], "seed {seed}: coins went astray");
        let told = &self.told;
        told.0.iter().for_each(|told| told.check(seed));
        let astray = told.0.iter().map(|told| told.astray).sum::<i128>();
        let left = self.funds - told.out() + astray;
        assert_eq!(left, self.chain_left, "seed {seed}: the wallet");
        assert_eq!(
            usdt(&self.balances, "deposit:"),
            told.sent(),
            "seed {seed}: what came in, by the books and by its senders"
        );
        let even = told.is_even(&self.balances, self.strays_held);
        assert!(even, "seed {seed}: what is owed");
    }
}

fn sum(balances: &[Balance], prefix: &str) -> i128 {
    let own = balances.iter().filter(|b| b.key.starts_with(prefix));
    own.map(|b| b.amount).sum()
}

/// Of the coins that are bought and sold.
fn usdt(balances: &[Balance], prefix: &str) -> i128 {
    let own = balances.iter().filter(|b| b.key.starts_with(prefix));
    let own = own.filter(|b| b.key.ends_with(":USDT/TRC20"));
    own.map(|b| b.amount).sum()
}

impl Parts {
    /// From the hot wallet.
    fn out(&self) -> i128 {
        let out = |told: &Told| told.delivered_amount() + told.returned;
        self.0.iter().map(out).sum()
    }

    fn sent(&self) -> i128 {
        self.0.iter().map(|told| told.sent).sum()
    }

    /// What came in was paid for, went back, is worth less than its way back, or was written off by
    /// two people; and all of it is in the books. What was captured was delivered for.
    pub fn is_even(&self, balances: &[Balance], strays_held: i128) -> bool {
        let delivered = self.0.iter().all(Told::is_delivered);
        let open = |told: &Told| told.sent - told.returned - told.paid_amount();
        let kept = -usdt(balances, "suspense:") - usdt(balances, "dust:") - strays_held;
        let booked = usdt(balances, "deposit:") == self.sent();
        delivered && booked && self.0.iter().map(open).sum::<i128>() == kept
    }
}

impl Told {
    fn delivered_amount(&self) -> i128 {
        self.amount * i128::try_from(self.delivered).unwrap()
    }

    /// What was captured was delivered for, unless a bank took it back before.
    fn is_delivered(&self) -> bool {
        let undelivered = self.captures - self.delivered.min(self.captures);
        undelivered == 0 || (undelivered == self.lost && self.delivered == 0)
    }

    fn paid_amount(&self) -> i128 {
        self.amount * i128::try_from(self.payouts).unwrap()
    }

    fn check(&self, seed: u64) {
        let completed = usize::from(self.status == "completed");
        let said = format!("seed {seed}: {:?} {}", self.plot, self.status);
        match self.plot {
            Plot::Buy(_) => {
                let taken_back = if completed == 0 { self.lost } else { 0 };
                assert_eq!(self.captures, completed + taken_back, "{said}: captures");
                assert_eq!(self.delivered, completed, "{said}: deliveries");
            }
            Plot::Sell { .. } => assert_eq!(self.payouts, completed, "{said}: payouts"),
        }
    }
}
