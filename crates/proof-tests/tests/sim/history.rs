//! Everything that happened, as one running hash.

use sha2::{Digest, Sha256};
use std::sync::Mutex;

#[derive(Default)]
pub struct History(Mutex<Sha256>);

impl History {
    pub fn note(&self, what: &str, bytes: &[u8]) {
        let mut hash = self.0.lock().unwrap();
        for part in [what.as_bytes(), bytes] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        // `SIM_TRACE=1` prints the story, to find where two runs part.
        if trace() {
            let text = String::from_utf8_lossy(bytes);
            println!("{what} {}", text.chars().take(160).collect::<String>());
        }
    }

    pub fn hash(&self) -> String {
        hex::encode(self.0.lock().unwrap().clone().finalize())
    }
}

/// A switch for whoever debugs a seed.
fn trace() -> bool {
    std::env::var_os("SIM_TRACE").is_some()
}
