//! `proof identity …`: the built-in identity check, and the process of its own that it runs in.

mod built_in;
mod config;
mod film;
mod person;
mod pool;
mod worker;

pub use built_in::BuiltIn;
pub use config::{IdentityConfig, PersonsConfig};
pub use pool::{Pool, PoolSettings};
pub use worker::{WorkerArgs, run as run_worker};

use crate::{clock::SystemClock, say::say};
use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use proof_core::{Clock, identity::DocumentKind};
use proof_identity::{
    check::{Case, CaseFrame, Policy},
    liveness::Step,
    mrz::Form,
    picture::{self, Need, Photo},
    report::{Outcome, Report},
    specimen,
};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

#[derive(Subcommand, Debug)]
pub enum IdentityCommand {
    /// Checks a document, and the selfie of a person, from files.
    Check(CheckArgs),
    /// Draws a document of nobody, of Utopia, to try the check with.
    Specimen(SpecimenArgs),
    /// Bends a photograph as if its person did all that can be asked, to try the check with.
    Film(film::FilmArgs),
    /// Forgets a person: pictures, face, hash of the document. The outcome stays. Two operators.
    Erase(person::PersonArgs),
    /// Says why a person must not be forgotten.
    Hold(person::HoldArgs),
    /// The hold is over.
    Release(person::PersonArgs),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Passport,
    NationalId,
    DrivingLicence,
}

impl From<Kind> for DocumentKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Passport => Self::Passport,
            Kind::NationalId => Self::NationalId,
            Kind::DrivingLicence => Self::DrivingLicence,
        }
    }
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The document's front: a JPEG, PNG or WebP.
    #[arg(long)]
    document: PathBuf,
    /// Its back, of a card.
    #[arg(long)]
    back: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "passport")]
    kind: Kind,
    /// The frames of the selfie, in the order in which they were taken.
    #[arg(long, num_args = 1..)]
    selfie: Vec<PathBuf>,
    /// What the person was asked to do, one word for a step: center, left, right, up, blink,
    /// closer.
    /// The frames are shared out among the steps evenly.
    #[arg(long, value_delimiter = ',', value_parser = step, default_value = "center,left,right")]
    steps: Vec<Step>,
    /// Milliseconds from one frame to the next.
    #[arg(long, default_value_t = 250)]
    frame_ms: u32,
    /// Documents of Utopia count as documents.
    #[arg(long)]
    specimens: bool,
    /// The day of the check; today without it.
    #[arg(long)]
    today: Option<NaiveDate>,
    /// The folder that `ci/models` filled.
    #[arg(long, env = "PROOF_MODELS")]
    models: Option<PathBuf>,
    /// The whole report, for programs.
    #[arg(long)]
    json: bool,
}

fn step(name: &str) -> Result<Step, String> {
    Step::parse(name).ok_or_else(|| "one of center, left, right, up, blink, closer".to_owned())
}

#[derive(Args, Debug)]
pub struct SpecimenArgs {
    #[arg(long, value_enum, default_value = "td3")]
    form: FormName,
    /// Whose face it shows: a photograph.
    #[arg(long)]
    portrait: Option<PathBuf>,
    /// The side with the portrait, of a card of form td1; else the side with the zone.
    #[arg(long)]
    front: bool,
    /// The PNG to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormName {
    Td1,
    Td2,
    Td3,
    MrvA,
    MrvB,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Td1 => Self::Td1,
            FormName::Td2 => Self::Td2,
            FormName::Td3 => Self::Td3,
            FormName::MrvA => Self::MrvA,
            FormName::MrvB => Self::MrvB,
        }
    }
}

pub async fn run(command: IdentityCommand) -> anyhow::Result<()> {
    match command {
        IdentityCommand::Check(args) => check(args).await,
        IdentityCommand::Specimen(args) => draw(&args),
        IdentityCommand::Film(args) => film::run(args),
        IdentityCommand::Erase(args) => person::erase(args).await,
        IdentityCommand::Hold(args) => person::hold(args).await,
        IdentityCommand::Release(args) => person::release(args).await,
    }
}

