//! Write: lots, lot moves, and what happened at tills.

use meed_core::ledger::Changes;
use meed_core::loyalty::Tills;

use super::write::put;
use crate::engine::Session;
use crate::error::StoreError;
use crate::sql;
use crate::value::Value;

/// Writes lots with their final totals, each once, and their moves.
pub(super) fn write_wallets(session: &mut dyn Session, workspace: i64, changes: &Changes) -> Result<(), StoreError> {
    let (mut opened, mut changed) = (Vec::with_capacity(changes.lots.len()), Vec::new());
    for change in &changes.lots {
        let l = &change.lot;
        // A lot that is held whole is due when its hold ends, and then it is written again.
        let due_us = l.due_us().filter(|_| l.is_pending || l.free() > 0);
        // The largest number stands for never.
        let extended_us = (l.expires_us != l.first_expires_us).then(|| l.expires_us.unwrap_or(i64::MAX));
        let (is_pending, stands) = (i64::from(l.is_pending), [l.remaining, l.held, l.expired].map(Value::from));
        let stands = stands.into_iter().chain([is_pending.into(), due_us.into(), extended_us.into()]);
        if change.is_new {
            let is = [
                l.id.into(),
                l.participant.into(),
                l.unit.code().into(),
                l.amount.into(),
                l.program.into(),
                l.version.into(),
                l.sale.into(),
                l.active_us.into(),
                l.first_expires_us.into(),
                i64::from(l.rank).into(),
                l.cost.into(),
                l.recorded_us.into(),
            ];
            opened.push(is.into_iter().chain(stands).collect());
        } else {
            changed.push(std::iter::once(l.id.into()).chain(stands).collect());
        }
    }
    put(session, &sql::till::LOT_ADD_SET, workspace, opened)?;
    put(session, &sql::till::LOT_CHANGE_SET, workspace, changed)?;
    let moves = changes
        .moves
        .iter()
        .map(|m| vec![m.transfer.into(), m.lot.into(), i64::from(m.kind.code()).into(), m.amount.into(), m.recorded_us.into()])
        .collect();
    put(session, &sql::till::MOVE_ADD_SET, workspace, moves)
}

/// Writes events, standings, identities, cells and counters.
pub(super) fn write_tills(session: &mut dyn Session, workspace: i64, mut tills: Tills) -> Result<(), StoreError> {
    let events = tills
        .take_new_events()
        .into_iter()
        .map(|e| {
            vec![
                e.id.into(),
                i64::from(e.kind.code()).into(),
                e.participant.into(),
                e.about.into(),
                e.at_us.into(),
                e.recorded_us.into(),
                e.salt.into(),
                e.body.into(),
                e.previous.map_or(0, |id| id.0).into(),
            ]
        })
        .collect();
    put(session, &sql::till::EVENT_ADD_SET, workspace, events)?;
    let cells = tills.changed_cells().into_iter();
    let cells = cells.map(|(id, slot)| vec![id.into(), slot.due_us.into(), slot.cell.to_row().into(), slot.last_event.into()]).collect();
    put(session, &sql::till::CELL_PUT_SET, workspace, cells)?;
    let effects = tills.effects;
    let standings = effects.standings.into_iter().map(|(id, body)| vec![id.into(), body.into()]).collect();
    put(session, &sql::till::STANDING_PUT_SET, workspace, standings)?;
    let identities = effects.identities.into_iter();
    let identities = identities
        .map(|(source, reference, taken)| vec![source.into(), reference.into(), taken.event.into(), taken.fingerprint.as_slice().into()])
        .collect();
    put(session, &sql::till::IDENTITY_ADD_SET, workspace, identities)?;
    let counters = effects.counters.into_iter().map(|(id, used)| vec![id.into(), used.into()]).collect();
    put(session, &sql::till::COUNTER_PUT_SET, workspace, counters)
}
