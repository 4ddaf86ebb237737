//! Taking commission back for sales that fell through: in full, in part, or for the unserved part of a contract term
//! (`commissions.md` §4.5).
//!
//! What is taken back is what the sale earns as things stand, less what was taken back for it before. It is an entry of
//! the period in which it is made; the period that earned it stays as it is, released or not.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Seek};

use jiff::civil::Date;
use meed_core::crediting::unserved_part;
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Rounding, Unit, to_minor};
use meed_core::period::Period;
use meed_core::program::Length;

use super::make::{Desk, label};
use super::sheet::{SheetRow, Wrong, find_sale, payee, wrong};
use super::{AdjustmentDocument, ROWS_MAX};
use crate::calculations::with_settled;
use crate::error::{AppError, AppResult};
use crate::sheet::{Column, RowError, day, percent, rows};
use crate::{App, Context, ProgramEntry, sales};

const COLUMNS: [Column; 5] = [
    Column { name: "sale", words: &["sale id", "unique id", "deal", "deal id", "order", "order id", "transaction"], is_needed: true },
    Column { name: "who", words: &["rep", "payee", "name or email", "e-mail", "email", "employee", "person"], is_needed: false },
    Column { name: "share", words: &["percent", "part", "claw back"], is_needed: false },
    Column { name: "on", words: &["cancelled", "cancelled on", "cancellation date", "ended", "ended on", "date"], is_needed: false },
    Column { name: "from", words: &["term start", "begins", "start", "starts"], is_needed: false },
];

/// How sales are taken back, where a row says nothing else.
#[derive(Clone, Debug)]
pub struct ClawbackAsk {
    /// The program that paid them.
    pub program: Id,
    /// Label of the period in which they are taken back.
    pub period: String,
    /// The part that is taken back, above 0 and at most 1.
    pub share: Exact,
    /// The length of the contract: only its unserved part is taken back.
    pub term: Option<Length>,
    /// When the contracts ended.
    pub on: Option<Date>,
    /// For people.
    pub label: String,
}

/// One sale to take back.
#[derive(Clone, Debug, Default)]
pub struct ClawbackRow {
    /// Line of the sheet, or place in the list, from 1.
    pub line: u64,
    /// Its unique id or id.
    pub sale: String,
    /// Of one payee only: name, alias, e-mail address or id; empty for all who earned by it.
    pub who: String,
    /// The part that is taken back, in percent; empty for that of all.
    pub share: String,
    /// When the contract ended, ISO; empty for the day of all.
    pub on: String,
    /// When the contract began, ISO; empty for the day of the sale.
    pub from: String,
}

/// What sales to take back a sheet names.
#[derive(Clone, Debug, Default)]
pub struct ClawbackSheet {
    /// In the order of the sheet.
    pub rows: Vec<ClawbackRow>,
}

/// Reads a sheet of sales (CSV, TSV or XLSX): the column sale, and who, share, on and from where they matter.
pub async fn clawback_rows(file: impl Read + Seek + Send + 'static) -> AppResult<ClawbackSheet> {
    let read = move || rows(file, &COLUMNS, ROWS_MAX);
    let cells = tokio::task::spawn_blocking(read).await.map_err(|e| AppError::bug(&e.to_string()))??;
    let row = |(line, [sale, who, share, on, from]): (u64, [String; 5])| ClawbackRow { line, sale, who, share, on, from };
    Ok(ClawbackSheet { rows: cells.into_iter().map(row).collect() })
}

/// What a sale earned one payee.
struct Earned {
    rep: Id,
    exact: Exact,
}

/// A row whose parts are read.
struct Wanted {
    line: u64,
    sale: Id,
    name: String,
    period: Period,
    only: Option<Id>,
    share: Exact,
}

