//! Answers: pages, files, redirects, and refusals that the frame turns into pages.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use meed_app::AppError;
use meed_core::command::{Class, Refused};

use crate::pages::FormErrors;

/// What a handler answers.
pub(super) type Answer = Result<Response, Trouble>;

/// A refusal or fault on its way to become a page. The frame knows the visitor and draws it.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) status: StatusCode,
    pub(super) code: String,
    /// For people; empty where there is nothing to tell beyond the status.
    pub(super) text: String,
    /// For the log.
    pub(super) detail: String,
}

impl Trouble {
    /// A refusal of the surface itself.
    pub(super) fn refused(class: Class, code: &'static str, text: impl Into<String>) -> Self {
        AppError::Refused(Refused::new(class, code, text)).into()
    }

    pub(super) fn unreadable(code: &'static str, text: &str) -> Self {
        Self::refused(Class::Unreadable, code, text)
    }

    pub(super) fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not_found".to_owned(), text: String::new(), detail: String::new() }
    }

    pub(super) fn wrong_method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, code: "method_not_allowed".to_owned(), text: String::new(), detail: String::new() }
    }
}

/// The status of a refusal.
fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Unreadable => StatusCode::BAD_REQUEST,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::TooMany => StatusCode::TOO_MANY_REQUESTS,
    }
}

impl From<AppError> for Trouble {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refused) => {
                Self { status: status_of(refused.class), code: refused.code.into_owned(), text: refused.text, detail: String::new() }
            }
            error if error.is_overload() => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                code: "overloaded".to_owned(),
                text: "Too much is being written at the moment. Try again in a few seconds.".to_owned(),
                detail: error.to_string(),
            },
            error => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: "internal".to_owned(),
                text: String::new(),
                detail: error.to_string(),
            },
        }
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal".to_owned(),
            text: String::new(),
            detail: format!("a page could not be drawn: {error}"),
        }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A page.
pub(super) fn page(page: &impl Template) -> Answer {
    Ok(Html(page.render()?).into_response())
}

/// A page that refuses what was sent.
pub(super) fn refused_page(status: StatusCode, page: &impl Template) -> Answer {
    Ok((status, Html(page.render()?)).into_response())
}

/// The form again, with what was wrong.
pub(super) fn form_page(page: &impl Template) -> Answer {
    refused_page(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// Go there next.
pub(super) fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// A CSV file to keep.
pub(super) fn download(name: &str, bytes: Vec<u8>) -> Response {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")), (header::CONTENT_DISPOSITION, disposition)];
    (headers, Body::from(bytes)).into_response()
}

/// What was wrong with a form: a wrong value or a state that forbids it goes back to the form, everything else is
/// another page. `names` leads from the fields of the use case to those of the form.
pub(super) fn form_errors(error: AppError, names: &[(&str, &str)]) -> Result<FormErrors, Trouble> {
    match error {
        AppError::Refused(refused) if matches!(refused.class, Class::Invalid | Class::Conflict) => {
            let field = refused.field.as_deref().unwrap_or("");
            let name = names.iter().find(|(from, _)| *from == field).map_or("", |(_, to)| to);
            Ok(FormErrors::one(name, &sentence(&refused.text)))
        }
        other => Err(other.into()),
    }
}

/// A refusal's text as a sentence: refusals begin in lower case, end without a full stop, and put names between
/// backticks.
pub(super) fn sentence(text: &str) -> String {
    let text = quoted(text);
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let mut out: String = first.to_uppercase().chain(chars).collect();
    if !out.ends_with(['.', '?', '!', ':']) {
        out.push('.');
    }
    out
}

/// Names between backticks in the quotation marks of the pages.
pub(super) fn quoted(text: &str) -> String {
    let mut is_open = false;
    let quote = |c: char| {
        if c != '`' {
            return c;
        }
        is_open = !is_open;
        if is_open { '“' } else { '”' }
    };
    text.chars().map(quote).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_become_sentences() {
        assert_eq!(sentence("`J. Smith` matches no rep or team"), "“J. Smith” matches no rep or team.");
        assert_eq!(sentence("choose a file"), "Choose a file.");
        assert_eq!(sentence(""), "");
    }
}
