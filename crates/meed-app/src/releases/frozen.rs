//! A statement as it is frozen: every reward of a payee's period and every credit behind it.

use std::collections::{BTreeMap, BTreeSet};

use meed_core::command::{RewardRow, day_number};
use meed_core::crediting::{Credit, Explanation, Listed, RuleReached, ThroughSum, VariableShown};
use meed_core::id::Id;
use meed_core::money::{Conversion, Exact, Overflow, Rounding};
use meed_core::period::Period;
use serde::{Deserialize, Serialize};

use super::read::label_of;
use crate::calculations::{PaidInLine, PostedLine, RateLine, StepLine};
use crate::error::{AppError, AppResult};

/// A payee's statement of a program's period.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StatementBody {
    pub program: i64,
    pub program_name: String,
    pub version: i64,
    pub version_number: u32,
    pub period: String,
    pub rep: i64,
    pub rep_name: String,
    pub currency: String,
    /// What is released, minor units, negative differences included.
    pub total: i64,
    pub rewards: Vec<RewardLine>,
    /// Sum of the credits of this period, unrounded.
    pub exact: String,
    /// What rounding added or took.
    pub rounding: String,
    pub attainment: String,
    pub quota: Option<String>,
    pub percent: Option<String>,
    pub credits: Vec<CreditLine>,
    /// Sum of the credits, unrounded.
    #[serde(default)]
    pub credited: String,
    /// How the credits become what is paid.
    #[serde(default)]
    pub steps: Vec<StepLine>,
    /// What this period earned and later ones pay: holdbacks and instalments.
    #[serde(default)]
    pub later: Vec<PostedLine>,
    /// Figures that the plan read, with their days; never a salary.
    #[serde(default)]
    pub variables: Vec<VariableLine>,
    /// How many credits come before the first that is listed; none in what is frozen.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub first: usize,
    /// How many credits there are, listed or not.
    #[serde(default)]
    pub credit_count: usize,
    /// How many sales they come from.
    #[serde(default)]
    pub sale_count: usize,
    /// What each rule had measured after the last credit.
    #[serde(default)]
    pub reached: Vec<ReachedLine>,
    /// Overrides by the rep or team below.
    #[serde(default)]
    pub through: Vec<ThroughLine>,
    /// The total in the payee's own currency, where that is another than the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_in: Option<PaidInLine>,
}

/// How far a rule came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReachedLine {
    /// Id of the rule.
    pub rule: String,
    /// Exact, in the unit of the rule's basis.
    pub value: String,
}

/// The overrides on the credits of one rep or team below, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ThroughLine {
    /// The rep or team below.
    pub through: i64,
    pub credits: usize,
    /// Exact sums.
    pub basis: String,
    pub amount: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A figure of the payee or the plan that the calculation read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct VariableLine {
    pub name: String,
    /// Exact; absent where neither the payee nor the plan has it.
    pub value: Option<String>,
    /// First day on which it holds, ISO; absent where it always did.
    pub from: Option<String>,
    /// The payee's own, and not the plan's.
    pub own: bool,
}

/// A reward on a statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RewardLine {
    pub reward: i64,
    /// Label of the period that earned it.
    pub period: String,
    pub amount: i64,
    /// A difference to a period that had been released.
    pub carried: bool,
    /// Stable word of what it is, such as `commission` or `draw_advance`.
    #[serde(default)]
    pub kind: String,
    /// Tells lines of one kind apart: the id of a bonus, a sale.
    #[serde(default)]
    pub line: String,
    /// Minor units of the payee's own currency, rounded once; these sum to the statement's total in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_in: Option<i64>,
}

impl RewardLine {
    pub(super) fn of(row: &RewardRow, like: &Period) -> Self {
        Self {
            reward: row.id.0,
            period: label_of(like, row.cell_day),
            amount: row.amount,
            carried: row.is_carried(),
            kind: row.kind.word().to_owned(),
            line: row.line.clone(),
            paid_in: None,
        }
    }
}

