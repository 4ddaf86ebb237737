//! Who it is: the ways in which a till names a customer (`pos-loyalty.md` §5.1).

use meed_core::command::{Class, RecordKind, Refused};
use meed_core::id::Id;
use meed_core::loyalty::{Means, OneTimeCode, Participant, WalletRef, fold_code};

use crate::App;
use crate::error::{AppError, AppResult};

/// A customer as a till names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By id.
    Id(Id),
    /// By number.
    Number(String),
    /// By the code of a means of identification: card, phone, e-mail …
    Code(String),
    /// By a code and its pass code.
    PassCode {
        /// The code.
        identifier: String,
        /// The pass code.
        pass_code: String,
    },
    /// By a one-time code.
    OneTimeCode(String),
    /// By name, which must be one customer's alone. Looks through all of them: for people, not for every sale.
    Name(String),
}

pub(crate) fn refused(class: Class, code: &'static str, text: &str) -> AppError {
    Refused::new(class, code, text).into()
}

impl Who {
    /// As commands take it. Pass codes are checked here; the rest is found by the batch itself, which uses a one-time code up.
    pub(crate) async fn wallet(&self, app: &App, workspace: Id) -> AppResult<WalletRef> {
        match self {
            Self::Id(id) => Ok(WalletRef::Participant(*id)),
            Self::Number(number) => Ok(WalletRef::Number(number.trim().to_owned())),
            Self::Code(code) => Ok(WalletRef::Code(code.clone())),
            Self::PassCode { identifier, pass_code } => {
                let key = fold_code(identifier);
                let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Means, &key)).await?;
                let unknown = || refused(Class::NotFound, "entity_not_found", "there is no such participant");
                let wrong = || refused(Class::Conflict, "invalid_pass_code", "the pass code is wrong");
                let means = record.and_then(|record| Means::read(&record.body).ok()).ok_or_else(unknown)?;
                if means.pass_code.as_deref() != Some(pass_code_hash(app, workspace, identifier, pass_code).as_str()) {
                    return Err(wrong());
                }
                Ok(WalletRef::Code(identifier.clone()))
            }
            Self::OneTimeCode(code) => Ok(WalletRef::OneTimeCode(code.clone())),
            Self::Name(name) => Ok(WalletRef::Participant(by_name(app, workspace, name).await?)),
        }
    }

    /// As queries take it: a one-time code is looked up, and not used up.
    pub(crate) async fn looked_up(&self, app: &App, workspace: Id) -> AppResult<WalletRef> {
        match self {
            Self::OneTimeCode(code) => {
                let key = fold_code(code);
                let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::OneTimeCode, &key)).await?;
                let wrong = || refused(Class::Conflict, "invalid_otp", "the one-time code is wrong or has expired");
                let code = record.and_then(|record| OneTimeCode::read(&record.body).ok()).filter(|code| code.is_good(app.now_us()));
                Ok(WalletRef::Participant(code.ok_or_else(wrong)?.participant))
            }
            other => other.wallet(app, workspace).await,
        }
    }
}

/// The one participant with this name.
async fn by_name(app: &App, workspace: Id, name: &str) -> AppResult<Id> {
    let wanted = name.trim().to_owned();
    let found = app
        .store()
        .read(move |r| {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = r.records_back(workspace, RecordKind::Participant, before, 1_000)?;
                before = page.last().map(|record| record.id);
                let is_named = |body: &str| Participant::read(body).is_ok_and(|person| person.name == wanted);
                found.extend(page.iter().filter(|record| is_named(&record.body)).map(|record| record.id));
                if page.len() < 1_000 || found.len() > 1 {
                    return Ok(found);
                }
            }
        })
        .await?;
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(refused(Class::NotFound, "entity_not_found", "there is no such participant")),
        _ => Err(refused(Class::Conflict, "name_not_unique", "several customers have this name; name this one by id or number")),
    }
}

/// The keyed hash of a pass code: it depends on the code that it belongs to.
pub(crate) fn pass_code_hash(app: &App, workspace: Id, code: &str, pass_code: &str) -> String {
    let text = format!("pass-code\n{workspace}\n{}\n{pass_code}", fold_code(code));
    crate::secrets::hex(&app.secrets().fingerprint(text.as_bytes()))
}
