//! Why a credit is what it is, and why a sale earned nothing: shared by the sale and the statement.

use super::charts::TierPieces;
use super::{Amount, Link, Tone};

/// One step from the sale to the credit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What the step does: "Basis", "Tier 100,000 – 125,000", "Split".
    pub label: String,
    /// How: `10,400.00 × 6%`.
    pub working: String,
    /// What comes out, as an exact decimal text.
    pub result: String,
    /// The last step, whose result is the credit.
    pub last: bool,
}

/// One credit with its explanation.
#[derive(Clone, Debug, Default)]
pub struct CreditView {
    /// Id of the credit; its fragment on the statement.
    pub id: String,
    /// The sale.
    pub sale: Link,
    /// Day of the sale.
    pub date: String,
    /// Customer or product, to recognise the sale by.
    pub subject: String,
    /// Who earns; text only where the page is about them.
    pub payee: Link,
    /// The program.
    pub program: Link,
    /// Name of the rule.
    pub rule: String,
    /// Version of the program, such as `v3`.
    pub version: String,
    /// The period and calculation it counts in; empty link text before any calculation.
    pub calculation: Link,
    /// The exact, unrounded amount.
    pub amount: Amount,
    /// How it came about.
    pub steps: Vec<Step>,
    /// Where the sale fell in the tiers; no bands for untiered rules.
    pub tiers: TierPieces,
    /// Where the numbers come from: `orders-march.csv, line 118`; may have no address.
    pub origin: Link,
    /// Where the commission can be changed by hand; empty for who may not.
    pub adjust: String,
}

/// A rule that gave nothing for a sale.
#[derive(Clone, Debug, Default)]
pub struct Miss {
    /// The program.
    pub program: Link,
    /// Name of the rule; empty when the whole program did not apply.
    pub rule: String,
    /// One sentence: "The owner is known by no rep."
    pub reason: String,
    /// The condition that failed, as written; may be empty.
    pub condition: String,
    /// What it found in the sale: `status = "refunded"`; may be empty.
    pub found: String,
    /// Warn when somebody should look, neutral when it is as meant.
    pub tone: Tone,
    /// What to do about it; empty when nothing.
    pub fix: Link,
}
