//! `proof wallet refill`: a transaction that the vault's own wallet signs.

use crate::{
    operator::{CoinsSaid, Question, ask},
    order::ServerArgs,
    say::say,
};
use anyhow::Context;
use clap::Args;
use proof_engine::Refill;
use std::{
    fmt::Write as _,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

#[derive(Args, Debug)]
pub struct RefillArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// How much bitcoin is to leave cold storage at least: whole coins do, and the fee comes out of them.
    #[arg(long)]
    amount: String,
    /// A new file for the transaction.
    #[arg(long)]
    out: PathBuf,
}

pub async fn run(args: RefillArgs) -> anyhow::Result<()> {
    let said = CoinsSaid::Refill {
        amount: args.amount,
    };
    let refill: Refill = ask(&args.server.socket()?, &Question::Coins(said)).await?;
    let bytes = hex::decode(&refill.psbt).context("the server's answer is no transaction")?;
    let no = || format!("{} cannot be written", args.out.display());
    let mut file = File::create_new(&args.out).with_context(no)?;
    file.write_all(&bytes).with_context(no)?;
    say(&told(&args.out, &refill)?)
}

fn told(file: &Path, refill: &Refill) -> anyhow::Result<String> {
    let (from, to) = (&refill.from, &refill.to);
    let mut text = format!("{}: from {from} to {to}\n", file.display());
    for (name, amount) in &refill.coins {
        writeln!(text, "  {amount} BTC  {name}")?;
    }
    writeln!(
        text,
        "{} BTC arrive, {} BTC are the fee.",
        refill.arrives, refill.fee
    )?;
    text.push_str("Sign it with the wallet of the vault, compare what that shows with these lines, and let it send the transaction. Once it is final it is booked by itself.\n");
    text.push_str("Until then the same coins may be chosen again: of two such transactions only one can happen.\n");
    if refill.above_ceiling {
        text.push_str("The hot wallet will have more than hot_ceiling then: raise that first, or it goes back into cold storage.\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_compared_is_said() {
        let refill = Refill {
            psbt: String::new(),
            from: "bc1qvault".to_owned(),
            to: "bc1qhot".to_owned(),
            coins: vec![("ab:0".to_owned(), "0.50000000".to_owned())],
            arrives: "0.49990000".to_owned(),
            fee: "0.00010000".to_owned(),
            above_ceiling: false,
        };
        let text = told(Path::new("refill.psbt"), &refill).unwrap();
        let start = "refill.psbt: from bc1qvault to bc1qhot\n  0.50000000 BTC  ab:0\n0.49990000 BTC arrive, 0.00010000 BTC are the fee.\n";
        assert!(text.starts_with(start), "{text}");
        assert!(!text.contains("hot_ceiling"));
        let above = Refill {
            above_ceiling: true,
            ..refill
        };
        let text = told(Path::new("refill.psbt"), &above).unwrap();
        assert!(text.contains("more than hot_ceiling"), "{text}");
    }
}
