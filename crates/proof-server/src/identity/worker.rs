//! The process that looks at pictures. It has its models, its pipe, and nothing else: once it has
//! loaded, it can open no file and no socket, write nothing, and take no more memory than it is given.

use anyhow::Context;
use clap::Args;
use proof_identity::{
    check::check,
    network::{ModelError, Models},
    report::{Reason, Report, Subject},
    wire,
};
use rlimit::Resource;
use std::{
    io::{stdin, stdout},
    path::PathBuf,
};

#[derive(Args, Debug)]
pub struct WorkerArgs {
    /// The folder that `ci/models` filled.
    #[arg(long)]
    models: PathBuf,
}

/// Addresses, which are more than the memory in use: the program's own pages, stacks and models take
/// some 300 MB of them before the first picture comes.
const ADDRESS_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The pipes that it was given.
const HANDLES: u64 = 3;

/// Answers one case after the other until the pipe is closed.
pub fn run(args: &WorkerArgs) -> anyhow::Result<()> {
    limit(Resource::AS, ADDRESS_BYTES_MAX)?;
    limit(Resource::FSIZE, 0)?;
    limit(Resource::CORE, 0)?;
    let models = match Models::load(&args.models) {
        Ok(models) => Some(models),
        Err(error @ ModelError::Missing(_)) => {
            tracing::warn!(
                "{error}: every identity check goes to people. `ci/models` fetches them."
            );
            None
        }
        Err(error) => return Err(error).context("cannot load the identity models"),
    };
    limit(Resource::NOFILE, HANDLES)?;
    let (mut from, mut to) = (stdin().lock(), stdout().lock());
    while let Some(case) = wire::case_read(&mut from)? {
        let report = match &models {
            Some(models) => check(models, &case)?,
            None => Report::only(Reason::NoModels, Subject::Document),
        };
        wire::report_write(&mut to, &report)?;
    }
    Ok(())
}

fn limit(resource: Resource, most: u64) -> anyhow::Result<()> {
    rlimit::setrlimit(resource, most, most)
        .with_context(|| format!("cannot limit {}", resource.as_name()))
}
