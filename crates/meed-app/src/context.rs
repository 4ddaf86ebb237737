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
    /// The rep that a payee is: they see their own released statements, whatever their scopes.
    pub payee: Option<Id>,
}

impl Context {
    /// The system itself: schedules, resumed imports, the command line of the data's owner.
    #[must_use]
    pub fn system(workspace: Id) -> Self {
        Self { workspace, actor: Actor("system".into()), key: None, scopes: vec![Scope::Admin], payee: None }
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

    /// Refuses unless the caller may read everything, or is this payee.
    pub fn require_statements_of(&self, rep: Id) -> AppResult<()> {
        if self.payee == Some(rep) { Ok(()) } else { self.require(Scope::Read) }
    }

    /// Refuses unless the caller has `scope`.
    pub fn require(&self, scope: Scope) -> AppResult<()> {
        if self.scopes.iter().any(|s| *s == scope || *s == Scope::Admin) {
            return Ok(());
        }
        let text = format!("this needs the scope `{}`", scope.word());
        Err(Refused::new(Class::Forbidden, "scope_missing", text).into())
    }
}
