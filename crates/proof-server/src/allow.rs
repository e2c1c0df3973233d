//! `proof signer allow …` and its like: the signer's list of partners' addresses, which two people change. Votes are made
//! where each one's key is, and carried to the signer by anybody.

use crate::{
    clock::{SystemClock, SystemEntropy},
    say::say,
    signer::{SignerFile, passphrase},
    wallet::Passphrase,
};
use anyhow::Context;
use clap::{Args, Subcommand};
use proof_core::{Network, catalogue};
use proof_signer::{
    ApproverKey, Deed, ListChange, ListKeeper, SocketSigner, Vote, key_file_read, key_file_write,
    list_change, master_key_new,
};
use std::{
    fmt::Write,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// More than any vote has.
const VOTE_BYTES_MAX: u64 = 4096;

#[derive(Subcommand, Debug)]
pub enum AllowCommand {
    /// Makes the key of somebody who votes about the list, sealed in a new file; prints what the signer's
    /// configuration says of them.
    Approver {
        #[arg(long)]
        key: PathBuf,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Prints one person's vote to put a partner's address on the list.
    Allow(VoteArgs),
    /// Prints one person's vote to take an address off the list.
    Remove(VoteArgs),
    /// Hands a vote on standard input to the running signer. The second one for the same changes the list.
    Vote {
        /// The signer's own configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// The list that the running signer has, and votes that wait for another.
    List {
        /// The signer's own configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
}

#[derive(Args, Debug)]
pub struct VoteArgs {
    /// `ERC20`, `TRC20`, `BITCOIN`, …
    network: String,
    address: String,
    /// The coin of an EVM chain that the signer's configuration has added, as that names it.
    #[arg(long)]
    native: Option<String>,
    /// The mark of the list, as `proof signer list` shows it: each change makes another one.
    #[arg(long)]
    list: String,
    /// Your name among the signer's approvers.
    #[arg(long = "as")]
    by: String,
    /// Your key (`proof signer approver`).
    #[arg(long)]
    key: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

pub async fn run(command: AllowCommand) -> anyhow::Result<()> {
    match command {
        AllowCommand::Approver {
            key,
            passphrase: from,
        } => approver(&key, &from),
        AllowCommand::Allow(args) => print(&args, Deed::Allow),
        AllowCommand::Remove(args) => print(&args, Deed::Remove),
        AllowCommand::Vote { config } => hand_over(&config).await,
        AllowCommand::List { config } => list(&config).await,
    }
}

fn approver(path: &Path, from: &Passphrase) -> anyhow::Result<()> {
    let secret = master_key_new(&SystemEntropy);
    let key = ApproverKey::of(&secret).context("no key can be made")?;
    key_file_write(path, &secret, &passphrase(from.file())?, &SystemEntropy)?;
    say(&format!("{}\n", key.public()))
}

fn print(args: &VoteArgs, deed: Deed) -> anyhow::Result<()> {
    let network: Network = match &args.native {
        Some(native) => catalogue::add_network(&args.network, native)?,
        None => {
            let known = args.network.parse();
            known.with_context(|| {
                format!(
                    "{}: --native names the coin of a network that a configuration has added",
                    args.network
                )
            })?
        }
    };
    let change = list_change(&args.list, deed, network, &args.address);
    let change = change.with_context(|| format!("{} is no address on {network}", args.address))?;
    let secret = key_file_read(&args.key, &passphrase(args.passphrase.file())?)?;
    let key = ApproverKey::of(&secret).context("the file holds no key of an approver")?;
    let vote = key.vote(&args.by, change);
    say(&format!("{}\n", serde_json::to_string(&vote)?))
}

fn signer(config: &Path) -> anyhow::Result<SocketSigner> {
    let (socket, secret) = SignerFile::read(config)?.door()?;
    let (entropy, timer) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
    Ok(SocketSigner::new(socket, secret, entropy, timer))
}

async fn hand_over(config: &Path) -> anyhow::Result<()> {
    // First: the vote may be about a network that the configuration adds.
    let signer = signer(config)?;
    let mut text = String::new();
    let mut input = std::io::stdin().take(VOTE_BYTES_MAX);
    input
        .read_to_string(&mut text)
        .context("the vote cannot be read")?;
    let vote: Vote = serde_json::from_str(&text).context("that is no vote")?;
    let what = written(&vote.change);
    if signer.vote(vote).await? {
        return say(&format!("done: {what}\n"));
    }
    say(&format!(
        "heard: {what}\nA second approver has to say the same.\n"
    ))
}

async fn list(config: &Path) -> anyhow::Result<()> {
    let listed = signer(config)?.listed().await?;
    let mut text = format!("list {}\n", listed.mark);
    for address in &listed.addresses {
        writeln!(text, "{:8} {}", address.network().name(), address.as_str())?;
    }
    for vote in &listed.waiting {
        writeln!(text, "waits: {} ({})", written(&vote.change), vote.by)?;
    }
    say(&text)
}

fn written(change: &ListChange) -> String {
    let (deed, address) = (change.deed.name(), &change.address);
    format!("{deed} {} {}", address.network(), address.as_str())
}
