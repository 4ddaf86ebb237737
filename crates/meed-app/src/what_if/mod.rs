//! What if: another text of a plan over stored history, with the difference per payee and per sale. Nothing is written
//! (`commissions.md` §5, behaviour 57).

mod knobs;

pub use knobs::{Knob, Turn, knobs, turn};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meed_core::command::day_number;
use meed_core::crediting::{Calculation, PastLine};
use meed_core::id::Id;
use meed_core::money::{Exact, Unit};
use meed_core::period::Period;
use meed_core::program::Program;

use crate::calculations::{Binding, LinesByDay, with_lines};
use crate::error::{AppError, AppResult};
use crate::{App, Configuration, Context, Scope, programs};

/// Periods that one question may cover.
pub const PERIODS_MAX: usize = 36;
/// How often both sides are calculated anew because something was recorded in between.
const ATTEMPTS_MAX: u32 = 5;

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The text that is tried.
    pub text: String,
    /// Label of the first period.
    pub from: String,
    /// Label of the last one; the first if empty.
    pub until: String,
    /// A rep whose sales are compared one by one.
    pub only: Option<Id>,
}

/// The sums of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Side {
    /// Minor units.
    pub total: i64,
    pub payees: u64,
    pub credits: u64,
}

/// What becomes of one payee, over all periods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PayeeChange {
    pub rep: Id,
    pub name: String,
    /// Minor units.
    pub before: i64,
    pub after: i64,
    /// Attainment in percent in the last period, where there is a quota.
    pub percent_before: Option<String>,
    pub percent_after: Option<String>,
}

impl PayeeChange {
    /// What the payee gains, minor units; negative where they lose.
    #[must_use]
    pub fn difference(&self) -> i64 {
        self.after.saturating_sub(self.before)
    }
}

/// What becomes of one sale for the payee that was asked for: the sum of its unrounded credits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SaleChange {
    pub sale: Id,
    pub unique_id: Option<String>,
    pub at: jiff::Timestamp,
    pub before: Exact,
    pub after: Exact,
}

/// What becomes of a period, minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct PeriodChange {
    pub period: String,
    pub before: i64,
    pub after: i64,
}

/// An answer.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct WhatIf {
    pub program: Id,
    pub program_name: String,
    /// The version that is compared with.
    pub version_number: u32,
    pub currency: Unit,
    /// Sales that were looked at.
    pub sales: u64,
    pub before: Side,
    pub after: Side,
    pub periods: Vec<PeriodChange>,
    /// Who gains most first, who loses most last.
    pub payees: Vec<PayeeChange>,
    /// Of the rep that was asked for, in canonical order.
    pub sale_changes: Vec<SaleChange>,
    /// What a person should look at under the new text.
    pub alerts: Vec<String>,
    /// Whether the examples that the text carries pass.
    pub examples_pass: bool,
}

/// One side of one period.
struct Found {
    as_of_us: i64,
    sales: u64,
    credits: u64,
    /// Minor units and attainment by rep.
    rewards: Vec<(Id, i64, Option<String>)>,
    credited: Vec<(Id, Option<String>, jiff::Timestamp, Exact)>,
    alerts: Vec<String>,
    /// What the period leaves to later ones.
    lines: Vec<(Id, PastLine)>,
}

/// What both sides have in common.
struct Common<'a> {
    app: &'a App,
    ctx: &'a Context,
    config: &'a Arc<Configuration>,
    only: Option<Id>,
}

