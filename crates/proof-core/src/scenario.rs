//! What a sandbox plays on request: named scenarios, each with what its user, its bank, its wallet and its
//! clock do, and with what the partner sees of it in the end. Data alone; who plays it is elsewhere.

mod list;

pub use list::SCENARIOS;

use crate::{
    asset::Asset,
    id::PlayId,
    network::Network,
    order::EventKind,
    partner::{Policy, Side},
};
use serde_json::Value;

/// The email tag that asks for a scenario: `ann+scenario-sell-late@example.com`.
pub const TAG: &str = "scenario-";

/// What a scenario is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Area {
    Identity,
    Payment,
    Delivery,
    Dispute,
    Deposit,
    Payout,
    Webhook,
}

impl Area {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Payment => "payment",
            Self::Delivery => "delivery",
            Self::Dispute => "dispute",
            Self::Deposit => "deposit",
            Self::Payout => "payout",
            Self::Webhook => "webhook",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Scenario {
    /// `sell-late`
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub side: Side,
    pub area: Area,
    pub coin: Coin,
    /// Tag of the email by which the identity provider decides.
    pub identity: &'static str,
    /// What the user pays with, one for each try; or, of a sell, is paid on.
    pub cards: &'static [Card],
    /// What else happens, in this order.
    pub cues: &'static [Cue],
    /// What the partner sees of it, in this order; see [`mark`].
    pub reaches: &'static [&'static str],
}

/// What is bought or sold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coin {
    /// A hundred of a stable coin.
    Stable,
    /// The same on a network whose addresses are good on another one, too.
    Twin,
    /// A hundredth of one whose price does not hold for the whole deposit window.
    Moving,
}

/// A user's card at the sandbox's processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Card {
    Good,
    Declined,
    Poor,
    Expired,
    /// The bank asks.
    ThreeDs,
    ProcessorDown,
    AnswerLate,
    CaptureRefused,
    CaptureLate,
    /// A token of the card fields that was never given out.
    Invented,
}

impl Card {
    /// `None`: no card fields give such a token.
    pub const fn number(self) -> Option<&'static str> {
        Some(match self {
            Self::Good => "4242424242424242",
            Self::Declined => "4000000000000002",
            Self::Poor => "4000000000009995",
            Self::Expired => "4000000000000069",
            Self::ThreeDs => "4000000000003220",
            Self::ProcessorDown => "4000000000000119",
            Self::AnswerLate => "4000000000000259",
            Self::CaptureRefused => "4000000000000341",
            Self::CaptureLate => "4000000000002685",
            Self::Invented => return None,
        })
    }
}

