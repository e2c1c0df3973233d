//! Logs: for people on a terminal, as JSON elsewhere, always on standard error. And traces, for whoever has
//! a collector.

use anyhow::Context;
use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use clap::ValueEnum;
use opentelemetry::{KeyValue, propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use proof_outbound::{HttpTransport, Limits, Overlong, Transport};
use serde::Deserialize;
use std::{fmt, io::IsTerminal, sync::Arc, time::Duration};
use tokio::runtime::Handle;
use tracing::{Instrument, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::Targets, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};
use url::Url;

/// A collector is near; what it does not take in this time is lost, and nothing waits for it.
const EXPORT_TIMEOUT_MS: u64 = 5_000;

/// A collector answers with a few bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is left is sent when the server ends, if the collector is quick.
const GOODBYE: Duration = Duration::from_secs(2);

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum LogFormat {
    /// JSON where a server does not write to a terminal, text elsewhere.
    #[default]
    Auto,
    Text,
    Json,
}

impl LogFormat {
    /// `serves`: its log is collected, not read by whoever has just typed a command.
    fn is_json(self, serves: bool) -> bool {
        match self {
            Self::Auto => serves && !std::io::stderr().is_terminal(),
            Self::Text => false,
            Self::Json => true,
        }
    }
}

/// Where traces go: `[telemetry]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// The collector, as OTLP over HTTP (`http://127.0.0.1:4318`).
    pub otlp: Url,
    /// Of a hundred calls so many are traced.
    #[serde(default = "all")]
    pub sample_percent: u8,
}

const fn all() -> u8 {
    100
}

impl TelemetryConfig {
    pub const fn all_to(otlp: Url) -> Self {
        Self {
            otlp,
            sample_percent: all(),
        }
    }
}

/// Whoever holds it can send what is left.
#[derive(Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logs and, if wanted, traces. `filter` as in `RUST_LOG`; sqlx tells of slow statements only.
    pub fn start(
        (filter, format): (&str, LogFormat),
        serves: bool,
        config: Option<&TelemetryConfig>,
    ) -> anyhow::Result<Self> {
        let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
        let traces = config.map(provider).transpose()?;
        let subscriber = Registry::default()
            .with(logs(format.is_json(serves)).with_filter(filter))
            .with(traces.as_ref().map(spans));
        // A second start in one process (tests) keeps the first.
        let _kept = subscriber.try_init();
        Ok(Self { traces })
    }

    /// Sends what is left, in a thread that may wait.
    pub async fn end(self) {
        let Some(traces) = self.traces else { return };
        let ended = tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(GOODBYE));
        if let Ok(Err(error)) = ended.await {
            tracing::warn!("the last traces could not be sent: {error}");
        }
    }
}

fn logs<S>(json: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if json {
        logs.json().boxed()
    } else {
        logs.compact().boxed()
    }
}

/// Our own spans; whatever the log's filter is.
fn spans<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let own = Targets::new().with_target("proof_", LevelFilter::INFO);
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("proof"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(own)
}

fn provider(config: &TelemetryConfig) -> anyhow::Result<SdkTracerProvider> {
    anyhow::ensure!(
        config.sample_percent <= 100,
        "[telemetry] sample_percent is at most 100"
    );
    let endpoint = format!("{}/v1/traces", config.otlp.as_str().trim_end_matches('/'));
    let door = Door {
        transport: Arc::new(HttpTransport::new()?),
        runtime: Handle::current(),
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(door)
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(endpoint)
        .build();
    let exporter = exporter.context("[telemetry] is not right")?;
    let share = f64::from(config.sample_percent) / 100.0;
    let resource = Resource::builder_empty()
        .with_service_name("proof")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        // By the trace and not by its parent: a caller does not decide what we keep.
        .with_sampler(Sampler::TraceIdRatioBased(share))
        .with_resource(resource.build())
        .build())
}

/// The exporter's way out: the same door as everybody's. It waits in a thread of its own, so the call is
/// made on the server's runtime.
struct Door {
    transport: Arc<HttpTransport>,
    runtime: Handle,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl HttpClient for Door {
    async fn send_bytes(
        &self,
        request: axum::http::Request<Bytes>,
    ) -> Result<axum::http::Response<Bytes>, HttpError> {
        let limits = Limits {
            timeout_ms: EXPORT_TIMEOUT_MS,
            body_bytes_max: ANSWER_BYTES_MAX,
            overlong: Overlong::Cut,
            resolve: None,
        };
        let transport = Arc::clone(&self.transport);
        let sent = self
            .runtime
            .spawn(async move { transport.send(request, limits).await });
        Ok(sent.await??)
    }
}

/// Goes on with the trace of a caller who is in one.
pub fn traced(router: Router) -> Router {
    router.layer(middleware::from_fn(adopt))
}

async fn adopt(request: Request, next: Next) -> Response {
    let span = tracing::info_span!("request", otel.kind = "server");
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    // Without a collector nobody asks.
    let _adopted = span.set_parent(parent);
    next.run(request).instrument(span).await
}
