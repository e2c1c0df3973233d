//! The configuration file of `proof serve`.

use crate::{
    audit::keep::AuditConfig,
    backup::{
        EngineName,
        schedule::{BackupConfig, Schedule},
    },
    cold::ColdConfig,
    identity::{IdentityConfig, PersonsConfig},
    networks::NetworksConfig,
    operator::Operator,
    rails::SandboxConfig,
    restore::Target,
    sanctions::SanctionsConfig,
    signer::SignerConfig,
    sweep::SweepConfig,
    telemetry::TelemetryConfig,
};
use anyhow::Context;
use ipnet::IpNet;
use proof_connect::smtp::SmtpMail;
use proof_core::{Timestamp, alert::Thresholds, partner::Origin, secret::Secret};
use proof_engine::{ColdStorage, Mailer, SETTLE_SECONDS, Sweeping, Watching};
use proof_outbound::{Places, SmtpDoor};
use proof_store::{Checkpoints, Db, Execution};
use serde::Deserialize;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use url::Url;

/// Connections to PostgreSQL that one server holds.
const CONNECTIONS_MAX: u32 = 16;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server listens, `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Under which URL partners and browsers reach it.
    pub base_url: Url,
    /// `postgres://…`, or `sqlite:PATH`.
    pub database: String,
    /// Who signs.
    pub signer: SignerConfig,
    /// Folder of `pg_dump`, `pg_restore` and `psql`, if they are not on the `PATH`.
    #[serde(default)]
    pub postgres_tools: Option<PathBuf>,
    pub sandbox: Option<SandboxConfig>,
    /// Real chains in place of the sandbox's.
    #[serde(default)]
    pub networks: NetworksConfig,
    /// The built-in identity check, in place of the sandbox's scripted one.
    #[serde(default)]
    pub identity: Option<IdentityConfig>,
    /// Lists of names with whom nobody may deal; without it, names are compared with nothing.
    #[serde(default)]
    pub sanctions: Option<SanctionsConfig>,
    /// How persons are known again.
    #[serde(default)]
    pub persons: PersonsConfig,
    /// How users are written to; without it nobody is.
    pub mail: Option<MailConfig>,
    /// Who may act with `proof order`, each with a name of their own.
    #[serde(default)]
    pub operators: Vec<Operator>,
    /// Where they reach the server (`/run/proof/operator.sock`); without it, they do not.
    #[serde(default)]
    pub operator_socket: Option<PathBuf>,
    /// Reverse proxies in front of the server (`["10.0.0.0/8"]`): their `X-Forwarded-For` is
    /// believed, so that limits count callers and not proxies.
    #[serde(default)]
    pub trusted_proxies: Vec<IpNet>,
    /// Networks beside the public internet where sandbox webhooks may go (`["127.0.0.0/8"]`).
    /// Live webhooks go to public addresses only, whatever stands here.
    #[serde(default = "loopback")]
    pub webhook_networks: Vec<IpNet>,
    /// How long books and providers' reports may differ before that is a finding.
    #[serde(default = "settle_seconds")]
    pub settle_seconds: u32,
    /// Where Prometheus reads (`127.0.0.1:9090`), and nobody else should; without it, nobody does.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// From when on something is told.
    #[serde(default)]
    pub alerts: Thresholds,
    /// Emptying deposit addresses; without it they stay as they are.
    #[serde(default)]
    pub sweep: Option<SweepConfig>,
    /// What hot wallets keep at hand; without it they keep everything.
    #[serde(default)]
    pub cold: Option<ColdConfig>,
    /// Backups that the server takes by itself; without it, it takes none.
    #[serde(default)]
    pub backup: Option<BackupConfig>,
    /// Where the end of the audit log is kept; without it, nowhere.
    #[serde(default)]
    pub audit: Option<AuditConfig>,
    /// When the next key begins to sign webhooks, statements and receipts (`["2027-01-01T00:00:00Z"]`): what stands
    /// here stays, since older signatures are checked by it.
    #[serde(default)]
    pub key_turns: Vec<String>,
    /// Where traces go; without it, nowhere.
    #[serde(default)]
    pub telemetry: Option<TelemetryConfig>,
}

/// The mail server that takes letters to users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://user:password@host`, or `smtp://` for a server that speaks `STARTTLS`.
    pub smtp: Secret,
    /// Who writes, `Proof <no-reply@ramp.example>`.
    pub from: String,
    /// Whether users are written to when an order is carried out.
    #[serde(default = "yes")]
    pub receipts: bool,
}

const fn yes() -> bool {
    true
}

impl MailConfig {
    pub fn mailer(&self, base_url: Origin) -> anyhow::Result<Mailer> {
        let door = SmtpDoor::open(self.smtp.expose_secret(), &self.from);
        let door = door.context("[mail] is not right")?;
        Ok(Mailer {
            mail: Arc::new(SmtpMail::new(door)),
            base_url,
            receipts: self.receipts,
        })
    }
}