/// A credit on a statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CreditLine {
    pub sale: i64,
    pub unique_id: Option<String>,
    pub at: String,
    pub rule: String,
    pub level: u32,
    pub place: u16,
    pub basis: String,
    pub split: Option<String>,
    pub through: Option<i64>,
    pub before: String,
    pub amount: String,
    pub rate: Option<String>,
    pub pieces: Vec<CreditPiece>,
    pub text: String,
    /// Number of the program's version; absent where one version rules the whole period.
    #[serde(default)]
    pub version: Option<u32>,
    /// Whose credit it is, where the rule gives what it earns to somebody else: a rep or a team.
    #[serde(default)]
    pub assigned_from: Option<String>,
    /// How the sale came into the plan's currency, where it is in another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted: Option<ConvertedLine>,
}

/// How a sale came into the plan's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ConvertedLine {
    /// The sale's currency.
    pub currency: String,
    /// What was measured of the whole sale, in it; absent for a formula.
    pub amount: Option<String>,
    #[serde(flatten)]
    pub rate: RateLine,
}

/// A piece of a credit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CreditPiece {
    pub kind: String,
    pub basis: String,
    pub rate: String,
    pub amount: String,
    pub tier: Option<usize>,
    pub label: Option<String>,
}

impl CreditLine {
    /// The line of a credit, with its arithmetic.
    #[must_use]
    pub fn of(credit: &Credit) -> Self {
        let pieces = credit
            .pieces
            .iter()
            .map(|p| CreditPiece {
                kind: p.kind.code().to_owned(),
                basis: p.basis.normalize().to_string(),
                rate: p.rate.to_string(),
                amount: p.amount.normalize().to_string(),
                tier: p.tier,
                label: p.tier_label.clone(),
            })
            .collect();
        Self {
            sale: credit.sale.0,
            unique_id: credit.unique_id.clone(),
            at: credit.at.to_string(),
            rule: credit.rule_id.clone(),
            level: u32::try_from(credit.level).unwrap_or(u32::MAX),
            place: credit.place,
            basis: credit.basis.normalize().to_string(),
            split: credit.split.as_ref().map(ToString::to_string),
            through: credit.through.map(|id| id.0),
            before: credit.before.normalize().to_string(),
            amount: credit.amount.normalize().to_string(),
            rate: credit.blended_percent().map(|p| p.to_string()),
            pieces,
            text: credit.arithmetic(),
            version: credit.version,
            assigned_from: credit.assigned.as_ref().map(meed_core::crediting::AssignedShown::from_text),
            converted: credit.converted.map(|converted| ConvertedLine {
                currency: converted.conversion.from.code().to_owned(),
                amount: converted.amount.map(|amount| amount.normalize().to_string()),
                rate: RateLine::of(&converted.conversion),
            }),
        }
    }
}

fn variable(shown: &VariableShown) -> VariableLine {
    VariableLine {
        name: shown.name.clone(),
        value: shown.value.map(|value| value.normalize().to_string()),
        from: shown.from.map(|day| day.to_string()),
        own: shown.own,
    }
}

/// What a statement says of the target of its own period.
pub(super) fn put_explanation(body: &mut StatementBody, explanation: Option<&Explanation>, period: &Period) {
    let Some(explanation) = explanation else { return };
    body.exact = explanation.exact.normalize().to_string();
    body.rounding = explanation.rounding_difference().normalize().to_string();
    body.attainment = explanation.attainment.value.normalize().to_string();
    body.quota = explanation.attainment.quota.map(|q| q.normalize().to_string());
    body.percent = explanation.attainment.percent().map(|p| p.to_string());
    body.credits = explanation.credits.iter().map(CreditLine::of).collect();
    (body.first, body.credit_count, body.sale_count) = (explanation.first, explanation.credit_count, explanation.sale_count);
    let reached = |reached: &RuleReached| ReachedLine { rule: reached.rule.clone(), value: reached.value.normalize().to_string() };
    body.reached = explanation.reached.iter().map(reached).collect();
    let through = |sum: &ThroughSum| ThroughLine {
        through: sum.through.0,
        credits: sum.credits,
        basis: sum.basis.normalize().to_string(),
        amount: sum.amount.normalize().to_string(),
    };
    body.through = explanation.through.iter().map(through).collect();
    body.credited = explanation.credited.normalize().to_string();
    body.steps = explanation.steps.iter().map(StepLine::from).collect();
    body.variables = explanation.variables.iter().filter(|v| v.name != crate::people::SALARY).map(variable).collect();
    let day = day_number(period.first_day());
    body.later = explanation.lines.iter().filter(|line| line.due_day > day).map(|line| PostedLine::of(line, period)).collect();
}

