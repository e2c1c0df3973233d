//! The built-in check as a provider like any other: it keeps the pictures, sealed, and looks at them when it
//! is asked how far it is. Whatever a crash interrupts is looked at again.

use super::Pool;
use chrono::{DateTime, NaiveDate};
use proof_core::{Clock, Entropy};
use proof_identity::{
    check::{Case, CaseFrame, Policy, digest},
    picture::{self, Need},
    report::{Finding, Outcome, Reason, Report, Subject},
    vault::{Vault, VaultError},
};
use proof_port::{
    Challenge, DocumentKind, Identity, IdentityStatus, KeptPart, PICTURE_BYTES_MAX, Picture,
    PictureProblem, PortError, Scope, Side,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{collections::BTreeSet, sync::Arc};

const PROVIDER: &str = "built-in";
const SUBMITTED: &str = "submitted";
const REPORT: &str = "report";

/// Pictures are kept for so long, for whoever has to look again.
pub const KEPT_SECONDS: i64 = 90 * 24 * 3_600;

pub struct BuiltIn {
    vault: Arc<Vault>,
    pool: Pool,
    clock: Arc<dyn Clock>,
    policy: Policy,
}

/// What was asked of whoever was looked at.
#[derive(Serialize, Deserialize)]
struct Submitted {
    #[serde(flatten)]
    challenge: Challenge,
    #[serde(default)]
    scope: Scope,
}

/// Where a picture belongs, as the first line of what is sealed.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum Label {
    Document {
        kind: DocumentKind,
        side: Side,
    },
    Frame {
        index: u32,
        step: proof_port::SelfieStep,
        taken_ms: u32,
    },
}

impl From<&Picture> for Label {
    fn from(picture: &Picture) -> Self {
        match *picture {
            Picture::Document { kind, side } => Self::Document { kind, side },
            Picture::Frame {
                index,
                step,
                taken_ms,
            } => Self::Frame {
                index,
                step,
                taken_ms,
            },
        }
    }
}

impl From<Label> for Picture {
    fn from(label: Label) -> Self {
        match label {
            Label::Document { kind, side } => Self::Document { kind, side },
            Label::Frame {
                index,
                step,
                taken_ms,
            } => Self::Frame {
                index,
                step,
                taken_ms,
            },
        }
    }
}

impl Label {
    /// One place, one name: a picture that is taken again replaces the first.
    fn name(self) -> String {
        match self {
            Self::Document { side, .. } => format!("document-{}", side.name()),
            Self::Frame { index, .. } => format!("frame-{index:03}"),
        }
    }

    const fn part(self) -> KeptPart {
        match self {
            Self::Document { .. } => KeptPart::Document,
            Self::Frame { .. } => KeptPart::Selfie,
        }
    }

    fn seal_with(self, bytes: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let mut whole = serde_json::to_vec(&self)?;
        whole.push(b'\n');
        whole.extend_from_slice(bytes);
        Ok(whole)
    }

    fn read(whole: &[u8]) -> Option<(Self, Vec<u8>)> {
        let end = whole.iter().position(|byte| *byte == b'\n')?;
        let (label, rest) = whole.split_at_checked(end)?;
        let label = serde_json::from_slice(label).ok()?;
        Some((label, rest.get(1..)?.to_vec()))
    }
}

/// The vault's disk may be full, or away for a moment; what cannot be opened stays so.
fn kept(error: VaultError) -> PortError {
    match error {
        VaultError::Io(error) => PortError::retry(PROVIDER, error),
        VaultError::Damaged => PortError::give_up(PROVIDER, error),
    }
}

fn damaged() -> PortError {
    kept(VaultError::Damaged)
}

impl BuiltIn {
    pub fn new(vault: Vault, pool: Pool, clock: Arc<dyn Clock>, policy: Policy) -> Self {
        Self {
            vault: Arc::new(vault),
            pool,
            clock,
            policy,
        }
    }

