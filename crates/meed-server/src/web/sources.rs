//! Sources: where sales come from, with their upload addresses and remembered mappings.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use meed_app::documents::SourceDocument;
use meed_app::imports::{self, Import, MappingDocument, configuration_hash, forget_mapping, mapping_memory};
use meed_app::sales::{SaleFilter, list as sales};
use meed_app::sources::{self, Source};
use meed_core::id::{Id, Kind};

use super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::flash;
use super::form::{Fields, Posted, id};
use super::imports::rows_of;
use super::shown::{Setting, counted, setting};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::sources::{RememberedLayout, SourcePage, SourceRow, SourcesPage};
use crate::pages::{Badge, Choice, FormErrors, Nav, Tone};

/// Imports that are looked through for the latest of a source.
const IMPORTS: i64 = 200;

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/sources", get(list).post(add))
        .route("/sources/new", get(blank))
        .route("/sources/{id}", get(show).post(save))
        .route("/sources/{id}/forget", post(forget))
}

async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let recent = imports::list(app, ctx, None, IMPORTS).await?;
    let mut rows = Vec::new();
    for source in sources::list(app, ctx).await? {
        rows.push(row(&state, &visit, &setting, &recent, source).await?);
    }
    page(&SourcesPage { chrome: visit.chrome(Nav::Sources), rows })
}

async fn row(state: &ServerState, visit: &Visit, setting: &Setting, recent: &[Import], source: Source) -> Result<SourceRow, Trouble> {
    let own: Vec<&Import> = recent.iter().filter(|import| import.document.source == source.id.0).collect();
    let filter = SaleFilter { source: Some(source.id), ..SaleFilter::default() };
    let has_sales = !sales(&state.app, &visit.ctx, filter, None, 1).await?.0.is_empty();
    let kind = match (own.is_empty(), has_sales) {
        (false, _) => "Files",
        (true, true) => "API",
        (true, false) => "–",
    };
    Ok(SourceRow {
        id: source.id.text(Kind::Source),
        name: source.document.name,
        kind: kind.to_owned(),
        sales: if has_sales { "See them".to_owned() } else { "none".to_owned() },
        last: own.first().map(|import| setting.moment(import.document.created_us)).unwrap_or_default(),
        status: if has_sales { Badge::new("In use", Tone::Good) } else { Badge::new("Empty", Tone::Neutral) },
    })
}

async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&form_of(&state, &visit, None, &SourceDocument::default(), FormErrors::none()).await?)
}

async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let source = sources::get(&state.app, &visit.ctx, id(&text, Kind::Source)?).await?;
    page(&form_of(&state, &visit, Some(source.id), &source.document, FormErrors::none()).await?)
}

async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, SourceDocument::default(), &form).await
}

async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let source = sources::get(&state.app, &visit.ctx, id(&text, Kind::Source)?).await?;
    put(&state, &visit, Some(source.id), source.document, &form).await
}

async fn put(state: &ServerState, visit: &Visit, id: Option<Id>, before: SourceDocument, form: &Fields) -> Answer {
    let document = SourceDocument {
        name: form.text("name").to_owned(),
        currency: form.filled("currency").map(str::to_uppercase),
        zone: form.filled("time_zone").map(str::to_owned),
        date_order: form.filled("date_order").map(str::to_owned),
        owner: form.filled("owner").map(str::to_owned),
        ..before
    };
    match sources::put(&state.app, &visit.ctx, id, &document).await {
        Ok(id) => Ok(flash::see_other(state, &format!("/sources/{}", id.text(Kind::Source)), Tone::Good, "The source is saved.")),
        Err(error) => {
            let names = [
                ("name", "name"),
                ("key", "name"),
                ("currency", "currency"),
                ("zone", "time_zone"),
                ("date_order", "date_order"),
                ("owner", "owner"),
            ];
            let errors = form_errors(error, &names)?;
            form_page(&form_of(state, visit, id, &document, errors).await?)
        }
    }
}

async fn form_of(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &SourceDocument,
    errors: FormErrors,
) -> Result<SourcePage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let (mut own, mut layouts) = (Vec::new(), Vec::new());
    if let Some(id) = id {
        let recent = imports::list(app, ctx, None, IMPORTS).await?;
        own = recent.into_iter().filter(|import| import.document.source == id.0).collect();
        for (_, mapping) in mapping_memory(app, ctx, id).await? {
            layouts.push(layout(state, visit, &setting, &mapping).await?);
        }
    }
    let latest = own.get(..own.len().min(5)).unwrap_or_default();
    let order = document.date_order.as_deref().unwrap_or_default();
    let orders = [("", "As detected"), ("ymd", "Year first"), ("dmy", "Day first"), ("mdy", "Month first")];
    Ok(SourcePage {
        chrome: visit.chrome(Nav::Sources),
        id: id.map(|id| id.text(Kind::Source)).unwrap_or_default(),
        name: document.name.clone(),
        currency: document.currency.clone().unwrap_or_default(),
        time_zone: document.zone.clone().unwrap_or_default(),
        owner: document.owner.clone().unwrap_or_default(),
        date_orders: orders.map(|(code, label)| Choice::new(code, label, code == order)).to_vec(),
        layouts,
        imports: rows_of(app, ctx, &setting, latest).await?,
        errors,
    })
}

async fn layout(state: &ServerState, visit: &Visit, setting: &Setting, mapping: &MappingDocument) -> Result<RememberedLayout, Trouble> {
    let from = imports::get(&state.app, &visit.ctx, Id(mapping.from_import)).await?;
    let named: Vec<&str> = mapping.headers.iter().map(|header| header.trim()).filter(|header| !header.is_empty()).take(3).collect();
    let more = mapping.headers.len().saturating_sub(named.len());
    let columns = if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") };
    let hash = configuration_hash(mapping);
    Ok(RememberedLayout {
        columns,
        learned: format!("{}, {}", from.document.file_name, setting.moment(mapping.saved_us)),
        used: counted(mapping.headers.len() as u64, "column", "columns"),
        upload_url: format!("{}/app/Api/UploadCsv?config={hash}", state.public_url),
        hash,
    })
}

async fn forget(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let source = sources::get(&state.app, &visit.ctx, id(&text, Kind::Source)?).await?;
    let all = mapping_memory(&state.app, &visit.ctx, source.id).await?;
    let found = all.into_iter().find(|(_, mapping)| configuration_hash(mapping) == form.text("layout"));
    let (mapping, _) = found.ok_or_else(Trouble::not_found)?;
    forget_mapping(&state.app, &visit.ctx, mapping).await?;
    Ok(flash::see_other(
        &state,
        &format!("/sources/{text}"),
        Tone::Neutral,
        "The layout is forgotten. The next file of it is asked about again.",
    ))
}