/// Checks what is taken back for sales, one answer for each payee of each: what it makes, or why it makes nothing.
pub async fn clawback(app: &App, ctx: &Context, ask: &ClawbackAsk, rows: &[ClawbackRow]) -> AppResult<Vec<SheetRow>> {
    let desk = Desk::open(app, ctx).await?;
    let entry = desk.config.program(ask.program)?.clone();
    entry.require_running()?;
    let period = desk.period(&entry, &ask.period)?;
    label(&ask.label)?;
    if ask.share <= Exact::ZERO || ask.share > Exact::ONE {
        return Err(AppError::invalid("share_invalid", "share", "the part that is taken back is above 0% and at most 100%"));
    }
    if rows.len() > ROWS_MAX {
        return Err(AppError::invalid("too_many_rows", "file", format!("at most {ROWS_MAX} sales at once")));
    }
    let mut wanted = Vec::with_capacity(rows.len());
    let mut found: Vec<SheetRow> = Vec::new();
    for row in rows {
        match read(&desk, &entry, &period, ask, row).await {
            Ok(row) => wanted.push(row),
            Err(Wrong::Row(error)) => found.push(SheetRow { line: row.line, made: Err(RowError { line: row.line, ..error }) }),
            Err(Wrong::All(error)) => return Err(error),
        }
    }
    let earned = earned(&desk, &entry, &wanted).await?;
    let mut taken = taken_before(&desk, ask.program);
    for row in &wanted {
        let template = document(&desk, &entry, &period, ask, row)?;
        let of_sale = earned.get(&row.sale).map(Vec::as_slice).unwrap_or_default();
        let concerned: Vec<&Earned> = of_sale.iter().filter(|earned| row.only.is_none_or(|only| only == earned.rep)).collect();
        if concerned.is_empty() {
            found.push(SheetRow { line: row.line, made: Err(nothing(row, "nobody earned anything by this sale under this plan")) });
        }
        for earned in concerned {
            let made = take(template.clone(), earned, row, entry.program.currency, &mut taken);
            found.push(SheetRow { line: row.line, made });
        }
    }
    found.sort_by_key(|row| row.line);
    Ok(found)
}

/// The same over all plans that are calculated and have periods of that length; the plan of `ask` is not looked at. A row
/// by which no plan paid anything says so once.
pub async fn clawback_of_all(app: &App, ctx: &Context, ask: &ClawbackAsk, rows: &[ClawbackRow]) -> AppResult<Vec<SheetRow>> {
    let config = app.configuration(ctx.workspace).await?;
    let cadence = Period::parse(&ask.period, &config.zone).map(|period| period.cadence());
    let cadence = cadence.map_err(|_| AppError::invalid("period_invalid", "period", format!("`{}` is not a period", ask.period)))?;
    let mut made: Vec<SheetRow> = Vec::new();
    let mut refused: BTreeMap<u64, RowError> = BTreeMap::new();
    let mut any = false;
    for entry in config.programs.iter().filter(|entry| entry.is_running() && entry.program.cadence == cadence) {
        any = true;
        let ask = ClawbackAsk { program: entry.id, ..ask.clone() };
        for row in clawback(app, ctx, &ask, rows).await? {
            match row.made {
                Ok(_) => made.push(row),
                // That one plan did not pay a sale is nothing to tell where another did.
                Err(error) => {
                    let known = refused.entry(row.line).or_insert_with(|| error.clone());
                    if known.code == "nothing_earned" {
                        *known = error;
                    }
                }
            }
        }
    }
    if !any {
        return Err(AppError::invalid(
            "period_invalid",
            "period",
            format!("no plan that is calculated has periods such as `{}`", ask.period),
        ));
    }
    let paid: BTreeSet<u64> = made.iter().map(|row| row.line).collect();
    refused.retain(|line, error| error.code != "nothing_earned" || !paid.contains(line));
    made.extend(refused.into_iter().map(|(line, error)| {
        let text = if error.code == "nothing_earned" {
            "nobody earned anything by this sale under any plan".to_owned()
        } else {
            error.text.clone()
        };
        SheetRow { line, made: Err(RowError { text, ..error }) }
    }));
    made.sort_by_key(|row| row.line);
    Ok(made)
}

fn nothing(row: &Wanted, text: &str) -> RowError {
    RowError { line: row.line, column: "sale", value: row.name.clone(), code: "nothing_earned".into(), text: text.to_owned() }
}

