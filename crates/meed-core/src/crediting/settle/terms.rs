//! What becomes of single sales after they are credited: withheld until a day or a condition, or taken back on one.
//! Judged once for each sale, and only where the program has such terms.

use jiff::civil::Date;

use super::super::bound::BoundProgram;
use super::line::HELD_DAY;
use crate::command::day_number;
use crate::condition::{Context, EvalError, SaleRef};
use crate::id::Id;
use crate::money::Exact;
use crate::period::Period;
use crate::program::{Clawback, Length, Until};

/// What a term does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::crediting) enum TermKind {
    Holdback(usize),
    Clawback(usize),
    /// The whole credit of a sale of which something is taken back.
    Sold,
    /// The same under a holdback.
    HeldOf(usize),
    /// The value by which the tier of a rule is looked up.
    Lookup(usize),
    /// A factor of a rule applies.
    Kicker(usize, usize),
}

/// One term of one sale.
#[derive(Clone, Copy, Debug)]
pub(in crate::crediting) struct SaleTerm {
    pub(in crate::crediting) kind: TermKind,
    /// First day of the period in which it takes effect, as day number.
    pub(in crate::crediting) due_day: i64,
    /// The part of a credit that it concerns.
    pub(in crate::crediting) share: Exact,
}

/// Under which the amounts of credits are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::crediting) struct TermKey {
    pub(in crate::crediting) kind: TermKind,
    pub(in crate::crediting) rule: usize,
    pub(in crate::crediting) due_day: i64,
    /// The sale of a clawback; holdbacks of one period are one sum.
    pub(in crate::crediting) sale: Id,
}

impl TermKey {
    pub(super) fn is_holdback(&self, index: usize, rule: usize) -> bool {
        self.kind == TermKind::Holdback(index) && self.rule == rule
    }
}

/// Whether sales have to be asked at all.
pub(in crate::crediting) fn has_terms(bound: &BoundProgram<'_>) -> bool {
    let settle = &bound.program.settle;
    let by_sale = |rule: &crate::program::Rule| !rule.kickers.is_empty() || rule.pays.iter().any(|pay| pay.looked_up().is_some());
    bound.rules.iter().any(|bound| by_sale(bound.rule))
        || !settle.clawbacks.is_empty()
        || settle.holdbacks.iter().any(|holdback| holdback.until.is_by_sale())
}

/// What could not be asked of a sale: the rule, or all of them, and why.
pub(in crate::crediting) type Unanswered = (Option<usize>, EvalError);

/// The terms of a sale. A condition or date that has no answer is open: withheld stays withheld, nothing is taken back, and
/// no factor applies; `unanswered` tells.
pub(in crate::crediting) fn terms_of(bound: &BoundProgram<'_>, sale: SaleRef<'_>, unanswered: &mut Vec<Unanswered>) -> Vec<SaleTerm> {
    let context = Context { sale, period: bound.period, rep: None };
    let day = bound.period.zone().to_datetime(sale.facts.at()).date();
    let mut terms = Vec::new();
    for (index, holdback) in bound.program.settle.holdbacks.iter().enumerate() {
        let due = match &holdback.until {
            Until::Days(days) => later(day, Length::Days(*days)),
            Until::Day(formula) => answered(formula.day(&context), None, unanswered).flatten(),
            Until::When(when) => (answered(when.holds(&context), None, unanswered) == Some(true)).then_some(day),
            Until::Periods(_) | Until::Date(_) => continue,
        };
        // What is due before the sale's own period is simply not withheld.
        let due_day = due.and_then(|due| period_day(bound, due)).map_or(HELD_DAY, |due| due.max(cell_day(bound)));
        terms.push(SaleTerm { kind: TermKind::Holdback(index), due_day, share: Exact::ONE });
    }
    for (rule, bound_rule) in bound.rules.iter().enumerate() {
        for formula in bound_rule.rule.pays.iter().filter_map(crate::program::Pay::looked_up).take(1) {
            let value = answered(formula.number(&context), Some(rule), unanswered).flatten();
            terms.extend(value.map(|share| SaleTerm { kind: TermKind::Lookup(rule), due_day: 0, share }));
        }
        for (index, kicker) in bound_rule.rule.kickers.iter().enumerate() {
            if kicker.when.as_ref().is_none_or(|when| answered(when.holds(&context), Some(rule), unanswered) == Some(true)) {
                terms.push(SaleTerm { kind: TermKind::Kicker(rule, index), due_day: 0, share: Exact::ONE });
            }
        }
    }
    for (index, clawback) in bound.program.settle.clawbacks.iter().enumerate() {
        terms.extend(answered(clawed(&context, clawback, day), None, unanswered).flatten().map(|(on, share)| SaleTerm {
            kind: TermKind::Clawback(index),
            due_day: period_day(bound, on).unwrap_or(HELD_DAY).max(cell_day(bound)),
            share,
        }));
    }
    terms
}

