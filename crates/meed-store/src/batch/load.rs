//! Load: everything the commands need, by sets of keys.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use meed_core::command::{Head, Needs, Record, RecordKind, RewardRow, RewardState, SaleRow, State};
use meed_core::crediting::RewardKind;
use meed_core::id::Id;
use meed_core::ledger::{Account, AccountKey, AccountState, Hold, HoldState, Owner, OwnerKind, Purpose, Totals, postings};
use meed_core::money::Unit;

use super::guesses::{Guesses, People};
use super::load_till;
use super::load_wallets::{Wallets, Wanted, expect_accounts};
use crate::engine::{Question, Session};
use crate::error::StoreError;
use crate::sql;
use crate::value::{RowView, Value};

/// Reads the workspace row. `None`: there is no such workspace.
pub(crate) fn head(session: &mut dyn Session, workspace: i64, is_locking: bool) -> Result<Option<Head>, StoreError> {
    let mut head = None;
    let statement = if is_locking { &sql::workspace::LOCK } else { &sql::workspace::READ };
    session.query(statement, &[Value::Int(workspace)], &mut |row| {
        head = Some(head_row(workspace, row)?);
        Ok(())
    })?;
    Ok(head)
}

fn head_row(workspace: i64, row: &dyn RowView) -> Result<Head, StoreError> {
    let zone = row.text(5)?;
    let unit = row.text(6)?;
    Ok(Head {
        workspace: Id(workspace),
        config_version: row.int(0)?,
        last_id: row.id(1)?,
        last_recorded_us: row.int(2)?,
        audit_number: row.int(3)?,
        audit_hash: row.bytes(4)?.try_into().map_err(|_| StoreError::broken("the audit head is not a hash"))?,
        zone: TimeZone::get(zone).map_err(|e| StoreError::broken(format!("time zone `{zone}`: {e}")))?,
        unit: unit.parse().map_err(|_| StoreError::broken(format!("currency `{unit}` is not known")))?,
        sale_count: row.int(7)?,
    })
}

/// Loads what `needs` names into `state`.
pub(crate) fn load(
    session: &mut dyn Session,
    workspace: i64,
    needs: &Needs,
    state: &mut State,
    guesses: &Guesses,
) -> Result<(), StoreError> {
    let mut ahead = Ahead::new(workspace, needs, guesses);
    let questions = ahead.questions(needs);
    ahead.expect(state);
    session.query_all(workspace, questions, &mut |place, row| ahead.take(state, place, row))?;
    ahead.load_rest(session, needs, state, guesses)
}

/// Loads what `needs` names into a state that `start` makes of the workspace row, which travels with what the commands name.
pub(crate) fn snapshot(
    session: &mut dyn Session,
    workspace: i64,
    needs: &Needs,
    guesses: &Guesses,
    start: impl FnOnce(Head) -> State,
) -> Result<State, StoreError> {
    let mut ahead = Ahead::new(workspace, needs, guesses);
    let mut questions = ahead.questions(needs);
    questions.insert(0, Question::One(&sql::workspace::READ, vec![workspace.into()]));
    let absent = || StoreError::bug(format!("workspace {workspace} does not exist"));
    let (mut start, mut state) = (Some(start), None);
    session.query_all(workspace, questions, &mut |place, row| {
        if let Some(place) = place.checked_sub(1) {
            return ahead.take(state.as_mut().ok_or_else(absent)?, place, row);
        }
        if let Some(start) = start.take() {
            ahead.expect(state.insert(start(head_row(workspace, row)?)));
        }
        Ok(())
    })?;
    let mut state = state.ok_or_else(absent)?;
    ahead.load_rest(session, needs, &mut state, guesses)?;
    Ok(state)
}

/// What is asked for at once: what hangs on nothing but the commands, and what is theirs whom they may name.
struct Ahead {
    workspace: i64,
    guessed: People,
    wanted: Wanted,
    wallets: Wallets,
}

impl Ahead {
    fn new(workspace: i64, needs: &Needs, guesses: &Guesses) -> Self {
        let guessed = guesses.of(workspace, &needs.tills.participants);
        let mut wallets = Wallets::default();
        let wanted = wallets.ask(Wanted::of(&needs.tills, &guessed));
        Self { workspace, guessed, wanted, wallets }
    }

