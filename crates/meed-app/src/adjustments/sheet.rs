//! Adjustments from a sheet: who, amount, what for, and where it matters kind, period, sale and rule.
//!
//! Every row is checked against what is booked before anything is written, and says what it would do or why it cannot.

use std::borrow::Cow;
use std::io::{Read, Seek};

use meed_core::id::{Id, Kind};
use meed_core::money::Exact;
use meed_core::people::Match;

use super::make::{Desk, NewAdjustment};
use super::{AdjustmentDocument, ROWS_MAX};
use crate::error::{AppError, AppResult};
use crate::sheet::{Column, DecimalSign, RowError, number, rows, sign_of};
use crate::{App, Context, sales, sources};

const COLUMNS: [Column; 8] = [
    Column {
        name: "who",
        words: &["rep", "payee", "name or email", "e-mail", "email", "employee", "person", "beneficiary"],
        is_needed: true,
    },
    Column { name: "amount", words: &["value", "change", "difference"], is_needed: false },
    Column { name: "label", words: &["reason", "what for", "note", "comment", "description"], is_needed: true },
    Column { name: "kind", words: &["type", "reward type"], is_needed: false },
    Column { name: "period", words: &["month", "quarter"], is_needed: false },
    Column { name: "sale", words: &["sale id", "unique id", "deal", "deal id", "order", "order id", "transaction"], is_needed: false },
    Column { name: "rule", words: &[], is_needed: false },
    Column { name: "to", words: &["commission", "new commission"], is_needed: false },
];
/// Names of the columns, as a refusal of a check names its field.
const NAMES: [&str; 8] = ["who", "amount", "label", "kind", "period", "sale", "rule", "to"];

/// A row of a sheet: what it makes, or why it makes nothing.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct SheetRow {
    pub line: u64,
    pub made: Result<AdjustmentDocument, RowError>,
}

/// Reads and checks the rows of a sheet (CSV, TSV or XLSX) for a program; `period` holds where a row names none.
pub async fn sheet_rows(
    app: &App,
    ctx: &Context,
    program: Id,
    period: &str,
    file: impl Read + Seek + Send + 'static,
    decimal: Option<DecimalSign>,
) -> AppResult<Vec<SheetRow>> {
    let desk = Desk::open(app, ctx).await?;
    desk.config.program(program)?;
    let read = move || rows(file, &COLUMNS, ROWS_MAX);
    let cells = tokio::task::spawn_blocking(read).await.map_err(|e| AppError::bug(&e.to_string()))??;
    let values = cells.iter().flat_map(|(_, cells)| [cells[1].as_str(), cells[7].as_str()]).filter(|text| !text.is_empty());
    let sign = decimal.or_else(|| sign_of(values));
    let mut found = Vec::with_capacity(cells.len());
    for (line, cells) in cells {
        let made = match new(&desk, program, period, &cells, sign).await {
            Ok(new) => desk.check(&new).await.map_err(|error| refused(error, &cells)),
            Err(error) => Err(error),
        };
        let made = match made {
            Ok(document) => Ok(document),
            Err(Wrong::Row(error)) => Err(RowError { line, ..error }),
            Err(Wrong::All(error)) => return Err(error),
        };
        found.push(SheetRow { line, made });
    }
    Ok(found)
}

/// What is wrong: the row, or the whole attempt.
pub(super) enum Wrong {
    Row(RowError),
    All(AppError),
}

pub(super) fn wrong(column: &'static str, value: &str, code: impl Into<Cow<'static, str>>, text: String) -> Wrong {
    Wrong::Row(RowError { line: 0, column, value: value.to_owned(), code: code.into(), text })
}

/// A refusal of a check belongs to its row; a fault ends everything.
fn refused(error: AppError, cells: &[String; 8]) -> Wrong {
    match error {
        AppError::Refused(refused) => {
            let place = NAMES.iter().position(|name| refused.field.as_deref() == Some(*name));
            let place = place.or_else(|| (refused.code == "not_credited").then_some(5)).unwrap_or(0);
            wrong(NAMES[place], &cells[place], refused.code, refused.text)
        }
        other => Wrong::All(other),
    }
}

async fn new(desk: &Desk<'_>, program: Id, period: &str, cells: &[String; 8], sign: Option<DecimalSign>) -> Result<NewAdjustment, Wrong> {
    let [who, amount, label, kind, of, sale, rule, to] = cells;
    let decimal = |column: &'static str, text: &String| -> Result<Option<Exact>, Wrong> {
        if text.is_empty() {
            return Ok(None);
        }
        number(text, sign).map(Some).map_err(|(code, said)| wrong(column, text, code, said))
    };
    Ok(NewAdjustment {
        program,
        period: if of.is_empty() { period.to_owned() } else { of.clone() },
        rep: payee(desk, who)?,
        kind: if kind.is_empty() { "adjustment".to_owned() } else { kind.to_lowercase().replace([' ', '-'], "_") },
        amount: decimal("amount", amount)?,
        to: decimal("to", to)?,
        label: label.clone(),
        sale: if sale.is_empty() { None } else { Some(find_sale(desk, sale).await?) },
        rule: Some(rule.clone()).filter(|rule| !rule.is_empty()),
    })
}

/// The payee of this name, alias, e-mail address or id.
pub(super) fn payee(desk: &Desk<'_>, who: &str) -> Result<Id, Wrong> {
    if let Some(id) = Id::parse(who, Kind::Rep).ok().filter(|id| desk.config.directory.rep(*id).is_some()) {
        return Ok(id);
    }
    match desk.config.directory.find_rep(who) {
        Match::One(rep) => Ok(rep),
        Match::Nobody => Err(wrong("who", who, "who_unknown", format!("`{who}` is nobody who is paid"))),
        Match::Ambiguous(_) => Err(wrong("who", who, "who_ambiguous", format!("`{who}` is the name of several people"))),
    }
}

/// The sale of this id, or of this unique id in whatever source.
pub(super) async fn find_sale(desk: &Desk<'_>, text: &str) -> Result<Id, Wrong> {
    let reader = desk.reader();
    if let Ok(id) = Id::parse(text, Kind::Sale) {
        let found = sales::one(desk.app, &reader, id).await.map(|found| found.sale.stored.id);
        return found.map_err(|error| unknown(error, text));
    }
    let mut found = Vec::new();
    for source in sources::list(desk.app, &reader).await.map_err(Wrong::All)? {
        match sales::one_by_unique_id(desk.app, &reader, source.id, text).await {
            Ok(history) => found.push((history.sale.stored.id, source.document.name)),
            Err(AppError::Refused(_)) => {}
            Err(error) => return Err(Wrong::All(error)),
        }
    }
    match found.as_slice() {
        [] => Err(wrong("sale", text, "sale_unknown", format!("there is no sale `{text}`"))),
        [(id, _)] => Ok(*id),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
            let said = format!("`{text}` is a sale of {}: give the id of the sale instead", names.join(" and of "));
            Err(wrong("sale", text, "sale_ambiguous", said))
        }
    }
}

fn unknown(error: AppError, text: &str) -> Wrong {
    match error {
        AppError::Refused(_) => wrong("sale", text, "sale_unknown", format!("there is no sale `{text}`")),
        other => Wrong::All(other),
    }
}
