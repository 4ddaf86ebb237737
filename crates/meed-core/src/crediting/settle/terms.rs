//! What becomes of single sales after they are credited: withheld until a day or a condition, or taken back on one.
//! Judged once for each sale, and only where the program has such terms.

use jiff::civil::Date;

use super::super::bound::BoundProgram;
use super::line::HELD_DAY;
use crate::command::day_number;
use crate::condition::{Condition, Context, SaleRef};
use crate::id::Id;
use crate::money::Exact;
use crate::period::Period;
use crate::program::{Clawback, Length, Term, Until};

/// What a term does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::crediting) enum TermKind {
    Holdback(usize),
    Clawback(usize),
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

    pub(super) fn is_clawback(&self, index: usize) -> bool {
        self.kind == TermKind::Clawback(index)
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

/// The terms of a sale. A condition or date that has no answer is open: withheld stays withheld, nothing is taken back.
pub(in crate::crediting) fn terms_of(bound: &BoundProgram<'_>, sale: SaleRef<'_>) -> Vec<SaleTerm> {
    let context = Context { sale, period: bound.period, rep: None };
    let day = bound.period.zone().to_datetime(sale.facts.at()).date();
    let mut terms = Vec::new();
    for (index, holdback) in bound.program.settle.holdbacks.iter().enumerate() {
        let due = match &holdback.until {
            Until::Days(days) => later(day, Length::Days(*days)),
            Until::Day(formula) => date(formula, &context),
            Until::When(when) => (when.holds(&context) == Ok(true)).then_some(day),
            Until::Periods(_) | Until::Date(_) => continue,
        };
        // What is due before the sale's own period is simply not withheld.
        let due_day = due.and_then(|due| period_day(bound, due)).map_or(HELD_DAY, |due| due.max(cell_day(bound)));
        terms.push(SaleTerm { kind: TermKind::Holdback(index), due_day, share: Exact::ONE });
    }
    for (rule, bound_rule) in bound.rules.iter().enumerate() {
        for formula in bound_rule.rule.pays.iter().filter_map(crate::program::Pay::looked_up).take(1) {
            let value = formula.number(&context).ok().flatten();
            terms.extend(value.map(|share| SaleTerm { kind: TermKind::Lookup(rule), due_day: 0, share }));
        }
        for (index, kicker) in bound_rule.rule.kickers.iter().enumerate() {
            if kicker.when.as_ref().is_none_or(|when| when.holds(&context) == Ok(true)) {
                terms.push(SaleTerm { kind: TermKind::Kicker(rule, index), due_day: 0, share: Exact::ONE });
            }
        }
    }
    for (index, clawback) in bound.program.settle.clawbacks.iter().enumerate() {
        terms.extend(clawed(bound, &context, clawback, day).map(|(on, share)| SaleTerm {
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
        let terms = if settle.holdbacks.iter().any(|holdback| holdback.until.is_by_sale()) { terms_of(self, sale) } else { Vec::new() };
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

fn date(formula: &Condition, context: &Context<'_>) -> Option<Date> {
    formula.day(context).ok().flatten()
}

/// When a clawback takes effect, and the part of the credit that it takes.
fn clawed(bound: &BoundProgram<'_>, context: &Context<'_>, clawback: &Clawback, sold: Date) -> Option<(Date, Exact)> {
    let _ = bound;
    if clawback.when.as_ref().is_some_and(|when| when.holds(context) != Ok(true)) {
        return None;
    }
    let on = date(&clawback.on, context)?;
    if clawback.within.is_some_and(|within| later(sold, within).is_some_and(|end| on >= end)) {
        return None;
    }
    let share = match &clawback.term {
        None => Exact::ONE,
        Some(term) => unserved(term, context, sold, on)?,
    };
    let share = share.checked_mul(clawback.share)?;
    (share > Exact::ZERO).then_some((on, share))
}

/// The part of a term that was not served when it ended on a day.
fn unserved(term: &Term, context: &Context<'_>, sold: Date, on: Date) -> Option<Exact> {
    let from = match &term.from {
        Some(formula) => date(formula, context)?,
        None => sold,
    };
    unserved_part(term.length, from, on)
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