    /// Disks are slow: what touches the vault leaves the threads that serve.
    async fn with_vault<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Vault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, PortError> {
        let vault = Arc::clone(&self.vault);
        let done = tokio::task::spawn_blocking(move || work(&vault)).await;
        done.map_err(|error| PortError::retry(PROVIDER, error))?
            .map_err(kept)
    }

    async fn put(&self, reference: &str, name: String, bytes: Vec<u8>) -> Result<(), PortError> {
        let (reference, now) = (reference.to_owned(), self.clock.now());
        self.with_vault(move |vault| vault.put(&reference, &name, &bytes, now))
            .await
    }

    async fn get(&self, reference: &str, name: &str) -> Result<Option<Vec<u8>>, PortError> {
        let (reference, name) = (reference.to_owned(), name.to_owned());
        self.with_vault(move |vault| vault.get(&reference, &name))
            .await
    }

    async fn get_json<T: DeserializeOwned>(
        &self,
        reference: &str,
        name: &str,
    ) -> Result<Option<T>, PortError> {
        let bytes = self.get(reference, name).await?;
        let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|_| damaged());
        bytes.map(read).transpose()
    }

    async fn put_json<T: Serialize>(
        &self,
        reference: &str,
        name: &str,
        value: &T,
    ) -> Result<(), PortError> {
        let bytes = serde_json::to_vec(value);
        let bytes = bytes.map_err(|error| PortError::give_up(PROVIDER, error))?;
        self.put(reference, name.to_owned(), bytes).await
    }

    /// Every picture of an attempt, the document first.
    async fn all(&self, reference: &str) -> Result<Vec<(Label, Vec<u8>)>, PortError> {
        let reference = reference.to_owned();
        self.with_vault(move |vault| {
            let mut pictures = Vec::new();
            for name in vault.names(&reference)? {
                if [SUBMITTED, REPORT].contains(&name.as_str()) {
                    continue;
                }
                if let Some(whole) = vault.get(&reference, &name)? {
                    pictures.push(Label::read(&whole).ok_or(VaultError::Damaged)?);
                }
            }
            Ok(pictures)
        })
        .await
    }

    fn today(&self) -> NaiveDate {
        let now = DateTime::from_timestamp_micros(self.clock.now().micros());
        now.unwrap_or_default().date_naive()
    }

    async fn case(&self, reference: &str, submitted: Submitted) -> Result<Option<Case>, PortError> {
        let (mut front, mut back, mut frames) = (None, None, Vec::new());
        for (label, bytes) in self.all(reference).await? {
            match label {
                Label::Document {
                    kind,
                    side: Side::Front,
                } => front = Some((kind, bytes)),
                Label::Document {
                    side: Side::Back, ..
                } => back = Some(bytes),
                Label::Frame {
                    index,
                    step,
                    taken_ms,
                } => frames.push(CaseFrame {
                    index,
                    at_ms: u64::from(taken_ms),
                    step,
                    bytes,
                }),
            }
        }
        let seen_before = self.shown_before(reference, &frames).await?;
        let (kind, front) = match (submitted.scope, front) {
            (Scope::Whole, Some((kind, front))) => (kind, Some(front)),
            (Scope::Whole, None) => return Ok(None),
            // Whatever was sent beside it: nobody asked for a document.
            (Scope::Selfie, _) => (DocumentKind::Passport, None),
        };
        Ok(Some(Case {
            kind,
            back: back.filter(|_| front.is_some()),
            front,
            asked: submitted.challenge.steps,
            frames,
            seen_before,
            today: self.today(),
            policy: self.policy,
        }))
    }

    /// Which of these frames another attempt has shown; from now on this one has.
    async fn shown_before(
        &self,
        reference: &str,
        frames: &[CaseFrame],
    ) -> Result<Vec<[u8; 32]>, PortError> {
        let digests: Vec<_> = frames.iter().map(|frame| digest(&frame.bytes)).collect();
        let (reference, now) = (reference.to_owned(), self.clock.now());
        self.with_vault(move |vault| {
            let mut before = Vec::new();
            for digest in digests {
                if vault.mark(&digest, &reference, now)? {
                    before.push(digest);
                }
            }
            Ok(before)
        })
        .await
    }

    /// One look, and its report, which is kept: the same pictures are decided once.
    async fn look_at(&self, reference: &str, submitted: Submitted) -> Result<Report, PortError> {
        let case = self.case(reference, submitted).await?;
        let case = case.ok_or_else(damaged)?;
        let report = self.pool.check(&case).await;
        let report = report.map_err(|error| PortError::retry(PROVIDER, format!("{error:#}")))?;
        self.put_json(reference, REPORT, &report).await?;
        Ok(report)
    }
}

