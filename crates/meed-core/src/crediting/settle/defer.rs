//! What is not paid with the period that earned it: holdbacks and instalments.

use std::collections::BTreeMap;

use super::super::kept::{add, mul, sub};
use super::kind::RewardKind;
use super::line::HELD_DAY;
use super::stage::Stage;
use super::step::{Step, StepKind};
use crate::command::day_number;
use crate::money::{Exact, Minor, Overflow, allocate};
use crate::period::Period;
use crate::program::{Holdback, Instalments, Until};

impl Stage<'_> {
    /// Lines for all that is paid apart from the commission line; answers their sum. Steps say what leaves the period.
    pub(super) fn deferred(&mut self, scale: &dyn Fn(Exact) -> Result<Exact, Overflow>) -> Result<Minor, Overflow> {
        let program = self.bound.program;
        let mut sum: Minor = 0;
        let mut withheld: BTreeMap<usize, Exact> = BTreeMap::new();
        for (index, holdback) in program.settle.holdbacks.iter().enumerate() {
            let taken = self.holdback(index, holdback, &mut withheld, scale)?;
            sum = sum.checked_add(taken).ok_or(Overflow)?;
        }
        for plan in &program.settle.instalments {
            let taken = self.instalments(plan, &withheld, scale)?;
            sum = sum.checked_add(taken).ok_or(Overflow)?;
        }
        Ok(sum)
    }

    fn holdback(
        &mut self,
        index: usize,
        holdback: &Holdback,
        withheld: &mut BTreeMap<usize, Exact>,
        scale: &dyn Fn(Exact) -> Result<Exact, Overflow>,
    ) -> Result<Minor, Overflow> {
        // By the period in which it is due; what is due now is not withheld at all.
        let mut due: BTreeMap<i64, Exact> = BTreeMap::new();
        for place in 0..self.rules.len() {
            let (rule, amount) = self.rules[place];
            if !holdback.rules.contains(&rule) {
                continue;
            }
            if holdback.until.is_by_sale() {
                for (key, sum) in self.tally.terms.iter().filter(|(key, _)| key.is_holdback(index, rule)) {
                    // Gates and multipliers moved the rule's sum since; its withheld part moves with it.
                    let held = self.factored(rule, mul(sum.exact()?, holdback.share)?)?;
                    note(&mut due, key.due_day, held)?;
                    note(withheld, rule, held)?;
                }
            } else if let Some(day) = self.due_of(&holdback.until) {
                let held = mul(amount, holdback.share)?;
                note(&mut due, day, held)?;
                note(withheld, rule, held)?;
            }
        }
        due.retain(|day, _| *day > self.cell_day);
        // By periods, only what this one adds is withheld from here on.
        let mut before: Minor = 0;
        if let Until::Periods(_) = holdback.until {
            before = self.scheduled(RewardKind::Holdback, &holdback.id)?;
            due.extend(self.due_of(&holdback.until).filter(|day| before != 0 && !due.contains_key(day)).map(|day| (day, Exact::ZERO)));
        }
        let mut sum: Minor = 0;
        for (day, exact) in due {
            let exact = scale(exact)?;
            let minor = self.round(exact)?;
            let mut step = Step::new(StepKind::Withheld, &holdback.label, self.major(-minor)).with("until", self.period_shown(day));
            if before != 0 {
                step = step.with_amount("of it before", self.major(before));
            }
            self.steps.push(step);
            let added = minor.checked_sub(before).ok_or(Overflow)?;
            self.whole_line(RewardKind::Holdback, (&holdback.id, &holdback.label), sub(exact, self.major(before))?, added, day, None);
            sum = sum.checked_add(minor).ok_or(Overflow)?;
        }
        Ok(sum)
    }

    /// What earlier periods, which are deducted, have scheduled under a name.
    fn scheduled(&self, kind: RewardKind, name: &str) -> Result<Minor, Overflow> {
        let Some(since) = self.deducted_since() else { return Ok(0) };
        self.past.released_since(self.rep.id, since, self.cell_day, &|line| line.kind == kind && line.name == name)
    }

    fn instalments(
        &mut self,
        plan: &Instalments,
        withheld: &BTreeMap<usize, Exact>,
        scale: &dyn Fn(Exact) -> Result<Exact, Overflow>,
    ) -> Result<Minor, Overflow> {
        let mut exact = Exact::ZERO;
        for (rule, amount) in self.rules.iter().filter(|(rule, _)| plan.rules.contains(rule)) {
            let held = withheld.get(rule).copied().unwrap_or_default();
            exact = add(exact, amount.checked_sub(held).ok_or(Overflow)?)?;
        }
        let exact = scale(exact)?;
        let whole = self.round(exact)?;
        let before = self.scheduled(RewardKind::Instalment, &plan.id)?;
        let added = whole.checked_sub(before).ok_or(Overflow)?;
        let exact = sub(exact, self.major(before))?;
        let parts = self.parts(plan, added)?;
        let mut now: Minor = 0;
        for (index, (day, part)) in parts.iter().enumerate() {
            let label = format!("{} {} of {}", plan.label, index + 1, parts.len());
            self.whole_line(RewardKind::Instalment, (&plan.id, &label), exact, *part, *day, None);
            if *day == self.cell_day {
                now = *part;
            }
        }
        let later = whole.checked_sub(now).ok_or(Overflow)?;
        if later != 0 {
            let mut step = Step::new(StepKind::Deferred, &plan.label, self.major(-later)).with_amount("of", self.major(whole));
            if before != 0 {
                step = step.with_amount("in parts before", self.major(before));
            }
            self.steps.push(step.with("parts", parts.len()));
        }
        Ok(whole)
    }

    /// The parts of an amount, each with the period in which it is due.
    pub(super) fn parts(&self, plan: &Instalments, whole: Minor) -> Result<Vec<(i64, Minor)>, Overflow> {
        let mut period = self.bound.period.clone();
        let mut parts = Vec::with_capacity(plan.parts.len());
        for part in allocate(whole, &plan.parts)?.unwrap_or_default() {
            parts.push((day_number(period.first_day()), part));
            for _ in 0..plan.every {
                period = period.next().map_err(|_| Overflow)?;
            }
        }
        Ok(parts)
    }

    /// The period in which a holdback of the whole cell is due.
    pub(super) fn due_of(&self, until: &Until) -> Option<i64> {
        let period = match until {
            Until::Periods(count) => {
                let mut period = self.bound.period.clone();
                for _ in 0..*count {
                    period = period.next().ok()?;
                }
                period
            }
            Until::Date(date) => {
                let period = self.bound.period;
                Period::holding(*date, period.cadence(), period.zone()).ok()?
            }
            Until::Days(_) | Until::Day(_) | Until::When(_) => return None,
        };
        Some(day_number(period.first_day()))
    }

    fn period_shown(&self, day: i64) -> String {
        if day == HELD_DAY {
            return "its condition is met".to_owned();
        }
        let like = self.bound.period;
        let date = crate::command::date_of(day);
        let period = date.and_then(|date| Period::holding(date, like.cadence(), like.zone()).ok());
        period.map_or_else(String::new, |period| period.label())
    }
}

pub(super) fn note<K: Ord>(sums: &mut BTreeMap<K, Exact>, key: K, amount: Exact) -> Result<(), Overflow> {
    let sum = sums.entry(key).or_insert(Exact::ZERO);
    *sum = add(*sum, amount)?;
    Ok(())
}