impl StatementBody {
    /// A statement without credits yet.
    pub(super) fn new(entry: &crate::ProgramEntry, period: &Period, rep: Id, rep_name: String) -> Self {
        let (version, version_number) = entry.last_of(period);
        Self {
            program: entry.id.0,
            program_name: entry.program.name.clone(),
            version: version.0,
            version_number,
            period: period.label(),
            rep: rep.0,
            rep_name,
            currency: entry.program.currency.code().to_owned(),
            total: 0,
            rewards: Vec::new(),
            exact: "0".into(),
            rounding: "0".into(),
            attainment: "0".into(),
            quota: None,
            percent: None,
            credits: Vec::new(),
            credited: "0".into(),
            steps: Vec::new(),
            later: Vec::new(),
            variables: Vec::new(),
            first: 0,
            credit_count: 0,
            sale_count: 0,
            reached: Vec::new(),
            through: Vec::new(),
            paid_in: None,
        }
    }

    /// Completes a statement that was frozen before its numbers were kept beside its credits.
    pub(super) fn complete(&mut self) {
        if self.credit_count > 0 || self.credits.is_empty() {
            return;
        }
        self.credit_count = self.credits.len();
        self.sale_count = self.credits.iter().map(|credit| credit.sale).collect::<BTreeSet<_>>().len();
        let mut last: BTreeMap<&str, &CreditLine> = BTreeMap::new();
        last.extend(self.credits.iter().map(|credit| (credit.rule.as_str(), credit)));
        let exact = |text: &str| text.parse::<Exact>().ok();
        let reached = |(rule, credit): (&&str, &&CreditLine)| {
            let value = exact(&credit.before)?.checked_add(exact(&credit.basis)?)?;
            Some(ReachedLine { rule: (*rule).to_owned(), value: value.normalize().to_string() })
        };
        self.reached = last.iter().filter_map(reached).collect();
    }

    /// Lists some of the credits of a statement that has them all.
    pub(super) fn list(&mut self, listed: Listed) {
        let all = self.credits.len();
        let (from, count) = match listed {
            Listed::All => return,
            Listed::Slice { from, count } => (from.min(all), count),
            Listed::PageOf { sale, count } => match self.credits.iter().position(|credit| credit.sale == sale.0) {
                Some(found) => (found - found % count.max(1), count),
                None => (0, 0),
            },
            Listed::OfSale(sale) => {
                let first = self.credits.iter().position(|credit| credit.sale == sale.0).unwrap_or(all);
                (first, self.credits[first..].iter().take_while(|credit| credit.sale == sale.0).count())
            }
        };
        self.first = from;
        self.credits.truncate(from.saturating_add(count));
        self.credits.drain(..from);
    }

    /// Says what the rewards come to in the payee's own currency, each rounded once.
    pub(super) fn pay_in(&mut self, conversion: &Conversion, rounding: Rounding) -> AppResult<()> {
        let range = |_| AppError::invalid("amount_overflow", "currency", "a reward leaves the range of an amount in the payee's currency");
        let mut total = 0i64;
        for reward in &mut self.rewards {
            let minor = conversion.minor(reward.amount, rounding).map_err(range)?;
            total = total.checked_add(minor).ok_or(Overflow).map_err(range)?;
            reward.paid_in = Some(minor);
        }
        self.paid_in = Some(PaidInLine::of(conversion, total));
        Ok(())
    }
}
