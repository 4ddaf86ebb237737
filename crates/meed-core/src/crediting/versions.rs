//! Which versions of a program rule a period, and from which day each does.

use jiff::civil::Date;

use super::bound::BoundAlert;
use super::reason::AlertCode;
use super::windows::since_day;
use crate::period::Period;
use crate::program::Program;

/// A version of a program and the day from which it is valid.
#[derive(Clone, Copy, Debug)]
pub struct ProgramVersion<'a> {
    /// The document.
    pub program: &'a Program,
    /// Its number, shown to people.
    pub number: u32,
    /// First day on which it rules; `None` from the beginning.
    pub from: Option<Date>,
}

/// The versions that rule some day of the period, by day; never none. `versions` come in the order in which they were
/// applied: a later one replaces what earlier ones say from its day on. Without any, `only` rules alone.
///
/// Versions with another currency or another length of period than the last one cannot share a calculation with it: they
/// are left out, and an alert says so.
pub(super) fn of_period<'a>(
    only: &'a Program,
    versions: &[ProgramVersion<'a>],
    period: &Period,
) -> (Vec<ProgramVersion<'a>>, Vec<BoundAlert>) {
    let mut timeline: Vec<ProgramVersion<'a>> = Vec::new();
    for version in versions {
        timeline.retain(|earlier| version.from.is_some_and(|from| earlier.from.is_none_or(|other| other < from)));
        timeline.push(*version);
    }
    if timeline.is_empty() {
        timeline.push(ProgramVersion { program: only, number: 0, from: None });
    }
    let begun = |day: Date| timeline.iter().rposition(|version| version.from.is_none_or(|from| from <= day)).unwrap_or(0);
    let last = begun(period.last_day());
    let current = timeline[last].program;
    // Where the program measures a longer span, versions of earlier periods rule their sales.
    let first = begun(since_day(current, period)).min(last);
    let mut alerts = Vec::new();
    let mut valid = Vec::new();
    for version in &timeline[first..=last] {
        let same = version.program.currency == current.currency && version.program.cadence == current.cadence;
        if same {
            valid.push(*version);
            continue;
        }
        let text = format!(
            "version {} differs in currency or length of period from the version at the end of {period}: its sales are not credited",
            version.number
        );
        alerts.push(BoundAlert { code: AlertCode::VersionIgnored, subject: format!("version {}", version.number), text, reps: Vec::new() });
    }
    (valid, alerts)
}