/// Calculates the present version and the text over the same sales and people, and compares.
pub async fn compare(app: &App, ctx: &Context, program: Id, question: &Question) -> AppResult<WhatIf> {
    ctx.require_plans()?;
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let text = question.text.clone();
    let checked = tokio::task::spawn_blocking(move || programs::check(&text)).await.map_err(|_| AppError::bug("checking a plan failed"))?;
    if let Some(finding) = checked.findings.first() {
        let all: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
        return Err(AppError::invalid("plan_invalid", &format!("line {}", finding.line), all.join("\n")));
    }
    let examples_pass = checked.is_usable();
    let other = Arc::new(checked.program.ok_or_else(|| AppError::bug("a document without findings gave no program"))?);
    if other.currency != entry.program.currency {
        return Err(AppError::invalid("what_if_currency", "text", "the text pays in another currency; amounts cannot be compared"));
    }
    if other.cadence != entry.program.cadence {
        return Err(AppError::invalid("what_if_cadence", "text", "the text has periods of another length; they cannot be compared"));
    }
    let periods = periods(&config, &entry.program, question)?;
    let mut answer = WhatIf {
        program,
        program_name: entry.program.name.clone(),
        version_number: entry.number,
        currency: entry.program.currency,
        sales: 0,
        before: Side::default(),
        after: Side::default(),
        periods: Vec::with_capacity(periods.len()),
        payees: Vec::new(),
        sale_changes: Vec::new(),
        alerts: Vec::new(),
        examples_pass,
    };
    let mut payees: BTreeMap<Id, PayeeChange> = BTreeMap::new();
    let common = Common { app, ctx, config: &config, only: question.only };
    // All versions that rule some day on one side, the text alone on the other.
    let sides = [Binding::from(&entry), Binding::from((program, Arc::clone(&other)))];
    let mut left = [LinesByDay::new(), LinesByDay::new()];
    for period in &periods {
        let [before, after] = common.both(&sides, period, &left).await?;
        answer.add(period, &before, &after, &mut payees, &config);
        let day = day_number(period.first_day());
        for (lines, found) in left.iter_mut().zip([before, after]) {
            lines.insert(day, found.lines);
        }
    }
    answer.before.payees = payees.values().filter(|payee| payee.before != 0).count() as u64;
    answer.after.payees = payees.values().filter(|payee| payee.after != 0).count() as u64;
    answer.payees = payees.into_values().collect();
    answer.payees.sort_by(|a, b| (b.difference(), &a.name, a.rep).cmp(&(a.difference(), &b.name, b.rep)));
    Ok(answer)
}

fn periods(config: &Configuration, program: &Program, question: &Question) -> AppResult<Vec<Period>> {
    let read = |label: &str, field: &str| {
        let period = Period::parse(label, &config.zone).ok().filter(|period| period.cadence() == program.cadence);
        period.ok_or_else(|| {
            AppError::invalid("period_invalid", field, format!("`{label}` is not a period of this plan, such as 2026-03 or 2026-Q1"))
        })
    };
    let first = read(&question.from, "from")?;
    let last = if question.until.is_empty() { first.clone() } else { read(&question.until, "until")? };
    if last.first_day() < first.first_day() {
        return Err(AppError::invalid("period_invalid", "until", "the last period lies before the first"));
    }
    let mut periods = vec![first];
    while let Some(present) = periods.last().filter(|period| period.first_day() < last.first_day()) {
        if periods.len() == PERIODS_MAX {
            return Err(AppError::invalid("period_invalid", "until", format!("at most {PERIODS_MAX} periods at once")));
        }
        let next = present.next().map_err(|_| AppError::invalid("period_invalid", "until", "this period cannot be reached"))?;
        periods.push(next);
    }
    Ok(periods)
}

