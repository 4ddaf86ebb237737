//! Rewards against their transfers, explanations, releases and statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use meed_core::command::{RecordKind, RewardRow, RewardState, is_reversed_key, release_key};
use meed_core::id::{Id, Kind};
use meed_core::ledger::{Account, Owner, OwnerKind, Phase, Purpose, Transfer};
use meed_core::money::{Minor, Unit};

use super::ledger::ALWAYS;
use super::{Check, Notes};
use crate::batch::load::reward_row;
use crate::error::StoreError;
use crate::read::{statement_row, transfer_row};
use crate::sql;

/// What is left to explain of a reward's amount.
struct Open {
    owner: Owner,
    program: Id,
    unit: Unit,
    amount: Minor,
    posted: i128,
}

impl Check<'_> {
    pub(super) fn rewards(&mut self, accounts: &HashMap<Id, Account>) -> Result<(), StoreError> {
        let releases = self.record_keys(RecordKind::Release)?;
        let payouts = self.record_keys(RecordKind::Payout)?;
        let mut open: HashMap<Id, Open> = HashMap::new();
        let mut waiting: BTreeMap<(Owner, Purpose, Unit), i128> = BTreeMap::new();
        let mut owed_statements: BTreeSet<(Id, Owner)> = BTreeSet::new();
        self.each(&sql::verify::REWARDS, &ALWAYS, &mut |notes, row| {
            let reward = reward_row(row)?;
            check_state(notes, &reward, &releases, &payouts);
            if reward.state == RewardState::Accrued && !reward.is_recoverable() {
                let purpose = if reward.is_deferred() { Purpose::Pending } else { Purpose::Accrued };
                *waiting.entry((reward.owner, purpose, reward.unit)).or_default() += i128::from(reward.amount);
            }
            owed_statements.extend(reward.release.map(|release| (release, reward.owner)));
            let RewardRow { owner, program, unit, amount, .. } = reward;
            open.insert(reward.id, Open { owner, program, unit, amount, posted: 0 });
            Ok(())
        })?;
        self.report.rewards += open.len() as u64;
        self.each(&sql::verify::TRANSFERS, &ALWAYS, &mut |notes, row| {
            let transfer = transfer_row(row)?;
            if let Some(id) = transfer.causes.reward {
                check_cause(notes, &transfer, open.get_mut(&id), accounts);
            }
            Ok(())
        })?;
        let mut ids: Vec<_> = open.into_iter().filter(|(_, open)| i128::from(open.amount) != open.posted).collect();
        ids.sort_unstable_by_key(|(id, _)| *id);
        for (id, open) in ids {
            self.differ("reward_amount", id.text(Kind::Reward), open.amount, format!("{} by its transfers", open.posted));
        }
        self.waiting_balances(accounts, waiting);
        self.none_of(&sql::verify::LOST_EXPLANATIONS, &[], "explanation", "no such reward")?;
        let reversed: BTreeSet<Id> = releases.iter().filter(|(_, key)| is_reversed_key(key)).map(|(id, _)| *id).collect();
        self.statements(owed_statements, &reversed)
    }

    /// What is accrued is the sum of the rewards that wait for their release; what is pending, of those that are not due yet.
    fn waiting_balances(&mut self, accounts: &HashMap<Id, Account>, mut waiting: BTreeMap<(Owner, Purpose, Unit), i128>) {
        let of_rep = |account: &&Account| account.key.owner.kind == OwnerKind::Rep;
        let waits = |account: &&Account| matches!(account.key.purpose, Purpose::Accrued | Purpose::Pending);
        let mut stored: Vec<&Account> = accounts.values().filter(of_rep).filter(waits).collect();
        stored.sort_unstable_by_key(|account| account.id);
        for account in stored {
            let computed = waiting.remove(&(account.key.owner, account.key.purpose, account.key.unit)).unwrap_or_default();
            if i128::from(account.posted()) != computed {
                let what = account.key.purpose.name();
                self.differ(what, account.key, account.posted(), format!("{computed} by the rewards that are not released"));
            }
        }
        for ((owner, purpose, unit), computed) in waiting.into_iter().filter(|(_, computed)| *computed != 0) {
            self.differ(purpose.name(), owner.account(purpose, unit), "no account", computed);
        }
    }

    /// Each payee of a release has a statement of it, and nobody else. Those of a release that was taken back stay.
    fn statements(&mut self, mut owed: BTreeSet<(Id, Owner)>, reversed: &BTreeSet<Id>) -> Result<(), StoreError> {
        self.each(&sql::verify::STATEMENTS, &ALWAYS, &mut |notes, row| {
            let statement = statement_row(row)?;
            if !owed.remove(&(statement.release, statement.owner)) && !reversed.contains(&statement.release) {
                notes.differ("statement", statement.id.text(Kind::Statement), "a statement", "no reward of its payee in this release");
            }
            Ok(())
        })?;
        for (release, owner) in owed {
            self.differ("statement", format!("{} of {}", owner.id, release.text(Kind::Release)), "none", "one");
        }
        Ok(())
    }

    fn record_keys(&mut self, kind: RecordKind) -> Result<HashMap<Id, String>, StoreError> {
        let mut keys = HashMap::new();
        self.each(&sql::record::LIST, &[kind.code()], &mut |_, row| {
            keys.insert(row.id(1)?, row.text(2)?.to_owned());
            Ok(())
        })?;
        Ok(keys)
    }
}

