//! The intake end to end: truth, sums, bad input, resumption, workbooks, properties.

mod hostile;
mod properties;
mod resume;
mod scoring;
mod sums;
mod truth;
mod workbook;