impl Common<'_> {
    /// Both sides of a period, of the same sales: where something is recorded in between, they are calculated again.
    async fn both(&self, sides: &[Binding; 2], period: &Period, left: &[LinesByDay; 2]) -> AppResult<[Found; 2]> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let before = self.one(&sides[0], period, &left[0]).await?;
            let after = self.one(&sides[1], period, &left[1]).await?;
            if before.as_of_us == after.as_of_us || attempt == ATTEMPTS_MAX {
                return Ok([before, after]);
            }
        }
    }

    async fn one(&self, side: &Binding, period: &Period, left: &LinesByDay) -> AppResult<Found> {
        let (only, cell_day) = (self.only, day_number(period.first_day()));
        let look = move |calculation: &Calculation<'_>, as_of_us: i64| Found {
            as_of_us,
            sales: calculation.sales() as u64,
            credits: calculation.credit_count(),
            rewards: calculation.rewards().iter().map(|r| (r.rep, r.minor, r.attainment.percent().map(|p| p.to_string()))).collect(),
            credited: only.map_or_else(Vec::new, |rep| {
                calculation.credits(rep).into_iter().map(|credit| (credit.sale, credit.unique_id, credit.at, credit.amount)).collect()
            }),
            alerts: calculation.alerts().iter().map(|alert| alert.text.clone()).collect(),
            lines: lines_of(calculation, cell_day),
        };
        with_lines(self.app, self.ctx.workspace, Arc::clone(self.config), side.clone(), period.clone(), left.clone(), look).await
    }
}

fn lines_of(calculation: &Calculation<'_>, cell_day: i64) -> Vec<(Id, PastLine)> {
    let of_reward = |reward: &meed_core::crediting::Reward| {
        let rep = reward.rep;
        let line = |line: &meed_core::crediting::Line| PastLine {
            cell_day,
            due_day: line.due_day,
            kind: line.kind,
            name: line.name.clone(),
            minor: line.minor,
        };
        reward.lines.iter().map(|l| (rep, line(l))).collect::<Vec<_>>()
    };
    calculation.rewards().iter().flat_map(of_reward).collect()
}

impl WhatIf {
    fn add(&mut self, period: &Period, before: &Found, after: &Found, payees: &mut BTreeMap<Id, PayeeChange>, config: &Configuration) {
        let sum = |found: &Found| found.rewards.iter().map(|(_, minor, _)| *minor).fold(0, i64::saturating_add);
        let (sum_before, sum_after) = (sum(before), sum(after));
        self.sales += before.sales;
        self.before.total = self.before.total.saturating_add(sum_before);
        self.after.total = self.after.total.saturating_add(sum_after);
        self.before.credits += before.credits;
        self.after.credits += after.credits;
        self.periods.push(PeriodChange { period: period.label(), before: sum_before, after: sum_after });
        let fresh =
            |rep: Id| PayeeChange { rep, name: config.rep_name(rep), before: 0, after: 0, percent_before: None, percent_after: None };
        for (rep, minor, percent) in &before.rewards {
            let payee = payees.entry(*rep).or_insert_with(|| fresh(*rep));
            payee.before = payee.before.saturating_add(*minor);
            payee.percent_before.clone_from(percent);
        }
        for (rep, minor, percent) in &after.rewards {
            let payee = payees.entry(*rep).or_insert_with(|| fresh(*rep));
            payee.after = payee.after.saturating_add(*minor);
            payee.percent_after.clone_from(percent);
        }
        self.add_sales(before, after);
        for alert in &after.alerts {
            if !self.alerts.contains(alert) {
                self.alerts.push(alert.clone());
            }
        }
    }

    fn add_sales(&mut self, before: &Found, after: &Found) {
        let mut places: HashMap<Id, usize> = HashMap::new();
        let mut changes: Vec<SaleChange> = Vec::new();
        for (is_after, credits) in [(false, &before.credited), (true, &after.credited)] {
            for (sale, unique_id, at, amount) in credits {
                let place = *places.entry(*sale).or_insert_with(|| {
                    let unique_id = unique_id.clone();
                    changes.push(SaleChange { sale: *sale, unique_id, at: *at, before: Exact::ZERO, after: Exact::ZERO });
                    changes.len() - 1
                });
                let side = if is_after { &mut changes[place].after } else { &mut changes[place].before };
                // Sums of credits stay in range where the rewards did.
                *side = side.checked_add(*amount).unwrap_or(*side);
            }
        }
        changes.sort_by(|a, b| (a.at, &a.unique_id, a.sale).cmp(&(b.at, &b.unique_id, b.sale)));
        self.sale_changes.extend(changes);
    }
}
