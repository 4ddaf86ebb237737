//! Releases: what was reviewed becomes payable, statements are frozen; and paying by hand.

mod credits;
mod frozen;
mod pay;
mod read;
mod release;
mod reverse;
mod statements;

pub use credits::{CreditRelease, CreditReleaseDocument, credit_releases, release_credits, withdraw_credits};
pub use frozen::{ConvertedLine, CreditLine, CreditPiece, ReachedLine, RewardLine, StatementBody, ThroughLine, VariableLine};
pub use pay::{PayoutDocument, PayoutEntry, pay_by_hand, payout, payouts};
pub(crate) use read::label_of;
pub use read::{PeriodState, PeriodView, RewardView, period, period_of_calculation};
pub use release::{ReleaseDocument, ReleaseEntry, get, list, of_period, release};
pub use reverse::reverse;
pub use statements::{StatementEntry, current_statement, frozen_statement, statement, statements_of_payee, statements_of_release};
pub(crate) use statements::{frozen_of_payee, payees_of_release, rewards_of_payee};
