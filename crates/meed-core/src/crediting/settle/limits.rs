//! Limits and deductions on what the rules and bonuses pay together, and the lines of it.

use super::super::kept::{add, mul, mul_div, sub};
use super::kind::RewardKind;
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
            let before = self.major(self.past.paid_since(self.rep.id, year, self.cell_day, &|_| true)?);
            amount = self.cap("Cap of the year", amount, sub(cap, before)?.max(Exact::ZERO))?;
        }
        if let Some(floor) = payout.floor.as_ref().filter(|_| self.tally.touched).and_then(|floor| self.needed("payout", floor))
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
        self.clawbacks()
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
        let counts = |kind: RewardKind, name: &str| match kind {
            RewardKind::Bonus => !program.settle.bonuses.iter().any(|bonus| bonus.id == name && !bonus.deductible),
            RewardKind::Commission => !program.rules.iter().any(|rule| rule.id == name && !rule.deductible),
            RewardKind::Carried => false,
            _ => true,
        };
        let from = deduct.from.start(self.bound.period.first_day());
        let past = self.past;
        let before = past.released_since(self.rep.id, day_number(from), self.cell_day, &|line| counts(line.kind, &line.name))?;
        let due = self.lines.iter().filter(|line| line.due_day == self.cell_day && counts(line.kind, &line.name));
        let earned = due.map(|line| line.minor).try_fold(0i64, i64::checked_add).ok_or(Overflow)?;
        let deducted = before.checked_neg().ok_or(Overflow)?;
        if before != 0 {
            self.steps.push(Step::new(StepKind::Deduction, "Paid before", self.major(deducted)).with("since", from));
            self.whole_line(RewardKind::Deduction, ("", "Paid before"), self.major(deducted), deducted, self.cell_day, None);
        }
        if deduct.carry { self.carry(earned.checked_add(deducted).ok_or(Overflow)?) } else { Ok(()) }
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
