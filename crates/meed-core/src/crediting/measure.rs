//! Attainment: what was credited against the quota, the place among all targets, or the increase over the period before.

use std::fmt;

use super::bound::BoundProgram;
use super::explanation::shown;
use super::tally::Tally;
use crate::money::Exact;
use crate::program::Metric;

/// What a rep or team reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attainment {
    /// What was credited and counts, by weight.
    pub value: Exact,
    /// The quota of the period, where there is one.
    pub quota: Option<Exact>,
    /// What the program measures.
    pub metric: Metric,
    /// The place among the targets; only for [`Metric::Rank`], and only for targets.
    pub rank: Option<u32>,
    /// What was attained in the period before; only for [`Metric::Increase`], and only where it is known.
    pub previous: Option<Exact>,
}

impl Attainment {
    /// Value ÷ quota in percent, at four places.
    #[must_use]
    pub fn percent(&self) -> Option<Exact> {
        percent(self.value, self.quota?)
    }

    /// How much more than in the period before, in percent at four places. `None` where there was nothing before: an
    /// increase over nothing has no percentage.
    #[must_use]
    pub fn increase(&self) -> Option<Exact> {
        let previous = self.previous.filter(|previous| *previous > Exact::ZERO)?;
        percent(self.value.checked_sub(previous)?, previous)
    }

    /// What curves and tiers by attainment read: the percentage of the quota, the place, or the increase in percent.
    #[must_use]
    pub fn reached(&self) -> Option<Exact> {
        match self.metric {
            Metric::Value => self.percent(),
            Metric::Rank => self.rank.map(Exact::from),
            Metric::Increase => self.increase(),
        }
    }
}

impl fmt::Display for Attainment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.value))?;
        if let (Some(quota), Some(percent)) = (self.quota, self.percent()) {
            write!(f, " of {} = {percent}%", shown(quota))?;
        }
        if let Some(rank) = self.rank {
            write!(f, ", place {rank}")?;
        }
        match (self.previous, self.increase()) {
            (Some(previous), Some(increase)) => write!(f, ", {increase}% more than {} before", shown(previous)),
            (Some(_), None) => f.write_str(", nothing before to compare with"),
            (None, _) => Ok(()),
        }
    }
}

fn percent(part: Exact, whole: Exact) -> Option<Exact> {
    let percent = part.checked_mul(Exact::ONE_HUNDRED)?.checked_div(whole)?;
    Some(percent.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero).normalize())
}

/// The attainment of everybody; `None` where it leaves the range.
pub(super) fn attainments(bound: &BoundProgram<'_>, tallies: &[Tally]) -> Vec<Option<Attainment>> {
    let metric = bound.program.metric;
    let values: Vec<Option<Exact>> = tallies.iter().map(|tally| tally.attained.exact().ok()).collect();
    let ranks = if metric == Metric::Rank { ranks(bound, &values) } else { vec![None; values.len()] };
    let all = (0u32..).zip(values.iter().zip(ranks)).map(|(who, (value, rank))| {
        let id = bound.beneficiary(who).id();
        let known = bound.history.filter(|_| metric == Metric::Increase);
        let previous = known.and_then(|history| history.attained.get(&id).copied());
        Some(Attainment { value: (*value)?, quota: bound.last_quota(who), metric, rank, previous })
    });
    all.collect()
}

/// Places among reps, and among teams: 1 is the best, equal values share a place and the next one is left free.
fn ranks(bound: &BoundProgram<'_>, values: &[Option<Exact>]) -> Vec<Option<u32>> {
    let mut ranks = vec![None; values.len()];
    let Some(version) = bound.versions.last() else { return ranks };
    let reps = bound.people.reps as usize;
    for side in [0..reps, reps..values.len()] {
        let takes_part = |who: &usize| version.is_target[*who] && (*who >= reps || bound.directory.reps()[*who].active);
        let mut order: Vec<(Exact, usize)> = side.filter(takes_part).filter_map(|who| Some((values[who]?, who))).collect();
        order.sort_by_key(|(value, _)| std::cmp::Reverse(*value));
        let mut place = 0;
        for (index, (value, who)) in (0u32..).zip(&order) {
            if index == 0 || order[index as usize - 1].0 != *value {
                place = index + 1;
            }
            ranks[*who] = Some(place);
        }
    }
    ranks
}