#[async_trait::async_trait]
impl Identity for BuiltIn {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn kept_days(&self) -> Option<u32> {
        u32::try_from(KEPT_SECONDS / 86_400).ok()
    }

    fn challenge(&self, entropy: &dyn Entropy) -> Challenge {
        Challenge::drawn(entropy)
    }

    async fn picture(
        &self,
        reference: &str,
        picture: &Picture,
        bytes: Vec<u8>,
    ) -> Result<Result<(), PictureProblem>, PortError> {
        let label = Label::from(picture);
        let need = match label {
            Label::Document { .. } => Need::DOCUMENT,
            Label::Frame { .. } => Need::FRAME,
        };
        if bytes.len() > bytes_max(label) {
            return Ok(Err(PictureProblem::TooLarge));
        }
        // Where and with what it was taken is nobody's business: only the pixels are kept.
        let bytes = match picture::stripped(&bytes, need) {
            Ok(bytes) => bytes,
            Err(problem) => return Ok(Err(problem_of(problem))),
        };
        if self.get(reference, SUBMITTED).await?.is_some() {
            let late = "a picture after the attempt was submitted";
            return Err(PortError::give_up(PROVIDER, late));
        }
        let whole = label.seal_with(&bytes);
        let whole = whole.map_err(|error| PortError::give_up(PROVIDER, error))?;
        self.put(reference, label.name(), whole).await.map(Ok)
    }

    async fn keep(&self, former: &str, reference: &str, part: KeptPart) -> Result<bool, PortError> {
        let report = self.get_json::<Report>(former, REPORT).await?;
        // Several things may be wrong, and the user hears of one.
        let is_against = |finding: &Finding| is_blind(finding) || concerns(finding, part);
        if report.is_none_or(|report| report.findings.iter().any(is_against)) {
            return Ok(false);
        }
        let mut pictures = self.all(former).await?;
        pictures.retain(|(label, _)| label.part() == part);
        let (former, reference) = (former.to_owned(), reference.to_owned());
        let now = self.clock.now();
        self.with_vault(move |vault| {
            if part == KeptPart::Selfie {
                let digests: Vec<_> = pictures.iter().map(|(_, bytes)| digest(bytes)).collect();
                // One frame of somebody else is enough: nobody's film becomes theirs by being kept.
                for digest in &digests {
                    if !vault.owns(digest, &former)? {
                        return Ok(false);
                    }
                }
                let distinct: BTreeSet<_> = digests.into_iter().collect();
                for digest in &distinct {
                    if !vault.mark_over(digest, &former, &reference, now)? {
                        return Ok(false);
                    }
                }
            }
            for (label, bytes) in &pictures {
                let whole = label.seal_with(bytes).map_err(|_| VaultError::Damaged)?;
                vault.put(&reference, &label.name(), &whole, now)?;
            }
            Ok(!pictures.is_empty())
        })
        .await
    }

    async fn submit(
        &self,
        reference: &str,
        _email: &str,
        challenge: &Challenge,
        scope: Scope,
    ) -> Result<(), PortError> {
        let pictures = self.all(reference).await?;
        let has = |index: u32| {
            let is = |label: &Label| matches!(label, Label::Frame { index: there, .. } if *there == index);
            pictures.iter().any(|(label, _)| is(label))
        };
        let front = |(label, _): &(Label, Vec<u8>)| {
            matches!(
                label,
                Label::Document {
                    side: Side::Front,
                    ..
                }
            )
        };
        let has_document = scope == Scope::Selfie || pictures.iter().any(front);
        if !has_document || !(0..challenge.frames()).all(has) {
            return Err(PortError::give_up(PROVIDER, "pictures are missing"));
        }
        let submitted = Submitted {
            challenge: challenge.clone(),
            scope,
        };
        self.put_json(reference, SUBMITTED, &submitted).await
    }

