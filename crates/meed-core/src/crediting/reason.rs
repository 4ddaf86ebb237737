//! Why a sale was not credited, and what a person should look at.

use std::collections::BTreeMap;
use std::fmt;

use crate::id::Id;

/// Why a rule did not credit a sale, or a part of it. Codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The sale lies outside the period, or outside the validity of the program or rule.
    OutsideValidity,
    /// The condition does not hold.
    Condition,
    /// The condition or formula has no answer for this sale.
    ConditionError,
    /// The sale is in another currency than the program, and no rate of exchange is known for it.
    RateMissing,
    /// The sale lacks what the rule measures.
    BasisMissing,
    /// No owner or team field has a value.
    NoOwner,
    /// Nobody has this alias.
    NoMatch,
    /// Several have this alias, so nobody is credited.
    DuplicateAlias,
    /// The rep is not a target of the program.
    NotTarget,
    /// The team has no members, or no manager, to credit.
    EmptyTeam,
    /// The rep belongs to no team that could be credited.
    NoTeam,
    /// A member has no value of the variable by which the team shares.
    WeightMissing,
    /// The formula of an owner's share has no answer for this sale.
    ShareMissing,
    /// The formula of the groups in which tiers are counted has no answer for this sale.
    GroupMissing,
    /// The rep has not enrolled in the program.
    NotEnrolled,
    /// There is nobody to get what the rule pays: no manager, no members.
    NoRecipient,
    /// The sale was already counted for this manager through another credit.
    AlreadyCounted,
    /// A figure that the rule needs is missing for this rep, or an amount leaves the range.
    PayUnknown,
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutsideValidity => "outside_validity",
            Self::Condition => "condition_false",
            Self::ConditionError => "condition_error",
            Self::RateMissing => "rate_missing",
            Self::BasisMissing => "basis_missing",
            Self::NoOwner => "no_owner",
            Self::NoMatch => "no_match",
            Self::DuplicateAlias => "duplicate_alias",
            Self::NotTarget => "not_target",
            Self::EmptyTeam => "empty_team",
            Self::NoTeam => "no_team",
            Self::WeightMissing => "weight_missing",
            Self::ShareMissing => "share_missing",
            Self::GroupMissing => "group_missing",
            Self::NotEnrolled => "not_enrolled",
            Self::NoRecipient => "no_recipient",
            Self::AlreadyCounted => "already_counted",
            Self::PayUnknown => "pay_unknown",
        }
    }
}

/// A sale, or a part of it, that a rule did not credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCredited {
    /// The sale.
    pub sale: Id,
    /// Index of the rule ([`super::BoundProgram::rule`]).
    pub rule: usize,
    /// Why.
    pub reason: Reason,
    /// The alias, rep or condition in question; empty where there is none. For a false condition ask the verdict of
    /// the sale, which evaluates it again and names the part that failed.
    pub detail: String,
}

/// The kinds of alerts. Codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertCode {
    /// An alias owned by several: nobody is credited.
    DuplicateAlias,
    /// An alias owned by nobody.
    NoMatch,
    /// A rate of exchange that is not known: for sales, or for what a payee is paid in.
    RateMissing,
    /// A condition or formula without an answer.
    ConditionError,
    /// A rep without a usable quota, under a rule that needs one.
    QuotaMissing,
    /// A rep without a variable that a rule needs.
    VariableMissing,
    /// An amount beyond the range that can be kept.
    AmountOverflow,
    /// A target of the program that names nobody, or several.
    UnknownTarget,
    /// A change to a credit that is no longer there, or stands in another tier.
    AdjustmentLapsed,
    /// Sales of a rep who has not enrolled.
    NotEnrolled,
    /// What a rule pays goes to nobody: no manager, no members.
    NoRecipient,
    /// Managers who stand above each other.
    ManagerCircle,
    /// A team below itself.
    TeamCircle,
    /// A program that shares a draw and cannot be counted.
    PlanUncounted,
    /// A version of the program that cannot share a calculation with the current one.
    VersionIgnored,
}

impl AlertCode {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DuplicateAlias => "duplicate_alias",
            Self::NoMatch => "no_match",
            Self::RateMissing => "rate_missing",
            Self::ConditionError => "condition_error",
            Self::QuotaMissing => "quota_missing",
            Self::VariableMissing => "variable_missing",
            Self::AmountOverflow => "amount_overflow",
            Self::UnknownTarget => "unknown_target",
            Self::AdjustmentLapsed => "adjustment_lapsed",
            Self::NotEnrolled => "not_enrolled",
            Self::NoRecipient => "no_recipient",
            Self::ManagerCircle => "manager_cycle",
            Self::TeamCircle => "team_cycle",
            Self::PlanUncounted => "plan_uncounted",
            Self::VersionIgnored => "version_ignored",
        }
    }
}

/// Something a person should look at, raised once however many sales it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The kind.
    pub code: AlertCode,
    /// A sentence for people.
    pub text: String,
    /// The alias, currency, condition or variable in question.
    pub subject: String,
    /// The reps concerned: the owners of a duplicate alias, the rep without quota.
    pub reps: Vec<Id>,
    /// How many sales it concerns.
    pub sales: u64,
    /// The first of them in canonical order.
    pub first_sale: Option<Id>,
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Alerts while they are being counted, once for each code and subject.
#[derive(Default)]
pub(super) struct AlertCounts(BTreeMap<(AlertCode, String), Seen>);

struct Seen {
    text: String,
    reps: Vec<Id>,
    sales: u64,
    first: Option<Id>,
}

impl AlertCounts {
    /// Notes an alert that speaks of no sale; `make` gives text and reps when it is new.
    pub(super) fn note(&mut self, code: AlertCode, subject: &str, make: impl FnOnce() -> (String, Vec<Id>)) {
        self.0.entry((code, subject.to_owned())).or_insert_with(|| {
            let (text, reps) = make();
            Seen { text, reps, sales: 0, first: None }
        });
    }

    /// Notes an alert that speaks of so many sales, with the first of them.
    pub(super) fn counted(&mut self, code: AlertCode, subject: &str, (sales, first): (u64, Id), make: impl FnOnce() -> (String, Vec<Id>)) {
        self.note(code, subject, make);
        if let Some(seen) = self.0.get_mut(&(code, subject.to_owned())) {
            seen.sales += sales;
            seen.first.get_or_insert(first);
        }
    }

    pub(super) fn finish(self) -> Vec<Alert> {
        let alert = |((code, subject), seen): ((AlertCode, String), Seen)| Alert {
            code,
            text: seen.text,
            subject,
            reps: seen.reps,
            sales: seen.sales,
            first_sale: seen.first,
        };
        self.0.into_iter().map(alert).collect()
    }
}
