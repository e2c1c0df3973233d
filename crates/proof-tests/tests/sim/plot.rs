//! What a story is about, and what goes wrong in it.

use crate::clock::SimEntropy;
use proof_core::{
    Network,
    partner::{AccidentPolicy, LatePolicy, StrayPolicy, UnderpaidPolicy},
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// When the server dies.
#[derive(Clone, Copy, Debug)]
pub enum Crashes {
    /// At any place, with this chance.
    Percent(u64),
    /// The same, where a story has very many places.
    PerMille(u64),
    /// At one place, and once more when it has gone through so many places since.
    At {
        point: u64,
        again_after: Option<u64>,
    },
}

/// Somebody outside whom the server needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provider {
    Cards,
    Payouts,
    Identity,
    Rates,
    Chain,
    Mail,
    /// The first partner's webhook.
    Shop,
}

impl Provider {
    pub const ALL: [Self; 7] = [
        Self::Cards,
        Self::Payouts,
        Self::Identity,
        Self::Rates,
        Self::Chain,
        Self::Mail,
        Self::Shop,
    ];

    /// Whose call this is.
    pub fn of(host: &str, path: &str) -> Option<Self> {
        let in_world = path.trim_start_matches('/').split('/').next();
        match (host, in_world) {
            ("cards.test", _) if path.contains("payout") => Some(Self::Payouts),
            ("cards.test", _) => Some(Self::Cards),
            ("shop0.test", _) => Some(Self::Shop),
            ("world.test", Some("identity")) => Some(Self::Identity),
            ("world.test", Some("rates")) => Some(Self::Rates),
            ("world.test", Some("chains")) => Some(Self::Chain),
            _ => None,
        }
    }
}

/// What lasts, beside what is lost here and there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    None,
    /// Somebody does not answer for so long, from so many seconds after the beginning.
    Away {
        who: Provider,
        from: i64,
        seconds: i64,
    },
    /// The server stays down for so long after its first death.
    Down {
        seconds: i64,
    },
    /// The server's clock is set now and then, forwards and backwards, up to so far from the truth.
    Clock {
        seconds_max: i64,
    },
}

impl Trouble {
    /// How much longer than usual it takes until all is well.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::None | Self::Clock { .. } => 0,
            Self::Away { from, seconds, .. } => from + seconds,
            Self::Down { seconds } => seconds,
        }
    }

    pub fn of(seed: u64) -> Self {
        let random = SimEntropy::new(seed ^ 0x7A0B);
        match seed % 5 {
            0 | 1 => Self::None,
            2 => Self::Down {
                seconds: random.pick(&[HOUR, DAY, 3 * DAY, WEEK]),
            },
            3 => Self::Clock {
                seconds_max: random.pick(&[2, 90, 20 * 60, 6 * HOUR, 3 * DAY]),
            },
            _ => Self::Away {
                who: random.pick(&Provider::ALL),
                from: random.below(1_200),
                seconds: random.pick(&[HOUR, DAY, WEEK]),
            },
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub lose_request_percent: u64,
    pub lose_answer_percent: u64,
    /// The database says no.
    pub refuse_commit_percent: u64,
    /// Nobody knows whether it was committed; half of the time it was.
    pub doubt_commit_percent: u64,
    pub crashes: Crashes,
    pub trouble: Trouble,
}

impl Faults {
    pub const fn none() -> Self {
        Self {
            lose_request_percent: 0,
            lose_answer_percent: 0,
            refuse_commit_percent: 0,
            doubt_commit_percent: 0,
            crashes: Crashes::Percent(0),
            trouble: Trouble::None,
        }
    }

    /// Nothing but one death, and perhaps another while the server recovers.
    pub const fn death(point: u64, again_after: Option<u64>) -> Self {
        Self {
            crashes: Crashes::At { point, again_after },
            ..Self::none()
        }
    }

    /// From a few faults to many, depending on the seed.
    pub const fn wide(seed: u64) -> Self {
        let lose = 3 + seed * 7 % 24;
        Self {
            lose_request_percent: lose,
            lose_answer_percent: lose,
            refuse_commit_percent: seed % 4,
            doubt_commit_percent: seed % 3,
            crashes: Crashes::Percent(2 + seed % 3),
            trouble: Trouble::None,
        }
    }

    /// Where many orders share one server: each still meets a few of its deaths.
    pub const fn of_a_crowd(seed: u64) -> Self {
        Self {
            crashes: Crashes::PerMille(1 + seed % 3),
            ..Self::wide(seed)
        }
    }

    pub const fn with(self, trouble: Trouble) -> Self {
        Self { trouble, ..self }
    }
}

/// What the user of a buy does about paying.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paying {
    /// With a good card.
    Well,
    /// The first card is declined, the second one is good.
    SecondCard,
    /// The bank asks, and the user says yes.
    Approved,
    /// The bank asks, and the user says no and goes away.
    Rejected,
    /// The bank asks, and the user goes away.
    Left,
    /// The hold is there, and the processor will not take the money.
    NotCaptured,
    /// Presses *cancel* instead.
    Cancelled,
    /// Presses *pay*, and *cancel* at once.
    Regretted,
    /// Pays, and goes to the bank: before the coins are there, or after.
    Disputed,
    /// Pays, gets the coins, and is given some of the money back, or all of it.
    Pleased,
}

