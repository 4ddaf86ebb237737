//! Reading queries and posted forms. A posted form is read only after its CSRF token has been compared.

use axum::extract::{FromRequest, FromRequestParts, Query, RawForm, Request};
use axum::http::request::Parts;
use meed_core::command::Class;
use meed_core::id::{Id, Kind};

use super::answer::Trouble;
use super::visit::Csrf;
use crate::ServerState;

/// Names and values of a form or query, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` text.
    fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        serde_urlencoded::from_bytes(bytes).map(Self).map_err(|_| Trouble::unreadable("form_unreadable", "the form could not be read"))
    }

    /// The first value of a field without outer blanks; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value as it was sent, for passwords and documents.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// A value, unless it is empty.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Adds a field that was read in another way.
    pub(super) fn push(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// All values of a repeated field.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value.trim()).collect()
    }

    /// Fields whose name is `prefix` and a number, by number.
    pub(super) fn numbered(&self, prefix: &str) -> Vec<(usize, &str)> {
        let numbered = self.0.iter().filter_map(|(field, value)| Some((field.strip_prefix(prefix)?.parse().ok()?, value.trim())));
        let mut all: Vec<_> = numbered.collect();
        all.sort_by_key(|(number, _)| *number);
        all
    }

    /// An id, unless the field is empty.
    pub(super) fn id(&self, name: &str, kind: Kind) -> Result<Option<Id>, Trouble> {
        self.filled(name).map(|text| id(text, kind)).transpose()
    }
}

/// An id of a path or form. What is no id of its kind does not exist.
pub(super) fn id(text: &str, kind: Kind) -> Result<Id, Trouble> {
    Id::parse(text, kind).map_err(|_| Trouble::not_found())
}

/// The query of the address.
pub(super) struct Asked(pub(super) Fields);

impl FromRequestParts<ServerState> for Asked {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Trouble> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        query
            .map(|Query(fields)| Self(Fields(fields)))
            .map_err(|_| Trouble::unreadable("query_unreadable", "the address could not be read"))
    }
}

/// A posted form with the right CSRF token.
pub(super) struct Posted(pub(super) Fields);

impl FromRequest<ServerState> for Posted {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Trouble> {
        let csrf = request.extensions().get::<Csrf>().cloned();
        let RawForm(bytes) = RawForm::from_request(request, state)
            .await
            .map_err(|_| Trouble::unreadable("form_unreadable", "the form could not be read, or it is too large"))?;
        let fields = Fields::read(&bytes)?;
        check_csrf(csrf.as_ref(), fields.raw("csrf"))?;
        Ok(Self(fields))
    }
}

/// Refuses a form that was not made for this visitor.
pub(super) fn check_csrf(expected: Option<&Csrf>, sent: &str) -> Result<(), Trouble> {
    if expected.is_some_and(|csrf| !csrf.0.is_empty() && same(csrf.0.as_bytes(), sent.as_bytes())) {
        return Ok(());
    }
    let text =
        "This form is out of date, or it was not made by this site. Go back, reload the page and send it again. Nothing was changed.";
    Err(Trouble::refused(Class::Forbidden, "csrf_mismatch", text))
}

/// Compares without telling by the time where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
