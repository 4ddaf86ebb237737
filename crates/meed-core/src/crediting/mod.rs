//! Crediting: from sales to credits, and from credits to rewards.
//!
//! The unit of calculation is a cell: one program, one rep, one period. Its reward is a fold over the rep's sales in
//! canonical order (business time, unique id, record id), so it depends on nothing else: not on the order in which
//! sales arrive, not on how they are cut into runs, not on the number of threads.
//!
//! [`BoundProgram`] binds a program to people and a period. A [`Run`] takes sales in and keeps a few dozen bytes for
//! each credit; runs on several threads are merged. [`Run::finish`] folds the cells. Explanations are made on demand,
//! by folding a cell again and keeping the pieces.

mod bound;
mod calculation;
mod cells;
mod decide;
mod examples;
mod explanation;
mod fold;
mod kept;
mod pay;
mod reason;
mod rehearsal;
mod run;
mod settle;
mod verdict;

pub use bound::{BoundProgram, measured_days};
pub use calculation::{Calculation, Reward};
pub use cells::Job;
pub use examples::{Difference, ExampleResult};
pub use explanation::{Attainment, Credit, Explanation, Piece, PieceKind, RateShown, SplitShown, VariableShown, shown};
pub use kept::PLACES;
pub use reason::{Alert, AlertCode, NotCredited, Reason};
pub use run::Run;
pub use settle::{Booked, HELD_DAY, Line, LineKey, Openness, Past, PastLine, RewardKind, Step, StepKind, booked_day, differences};
pub use verdict::{CreditedTo, Refused, RuleVerdict, SaleVerdict};

use crate::condition::SaleRef;

/// Calculates a program over sales in any order.
pub fn calculate<'a, 's>(bound: &'a BoundProgram<'a>, sales: impl IntoIterator<Item = SaleRef<'s>>) -> Calculation<'a> {
    let mut run = Run::new(bound);
    run.feed(sales);
    run.finish()
}
