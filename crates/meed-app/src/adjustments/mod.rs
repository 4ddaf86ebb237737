//! Adjustments: rewards by hand, changed commissions, what is taken back, cleared draws (`commissions.md` §4.5, §5).
//!
//! An adjustment is a record of its own and input to every calculation of its period. One that changes the commission of a
//! sale is tied to the credit as it stands: it lapses, with an alert, when the payee, the rule or the tier is another. One
//! that takes back the commission of a sale is an entry of the period in which it is made and names where it comes from.

mod clawback;
mod list;
mod make;
mod sheet;

pub use clawback::{ClawbackAsk, ClawbackRow, ClawbackSheet, clawback, clawback_of_all, clawback_rows};
pub use list::{AdjustmentEntry, Standing, all, get, list, standings};
pub use make::{Made, NewAdjustment, Once, add, add_many, add_once, remove, remove_many, repeated};
pub use sheet::{SheetRow, sheet_rows};

use meed_core::crediting::{Adjustment, AdjustmentKind, RewardKind};
use meed_core::id::Id;
use serde::{Deserialize, Serialize};

/// Longest label.
const LABEL_MAX: usize = 200;
/// Rows of a sheet at most.
pub const ROWS_MAX: usize = 2_000;

/// A stored adjustment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AdjustmentDocument {
    pub program: i64,
    /// Label of the period.
    pub period: String,
    pub cell_day: i64,
    pub rep: i64,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`.
    pub kind: String,
    /// Minor units; 0 for a cleared draw.
    pub amount: i64,
    pub currency: String,
    pub label: String,
    /// The sale whose commission is changed, and the credit it is tied to.
    #[serde(default)]
    pub sale: Option<i64>,
    #[serde(default)]
    pub rule: Option<String>,
    #[serde(default)]
    pub tier: Option<String>,
    /// The sale whose commission is taken back, the period that earned it, and what it had earned, unrounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_period: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earned: Option<String>,
    /// Fingerprint of the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    pub created_us: i64,
    pub created_by: String,
}

impl AdjustmentDocument {
    /// The adjustment as calculations take it; `None` for a kind that this release does not know.
    pub(crate) fn adjustment(&self, id: Id) -> Option<Adjustment> {
        let kind = match (self.kind.as_str(), self.sale) {
            ("clear_draw", _) => AdjustmentKind::ClearDraw,
            (_, Some(sale)) => AdjustmentKind::Credit {
                sale: Id(sale),
                rule: self.rule.clone().unwrap_or_default(),
                tier: self.tier.clone(),
                minor: self.amount,
            },
            (word, None) => AdjustmentKind::Amount { kind: RewardKind::from_word(word)?, minor: self.amount, sale: self.origin.map(Id) },
        };
        Some(Adjustment { id, cell_day: self.cell_day, label: self.label.clone(), kind })
    }

    /// The sale that it changes or takes back.
    #[must_use]
    pub fn sale_id(&self) -> Option<Id> {
        self.sale.or(self.origin).map(Id)
    }
}
