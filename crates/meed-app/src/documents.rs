//! The documents that records hold, as JSON. Unknown fields are ignored, missing ones take their default, so a release
//! reads what its neighbours wrote.

use meed_core::command::Record;
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Enrollment, Membership, Rep, Team, Variable};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{AppError, AppResult};

/// Reads a record's document.
pub fn read<T: DeserializeOwned>(record: &Record) -> AppResult<T> {
    serde_json::from_str(&record.body).map_err(|e| AppError::bug(&format!("{} {} cannot be read: {e}", record.kind.word(), record.id)))
}

/// Writes a document.
pub fn write<T: Serialize>(document: &T) -> AppResult<String> {
    serde_json::to_string(document).map_err(|e| AppError::bug(&format!("a document cannot be written: {e}")))
}

/// A workspace (one side of a tenant), in the control workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WorkspaceDocument {
    pub workspace: i64,
    pub slug: String,
    pub name: String,
    pub side: String,
    pub zone: String,
    pub currency: String,
}

/// An API key, in the control workspace. Its keyed hash is the record's natural key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct KeyDocument {
    pub workspace: i64,
    pub label: String,
    pub scopes: Vec<String>,
    /// First characters, so that a person recognises it.
    pub hint: String,
    pub created_us: i64,
    pub created_by: String,
}

/// The last use of an API key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct KeyUseDocument {
    pub key: i64,
    pub last_used_us: i64,
}

/// A person who signs in, in the control workspace. The folded e-mail address is the natural key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct UserDocument {
    pub workspace: i64,
    pub name: String,
    pub email: String,
    pub password_hash: Option<String>,
    #[serde(default)]
    pub failed: u32,
    #[serde(default)]
    pub locked_until_us: i64,
    /// The rep that this person is, if they see their own statements or those of their line.
    #[serde(default)]
    pub rep: Option<i64>,
    /// The word of their role; without it a payee where there is a rep, else a full administrator.
    #[serde(default)]
    pub role: Option<String>,
}

/// A signed-in browser. The keyed hash of its token is the natural key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SessionDocument {
    pub user: i64,
    pub csrf: String,
    pub expires_us: i64,
    #[serde(default)]
    pub sandbox: bool,
}

/// A link that signs in once. The keyed hash of its token is the natural key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SignInLinkDocument {
    pub user: i64,
    pub expires_us: i64,
}

/// A source of sales. Its folded name is the natural key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct SourceDocument {
    pub name: String,
    /// ISO currency of amounts that name none.
    pub currency: Option<String>,
    /// Zone of times that name none; the workspace's if absent.
    pub zone: Option<String>,
    /// `dmy`, `mdy` or `ymd`, once a person has answered the question.
    pub date_order: Option<String>,
    /// What an ambiguous sign stands for, such as `$` for CAD.
    pub symbols: std::collections::BTreeMap<String, String>,
    /// Who sold the rows of its files that name no rep, by an alias.
    pub owner: Option<String>,
}

/// A membership in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MembershipDocument {
    pub team: i64,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub until: Option<String>,
}

/// A variable in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct VariableDocument {
    pub name: String,
    #[serde(default)]
    pub from: Option<String>,
    pub value: String,
}

/// A rep.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct RepDocument {
    pub name: String,
    pub email: Option<String>,
    pub aliases: Vec<String>,
    pub manager: Option<i64>,
    pub memberships: Vec<MembershipDocument>,
    pub tags: Vec<String>,
    pub external_id: Option<String>,
    pub variables: Vec<VariableDocument>,
    /// Programs in which the rep has enrolled.
    pub enrollments: Vec<EnrollmentDocument>,
    /// ISO code of the currency in which the rep is paid; that of each plan where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    pub inactive: bool,
}

/// An enrollment in JSON: the name of the program, and the days for which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EnrollmentDocument {
    pub program: String,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub until: Option<String>,
}

