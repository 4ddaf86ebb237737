//! Calculations: a program over a period, posted as rewards, and the questions asked of them.

mod binding;
mod credits;
mod delete;
mod document;
mod ends;
mod explain;
mod kept;
mod projection;
mod read;
mod refresh;
mod run;
mod scan;

pub use binding::Binding;
pub use credits::{CreditPlace, PayeeCredit, credits};
pub use delete::delete;
pub use document::{AlertLine, CalculationDocument, PaidInLine, PayeeLine, PostedLine, RateLine, ReasonCount, StepLine, TeamLine};
pub use explain::{Verdict, statement, statement_part, verdicts};
pub use kept::CalculationCounts;
pub(crate) use kept::KeptCalculations;
pub use projection::{ProjectedPayee, Projection, ProjectionDocument, project, projections};
pub use read::{CalculationEntry, get, latest, list, payees};
pub use refresh::{Calculated, calculate_from, calculate_with_earlier, is_due, refresh};
pub(crate) use refresh::{LookedAt, changed_before};
pub use run::calculate;
pub(crate) use scan::{LinesByDay, OriginalPairs, with_lines};
pub use scan::{with_calculation, with_settled};
