//! The alerts of a calculation: from what was refused, and from what could not be folded or settled.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::bound::BoundProgram;
use super::flags;
use super::pay::PayProblem;
use super::reason::{AlertCode, AlertCounts, Reason};
use super::run::{Flag, Refusal, SaleTable, Texts};
use super::tally::FoldError;
use crate::id::Id;
use crate::money::Unit;
use crate::people::{Beneficiary, Directory, Match};

/// Refusals that one alert speaks of.
struct Group {
    reason: Reason,
    rule: u16,
    sales: u64,
    first: u32,
}

/// The alerts that refused sales raise. They depend on the refusals alone, not on their order.
pub(super) fn of_refusals(
    bound: &BoundProgram<'_>,
    (sales, texts): (&SaleTable, &Texts),
    (refusals, flagged): (&[Refusal], &[Flag]),
) -> AlertCounts {
    let concerned = flags::concerned(bound, flagged);
    let mut groups: BTreeMap<(AlertCode, u32), Group> = BTreeMap::new();
    for refusal in refusals {
        let Some(code) = code_of(refusal.reason) else { continue };
        let group = groups.entry((code, refusal.detail)).or_insert(Group {
            reason: refusal.reason,
            rule: refusal.rule,
            sales: 0,
            first: refusal.sale,
        });
        group.rule = group.rule.min(refusal.rule);
        group.sales += 1;
        if sales.rank(refusal.sale) < sales.rank(group.first) {
            group.first = refusal.sale;
        }
    }
    add_flagged(sales, flagged, &mut groups);
    let mut alerts = AlertCounts::default();
    for ((code, detail), group) in groups {
        let subject: Box<str> = if code_names_text(code) {
            texts.all.get(detail as usize).cloned().unwrap_or_default()
        } else {
            bound.beneficiary(detail).id().to_string().into()
        };
        let first = &sales.keys[group.first as usize];
        let reps: Vec<Id> = concerned.get(&(group.reason, detail)).into_iter().flatten().copied().collect();
        alerts.counted(code, &subject, (group.sales, first.id), || match code {
            AlertCode::RateMissing | AlertCode::ConditionError => {
                let day = bound.period.zone().to_datetime(first.at).date();
                let text = unanswered(bound, usize::from(group.rule), (code, day), &subject);
                (format!("{text}{}", flags::named(bound, &reps)), reps)
            }
            _ => told(bound, usize::from(group.rule), (code, detail), &subject),
        });
    }
    alerts
}

/// Adds what is in question of sales that were credited: of those that were not, a refusal speaks already.
fn add_flagged(sales: &SaleTable, flagged: &[Flag], groups: &mut BTreeMap<(AlertCode, u32), Group>) {
    let mut credited: BTreeMap<(AlertCode, u32), (Group, BTreeSet<u32>)> = BTreeMap::new();
    for flag in flagged {
        let Some(code) = code_of(flag.reason).filter(|code| !groups.contains_key(&(*code, flag.detail))) else { continue };
        let group = || (Group { reason: flag.reason, rule: flag.rule, sales: 0, first: flag.sale }, BTreeSet::new());
        let (group, seen) = credited.entry((code, flag.detail)).or_insert_with(group);
        group.rule = group.rule.min(flag.rule);
        group.sales += u64::from(seen.insert(flag.sale));
        if sales.rank(flag.sale) < sales.rank(group.first) {
            group.first = flag.sale;
        }
    }
    groups.extend(credited.into_iter().map(|(key, (group, _))| (key, group)));
}

fn code_of(reason: Reason) -> Option<AlertCode> {
    Some(match reason {
        Reason::NoMatch => AlertCode::NoMatch,
        Reason::DuplicateAlias => AlertCode::DuplicateAlias,
        Reason::RateMissing => AlertCode::RateMissing,
        Reason::ConditionError => AlertCode::ConditionError,
        Reason::NotEnrolled => AlertCode::NotEnrolled,
        Reason::WeightMissing => AlertCode::VariableMissing,
        _ => return None,
    })
}

/// Whether the refusals behind an alert name a text; otherwise they name a rep or team.
fn code_names_text(code: AlertCode) -> bool {
    !matches!(code, AlertCode::NotEnrolled | AlertCode::VariableMissing)
}

fn told(bound: &BoundProgram<'_>, rule: usize, (code, detail): (AlertCode, u32), subject: &str) -> (String, Vec<Id>) {
    match code {
        AlertCode::DuplicateAlias => duplicate(bound.directory, subject),
        AlertCode::NotEnrolled | AlertCode::VariableMissing => of_rep(bound, rule, code, detail),
        _ => (format!("`{subject}` matches no rep or team"), Vec::new()),
    }
}