impl Paying {
    pub const WAYS: [Self; 10] = [
        Self::Well,
        Self::SecondCard,
        Self::Approved,
        Self::Rejected,
        Self::Left,
        Self::NotCaptured,
        Self::Cancelled,
        Self::Regretted,
        Self::Disputed,
        Self::Pleased,
    ];
}

/// What the user of a sell does at the deposit address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deposits {
    /// All at once.
    Whole,
    Parts,
    /// Not enough, and no more.
    Short,
    TooMuch,
    /// Only when the time is over.
    Late,
    /// All of it; then the chain takes it back, and it is sent again.
    Reorged,
    /// All of it; and when it was paid for or sent back, the chain takes it back for good.
    Gone,
    Nothing,
    /// All of it, and when that has ended some more.
    Twice,
    /// All of it, and when that has ended less than it costs to send back.
    Dust,
    /// First another token, then all of it.
    OtherToken,
    /// First some of the same over another network on which the address is good, then all of it.
    OtherNetwork,
    /// All of it; and the refund address is one with which nobody deals.
    Listed,
    /// All of it, and some to our own wallet.
    Astray,
}

impl Deposits {
    pub const WAYS: [Self; 14] = [
        Self::Whole,
        Self::Parts,
        Self::Short,
        Self::TooMuch,
        Self::Late,
        Self::Reorged,
        Self::Gone,
        Self::Nothing,
        Self::Twice,
        Self::Dust,
        Self::OtherToken,
        Self::OtherNetwork,
        Self::Listed,
        Self::Astray,
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plot {
    Buy(Paying),
    Sell {
        deposits: Deposits,
        card_is_good: bool,
    },
}

impl Plot {
    /// A buy that goes well, if nobody hinders it.
    pub const BUY: Self = Self::Buy(Paying::Well);

    pub const fn is_buy(self) -> bool {
        matches!(self, Self::Buy(_))
    }

    /// On which its coins are bought or sold.
    pub const fn network(self) -> Network {
        match self {
            Self::Sell {
                deposits: Deposits::OtherNetwork,
                ..
            } => Network::Erc20,
            Self::Buy(_) | Self::Sell { .. } => Network::Trc20,
        }
    }

    pub fn of(random: &SimEntropy) -> Self {
        if random.chance(50) {
            // Half of them want nothing but to buy.
            let way = random.pick(&Paying::WAYS);
            let well = random.chance(50);
            return Self::Buy(if well { Paying::Well } else { way });
        }
        Self::Sell {
            deposits: random.pick(&Deposits::WAYS),
            card_is_good: random.chance(70),
        }
    }
}

/// One user's order in a story.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub plot: Plot,
    pub partner: usize,
    /// Of this partner.
    pub user: u64,
    /// After the beginning.
    pub starts_after: i64,
}

/// A whole story.
#[derive(Clone, Debug)]
pub struct Script {
    pub parts: Vec<Part>,
    pub faults: Faults,
    /// For so long they strike; what lasts, lasts longer.
    pub faults_seconds: i64,
    /// How often a chain is looked at. Where nothing is to be learnt from it, seldom.
    pub poll_ms: i64,
    /// Partners at whom people look at each payment.
    pub watched: bool,
    /// What becomes of deposits that do not fit.
    pub accidents: AccidentPolicy,
    /// Whether people rule at random while all is not well, or only afterwards and well.
    pub bold: bool,
}

impl Script {
    /// One user, one order, and a chain that is looked at every second.
    pub fn one(plot: Plot, faults: Faults) -> Self {
        let part = Part {
            plot,
            partner: 0,
            user: 0,
            starts_after: 0,
        };
        Self {
            parts: vec![part],
            faults,
            faults_seconds: 3 * HOUR,
            poll_ms: 1_000,
            watched: false,
            accidents: AccidentPolicy::default(),
            bold: false,
        }
    }