/// One thing that happens, once its moment has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cue {
    pub when: When,
    pub deed: Deed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// The widget shows this step.
    Step(&'static str),
    /// The partner has seen all that the scenario reaches up to here; see [`mark`].
    Seen(&'static str),
    /// A transfer of ours is on its way: its chain knows its name.
    Sent,
    /// It is in a block.
    Mined,
    /// So much of the deposit is final.
    Received(&'static str),
    /// What came beside the order stands like this.
    Case(&'static str),
    /// The partner's endpoint has refused an event.
    WebhookFailed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    // The user.
    Cancel,
    Approve,
    Reject,
    /// Looks away, and does nothing any more.
    Leave,
    /// Takes today's price, or the crypto back.
    Sell,
    Return,
    /// The user's wallet sends so much of the order's coin to the deposit address.
    Send(&'static str),
    /// So much of the network's own coin.
    SendNative(&'static str),
    /// So much of the same coin on the other network.
    SendElsewhere(&'static str),
    // The chain.
    /// A re-org leaves out what the wallet sent last.
    LeaveOut,
    /// It is mined after all.
    MineAgain,
    /// Blocks go without our transfer for so many seconds.
    Delay(u32),
    // The cardholder's bank.
    Dispute,
    Inquire,
    Escalate,
    Win,
    Lose,
    Close,
    /// The bank of a payout's card sends the money back.
    SendBack,
    // The partner's endpoint.
    /// It answers nothing for so many seconds.
    WebhookDown(i64),
    // The clock.
    Pass(Moment),
}

/// To when the clock is moved: a moment later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// The payment hour is over.
    PayUntil,
    DepositUntil,
    /// The locked price holds no longer.
    PriceHeld,
    CaseChooseUntil,
    Seconds(i64),
}

impl Deed {
    /// Whether it is the user's own: who drives the widget by hand does it themselves.
    pub const fn is_users(self) -> bool {
        match self {
            Self::Cancel
            | Self::Approve
            | Self::Reject
            | Self::Leave
            | Self::Sell
            | Self::Return => true,
            Self::Send(_)
            | Self::SendNative(_)
            | Self::SendElsewhere(_)
            | Self::LeaveOut
            | Self::MineAgain
            | Self::Delay(_)
            | Self::Dispute
            | Self::Inquire
            | Self::Escalate
            | Self::Win
            | Self::Lose
            | Self::Close
            | Self::SendBack
            | Self::WebhookDown(_)
            | Self::Pass(_) => false,
        }
    }
}

/// The user of a play, whose email says so: nobody's integration is proven by what the server plays itself.
pub fn is_played(email: &str) -> bool {
    let end = email.find(['+', '@']).unwrap_or(email.len());
    let name = email.get(..end).unwrap_or_default();
    name.parse::<PlayId>().is_ok()
}

impl Scenario {
    pub fn find(name: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    /// The scenario that an email asks for: `Err` with a name that nobody knows.
    pub fn of_email(email: &str) -> Result<Option<&'static Self>, &str> {
        let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
        let asked = local.split('+').skip(1).find_map(|tag| {
            let (head, name) = tag.split_at_checked(TAG.len())?;
            head.eq_ignore_ascii_case(TAG).then_some(name)
        });
        match asked {
            None => Ok(None),
            Some(name) => {
                let name = SCENARIOS
                    .iter()
                    .find(|scenario| scenario.name.eq_ignore_ascii_case(name))
                    .ok_or(name)?;
                Ok(Some(name))
            }
        }
    }

    /// Whether it moves the clock, and so plays alone.
    pub fn moves_clock(&self) -> bool {
        self.cues
            .iter()
            .any(|cue| matches!(cue.deed, Deed::Pass(_)))
    }

    /// What is bought or sold at this partner; `None`: it has no such pair.
    pub fn asset(&self, policy: &Policy) -> Option<Asset> {
        let wanted: &[(&str, Network)] = match self.coin {
            Coin::Stable => &[
                ("USDT", Network::Trc20),
                ("USDT", Network::Bep20),
                ("USDT", Network::Erc20),
            ],
            Coin::Twin => &[("USDT", Network::Erc20), ("USDT", Network::Bep20)],
            Coin::Moving => &[("BTC", Network::Bitcoin)],
        };
        let mut assets = wanted
            .iter()
            .filter_map(|(ticker, network)| Asset::find(ticker, *network));
        assets.find(|asset| {
            let pair = policy.pair(*asset);
            pair.is_some_and(|pair| pair.allows(self.side))
        })
    }

    pub const fn amount(&self) -> &'static str {
        match self.coin {
            Coin::Stable | Coin::Twin => "100",
            Coin::Moving => "0.01",
        }
    }
}

/// What the partner sees of an event among the marks of a scenario: a status, or the kind of an event that
/// tells one scenario from another.
pub fn mark(kind: &str, body: &Value) -> Option<String> {
    match EventKind::parse(kind)? {
        EventKind::OrderCreated => Some("pending".to_owned()),
        EventKind::StatusChanged => body["status"].as_str().map(str::to_owned),
        EventKind::PaymentDeclined => {
            let code = body["code"].as_str().unwrap_or_default();
            Some(format!("payment.declined {code}").trim().to_owned())
        }
        EventKind::IdentityFailed
        | EventKind::DepositLost
        | EventKind::PriceMoved
        | EventKind::PayoutRefused
        | EventKind::ReturnStarted
        | EventKind::CaseOpened
        | EventKind::CaseSettled => Some(kind.to_owned()),
        EventKind::IdentityStarted
        | EventKind::IdentityVerified
        | EventKind::QuoteLocked
        | EventKind::PaymentStarted
        | EventKind::PaymentCaptured
        | EventKind::TransferSigned
        | EventKind::TransferBroadcast
        | EventKind::TransferConfirmed
        | EventKind::RefundStarted
        | EventKind::DepositAwaited
        | EventKind::DepositSeen
        | EventKind::DepositConfirmed
        | EventKind::PayoutSent
        | EventKind::DisputeMoved
        | EventKind::ReviewStarted
        | EventKind::RiskAssessed
        | EventKind::ReviewProposed
        | EventKind::ReviewEnded
        | EventKind::RefundedByBank
        | EventKind::OrderCompleted
        | EventKind::OrderFailed
        | EventKind::OrderCancelled
        | EventKind::OrderExpired => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn scenarios_have_names_that_an_email_can_carry() {
        let mut names = BTreeSet::new();
        for scenario in SCENARIOS {
            let name = scenario.name;
            assert!(names.insert(name), "{name} twice");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain) && name.len() <= 40, "{name}");
            assert!(
                scenario.about.ends_with('.') && scenario.about.len() <= 160,
                "{name}"
            );
            assert_eq!(scenario.reaches.first(), Some(&"pending"), "{name}");
            let email = format!("ann+{TAG}{name}@example.com");
            let found = Scenario::of_email(&email).unwrap().unwrap();
            assert_eq!(found.name, name);
        }
        assert!(names.len() >= 30, "{} scenarios", names.len());
        assert_eq!(
            Scenario::of_email("ann+scenario-x@example.com").unwrap_err(),
            "x"
        );
        assert!(
            Scenario::of_email("ann+kyc-fail@example.com")
                .unwrap()
                .is_none()
        );
        assert!(
            Scenario::of_email("scenario-x@example.com")
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_played_user_is_known_by_the_email() {
        let id = "ply_01a205d764457da8b9dd58caedbfa33b";
        for email in [
            format!("{id}@example.com"),
            format!("{id}+kyc-fail@example.com"),
        ] {
            assert!(is_played(&email), "{email}");
        }
        for email in [
            "ann@example.com",
            "ply_1@example.com",
            "@",
            "ann+ply_01a205d764457da8b9dd58caedbfa33b@b.c",
        ] {
            assert!(!is_played(email), "{email}");
        }
    }

    /// Two scenarios that end alike and do alike are one.
    #[test]
    fn no_two_scenarios_are_the_same() {
        let mut kinds = BTreeSet::new();
        for one in SCENARIOS {
            let kind = format!(
                "{:?} {:?} {} {:?} {:?}",
                one.side, one.coin, one.identity, one.cards, one.cues
            );
            assert!(kinds.insert(kind), "{} is another one", one.name);
        }
    }

    /// Every code with which a payment can be declined has a scenario.
    #[test]
    fn each_decline_has_its_scenario() {
        for code in [
            "declined",
            "insufficient_funds",
            "three_ds_failed",
            "expired_card",
            "token_invalid",
            "processor_unavailable",
            "abandoned",
        ] {
            let mark = format!("payment.declined {code}");
            let told = SCENARIOS.iter().any(|s| s.reaches.contains(&mark.as_str()));
            assert!(told, "{code}");
        }
    }
}