fn check_state(notes: &mut Notes<'_>, reward: &RewardRow, releases: &HashMap<Id, String>, payouts: &HashMap<Id, String>) {
    let place = || reward.id.text(Kind::Reward);
    let fits = match reward.state {
        RewardState::Accrued => reward.release.is_none() && reward.payout.is_none(),
        RewardState::Released => reward.release.is_some() && reward.payout.is_none(),
        RewardState::Paid => reward.release.is_some() && reward.payout.is_some(),
    };
    if !fits {
        let stored = format!("{} with release {:?} and payout {:?}", reward.state.word(), reward.release, reward.payout);
        notes.differ("reward_state", place(), stored, "what belongs to that state");
    }
    if let Some(release) = reward.release {
        let expected = release_key(reward.program, reward.booked_day);
        if releases.get(&release) != Some(&expected) {
            notes.differ("reward_release", place(), release.text(Kind::Release), format!("the release of {expected}"));
        }
    }
    if let Some(payout) = reward.payout.filter(|payout| !payouts.contains_key(payout)) {
        notes.differ("reward_payout", place(), payout.text(Kind::Payout), "no such payout");
    }
}

/// A transfer that a reward caused moves between its payee and its program's expense, or within the payee's accounts.
fn check_cause(notes: &mut Notes<'_>, transfer: &Transfer, open: Option<&mut Open>, accounts: &HashMap<Id, Account>) {
    let place = transfer.id.text(Kind::Transfer);
    let Some(open) = open else {
        let reward = transfer.causes.reward.unwrap_or_default();
        return notes.differ("reference", place, reward.text(Kind::Reward), "no such reward in this workspace");
    };
    if open.unit != transfer.unit {
        notes.differ("reward_unit", &place, transfer.unit, open.unit);
    }
    if transfer.phase != Phase::Posted {
        return;
    }
    for (account, sign) in [(transfer.debit, -1), (transfer.credit, 1)] {
        let Some(key) = accounts.get(&account).map(|account| account.key) else { continue };
        // An advance is owed as much as it is paid: what the reward came to is its other side.
        if key.owner == open.owner && key.purpose != Purpose::Draw {
            open.posted += sign * i128::from(transfer.amount);
        } else if key.owner.kind == OwnerKind::Program && (key.purpose, key.owner.id) != (Purpose::Expense, open.program) {
            notes.differ("reward_program", &place, key, format!("expense of program {}", open.program));
        }
    }
}
