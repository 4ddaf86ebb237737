//! What stores, merchants and schemes share: codes made of names, names that are taken, and the question before one is removed.

use axum::response::Response;
use meed_app::AppError;
use meed_app::loyalty::records::{self, Kept};
use meed_core::id::Id;

use crate::ServerState;
use crate::pages::errors::ConfirmPage;
use crate::pages::{Fact, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, page};
use crate::web::flash;
use crate::web::form::Fields;
use crate::web::visit::Visit;

/// A name as documents and conditions write it: small letters, digits and dashes.
pub(super) fn code_of(name: &str) -> String {
    let plain: String = name.chars().flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// What was wrong with a form; a key that is taken stands at the field that it is made of.
pub(super) fn record_errors(error: AppError, (field, taken): (&str, &str), names: &[(&str, &str)]) -> Result<FormErrors, Trouble> {
    match error {
        AppError::Refused(refused) if refused.code == "key_taken" => Ok(FormErrors::one(field, taken)),
        other => form_errors(other, names),
    }
}

/// What is to be removed.
pub(super) struct Removal<'a> {
    /// What it is called.
    pub(super) name: &'a str,
    /// What happens with it.
    pub(super) text: &'a str,
    /// What it is about.
    pub(super) facts: Vec<Fact>,
    /// Address of its page.
    pub(super) path: String,
}

impl Removal<'_> {
    /// The page that asks whether it is meant.
    pub(super) fn ask(self, visit: &Visit, nav: Nav) -> Answer {
        page(&ConfirmPage {
            chrome: visit.chrome(nav),
            title: format!("Remove “{}”?", self.name),
            text: self.text.to_owned(),
            facts: self.facts,
            action: format!("{}/remove", self.path),
            fields: Vec::new(),
            button: "Remove".to_owned(),
            danger: true,
            cancel: self.path,
        })
    }
}

/// Removes a record after the question, and goes back to the list.
pub(super) async fn remove<D: Kept>(state: &ServerState, visit: &Visit, id: Id, form: &Fields, name: &str, back: &str) -> Answer {
    if form.text("confirm") != "yes" {
        return Err(Trouble::unreadable("confirmation_missing", "confirm that it is to be removed"));
    }
    records::remove::<D>(&state.app, &visit.ctx, id).await?;
    Ok(gone(state, name, back))
}

/// The way back after something was removed.
pub(super) fn gone(state: &ServerState, name: &str, back: &str) -> Response {
    flash::see_other(state, back, Tone::Good, &format!("“{name}” is removed. What was recorded with it stays."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_made_of_names() {
        assert_eq!(code_of("Hafenstraße 12"), "hafenstraße-12");
        assert_eq!(code_of("  A & B  "), "a-b");
        assert_eq!(code_of("&"), "");
    }
}
