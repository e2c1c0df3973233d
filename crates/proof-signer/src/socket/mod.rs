//! A signer in a process of its own, over a socket in the file system.
//!
//! Both ends know a secret and prove it to each other afresh in each connection; what follows carries a code under
//! keys of that connection and that direction, counted from zero. So nothing is taken from somebody who does not know
//! the secret, nothing is heard twice, and nobody who stands between can put in, change or leave out anything.
//! Any question may be asked any number of times: whoever loses a connection asks again on another one.

mod client;
mod door;
mod wire;

pub use client::SocketSigner;
pub use door::{DoorError, SignerDoor};
pub use wire::SocketSecret;

#[cfg(test)]
pub mod tests;
