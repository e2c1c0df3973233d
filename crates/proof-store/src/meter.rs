//! How long the database takes, for whoever measures it.

use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    Read,
    Write,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Told of every database transaction: when somebody begins to wait for one, and when it is over, however it
/// ended. Its time is its own affair.
pub trait Meter: Send + Sync + fmt::Debug {
    fn begun(&self, access: Mode) -> i64;
    fn ended(&self, access: Mode, begun: i64, well: bool);
}
