//! The processor's callbacks: what a user did at the bank is told to whoever registered a place for
//! it, signed, tried a few times, and then not any more; like the real ones.

use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(5);
/// The status line is in the first bytes of an answer.
const ANSWER_BYTES: usize = 64;

/// Where callbacks go: an address of this machine, since the sandbox knows no others.
#[derive(Clone, Debug)]
pub struct Target {
    pub address: SocketAddr,
    pub path: String,
}

#[derive(Default)]
pub struct Callbacks(Mutex<Option<Target>>);

impl Callbacks {
    pub fn register(&self, target: Target) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(target);
    }

    /// Tells that something happened under a reference; does not wait for it to be heard.
    pub fn send(&self, key: &str, reference: &str, now_seconds: i64) {
        let target = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(target) = target else { return };
        let body = json!({ "type": "authorisation.updated", "reference": reference }).to_string();
        let request = request(&target, key, now_seconds, &body);
        thread::spawn(move || {
            for _ in 0..TRIES {
                if matches!(post(target.address, &request), Ok(status) if status.starts_with('2')) {
                    return;
                }
                thread::sleep(PAUSE);
            }
        });
    }
}

fn request(target: &Target, key: &str, now_seconds: i64, body: &str) -> String {
    let mut signature = String::new();
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        mac.update(format!("{now_seconds}.{body}").as_bytes());
        signature = hex::encode(mac.finalize().into_bytes());
    }
    format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         sandbox-signature: t={now_seconds},v1={signature}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        target.path,
        target.address,
        body.len()
    )
}

/// The status of the answer.
fn post(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_bytes())?;
    let mut start = [0; ANSWER_BYTES];
    let read = stream.read(&mut start)?;
    let text = String::from_utf8_lossy(start.get(..read).unwrap_or_default()).into_owned();
    Ok(text.split(' ').nth(1).unwrap_or_default().to_owned())
}
