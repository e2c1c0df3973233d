//! Use cases and reconcilers: decide (core), save (one database transaction), drive (call out).
//!
//! A use case loads, asks `proof_core` to decide and saves what came out. It never calls out about
//! money: it leaves the order in a state that owes something, and the [`worker`] pays that debt,
//! with no database transaction open, and records the answer through the same `decide`. A crash
//! between any two lines leaves a state that still owes the same thing.

mod about;
mod access;
mod audit;
mod card;
mod case;
mod catalogue;
mod change;
mod checklist;
mod claim;
mod clock;
mod cold;
mod console;
mod customer;
mod delivered;
mod delivery;
mod deposit;
mod embed;
mod endpoint;
mod erasure;
mod error;
mod feed;
mod health;
mod house;
mod identity;
mod inbound;
mod installation;
mod invitation;
mod known;
mod ledger;
mod life;
mod limit;
mod link;
mod live;
mod look;
mod mail;
mod member;
mod metered;
mod metrics;
mod operator;
mod order;
mod pace;
mod page;
mod partner;
mod passkey;
mod password;
mod payment;
mod person;
mod play;
mod policy;
mod probe;
mod prove;
mod quote;
mod rate;
mod receipt;
mod reconcile;
mod recovery;
mod refusal;
mod returned;
mod risk;
mod sale;
mod sanctions;
mod sandbox;
mod screening;
mod session;
mod settings;
mod signature;
mod statement;
mod stray;
mod suspend;
mod sweep;
mod token;
mod transfer;
mod treasury;
mod view;
mod visit;
mod volume;
mod ways;
pub mod wish;
mod worker;

pub use about::{About, AboutAsk};
pub use access::Access;
pub use audit::{
    AUDIT_PAGE_MAX, AuditEntry, AuditNames, AuditPage, Checkpoint, Unkept, audit_verify,
};
pub use card::{CardKeptView, CardKey};
pub use case::{CaseChoice, CaseChosen, CaseWaits};
pub use change::{ChangeWished, Changed};
pub use checklist::{Checklist, PairListed, Scanned, Seen, SignedReport};
pub use clock::{ADVANCE_SECONDS_MAX, AHEAD_SECONDS_MAX, ClockView};
pub use cold::{ColdLine, ColdPage, ColdStorage, Refill};
pub use console::{
    Checked, Data, OrderLines, OrderPage, OrderQuery, Overview, PartnerLine, PartnerPage, Refusals,
};
pub use customer::KycAnswer;
pub use embed::{EmbedCheck, integrity_of};
pub use endpoint::{
    Attempt, Delivery, DeliveryDetail, DeliveryPage, Recovered, SECRET_GRACE_SECONDS_DEFAULT,
    SECRET_GRACE_SECONDS_MAX, Webhook, WebhookSecret,
};
pub use error::ApiError;
pub use feed::{FEED_WAIT_SECONDS_MAX, FeedEvent, FeedPage, WebhookBody};
pub use health::{BackupDone, Behind, HealthPage, Late, NotReady, ShippingView, Watching};
pub use identity::{
    ConsentGiven, Device, EmailCodes, HandoverBegun, HandoverPage, IdentityFindings,
    IdentityReview, IdentityReviewed, IdentityStart, PicturePlace, PictureUpload, ResemblanceView,
};
pub use invitation::{InvitationNew, InvitationView};
pub use ledger::{HeldAccount, LedgerPage};
pub use limit::{Allowance, Limited};
pub use link::{CodeSent, LinkAsked, LinkPage, LinkState, LinkWay};
pub use live::{LiveOpen, LiveOpened, LiveView};
pub use look::LookShown;
pub use mail::Mailer;
pub use member::{Me, MemberView, Named, Seat, SignIn, SignedIn};
pub use operator::{
    CaseStory, OrderListed, OrderStory, Ruled, StoryCase, StoryEvent, StoryPosting, StoryTrouble,
};
pub use order::{Printed, TRANSACTION_WAIT_SECONDS_MAX, Transaction, TransactionPage, Update};
pub use pace::Pace;
pub use page::Page;
pub use partner::{PartnerCreate, PartnerCreated};
pub use passkey::{Ceremony, PasskeyMade, PasskeyShown, PasskeyView};
pub use payment::Instrument;
pub use person::Persons;
pub use play::{PlayPage, PlaySeen, PlayTicket, PlayView, ScenarioPage, ScenarioView};
pub use proof_port::DeviceWallet;
pub use prove::proving_of;
pub use rate::{MarketRate, NetworkFee, PriceCheck, PriceLine, PriceQuestion, RatePage};
pub use receipt::ReceiptPage;
pub use reconcile::{FoundListed, Reconciled, SETTLE_SECONDS};
pub use recovery::{OrderMoved, RecoveryAccepted, RecoveryShown, UnknownOrder};
pub use refusal::{
    Acknowledge, AcknowledgedBy, IntegrationLog, LoggedRefusal, Refusal, RefusedCalls,
};
pub use returned::ReturnLine;
pub use sale::{SaleChoice, SaleStart};
pub use sanctions::{ListFile, ListProblem, Lists, SCORE_MIN, Sanctions};
pub use sandbox::{PairView, SandboxView};
pub use screening::Listed;
pub use session::{REDIRECT_SCHEMES_REFUSED, SessionResponse};
pub use settings::{Setting, SettingGroup};
pub use signature::{PublicKey, webhook_signature};
pub use statement::SignedStatement;
pub use sweep::{SWEEP_LINES_MAX, SweepLine, SweepPage, Sweeping};
pub use token::TOKEN_GRACE_SECONDS_DEFAULT;
pub use treasury::{HotWallet, TreasuryArrival, TreasuryPage, ledger_audit};
pub use view::{PriceView, View};
pub use visit::{Frame, PageKind, VisitOpen, VisitOpened};
pub use volume::Volume;
pub use ways::{AppSecret, PasswordNew, WaysView};
pub use wish::Wished;

