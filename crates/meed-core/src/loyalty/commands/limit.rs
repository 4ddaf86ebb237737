//! Limits of wallets in commands: what may still be moved today, and what was.

use super::checks::conflict;
use crate::command::{Refused, State};
use crate::id::Id;
use crate::loyalty::limits::{HeldUsage, LimitKind, Usage, count, most};
use crate::loyalty::{Limit, Participant, TillConfig};
use crate::money::{Minor, Unit};

fn limits<'a>(config: &'a TillConfig, person: &'a Participant) -> impl Iterator<Item = &'a Limit> {
    config.settings.limits.iter().chain(&person.limits)
}

/// What limits count now; nothing where there are none.
fn usage(state: &State, participant: Id, config: &TillConfig, person: &Participant) -> Vec<Usage> {
    if limits(config, person).next().is_none() {
        return Vec::new();
    }
    state.tills.cell(participant).cell.usage_at(state.recorded_us())
}

pub(super) fn today(state: &State) -> i64 {
    let now = jiff::Timestamp::from_microsecond(state.recorded_us()).unwrap_or_default();
    state.day_of(now)
}

/// How much may still be moved today; `None`: as much as one likes. Refused where it may not be done once more.
pub(super) fn room(
    state: &State,
    config: &TillConfig,
    (participant, person): (Id, &Participant),
    kind: LimitKind,
    unit: Unit,
) -> Result<Option<Minor>, Refused> {
    let usage = usage(state, participant, config, person);
    match most(limits(config, person), &usage, kind, unit, today(state)) {
        Ok(room) => Ok(room.map(|(amount, _)| amount)),
        Err(limit) => Err(refused(limit, limit.left(&usage, today(state)))),
    }
}

/// Refuses an amount that is more than may still be moved today.
pub(super) fn check(
    state: &State,
    config: &TillConfig,
    (participant, person): (Id, &Participant),
    kind: LimitKind,
    (unit, amount): (Unit, Minor),
) -> Result<(), Refused> {
    let usage = usage(state, participant, config, person);
    match most(limits(config, person), &usage, kind, unit, today(state)) {
        Ok(Some((room, limit))) if amount > room => Err(refused(limit, (None, Some(room)))),
        Ok(_) => Ok(()),
        Err(limit) => Err(refused(limit, limit.left(&usage, today(state)))),
    }
}

/// The refusal of what is beyond a limit, of which so many times and so much are left.
fn refused(limit: &Limit, (times, amount): (Option<i64>, Option<Minor>)) -> Refused {
    let Limit { kind, per, unit, number, .. } = limit;
    let left = match (times, number) {
        (Some(0), Some(number)) => format!("0 of {number} times are left"),
        _ => format!("{} {unit} are left", crate::money::Amount { minor: amount.unwrap_or_default(), unit: *unit }.major()),
    };
    conflict("limit_reached", format!("the limit of {kind} per {per} is reached: {left}")).at("amount")
}

/// Counts what was moved, on the day of `at_us`. Once more is 1, taken back is -1.
pub(super) fn counted(
    state: &mut State,
    config: &TillConfig,
    (participant, person): (Id, &Participant),
    (kind, unit, times, amount): (LimitKind, Unit, i64, Minor),
    at_us: i64,
) {
    if times == 0 && amount == 0 || !limits(config, person).any(|limit| (limit.kind, limit.unit) == (kind, unit)) {
        return;
    }
    let day = state.day_of(jiff::Timestamp::from_microsecond(at_us).unwrap_or_default());
    let slot = state.tills.cell(participant);
    let mut cell = slot.cell;
    count(&mut cell.usage, Usage { kind, unit, day, number: times, amount });
    state.tills.change_cell(participant, cell, slot.due_us);
}

/// Counts a hold for as long as it is open.
pub(super) fn held(state: &mut State, config: &TillConfig, (participant, person): (Id, &Participant), held: HeldUsage) {
    if !limits(config, person).any(|limit| (limit.kind, limit.unit) == (LimitKind::Debit, held.unit)) {
        return;
    }
    let slot = state.tills.cell(participant);
    let mut cell = slot.cell;
    cell.held.retain(|other| other.expires_us > state.recorded_us());
    cell.held.push(held);
    state.tills.change_cell(participant, cell, slot.due_us);
}

/// A hold ends: what was used of it counts on the day on which it was made, the rest counts no more.
pub(super) fn unheld(state: &mut State, participant: Id, hold: Id, used: Minor) {
    let slot = state.tills.cell(participant);
    let Some(ended) = slot.cell.held.iter().find(|held| held.hold == hold).copied() else { return };
    let mut cell = slot.cell;
    cell.held.retain(|other| other.hold != hold && other.expires_us > state.recorded_us());
    if used > 0 {
        count(&mut cell.usage, ended.used(used));
    }
    state.tills.change_cell(participant, cell, slot.due_us);
}