async fn check(args: CheckArgs) -> anyhow::Result<()> {
    let case = case(&args)?;
    let models = args.models.map_or_else(models_folder, Ok)?;
    let binary = std::env::current_exe().context("cannot find this program's own file")?;
    let pool = Pool::new(PoolSettings::new(binary, models));
    let report = pool.check(&case).await?;
    if args.json {
        // Who runs it has the pictures; the numbers of the face are of use to the server only.
        let report = Report {
            face: None,
            ..report
        };
        say(&format!("{}\n", serde_json::to_string_pretty(&report)?))
    } else {
        say(&shown(&report)?)
    }
}

/// Where `ci/models` puts them.
#[expect(clippy::disallowed_methods, reason = "a command's default, read once")]
pub fn models_folder() -> anyhow::Result<PathBuf> {
    let cache = std::env::var("PROOF_CACHE").map(PathBuf::from);
    let home = || std::env::var("HOME").map(|home| Path::new(&home).join(".cache/proof"));
    let cache = cache
        .or_else(|_| home())
        .context("give --models: there is no home folder")?;
    Ok(cache.join("models"))
}

fn case(args: &CheckArgs) -> anyhow::Result<Case> {
    let read =
        |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let count = args.selfie.len().max(1);
    let frames = args
        .selfie
        .iter()
        .enumerate()
        .map(|(at, path)| {
            let index = u32::try_from(at)?;
            let step = args.steps.get(at * args.steps.len() / count);
            Ok(CaseFrame {
                index,
                at_ms: u64::from(index) * u64::from(args.frame_ms),
                step: *step.context("give at least one step")?,
                bytes: read(path)?,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Case {
        kind: args.kind.into(),
        front: Some(read(&args.document)?),
        back: args.back.as_ref().map(read).transpose()?,
        asked: args.steps.clone(),
        frames,
        seen_before: Vec::new(),
        today: args.today.map_or_else(today, Ok)?,
        policy: Policy {
            specimens: args.specimens,
            ..Policy::default()
        },
    })
}

fn today() -> anyhow::Result<NaiveDate> {
    let now = SystemClock.now().micros();
    let now = chrono::DateTime::from_timestamp_micros(now).context("the clock is wrong")?;
    Ok(now.date_naive())
}

/// The report for people.
fn shown(report: &Report) -> anyhow::Result<String> {
    let mut text = String::new();
    let decision = match report.outcome {
        Outcome::Approve => "approved",
        Outcome::Review => "a person has to look",
        Outcome::Retry => "to be tried again",
        Outcome::Refuse => "refused",
    };
    writeln!(text, "{decision}")?;
    for finding in &report.findings {
        writeln!(text, "  {}", finding.reason.sentence())?;
    }
    if let Some(facts) = &report.facts {
        writeln!(
            text,
            "document    {} {} of {}",
            facts.code,
            facts.number,
            facts.issuer.code()
        )?;
        writeln!(text, "name        {}, {}", facts.surname, facts.given)?;
        let day = |date: Option<proof_identity::mrz::PartialDate>| {
            date.and_then(|date| date.last())
                .map_or_else(|| "unknown".to_owned(), |day| day.to_string())
        };
        writeln!(text, "born        {}", day(facts.birth))?;
        writeln!(text, "expires     {}", day(facts.expiry))?;
    }
    if let Some(similarity) = report.similarity {
        writeln!(text, "similarity  {similarity:.3}")?;
    }
    if let Some(grid) = report.grid {
        writeln!(text, "grid        {grid:.1}")?;
    }
    Ok(text)
}

fn draw(args: &SpecimenArgs) -> anyhow::Result<()> {
    let form = args.form.into();
    let fields = specimen::fields(form);
    let portrait = args
        .portrait
        .as_ref()
        .map(|path| photo(path).map(|photo| photo.pixels))
        .transpose()?;
    let page = if args.front {
        specimen::side_with_portrait(form, &fields, portrait.as_ref())
    } else {
        specimen::side_with_zone(form, &fields, portrait.as_ref())
    };
    let png = specimen::png(&page).context("cannot make a PNG")?;
    fs::write(&args.out, png).with_context(|| format!("cannot write {}", args.out.display()))
}

fn photo(path: &Path) -> anyhow::Result<Photo> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let photo = picture::open(&bytes, Need::FRAME);
    photo.with_context(|| format!("{} is no portrait", path.display()))
}
