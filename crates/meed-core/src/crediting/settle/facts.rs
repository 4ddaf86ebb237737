//! What formulas over a whole period read.

use jiff::Timestamp;

use super::super::bound::BoundProgram;
use super::super::kept::{Sum, mul_div};
use super::super::measure::Attainment;
use super::super::tally::Tally;
use crate::condition::{NumberField, ResultField, SaleFacts, TextField};
use crate::money::{Exact, Unit};
use crate::program::Metric;

/// The results of one rep.
pub(super) struct ResultFacts<'r> {
    pub(super) bound: &'r BoundProgram<'r>,
    pub(super) tally: &'r Tally,
    pub(super) attainment: &'r Attainment,
    pub(super) rank: Option<u32>,
    /// Whether sums are those of the period's own sales, though more are measured.
    pub(super) own: bool,
}

impl ResultFacts<'_> {
    /// Attainment in percent; `None` without a quota, or where nothing was before to compare with.
    pub(super) fn attainment(&self) -> Option<Exact> {
        match self.attainment.metric {
            Metric::Increase => self.attainment.increase(),
            _ => mul_div(self.attainment.value, Exact::ONE_HUNDRED, self.attainment.quota?).ok(),
        }
    }

    /// Whether attainment reaches so many percent; judged without dividing. `None` without a quota.
    pub(super) fn reaches(&self, percent: Exact) -> Option<bool> {
        if self.attainment.metric == Metric::Increase {
            return Some(self.attainment.increase()? >= percent);
        }
        let quota = self.attainment.quota?;
        Some(self.attainment.value.checked_mul(Exact::ONE_HUNDRED)? >= quota.checked_mul(percent)?)
    }

    fn of_rule(&self, field: ResultField, rule: &str) -> Option<Exact> {
        let index = self.bound.program.rules.iter().position(|known| known.id == rule)?;
        let Some(sum) = self.tally.by_rule.iter().find(|sum| sum.rule == index) else { return Some(Exact::ZERO) };
        let total = if self.own { &sum.own } else { &sum.all };
        match field {
            ResultField::Credited => total.basis.exact().ok(),
            ResultField::Earned => total.amount.exact().ok(),
            _ => Some(Exact::from(total.credits)),
        }
    }

    fn earned(&self) -> Option<Exact> {
        if !self.own {
            return self.tally.exact.exact().ok();
        }
        let mut sum = Sum::default();
        self.tally.by_rule.iter().for_each(|rule| sum.merge(rule.own.amount));
        sum.exact().ok()
    }
}

impl SaleFacts for ResultFacts<'_> {
    fn at(&self) -> Timestamp {
        self.bound.period.start()
    }

    fn currency(&self) -> Option<Unit> {
        None
    }

    fn number(&self, _field: NumberField) -> Option<Exact> {
        None
    }

    fn text(&self, _field: TextField) -> Option<&str> {
        None
    }

    fn result(&self, field: ResultField, rule: Option<&str>) -> Option<Exact> {
        match (field, rule) {
            (_, Some(rule)) => self.of_rule(field, rule),
            (ResultField::Attainment, None) => self.attainment(),
            (ResultField::Quota, None) => self.attainment.quota,
            (ResultField::Value, None) => Some(self.attainment.value),
            (ResultField::Earned, None) => self.earned(),
            (ResultField::Rank, None) => self.rank.map(Exact::from),
            (ResultField::Credited | ResultField::Count, None) => None,
        }
    }
}

/// Ranks by attainment, from 1. Who has as much as another shares the rank; who was credited nothing has none.
#[derive(Clone, Default)]
pub(in crate::crediting) struct Ranks(Vec<Option<u32>>);

impl Ranks {
    /// Ranks all reps, where the program asks for it.
    pub(in crate::crediting) fn new(bound: &BoundProgram<'_>, tallies: &[Tally]) -> Self {
        if bound.program.settle.bonuses.is_empty() && bound.program.settle.multipliers.is_empty() {
            return Self::default();
        }
        let score = |index: usize| {
            let value = tallies[index].attained.exact().ok()?;
            match bound.last_quota(u32::try_from(index).ok()?) {
                Some(quota) => mul_div(value, Exact::ONE_HUNDRED, quota).ok(),
                None => Some(value),
            }
        };
        let reps = bound.people.reps as usize;
        let is_target = |index: &usize| bound.versions.last().is_some_and(|version| version.is_target[*index]);
        let taking_part = (0..reps.min(tallies.len())).filter(|index| tallies[*index].touched && is_target(index));
        let mut scores: Vec<(Exact, usize)> = taking_part.filter_map(|index| Some((score(index)?, index))).collect();
        scores.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut ranks = vec![None; tallies.len()];
        let (mut rank, mut last) = (0u32, None);
        for (place, (score, index)) in (1u32..).zip(scores) {
            if last != Some(score) {
                rank = place;
                last = Some(score);
            }
            ranks[index] = Some(rank);
        }
        Self(ranks)
    }

    pub(in crate::crediting) fn of(&self, who: u32) -> Option<u32> {
        self.0.get(who as usize).copied().flatten()
    }
}
