//! Settling: what a rep is paid once their credits are known.
//!
//! The stage takes the sums of the credits by rule, walks an ordered list of steps (gates, multipliers, bonuses, limits,
//! deductions, what is withheld, draws), and ends in reward lines. Each line is rounded once; the steps that are paid in
//! the period sum to its lines. A line names the period in which it is due, so that instalments, holdbacks and clawbacks
//! follow from the cell that earned them, and a late change to that cell moves them by its difference.
//!
//! What earlier periods left comes in as [`Past`]; nothing here looks anything up.

mod adjust;
mod bonus;
mod clawback;
mod defer;
mod draw;
mod facts;
mod kind;
mod limits;
mod line;
mod past;
mod reconcile;
mod stage;
mod step;
mod terms;

pub use kind::RewardKind;
pub use line::{HELD_DAY, Line};
pub use past::{Adjustment, AdjustmentKind, Past, PastLine};
pub use reconcile::{Booked, LineKey, Openness, booked_day, differences};
pub use step::{Step, StepKind};
pub use terms::unserved_part;

pub(super) use facts::Ranks;
pub(super) use stage::{RuleSum, RuleTotal, Settled, factors, settle};
pub(super) use terms::{SaleTerm, TermKey, TermKind, Unanswered, has_terms, terms_of};
