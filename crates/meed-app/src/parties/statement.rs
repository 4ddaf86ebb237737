//! One statement over all roles of a party: what each earned, has, was paid and owes, with the lines behind it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use meed_core::id::Id;
use meed_core::ledger::{Account, AccountKey, CombinedStatement, Owner, RoleTotal, Transfer, UnitTotal, by_role, combined};
use meed_core::money::Unit;
use meed_core::period::first_instant;
use meed_store::{Reader, StoreError};

use super::{Party, Role, of};
use crate::error::{AppError, AppResult};
use crate::{App, Context};

/// What one role earned and has in one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleStatement {
    /// The role.
    pub role: Role,
    /// What is counted.
    pub unit: Unit,
    /// The sums.
    pub total: RoleTotal,
}

/// The statement of a party.
#[derive(Clone, Debug)]
pub struct PartyStatement {
    /// Whose.
    pub party: Party,
    /// First day; from the beginning if none.
    pub from: Option<Date>,
    /// Last day; until now if none.
    pub until: Option<Date>,
    /// By role and unit.
    pub roles: Vec<RoleStatement>,
    /// Over all roles, by unit: what the party has, less what it owes.
    pub totals: BTreeMap<Unit, UnitTotal>,
    /// The accounts with what moved them.
    pub accounts: CombinedStatement,
}

/// The accounts of a party, what moved them, and the keys of the accounts on either side of that.
type Found = (Vec<Account>, Vec<Transfer>, BTreeMap<Id, AccountKey>);

/// The statement of the party of a role: everything that was recorded from one day to another in the workspace's zone, both
/// inclusive.
pub async fn statement(app: &App, ctx: &Context, role: Owner, from: Option<Date>, until: Option<Date>) -> AppResult<PartyStatement> {
    let party = of(app, ctx, role).await?;
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err(AppError::invalid("validity_reversed", "until", "the last day lies before the first"));
    }
    let zone = app.configuration(ctx.workspace).await?.zone.clone();
    let start = |day: Date, field: &str| {
        let instant = first_instant(day, &zone).map(jiff::Timestamp::as_microsecond);
        instant.map_err(|_| AppError::invalid("date_unreadable", field, "this day cannot be kept"))
    };
    // What is recorded with the beginning of a day belongs to it.
    let after_us = from.map(|day| start(day, "from").map(|us| us - 1)).transpose()?.unwrap_or(i64::MIN);
    let next = until.map(|day| day.tomorrow().map_err(|_| AppError::invalid("date_unreadable", "until", "this day cannot be kept")));
    let until_us = next.transpose()?.map(|day| start(day, "until").map(|us| us - 1)).transpose()?.unwrap_or(i64::MAX);
    let (workspace, owners) = (ctx.workspace, party.roles.iter().map(|role| role.owner).collect::<Vec<_>>());
    let read = move |r: &mut Reader<'_>| -> Result<Found, StoreError> {
        let mut accounts = Vec::new();
        for owner in owners {
            accounts.extend(r.accounts_of(workspace, owner)?);
        }
        let transfers = r.transfers_of(workspace, &accounts, until_us)?;
        let mut ids: Vec<Id> = transfers.iter().flat_map(|transfer| [transfer.debit, transfer.credit]).collect();
        ids.sort_unstable();
        ids.dedup();
        let known = r.accounts_by_id(workspace, &ids)?.into_iter().map(|account| (account.id, account.key)).collect();
        Ok((accounts, transfers, known))
    };
    let (accounts, transfers, known) = app.store().read(read).await?;
    let overflow = |_| AppError::bug("the sums of a party leave the 64-bit range");
    let accounts = combined(&accounts, transfers, after_us, until_us).map_err(overflow)?;
    let sums = by_role(&accounts, &known).map_err(overflow)?;
    let named = |kind| party.roles.iter().find(|role: &&Role| role.owner.kind == kind).cloned();
    let roles = sums.into_iter().filter_map(|((kind, unit), total)| Some(RoleStatement { role: named(kind)?, unit, total })).collect();
    Ok(PartyStatement { party, from, until, roles, totals: accounts.totals.clone(), accounts })
}
