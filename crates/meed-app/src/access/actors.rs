//! Names of those who act, for lists and logs.

use std::collections::HashMap;

use meed_core::command::RecordKind;
use meed_core::id::Kind;
use meed_store::CONTROL_WORKSPACE;

use crate::documents::{KeyDocument, UserDocument, read};
use crate::error::AppResult;
use crate::{App, Context};

/// Who is behind the actors of a workspace's audit lines and records.
#[derive(Clone, Debug, Default)]
pub struct ActorNames(HashMap<String, String>);

impl ActorNames {
    /// The name of an actor. Revoked keys and the system itself have one too.
    #[must_use]
    pub fn name(&self, actor: &str) -> String {
        match self.0.get(actor) {
            Some(name) => name.clone(),
            None if actor == "system" => "Meed".to_owned(),
            None if actor == "cli" => "The command line".to_owned(),
            None if actor.starts_with("cli:") => format!("{}, by command line", actor.trim_start_matches("cli:")),
            None if actor.starts_with("key:") => "A revoked key".to_owned(),
            None => actor.to_owned(),
        }
    }
}

/// The people and keys of the caller's workspace.
pub async fn actor_names(app: &App, ctx: &Context) -> AppResult<ActorNames> {
    let (users, keys) = app
        .store()
        .read(|r| Ok((r.records(CONTROL_WORKSPACE, RecordKind::User)?, r.records(CONTROL_WORKSPACE, RecordKind::ApiKey)?)))
        .await?;
    let mut names = HashMap::new();
    for record in &users {
        let document: UserDocument = read(record)?;
        names.insert(format!("user:{}", record.id.text(Kind::User)), document.name);
    }
    for record in &keys {
        let document: KeyDocument = read(record)?;
        if document.workspace == ctx.workspace.0 {
            names.insert(format!("key:{}", record.id.text(Kind::Key)), format!("Key “{}”", document.label));
        }
    }
    Ok(ActorNames(names))
}