use proof_core::{
    Entropy, Network, Timestamp,
    id::{OrderId, PartnerId},
    partner::Environment,
    recovery::Life,
    time::random,
};
use proof_outbound::Outbound;
use proof_port::{Chain, Identity, MovableClock, Payments, Payouts, Rates, Signer, Timer};
pub use proof_store::{
    AuditSearch, DeliveryFilter, DeliveryState, Follower, ListSearch, OrderFilter, RefusalsOf,
    TokenListed,
};
use proof_store::{Db, Installation};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::AtomicBool},
};
use tokio::sync::watch;

/// The world that orders of one environment reach.
#[derive(Clone)]
pub struct Rails {
    pub payments: Arc<dyn Payments>,
    pub payouts: Arc<dyn Payouts>,
    pub identity: Arc<dyn Identity>,
    pub rates: Arc<dyn Rates>,
    pub signer: Arc<dyn Signer>,
    pub chains: BTreeMap<Network, Arc<dyn Chain>>,
}

/// Everything the engine is given; it makes nothing of this by itself.
pub struct Parts {
    pub db: Db,
    pub clock: Arc<dyn Timer>,
    /// The same clock where people may move it: in a sandbox that nothing live is in.
    pub movable: Option<Arc<dyn MovableClock>>,
    pub entropy: Arc<dyn Entropy>,
    pub outbound: Outbound,
    pub test_rails: Option<Rails>,
    pub live_rails: Option<Rails>,
    /// Whether what stands for live is another sandbox: no money depends on it.
    pub rehearsed: bool,
    /// `None`: users are not written to.
    pub mailer: Option<Mailer>,
    /// Whether callers have allowances; load tests switch them off.
    pub limited: bool,
    /// How long books and reports may differ: [`SETTLE_SECONDS`].
    pub settle_seconds: u32,
    /// How often the server looks at itself, and what it tells then.
    pub watching: Watching,
    /// Which deposit addresses are emptied, and when; by default none.
    pub sweeping: Sweeping,
    /// What hot wallets keep at hand; by default everything.
    pub cold: ColdStorage,
    pub persons: Persons,
    /// When another key begins to sign, in order: [`Engine::public_keys`].
    pub key_turns: Vec<Timestamp>,
}