/// Whole seconds in one form, as they are published: receipts are compared with them as text.
fn turns(texts: &[String]) -> anyhow::Result<Vec<Timestamp>> {
    let read = |text: &String| {
        let at = Timestamp::parse(text).filter(|at| at.to_contract() == *text);
        at.with_context(|| format!("key_turns: {text} is not a time like 2027-01-01T00:00:00Z"))
    };
    let turns: Vec<Timestamp> = texts.iter().map(read).collect::<Result<_, _>>()?;
    anyhow::ensure!(
        turns.is_sorted_by(|one, next| one < next),
        "key_turns: every turn is later than the one before"
    );
    Ok(turns)
}

const fn settle_seconds() -> u32 {
    SETTLE_SECONDS
}

/// What the contract promises to sandbox partners.
fn loopback() -> Vec<IpNet> {
    Places::default().allow().to_vec()
}

impl Config {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let wrong = || format!("{} is not right", path.display());
        crate::catalogue::declare(&text).with_context(wrong)?;
        let read: Self = toml::from_str(&text).with_context(wrong)?;
        read.alerts.check()?;
        read.networks.check()?;
        if !read.networks.is_empty() && read.sandbox.is_none() {
            anyhow::bail!("[networks] are for the orders of [sandbox], and there is no [sandbox]");
        }
        if read.signer.folder().is_some() && read.networks.is_public() {
            anyhow::bail!(
                "[networks] names a public chain: the keys for it belong into a process of their own, `proof signer`, which \
                 [signer] names by socket and secret"
            );
        }
        if read.sandbox.is_some() && read.signer.folder().is_none() && read.persons.key.is_none() {
            anyhow::bail!("with a signer of its own process, [persons] key has to name a folder");
        }
        if read.identity.is_some() && read.sandbox.is_none() {
            anyhow::bail!("[identity] checks the sandbox's users, and there is no [sandbox]");
        }
        read.sweeping()?;
        read.cold()?;
        if let Some(backup) = &read.backup {
            backup.check(EngineName::of(&read.database))?;
        }
        Ok(read)
    }

    pub fn key_turns(&self) -> anyhow::Result<Vec<Timestamp>> {
        turns(&self.key_turns)
    }

    pub fn sweeping(&self) -> anyhow::Result<Sweeping> {
        let sweep = self.sweep.as_ref();
        sweep.map_or(Ok(Sweeping::OFF), |sweep| sweep.sweeping(&self.networks))
    }

    pub fn cold(&self) -> anyhow::Result<ColdStorage> {
        let Some(cold) = &self.cold else {
            return Ok(ColdStorage::OFF);
        };
        anyhow::ensure!(
            self.signer.folder().is_none(),
            "[cold] wants a signer of its own process: its file names the cold addresses, which no server does"
        );
        cold.storage(&self.networks, &self.alerts)
    }

    pub fn watching(&self) -> Watching {
        Watching {
            thresholds: self.alerts.clone(),
            backup_every_minutes: self.backup.as_ref().map(|backup| backup.every_minutes),
            backup_bound_seconds: self.backup.as_ref().and_then(BackupConfig::bound_seconds),
            ..Watching::default()
        }
    }

    pub fn schedule(&self) -> Option<Schedule> {
        let config = self.backup.clone()?;
        let target = Target {
            url: self.database.clone(),
            tools: self.postgres_tools.clone(),
        };
        Some(Schedule {
            config,
            target,
            shipping: None,
        })
    }

    /// Opens the database of a server.
    pub async fn database(&self) -> anyhow::Result<Db> {
        let shipped = self.watching().backup_bound_seconds.is_some();
        database(&self.database, Execution::Concurrent, checkpoints(shipped)).await
    }
}

/// What is shipped is moved by whoever ships it.
pub const fn checkpoints(shipped: bool) -> Checkpoints {
    if shipped {
        Checkpoints::Asked
    } else {
        Checkpoints::ByItself
    }
}

/// Opens a database by its URL.
pub async fn database(
    url: &str,
    execution: Execution,
    checkpoints: Checkpoints,
) -> anyhow::Result<Db> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = Path::new(path);
        let db = Db::sqlite_with(path, execution, checkpoints).await;
        let db = db.with_context(|| format!("cannot open {}", path.display()))?;
        private(path)?;
        return Ok(db);
    }
    // The URL may carry a password: it is not repeated.
    Db::postgres(url, CONNECTIONS_MAX, execution)
        .await
        .context("cannot open the PostgreSQL database")
}

/// The same, as it is: another process may use it, and nothing is written.
pub async fn database_reading(url: &str) -> anyhow::Result<Db> {
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let db = Db::sqlite_reading(Path::new(path)).await;
            db.with_context(|| format!("cannot read {path}"))
        }
        None => {
            let db = Db::postgres_reading(url).await;
            db.context("cannot open the PostgreSQL database")
        }
    }
}

