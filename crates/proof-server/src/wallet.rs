//! `proof wallet …`: the signer's master key, sealed in a file, and what its wallets hold.

use crate::{
    clock::SystemEntropy,
    cold::{self, ColdArgs},
    order::ServerArgs,
    refill::{self, RefillArgs},
    say::say,
    sealing::{TokenAt, wallet_read, wallet_write},
    signer::passphrase,
    sweep::{self, SweepArgs},
};
use anyhow::Context;
use clap::{Args, Subcommand};
use proof_signer::{
    MasterKey, SocketSecret, WalletKeys, master_key_new, printed, read_printed, read_private,
    write_private,
};
use std::{
    fmt::Write,
    io::Read,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// More than any printed form has.
const PRINTED_BYTES_MAX: u64 = 4096;

#[derive(Args, Debug)]
pub struct Passphrase {
    /// A file with the passphrase, which its owner alone may read; else systemd's credential `wallet-passphrase`.
    #[arg(long, env = "PROOF_PASSPHRASE_FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    pub fn file(&self) -> Option<&Path> {
        self.passphrase_file.as_deref()
    }
}

#[derive(Args, Debug)]
pub struct Seal {
    #[command(flatten)]
    passphrase: Passphrase,
    #[command(flatten)]
    token: Option<TokenAt>,
}

#[derive(Subcommand, Debug)]
pub enum WalletCommand {
    /// Makes a master key, and seals it in a new file.
    New {
        #[arg(long)]
        wallet: PathBuf,
        /// The token makes the hot wallets' keys, too, and signs with them itself; deposit addresses are derived from the
        /// master key as ever.
        #[arg(long, requires = "module")]
        hot_keys: bool,
        #[command(flatten)]
        seal: Seal,
    },
    /// Seals a key that there is already: its printed form on standard input, or the 32 bytes of a `master.key`.
    Import {
        #[arg(long)]
        wallet: PathBuf,
        /// A `master.key` of a signer that was inside of the server.
        #[arg(long)]
        raw: Option<PathBuf>,
        #[command(flatten)]
        seal: Seal,
    },
    /// The addresses of the hot wallets.
    Addresses {
        #[arg(long)]
        wallet: PathBuf,
        #[command(flatten)]
        seal: Seal,
    },
    /// The key in its printed form, for a safe. Whoever reads it has the coins.
    Print {
        #[arg(long)]
        wallet: PathBuf,
        #[command(flatten)]
        seal: Seal,
    },
    /// What the hot wallets of a running server hold, and what lies at deposit addresses.
    Balances {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Empties deposit addresses into the hot wallet, where that costs little.
    Sweep(SweepArgs),
    /// Moves what hot wallets have too much into cold storage.
    Cold(ColdArgs),
    /// Writes a transaction that brings bitcoin back from cold storage, for the vault's own wallet to sign (BIP-174).
    Refill(RefillArgs),
    /// Makes what signer and server know, by which they know each other; each gets a copy of its own.
    Secret {
        #[arg(long)]
        out: PathBuf,
    },
}

pub async fn run(command: WalletCommand) -> anyhow::Result<()> {
    match command {
        WalletCommand::New {
            wallet,
            hot_keys,
            seal,
        } => write(&wallet, (&seal, hot_keys), master_key_new(&SystemEntropy)),
        WalletCommand::Import { wallet, raw, seal } => {
            write(&wallet, (&seal, false), imported(raw.as_deref())?)
        }
        WalletCommand::Addresses { wallet, seal } => addresses(&open(&wallet, &seal)?),
        WalletCommand::Print { wallet, seal } => print(&open(&wallet, &seal)?),
        WalletCommand::Balances { server } => sweep::balances(&server).await,
        WalletCommand::Sweep(args) => sweep::run(args).await,
        WalletCommand::Cold(args) => cold::run(args).await,
        WalletCommand::Refill(args) => refill::run(args).await,
        WalletCommand::Secret { out } => {
            let secret = SocketSecret::new(&SystemEntropy);
            write_private(&out, secret.written().as_bytes())?;
            say(&format!("{}\n", out.display()))
        }
    }
}

fn open(wallet: &Path, seal: &Seal) -> anyhow::Result<WalletKeys> {
    let passphrase = passphrase(seal.passphrase.file())?;
    wallet_read(wallet, seal.token.as_ref(), &passphrase)
}

fn write(wallet: &Path, (seal, held): (&Seal, bool), master: MasterKey) -> anyhow::Result<()> {
    let passphrase = passphrase(seal.passphrase.file())?;
    let token = (seal.token.as_ref(), held);
    addresses(&wallet_write(wallet, master, token, &passphrase)?)
}

fn print(keys: &WalletKeys) -> anyhow::Result<()> {
    let text = printed(keys.master()).context("the key cannot be printed")?;
    // On the paper, too; whoever reads it back leaves such lines out.
    let covers = if keys.are_derived() {
        ""
    } else {
        "# Of deposit addresses alone: the hot wallets' keys are in the token, and in a backup that its own tools make.\n"
    };
    say(&Zeroizing::new(format!("{covers}{}\n", *text)))
}

fn imported(raw: Option<&Path>) -> anyhow::Result<MasterKey> {
    if let Some(path) = raw {
        let bytes = read_private(path)?;
        let key = bytes.as_slice().try_into();
        let key = key.with_context(|| format!("{} is not a key of 32 bytes", path.display()))?;
        return Ok(Zeroizing::new(key));
    }
    let mut text = Zeroizing::new(String::new());
    let mut input = std::io::stdin().take(PRINTED_BYTES_MAX);
    input
        .read_to_string(&mut text)
        .context("the printed form cannot be read")?;
    Ok(read_printed(&text)?)
}

fn addresses(keys: &WalletKeys) -> anyhow::Result<()> {
    let mut text = String::new();
    for (network, address) in keys.addresses() {
        writeln!(text, "{:8} {}", network.name(), address.as_str())?;
    }
    say(&text)
}
