//! What people decided about a payee's period: rewards by hand, changed commissions, cleared draws (`commissions.md` §5).

use std::collections::BTreeSet;

use super::super::reason::AlertCode;
use super::kind::RewardKind;
use super::past::AdjustmentKind;
use super::stage::Stage;
use super::step::{Step, StepKind};
use crate::id::{Id, Kind};
use crate::money::{Minor, Overflow};

impl Stage<'_> {
    /// Lines for adjustments; those that are tied to a credit which is no longer there are `lapsed`.
    pub(super) fn adjustments(&mut self, lapsed: &BTreeSet<Id>) -> Result<(), Overflow> {
        for adjustment in self.past.adjusted(self.rep.id, self.cell_day) {
            if lapsed.contains(&adjustment.id) {
                let text = "lapsed: the credit it changed is gone, or stands in another tier";
                self.steps.push(Step::new(StepKind::Note, &adjustment.label, crate::money::Exact::ZERO).with("state", text));
                self.problem(&adjustment.label, AlertCode::AdjustmentLapsed, "credit");
                continue;
            }
            let (kind, minor, sale) = match adjustment.kind {
                AdjustmentKind::Amount { kind, minor, sale } => (kind, minor, sale),
                AdjustmentKind::Credit { sale, minor, .. } => (RewardKind::Adjustment, minor, Some(sale)),
                AdjustmentKind::ClearDraw => {
                    self.clear_draw(&adjustment.label)?;
                    continue;
                }
            };
            let mut step = Step::new(StepKind::Adjustment, &adjustment.label, self.major(minor));
            if let Some(sale) = sale {
                step = step.with("sale", sale.text(Kind::Sale));
            }
            self.steps.push(step);
            let name = adjustment.id.to_string();
            self.whole_line(kind, (&name, &adjustment.label), self.major(minor), minor, self.cell_day, sale);
        }
        Ok(())
    }

    /// The balance becomes 0 and its rows stay: a repayment that the program bears itself.
    fn clear_draw(&mut self, label: &str) -> Result<(), Overflow> {
        let owed = self.draw_owed()?;
        if owed <= 0 {
            return Ok(());
        }
        let step = Step::new(StepKind::DrawCleared, label, crate::money::Exact::ZERO);
        self.steps.push(step.with_amount("owed before", self.major(owed)).with_amount("owed after", crate::money::Exact::ZERO));
        self.whole_line(RewardKind::DrawRepayment, ("cleared", label), self.major(-owed), -owed, self.cell_day, None);
        self.whole_line(RewardKind::DrawCleared, ("", label), self.major(owed), owed, self.cell_day, None);
        Ok(())
    }

    /// What is owed now: from earlier periods, less what was cleared in this one.
    pub(super) fn draw_owed(&self) -> Result<Minor, Overflow> {
        let mut own = self.lines.iter().filter(|line| line.kind.moves_draw()).map(|line| line.minor);
        own.try_fold(self.past.draw_owed(self.rep.id, self.cell_day)?, Minor::checked_add).ok_or(Overflow)
    }
}
