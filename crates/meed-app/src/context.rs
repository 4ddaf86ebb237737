//! Who calls, for which workspace, and what they may do.

use meed_core::command::{Actor, Class, Refused};
use meed_core::id::Id;

use crate::error::AppResult;

/// What a key or a person may do. `Admin` includes all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read everything of the workspace but secrets.
    Read,
    /// Record sales and run imports.
    Sales,
    /// Change people, teams, sources and programs.
    Plans,
    /// Calculate, release and mark as paid.
    Release,
    /// Everything, keys and settings included.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] = [Self::Read, Self::Sales, Self::Plans, Self::Release, Self::Admin];

    /// The word in requests and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sales => "sales",
            Self::Plans => "plans",
            Self::Release => "release",
            Self::Admin => "admin",
        }
    }

    /// The scope with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// What it allows, for people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Read => "Read sales, people, plans, results and statements",
            Self::Sales => "Record sales and import files",
            Self::Plans => "Change people, teams, sources and plans",
            Self::Release => "Calculate, release and mark as paid",
            Self::Admin => "Everything, keys included",
        }
    }
}

/// What a person is in a workspace (`commissions.md` §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Full administrator: everything, salaries included.
    #[default]
    Admin,
    /// Limited administrator: reads everything but salaries.
    Limited,
    /// Limited administrator who does not see plans either.
    LimitedNoPlans,
    /// Sees and approves the statements of their line.
    Manager,
    /// Sees their own statements.
    Payee,
    /// Works at the till page, and sees nothing else.
    Cashier,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [Self::Admin, Self::Limited, Self::LimitedNoPlans, Self::Cashier, Self::Manager, Self::Payee];

    /// The word in requests and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Limited => "limited",
            Self::LimitedNoPlans => "limited_no_plans",
            Self::Manager => "manager",
            Self::Payee => "payee",
            Self::Cashier => "cashier",
        }
    }

    /// The role with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What it is called, and what it allows, for people.
    #[must_use]
    pub const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Admin => ("Full administrator", "Sees and changes everything, salaries included."),
            Self::Limited => ("Limited administrator", "Reads everything but salaries, changes nothing."),
            Self::LimitedNoPlans => ("Limited administrator, no plans", "Reads everything but salaries and plans, changes nothing."),
            Self::Manager => ("Manager", "Sees and approves the statements of the people in their line, and their own."),
            Self::Payee => ("Payee", "Sees their own statements."),
            Self::Cashier => ("Cashier", "Sells and takes goods back on the till page, and sees nothing else."),
        }
    }

    /// Whether it belongs to a rep, and sees no more than released credits.
    #[must_use]
    pub const fn is_of_rep(self) -> bool {
        matches!(self, Self::Manager | Self::Payee)
    }

    /// The scopes that come with it.
    #[must_use]
    pub fn scopes(self) -> Vec<Scope> {
        match self {
            Self::Admin => vec![Scope::Admin],
            Self::Limited | Self::LimitedNoPlans => vec![Scope::Read],
            Self::Manager | Self::Payee => Vec::new(),
            Self::Cashier => vec![Scope::Sales],
        }
    }
}

/// The caller of a use case.
#[derive(Clone, Debug)]
pub struct Context {
    /// The workspace.
    pub workspace: Id,
    /// Who acts, as the audit log names them.
    pub actor: Actor,
    /// The API key, if one was shown.
    pub key: Option<Id>,
    /// What the caller may do.
    pub scopes: Vec<Scope>,
    /// The rep that a payee or manager is: they see their own statements once credits are released, whatever their scopes.
    pub payee: Option<Id>,
    /// What the person is. A key and the system itself are administrators as far as their scopes go.
    pub role: Role,
}

impl Context {
    /// The system itself: schedules, resumed imports, the command line of the data's owner.
    #[must_use]
    pub fn system(workspace: Id) -> Self {
        Self { workspace, actor: Actor("system".into()), key: None, scopes: vec![Scope::Admin], payee: None, role: Role::Admin }
    }

    /// Whether the caller has `scope`.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|s| *s == scope || *s == Scope::Admin)
    }

    /// Refuses unless the caller has one of the scopes.
    pub fn require_any(&self, scopes: &[Scope]) -> AppResult<()> {
        if self.scopes.iter().any(|s| *s == Scope::Admin || scopes.contains(s)) {
            return Ok(());
        }
        let words: Vec<&str> = scopes.iter().map(|s| s.word()).collect();
        let text = format!("this needs one of the scopes `{}`", words.join("`, `"));
        Err(Refused::new(Class::Forbidden, "scope_missing", text).into())
    }

    /// Refuses unless the caller has `scope`.
    pub fn require(&self, scope: Scope) -> AppResult<()> {
        if self.has(scope) {
            return Ok(());
        }
        let text = format!("this needs the scope `{}`", scope.word());
        Err(Refused::new(Class::Forbidden, "scope_missing", text).into())
    }

    /// Refuses unless the caller may see plans: a workspace can hide them from limited administrators.
    pub fn require_plans(&self) -> AppResult<()> {
        self.require_any(&[Scope::Read, Scope::Plans])?;
        if self.role == Role::LimitedNoPlans {
            return Err(Refused::new(Class::Forbidden, "plans_hidden", "plans are not shown to you in this workspace").into());
        }
        Ok(())
    }

    /// Whether the caller may see salaries: full administrators, and keys of the scope `admin`.
    #[must_use]
    pub fn sees_salaries(&self) -> bool {
        self.scopes.contains(&Scope::Admin)
    }

    /// Acts for somebody who was found entitled to what is asked for.
    #[must_use]
    pub(crate) fn reading(&self) -> Self {
        Self { scopes: vec![Scope::Read], role: Role::Limited, ..self.clone() }
    }
}