impl EnrollmentDocument {
    fn enrollment(&self) -> AppResult<Enrollment> {
        Ok(Enrollment {
            program: self.program.clone(),
            from: self.from.as_deref().map(date).transpose()?,
            until: self.until.as_deref().map(date).transpose()?,
        })
    }
}

/// A team.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct TeamDocument {
    pub name: String,
    pub description: Option<String>,
    pub aliases: Vec<String>,
    pub manager: Option<i64>,
    pub parent: Option<i64>,
    pub variables: Vec<VariableDocument>,
    /// Rights over results, as other systems send them; kept for the payee's views.
    pub manager_can_view_results: bool,
    pub manager_can_view_credits: bool,
    pub members_can_view_credits: bool,
}

/// A program: its current version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProgramDocument {
    pub name: String,
    /// Record id of the current version.
    pub version: i64,
    /// Counts versions, from 1.
    pub number: u32,
    /// That it is put away; former releases know this state only.
    #[serde(default)]
    pub archived: bool,
    /// The word of its state; active where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// ISO date: the last day of its last period, once it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<String>,
    /// The versions that rule some day, by their first; empty where the current one rules alone.
    #[serde(default)]
    pub timeline: Vec<RulingVersion>,
}

impl ProgramDocument {
    /// The versions that rule some day. Documents of former releases know the current one only.
    #[must_use]
    pub fn ruling(&self) -> Vec<RulingVersion> {
        if self.timeline.is_empty() {
            return vec![RulingVersion { version: self.version, number: self.number, from: None }];
        }
        self.timeline.clone()
    }
}

/// A version and the first day on which it rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RulingVersion {
    pub version: i64,
    pub number: u32,
    /// From the beginning if absent.
    #[serde(default)]
    pub from: Option<String>,
}

/// A version of a program document, immutable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProgramVersionDocument {
    pub program: i64,
    pub number: u32,
    pub text: String,
    #[serde(default)]
    pub note: String,
    pub created_us: i64,
    pub created_by: String,
    /// First day on which it rules; from the beginning if absent.
    #[serde(default)]
    pub from: Option<String>,
}

pub(crate) fn date(text: &str) -> AppResult<jiff::civil::Date> {
    text.parse().map_err(|_| AppError::invalid("date_unreadable", "date", format!("`{text}` is not a date such as 2026-03-31")))
}

fn variables(documents: &[VariableDocument]) -> AppResult<Vec<Variable>> {
    documents
        .iter()
        .map(|v| {
            let value: Exact = v
                .value
                .parse()
                .map_err(|_| AppError::invalid("number_unreadable", "variables", format!("`{}` is not a number", v.value)))?;
            Ok(Variable { name: v.name.clone(), from: v.from.as_deref().map(date).transpose()?, value })
        })
        .collect()
}

impl RepDocument {
    /// The domain's rep.
    pub fn rep(&self, id: Id) -> AppResult<Rep> {
        let memberships = self.memberships.iter().map(|m| {
            Ok(Membership {
                team: Id(m.team),
                from: m.from.as_deref().map(date).transpose()?,
                until: m.until.as_deref().map(date).transpose()?,
            })
        });
        Ok(Rep {
            id,
            name: self.name.clone(),
            email: self.email.clone(),
            aliases: self.aliases.clone(),
            manager: self.manager.map(Id),
            memberships: memberships.collect::<AppResult<_>>()?,
            tags: self.tags.clone(),
            external_id: self.external_id.clone(),
            variables: variables(&self.variables)?,
            enrollments: self.enrollments.iter().map(EnrollmentDocument::enrollment).collect::<AppResult<_>>()?,
            currency: self.currency.as_deref().and_then(crate::rates::currency),
            active: !self.inactive,
        })
    }
}

impl TeamDocument {
    /// The domain's team.
    pub fn team(&self, id: Id) -> AppResult<Team> {
        Ok(Team {
            id,
            name: self.name.clone(),
            description: self.description.clone(),
            aliases: self.aliases.clone(),
            manager: self.manager.map(Id),
            parent: self.parent.map(Id),
            variables: variables(&self.variables)?,
        })
    }
}
