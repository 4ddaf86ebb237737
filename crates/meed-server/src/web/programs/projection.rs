//! A period projected to its end at the present pace.

use axum::extract::{Path, State};
use meed_app::AppError;
use meed_app::access::actor_names;
use meed_app::calculations::{self, Projection, ProjectionDocument};
use meed_core::command::Class;
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_page, page, sentence};
use super::super::form::{Asked, Fields, Posted, id};
use super::super::shown::{counted, iso_day, money, period_words, setting};
use super::super::visit::Visit;
use super::what_if::labels;
use crate::ServerState;
use crate::pages::projection::{KeptRow, Projected, ProjectedRow, ProjectionPage};
use crate::pages::{Choice, Figure, FormErrors, Link, Nav};

/// Former projections on the page.
const KEPT: usize = 20;
/// Payees of an answer.
const PAYEES_MAX: usize = 500;

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(asked): Asked) -> Answer {
    page(&projection_page(&state, &visit, &text, &asked, None, FormErrors::none()).await?)
}

pub(super) async fn project(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    visit.ctx.require_plans()?;
    let program = id(&text, Kind::Program)?;
    let found = calculations::project(&state.app, &visit.ctx, program, form.text("period"), form.filled("from"), form.filled("key")).await;
    match found {
        Ok(found) => {
            let result = Some(result(&found));
            page(&projection_page(&state, &visit, &text, &form, result, FormErrors::none()).await?)
        }
        Err(AppError::Refused(refused)) if refused.class == Class::Invalid => {
            let field = refused.field.as_deref().filter(|field| ["period", "from", "key"].contains(field)).unwrap_or_default();
            let errors = FormErrors::one(field, &sentence(&refused.text));
            form_page(&projection_page(&state, &visit, &text, &form, None, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn projection_page(
    state: &ServerState,
    visit: &Visit,
    text: &str,
    form: &Fields,
    result: Option<Projected>,
    errors: FormErrors,
) -> Result<ProjectionPage, Trouble> {
    visit.ctx.require_plans()?;
    let setting = setting(&state.app, &visit.ctx).await?;
    let entry = setting.config.program(id(text, Kind::Program)?)?;
    let labels = labels(state, visit, &setting, entry.program.cadence).await?;
    let newest = labels.first().cloned().unwrap_or_default();
    let chosen = form.filled("period").unwrap_or(&newest).to_owned();
    let actors = actor_names(&state.app, &visit.ctx).await?;
    let kept = calculations::projections(&state.app, &visit.ctx, entry.id).await?;
    let row = |(_, document): &(Id, ProjectionDocument)| {
        let fields = [("period", &document.period), ("from", &document.from), ("key", &document.key)];
        let query = serde_urlencoded::to_string(fields).unwrap_or_default();
        KeptRow {
            period: period_words(&document.period),
            from: iso_day(&document.from),
            when: format!("{} by {}", setting.moment(document.created_us), actors.name(&document.created_by)),
            href: format!("/programs/{text}/projection?{query}"),
        }
    };
    Ok(ProjectionPage {
        chrome: visit.chrome(Nav::Programs),
        id: text.to_owned(),
        name: entry.program.name.clone(),
        periods: labels.iter().map(|label| Choice::new(label, &period_words(label), *label == chosen)).collect(),
        from: form.text("from").to_owned(),
        key: form.text("key").to_owned(),
        result,
        kept: kept.iter().take(KEPT).map(row).collect(),
        errors,
    })
}

fn result(found: &Projection) -> Projected {
    let unit = found.currency;
    let figure = |label: &str, minor: i64, note: String| Figure {
        label: label.to_owned(),
        value: money(minor, unit).digits().to_owned(),
        unit: unit.code().to_owned(),
        note,
        href: String::new(),
    };
    let from = iso_day(&found.document.from);
    let figures = vec![
        figure("So far", found.so_far, format!("{} before {from}", counted(found.sales, "sale", "sales"))),
        figure("Projected", found.projected, format!("with {} more", counted(found.drawn, "sale", "sales"))),
        figure("Adds", found.projected.saturating_sub(found.so_far), format!("from {from} on")),
    ];
    let rows = found.payees.iter().take(PAYEES_MAX).map(|payee| {
        let percent = payee.percent.as_deref().and_then(|text| text.parse::<meed_core::money::Exact>().ok());
        ProjectedRow {
            payee: Link::new(&payee.name, &format!("/statements/{}/{}", payee.rep.text(Kind::Rep), found.document.period)),
            so_far: money(payee.so_far, unit),
            projected: money(payee.projected, unit),
            adds: money(payee.projected.saturating_sub(payee.so_far), unit),
            attainment: percent.map(|percent| format!("{}%", percent.round_dp(1).normalize())).unwrap_or_default(),
        }
    });
    Projected { period: period_words(&found.document.period), figures, rows: rows.collect(), key: found.document.key.clone() }
}
