//! Logs: for people on a terminal, as JSON elsewhere. Always on standard error.

use tracing_subscriber::EnvFilter;

/// `filter` as in `RUST_LOG`; sqlx tells of slow statements only.
pub fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first.
    let _kept = if json {
        logs.json().try_init()
    } else {
        logs.compact().try_init()
    };
}
