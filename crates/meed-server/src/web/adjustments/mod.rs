//! Adjustments: the list, one by hand, a sheet of them, and taking sales back.

mod clawback;
mod list;
mod one;
mod sheet;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use meed_app::adjustments::{AdjustmentDocument, SheetRow};
use meed_app::sheet::RowError;
use meed_app::{calculations, releases, sales};
use meed_core::crediting::RewardKind;
use meed_core::id::{Id, Kind};

use super::answer::{Trouble, sentence};
use super::form::Fields;
use super::shown::{Setting, exact_text, money_in, period_words};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::adjustments::{Preview, PreviewRow};
use crate::pages::{Amount, Choice, Link};

/// Bytes of a form with a sheet.
const FORM_MAX: usize = 10 << 20;
/// Periods of a length to choose from.
const PERIODS: usize = 24;

pub(super) use sheet::{decimals, sheet_errors};

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/adjustments", get(list::show).post(one::add))
        .route("/adjustments/new", get(one::ask))
        .route("/adjustments/sheet", get(sheet::ask).post(sheet::send).layer(DefaultBodyLimit::max(FORM_MAX)))
        .route("/adjustments/clawback", get(clawback::ask).post(clawback::send).layer(DefaultBodyLimit::max(FORM_MAX)))
        .route("/adjustments/{id}/remove", get(one::ask_remove).post(one::remove))
}

/// The kind of an adjustment in words.
pub(super) fn kind_words(kind: &str) -> &'static str {
    match kind {
        "clear_draw" => "Draw cleared",
        word => RewardKind::from_word(word).map_or("Adjustment", RewardKind::title),
    }
}

/// The plans to choose from.
fn programs(setting: &Setting, chosen: &str) -> Vec<Choice> {
    let choice = |entry: &meed_app::ProgramEntry| {
        let id = entry.id.text(Kind::Program);
        let label = format!("{} ({})", entry.program.name, entry.program.currency.code());
        Choice::new(&id, &label, id == chosen)
    };
    setting.config.programs.iter().filter(|entry| entry.is_running()).map(choice).collect()
}

/// The periods to choose from: those that hold sales and the present one, of every length that a plan has. Where none is
/// chosen, the latest that is calculated and not released.
async fn periods(state: &ServerState, visit: &Visit, setting: &Setting, chosen: &str) -> Result<Vec<Choice>, Trouble> {
    let mut days: Vec<i64> = sales::per_day(&state.app, &visit.ctx).await?.into_iter().map(|(day, _)| day).collect();
    days.push(meed_core::command::day_number(setting.today()));
    days.sort_unstable();
    let mut cadences: Vec<_> = setting.config.programs.iter().map(|entry| entry.program.cadence).collect();
    cadences.sort_by_key(|cadence| cadence.name());
    cadences.dedup();
    let mut labels: Vec<String> = Vec::new();
    for cadence in cadences {
        let mut own: Vec<String> = days.iter().map(|day| setting.label(*day, cadence)).collect();
        own.dedup();
        labels.extend(own.into_iter().rev().take(PERIODS));
    }
    let chosen = if chosen.is_empty() { open_period(state, visit, &labels).await? } else { chosen.to_owned() };
    if !chosen.is_empty() && !labels.contains(&chosen) {
        labels.insert(0, chosen.clone());
    }
    Ok(labels.iter().map(|label| Choice::new(label, &period_words(label), *label == chosen)).collect())
}

async fn open_period(state: &ServerState, visit: &Visit, labels: &[String]) -> Result<String, Trouble> {
    for calculation in calculations::latest(&state.app, &visit.ctx).await? {
        let document = &calculation.document;
        let released = releases::of_period(&state.app, &visit.ctx, Id(document.program), document.cell_day).await?;
        if released.is_none() && labels.contains(&document.period) {
            return Ok(document.period.clone());
        }
    }
    Ok(labels.first().cloned().unwrap_or_default())
}

/// The program that a form names.
fn program(form: &Fields) -> Result<Option<Id>, Trouble> {
    form.id("program", Kind::Program)
}

/// What rows of a sheet would do.
async fn preview(state: &ServerState, visit: &Visit, setting: &Setting, rows: &[SheetRow]) -> Result<Preview, Trouble> {
    let good: Vec<(u64, &AdjustmentDocument)> = rows.iter().filter_map(|row| Some((row.line, row.made.as_ref().ok()?))).collect();
    let mut ids: Vec<Id> = good.iter().filter_map(|(_, document)| document.sale_id()).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = sale_names(state, visit, ids).await?;
    let code = good.first().map(|(_, document)| document.currency.clone()).unwrap_or_default();
    let total = good.iter().map(|(_, document)| document.amount).fold(0, i64::saturating_add);
    let row = |(line, document): &(u64, &AdjustmentDocument)| PreviewRow {
        line: *line,
        payee: setting.config.rep_name(Id(document.rep)),
        period: period_words(&document.period),
        kind: kind_words(&document.kind).to_owned(),
        label: document.label.clone(),
        sale: sale_link(document, &names),
        origin: origin_words(document),
        amount: amount(document),
    };
    let error = |error: &RowError| crate::pages::imports::RowError {
        line: error.line,
        column: error.column.to_owned(),
        value: error.value.clone(),
        code: error.code.to_string(),
        text: sentence(&error.text),
    };
    Ok(Preview {
        rows: good.iter().map(row).collect(),
        errors: rows.iter().filter_map(|row| row.made.as_ref().err()).map(error).collect(),
        total: money_in(total, &code),
    })
}

/// What is added; nothing is shown of a cleared draw.
pub(super) fn amount(document: &AdjustmentDocument) -> Amount {
    if document.kind == "clear_draw" { Amount::default() } else { money_in(document.amount, &document.currency) }
}

type SaleNames = std::collections::HashMap<Id, String>;

/// The unique ids of sales.
async fn sale_names(state: &ServerState, visit: &Visit, ids: Vec<Id>) -> Result<SaleNames, Trouble> {
    if ids.is_empty() {
        return Ok(SaleNames::new());
    }
    let found = sales::by_ids(&state.app, &visit.ctx, ids).await?;
    Ok(found.into_iter().filter_map(|sale| Some((sale.stored.id, sale.stored.unique_id?))).collect())
}

fn sale_link(document: &AdjustmentDocument, names: &SaleNames) -> Link {
    let Some(sale) = document.sale_id() else { return Link::default() };
    let id = sale.text(Kind::Sale);
    Link::new(names.get(&sale).unwrap_or(&id), &format!("/sales/{id}"))
}

/// `earned 120.00 EUR in January 2026`.
pub(super) fn origin_words(document: &AdjustmentDocument) -> String {
    let Some(period) = &document.origin_period else { return String::new() };
    let period = period_words(period);
    match &document.earned {
        Some(earned) => format!("earned {} in {period}", exact_text(earned, &document.currency).text()),
        None => format!("earned in {period}"),
    }
}
