//! Releases: what was reviewed becomes payable, statements are frozen; and paying by hand.

mod credits;
mod frozen;
mod pay;
mod read;
mod release;
mod reverse;
mod statements;
mod terms;

pub use credits::{CreditRelease, CreditReleaseDocument, credit_releases, release_credits, withdraw_credits};
pub use frozen::{ConvertedLine, CreditLine, CreditPiece, ReachedLine, RewardLine, StatementBody, ThroughLine, VariableLine};
pub use pay::{PayoutDocument, PayoutEntry, pay_by_hand, payout, payouts};
pub(crate) use read::label_of;
pub use read::{PeriodState, PeriodView, RewardView, period, period_of_calculation};
pub use release::{ReleaseDocument, ReleaseEntry, get, list, of_period, release, release_with};
pub use reverse::reverse;
pub use statements::{StatementEntry, current_statement, frozen_statement, statement, statements_of_payee, statements_of_release};
pub(crate) use statements::{frozen_of_payee, payees_of_release, rewards_of_payee};
pub use terms::{NewTerms, PayeeTerms, PaymentState, ReleasePayee, release_payees, set_terms};
