//! What the commands of a batch want loaded, gathered set by set.

use std::collections::BTreeSet;

use super::RecordKind;
use crate::id::Id;
use crate::ledger::AccountKey;
use crate::loyalty::TillNeeds;

/// Keys to load before deciding. Each set becomes one statement.
#[derive(Debug, Default)]
pub struct Needs {
    /// Sales by (source, identity).
    pub sales: BTreeSet<(Id, String)>,
    /// Records by id.
    pub records: BTreeSet<(RecordKind, Id)>,
    /// Records by their natural key.
    pub record_keys: BTreeSet<(RecordKind, String)>,
    /// All rewards of a program's cell period, as (program, first day of the period as day number).
    pub reward_cells: BTreeSet<(Id, i64)>,
    /// All rewards booked in a period, as (program, day number); the accounts of their owners come with them.
    pub reward_periods: BTreeSet<(Id, i64)>,
    /// Accounts by key.
    pub accounts: BTreeSet<AccountKey>,
    /// Purchases, wallets and the rest of the tills.
    pub tills: TillNeeds,
}
