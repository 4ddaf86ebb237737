//! Limits and deductions on what the rules and bonuses pay together, and the lines of it.

use std::collections::BTreeMap;

use super::super::kept::{add, mul, mul_div, sub};
use super::kind::RewardKind;
use super::past::PastLine;
use super::stage::Stage;
use super::step::{Step, StepKind};
use crate::command::day_number;
use crate::money::{Exact, Minor, Overflow};
use crate::program::{Deducted, Span};

impl Stage<'_> {
    /// Limits, then the lines for commission and bonuses, then what was paid before.
    pub(super) fn pay(&mut self) -> Result<(), Overflow> {
        let commission = self.rules.iter().try_fold(Exact::ZERO, |sum, (_, amount)| add(sum, *amount))?;
        let bonus = self.bonuses.iter().try_fold(Exact::ZERO, |sum, (_, amount)| add(sum, *amount))?;
        let wanted = add(commission, bonus)?;
        let limited = self.limited(wanted)?;
        let limited_commission = self.share_limit(commission, wanted, limited)?;
        self.commission_lines(limited_commission, commission)?;
        let program = self.bound.program;
        for (index, amount) in self.bonuses.clone() {
            let bonus = &program.settle.bonuses[index];
            self.line(RewardKind::Bonus, (&bonus.id, &bonus.label), amount, self.cell_day, None)?;
        }
        self.deduct()
    }

    /// A limit moves the commission first; what it cannot take there it takes from the bonuses, the last first.
    fn share_limit(&mut self, commission: Exact, wanted: Exact, limited: Exact) -> Result<Exact, Overflow> {
        let mut left = sub(limited, wanted)?;
        let taken = if left.is_sign_negative() { left.max(-commission.max(Exact::ZERO)) } else { left };
        left = sub(left, taken)?;
        for (_, amount) in self.bonuses.iter_mut().rev() {
            let part = left.max(-(*amount).max(Exact::ZERO)).min(Exact::ZERO);
            *amount = add(*amount, part)?;
            left = sub(left, part)?;
        }
        add(commission, taken)
    }

    fn limited(&mut self, wanted: Exact) -> Result<Exact, Overflow> {
        let payout = &self.bound.program.settle.payout;
        let mut amount = wanted;
        if let Some((above, counts)) = &payout.decelerate
            && let Some(above) = self.needed("payout", above).filter(|above| amount > *above)
        {
            let slowed = add(above, mul(sub(amount, above)?, *counts)?)?;
            let step = Step::new(StepKind::Decelerator, "Decelerator", sub(slowed, amount)?).with_amount("above", above);
            self.steps.push(step.with("counts", format!("{}%", (*counts * Exact::ONE_HUNDRED).normalize())));
            amount = slowed;
        }
        if let Some(cap) = payout.cap.as_ref().and_then(|cap| self.needed("payout", cap)) {
            amount = self.cap("Cap of the period", amount, cap)?;
        }
        if let Some(cap) = payout.cap_per_year.as_ref().and_then(|cap| self.needed("payout", cap)) {
            let year = day_number(Span::Year.start(self.bound.period.first_day()));
            // What is deducted stands in the amount itself.
            let from = self.deducted_since();
            let counts = |line: &PastLine| from.is_none_or(|from| line.cell_day < from || self.is_left_out(line.kind, &line.name));
            let before = self.major(self.past.paid_since(self.rep.id, year, self.cell_day, &counts)?);
            amount = self.cap("Cap of the year", amount, sub(cap, before)?.max(Exact::ZERO))?;
        }
        // Where more than the period is measured, it is the period's own credits that a floor needs.
        let sold = self.tally.by_rule.iter().any(|sum| sum.own.credits > 0);
        let credited = self.tally.touched && (self.bound.program.settle.measure.is_none() || sold);
        if let Some(floor) = payout.floor.as_ref().filter(|_| credited).and_then(|floor| self.needed("payout", floor))
            && amount < floor
        {
            self.steps.push(Step::new(StepKind::Floor, "Floor of the period", sub(floor, amount)?).with_amount("floor", floor));
            amount = floor;
        }
        Ok(amount)
    }

    fn cap(&mut self, label: &str, amount: Exact, cap: Exact) -> Result<Exact, Overflow> {
        if amount <= cap {
            return Ok(amount);
        }
        let step = Step::new(StepKind::Cap, label, sub(cap, amount)?).with_amount("earned", amount);
        self.steps.push(step.with_amount("cap", cap));
        Ok(cap)
    }

    /// The line of the commission, less what is withheld or paid in parts. The whole is rounded once; parts sum to it.
    fn commission_lines(&mut self, limited: Exact, commission: Exact) -> Result<(), Overflow> {
        let whole = self.round(limited)?;
        self.rounded(sub(self.major(whole), limited)?)?;
        // Parts follow the limited amount: a cap takes from them in proportion.
        let scale =
            |amount: Exact| if commission == limited || commission.is_zero() { Ok(amount) } else { mul_div(amount, limited, commission) };
        let later = self.deferred(&scale)?;
        let (apart, exact_apart) = self.apart(&scale)?;
        let now = whole.checked_sub(later).and_then(|now| now.checked_sub(apart)).ok_or(Overflow)?;
        self.whole_line(RewardKind::Commission, ("", "Commission"), sub(limited, exact_apart)?, now, self.cell_day, None);
        self.clawbacks(&scale, limited < commission && commission.is_sign_positive())
    }

    /// The lines of rules that deductions leave alone; answers what they come to, rounded and exact.
    fn apart(&mut self, scale: &dyn Fn(Exact) -> Result<Exact, Overflow>) -> Result<(Minor, Exact), Overflow> {
        let (mut sum, mut exact_sum): (Minor, Exact) = (0, Exact::ZERO);
        if self.bound.program.settle.deduct.is_none() {
            return Ok((sum, exact_sum));
        }
        for (index, amount) in self.rules.clone() {
            let rule = self.bound.rule_settled(index);
            if rule.deductible {
                continue;
            }
            let exact = scale(amount)?;
            let minor = self.round(exact)?;
            self.whole_line(RewardKind::Commission, (&rule.id, &rule.label), exact, minor, self.cell_day, None);
            sum = sum.checked_add(minor).ok_or(Overflow)?;
            exact_sum = add(exact_sum, exact)?;
        }
        Ok((sum, exact_sum))
    }

    /// What was released before for the same span is taken off (`commissions.md` §4.5, A); what is then below zero is taken
    /// back, or carried to later periods until it is made good.
    fn deduct(&mut self) -> Result<(), Overflow> {
        let program = self.bound.program;
        let Some(deduct) = program.settle.deduct.as_ref().filter(|deduct| deduct.what == Deducted::Released) else { return Ok(()) };
        let past = self.past;
        let by_hand = past.by_hand(self.rep.id);
        let counts = |kind: RewardKind, name: &str| match kind {
            RewardKind::Bonus | RewardKind::Clawback if by_hand.contains(name) => false,
            RewardKind::Carried => false,
            _ => !self.is_left_out(kind, name),
        };
        // What is not due yet stays as it was scheduled; only what a period adds is withheld or paid in parts anew.
        let (cell_day, from) = (self.cell_day, deduct.from.start(self.bound.period.first_day()));
        let scheduled = |line: &PastLine| match line.kind {
            RewardKind::Instalment => true,
            RewardKind::Holdback => line.due_day > cell_day || program.settle.is_held_by_periods(&line.name),
            RewardKind::Clawback => line.due_day > cell_day,
            _ => false,
        };
        let paid = |line: &PastLine| counts(line.kind, &line.name) && !scheduled(line);
        let before = past.released_since(self.rep.id, day_number(from), cell_day, &paid)?;
        let due = self.lines.iter().filter(|line| line.due_day == self.cell_day && counts(line.kind, &line.name));
        let earned = due.map(|line| line.minor).try_fold(0i64, i64::checked_add).ok_or(Overflow)?;
        let deducted = before.checked_neg().ok_or(Overflow)?;
        if before != 0 {
            self.steps.push(Step::new(StepKind::Deduction, "Paid before", self.major(deducted)).with("since", from));
            self.whole_line(RewardKind::Deduction, ("", "Paid before"), self.major(deducted), deducted, self.cell_day, None);
        }
        self.less_scheduled(day_number(from))?;
        if deduct.carry { self.carry(earned.checked_add(deducted).ok_or(Overflow)?) } else { Ok(()) }
    }

    /// Whether a line is that of a rule or bonus which deductions leave alone.
    fn is_left_out(&self, kind: RewardKind, name: &str) -> bool {
        let program = self.bound.program;
        match kind {
            RewardKind::Bonus => program.settle.bonuses.iter().any(|bonus| bonus.id == name && !bonus.deductible),
            RewardKind::Commission => program.rules.iter().any(|rule| rule.id == name && !rule.deductible),
            _ => false,
        }
    }

    /// What earlier periods of the span have scheduled for a later one is not scheduled again.
    fn less_scheduled(&mut self, from: i64) -> Result<(), Overflow> {
        let program = self.bound.program;
        let mut open: BTreeMap<(RewardKind, String, i64), Minor> = BTreeMap::new();
        for line in self.past.released_lines(self.rep.id, from, self.cell_day).filter(|line| line.due_day > self.cell_day) {
            let fixed = match line.kind {
                RewardKind::Clawback => true,
                RewardKind::Holdback => !program.settle.is_held_by_periods(&line.name),
                _ => false,
            };
            if fixed {
                let sum = open.entry((line.kind, line.name.clone(), line.due_day)).or_default();
                *sum = sum.checked_add(line.minor).ok_or(Overflow)?;
            }
        }
        for line in &mut self.lines {
            if let Some(before) = open.remove(&(line.kind, line.name.clone(), line.due_day)) {
                line.minor = line.minor.checked_sub(before).ok_or(Overflow)?;
                line.exact = sub(line.exact, Exact::new(before, program.currency.exponent()))?;
            }
        }
        self.lines.retain(|line| line.minor != 0);
        for ((kind, name, due_day), before) in open {
            let minor = before.checked_neg().ok_or(Overflow)?;
            let label = program.settle.label_of(kind, &name).unwrap_or_else(|| kind.title()).to_owned();
            self.whole_line(kind, (&name, &label), self.major(minor), minor, due_day, None);
        }
        Ok(())
    }

    /// Brings what earlier periods carried over, and carries on what is below zero with it.
    fn carry(&mut self, result: Minor) -> Result<(), Overflow> {
        let brought = self.past.carried(self.rep.id, self.cell_day)?;
        let net = result.checked_sub(brought).ok_or(Overflow)?;
        let carried = net.min(0).checked_neg().ok_or(Overflow)?;
        if brought != 0 {
            self.steps.push(Step::new(StepKind::Carried, "Brought from earlier periods", self.major(-brought)));
        }
        if carried != 0 {
            self.steps.push(Step::new(StepKind::Carried, "Carried to a later period", self.major(carried)));
        }
        let line = carried.checked_sub(brought).ok_or(Overflow)?;
        self.whole_line(RewardKind::Carried, ("", "Carried over"), self.major(line), line, self.cell_day, None);
        Ok(())
    }
}
