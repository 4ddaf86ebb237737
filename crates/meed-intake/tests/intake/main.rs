//! The intake end to end: truth, sums, bad input, resumption, workbooks, properties.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod accounted;
mod answers;
mod certain;
mod hostile;
mod neighbours;
mod packed;
mod properties;
mod resume;
mod scoring;
mod sums;
mod truth;
mod workbook;
