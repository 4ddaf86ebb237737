//! A credit as `/v1` answers it.

use meed_app::calculations::PaidInLine;
use meed_app::releases::{ConvertedLine, CreditLine};
use meed_core::id::{Id, Kind};
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::MoneyOut;

/// A piece of a credit. The pieces sum to the credit exactly.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditPiece)]
pub(crate) struct PieceOut {
    /// `rated`, `retroactive`, `above_tiers`, `cap`, `floor` or `assigned`.
    #[schema(example = "rated")]
    pub kind: String,
    /// The part of the basis, exact.
    #[schema(example = "1000")]
    pub basis: String,
    /// The rate on it, for people.
    #[schema(example = "1%")]
    pub rate: String,
    /// The amount, exact.
    #[schema(example = "10")]
    pub amount: String,
    /// Place of the tier, from 0.
    pub tier: Option<usize>,
    /// Name of the tier, where the plan gives one.
    pub label: Option<String>,
}

/// How a sale came into the plan's currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Converted)]
pub(crate) struct ConvertedOut {
    /// The sale's currency.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What was measured of the whole sale, in it, exact; null for a formula.
    #[schema(example = "1000")]
    pub amount: Option<String>,
    /// What one unit of it is worth in the plan's currency.
    #[schema(example = "1.0832")]
    pub exchange_rate: String,
    /// First day of the rate; null where the plan fixes it.
    #[schema(example = "2026-03-01")]
    pub rate_day: Option<String>,
}

impl ConvertedOut {
    fn of(line: &ConvertedLine) -> Self {
        Self {
            currency: line.currency.clone(),
            amount: line.amount.clone(),
            exchange_rate: line.rate.rate.clone(),
            rate_day: line.rate.rate_day.clone(),
        }
    }
}

/// An amount in the payee's own currency, with the rate that was used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PaidIn)]
pub(crate) struct PaidInOut {
    /// The amount.
    pub amount: MoneyOut,
    /// What one unit of the plan's currency is worth in it.
    #[schema(example = "0.9232")]
    pub exchange_rate: String,
    /// First day of the rate; null where the plan fixes it.
    #[schema(example = "2026-03-31")]
    pub rate_day: Option<String>,
}

impl PaidInOut {
    /// What a payee is paid in their own currency.
    pub(crate) fn of(line: &PaidInLine) -> Self {
        Self {
            amount: MoneyOut::of(line.amount, &line.currency),
            exchange_rate: line.rate.rate.clone(),
            rate_day: line.rate.rate_day.clone(),
        }
    }
}

/// A credit: a rule gives a payee an exact amount for a sale.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Credit)]
pub(crate) struct CreditOut {
    /// Who is credited.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    pub payee: String,
    /// Their name.
    #[schema(example = "Dana Reyes")]
    pub payee_name: String,
    /// The sale.
    pub sale: String,
    /// The source's own id of the sale.
    pub unique_id: Option<String>,
    /// When it was sold.
    pub date: String,
    /// The rule of the plan.
    pub rule: String,
    /// Level of an override, from 0.
    pub level: u32,
    /// The credited basis, exact.
    #[schema(example = "2500")]
    pub basis: String,
    /// How the sale was divided, where it was.
    pub split: Option<String>,
    /// The rep whose credit an override builds on.
    pub through: Option<String>,
    /// Whose credit it is, a rep or a team, where the plan gives what it earns to somebody else.
    pub assigned_from: Option<String>,
    /// Number of the plan's version, where several rule the period.
    pub plan_version: Option<u32>,
    /// What the rule had measured before this sale, exact.
    pub before: String,
    /// The amount in major units of the plan's currency, exact and unrounded.
    #[schema(example = "40")]
    pub amount: String,
    /// Amount ÷ basis in percent.
    #[schema(example = "1.6")]
    pub rate: Option<String>,
    /// How the sale came into the plan's currency, where it is in another.
    pub converted: Option<ConvertedOut>,
    /// The pieces it is made of.
    pub pieces: Vec<PieceOut>,
    /// The arithmetic in one line, for people.
    #[schema(example = "1,000.00 at 1% = 10.00 + 1,500.00 at 2% = 30.00; total 40.00; blended 1.6%")]
    pub text: String,
}

impl CreditOut {
    /// A credit of a payee.
    pub(crate) fn of(payee: Id, payee_name: &str, credit: &CreditLine) -> Self {
        let pieces = credit.pieces.iter().map(|piece| PieceOut {
            kind: piece.kind.clone(),
            basis: piece.basis.clone(),
            rate: piece.rate.clone(),
            amount: piece.amount.clone(),
            tier: piece.tier,
            label: piece.label.clone(),
        });
        Self {
            payee: payee.text(Kind::Rep),
            payee_name: payee_name.to_owned(),
            sale: Id(credit.sale).text(Kind::Sale),
            unique_id: credit.unique_id.clone(),
            date: credit.at.clone(),
            rule: credit.rule.clone(),
            level: credit.level,
            basis: credit.basis.clone(),
            split: credit.split.clone(),
            through: credit.through.map(|id| Id(id).text(Kind::Rep)),
            assigned_from: credit.assigned_from.clone(),
            plan_version: credit.version,
            before: credit.before.clone(),
            amount: credit.amount.clone(),
            rate: credit.rate.clone(),
            converted: credit.converted.as_ref().map(ConvertedOut::of),
            pieces: pieces.collect(),
            text: credit.text.clone(),
        }
    }
}