/// An alert about sales of which a rule cannot say what they earn; `day` is that of the first.
fn unanswered(bound: &BoundProgram<'_>, rule: usize, (code, day): (AlertCode, Date), subject: &str) -> String {
    if code == AlertCode::ConditionError {
        return format!("rule `{}` has no answer for some sales: {subject}", bound.rules[rule].rule.id);
    }
    let own = bound.program.currency;
    format!("there is no rate of exchange from {subject} to {own} for {day}: sales in {subject} are not credited")
}

/// Adds the alert of a payee whose currency has no rate.
pub(super) fn raise_paid_in(alerts: &mut AlertCounts, bound: &BoundProgram<'_>, (rep, name): (Id, &str), wanted: Unit) {
    let (own, day) = (bound.program.currency, bound.period.last_day());
    let text = format!("there is no rate of exchange from {own} to {wanted} for {day}: what {name} earns is not known in {wanted}");
    alerts.note(AlertCode::RateMissing, &format!("{rep}:{wanted}"), || (text, vec![rep]));
}

/// An alert about a rep: not enrolled, or without the variable by which a team shares.
fn of_rep(bound: &BoundProgram<'_>, rule: usize, code: AlertCode, who: u32) -> (String, Vec<Id>) {
    let rep = bound.beneficiary(who);
    let text = if code == AlertCode::NotEnrolled {
        format!("{} has not enrolled in {}: nothing is credited to them", rep.name(), bound.program.name)
    } else {
        let rule = &bound.rules[rule].rule.id;
        format!("{} has no usable variable by which the team shares under rule `{rule}`: nobody of the team is credited", rep.name())
    };
    (text, vec![rep.id()])
}

fn duplicate(directory: &Directory, alias: &str) -> (String, Vec<Id>) {
    let (owners, names): (Vec<Id>, Vec<String>) = match directory.find_rep(alias) {
        Match::Ambiguous(owners) => {
            owners.iter().map(|id| (*id, directory.rep(*id).map(|rep| rep.name.clone()).unwrap_or_default())).unzip()
        }
        _ => match directory.find_team(alias) {
            Match::Ambiguous(owners) => {
                owners.iter().map(|id| (*id, directory.team(*id).map(|team| team.name.clone()).unwrap_or_default())).unzip()
            }
            _ => (Vec::new(), Vec::new()),
        },
    };
    (format!("`{alias}` is an alias of {}: nobody is credited for it", names.join(" and ")), owners)
}

/// Adds the alert of a rule that could not be folded for a rep or team.
pub(super) fn raise(bound: &BoundProgram<'_>, alerts: &mut AlertCounts, who: Beneficiary<'_>, error: &FoldError) {
    let (id, name) = (who.id(), who.name());
    let rule = &bound.rules[error.rule].rule.id;
    let subject = &error.problem.subject;
    let text = match error.problem.code {
        AlertCode::QuotaMissing => format!("{name} has no quota above 0 for {}: rule `{rule}` pays nothing", bound.period),
        AlertCode::VariableMissing => {
            format!("{name} has no variable `{subject}` on {}: rule `{rule}` pays nothing", bound.period.last_day())
        }
        AlertCode::NotEnrolled => format!("{name} has not enrolled in {}: rule `{rule}` pays them nothing", bound.program.name),
        AlertCode::NoRecipient if subject == "recipient" => {
            let to = bound.rules[error.rule].rule.assign.as_ref().map_or("self", |assign| assign.to.name());
            format!("what {name} earns under rule `{rule}` goes to `{to}`, and there is nobody: it is paid to nobody")
        }
        AlertCode::NoRecipient => format!("what {name} earns under rule `{rule}` is paid to nobody: the share by {subject} is not known"),
        _ => format!("rule `{rule}` leaves the range that can be kept exactly for {name}: it pays nothing"),
    };
    let reps = if matches!(who, Beneficiary::Rep(_)) { vec![id] } else { Vec::new() };
    alerts.note(error.problem.code, &format!("{id}:{rule}:{subject}"), || (text, reps));
}

/// Adds the alert of something that could not be settled for a rep.
pub(super) fn raise_settling(alerts: &mut AlertCounts, rep: Id, name: &str, of: &str, problem: &PayProblem) {
    let subject = &problem.subject;
    let text = match problem.code {
        AlertCode::QuotaMissing => format!("{name} has no quota above 0: `{of}` pays nothing"),
        AlertCode::VariableMissing => format!("{name} has no variable `{subject}`: `{of}` pays nothing"),
        AlertCode::AdjustmentLapsed => {
            format!("the adjustment `{of}` of {name} lapsed: the credit it changed is gone, or stands in another tier")
        }
        _ => format!("`{of}` has no answer for {name}: {subject}"),
    };
    alerts.note(problem.code, &format!("{rep}:{of}:{subject}"), || (text, vec![rep]));
}
