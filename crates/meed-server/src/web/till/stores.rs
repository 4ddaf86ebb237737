//! Stores with their terminals.

use axum::extract::{Path, State};
use meed_app::loyalty::records::{self, Entry};
use meed_app::loyalty::{MerchantDocument, TerminalDocument, TillConfig, UnitDocument};
use meed_core::id::{Id, Kind};

use super::merchants;
use super::removal::{self, Removal, code_of, record_errors};
use crate::ServerState;
use crate::pages::till::{StorePage, StoreRow, StoresPage};
use crate::pages::{Fact, FormErrors, Link, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted, id};
use crate::web::visit::Visit;

/// `GET /stores`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = app.fresh_till_config(ctx.workspace).await?;
    let stores = records::list::<UnitDocument>(app, ctx).await?;
    let merchants = records::list::<MerchantDocument>(app, ctx).await?;
    let row = |Entry { id, document, .. }: Entry<UnitDocument>| StoreRow {
        id: id.text(Kind::Unit),
        merchant: merchant_of(&config, id),
        terminals: terminals(&config, id).into_iter().map(|(_, code)| code).collect::<Vec<_>>().join(", "),
        name: document.name,
        code: document.code,
        group: document.group.unwrap_or_default(),
        zone: document.zone.unwrap_or_default(),
    };
    page(&StoresPage {
        chrome: visit.chrome(Nav::Stores),
        stores: stores.into_iter().map(row).collect(),
        merchants: merchants.into_iter().map(|merchant| merchants::row(&config, merchant)).collect(),
        zone: zone_name(&config),
    })
}

fn zone_name(config: &TillConfig) -> String {
    config.zone.iana_name().unwrap_or_default().to_owned()
}

/// The merchant that stands for a store.
fn merchant_of(config: &TillConfig, store: Id) -> Link {
    let found = config.units.get(&store).and_then(|unit| unit.merchant);
    let link = |id: Id| Some(Link::new(&config.merchants.get(&id)?.name, &format!("/merchants/{}", id.text(Kind::Merchant))));
    found.and_then(link).unwrap_or_default()
}

/// The terminals of a store: id and code.
fn terminals(config: &TillConfig, store: Id) -> Vec<(String, String)> {
    let own = config.terminals.iter().filter(|(_, terminal)| terminal.unit == store);
    own.map(|(id, terminal)| (id.text(Kind::Terminal), terminal.code.clone())).collect()
}

/// `GET /stores/new`
pub(in crate::web) async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&store_page(&state, &visit, None, &UnitDocument::default(), ("", FormErrors::none())).await?)
}

/// `GET /stores/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let store = store(&state, &visit, &text).await?;
    page(&store_page(&state, &visit, Some(store.id), &store.document, ("", FormErrors::none())).await?)
}

async fn store(state: &ServerState, visit: &Visit, text: &str) -> Result<Entry<UnitDocument>, Trouble> {
    Ok(records::get(&state.app, &visit.ctx, id(text, Kind::Unit)?).await?)
}

async fn store_page(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &UnitDocument,
    (terminal, errors): (&str, FormErrors),
) -> Result<StorePage, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let kept = id.and_then(|id| config.units.get(&id));
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(StorePage {
        chrome: visit.chrome(Nav::Stores),
        title: kept.map_or_else(|| "Add a store".to_owned(), |unit| unit.name.clone()),
        typed: [
            document.name.clone(),
            document.code.clone(),
            of(&document.group),
            of(&document.community),
            of(&document.zone),
            of(&document.description),
        ],
        merchant: id.map(|id| merchant_of(&config, id)).unwrap_or_default(),
        terminals: id.map(|id| terminals(&config, id)).unwrap_or_default(),
        id: id.map(|id| id.text(Kind::Unit)).unwrap_or_default(),
        zone: zone_name(&config),
        terminal: terminal.to_owned(),
        errors,
    })
}

/// `POST /stores`
pub(in crate::web) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, &form).await
}