    async fn status(&self, reference: &str) -> Result<IdentityStatus, PortError> {
        if let Some(report) = self.get_json::<Report>(reference, REPORT).await? {
            return Ok(done(&report));
        }
        let Some(submitted) = self.get_json::<Submitted>(reference, SUBMITTED).await? else {
            return Ok(IdentityStatus::Unknown);
        };
        if !self.pool.has_room() {
            return Ok(IdentityStatus::Pending);
        }
        let report = self.look_at(reference, submitted).await?;
        Ok(done(&report))
    }

    async fn pictures(&self, reference: &str) -> Result<Vec<Picture>, PortError> {
        let pictures = self.all(reference).await?;
        Ok(pictures
            .into_iter()
            .map(|(label, _)| label.into())
            .collect())
    }

    async fn look(&self, reference: &str, picture: &Picture) -> Result<Option<Vec<u8>>, PortError> {
        let whole = self.get(reference, &Label::from(picture).name()).await?;
        let read = |whole: Vec<u8>| Label::read(&whole).ok_or_else(damaged);
        let found = whole.map(read).transpose()?;
        Ok(found.map(|(_, bytes)| bytes))
    }

    async fn erase(&self, reference: &str) -> Result<(), PortError> {
        let reference = reference.to_owned();
        self.with_vault(move |vault| vault.erase(&reference)).await
    }

    async fn tidy(&self, spared: Vec<String>) -> Result<(), PortError> {
        let now = self.clock.now();
        let old = now.plus_seconds(-KEPT_SECONDS);
        let tidied = self
            .with_vault(move |vault| vault.erase_before(old, now, &spared))
            .await?;
        if tidied.erased > 0 {
            let erased = tidied.erased;
            tracing::info!(erased, "pictures of old attempts were taken away");
        }
        if let Some(error) = tidied.error {
            let failed = tidied.failed;
            tracing::warn!(failed, "old pictures stay: {error}");
        }
        Ok(())
    }
}

fn done(report: &Report) -> IdentityStatus {
    IdentityStatus::Done(report.decision(), Box::new(report.evidence()))
}

/// Nobody has really looked, so nothing was found good.
const fn is_blind(finding: &Finding) -> bool {
    matches!(
        finding.reason,
        Reason::NoAnswer | Reason::NoModels | Reason::NoSelfie
    )
}

/// Whether it is a reason to take these pictures again. Another person on the document than before the camera has nothing
/// to do with the document's picture.
const fn concerns(finding: &Finding, part: KeptPart) -> bool {
    if matches!(finding.reason.outcome(), Outcome::Approve | Outcome::Review) {
        return false;
    }
    match finding.on {
        Subject::Front | Subject::Back | Subject::Document => matches!(part, KeptPart::Document),
        Subject::Frame(_) | Subject::Selfie => matches!(part, KeptPart::Selfie),
    }
}

/// The widget's frames have a tenth of that; a whole film has to fit into memory.
const FRAME_BYTES_MAX: usize = 2 * 1024 * 1024;

const fn bytes_max(label: Label) -> usize {
    match label {
        Label::Document { .. } => PICTURE_BYTES_MAX,
        Label::Frame { .. } => FRAME_BYTES_MAX,
    }
}

const fn problem_of(problem: picture::PictureProblem) -> PictureProblem {
    use picture::PictureProblem as Known;
    match problem {
        Known::TooManyBytes | Known::TooManyPixels => PictureProblem::TooLarge,
        Known::Pdf | Known::Animated | Known::NotAnImage => PictureProblem::NotAnImage,
        Known::TooSmall => PictureProblem::TooSmall,
        Known::Damaged => PictureProblem::Truncated,
    }
}

#[cfg(test)]
mod tests;
