//! Meed's file intake: bytes to mapped records.
//!
//! `bytes → encoding → dialect → structure → column mapping → values → rows`. [`Reading::detect`] examines a file in two
//! streaming passes and stores nothing; [`Reading::rows`] yields its typed rows and can stop and resume anywhere. Every
//! decision carries a reason, can be corrected, and what is wrong is named with its line, column and code: no cell is
//! ever shifted, guessed or read with another meaning than its column's.

mod dialect;
mod encoding;
mod error;
mod hints;
mod kind;
mod mapping;
mod packed;
mod reading;
mod records;
mod rows;
mod source;
mod structure;
mod values;
mod xlsx;

pub use encoding::Encoding;
pub use error::IntakeError;
pub use hints::{Aliases, Hints, Limits};
pub use mapping::{ColumnChoice, Companions, Mapping, MappingProblem, Remembered, SaleState, Target};
pub use packed::{Packing, packing, unpack};
pub use reading::{Answers, Layout, Reading, Report, RowKey, Skipped, StatusWord, TotalCheck, Warning, YearQuestion, summary};
pub use records::Dialect;
pub use rows::{CellError, Mapped, Position, Row, Rows};
pub use structure::SkipReason;
pub use values::{DateOrder, DecimalMark, When, currency_code};