pub struct Engine {
    db: Db,
    clock: Arc<dyn Timer>,
    movable: Option<Arc<dyn MovableClock>>,
    entropy: Arc<dyn Entropy>,
    outbound: Outbound,
    test_rails: Option<Rails>,
    live_rails: Option<Rails>,
    mailer: Option<Mailer>,
    installation: Installation,
    life: watch::Sender<Life>,
    /// When the signers were last asked for it.
    life_at: watch::Sender<Timestamp>,
    /// When the last restore was accepted; orders from before may be further outside than here.
    recovered_at: watch::Sender<Option<Timestamp>>,
    /// One transfer at a time gets a number and its signature.
    turn: tokio::sync::Mutex<()>,
    notes: refusal::Notes,
    probes: Mutex<BTreeMap<PartnerId, probe::Probe>>,
    /// Whether there is any, so that a call without one costs nothing.
    probing: AtomicBool,
    plays: Mutex<play::Plays>,
    /// Whoever plays them looks again.
    play_hint: watch::Sender<u64>,
    known: known::Known,
    limits: Option<limit::Limits>,
    settle_seconds: u32,
    sweeping: Sweeping,
    cold: ColdStorage,
    metrics: Arc<metrics::Metrics>,
    pulses: Arc<metered::Pulses>,
    health: health::Health,
    hashing: password::Hashing,
    sanctions: Sanctions,
    audit_keeping: audit::Keeping,
    person_keys: Option<Arc<person::PersonKeys>>,
    person_policy: proof_core::identity::PersonPolicy,
    key_turns: Vec<Timestamp>,
    stop: watch::Sender<bool>,
}

impl Engine {
    /// Takes possession of a database: finds out which installation it is, or makes it one.
    pub async fn start(parts: Parts) -> Result<Self, ApiError> {
        let entropy = Arc::clone(&parts.entropy);
        let metrics = Arc::new(metrics::Metrics::new(Arc::clone(&parts.clock)));
        let pulses = Arc::new(metered::Pulses::new(Arc::clone(&metrics)));
        let rails = |rails: Option<Rails>, environment| {
            rails.map(|rails| metered::rails(rails, environment, &pulses))
        };
        let db = parts.db.with_meter(metrics.clone());
        let (now, is_live) = (parts.clock.now(), parts.live_rails.is_some());
        // Before anything is read that names an asset.
        catalogue::remember(&db, now).await?;
        let installation = installation::load_or_make(&db, now, entropy.as_ref()).await?;
        let person_keys = person::keys(&db, &parts.persons).await?.map(Arc::new);
        let engine = Self {
            person_keys,
            person_policy: parts.persons.policy,
            key_turns: parts.key_turns,
            life: watch::Sender::new(Life::Known),
            life_at: watch::Sender::new(Timestamp::FIRST),
            recovered_at: watch::Sender::new(None),
            limits: parts.limited.then(|| limit::Limits::new(&parts.clock)),
            settle_seconds: parts.settle_seconds,
            sweeping: parts.sweeping,
            cold: parts.cold,
            turn: tokio::sync::Mutex::default(),
            notes: refusal::Notes::default(),
            probes: Mutex::default(),
            probing: AtomicBool::new(false),
            plays: Mutex::default(),
            play_hint: watch::Sender::new(0),
            known: known::Known::new(&db),
            db,
            test_rails: rails(parts.test_rails, Environment::Test),
            live_rails: rails(parts.live_rails, Environment::Live),
            mailer: parts.mailer.map(|mailer| Mailer {
                mail: metered::mail(mailer.mail, &pulses),
                ..mailer
            }),
            health: health::Health::new(parts.watching, now),
            hashing: password::Hashing::default(),
            sanctions: Sanctions::default(),
            audit_keeping: audit::Keeping::default(),
            metrics,
            pulses: Arc::clone(&pulses),
            stop: watch::Sender::new(false),
            clock: parts.clock,
            // Whatever was configured: nobody moves the time of real money.
            movable: parts.movable.filter(|_| !is_live),
            entropy: parts.entropy,
            outbound: parts.outbound,
            installation,
        };
        engine.recovered_load().await?;
        engine.life_look().await?;
        Ok(engine)
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    pub fn clock(&self) -> &Arc<dyn Timer> {
        &self.clock
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whoever waits for news is sent home, with what there is.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Resolves when the server wants to end.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // A sender that is gone means the same.
            let _gone = stop.wait_for(|stop| *stop).await;
        }
    }

    /// A name for a request that came without one.
    pub fn request_id(&self) -> String {
        format!("req_{}", installation::hex_of(&self.random::<12>()))
    }

    /// Follows orders: a change after this call is not missed.
    pub fn follow(&self, orders: Vec<OrderId>) -> Follower {
        self.db.wakes().follow(orders)
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        random(self.entropy.as_ref())
    }

    /// The rails of an environment; a test order can never be given live ones.
    fn rails(&self, environment: Environment) -> Result<&Rails, ApiError> {
        let rails = match environment {
            Environment::Test => self.test_rails.as_ref(),
            Environment::Live => self.live_rails.as_ref(),
        };
        rails.ok_or_else(|| ApiError::unavailable(format!("no {} rails", environment.name())))
    }
}
