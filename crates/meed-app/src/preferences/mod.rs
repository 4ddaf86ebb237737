//! What a workspace shows its payees, and which plans wait for approvals. Settings that no calculation reads: changing
//! one makes no figure outdated.

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_core::id::Id;
use serde::{Deserialize, Serialize};

use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

const KEY: &str = "workspace";

/// From when on payees see attainment and rewards of a period; which sales are credited shows with the credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisibleFrom {
    /// As pending, once its credits are released.
    #[default]
    Credits,
    /// As confirmed, once its rewards are released.
    Rewards,
}

/// The preferences of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// From when on payees see a period.
    pub visible_from: VisibleFrom,
    /// Whether payees see each credited sale with its working.
    pub details: bool,
    /// Whether payees may take their credits away as CSV.
    pub export: bool,
    /// Whether payees see how they stand among the others.
    pub leaderboard: bool,
    /// Programs whose statements must be approved before their rewards can be released.
    pub approved_programs: Vec<i64>,
    /// What the workspace calls a statement; empty for the usual word.
    pub statement_word: String,
    /// What the workspace calls attainment; empty for the usual word.
    pub attainment_word: String,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            visible_from: VisibleFrom::Credits,
            details: true,
            export: true,
            leaderboard: false,
            approved_programs: Vec::new(),
            statement_word: String::new(),
            attainment_word: String::new(),
        }
    }
}

impl Preferences {
    /// Whether statements of a program must be approved.
    #[must_use]
    pub fn needs_approval(&self, program: Id) -> bool {
        self.approved_programs.contains(&program.0)
    }
}

/// The preferences of the caller's workspace. Everybody in it may know them.
pub async fn get(app: &App, ctx: &Context) -> AppResult<Preferences> {
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Preferences, KEY)).await?;
    Ok(record.as_ref().map(read).transpose()?.unwrap_or_default())
}

/// Changes the preferences.
pub async fn put(app: &App, ctx: &Context, preferences: &Preferences) -> AppResult<()> {
    ctx.require(Scope::Admin)?;
    for (field, word) in [("statement_word", &preferences.statement_word), ("attainment_word", &preferences.attainment_word)] {
        if word.chars().count() > 40 || word.chars().any(char::is_control) {
            return Err(AppError::invalid("word_invalid", field, "a word of your own has up to 40 characters"));
        }
    }
    let config = app.configuration(ctx.workspace).await?;
    for program in &preferences.approved_programs {
        config.program(Id(*program))?;
    }
    let put = PutRecord::upsert(RecordKind::Preferences, KEY.to_owned(), write(preferences)?);
    app.submit(ctx, "workspace".to_owned(), PutRecords::one("preferences.saved", put)).await.map(|_| ())
}
