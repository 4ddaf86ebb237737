//! Who sells: reps, teams, and the aliases by which sales name them (`commissions.md` §4.1).

mod circle;
mod directory;

pub use circle::{Circle, circles, manager_of};
pub use directory::{Directory, Match};

use jiff::civil::Date;

use crate::id::Id;
use crate::money::Unit;

/// A person who sells and earns commission.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Rep {
    /// Stable id.
    pub id: Id,
    /// Name shown to people; also an alias.
    pub name: String,
    /// E-mail address; also an alias.
    pub email: Option<String>,
    /// Further names by which sales name this rep.
    pub aliases: Vec<String>,
    /// Direct manager.
    pub manager: Option<Id>,
    /// Teams with the dates for which membership holds.
    pub memberships: Vec<Membership>,
    /// Free labels; programs may address reps by them.
    pub tags: Vec<String>,
    /// Key by which other systems (payroll) know this rep.
    pub external_id: Option<String>,
    /// Values by which one plan serves all reps, such as a quota (`commissions.md` §4.2).
    pub variables: Vec<Variable>,
    /// Programs in which the rep has enrolled.
    pub enrollments: Vec<Enrollment>,
    /// The currency in which the rep is paid; that of each program where there is none.
    pub currency: Option<Unit>,
    /// Whether the rep still takes part. Past credits stay.
    pub active: bool,
}

/// Enrollment of a rep in a program that requires it, half-open: from `from` until before `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    /// Name of the program; compared as aliases are.
    pub program: String,
    /// First day, or always.
    pub from: Option<Date>,
    /// First day after, or open.
    pub until: Option<Date>,
}

impl Enrollment {
    /// Whether the enrollment holds on `day`.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// Membership of a rep in a team, half-open: from `from` until before `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The team.
    pub team: Id,
    /// First day, or always.
    pub from: Option<Date>,
    /// First day after, or open.
    pub until: Option<Date>,
}

impl Membership {
    /// Whether the membership holds on `day`.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// A value with an effective date. The value valid at a calculation's end date is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Name, without the `@@` of other products.
    pub name: String,
    /// First day on which the value holds, or always.
    pub from: Option<Date>,
    /// The value.
    pub value: crate::money::Exact,
}

/// A group of reps with a manager, possibly below another team.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Team {
    /// Stable id.
    pub id: Id,
    /// Name shown to people; also an alias.
    pub name: String,
    /// What the team is for.
    pub description: Option<String>,
    /// Further names (territories, countries, codes) by which sales name this team.
    pub aliases: Vec<String>,
    /// The rep who leads the team.
    pub manager: Option<Id>,
    /// The team above.
    pub parent: Option<Id>,
    /// Values such as the quota of the team.
    pub variables: Vec<Variable>,
}

/// Who is credited: a rep, or a team whose earnings are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beneficiary<'a> {
    /// A rep.
    Rep(&'a Rep),
    /// A team.
    Team(&'a Team),
}

impl<'a> Beneficiary<'a> {
    /// The id.
    #[must_use]
    pub const fn id(self) -> Id {
        match self {
            Self::Rep(rep) => rep.id,
            Self::Team(team) => team.id,
        }
    }

    /// The name shown to people.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Rep(rep) => &rep.name,
            Self::Team(team) => &team.name,
        }
    }

    /// The variables.
    #[must_use]
    pub fn variables(self) -> &'a [Variable] {
        match self {
            Self::Rep(rep) => &rep.variables,
            Self::Team(team) => &team.variables,
        }
    }
}

/// The value of variable `name` that holds on `day`: the one with the latest start not after it.
#[must_use]
pub fn variable_on(variables: &[Variable], name: &str, day: Date) -> Option<crate::money::Exact> {
    variables.iter().filter(|v| v.name == name && v.from.is_none_or(|from| from <= day)).max_by_key(|v| v.from).map(|v| v.value)
}

/// The form in which aliases are compared: outer blanks removed, case folded (`commissions.md` behaviour 26).
#[must_use]
pub fn fold_alias(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The variable `name` of a rep's team on `day`: of the first of their teams (by id), or the nearest team above it, that
/// has it. For a team its own, or that of the nearest team above.
#[must_use]
pub fn team_variable_on(directory: &Directory, of: Beneficiary<'_>, name: &str, day: Date) -> Option<crate::money::Exact> {
    let mut teams: Vec<Id> = match of {
        Beneficiary::Team(team) => vec![team.id],
        Beneficiary::Rep(rep) => rep.memberships.iter().filter(|held| held.holds_on(day)).map(|held| held.team).collect(),
    };
    teams.sort_unstable();
    teams.into_iter().find_map(|team| directory.upwards(team).find_map(|team| variable_on(&team.variables, name, day)))
}
