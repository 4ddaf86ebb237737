//! Schemes: which offers belong together, and who is in.

use axum::extract::{Path, State};
use meed_app::AppError;
use meed_app::loyalty::records::{self, Entry};
use meed_app::loyalty::{SchemeDocument, TillConfig};
use meed_core::id::{Id, Kind};

use super::removal::{self, Removal, code_of, record_errors};
use crate::ServerState;
use crate::pages::till::{SchemePage, SchemeRow};
use crate::pages::{Badge, Fact, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted, id};
use crate::web::shown::counted;
use crate::web::visit::Visit;

/// The offers of a scheme, counted in words.
fn offers(config: &TillConfig, scheme: Id) -> String {
    let count = config.offers.iter().filter(|offer| offer.scheme == Some(scheme)).count();
    counted(u64::try_from(count).unwrap_or(u64::MAX), "offer", "offers")
}

/// A scheme in the list.
pub(super) fn row(config: &TillConfig, Entry { id, document, .. }: Entry<SchemeDocument>) -> SchemeRow {
    SchemeRow {
        id: id.text(Kind::Scheme),
        offers: offers(config, id),
        who: if document.automatic { "everybody" } else { "who joins with a code" }.to_owned(),
        status: if document.effective { Badge::new("On", Tone::Good) } else { Badge::new("Off", Tone::Neutral) },
        name: document.name,
        code: document.code,
    }
}

/// `GET /schemes/new`
pub(in crate::web) async fn blank(visit: Visit) -> Answer {
    page(&scheme_page(&visit, None, &SchemeDocument::default(), FormErrors::none()))
}

/// `GET /schemes/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let scheme = scheme(&state, &visit, &text).await?;
    page(&scheme_page(&visit, Some((scheme.id, &scheme.document.name)), &scheme.document, FormErrors::none()))
}

async fn scheme(state: &ServerState, visit: &Visit, text: &str) -> Result<Entry<SchemeDocument>, Trouble> {
    Ok(records::get(&state.app, &visit.ctx, id(text, Kind::Scheme)?).await?)
}

fn scheme_page(visit: &Visit, kept: Option<(Id, &str)>, document: &SchemeDocument, errors: FormErrors) -> SchemePage {
    SchemePage {
        chrome: visit.chrome(Nav::Tiers),
        id: kept.map(|(id, _)| id.text(Kind::Scheme)).unwrap_or_default(),
        title: kept.map_or("Add a scheme", |(_, name)| name).to_owned(),
        typed: [document.name.clone(), document.code.clone()],
        is_effective: document.effective,
        is_automatic: document.automatic,
        errors,
    }
}

/// `POST /schemes`
pub(in crate::web) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, &form).await
}

/// `POST /schemes/{id}`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let scheme = scheme(&state, &visit, &text).await?;
    put(&state, &visit, Some((scheme.id, &scheme.document.name)), &form).await
}

async fn put(state: &ServerState, visit: &Visit, kept: Option<(Id, &str)>, form: &Fields) -> Answer {
    let name = form.text("name").to_owned();
    let document = SchemeDocument {
        code: form.filled("code").map_or_else(|| code_of(&name), str::to_owned),
        name,
        effective: form.text("effective") == "yes",
        automatic: form.text("automatic") == "yes",
    };
    if document.name.is_empty() {
        return form_page(&scheme_page(visit, kept, &document, FormErrors::one("name", "Write the name.")));
    }
    match records::put(&state.app, &visit.ctx, kept.map(|(id, _)| id), &document).await {
        Ok(_) => Ok(flash::see_other(state, "/tiers", Tone::Good, &format!("“{}” is saved.", document.name))),
        Err(error) => {
            let names = [("name", "name"), ("code", "code")];
            let errors = record_errors(error, ("code", "Another scheme has this code."), &names)?;
            form_page(&scheme_page(visit, kept, &document, errors))
        }
    }
}

/// `GET /schemes/{id}/remove`
pub(in crate::web) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let scheme = scheme(&state, &visit, &text).await?;
    if let Err(error) = records::may_be_removed::<SchemeDocument>(&state.app, &visit.ctx, scheme.id).await {
        return stays(&visit, &scheme, error);
    }
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let removal = Removal {
        name: &scheme.document.name,
        text: "Offers that belong to it are off, and cannot be switched on again without it. What they gave before stays in the \
               wallets. Switch the scheme off instead if it may come back.",
        facts: vec![Fact { label: "Belongs to it".to_owned(), value: offers(&config, scheme.id), href: "/offers".to_owned() }],
        path: format!("/schemes/{text}"),
    };
    removal.ask(&visit, Nav::Tiers)
}

/// The page of a scheme that cannot be removed, with the reason.
fn stays(visit: &Visit, scheme: &Entry<SchemeDocument>, error: AppError) -> Answer {
    let errors = form_errors(error, &[])?;
    form_page(&scheme_page(visit, Some((scheme.id, &scheme.document.name)), &scheme.document, errors))
}

/// `POST /schemes/{id}/remove`
pub(in crate::web) async fn remove(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let scheme = scheme(&state, &visit, &text).await?;
    if let Err(error) = records::may_be_removed::<SchemeDocument>(&state.app, &visit.ctx, scheme.id).await {
        return stays(&visit, &scheme, error);
    }
    removal::remove::<SchemeDocument>(&state, &visit, scheme.id, &form, &scheme.document.name, "/tiers").await
}
