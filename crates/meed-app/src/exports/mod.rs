//! Files for payroll and for checking: rewards and credits as CSV (`commissions.md` §3.1, §3.2).

mod credits;
mod csv;
mod rewards;
mod statement;

pub use credits::credits_csv;
pub use rewards::{REWARD_COLUMNS, rewards_csv};

pub(crate) use csv::csv_line;
pub use statement::statement_csv;
