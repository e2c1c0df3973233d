//! A person who does what is asked, from one photograph: for trying the check where no camera is.

use super::{models_folder, photo};
use anyhow::Context;
use clap::Args;
use proof_identity::{liveness::Step, network::Models, specimen::head::Actor};
use std::{fs, path::PathBuf};

#[derive(Args, Debug)]
pub struct FilmArgs {
    /// Who it is: a photograph of one face, from the front.
    #[arg(long)]
    portrait: PathBuf,
    /// The folder for its frames, `center-0.jpg` to `closer-2.jpg`.
    #[arg(long)]
    out: PathBuf,
    /// The folder that `ci/models` filled.
    #[arg(long, env = "PROOF_MODELS")]
    models: Option<PathBuf>,
}

/// As many as the server asks for at each step.
const FRAMES: u32 = 3;

pub fn run(args: FilmArgs) -> anyhow::Result<()> {
    let folder = args.models.map_or_else(models_folder, Ok)?;
    let models = Models::load(&folder)?;
    let actor = Actor::new(&models, &photo(&args.portrait)?.pixels)?;
    let actor = actor.with_context(|| format!("no face in {}", args.portrait.display()))?;
    fs::create_dir_all(&args.out)?;
    for step in Step::ALL {
        for at in 0..FRAMES {
            let path = args.out.join(format!("{}-{at}.jpg", step.name()));
            let frame = actor.frame(step, at);
            let saved = frame.save(&path);
            saved.with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}
