//! When sales count for a rule, and where calendar groups begin.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::period::{Period, first_instant};
use crate::program::{Accumulate, Group, Pay, Program, Rule};

/// The local days of the sales that take part in a period of a program.
#[must_use]
pub fn measured_days(program: &Program, period: &Period) -> (Date, Date) {
    (since_day(program, period), period.last_day())
}

/// Where sales begin to be taken in: with the period, or with the span that the program measures or deducts over.
pub(super) fn since_day(program: &Program, period: &Period) -> Date {
    let settle = &program.settle;
    let span = settle.measure.or(settle.deduct.as_ref().map(|deduct| deduct.from));
    span.map_or(period.first_day(), |span| span.start(period.first_day()))
}

/// When sales count for a rule. An empty window (start = end) where validity and period do not meet.
pub(super) fn window(program: &Program, rule: &Rule, period: &Period, since: Timestamp) -> (Timestamp, Timestamp) {
    let zone = period.zone();
    let from = |day: Option<Date>| day.and_then(|day| first_instant(day, zone).ok()).unwrap_or(Timestamp::MIN);
    let until =
        |day: Option<Date>| day.and_then(|day| day.tomorrow().ok()).and_then(|day| first_instant(day, zone).ok()).unwrap_or(Timestamp::MAX);
    let start = since.max(from(program.valid_from)).max(from(rule.valid_from));
    let end = period.end().min(until(program.valid_until)).min(until(rule.valid_until));
    (start, end.max(start))
}

/// The starts of the calendar groups of a pay inside the period.
pub(super) fn group_starts(pay: &Pay, period: &Period, since: Date) -> Vec<Timestamp> {
    let Pay::Tiers(tiers) = pay else { return Vec::new() };
    let Accumulate::Group(group) = &tiers.accumulate else { return Vec::new() };
    let starts_group = |day: Date| match group {
        Group::Day => true,
        Group::Week => day.weekday() == jiff::civil::Weekday::Monday,
        Group::Month => day.day() == 1,
        Group::Formula(_) => false,
    };
    let mut starts = Vec::new();
    let mut day = since;
    while day <= period.last_day() {
        if (starts.is_empty() || starts_group(day))
            && let Ok(start) = first_instant(day, period.zone())
        {
            starts.push(start);
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    starts
}
