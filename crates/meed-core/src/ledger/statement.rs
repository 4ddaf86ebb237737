//! One statement over several accounts: what each had, what came and went, what each has, and the sums that tie to the last
//! unit (`ledger.md` §11). A party may be shopper, rep and affiliate at once; each keeps accounts of its own.

use std::collections::BTreeMap;

use super::account::{Account, AccountKey, Side};
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
