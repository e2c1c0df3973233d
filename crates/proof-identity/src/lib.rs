//! The built-in identity check: pictures in, a report out.

pub mod mrz;
