//! Connectors to payment, identity and rate providers and to mail servers, one folder per provider.
//!
//! A connector keeps no state and makes no decision: it writes a request in the provider's words
//! (`wire`) and reads the answer in ours (`map`). Two rules hold for all of them. A call that moves
//! money and got no readable answer is in doubt. A status that we do not know is *pending*, and is
//! logged, since somebody has to learn it.

pub mod sandbox;
pub mod smtp;