/// `POST /stores/{id}`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let store = store(&state, &visit, &text).await?;
    put(&state, &visit, Some(store.id), &form).await
}

async fn put(state: &ServerState, visit: &Visit, id: Option<Id>, form: &Fields) -> Answer {
    let filled = |field: &str| form.filled(field).map(str::to_owned);
    let name = form.text("name").to_owned();
    let document = UnitDocument {
        code: filled("code").unwrap_or_else(|| code_of(&name)),
        name,
        group: filled("group"),
        community: filled("community"),
        description: filled("description"),
        zone: filled("zone"),
    };
    match put_store(state, visit, id, &document).await? {
        Ok(id) => {
            let said = format!("“{}” is saved.", document.name);
            Ok(flash::see_other(state, &format!("/stores/{}", id.text(Kind::Unit)), Tone::Good, &said))
        }
        Err(errors) => form_page(&store_page(state, visit, id, &document, ("", errors)).await?),
    }
}

/// Keeps a store; what is wrong with it goes by the fields of its form.
pub(super) async fn put_store(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &UnitDocument,
) -> Result<Result<Id, FormErrors>, Trouble> {
    if document.name.is_empty() {
        return Ok(Err(FormErrors::one("name", "Write the name.")));
    }
    match records::put(&state.app, &visit.ctx, id, document).await {
        Ok(id) => Ok(Ok(id)),
        Err(error) => {
            let names = ["name", "code", "group", "community", "zone", "description"].map(|field| (field, field));
            Ok(Err(record_errors(error, ("code", "Another store has this code."), &names)?))
        }
    }
}

/// `GET /stores/{id}/remove`
pub(in crate::web) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let store = store(&state, &visit, &text).await?;
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    let codes: Vec<String> = terminals(&config, store.id).into_iter().map(|(_, code)| code).collect();
    let facts = [("Code", store.document.code.clone()), ("Terminals", codes.join(", ")), ("Merchant", merchant_of(&config, store.id).text)];
    let removal = Removal {
        name: &store.document.name,
        text: "Its terminals are removed with it, and their codes are free for other stores. What was bought there stays: receipts, \
               wallets and settlements.",
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(label, value)| fact(label, value)).collect(),
        path: format!("/stores/{text}"),
    };
    removal.ask(&visit, Nav::Stores)
}

/// `POST /stores/{id}/remove`
pub(in crate::web) async fn remove(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let store = store(&state, &visit, &text).await?;
    removal::remove::<UnitDocument>(&state, &visit, store.id, &form, &store.document.name, "/stores").await
}

/// `POST /stores/{id}/terminals`
pub(in crate::web) async fn add_terminal(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let store = store(&state, &visit, &text).await?;
    let code = form.text("terminal");
    let errors = if code.is_empty() {
        FormErrors::one("terminal", "Write the code that the terminal sends.")
    } else {
        let document = TerminalDocument { code: code.to_owned(), unit: store.id.0 };
        match records::put(&state.app, &visit.ctx, None, &document).await {
            Ok(_) => return Ok(flash::see_other(&state, &format!("/stores/{text}"), Tone::Good, &format!("Terminal “{code}” is added."))),
            Err(error) => {
                record_errors(error, ("terminal", "Another terminal has this code."), &[("name", "terminal"), ("code", "terminal")])?
            }
        }
    };
    form_page(&store_page(&state, &visit, Some(store.id), &store.document, (code, errors)).await?)
}

/// `POST /stores/{id}/terminals/remove`
pub(in crate::web) async fn remove_terminal(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let store = store(&state, &visit, &text).await?;
    let terminal = id(form.text("terminal"), Kind::Terminal)?;
    let found = records::get::<TerminalDocument>(&state.app, &visit.ctx, terminal).await?;
    if found.document.unit != store.id.0 {
        return Err(Trouble::not_found());
    }
    records::remove::<TerminalDocument>(&state.app, &visit.ctx, terminal).await?;
    Ok(removal::gone(&state, &found.document.code, &format!("/stores/{text}")))
}
