//! Sales: recording them, and looking at them.

mod read;
mod record;

pub use read::{SaleFilter, SaleHistory, SaleView, list, one, one_by_unique_id};
pub use record::{SALES_PER_CALL_MAX, record, record_keyed};
