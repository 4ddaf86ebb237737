//! What a till without a connection did and a person has to look at (`ledger.md` §7): spends that no lot covers, and what came
//! late. Its document is a record's body.

use serde::{Deserialize, Serialize};

use super::Damaged;
use super::packed::{packed, packed_code};
use crate::id::Id;
use crate::ledger::{Bearer, coded};
use crate::money::Minor;

coded! {
    /// What a person decides.
    ReviewDecision {
        /// The program bears it.
        WrittenOff = 1 "written_off",
        /// The customer owes it.
        Recovered = 2 "recovered",
        /// The store bears it.
        StoreBears = 3 "store_bears",
        /// It came late, and stands as it is.
        Accepted = 4 "accepted",
    }
}
packed_code!(ReviewDecision);

impl ReviewDecision {
    /// Who bears what is uncovered; nobody has to where nothing is.
    #[must_use]
    pub const fn bearer(self) -> Option<Bearer> {
        match self {
            Self::WrittenOff => Some(Bearer::Program),
            Self::Recovered => Some(Bearer::Customer),
            Self::StoreBears => Some(Bearer::Store),
            Self::Accepted => None,
        }
    }
}

/// Something to look at. Its record has the id of the spend, or of the sale where only that is late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The sale.
    pub purchase: Id,
    /// Whose.
    pub participant: Id,
    /// What was uncovered when it was recorded, in minor units of the currency.
    pub uncovered: Minor,
    /// Whether it came later than the tills may.
    pub is_late: bool,
    /// What was decided.
    pub decided: Option<Decided>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What.
    pub decision: ReviewDecision,
    /// How much was uncovered then.
    pub amount: Minor,
    /// When, microseconds UTC.
    pub at_us: i64,
    /// Why.
    pub note: String,
}

/// The body of a decision's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewBody {
    /// What.
    pub decision: ReviewDecision,
    /// How much.
    pub amount: Minor,
    /// Why.
    pub note: String,
    /// What could be spent right after it.
    pub balance: Minor,
}
packed!(ReviewBody { decision, amount, note, balance });

/// The form of the body.
const FORM: u8 = 1;

impl ReviewBody {
    /// Reads the stored form.
    pub fn from_row(row: &[u8]) -> Result<Self, Damaged> {
        super::packed::from_row(FORM, row)
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        super::packed::to_row(FORM, self)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    purchase: i64,
    participant: i64,
    uncovered: Minor,
    #[serde(default)]
    late: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided: Option<StoredDecision>,
}

#[derive(Serialize, Deserialize)]
struct StoredDecision {
    decision: i16,
    amount: Minor,
    at_us: i64,
    note: String,
}

impl Review {
    /// Reads a record's body.
    pub fn read(body: &str) -> Result<Self, Damaged> {
        let stored: Stored = serde_json::from_str(body).map_err(|_| Damaged)?;
        let decided = stored.decided.map(|StoredDecision { decision, amount, at_us, note }| {
            Ok(Decided { decision: ReviewDecision::from_code(decision).ok_or(Damaged)?, amount, at_us, note })
        });
        Ok(Self {
            purchase: Id(stored.purchase),
            participant: Id(stored.participant),
            uncovered: stored.uncovered,
            is_late: stored.late,
            decided: decided.transpose()?,
        })
    }

    /// Writes a record's body.
    #[must_use]
    pub fn write(&self) -> String {
        let stored = Stored {
            purchase: self.purchase.0,
            participant: self.participant.0,
            uncovered: self.uncovered,
            late: self.is_late,
            decided: self.decided.as_ref().map(|decided| StoredDecision {
                decision: decided.decision.code(),
                amount: decided.amount,
                at_us: decided.at_us,
                note: decided.note.clone(),
            }),
        };
        serde_json::to_string(&stored).expect("ids, amounts and texts are JSON")
    }
}
