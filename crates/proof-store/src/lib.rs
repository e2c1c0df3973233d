//! Everything durable, with one set of SQL statements for SQLite and PostgreSQL.
//!
//! [`Db::write`] runs owned, re-runnable work in one database transaction; nothing outward may
//! happen in it. [`Db::read`] sees one consistent picture. The functions of [`Tx`] are named noun
//! first, one module per noun, and every statement is registered, so that tests can prepare all of
//! them on both engines and notice one that nobody runs.

mod alert;
mod audit;
mod backup;
mod card;
mod case;
mod catalogue;
mod chain;
mod checklist;
mod claim;
mod closing;
mod coalesce;
mod cold;
mod customer;
mod db;
mod delivery;
mod deposit;
mod device;
mod endpoint;
mod error;
mod event;
mod fate;
mod finding;
mod handover;
mod health;
mod idempotency;
mod installation;
mod job;
mod ledger;
mod like;
mod link;
mod live;
mod look;
mod mail;
mod member;
mod meter;
mod mover;
mod order;
mod partner;
mod passkey;
mod proof;
mod proving;
mod recovery;
mod refusal;
mod returned;
mod risk;
mod row;
mod screening;
mod session;
mod statement;
mod stray;
mod sweep;
#[cfg(test)]
mod table;
mod verification;
mod wake;
mod wal;

pub use alert::{InHand, StoredAlert};
pub use audit::AuditSearch;
pub use backup::{Archiving, Contents, Moved, Readers, postgres_epoch_raise, schema_known};
pub use case::{InReview, StoredCase};
pub use catalogue::AddedRow;
pub use chain::CoinTaken;
pub use claim::StoredClaim;
pub use closing::{BooksAt, HousePosting};
pub use cold::StoredColdMove;
pub use customer::CustomerRow;
pub use db::{Checkpoints, Db, Engine, Execution, Tx};
pub use delivery::{
    AttemptRow, DeliveryFilter, DeliveryRow, DeliveryState, PacedDelivery, RecentAttempt,
};
pub use deposit::{AddressOwner, Scan};
pub use endpoint::{EndpointNew, EndpointRow, EndpointState};
pub use error::{Failure, StoreError};
pub use event::{EventRow, Unpublished};
pub use fate::Fate;
pub use finding::{OpenFinding, Reported, ReportedMovement};
pub use health::{BackupRow, DueJobs, FailingEndpoint, OpenOrders, ScanPlace, Waiting};
pub use idempotency::{IdempotencyKey, IdempotencyRow};
pub use installation::Installation;
pub use job::{Job, JobKind, Lease, Next, Pool, Trouble};
pub use ledger::{Balance, HeldSum, LedgerError, OrderPosting, PartnerPosting, StoredPosting};
pub use mail::{MailRow, MailState};
pub use member::{Credentials, InvitationRow, StoredMember};
pub use meter::{Meter, Mode};
pub use order::{Completed, FoundOrder, ListedOrder, OrderFilter, OrderSearch, StoredOrder};
pub use partner::{PartnerNamed, TokenListed, TokenRow};
pub use passkey::PasskeyRow;
pub use proof::{PersonRow, ProofRow, SealedFace, Verdict};
pub use proving::StoredProving;
pub use recovery::{KeptApart, RecoveryRow};
pub use refusal::{Acknowledged, RefusalRow, RefusalsOf};
pub use returned::Returned;
pub use screening::{ListLine, ListSearch, ListWord};
pub use session::SessionRow;
pub use statement::{Statement, executed, registered};
pub use stray::StoredStray;
pub use sweep::StoredSweep;
pub use verification::StoredVerification;
pub use wake::{Follower, Topic, Wakes};
pub use wal::{Wal, WalHeader, WalMark, WalRead, WalSeen};
