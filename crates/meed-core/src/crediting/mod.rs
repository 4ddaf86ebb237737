//! Crediting: from sales to credits, and from credits to rewards.
//!
//! The unit of calculation is a cell: one program, one rep or team, one period. Its reward is a fold over the rep's sales in
//! canonical order (business time, unique id, record id), so it depends on nothing else: not on the order in which
//! sales arrive, not on how they are cut into runs, not on the number of threads.
//!
//! [`BoundProgram`] binds a program to people and a period. A [`Run`] takes sales in and keeps a few dozen bytes for
//! each credit; runs on several threads are merged. [`Run::finish`] folds the cells. Explanations are made on demand,
//! by folding a cell again and keeping the pieces.

mod alerts;
mod assign;
mod bound;
mod calculation;
mod cells;
mod decide;
mod examples;
mod explanation;
mod explanation_json;
mod find;
mod flags;
mod fold;
mod foreign;
mod history;
mod keep;
mod kept;
mod listing;
mod measure;
mod overrides;
mod pay;
mod people;
mod plain;
mod reason;
mod rehearsal;
mod run;
mod settle;
mod spread;
mod tally;
mod verdict;
mod versions;
mod windows;

pub use bound::BoundProgram;
pub use calculation::{Calculation, PaidIn, Reward, TeamResult};
pub use examples::{Difference, ExampleResult};
pub use explanation::{
    AssignedShown, ConvertedShown, Credit, Explanation, Piece, PieceKind, RateShown, RuleReached, SplitShown, ThroughSum, VariableShown,
    shown,
};
pub use history::History;
pub use keep::{Change, Kept};
pub use kept::PLACES;
pub use listing::Listed;
pub use measure::Attainment;
pub use reason::{Alert, AlertCode, NotCredited, Reason};
pub use run::{Fed, Run};
pub use settle::{
    Adjustment, AdjustmentKind, Booked, HELD_DAY, Line, LineKey, Openness, Past, PastLine, RewardKind, Step, StepKind, booked_day,
    differences, unserved_part,
};
pub use spread::Job;
pub use verdict::{CreditedTo, Refused, RuleVerdict, SaleVerdict};
pub use versions::ProgramVersion;
pub use windows::measured_days;

use crate::condition::SaleRef;

/// Calculates a program over sales in any order.
pub fn calculate<'a, 's>(bound: &'a BoundProgram<'a>, sales: impl IntoIterator<Item = SaleRef<'s>>) -> Calculation<'a> {
    let mut run = Run::new(bound);
    run.feed(sales);
    run.finish()
}
