//! Accounts: who owns them, what they are for, and what their totals mean (`ledger.md` §1.2, §1.3).

use super::coded::coded;
use crate::id::Id;
use crate::money::{Minor, Unit};

coded! {
    /// Who can own an account.
    OwnerKind {
        /// A commission plan, reward scheme or affiliate campaign.
        Program = 1 "program",
        /// Who sells.
        Rep = 2 "rep",
        /// A contact in a reward scheme, with a wallet.
        Participant = 3 "participant",
        /// Who refers.
        Affiliate = 4 "affiliate",
        /// The workspace itself.
        Workspace = 5 "workspace",
    }
}

/// The owner of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// What `id` is an id of.
    pub kind: OwnerKind,
    /// The owner's id; the workspace's own id for [`OwnerKind::Workspace`].
    pub id: Id,
}

impl Owner {
    /// A program as owner.
    #[must_use]
    pub const fn program(id: Id) -> Self {
        Self { kind: OwnerKind::Program, id }
    }

    /// A rep as owner.
    #[must_use]
    pub const fn rep(id: Id) -> Self {
        Self { kind: OwnerKind::Rep, id }
    }

    /// A participant as owner.
    #[must_use]
    pub const fn participant(id: Id) -> Self {
        Self { kind: OwnerKind::Participant, id }
    }

    /// A workspace as owner.
    #[must_use]
    pub const fn workspace(id: Id) -> Self {
        Self { kind: OwnerKind::Workspace, id }
    }

    /// This owner's account for `purpose` in `unit`.
    #[must_use]
    pub const fn account(self, purpose: Purpose, unit: Unit) -> AccountKey {
        AccountKey { owner: self, purpose, unit }
    }
}

coded! {
    /// What an account is for: the closed list of `ledger.md` §1.3.
    Purpose {
        /// What a program has cost.
        Expense = 1 "expense",
        /// Points given out; in money, the value of points still outstanding.
        Issued = 2 "issued",
        /// What was accepted at tills.
        Redeemed = 3 "redeemed",
        /// What expired.
        Breakage = 4 "breakage",
        /// What a program may still grant; the workspace's side is its counterpart.
        Budget = 5 "budget",
        /// Earned, but a hold time or a condition still runs.
        Pending = 6 "pending",
        /// A participant's wallet.
        Available = 7 "available",
        /// Earned, waiting for release.
        Accrued = 8 "accrued",
        /// Released, may be paid.
        Payable = 9 "payable",
        /// Taken back after it had been released, paid or spent.
        Recoverable = 10 "recoverable",
        /// Advances not yet earned.
        Draw = 11 "draw",
        /// Handed to a rail, outcome not confirmed.
        PayoutClearing = 12 "payout_clearing",
        /// Confirmed as gone.
        Paid = 13 "paid",
        /// What rails charged.
        Fees = 14 "fees",
        /// Between the two halves of an exchange.
        FxClearing = 15 "fx_clearing",
        /// What a person must still decide.
        Suspense = 16 "suspense",
    }
}

/// The side on which an account grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// What was spent, or is owed to the operator.
    Debit,
    /// What the operator owes.
    Credit,
}

/// How the totals of an account are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The side on which the balance is positive.
    pub normal: Side,
    /// Whether *available* may never fall below 0.
    pub floor: bool,
}

impl Purpose {
    /// The rule for this purpose with such an owner, or `None` where no such account can exist.
    /// `fx_clearing` and `suspense` have no normal side; they are read as credit accounts.
    #[must_use]
    pub fn rule(self, owner: OwnerKind, unit: Unit) -> Option<Rule> {
        use OwnerKind::{Affiliate, Participant, Program, Rep, Workspace};
        use Side::{Credit, Debit};
        let (normal, floor) = match (owner, self) {
            (Program, Self::Expense) | (Workspace, Self::Fees | Self::Budget) => (Debit, false),
            (Program, Self::Issued) => (if unit == Unit::POINTS { Debit } else { Credit }, false),
            (Program, Self::Redeemed | Self::Breakage)
            | (Rep | Affiliate, Self::Pending | Self::Accrued)
            | (Workspace, Self::FxClearing | Self::Suspense) => (Credit, false),
            (Program, Self::Budget)
            | (Participant, Self::Pending | Self::Available)
            | (Rep | Affiliate, Self::Payable)
            | (Workspace, Self::PayoutClearing | Self::Paid) => (Credit, true),
            (Participant | Rep | Affiliate, Self::Recoverable) | (Rep | Affiliate, Self::Draw) => (Debit, true),
            _ => return None,
        };
        Some(Rule { normal, floor })
    }
}

/// What identifies an account within a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey {
    /// Whose account.
    pub owner: Owner,
    /// What for.
    pub purpose: Purpose,
    /// What it counts. Never changes.
    pub unit: Unit,
}

impl AccountKey {
    /// The rule of this account, or `None` where such an owner has no such account.
    #[must_use]
    pub fn rule(&self) -> Option<Rule> {
        self.purpose.rule(self.owner.kind, self.unit)
    }
}

impl std::fmt::Display for AccountKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} {}", self.owner.kind, self.owner.id, self.purpose, self.unit)
    }
}

coded! {
    /// Whether an account takes transfers.
    AccountState {
        /// Takes transfers.
        Open = 1 "open",
        /// Takes an operator's correction and nothing else.
        Frozen = 2 "frozen",
        /// Takes nothing; its balance is zero.
        Closed = 3 "closed",
    }
}

/// The four running totals of an account, in minor units. None is ever negative, and per side posted and pending
/// together stay within 64 bits, so that every balance does too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    /// Sum of posted debits.
    pub debits_posted: Minor,
    /// Sum of debits reserved by open holds.
    pub debits_pending: Minor,
    /// Sum of posted credits.
    pub credits_posted: Minor,
    /// Sum of credits reserved by open holds.
    pub credits_pending: Minor,
}

impl Totals {
    /// The posted balance as read by `rule`: normal side − other side.
    #[must_use]
    pub const fn posted(&self, rule: Rule) -> Minor {
        // Two non-negative numbers: their difference is always in range.
        match rule.normal {
            Side::Debit => self.debits_posted - self.credits_posted,
            Side::Credit => self.credits_posted - self.debits_posted,
        }
    }

    /// What may still be moved: the posted balance less what is pending on the other side.
    #[must_use]
    pub const fn available(&self, rule: Rule) -> Minor {
        // Posted and pending of one side sum to at most i64::MAX, so this stays above i64::MIN.
        match rule.normal {
            Side::Debit => self.debits_posted - (self.credits_posted + self.credits_pending),
            Side::Credit => self.credits_posted - (self.debits_posted + self.debits_pending),
        }
    }
}

/// An account with its running totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// Owner, purpose and unit.
    pub key: AccountKey,
    /// Whether it takes transfers.
    pub state: AccountState,
    /// The running totals.
    pub totals: Totals,
}

impl Account {
    /// The posted balance on the normal side, in minor units; 0 for a key that no rule knows.
    #[must_use]
    pub fn posted(&self) -> Minor {
        self.key.rule().map_or(0, |rule| self.totals.posted(rule))
    }

    /// What may still be moved, holds counted, in minor units; 0 for a key that no rule knows.
    #[must_use]
    pub fn available(&self) -> Minor {
        self.key.rule().map_or(0, |rule| self.totals.available(rule))
    }
}
