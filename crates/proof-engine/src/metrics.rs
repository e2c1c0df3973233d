//! Counters and gauges for Prometheus. Labels are names from lists of ours: routes, states, networks,
//! assets, providers; never ids, addresses or what callers send (docs, "Metrics").

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use proof_core::Timestamp;
use proof_port::Timer;
use proof_store::{Meter, Mode};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

/// Seconds: from what a cached poll takes to what a provider may take.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 5.0, 15.0,
];

/// Seconds from an event to its delivery, which is tried for days.
const LATENCY_SECONDS: [f64; 10] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 3_600.0, 86_400.0,
];

/// What a try to deliver a webhook ends with.
const WEBHOOK_OUTCOMES: [&str; 3] = ["delivered", "refused", "unreachable"];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

type Seconds<L> = Family<L, Histogram, fn() -> Histogram>;
type Number = Gauge<f64, AtomicU64>;
type Label = (&'static str, String);

/// Gauges that are written anew at each look: what is no more is not shown any more.
type Shown<const N: usize> = Family<[Label; N], Number>;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Called {
    environment: &'static str,
    rail: String,
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Operation {
    rail: String,
    operation: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Ran {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Moved {
    side: &'static str,
    status: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Transaction {
    mode: &'static str,
}

/// What is seen at a look, for whoever asks before the next one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauges {
    pub orders_open: Shown<2>,
    pub orders_oldest: Shown<2>,
    pub jobs_due: Shown<1>,
    pub jobs_lag: Shown<1>,
    pub webhooks_waiting: Number,
    pub webhooks_oldest: Number,
    pub webhooks_failing: Number,
    pub chain_height: Shown<2>,
    pub chain_scanned: Shown<2>,
    pub chain_quiet: Shown<2>,
    pub wallet_free: Shown<2>,
    pub wallet_floor: Shown<2>,
    pub alerts_open: Shown<1>,
    pub rail_up: Shown<2>,
    pub backup_age: Shown<0>,
    pub backup_continuous_age: Shown<0>,
    pub backup_verified_age: Shown<0>,
    pub backup_bytes: Shown<0>,
    pub look_age: Number,
    pub ready: Number,
}

impl Gauges {
    /// What is to be done.
    fn register_waiting(&self, r: &mut Registry) {
        counted(
            r,
            "orders_open",
            "Orders that have not ended",
            &self.orders_open,
        );
        counted(
            r,
            "orders_oldest_seconds",
            "Time since the last change of the order that was changed longest ago",
            &self.orders_oldest,
        );
        counted(
            r,
            "jobs_due",
            "Jobs that are due and not taken",
            &self.jobs_due,
        );
        counted(
            r,
            "jobs_lag_seconds",
            "For how long the first of them is due",
            &self.jobs_lag,
        );
        counted(
            r,
            "webhooks_waiting",
            "Webhooks that are not delivered yet",
            &self.webhooks_waiting,
        );
        counted(
            r,
            "webhooks_oldest_seconds",
            "Age of the oldest of them",
            &self.webhooks_oldest,
        );
        counted(
            r,
            "webhooks_failing",
            "Endpoints that take nothing, or are switched off",
            &self.webhooks_failing,
        );
        counted(
            r,
            "chain_height",
            "The node's last block",
            &self.chain_height,
        );
        counted(
            r,
            "chain_scanned_height",
            "The last block that was read for deposits",
            &self.chain_scanned,
        );
        counted(
            r,
            "chain_quiet_seconds",
            "Time since the node showed a new block",
            &self.chain_quiet,
        );
        counted(
            r,
            "wallet_free",
            "Free coins of the hot wallet, by the books",
            &self.wallet_free,
        );
    }

    /// How each part does.
    fn register_parts(&self, r: &mut Registry) {
        counted(
            r,
            "wallet_floor",
            "What it should have at least",
            &self.wallet_floor,
        );
        counted(r, "alerts_open", "Alerts that are open", &self.alerts_open);
        counted(
            r,
            "rail_up",
            "1 while calls to a rail go well",
            &self.rail_up,
        );
        counted(
            r,
            "backup_age_seconds",
            "Age of the last good backup",
            &self.backup_age,
        );
        counted(
            r,
            "backup_continuous_age_seconds",
            "Age of what the other place has by continuous backup",
            &self.backup_continuous_age,
        );
        counted(
            r,
            "backup_verified_age_seconds",
            "Time since a backup was last proven",
            &self.backup_verified_age,
        );
        counted(
            r,
            "backup_bytes",
            "Size of the last good backup",
            &self.backup_bytes,
        );
        counted(
            r,
            "health_age_seconds",
            "Time since these gauges were last looked at",
            &self.look_age,
        );
        counted(r, "ready", "1 while the server is ready", &self.ready);
    }
}

pub(crate) struct Metrics {
    clock: Arc<dyn Timer>,
    registry: Mutex<Registry>,
    http: Family<Answered, Counter>,
    http_seconds: Seconds<Route>,
    calls: Family<Called, Counter>,
    call_seconds: Seconds<Operation>,
    jobs: Family<Ran, Counter>,
    webhooks: Family<Outcome, Counter>,
    webhook_seconds: Histogram,
    orders: Family<Moved, Counter>,
    database_seconds: Seconds<Transaction>,
    database_failures: Family<Transaction, Counter>,
    database_waiting: Family<Transaction, Gauge>,
    pub gauges: Gauges,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub fn new(clock: Arc<dyn Timer>) -> Self {
        let metrics = Self {
            clock,
            registry: Mutex::new(Registry::with_prefix("proof")),
            http: Family::default(),
            http_seconds: Family::new_with_constructor(seconds),
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(seconds),
            jobs: Family::default(),
            webhooks: Family::default(),
            webhook_seconds: Histogram::new(LATENCY_SECONDS),
            orders: Family::default(),
            database_seconds: Family::new_with_constructor(seconds),
            database_failures: Family::default(),
            database_waiting: Family::default(),
            gauges: Gauges::default(),
        };
        metrics.register();
        metrics.begin();
        metrics
    }

    fn register(&self) {
        let mut registry = lock(&self.registry);
        let build: Shown<1> = Family::default();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        build.get_or_create(&[("version", version)]).set(1.0);
        registry.register("build_info", "Version of the program, always 1", build);
        self.register_done(&mut registry);
        self.gauges.register_waiting(&mut registry);
        self.gauges.register_parts(&mut registry);
    }

    /// What this process did.
    fn register_done(&self, r: &mut Registry) {
        counted(r, "http_requests", "Calls that were answered", &self.http);
        counted(
            r,
            "http_request_seconds",
            "Time to an answer",
            &self.http_seconds,
        );
        counted(
            r,
            "rail_calls",
            "Calls to providers, nodes and the signer",
            &self.calls,
        );
        counted(
            r,
            "rail_call_seconds",
            "Time of such a call",
            &self.call_seconds,
        );
        counted(r, "jobs_run", "Jobs that a worker had in hand", &self.jobs);
        counted(
            r,
            "webhook_tries",
            "Tries to deliver a webhook",
            &self.webhooks,
        );
        counted(
            r,
            "webhook_delivery_seconds",
            "From an event to its delivery",
            &self.webhook_seconds,
        );
        counted(
            r,
            "order_changes",
            "Changes of orders' public status",
            &self.orders,
        );
        counted(
            r,
            "database_seconds",
            "Time of a database transaction, with waiting for it",
            &self.database_seconds,
        );
        counted(
            r,
            "database_failures",
            "Database transactions that failed",
            &self.database_failures,
        );
        counted(
            r,
            "database_waiting",
            "Database transactions that are waited for or open",
            &self.database_waiting,
        );
    }

    /// What has not happened yet is zero, so that a graph of it is there before it does.
    fn begin(&self) {
        for mode in [Mode::Read, Mode::Write] {
            let mode = Transaction { mode: mode.name() };
            drop(self.database_failures.get_or_create(&mode));
            drop(self.database_waiting.get_or_create(&mode));
        }
        for outcome in WEBHOOK_OUTCOMES {
            drop(self.webhooks.get_or_create(&Outcome { outcome }));
        }
    }

    /// In the text format of OpenMetrics.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _written = encode(&mut text, &lock(&self.registry));
        text
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Seconds since `begun`; a clock that was set back gives none.
    fn since(&self, begun: Timestamp) -> f64 {
        seconds_between(begun, self.now())
    }

    pub fn http(
        &self,
        (method, route): (&'static str, &'static str),
        status: u16,
        begun: Timestamp,
    ) {
        let answered = Answered {
            method,
            route,
            status,
        };
        self.http.get_or_create(&answered).inc();
        let took = self.since(begun);
        let route = Route { method, route };
        self.http_seconds.get_or_create(&route).observe(took);
    }

    pub fn call(
        &self,
        environment: &'static str,
        (rail, operation): (&str, &'static str),
        outcome: &'static str,
        begun: Timestamp,
    ) {
        let called = Called {
            environment,
            rail: rail.to_owned(),
            operation,
            outcome,
        };
        self.calls.get_or_create(&called).inc();
        let operation = Operation {
            rail: rail.to_owned(),
            operation,
        };
        let took = self.since(begun);
        self.call_seconds.get_or_create(&operation).observe(took);
    }

    pub fn job(&self, kind: &'static str, outcome: &'static str) {
        self.jobs.get_or_create(&Ran { kind, outcome }).inc();
    }

    pub fn webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&Outcome { outcome }).inc();
    }

    pub fn webhook_delivered(&self, created_at: Timestamp) {
        self.webhook_seconds.observe(self.since(created_at));
    }

    pub fn order(&self, side: &'static str, status: &'static str) {
        self.orders.get_or_create(&Moved { side, status }).inc();
    }
}

fn counted<M>(registry: &mut Registry, name: &str, help: &str, metric: &M)
where
    M: prometheus_client::registry::Metric + Clone,
{
    registry.register(name, help, metric.clone());
}

impl Meter for Metrics {
    fn begun(&self, mode: Mode) -> i64 {
        let mode = Transaction { mode: mode.name() };
        self.database_waiting.get_or_create(&mode).inc();
        self.now().micros()
    }

    fn ended(&self, mode: Mode, begun: i64, well: bool) {
        let mode = Transaction { mode: mode.name() };
        self.database_waiting.get_or_create(&mode).dec();
        let took = self.since(Timestamp::from_micros(begun));
        self.database_seconds.get_or_create(&mode).observe(took);
        if !well {
            self.database_failures.get_or_create(&mode).inc();
        }
    }
}

pub(crate) fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    let micros = later.micros().saturating_sub(earlier.micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0)).as_secs_f64()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
