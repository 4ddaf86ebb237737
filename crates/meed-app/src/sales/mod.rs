//! Sales: recording them, and looking at them.

mod credited;
mod read;
mod record;

pub use credited::{CreditFilter, Credited, credited};
pub use read::{FormerSale, SaleFilter, SaleHistory, SaleView, by_ids, list, one, one_by_unique_id, per_day};
pub use record::{SALES_PER_CALL_MAX, record, record_keyed};
