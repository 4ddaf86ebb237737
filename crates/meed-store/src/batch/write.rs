//! Write: all results, one statement per set; each account, sale and record once, in its last state.

use meed_core::command::{Effects, Head, State};
use meed_core::ledger::Changes;

use crate::engine::Session;
use crate::error::StoreError;
use crate::sql;
use crate::value::Value;

/// An identity to remember with its first answer.
pub(crate) struct Remembered {
    pub(crate) source: i64,
    pub(crate) key: String,
    pub(crate) fingerprint: [u8; 32],
    pub(crate) answer: String,
    pub(crate) recorded_us: i64,
}

/// Writes the effects of a batch and moves the workspace row on.
pub(crate) fn write(session: &mut dyn Session, workspace: i64, state: State, remembered: Vec<Remembered>) -> Result<(), StoreError> {
    let State { head, book, mut effects, tills, .. } = state;
    write_sales(session, workspace, &mut effects)?;
    write_records(session, workspace, &mut effects)?;
    let changes = book.into_changes();
    write_ledger(session, workspace, &changes)?;
    super::write_till::write_wallets(session, workspace, &changes)?;
    super::write_till::write_tills(session, workspace, tills)?;
    write_rewards(session, workspace, &mut effects)?;
    write_journal(session, workspace, effects, remembered)?;
    advance(session, &head)
}

pub(super) fn advance(session: &mut dyn Session, head: &Head) -> Result<(), StoreError> {
    session.execute(
        &sql::workspace::ADVANCE,
        vec![
            head.workspace.0.into(),
            head.config_version.into(),
            head.last_id.into(),
            head.last_recorded_us.into(),
            head.audit_number.into(),
            head.audit_hash.as_slice().into(),
            head.sale_count.into(),
        ],
    )
}

pub(super) fn put(
    session: &mut dyn Session,
    statement: &'static crate::statement::Statement,
    workspace: i64,
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    if rows.is_empty() { Ok(()) } else { session.execute_set(statement, workspace, rows) }
}

fn write_sales(session: &mut dyn Session, workspace: i64, effects: &mut Effects) -> Result<(), StoreError> {
    let mut sales = Vec::with_capacity(effects.new_sales.len());
    let mut identities = Vec::with_capacity(effects.new_sales.len());
    for s in std::mem::take(&mut effects.new_sales) {
        identities.push(vec![s.source.into(), s.identity.as_str().into(), s.id.into()]);
        sales.push(vec![
            s.id.into(),
            s.source.into(),
            s.identity.into(),
            s.day.into(),
            s.at_ns.into(),
            i64::from(s.version).into(),
            s.recorded_us.into(),
            s.created_us.into(),
            s.import.into(),
            s.line.into(),
            s.salt.into(),
            s.facts.into(),
        ]);
    }
    put(session, &sql::sale::IDENTITY_SET, workspace, identities)?;
    put(session, &sql::sale::INSERT_SET, workspace, sales)?;
    let changed = effects
        .changed_sales
        .drain(..)
        .map(|s| {
            vec![
                s.id.into(),
                s.day.into(),
                s.at_ns.into(),
                i64::from(s.version).into(),
                s.recorded_us.into(),
                s.import.into(),
                s.line.into(),
                s.salt.into(),
                s.facts.into(),
            ]
        })
        .collect();
    put(session, &sql::sale::UPDATE_SET, workspace, changed)?;
    let versions = effects
        .sale_versions
        .drain(..)
        .map(|v| {
            vec![
                v.sale.into(),
                i64::from(v.version).into(),
                v.recorded_us.into(),
                v.import.into(),
                v.line.into(),
                v.salt.into(),
                v.facts.into(),
            ]
        })
        .collect();
    put(session, &sql::sale::VERSION_SET, workspace, versions)?;
    // Each key once: of several originals of one sale in a batch the last stands.
    let mut last = std::collections::BTreeMap::new();
    for (id, original) in &effects.originals {
        last.insert(*id, original);
    }
    let originals = last.into_iter().map(|(id, o)| vec![id.into(), o.layout.into(), o.cells.to_vec().into()]).collect();
    put(session, &sql::sale::ORIGINAL_SET, workspace, originals)
}

fn write_records(session: &mut dyn Session, workspace: i64, effects: &mut Effects) -> Result<(), StoreError> {
    let records = effects
        .records
        .drain(..)
        .map(|r| {
            vec![
                r.kind.code().into(),
                r.id.into(),
                r.key.into(),
                i64::from(r.version).into(),
                i64::from(r.deleted).into(),
                r.body.into(),
                r.recorded_us.into(),
            ]
        })
        .collect();
    put(session, &sql::record::PUT_SET, workspace, records)?;
    let versions = effects
        .record_versions
        .drain(..)
        .map(|(r, salt, command)| {
            vec![
                r.kind.code().into(),
                r.id.into(),
                i64::from(r.version).into(),
                i64::from(r.deleted).into(),
                r.body.into(),
                salt.into(),
                r.recorded_us.into(),
                command.into(),
            ]
        })
        .collect();
    put(session, &sql::record::VERSION_SET, workspace, versions)
}

