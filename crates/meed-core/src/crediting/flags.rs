//! Whose results are not known in full, because a rule has no answer or no rate for a sale: they are flagged, so that no
//! amount is missing in silence (`commissions.md` behaviour 46).

use std::collections::{BTreeMap, BTreeSet};

use super::assign::Recipients;
use super::bound::BoundProgram;
use super::reason::Reason;
use super::run::Flag;
use super::tally::Tally;
use crate::id::Id;
use crate::people::Beneficiary;
use crate::program::{OverrideBase, Trigger};

/// Flags whoever earns an override on commissions of reps whose pay is not known.
pub(super) fn mark_followers(bound: &BoundProgram<'_>, unknown: &BTreeSet<u32>, tallies: &mut [Tally]) {
    for who in unknown {
        let managers = &bound.people.managers[*who as usize];
        for over in bound.overrides.iter().filter(|over| over.base == OverrideBase::Commission) {
            let earned = tallies[*who as usize].by_rule.iter().any(|sum| {
                over.of.iter().enumerate().any(|(rule, of)| *of && bound.rules[rule].settled == sum.rule && bound.rules[rule].has_factor)
            });
            if let Some(manager) = managers.get(over.level).filter(|manager| earned && bound.may_earn(**manager)) {
                tallies[*manager as usize].flagged = true;
            }
        }
    }
}

/// How many people an alert names.
const NAMED: usize = 5;

/// Marks everybody whom the sales in question would have credited, and those who would have earned on their credits.
pub(super) fn mark(bound: &BoundProgram<'_>, flags: &[Flag], tallies: &mut [Tally]) {
    let concerned: BTreeSet<(u32, usize)> = flags.iter().map(|flag| (flag.who, usize::from(flag.rule))).collect();
    for (who, rule) in concerned {
        let managers = &bound.people.managers[who as usize];
        if matches!(bound.rules[rule].rule.trigger, Trigger::Override(_)) {
            // What is in question is what the managers earn; the rep below has what is due to them.
            for over in bound.overrides.iter().filter(|over| over.rule == rule) {
                managers.get(over.level).into_iter().for_each(|manager| tallies[*manager as usize].flagged = true);
            }
            continue;
        }
        tallies[who as usize].flagged = true;
        let recipients = bound.rules[rule].recipients.get(who as usize);
        for to in recipients.into_iter().flat_map(Recipients::people) {
            tallies[*to as usize].flagged = true;
        }
        for over in bound.overrides.iter().filter(|over| over.of.get(rule) == Some(&true)) {
            if let Some(manager) = managers.get(over.level).filter(|manager| bound.may_earn(**manager)) {
                tallies[*manager as usize].flagged = true;
            }
        }
    }
}

/// The reps whom sales were refused for one reason and detail, by both.
pub(super) fn concerned(bound: &BoundProgram<'_>, flags: &[Flag]) -> BTreeMap<(Reason, u32), BTreeSet<Id>> {
    let mut all: BTreeMap<(Reason, u32), BTreeSet<Id>> = BTreeMap::new();
    for flag in flags {
        let reps = all.entry((flag.reason, flag.detail)).or_default();
        if let Beneficiary::Rep(rep) = bound.beneficiary(flag.who) {
            reps.insert(rep.id);
        }
    }
    all
}

/// Their names, as a sentence ends with them.
pub(super) fn named(bound: &BoundProgram<'_>, reps: &[Id]) -> String {
    let name = |id: &Id| bound.directory.rep(*id).map(|rep| rep.name.as_str()).unwrap_or_default();
    let names: Vec<&str> = reps.iter().take(NAMED).map(name).collect();
    match (names.is_empty(), reps.len().saturating_sub(NAMED)) {
        (true, _) => String::new(),
        (false, 0) => format!("; it concerns {}", names.join(", ")),
        (false, more) => format!("; it concerns {} and {more} more", names.join(", ")),
    }
}
