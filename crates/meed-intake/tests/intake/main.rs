//! The intake end to end: truth, sums, bad input, resumption, workbooks, properties.

mod scoring;
mod sums;
mod truth;