    /// Sales and identities, records by id, records by key, wallets.
    fn questions(&self, needs: &Needs) -> Vec<Question> {
        let tills = &needs.tills;
        let sales = needs.sales.iter().map(|(source, identity)| vec![source.0.into(), identity.as_str().into()]);
        let identities = tills.identities.iter().map(|(source, reference)| vec![(*source).into(), reference.as_str().into()]);
        let people = self.guessed.values().map(|id| (RecordKind::Participant, *id));
        let ids: BTreeSet<_> = needs.records.iter().copied().chain(people).collect();
        let keys: BTreeSet<_> = needs.record_keys.iter().cloned().chain(load_till::record_keys(tills)).collect();
        let named = [
            Question::Set(&sql::sale::BY_IDENTITY_SET, sales.collect()),
            Question::Set(&sql::till::IDENTITY_SET, identities.collect()),
            Question::Set(&sql::record::BY_ID_SET, ids.into_iter().map(|(kind, id)| vec![kind.code().into(), id.into()]).collect()),
            Question::Set(&sql::record::BY_KEY_SET, keys.into_iter().map(|(kind, key)| vec![kind.code().into(), key.into()]).collect()),
        ];
        named.into_iter().chain(self.wanted.questions(self.workspace)).collect()
    }

    fn expect(&self, state: &mut State) {
        expect_accounts(state, &self.wanted.owners(self.workspace));
    }

    /// Takes a row of the answer to the question at this place.
    fn take(&mut self, state: &mut State, place: usize, row: &dyn RowView) -> Result<(), StoreError> {
        match place {
            0 => state.load_sale(sale_row(row)?),
            1 => load_till::take_identity(state, row)?,
            2 | 3 => state.load_record(record_row(row)?),
            _ => self.wallets.take(state, place - 4, row)?,
        }
        Ok(())
    }

    fn load_rest(self, session: &mut dyn Session, needs: &Needs, state: &mut State, guesses: &Guesses) -> Result<(), StoreError> {
        let accounts = load_rewards(session, self.workspace, needs, state)?;
        load_accounts(session, self.workspace, accounts.into_iter().chain(needs.accounts.iter().copied()), state)?;
        let people = load_till::load_tills(session, self.workspace, &needs.tills, state, self.wallets)?;
        guesses.learn(self.workspace, &people, &self.guessed);
        Ok(())
    }
}

/// Loads rewards and answers the accounts of their owners.
fn load_rewards(session: &mut dyn Session, workspace: i64, needs: &Needs, state: &mut State) -> Result<Vec<AccountKey>, StoreError> {
    let mut rows = Vec::new();
    for (program, day) in &needs.reward_cells {
        session.query(&sql::reward::BY_CELL_PERIOD, &[workspace.into(), program.0.into(), (*day).into()], &mut |row| {
            rows.push(reward_row(row)?);
            Ok(())
        })?;
    }
    for (program, day) in &needs.reward_periods {
        session.query(&sql::reward::BY_BOOKED_PERIOD, &[workspace.into(), program.0.into(), (*day).into()], &mut |row| {
            rows.push(reward_row(row)?);
            Ok(())
        })?;
    }
    let mut accounts = Vec::new();
    for row in rows {
        accounts.extend(postings::payee_accounts(row.owner, row.unit));
        accounts.push(Owner::program(row.program).account(Purpose::Expense, row.unit));
        let workspace = Owner::workspace(Id(workspace));
        accounts.push(workspace.account(Purpose::PayoutClearing, row.unit));
        accounts.push(workspace.account(Purpose::Paid, row.unit));
        state.load_reward(row);
    }
    Ok(accounts)
}

fn load_accounts(
    session: &mut dyn Session,
    workspace: i64,
    keys: impl Iterator<Item = AccountKey>,
    state: &mut State,
) -> Result<(), StoreError> {
    let mut wanted: Vec<AccountKey> = keys.collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(());
    }
    state.book.load_absent(wanted.iter().copied());
    let keys: Vec<Vec<Value>> = wanted
        .iter()
        .map(|k| vec![i64::from(k.owner.kind.code()).into(), k.owner.id.0.into(), i64::from(k.purpose.code()).into(), k.unit.code().into()])
        .collect();
    session.query_set(&sql::ledger::ACCOUNT_BY_KEY_SET, workspace, &keys, &mut |row| {
        state.book.load_account(account_row(row)?);
        Ok(())
    })
}

pub(crate) fn code16(value: i64) -> Result<i16, StoreError> {
    i16::try_from(value).map_err(|_| StoreError::broken(format!("{value} is no stored code")))
}

pub(crate) fn unit(text: &str) -> Result<Unit, StoreError> {
    text.parse().map_err(|_| StoreError::broken(format!("currency `{text}` is not known")))
}

