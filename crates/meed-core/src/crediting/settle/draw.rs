//! Draws and guarantees (`commissions.md` §4.5, W18).
//!
//! When what is due in the period is below the draw, the shortfall is added: as an advance that is owed afterwards, or for
//! good. When it is above, the surplus first repays what is owed, at most the surplus itself; the rest is paid. What other
//! programs pay counts as earned, where the draw is shared with them.

use super::kind::RewardKind;
use super::stage::Stage;
use super::step::{Step, StepKind};
use crate::money::{Exact, Minor, Overflow};
use crate::program::Draw;

impl Stage<'_> {
    pub(super) fn draw(&mut self) -> Result<(), Overflow> {
        let settle = &self.bound.program.settle;
        if let Some(draw) = &settle.draw {
            let amount = self.draw_amount(draw)?;
            if draw.recoverable {
                return self.recoverable(draw, amount);
            }
            return self.top_up(amount, "Draw, not owed");
        }
        if let Some(guarantee) = &settle.guarantee {
            let amount = self.draw_amount(guarantee)?;
            return self.top_up(amount, "Guarantee");
        }
        Ok(())
    }

    /// The draw of this period; `None` where the payee has none.
    fn draw_amount(&mut self, draw: &Draw) -> Result<Option<Minor>, Overflow> {
        let (first, last) = (self.bound.period.first_day(), self.bound.period.last_day());
        if self.bound.program.valid_until.is_some_and(|until| first > until) {
            return Ok(None);
        }
        if draw.from.is_some_and(|from| first < from && !(from <= last && from.day() == first.day()))
            || draw.until.is_some_and(|until| last > until)
        {
            return Ok(None);
        }
        let Some(amount) = self.figure(&draw.amount) else { return Ok(None) };
        if !self.holds("draw", draw.when.as_ref()) {
            return Ok(None);
        }
        self.round(amount).map(Some)
    }

    /// What is due in the period, here and from the programs that share the draw.
    fn earned_in_all(&self) -> Result<Minor, Overflow> {
        self.due_now()?.checked_add(self.past.other(self.rep.id)).ok_or(Overflow)
    }

    /// The same step with what other programs pay, where they do.
    fn with_others(&self, step: Step) -> Step {
        match self.past.other(self.rep.id) {
            0 => step,
            other => step.with_amount("of it by other plans", self.major(other)),
        }
    }

    fn recoverable(&mut self, draw: &Draw, amount: Option<Minor>) -> Result<(), Overflow> {
        let owed: Minor = self.draw_owed()?;
        let earned = self.earned_in_all()?;
        if let Some(amount) = amount.filter(|amount| earned < *amount) {
            let mut advance = amount.checked_sub(earned).ok_or(Overflow)?;
            if let Some(limit) = draw.limit.as_ref().and_then(|limit| self.figure(limit)) {
                advance = advance.min(self.round(limit)?.checked_sub(owed).ok_or(Overflow)?.max(0));
            }
            self.draw_step(StepKind::DrawAdvance, "Advance on the draw", (advance, earned, Some(amount), owed))?;
            self.whole_line(RewardKind::DrawAdvance, ("", "Draw advance"), self.major(advance), advance, self.cell_day, None);
            return Ok(());
        }
        let surplus = earned.checked_sub(amount.unwrap_or(0)).ok_or(Overflow)?.max(0);
        let most = if draw.recover == Exact::ONE { surplus } else { self.round(self.major(surplus) * draw.recover)?.min(surplus) };
        let repaid = most.min(owed.max(0));
        if repaid > 0 {
            self.draw_step(StepKind::DrawRepayment, "Repayment of the draw", (-repaid, earned, amount, owed))?;
            self.whole_line(RewardKind::DrawRepayment, ("", "Draw repayment"), self.major(-repaid), -repaid, self.cell_day, None);
        }
        Ok(())
    }

    fn draw_step(
        &mut self,
        kind: StepKind,
        label: &str,
        (moved, earned, draw, owed): (Minor, Minor, Option<Minor>, Minor),
    ) -> Result<(), Overflow> {
        let after = owed.checked_add(moved).ok_or(Overflow)?;
        let mut step = Step::new(kind, label, self.major(moved)).with_amount("earned", self.major(earned));
        if let Some(draw) = draw {
            step = step.with_amount("draw", self.major(draw));
        }
        step = self.with_others(step).with_amount("owed before", self.major(owed)).with_amount("owed after", self.major(after));
        self.steps.push(step);
        Ok(())
    }

    fn top_up(&mut self, amount: Option<Minor>, label: &str) -> Result<(), Overflow> {
        let earned = self.earned_in_all()?;
        if let Some(amount) = amount.filter(|amount| earned < *amount) {
            let added = amount.checked_sub(earned).ok_or(Overflow)?;
            let step = Step::new(StepKind::Guarantee, label, self.major(added)).with_amount("earned", self.major(earned));
            let step = self.with_others(step).with_amount("at least", self.major(amount));
            self.steps.push(step);
            self.whole_line(RewardKind::Guarantee, ("", label), self.major(added), added, self.cell_day, None);
        }
        Ok(())
    }
}