/// The file holds secrets that the server needs in clear: its owner alone may read it. SQLite gives
/// the files beside it the same mode.
fn private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::set_permissions(&name, fs::Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("cannot make the database private");
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// The folder that a SQLite URL lives in, which one process may use at a time.
pub fn sqlite_folder(url: &str) -> Option<PathBuf> {
    let path = Path::new(url.strip_prefix("sqlite:")?);
    Some(
        path.parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"
        listen = "127.0.0.1:8080"
        base_url = "https://ramp.example"
        database = "sqlite:/var/lib/proof/proof.db"
        signer = "/var/lib/proof/signer"
    "#;

    fn read(more: &str) -> anyhow::Result<Config> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("proof.toml");
        fs::write(&path, format!("{LEAST}\n{more}"))?;
        Config::read(&path)
    }

    #[test]
    fn keys_turn_at_moments_in_order() {
        let of = |text: &str| read(&format!("key_turns = {text}")).unwrap().key_turns();
        let two = of(r#"["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]"#);
        assert_eq!(two.unwrap().len(), 2);
        for wrong in [
            r#"["2027-01-01"]"#,
            r#"["2027-01-01T01:00:00+01:00"]"#,
            r#"["2027-01-01T00:00:00.5Z"]"#,
            r#"["2028-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]"#,
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_signer_is_inside_or_another_process_and_public_chains_want_the_other() {
        let sandbox = "[sandbox]\ncards_url = \"http://127.0.0.1:1\"\nworld_url = \"http://127.0.0.1:2\"\nkey = \"k\"\n";
        let network = |chain: u64| {
            format!(
                "{sandbox}[networks.ERC20]\nadapter = \"evm\"\nrpc = [\"http://127.0.0.1:3\"]\nchain_id = {chain}\n\
                 confirmations = 12\nfee_gwei_max = 80\nexplorer = \"https://etherscan.io\"\n"
            )
        };
        read(&network(31_337)).unwrap();
        let refused = read(&network(11_155_111)).unwrap_err().to_string();
        assert!(refused.contains("proof signer"), "{refused}");
        let inside = "signer = \"/var/lib/proof/signer\"";
        let process =
            "signer = { socket = \"/run/s/signer.sock\", secret = \"/etc/proof/secret\" }";
        let least = LEAST.replace(inside, process);
        let of = |more: &str| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("proof.toml");
            fs::write(&path, format!("{least}\n{more}")).unwrap();
            Config::read(&path)
        };
        assert!(of("").unwrap().signer.folder().is_none());
        let unkeyed = of(&network(11_155_111)).unwrap_err().to_string();
        assert!(unkeyed.contains("[persons] key"), "{unkeyed}");
        let persons = "[persons]\nkey = \"/var/lib/proof/keys\"\n";
        of(&format!("{}{persons}", network(11_155_111))).unwrap();
        // No server says where cold storage is.
        let cold =
            "[cold.wallets]\n\"ETH/ERC20\" = { hot_ceiling = \"20\", hot_target = \"10\" }\n";
        let inside = read(&format!("{}{cold}", network(31_337))).unwrap_err();
        assert!(inside.to_string().contains("[cold] wants a signer"));
        let right = of(&format!("{}{persons}{cold}", network(11_155_111))).unwrap();
        assert_eq!(right.cold().unwrap().bands.len(), 1);
    }

    #[test]
    fn nothing_is_watched_from_outside_copied_or_traced_unless_it_is_said() {
        let config = read("").unwrap();
        assert!(config.metrics_listen.is_none() && config.telemetry.is_none());
        assert!(config.schedule().is_none());
        assert_eq!(config.watching().backup_every_minutes, None);
        assert_eq!(config.alerts, Thresholds::default());
    }

    #[test]
    fn what_operations_shows_is_read() {
        let config = read(
            r#"
            metrics_listen = "127.0.0.1:9090"
            [alerts]
            order_minutes = 10
            chain_seconds = { ERC20 = 120 }
            wallets = { "USDT/TRC20" = "20000", "TRX/TRC20" = "5000" }
            [backup]
            to = "/mnt/elsewhere"
            every_minutes = 15
            keep = 96
            continuous = true
            bound_seconds = 30
            [telemetry]
            otlp = "http://127.0.0.1:4318"
            "#,
        );
        let config = config.unwrap();
        assert_eq!(config.watching().backup_every_minutes, Some(15));
        assert_eq!(config.schedule().unwrap().config.keep, 96);
        assert_eq!(config.watching().backup_bound_seconds, Some(30));
        let thresholds = config.watching().thresholds;
        assert_eq!(
            (thresholds.order_minutes, thresholds.transfer_minutes),
            (10, 120)
        );
        let usdt = "USDT/TRC20".parse().unwrap();
        assert_eq!(thresholds.floor(usdt).to_decimal(), "20000.00");
        let ethereum = "ERC20".parse().unwrap();
        assert_eq!(thresholds.quiet_seconds(ethereum), 120);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for bad in [
            "[alerts]\nwallets = { \"USDT/TRC20\" = \"many\" }",
            "[alerts]\nminutes = 5",
            "[backup]\nto = \"/mnt\"\nevery_minutes = 0",
            "[backup]\nto = \"/mnt\"\nkeep = 0",
            "[backup]\nto = \"/mnt\"\ncontinuous = true\nbound_seconds = 1",
            "[telemetry]\notlp = \"nowhere\"",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
