//! Who is credited for a sale, and who gets what a rule pays.

use jiff::civil::Date;

use super::Program;
use crate::condition::{Condition, TextField};
use crate::money::Exact;
use crate::people::{Enrollment, Rep, fold_alias};

/// Who is credited for a sale.
#[derive(Clone, Debug)]
pub struct Crediting {
    /// The fields that name owners.
    pub owners: Vec<OwnerField>,
    /// What several owners get.
    pub split: Split,
    /// Whether the owners are credited, or their teams.
    pub to: CreditTo,
    /// Teams that are credited beside the owners.
    pub teams: Option<TeamCredit>,
    /// Teams that are credited when no owner is found.
    pub fallback: Option<TeamCredit>,
    /// Whether the teams above a credited team are credited as well (`commissions.md` behaviour 31).
    pub roll_up: bool,
}

impl Crediting {
    /// Whether the rule may credit teams, and not only people.
    #[must_use]
    pub fn credits_teams(&self) -> bool {
        let to_team = |credit: &Option<TeamCredit>| credit.as_ref().is_some_and(|credit| credit.to == TeamShare::Team);
        self.to == CreditTo::Team && !self.owners.is_empty() || to_team(&self.teams) || to_team(&self.fallback)
    }
}

/// Whether the owners of a sale are credited, or their teams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditTo {
    /// The owners.
    Rep,
    /// The teams of the owners on the last day of the period.
    Team,
}

/// A field or formula that names owners, with its share where the document gives one.
#[derive(Clone, Debug)]
pub struct OwnerField {
    /// Where the names come from.
    pub from: OwnersFrom,
    /// The part of the basis that this field's owners get; by [`Split`] where there is none.
    pub share: Option<Share>,
}

impl OwnerField {
    pub(super) fn formulas(&self) -> impl Iterator<Item = &Condition> {
        let share = match &self.share {
            Some(Share::Percent(formula)) => Some(formula),
            _ => None,
        };
        let names = match &self.from {
            OwnersFrom::Formula(formula) => Some(formula),
            OwnersFrom::Field(_) => None,
        };
        names.into_iter().chain(share)
    }
}

/// What names the owners of a sale.
#[derive(Clone, Debug)]
pub enum OwnersFrom {
    /// A field of the sale; `||` stands between several names.
    Field(TextField),
    /// A formula of the sale that results in a name, in several with `||` between them, or in a list of names.
    Formula(Condition),
}

/// The share of an owner field.
#[derive(Clone, Debug)]
pub enum Share {
    /// Written in the document; 1 is the whole.
    Literal(Exact),
    /// In percent, made of the sale by a formula.
    Percent(Condition),
}

/// What several owners of one sale get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Each the whole.
    Full,
    /// Equal parts that sum to the whole.
    Equal,
}

/// Crediting through a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamCredit {
    /// The fields that name teams by alias; the first that has a value counts.
    pub fields: Vec<TextField>,
    /// Who of the team gets it.
    pub to: TeamShare,
    /// The variable of the members in proportion to which they share; equal parts where there is none.
    pub weight: Option<String>,
}

/// Who of a team is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamShare {
    /// The active members on the last day of the period.
    Members,
    /// The team's manager.
    Manager,
    /// The team itself; [`Assign`] says who is paid.
    Team,
}

/// Who gets what a rule pays for the credits of a rep or team (`commissions.md` §4.4, assignment).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assign {
    /// Who.
    pub to: AssignTo,
    /// The part of the amount that is paid; 1 is all of it.
    pub factor: Exact,
    /// The variable of the members in proportion to which they share; equal parts where there is none.
    pub weight: Option<String>,
}

/// Who gets what a rule pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignTo {
    /// Whoever is credited.
    Credited,
    /// The manager of the rep, or of the team.
    Manager,
    /// The manager of the rep's team, or of the team.
    TeamManager,
    /// The members of the rep's team, or of the team.
    TeamMembers,
}

impl AssignTo {
    /// The word in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credited => "self",
            Self::Manager => "manager",
            Self::TeamManager => "team_manager",
            Self::TeamMembers => "team_members",
        }
    }
}

/// How a rep stands to a program that may require enrollment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrollmentState {
    /// The program requires none.
    NotRequired,
    /// The rep has enrolled.
    Enrolled,
    /// The rep has not, and is credited nothing.
    NotEnrolled,
}

impl EnrollmentState {
    /// The words in exports.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotRequired => "Not required",
            Self::Enrolled => "Enrolled",
            Self::NotEnrolled => "Not enrolled",
        }
    }
}

impl Program {
    /// How a rep stands to the program on `day`, which is the last of a period.
    #[must_use]
    pub fn enrollment(&self, rep: &Rep, day: Date) -> EnrollmentState {
        let name = fold_alias(&self.name);
        let holds = |enrollment: &Enrollment| fold_alias(&enrollment.program) == name && enrollment.holds_on(day);
        match (self.requires_enrollment, rep.enrollments.iter().any(holds)) {
            (false, _) => EnrollmentState::NotRequired,
            (true, true) => EnrollmentState::Enrolled,
            (true, false) => EnrollmentState::NotEnrolled,
        }
    }
}