impl BoundProgram<'_> {
    /// The part of a rule's credit for a sale that is withheld past the period: the shares of the holdbacks of the rule that
    /// are due later, 0 to 1.
    #[must_use]
    pub fn withheld_part(&self, rule_id: &str, sale: SaleRef<'_>) -> Exact {
        let settle = &self.program.settle;
        let Some(rule) = self.program.rules.iter().position(|rule| rule.id == rule_id) else { return Exact::ZERO };
        let terms = if settle.holdbacks.iter().any(|holdback| holdback.until.is_by_sale()) {
            terms_of(self, sale, &mut Vec::new())
        } else {
            Vec::new()
        };
        let mut part = Exact::ZERO;
        for (index, holdback) in settle.holdbacks.iter().enumerate().filter(|(_, holdback)| holdback.rules.contains(&rule)) {
            let is_later = match &holdback.until {
                Until::Periods(count) => *count > 0,
                Until::Date(date) => period_day(self, *date).is_some_and(|day| day > cell_day(self)),
                Until::Days(_) | Until::Day(_) | Until::When(_) => {
                    let due = terms.iter().find(|term| term.kind == TermKind::Holdback(index)).map(|term| term.due_day);
                    due.is_some_and(|day| day > cell_day(self))
                }
            };
            if is_later {
                part = part.saturating_add(holdback.share);
            }
        }
        part.min(Exact::ONE)
    }
}

fn cell_day(bound: &BoundProgram<'_>) -> i64 {
    day_number(bound.period.first_day())
}

fn period_day(bound: &BoundProgram<'_>, day: Date) -> Option<i64> {
    let period = Period::holding(day, bound.period.cadence(), bound.period.zone()).ok()?;
    Some(day_number(period.first_day()))
}

/// The answer, or a note that there is none.
fn answered<T>(answer: Result<T, EvalError>, rule: Option<usize>, unanswered: &mut Vec<Unanswered>) -> Option<T> {
    answer.map_err(|error| unanswered.push((rule, error))).ok()
}

/// When a clawback takes effect, and the part of the credit that it takes.
fn clawed(context: &Context<'_>, clawback: &Clawback, sold: Date) -> Result<Option<(Date, Exact)>, EvalError> {
    if let Some(when) = &clawback.when
        && !when.holds(context)?
    {
        return Ok(None);
    }
    let Some(on) = clawback.on.day(context)? else { return Ok(None) };
    if clawback.within.is_some_and(|within| later(sold, within).is_some_and(|end| on > end)) {
        return Ok(None);
    }
    let from = match clawback.term.as_ref().and_then(|term| term.from.as_ref()) {
        Some(formula) => formula.day(context)?,
        None => Some(sold),
    };
    let share = match (&clawback.term, from) {
        (None, _) => Some(Exact::ONE),
        (Some(term), Some(from)) => unserved_part(term.length, from, on),
        (Some(_), None) => None,
    };
    let share = share.and_then(|share| share.checked_mul(clawback.share)).filter(|share| *share > Exact::ZERO);
    Ok(share.map(|share| (on, share)))
}

/// The part of a length of time that was not served when what began on one day ended on another; `None` for a length of 0
/// and for days that cannot be counted.
#[must_use]
pub fn unserved_part(length: Length, from: Date, on: Date) -> Option<Exact> {
    let (length, served) = match length {
        Length::Days(days) => (i64::from(days), i64::from(from.until(on).ok()?.get_days())),
        Length::Months(months) => {
            let span = from.until((jiff::Unit::Month, on)).ok()?;
            // A month that has begun is served.
            let begun = i64::from(span.get_days() > 0);
            (i64::from(months), i64::from(span.get_months()) + begun)
        }
    };
    let left = (length - served.max(0)).max(0);
    Exact::from(left).checked_div(Exact::from(length)).map(super::super::kept::keep)
}

fn later(day: Date, length: Length) -> Option<Date> {
    let span = match length {
        Length::Days(days) => jiff::Span::new().try_days(days).ok()?,
        Length::Months(months) => jiff::Span::new().try_months(months).ok()?,
    };
    day.checked_add(span).ok()
}