async fn read(desk: &Desk<'_>, entry: &ProgramEntry, period: &Period, ask: &ClawbackAsk, row: &ClawbackRow) -> Result<Wanted, Wrong> {
    let sale = find_sale(desk, row.sale.trim()).await?;
    let only = if row.who.trim().is_empty() { None } else { Some(payee(desk, row.who.trim())?) };
    let share = match row.share.trim() {
        "" => ask.share,
        text => percent(text)
            .filter(|share| *share > Exact::ZERO && *share <= Exact::ONE)
            .ok_or_else(|| wrong("share", text, "share_invalid", format!("`{text}` is no part above 0% and at most 100%")))?,
    };
    let date = |column: &'static str, text: &str| day(text.trim()).map_err(|(code, said)| wrong(column, text, code, said));
    let (on, from) = (date("on", &row.on)?.or(ask.on), date("from", &row.from)?);
    let history = sales::one(desk.app, &desk.reader(), sale).await.map_err(Wrong::All)?;
    let at = history.sale.stored.sale.at;
    let sold = desk.config.zone.to_datetime(at).date();
    let origin = Period::containing(at, entry.program.cadence, &desk.config.zone)
        .map_err(|_| wrong("sale", &row.sale, "nothing_earned", "the day of this sale lies in no period".to_owned()))?;
    if origin.first_day() > period.first_day() {
        let said = format!("this sale is of {}, after the period in which it is taken back", origin.label());
        return Err(wrong("sale", &row.sale, "clawback_before_sale", said));
    }
    let share = match ask.term {
        None => share,
        Some(term) => {
            let missing = || wrong("on", "", "day_missing", "say on which day the contract ended".to_owned());
            let part = unserved_part(term, from.unwrap_or(sold), on.ok_or_else(missing)?);
            part.and_then(|part| part.checked_mul(share)).filter(|part| *part > Exact::ZERO).ok_or_else(|| {
                wrong("on", &row.on, "term_served", "the term was served in full: nothing is left to take back".to_owned())
            })?
        }
    };
    let name = history.sale.stored.unique_id.unwrap_or_else(|| sale.text(Kind::Sale));
    Ok(Wanted { line: row.line, sale, name, period: origin, only, share: share.min(Exact::ONE) })
}

/// What the sales earn as things stand, by sale.
async fn earned(desk: &Desk<'_>, entry: &ProgramEntry, wanted: &[Wanted]) -> AppResult<HashMap<Id, Vec<Earned>>> {
    let mut by_period: BTreeMap<i64, (Period, BTreeSet<Id>)> = BTreeMap::new();
    for row in wanted {
        let day = meed_core::command::day_number(row.period.first_day());
        by_period.entry(day).or_insert_with(|| (row.period.clone(), BTreeSet::new())).1.insert(row.sale);
    }
    let mut all: HashMap<Id, Vec<Earned>> = HashMap::new();
    for (period, sales) in by_period.into_values() {
        let look = move |calculation: &meed_core::crediting::Calculation<'_>, _: i64| {
            let mut sums: BTreeMap<(Id, Id), Option<Exact>> = BTreeMap::new();
            for reward in calculation.rewards() {
                let credits = calculation.explain(reward.rep).map(|explained| explained.credits).unwrap_or_default();
                for credit in credits.iter().filter(|credit| sales.contains(&credit.sale)) {
                    let sum = sums.entry((credit.sale, reward.rep)).or_insert(Some(Exact::ZERO));
                    *sum = sum.and_then(|sum| sum.checked_add(credit.amount));
                }
            }
            sums
        };
        let config = std::sync::Arc::clone(&desk.config);
        for ((sale, rep), exact) in with_settled(desk.app, desk.ctx.workspace, config, entry, period, look).await? {
            let exact = exact
                .ok_or_else(|| AppError::invalid("amount_invalid", "sale", "the credits of a sale leave the range that can be kept"))?;
            all.entry(sale).or_default().push(Earned { rep, exact });
        }
    }
    Ok(all)
}

/// What was taken back before, in minor units below 0, by sale and payee.
fn taken_before(desk: &Desk<'_>, program: Id) -> HashMap<(i64, i64), i64> {
    let mut taken = HashMap::new();
    for document in desk.known.iter().map(|known| &known.document).filter(|document| document.program == program.0) {
        if let Some(origin) = document.origin {
            *taken.entry((origin, document.rep)).or_insert(0) += document.amount;
        }
    }
    taken
}

