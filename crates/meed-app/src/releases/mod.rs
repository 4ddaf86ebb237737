//! Releases: what was reviewed becomes payable, statements are frozen; and paying by hand.

mod frozen;
mod pay;
mod read;
mod release;

pub use frozen::{CreditLine, CreditPiece, RewardLine, StatementBody};
pub use pay::{PayoutDocument, pay_by_hand};
pub(crate) use frozen::put_explanation;
pub(crate) use read::label_of;
pub use read::{PeriodView, RewardView, period, period_of_calculation};
pub use release::{ReleaseDocument, ReleaseEntry, list, of_period, release};
