//! Where `proof dev` puts what users are written: a folder of letters to read.

use anyhow::Context;
use proof_connect::smtp::envelope;
use proof_outbound::letter;
use proof_port::{Mail, Message, PortError};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

const FROM: &str = "Proof <no-reply@proof.example>";
const PROVIDER: &str = "outbox";

/// Longest part of a file's name that tells what the letter is about.
const SLUG_LENGTH_MAX: usize = 60;

/// Letters as files, `001-the-subject.eml`, in the order in which they were written.
pub struct Outbox {
    dir: PathBuf,
    last: AtomicU32,
}

impl Outbox {
    /// Goes on counting where the last run stopped.
    pub fn open(dir: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let mut last = 0;
        for entry in fs::read_dir(&dir)? {
            let name = entry?.file_name();
            let number = name.to_string_lossy().split('-').next().map(str::parse);
            last = last.max(number.and_then(Result::ok).unwrap_or(0));
        }
        Ok(Self {
            dir,
            last: AtomicU32::new(last),
        })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn write(&self, message: &Message) -> anyhow::Result<()> {
        let bytes = letter(FROM, envelope(message))?;
        let number = self.last.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let name = format!("{number:03}-{}", slug(&message.subject));
        // Whoever watches the folder sees whole letters only.
        let fresh = self.dir.join(format!("{name}.new"));
        fs::write(&fresh, bytes)?;
        fs::rename(&fresh, self.dir.join(format!("{name}.eml")))?;
        Ok(())
    }
}

#[async_trait::async_trait]
impl Mail for Outbox {
    async fn send(&self, message: &Message) -> Result<(), PortError> {
        self.write(message)
            .map_err(|error| PortError::retry(PROVIDER, error))
    }
}

fn slug(subject: &str) -> String {
    let words = subject.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-").to_lowercase();
    slug.truncate(SLUG_LENGTH_MAX);
    slug
}
