//! The built-in identity check: pictures in, a report out.
//!
//! ```no_run
//! # use proof_identity::{check::{Case, check}, network::Models};
//! # fn case() -> Case { unimplemented!() }
//! let models = Models::load("models".as_ref())?;
//! let report = check(&models, &case())?;
//! println!("{:?}: {:?}", report.outcome, report.reason());
//! # Ok::<(), proof_identity::network::ModelError>(())
//! ```
//!
//! Documents are found and read in [`document`], the text of their zone in [`mrz`]; faces in [`face`];
//! whether somebody was there in [`liveness`]. Everything but the models is pure.

pub mod check;
pub mod document;
pub mod face;
pub mod geometry;
pub mod grid;
pub mod liveness;
pub mod mrz;
pub mod network;
pub mod picture;
pub mod report;
pub mod specimen;
pub mod vault;
pub mod wire;