fn write_ledger(session: &mut dyn Session, workspace: i64, changes: &Changes) -> Result<(), StoreError> {
    let (mut added, mut changed) = (Vec::new(), Vec::with_capacity(changes.accounts.len()));
    for c in &changes.accounts {
        let (a, k, t) = (&c.account, &c.account.key, &c.account.totals);
        let stands = [i64::from(a.state.code()), t.debits_posted, t.debits_pending, t.credits_posted, t.credits_pending];
        let stands = stands.into_iter().map(Value::from);
        if c.is_new {
            let is = [
                a.id.into(),
                i64::from(k.owner.kind.code()).into(),
                k.owner.id.into(),
                i64::from(k.purpose.code()).into(),
                k.unit.code().into(),
            ];
            added.push(is.into_iter().chain(stands).collect());
        } else {
            changed.push(std::iter::once(a.id.into()).chain(stands).collect());
        }
    }
    put(session, &sql::ledger::ACCOUNT_ADD_SET, workspace, added)?;
    put(session, &sql::ledger::ACCOUNT_CHANGE_SET, workspace, changed)?;
    let transfers = changes
        .transfers
        .iter()
        .map(|t| {
            vec![
                t.id.into(),
                t.command.into(),
                t.debit.into(),
                t.credit.into(),
                t.amount.into(),
                t.unit.code().into(),
                i64::from(t.kind.code()).into(),
                i64::from(t.phase.code()).into(),
                t.causes.sale.into(),
                t.causes.reward.into(),
                t.causes.payout.into(),
                t.causes.program_version.into(),
                t.causes.hold.into(),
                t.causes.reverses.into(),
                t.business_time.as_microsecond().into(),
                t.recorded_us.into(),
                t.period.map(meed_core::command::day_number).into(),
                t.expires_us.into(),
            ]
        })
        .collect();
    put(session, &sql::ledger::TRANSFER_ADD_SET, workspace, transfers)?;
    let holds = changes
        .holds
        .iter()
        .map(|h| vec![h.hold.id.into(), i64::from(h.hold.state.code()).into(), h.hold.posted.into(), h.hold.debit.into()])
        .collect();
    put(session, &sql::ledger::HOLD_PUT_SET, workspace, holds)?;
    let reversed = changes.reversed.iter().map(|r| vec![r.reversed.transfer.into(), r.reversed.total.into()]).collect();
    put(session, &sql::ledger::REVERSED_PUT_SET, workspace, reversed)
}

fn write_rewards(session: &mut dyn Session, workspace: i64, effects: &mut Effects) -> Result<(), StoreError> {
    let rewards = effects
        .rewards
        .iter()
        .map(|r| {
            vec![
                r.id.into(),
                r.program.into(),
                r.version.into(),
                r.calculation.into(),
                r.cell_day.into(),
                r.booked_day.into(),
                i64::from(r.owner.kind.code()).into(),
                r.owner.id.into(),
                r.unit.code().into(),
                r.amount.into(),
                r.exact.as_str().into(),
                r.state.code().into(),
                r.release.into(),
                r.payout.into(),
                r.recorded_us.into(),
                r.kind.code().into(),
                r.line.as_str().into(),
                r.due_day.into(),
            ]
        })
        .collect();
    put(session, &sql::reward::ADD_SET, workspace, rewards)?;
    let states =
        effects.reward_states.iter().map(|r| vec![r.id.into(), r.state.code().into(), r.release.into(), r.payout.into()]).collect();
    put(session, &sql::reward::STATE_SET, workspace, states)?;
    let explanations = effects.explanations.drain(..).map(|(id, body)| vec![id.into(), body.into()]).collect();
    put(session, &sql::reward::EXPLANATION_SET, workspace, explanations)?;
    let statements = effects
        .statements
        .drain(..)
        .map(|s| {
            vec![
                s.id.into(),
                s.release.into(),
                s.program.into(),
                s.booked_day.into(),
                i64::from(s.owner.kind.code()).into(),
                s.owner.id.into(),
                s.audit_from.into(),
                s.audit_to.into(),
                s.recorded_us.into(),
                s.body.into(),
            ]
        })
        .collect();
    put(session, &sql::reward::STATEMENT_SET, workspace, statements)
}

fn write_journal(session: &mut dyn Session, workspace: i64, effects: Effects, remembered: Vec<Remembered>) -> Result<(), StoreError> {
    let events = effects
        .events
        .into_iter()
        .map(|e| vec![e.id.into(), e.topic.into(), e.subject.into(), e.body.into(), e.recorded_us.into()])
        .collect();
    put(session, &sql::journal::EVENT_ADD_SET, workspace, events)?;
    let audit = effects
        .audit
        .into_iter()
        .map(|a| {
            vec![
                a.line.number.into(),
                a.line.command.into(),
                a.line.recorded_us.into(),
                a.actor.into(),
                a.action.into(),
                a.subject.into(),
                a.line.digest.as_slice().into(),
                a.line.hash.as_slice().into(),
            ]
        })
        .collect();
    put(session, &sql::journal::AUDIT_ADD_SET, workspace, audit)?;
    let commands = remembered
        .into_iter()
        .map(|r| vec![r.source.into(), r.key.into(), r.fingerprint.as_slice().into(), r.answer.into(), r.recorded_us.into()])
        .collect();
    put(session, &sql::journal::COMMAND_ADD_SET, workspace, commands)
}