/// An owner from its kind and id, in two columns.
pub(crate) fn owner(row: &dyn RowView, kind: usize, id: usize) -> Result<Owner, StoreError> {
    let code = row.int(kind)?;
    let kind = OwnerKind::from_code(code16(code)?).ok_or_else(|| StoreError::broken(format!("owner kind {code}")))?;
    Ok(Owner { kind, id: row.id(id)? })
}

pub(crate) fn account_row(row: &dyn RowView) -> Result<Account, StoreError> {
    let purpose = row.int(3)?;
    let state = row.int(5)?;
    Ok(Account {
        id: row.id(0)?,
        key: AccountKey {
            owner: owner(row, 1, 2)?,
            purpose: Purpose::from_code(code16(purpose)?).ok_or_else(|| StoreError::broken(format!("purpose {purpose}")))?,
            unit: unit(row.text(4)?)?,
        },
        state: AccountState::from_code(code16(state)?).ok_or_else(|| StoreError::broken(format!("account state {state}")))?,
        totals: Totals {
            debits_posted: row.int(6)?,
            debits_pending: row.int(7)?,
            credits_posted: row.int(8)?,
            credits_pending: row.int(9)?,
        },
    })
}

/// A hold with its transfer: id, state, posted, debit, credit, amount, unit, end.
pub(crate) fn hold_row(row: &dyn RowView) -> Result<Hold, StoreError> {
    let state = row.int(1)?;
    Ok(Hold {
        id: row.id(0)?,
        debit: row.id(3)?,
        credit: row.id(4)?,
        amount: row.int(5)?,
        unit: unit(row.text(6)?)?,
        expires_us: row.opt_int(7)?,
        state: HoldState::from_code(code16(state)?).ok_or_else(|| StoreError::broken(format!("hold state {state}")))?,
        posted: row.int(2)?,
    })
}

pub(crate) fn sale_row(row: &dyn RowView) -> Result<SaleRow, StoreError> {
    Ok(SaleRow {
        id: row.id(0)?,
        source: row.id(1)?,
        identity: row.text(2)?.to_owned(),
        day: row.int(11)?,
        at_ns: row.int(3)?,
        version: version(row.int(4)?)?,
        recorded_us: row.int(5)?,
        created_us: row.int(6)?,
        import: row.opt_id(7)?,
        line: row.opt_int(8)?,
        salt: row.int(9)?,
        facts: row.bytes(10)?.to_vec(),
    })
}

pub(crate) fn version(value: i64) -> Result<i32, StoreError> {
    i32::try_from(value).map_err(|_| StoreError::broken(format!("version {value}")))
}

pub(crate) fn record_row(row: &dyn RowView) -> Result<Record, StoreError> {
    let kind = row.int(0)?;
    Ok(Record {
        kind: RecordKind::from_code(kind).ok_or_else(|| StoreError::broken(format!("record kind {kind}")))?,
        id: row.id(1)?,
        key: row.text(2)?.to_owned(),
        version: version(row.int(3)?)?,
        deleted: row.int(4)? != 0,
        body: row.text(5)?.to_owned(),
        recorded_us: row.int(6)?,
    })
}

pub(crate) fn reward_row(row: &dyn RowView) -> Result<RewardRow, StoreError> {
    let state = row.int(11)?;
    Ok(RewardRow {
        id: row.id(0)?,
        program: row.id(1)?,
        version: row.id(2)?,
        calculation: row.id(3)?,
        cell_day: row.int(4)?,
        booked_day: row.int(5)?,
        owner: owner(row, 6, 7)?,
        unit: unit(row.text(8)?)?,
        amount: row.int(9)?,
        exact: row.text(10)?.to_owned(),
        state: RewardState::from_code(state).ok_or_else(|| StoreError::broken(format!("reward state {state}")))?,
        release: row.opt_id(12)?,
        payout: row.opt_id(13)?,
        recorded_us: row.int(14)?,
        // Rows of the release before were commissions that were due with their cell.
        kind: row.opt_int(15)?.map_or(Ok(RewardKind::Commission), reward_kind)?,
        line: row.opt_text(16)?.unwrap_or_default().to_owned(),
        due_day: row.opt_int(17)?.map_or_else(|| row.int(4), Ok)?,
    })
}

pub(crate) fn reward_kind(code: i64) -> Result<RewardKind, StoreError> {
    RewardKind::from_code(code).ok_or_else(|| StoreError::broken(format!("reward kind {code}")))
}
