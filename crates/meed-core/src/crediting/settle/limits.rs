//! Limits and deductions on what the rules and bonuses pay together, and the lines of it.

use super::super::kept::{add, mul, mul_div, sub};
use super::kind::RewardKind;
use super::stage::Stage;
use super::step::{Step, StepKind};
use crate::command::day_number;
use crate::money::{Exact, Minor, Overflow};
use crate::program::Span;

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
        let now = whole.checked_sub(later).ok_or(Overflow)?;
        self.whole_line(RewardKind::Commission, ("", "Commission"), limited, now, self.cell_day, None);
        self.clawbacks()
    }

    /// What was paid before for the same span is taken off (`commissions.md` §4.5, A).
    fn deduct(&mut self) -> Result<(), Overflow> {
        let program = self.bound.program;
        let Some(deduct) = &program.settle.deduct else { return Ok(()) };
        let stays = |id: &str| program.settle.bonuses.iter().any(|bonus| bonus.id == id && !bonus.deductible);
        let since = day_number(deduct.from.start(self.bound.period.first_day()));
        let before: Minor =
            self.past.paid_since(self.rep.id, since, self.cell_day, &|line| line.kind != RewardKind::Bonus || !stays(&line.name))?;
        if before == 0 {
            return Ok(());
        }
        let deducted = before.checked_neg().ok_or(Overflow)?;
        let from = deduct.from.start(self.bound.period.first_day());
        self.steps.push(Step::new(StepKind::Deduction, "Paid before", self.major(deducted)).with("since", from));
        let counted =
            self.lines.iter().filter(|line| line.due_day == self.cell_day && (line.kind != RewardKind::Bonus || !stays(&line.name)));
        let counted = counted.map(|line| line.minor).try_fold(0i64, i64::checked_add).ok_or(Overflow)?;
        let net = counted.checked_add(deducted).ok_or(Overflow)?;
        let mut line = deducted;
        if deduct.carry && net < 0 {
            line = deducted.checked_sub(net).ok_or(Overflow)?;
            self.steps.push(Step::new(StepKind::Carried, "Carried to a later period", self.major(-net)));
        }
        self.whole_line(RewardKind::Deduction, ("", "Paid before"), self.major(line), line, self.cell_day, None);
        Ok(())
    }
}