    /// On which coins may move: an address of one of a kind is good on all of them.
    pub fn networks(&self) -> &'static [Network] {
        const ALL: [Network; 3] = [Network::Trc20, Network::Erc20, Network::Bep20];
        let mut parts = self.parts.iter();
        if parts.any(|part| part.plot.network() == Network::Erc20) {
            &ALL
        } else {
            &ALL[..1]
        }
    }

    /// Several orders of several users of two partners.
    pub fn of(seed: u64) -> Self {
        let trouble = Trouble::of(seed);
        let long = trouble.seconds() > DAY;
        let random = SimEntropy::new(seed ^ 0x0005_C81D);
        let count = if long { 3 } else { 4 + random.below(4) };
        let parts = (0..count).map(|_| Part {
            plot: Plot::of(&random),
            partner: usize::try_from(random.below(2)).unwrap(),
            user: random.next() % 3,
            starts_after: random.below(1_800),
        });
        Self {
            parts: parts.collect(),
            faults: Faults::wide(seed).with(trouble),
            faults_seconds: 3 * HOUR,
            poll_ms: if long { 60_000 } else { 15_000 },
            watched: seed % 3 == 1,
            accidents: accidents_of(&random),
            bold: random.chance(50),
        }
    }

    /// A hundred orders of some sixty users, who come in the course of sixty hours. A dozen would come with eight orders
    /// each once the server is back after days, and a start in one order ends the check of the other seven.
    pub fn of_a_crowd(seed: u64) -> Self {
        const ORDERS: usize = 100;
        const USERS: u64 = 30;
        let random = SimEntropy::new(seed ^ 0x00C2_0ED5);
        let parts = (0..ORDERS).map(|_| Part {
            plot: Plot::of(&random),
            partner: usize::try_from(random.below(2)).unwrap(),
            user: random.next() % USERS,
            starts_after: random.below(COME_WITHIN_SECONDS),
        });
        Self {
            parts: parts.collect(),
            faults: Faults::of_a_crowd(seed).with(Trouble::of(seed)),
            faults_seconds: 3 * DAY,
            poll_ms: 60_000,
            watched: seed % 3 == 1,
            accidents: accidents_of(&random),
            bold: random.chance(50),
        }
    }
}

/// The last of a crowd meets faults, too.
const COME_WITHIN_SECONDS: u64 = 60 * 3_600;

/// Half of the partners leave it as it is.
fn accidents_of(random: &SimEntropy) -> AccidentPolicy {
    if random.chance(50) {
        return AccidentPolicy::default();
    }
    let stray = || random.pick(&[StrayPolicy::Return, StrayPolicy::Review]);
    AccidentPolicy {
        underpaid: random.pick(&[UnderpaidPolicy::Ask, UnderpaidPolicy::Return]),
        overpaid: stray(),
        late: random.pick(&LatePolicy::ALL),
        wrong_token: stray(),
        wrong_network: stray(),
        second_deposit: stray(),
        dust_percent_of_fee: random.pick(&[0, 100, 1_000]),
        reorged_seconds: random.pick(&[600, HOUR, DAY]),
    }
}
