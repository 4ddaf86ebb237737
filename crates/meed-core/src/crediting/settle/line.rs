//! Reward lines: what is posted, each rounded once.

use super::kind::RewardKind;
use crate::id::Id;
use crate::money::{Exact, Minor};

/// Stands for the day of a line whose condition is still open: 31 December 9999, as day number. No period ends there, so
/// such a line belongs to no statement until its condition is met.
pub const HELD_DAY: i64 = 2_932_896;

/// One line of a payee's target for a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: RewardKind,
    /// Tells lines of one kind apart: the id of a bonus, an adjustment, a sale; empty where there is only one.
    pub name: String,
    /// For people.
    pub label: String,
    /// First day of the period in which it is due, as day number; [`HELD_DAY`] while a condition is open.
    pub due_day: i64,
    /// Unrounded.
    pub exact: Exact,
    /// What is posted.
    pub minor: Minor,
    /// The sale that it takes back or concerns.
    pub sale: Option<Id>,
}
