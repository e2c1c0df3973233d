//! The `proof` binary: one program, several roles.

use clap::{Parser, Subcommand};
use proof_server::{
    audit, backup, case, chain, dev, developer, identity, ledger, list, member, order, partner,
    recovery, restore, sandbox, serve, signer,
    telemetry::{LogFormat, Telemetry, TelemetryConfig},
    wallet,
};

#[derive(Parser)]
#[command(
    name = "proof",
    version,
    about = "A fiat ⇄ crypto ramp that you run yourself"
)]
struct Cli {
    /// Log filter, as in RUST_LOG.
    #[arg(
        long,
        global = true,
        env = "RUST_LOG",
        default_value = "warn,proof=info"
    )]
    log: String,
    /// How log lines look.
    #[arg(
        long,
        global = true,
        env = "PROOF_LOG_FORMAT",
        value_enum,
        default_value_t = LogFormat::Auto
    )]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything on one machine: SQLite, sandbox world, demo shop.
    Dev(dev::DevArgs),
    /// The server, from a configuration file.
    Serve(serve::ServeArgs),
    /// The process that alone has the keys, and signs what its own policy allows.
    Signer(signer::SignerArgs),
    /// The signer's master key.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// Partners and their credentials.
    #[command(subcommand)]
    Partner(partner::PartnerCommand),
    /// Orders that wait for people.
    #[command(subcommand)]
    Order(order::OrderCommand),
    /// Money outside of its order's happy path that waits for people.
    #[command(subcommand)]
    Case(case::CaseCommand),
    /// Nodes of real chains.
    #[command(subcommand)]
    Chain(chain::ChainCommand),
    /// The built-in identity check, tried with files.
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
    /// The process that looks at pictures (what the others start by themselves).
    #[command(name = "identity-worker", hide = true)]
    IdentityWorker(identity::WorkerArgs),
    /// Those with whom nobody deals.
    #[command(subcommand)]
    List(list::ListCommand),
    /// The console's people.
    #[command(subcommand)]
    Operator(member::OperatorCommand),
    /// What people did.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Brings status changes to a server on your machine, signed as webhooks are.
    Listen(developer::ListenArgs),
    /// Your go-live checklist; fails when a line is red.
    Checklist(developer::ChecklistArgs),
    /// Looks into an iOS or Android project for what the checklist wants of it.
    Scan(developer::ScanArgs),
    /// Has the sandbox play a scenario, and watches.
    Trigger(developer::TriggerArgs),
    /// Looks for what usually goes wrong between your machine and the server.
    Doctor(developer::DoctorArgs),
    /// The books.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Copies the database, also of a running server, into a new folder.
    Backup(backup::BackupArgs),
    /// Puts a backup where no installation is, or only proves that it is good.
    Restore(restore::RestoreArgs),
    /// What happened outside since a backup that was restored.
    #[command(subcommand)]
    Recovery(recovery::RecoveryCommand),
    /// Plays people outside, beside a running `proof dev`.
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// The sandbox world alone (what `dev` starts by itself).
    #[command(name = "sandbox-world", disable_help_flag = true)]
    SandboxWorld {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
}

impl Command {
    /// Where the traces of a server go.
    fn telemetry(&self) -> anyhow::Result<Option<TelemetryConfig>> {
        match self {
            Self::Serve(args) => args.telemetry(),
            Self::Dev(args) => Ok(args.telemetry()),
            _ => Ok(None),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let logs = (cli.log.as_str(), cli.log_format);
    if let Command::SandboxWorld { args } = cli.command {
        Telemetry::start(logs, false, None)?;
        let name = std::ffi::OsString::from("proof sandbox-world");
        return proof_sandbox::run_child(std::iter::once(name).chain(args));
    }
    if let Command::IdentityWorker(args) = &cli.command {
        Telemetry::start(logs, false, None)?;
        return identity::run_worker(args);
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build()?;
    let ran = runtime.block_on(async {
        let config = cli.command.telemetry()?;
        let serves = match &cli.command {
            Command::Serve(_) => true,
            Command::Signer(args) => args.serves(),
            _ => false,
        };
        let telemetry = Telemetry::start(logs, serves, config.as_ref())?;
        let ran = run(cli.command).await;
        telemetry.end().await;
        ran
    });
    // A file system that does not answer must not keep the process.
    runtime.shutdown_background();
    ran
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Dev(args) => dev::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Signer(args) => signer::run(args).await,
        Command::Wallet(command) => wallet::run(command).await,
        Command::Partner(command) => partner::run(command).await,
        Command::Order(command) => order::run(command).await,
        Command::Case(command) => case::run(command).await,
        Command::Chain(command) => chain::run(command).await,
        Command::Identity(command) => identity::run(command).await,
        Command::List(command) => list::run(command).await,
        Command::Operator(command) => member::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Listen(args) => developer::listen(args).await,
        Command::Checklist(args) => developer::checklist(args).await,
        Command::Scan(args) => developer::scan(args).await,
        Command::Trigger(args) => developer::trigger(args).await,
        Command::Doctor(args) => developer::doctor(args).await,
        Command::Ledger(command) => ledger::run(command).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Recovery(command) => recovery::run(command).await,
        Command::Restore(args) => restore::run(args).await,
        Command::Sandbox(command) => sandbox::run(command).await,
        Command::SandboxWorld { .. } | Command::IdentityWorker(_) => Ok(()),
    }
}
