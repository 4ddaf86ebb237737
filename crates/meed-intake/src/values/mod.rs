//! What a cell says: numbers, money, dates. The separators and the order of day and month are decided per column,
//! from all its cells (`file-intake.md` section 7); a cell is then read by that decision or refused.

pub(crate) mod cell;
pub(crate) mod currency;
pub(crate) mod date;
mod date_scan;
pub(crate) mod number;
pub(crate) mod profile;
pub(crate) mod words;
pub(crate) mod yearless;

pub use currency::currency_code;
pub use date::{DateOrder, When};
pub use number::DecimalMark;