fn document(desk: &Desk<'_>, entry: &ProgramEntry, period: &Period, ask: &ClawbackAsk, row: &Wanted) -> AppResult<AdjustmentDocument> {
    Ok(AdjustmentDocument {
        program: entry.id.0,
        period: period.label(),
        cell_day: meed_core::command::day_number(period.first_day()),
        rep: 0,
        kind: "clawback".to_owned(),
        amount: 0,
        currency: entry.program.currency.code().to_owned(),
        label: label(&ask.label)?,
        sale: None,
        rule: None,
        tier: None,
        origin: Some(row.sale.0),
        origin_period: Some(row.period.label()),
        earned: None,
        request: None,
        created_us: desk.app.now_us(),
        created_by: desk.ctx.actor.0.clone(),
    })
}

/// What is taken back of one payee, and notes it.
fn take(
    document: AdjustmentDocument,
    earned: &Earned,
    row: &Wanted,
    unit: Unit,
    taken: &mut HashMap<(i64, i64), i64>,
) -> Result<AdjustmentDocument, RowError> {
    let minor = |exact: Exact| to_minor(exact, unit, Rounding::HalfUp).ok();
    let range = || nothing(row, "what this sale earned leaves the range that can be kept");
    let all = minor(earned.exact).ok_or_else(range)?;
    let part = earned.exact.checked_mul(row.share).and_then(minor).ok_or_else(range)?;
    if all <= 0 || part <= 0 {
        return Err(nothing(row, "this sale earned nothing that could be taken back"));
    }
    let before = taken.entry((row.sale.0, earned.rep.0)).or_insert(0);
    if part > all.saturating_add(*before) {
        return Err(exceeds(row, all, *before, unit));
    }
    *before = before.saturating_sub(part);
    Ok(AdjustmentDocument { rep: earned.rep.0, amount: -part, earned: Some(earned.exact.normalize().to_string()), ..document })
}

fn exceeds(row: &Wanted, all: i64, before: i64, unit: Unit) -> RowError {
    let shown = |minor: i64| format!("{} {}", Exact::new(minor, unit.exponent()), unit.code());
    let text = format!("this sale earned {}, of which {} is taken back already", shown(all), shown(-before));
    RowError { line: row.line, column: "sale", value: row.name.clone(), code: "clawback_exceeds".into(), text }
}

/// Links a clawback by hand to the sale that it takes back; without an amount, all that is left of what the sale earned.
pub(super) async fn link(
    desk: &Desk<'_>,
    document: &mut AdjustmentDocument,
    entry: &ProgramEntry,
    period: &Period,
    sale: Id,
    wanted: Option<i64>,
) -> AppResult<()> {
    let ask =
        ClawbackAsk { program: entry.id, period: period.label(), share: Exact::ONE, term: None, on: None, label: document.label.clone() };
    let row = ClawbackRow { line: 1, sale: sale.text(Kind::Sale), who: Id(document.rep).text(Kind::Rep), ..ClawbackRow::default() };
    let row = match read(desk, entry, period, &ask, &row).await {
        Ok(row) => row,
        Err(Wrong::Row(error)) => return Err(AppError::invalid("clawback_refused", "sale", error.text)),
        Err(Wrong::All(error)) => return Err(error),
    };
    let earned = earned(desk, entry, std::slice::from_ref(&row)).await?;
    let found = earned.get(&sale).and_then(|all| all.iter().find(|earned| earned.rep.0 == document.rep));
    let text = "this payee is not credited for this sale";
    let found = found.ok_or_else(|| AppError::conflict("not_credited", text))?;
    let unit = entry.program.currency;
    let before = taken_before(desk, entry.id).get(&(sale.0, document.rep)).copied().unwrap_or(0);
    let all = to_minor(found.exact, unit, Rounding::HalfUp).unwrap_or(0);
    let left = all.saturating_add(before);
    let amount = wanted.unwrap_or(-left);
    if left <= 0 || -amount > left {
        return Err(AppError::invalid("clawback_exceeds", "amount", exceeds(&row, all, before, unit).text));
    }
    document.amount = amount;
    document.origin = Some(sale.0);
    document.origin_period = Some(row.period.label());
    document.earned = Some(found.exact.normalize().to_string());
    Ok(())
}
