//! What a story is about, and what goes wrong in it.

/// When the server dies.
#[derive(Clone, Copy, Debug)]
pub enum Crashes {
    /// At any place, with this chance.
    Percent(u64),
    /// At one place, and once more when it has gone through so many places since.
    At {
        point: u64,
        again_after: Option<u64>,
    },
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
}

impl Faults {
    pub const fn none() -> Self {
        Self {
            lose_request_percent: 0,
            lose_answer_percent: 0,
            refuse_commit_percent: 0,
            doubt_commit_percent: 0,
            crashes: Crashes::Percent(0),
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
        }
    }
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
    Nothing,
}

impl Deposits {
    /// The ways of the stories with faults. A re-org that comes when the deposit is final already
    /// means a day of waiting, second by second, which is told elsewhere.
    pub const WAYS: [Self; 6] = [
        Self::Whole,
        Self::Parts,
        Self::Short,
        Self::TooMuch,
        Self::Late,
        Self::Nothing,
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plot {
    Buy,
    Sell {
        deposits: Deposits,
        card_is_good: bool,
    },
}

impl Plot {
    /// Every other story is a sell, each in another way.
    pub fn of(seed: u64) -> Self {
        let ways = u64::try_from(Deposits::WAYS.len()).unwrap();
        if seed.is_multiple_of(2) {
            return Self::Buy;
        }
        let way = usize::try_from(seed / 2 % ways).unwrap();
        Self::Sell {
            deposits: Deposits::WAYS[way],
            card_is_good: !seed.is_multiple_of(3),
        }
    }
}
