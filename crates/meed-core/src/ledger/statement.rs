//! One statement over several accounts: what each had, what came and went, what each has, and the sums that tie to the last
//! unit (`ledger.md` §11). A party may be shopper, rep and affiliate at once; each keeps accounts of its own.

use std::collections::{BTreeMap, HashMap};

use super::account::{Account, AccountKey, OwnerKind, Purpose, Side};
use super::transfer::{Phase, Transfer};
use crate::id::Id;
use crate::money::{Minor, Overflow, Unit};

/// A line of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The transfer.
    pub transfer: Transfer,
    /// What it added to the balance, on the account's normal side; below 0: what it took.
    pub amount: Minor,
}

/// One account of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStatement {
    /// The account.
    pub account: AccountKey,
    /// The posted balance before the first line.
    pub opening: Minor,
    /// What moved it, in the order of recording.
    pub lines: Vec<StatementLine>,
    /// The posted balance after the last line.
    pub closing: Minor,
}

/// What a party is owed in one unit: what it has, less what it owes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitTotal {
    /// Before.
    pub opening: Minor,
    /// Sum of all lines.
    pub moved: Minor,
    /// After: opening and lines.
    pub closing: Minor,
}

/// One statement over several accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CombinedStatement {
    /// The accounts that ever had anything, by key.
    pub accounts: Vec<AccountStatement>,
    /// Sums by unit.
    pub totals: BTreeMap<Unit, UnitTotal>,
}

/// What one role of a party earned and has in one unit, in minor units. `opening + earned + other - paid - expired = closing`,
/// and `closing = waiting + payable - owed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleTotal {
    /// What it had before, less what it owed.
    pub opening: Minor,
    /// Given by programs, less what they took back.
    pub earned: Minor,
    /// Paid out; of a wallet: spent.
    pub paid: Minor,
    /// Expired unused.
    pub expired: Minor,
    /// Moved by anything else: another wallet, a decision about an offline sale.
    pub other: Minor,
    /// What it has after, less what it owes.
    pub closing: Minor,
    /// Of it, earned and not yet to be paid or spent.
    pub waiting: Minor,
    /// Of it, what may be paid or spent.
    pub payable: Minor,
    /// What it owes: taken back after it was paid or spent, and advances.
    pub owed: Minor,
}

/// What each role of a party earned and has, by unit. `others` are the accounts on the other side of the statement's lines.
pub fn by_role(
    statement: &CombinedStatement,
    others: &HashMap<Id, AccountKey>,
) -> Result<BTreeMap<(OwnerKind, Unit), RoleTotal>, Overflow> {
    let mut roles: BTreeMap<(OwnerKind, Unit), RoleTotal> = BTreeMap::new();
    for one in &statement.accounts {
        let total = roles.entry((one.account.owner.kind, one.account.unit)).or_default();
        let is_owed = one.account.rule().is_some_and(|rule| rule.normal == Side::Debit);
        let sign = if is_owed { -1 } else { 1 };
        let add = |sum: &mut Minor, minor: Minor| {
            *sum = minor.checked_mul(sign).and_then(|minor| sum.checked_add(minor)).ok_or(Overflow)?;
            Ok::<(), Overflow>(())
        };
        add(&mut total.opening, one.opening)?;
        add(&mut total.closing, one.closing)?;
        let part = match one.account.purpose {
            Purpose::Payable | Purpose::Available => &mut total.payable,
            Purpose::Recoverable | Purpose::Draw => &mut total.owed,
            _ => &mut total.waiting,
        };
        *part = part.checked_add(one.closing).ok_or(Overflow)?;
        for line in &one.lines {
            let is_debit = (line.amount > 0) == is_owed;
            let other = if is_debit { line.transfer.credit } else { line.transfer.debit };
            let other = others.get(&other);
            match other.map(|key| (key.owner, key.purpose)) {
                // From one account of the same role to another.
                Some((owner, _)) if owner == one.account.owner => {}
                Some((_, Purpose::Expense | Purpose::Issued)) => add(&mut total.earned, line.amount)?,
                Some((_, Purpose::Redeemed | Purpose::PayoutClearing | Purpose::Paid)) => add(&mut total.paid, -line.amount)?,
                Some((_, Purpose::Breakage)) => add(&mut total.expired, -line.amount)?,
                _ => add(&mut total.other, line.amount)?,
            }
        }
    }
    Ok(roles)
}

/// Puts the accounts of one party on one statement, for what was recorded within (`after_us`, `until_us`]. `transfers` are
/// all transfers up to then, in the order of recording. Holds do not show: they move nothing.
pub fn combined(
    accounts: &[Account],
    transfers: impl IntoIterator<Item = Transfer>,
    after_us: i64,
    until_us: i64,
) -> Result<CombinedStatement, Overflow> {
    let mut own: BTreeMap<Id, AccountStatement> = accounts
        .iter()
        .map(|account| (account.id, AccountStatement { account: account.key, opening: 0, lines: Vec::new(), closing: 0 }))
        .collect();
    for transfer in transfers {
        if transfer.recorded_us > until_us || !matches!(transfer.phase, Phase::Posted | Phase::Post) {
            continue;
        }
        for (id, side) in [(transfer.debit, Side::Debit), (transfer.credit, Side::Credit)] {
            let Some(statement) = own.get_mut(&id) else { continue };
            let Some(rule) = statement.account.rule() else { continue };
            let amount = if rule.normal == side { transfer.amount } else { -transfer.amount };
            statement.closing = statement.closing.checked_add(amount).ok_or(Overflow)?;
            if transfer.recorded_us > after_us {
                statement.lines.push(StatementLine { transfer, amount });
            } else {
                statement.opening = statement.closing;
            }
        }
    }
    let mut combined = CombinedStatement::default();
    for statement in own.into_values() {
        // What the party owes lies on accounts that count the other way round.
        let is_owed = statement.account.rule().is_some_and(|rule| rule.normal == Side::Debit);
        let signed = |minor: Minor| if is_owed { minor.checked_neg().ok_or(Overflow) } else { Ok(minor) };
        let total = combined.totals.entry(statement.account.unit).or_default();
        let moved = statement.lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.amount)).ok_or(Overflow)?;
        total.opening = total.opening.checked_add(signed(statement.opening)?).ok_or(Overflow)?;
        total.moved = total.moved.checked_add(signed(moved)?).ok_or(Overflow)?;
        total.closing = total.closing.checked_add(signed(statement.closing)?).ok_or(Overflow)?;
        combined.accounts.push(statement);
    }
    combined.accounts.sort_by_key(|statement| statement.account);
    Ok(combined)
}
