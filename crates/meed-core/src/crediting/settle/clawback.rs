//! What is taken back for a sale that ended early: what that sale brought in after gates, multipliers and limits, and of it
//! first what is not paid yet (`commissions.md` §4.5, behaviour 45).

use std::collections::BTreeMap;

use super::super::kept::{add, mul, sub};
use super::defer::note;
use super::kind::RewardKind;
use super::stage::Stage;
use super::step::{Step, StepKind};
use super::terms::TermKind;
use crate::id::{Id, Kind};
use crate::money::{Exact, Minor, Overflow};
use crate::program::{Clawback, Holdback};

/// Brings an amount under the limits of the period.
type Scale<'s> = &'s dyn Fn(Exact) -> Result<Exact, Overflow>;

/// What is left to take back of sales.
#[derive(Default)]
struct Pools {
    /// What each sale brought in under a rule, less what was taken back.
    sold: BTreeMap<(Id, usize), Exact>,
    /// Of each sale what is due in later periods, less what was cancelled.
    unpaid: BTreeMap<Id, BTreeMap<i64, Minor>>,
}

impl Stage<'_> {
    /// Lines for each sale of which something is taken back: in the period of the event, and against what is still to be paid
    /// of it later, the next payment first. `is_limited` where the limits left less than was earned.
    pub(super) fn clawbacks(&mut self, scale: Scale<'_>, is_limited: bool) -> Result<(), Overflow> {
        let program = self.bound.program;
        let mut pools = Pools::default();
        for (key, sum) in self.tally.terms.iter().filter(|(key, _)| key.kind == TermKind::Sold) {
            pools.sold.insert((key.sale, key.rule), self.factored(key.rule, sum.exact()?)?);
        }
        for (index, clawback) in program.settle.clawbacks.iter().enumerate() {
            for ((day, sale), taken) in self.taken(index, &mut pools)? {
                // A floor adds to the sale, but the sale did not bring it in.
                let taken = if is_limited { scale(taken)? } else { taken };
                self.take_back(clawback, (day, sale, taken), (scale, &mut pools))?;
            }
        }
        Ok(())
    }

    /// What a clawback takes of each sale by the period of the event; together never more than the sale brought in.
    fn taken(&self, index: usize, pools: &mut Pools) -> Result<BTreeMap<(i64, Id), Exact>, Overflow> {
        let mut by_sale = BTreeMap::new();
        for (key, sum) in self.tally.terms.iter().filter(|(key, _)| key.kind == TermKind::Clawback(index)) {
            let mut taken = self.factored(key.rule, sum.exact()?)?;
            if let Some(left) = pools.sold.get_mut(&(key.sale, key.rule)).filter(|left| !left.is_sign_negative()) {
                taken = taken.min(*left);
                *left = sub(*left, taken)?;
            }
            note(&mut by_sale, (key.due_day, key.sale), taken)?;
        }
        Ok(by_sale)
    }

    fn take_back(
        &mut self,
        clawback: &Clawback,
        (day, sale, taken): (i64, Id, Exact),
        (scale, pools): (Scale<'_>, &mut Pools),
    ) -> Result<(), Overflow> {
        let name = format!("{}:{}", clawback.id, sale.text(Kind::Sale));
        let mut left = self.round(taken)?;
        let mut exact = taken;
        let mut cancelled: Minor = 0;
        if left > 0 && self.is_paid_later() {
            let unpaid = match pools.unpaid.entry(sale) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => new.insert(self.unpaid(sale, scale)?),
            };
            for (due, open) in unpaid.range_mut(day.saturating_add(1)..) {
                let part = left.min((*open).max(0));
                (left, *open, cancelled) = (left - part, *open - part, cancelled + part);
                let amount = self.major(part);
                exact = sub(exact, amount)?;
                self.whole_line(RewardKind::Clawback, (&name, &clawback.label), -amount, -part, *due, Some(sale));
            }
        }
        if day == self.cell_day {
            let mut step = Step::new(StepKind::Clawback, &clawback.label, self.major(-left)).with("sale", sale.text(Kind::Sale));
            if cancelled != 0 {
                step = step.with_amount("of", taken).with_amount("not paid yet", self.major(cancelled));
            }
            self.steps.push(step);
        }
        self.whole_line(RewardKind::Clawback, (&name, &clawback.label), -exact, -left, day, Some(sale));
        Ok(())
    }

    fn is_paid_later(&self) -> bool {
        let settle = &self.bound.program.settle;
        !settle.holdbacks.is_empty() || !settle.instalments.is_empty()
    }

    /// What is paid of a sale in later periods, by period.
    fn unpaid(&self, sale: Id, scale: Scale<'_>) -> Result<BTreeMap<i64, Minor>, Overflow> {
        let settle = &self.bound.program.settle;
        let mut held: BTreeMap<i64, Exact> = BTreeMap::new();
        let mut in_parts = vec![Exact::ZERO; settle.instalments.len()];
        for (key, sum) in self.tally.terms.iter().filter(|(key, _)| key.kind == TermKind::Sold && key.sale == sale) {
            let brought = scale(self.factored(key.rule, sum.exact()?)?)?;
            let mut rest = brought;
            for (index, holdback) in settle.holdbacks.iter().enumerate().filter(|(_, holdback)| holdback.rules.contains(&key.rule)) {
                for (day, amount) in self.held_of((index, holdback), (sale, key.rule), brought, scale)? {
                    let amount = mul(amount, holdback.share)?;
                    rest = sub(rest, amount)?;
                    note(&mut held, day, amount)?;
                }
            }
            if let Some(place) = settle.instalments.iter().position(|plan| plan.rules.contains(&key.rule)) {
                in_parts[place] = add(in_parts[place], rest)?;
            }
        }
        let mut unpaid = BTreeMap::new();
        for (day, amount) in held {
            unpaid.insert(day, self.round(amount)?);
        }
        for (plan, amount) in settle.instalments.iter().zip(in_parts) {
            for (day, part) in self.parts(plan, self.round(amount)?)? {
                let sum: &mut Minor = unpaid.entry(day).or_default();
                *sum = sum.checked_add(part).ok_or(Overflow)?;
            }
        }
        Ok(unpaid)
    }

    /// The amounts of one sale that stand under a holdback, with the periods in which they are due; what is due now is not held.
    fn held_of(
        &self,
        (index, holdback): (usize, &Holdback),
        (sale, rule): (Id, usize),
        brought: Exact,
        scale: Scale<'_>,
    ) -> Result<Vec<(i64, Exact)>, Overflow> {
        let mut all = Vec::new();
        if holdback.until.is_by_sale() {
            let of_sale = |key: &super::terms::TermKey| key.kind == TermKind::HeldOf(index) && key.sale == sale && key.rule == rule;
            for (key, sum) in self.tally.terms.iter().filter(|(key, _)| of_sale(key)) {
                all.push((key.due_day, scale(self.factored(rule, sum.exact()?)?)?));
            }
        } else {
            all.extend(self.due_of(&holdback.until).map(|day| (day, brought)));
        }
        all.retain(|(day, _)| *day > self.cell_day);
        Ok(all)
    }
}
