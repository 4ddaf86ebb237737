//! What is not paid with the period that earned it: holdbacks, instalments, and what is taken back later.

use std::collections::BTreeMap;

use super::super::kept::{add, mul};
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
                let earned = self.tally.by_rule.iter().find(|sum| sum.rule == rule).map_or(Ok(Exact::ZERO), |sum| sum.amount.exact())?;
                for (key, sum) in self.tally.terms.iter().filter(|(key, _)| key.is_holdback(index, rule)) {
                    // Gates and multipliers moved the rule's sum since; its withheld part moves with it.
                    let held = mul(sum.exact()?, holdback.share)?;
                    let held = if earned == amount || earned.is_zero() { held } else { super::super::kept::mul_div(held, amount, earned)? };
                    note(&mut due, key.due_day, held)?;
                    note(withheld, rule, held)?;
                }
            } else if let Some(day) = self.due_of(&holdback.until) {
                let held = mul(amount, holdback.share)?;
                note(&mut due, day, held)?;
                note(withheld, rule, held)?;
            }
        }
        let mut sum: Minor = 0;
        due.retain(|day, _| *day > self.cell_day);
        for (day, exact) in due {
            let minor = self.round(scale(exact)?)?;
            let step = Step::new(StepKind::Withheld, &holdback.label, self.major(-minor));
            self.steps.push(step.with("until", self.period_shown(day)));
            self.whole_line(RewardKind::Holdback, (&holdback.id, &holdback.label), exact, minor, day, None);
            sum = sum.checked_add(minor).ok_or(Overflow)?;
        }
        Ok(sum)
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
        let Some(parts) = allocate(whole, &plan.parts)? else { return Ok(0) };
        let mut period = self.bound.period.clone();
        let mut later: Minor = 0;
        for (index, part) in parts.iter().enumerate() {
            let day = day_number(period.first_day());
            let label = format!("{} {} of {}", plan.label, index + 1, parts.len());
            self.whole_line(RewardKind::Instalment, (&plan.id, &label), exact, *part, day, None);
            if index > 0 {
                later = later.checked_add(*part).ok_or(Overflow)?;
            }
            for _ in 0..plan.every {
                period = period.next().map_err(|_| Overflow)?;
            }
        }
        if later != 0 {
            let step = Step::new(StepKind::Deferred, &plan.label, self.major(-later)).with_amount("of", self.major(whole));
            self.steps.push(step.with("parts", parts.len()));
        }
        Ok(whole)
    }

    /// One line for each sale of which something is taken back, in the period of the event.
    pub(super) fn clawbacks(&mut self) -> Result<(), Overflow> {
        let program = self.bound.program;
        for (index, clawback) in program.settle.clawbacks.iter().enumerate() {
            let mut by_sale = BTreeMap::new();
            for (key, sum) in self.tally.terms.iter().filter(|(key, _)| key.is_clawback(index)) {
                let entry = by_sale.entry((key.due_day, key.sale)).or_insert(Exact::ZERO);
                *entry = add(*entry, sum.exact()?)?;
            }
            for ((day, sale), earned) in by_sale {
                let minor = self.round(-earned)?;
                if day == self.cell_day {
                    let step = Step::new(StepKind::Clawback, &clawback.label, self.major(minor));
                    self.steps.push(step.with("sale", sale.text(crate::id::Kind::Sale)));
                }
                let name = format!("{}:{}", clawback.id, sale.text(crate::id::Kind::Sale));
                self.whole_line(RewardKind::Clawback, (&name, &clawback.label), -earned, minor, day, Some(sale));
            }
        }
        Ok(())
    }

    /// The period in which a holdback of the whole cell is due.
    fn due_of(&self, until: &Until) -> Option<i64> {
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

fn note<K: Ord>(sums: &mut BTreeMap<K, Exact>, key: K, amount: Exact) -> Result<(), Overflow> {
    let sum = sums.entry(key).or_insert(Exact::ZERO);
    *sum = add(*sum, amount)?;
    Ok(())
}
