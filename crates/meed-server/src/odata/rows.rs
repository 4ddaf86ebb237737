//! Reading the rows of a set, batch by batch, through the use cases.

use std::collections::BTreeMap;

use meed_app::calculations::{self, CalculationEntry, CreditPlace, PayeeCredit};
use meed_app::documents::VariableDocument;
use meed_app::sales::{self, SaleFilter, SaleView};
use meed_app::{AppError, AppResult, Context, announcements, people, preferences, releases, rewards};
use meed_core::command::date_of;
use meed_core::id::{Id, Kind};
use meed_core::money::{Amount, Exact, Unit};
use meed_core::period::Period;

use super::value::Value;
use crate::ServerState;

/// Rows read at a time.
const BATCH: usize = 1_000;

/// A row, and where reading goes on after it.
pub(super) struct Row {
    pub(super) cursor: String,
    pub(super) values: Vec<Value>,
}

/// Rows after a cursor, and whether there may be more.
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    pub(super) more: bool,
}

/// The next rows of a set.
pub(super) async fn batch(state: &ServerState, ctx: &Context, set: &str, after: Option<&str>) -> AppResult<Batch> {
    match set {
        "Transactions" => transactions(state, ctx, after).await,
        "Rewards" => reward_rows(state, ctx, after).await,
        "Credits" => credits(state, ctx, after).await,
        "CalculationCommission" => commissions(state, ctx, after).await,
        _ => {
            let all = match set {
                "Calculations" => calculation_rows(state, ctx).await?,
                "Payouts" => payouts(state, ctx).await?,
                "Plans" => plans(state, ctx).await?,
                "Enrollments" => enrollments(state, ctx).await?,
                "Users" => users(state, ctx).await?,
                "Teams" => teams(state, ctx).await?,
                "CustomVariables" => variables(state, ctx).await?,
                "Alerts" => alerts(state, ctx).await?,
                "Announcements" => announced(state, ctx).await?,
                _ => settings(state, ctx).await?,
            };
            let start = after.map_or(Ok(0), |text| text.parse::<usize>().map(|at| at + 1)).map_err(|_| bad_token())?;
            let row = |(at, values): (usize, Vec<Value>)| Row { cursor: at.to_string(), values };
            Ok(Batch { rows: all.into_iter().enumerate().skip(start).map(row).collect(), more: false })
        }
    }
}

/// Refuses a token that no page gave.
pub(super) fn bad_token() -> AppError {
    AppError::invalid("cursor_invalid", "$skiptoken", "this token was not given by a page of this set")
}

/// Numbers with colons between them.
fn numbers<const N: usize>(text: &str) -> AppResult<[i64; N]> {
    let parts: Vec<i64> = text.split(':').map(str::parse).collect::<Result<_, _>>().map_err(|_| bad_token())?;
    parts.try_into().map_err(|_| bad_token())
}

fn major(minor: i64, unit: Unit) -> Value {
    Value::Number(Amount { minor, unit }.major())
}

fn major_in(minor: i64, code: &str) -> Value {
    code.parse().map_or(Value::Null, |unit| major(minor, unit))
}

fn day(number: i64) -> Value {
    date_of(number).map_or(Value::Null, Value::Day)
}

async fn transactions(state: &ServerState, ctx: &Context, after: Option<&str>) -> AppResult<Batch> {
    let after = after.map(numbers::<2>).transpose()?.map(|[day, id]| (day, Id(id)));
    let (found, next) = sales::list(&state.app, ctx, SaleFilter::default(), after, BATCH).await?;
    let row = |sale: &SaleView| Row { cursor: format!("{}:{}", sale.day, sale.stored.id), values: transaction(sale) };
    Ok(Batch { rows: found.iter().map(row).collect(), more: next.is_some() })
}

fn transaction(view: &SaleView) -> Vec<Value> {
    let sale = &view.stored.sale;
    let text = |text: &Option<String>| Value::optional(text.clone());
    let mut values = vec![
        Value::text(view.stored.id.text(Kind::Sale)),
        text(&view.stored.unique_id),
        Value::Moment(sale.at),
        Value::exact(sale.revenue),
        Value::exact(sale.profit),
        Value::optional(sale.currency.map(|unit| unit.code().to_owned())),
        text(&sale.status),
        text(&sale.customer_name),
        text(&sale.customer_email),
        text(&sale.customer_code),
        text(&sale.product_name),
        text(&sale.product_code),
    ];
    values.extend(sale.owners.iter().map(text));
    values.extend(sale.teams.iter().map(text));
    values.extend([text(&sale.territory), Value::exact(sale.quantity), Value::exact(sale.unit_cost), Value::exact(sale.tax)]);
    values.extend(sale.other_text.iter().map(text));
    values.extend(sale.other_numeric.iter().map(|value| Value::exact(*value)));
    values.extend(sale.other_date.iter().map(text));
    values.extend([
        Value::text(view.stored.source.text(Kind::Source)),
        Value::optional(view.import.map(|id| id.text(Kind::Import))),
        Value::moment(view.created_us),
        Value::moment(view.recorded_us),
    ]);
    values
}

async fn reward_rows(state: &ServerState, ctx: &Context, after: Option<&str>) -> AppResult<Batch> {
    let after = after.map(numbers::<1>).transpose()?.map(|[id]| Id(id));
    let config = state.app.configuration(ctx.workspace).await?;
    let found = rewards::list(&state.app, ctx, after, 200).await?;
    let more = found.len() == 200;
    let rows = found.iter().map(|row| Row {
        cursor: row.id.to_string(),
        values: vec![
            Value::text(row.id.text(Kind::Reward)),
            Value::text(row.program.text(Kind::Program)),
            Value::optional(config.program(row.program).ok().map(|entry| entry.program.name.clone())),
            Value::text(row.owner.id.text(Kind::Rep)),
            Value::text(config.rep_name(row.owner.id)),
            day(row.booked_day),
            day(row.cell_day),
            major(row.amount, row.unit),
            Value::text(row.unit.code()),
            Value::text(row.state.word()),
            Value::optional(row.release.map(|id| id.text(Kind::Release))),
            Value::optional(row.payout.map(|id| id.text(Kind::Payout))),
            Value::moment(row.recorded_us),
        ],
    });
    Ok(Batch { rows: rows.collect(), more })
}

/// The calculations whose credits are read: the latest of each period whose program still stands, in a fixed order.
async fn calculated(state: &ServerState, ctx: &Context) -> AppResult<Vec<CalculationEntry>> {
    let config = state.app.configuration(ctx.workspace).await?;
    let mut all = calculations::latest(&state.app, ctx).await?;
    all.retain(|entry| config.program(Id(entry.document.program)).is_ok());
    all.sort_by_key(|entry| entry.id);
    Ok(all)
}

async fn credits(state: &ServerState, ctx: &Context, after: Option<&str>) -> AppResult<Batch> {
    let after = after.map(numbers::<3>).transpose()?;
    let all = calculated(state, ctx).await?;
    let start = after.map_or(0, |[id, ..]| all.iter().position(|entry| entry.id.0 >= id).unwrap_or(all.len()));
    let Some(entry) = all.get(start) else { return Ok(Batch { rows: Vec::new(), more: false }) };
    let from = after
        .filter(|[id, ..]| entry.id.0 == *id)
        .map(|[_, rep, skip]| CreditPlace { rep: Id(rep), skip: usize::try_from(skip).unwrap_or(0) });
    let (page, next) = calculations::credits(&state.app, ctx, entry, None, from, BATCH).await?;
    let mut rows = Vec::with_capacity(page.len());
    let mut place = from.unwrap_or(CreditPlace { rep: Id(0), skip: 0 });
    for found in &page {
        if found.rep != place.rep {
            place = CreditPlace { rep: found.rep, skip: 0 };
        }
        rows.push(credit(entry, found, place));
        place.skip += 1;
        if let Some(row) = rows.last_mut() {
            row.cursor = format!("{}:{}:{}", entry.id, place.rep, place.skip);
        }
    }
    let more = next.is_some() || start + 1 < all.len();
    // A calculation that ends here leads on to the next one.
    if next.is_none()
        && let Some(following) = all.get(start + 1)
    {
        match rows.last_mut() {
            Some(last) => last.cursor = format!("{}:0:0", following.id),
            None => return Box::pin(credits(state, ctx, Some(&format!("{}:0:0", following.id)))).await,
        }
    }
    Ok(Batch { rows, more })
}

fn credit(entry: &CalculationEntry, found: &PayeeCredit, place: CreditPlace) -> Row {
    let line = &found.credit;
    let calculation = entry.id.text(Kind::Calculation);
    let details: Vec<&str> = line.pieces.iter().filter_map(|piece| piece.label.as_deref()).collect();
    Row {
        cursor: String::new(),
        values: vec![
            Value::text(format!("{calculation}:{}:{}", found.rep.text(Kind::Rep), place.skip)),
            Value::text(calculation),
            Value::text(Id(line.sale).text(Kind::Sale)),
            Value::optional(line.unique_id.clone()),
            Value::text(found.rep.text(Kind::Rep)),
            Value::text(found.rep_name.clone()),
            line.at.parse().map_or(Value::Null, Value::Moment),
            Value::text(line.rule.clone()),
            Value::number(&line.basis),
            line.rate.as_deref().map_or(Value::Null, Value::number),
            Value::number(&line.amount),
            Value::text(entry.document.currency.clone()),
            Value::text(if details.is_empty() { line.text.clone() } else { details.join(", ") }),
        ],
    }
}

/// Commission per transaction: the credits of each calculation, summed by sale.
async fn commissions(state: &ServerState, ctx: &Context, after: Option<&str>) -> AppResult<Batch> {
    let after = after.map(numbers::<2>).transpose()?;
    let all = calculated(state, ctx).await?;
    let mut rows = Vec::new();
    let start = after.map_or(0, |[id, _]| all.iter().position(|entry| entry.id.0 >= id).unwrap_or(all.len()));
    for (at, entry) in all.iter().enumerate().skip(start) {
        let mut sums: BTreeMap<i64, (Option<String>, Exact, u64)> = BTreeMap::new();
        let mut from = None;
        loop {
            let (page, next) = calculations::credits(&state.app, ctx, entry, None, from, BATCH).await?;
            for found in page {
                let slot = sums.entry(found.credit.sale).or_insert((found.credit.unique_id.clone(), Exact::ZERO, 0));
                let amount: Exact = found.credit.amount.parse().unwrap_or(Exact::ZERO);
                slot.1 = slot.1.checked_add(amount).unwrap_or(slot.1);
                slot.2 += 1;
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
        let calculation = entry.id.text(Kind::Calculation);
        let seen = after.filter(|[id, _]| entry.id.0 == *id).map_or(i64::MIN, |[_, sale]| sale);
        for (sale, (unique_id, amount, users)) in sums.range((std::ops::Bound::Excluded(seen), std::ops::Bound::Unbounded)) {
            let text = Id(*sale).text(Kind::Sale);
            rows.push(Row {
                cursor: format!("{}:{sale}", entry.id),
                values: vec![
                    Value::text(format!("{calculation}:{text}")),
                    Value::text(calculation.clone()),
                    Value::text(text),
                    Value::optional(unique_id.clone()),
                    Value::Number(amount.normalize()),
                    Value::text(entry.document.currency.clone()),
                    Value::count(*users),
                ],
            });
        }
        if !rows.is_empty() {
            return Ok(Batch { rows, more: at + 1 < all.len() });
        }
    }
    Ok(Batch { rows, more: false })
}

async fn calculation_rows(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let config = state.app.configuration(ctx.workspace).await?;
    let mut rows = Vec::new();
    for entry in calculations::latest(&state.app, ctx).await? {
        let document = &entry.document;
        let is_known = config.program(Id(document.program)).is_ok();
        let booked = if is_known { Some(releases::period_of_calculation(&state.app, ctx, &entry).await?) } else { None };
        let period = Period::parse(&document.period, &config.zone).ok();
        let bound = |pick: fn(&Period) -> jiff::civil::Date| period.as_ref().map_or(Value::Null, |period| Value::Day(pick(period)));
        rows.push(vec![
            Value::text(entry.id.text(Kind::Calculation)),
            Value::text(Id(document.program).text(Kind::Program)),
            Value::text(document.program_name.clone()),
            Value::count(u64::from(document.version_number)),
            Value::text(document.period.clone()),
            bound(Period::first_day),
            bound(Period::last_day),
            Value::optional(booked.as_ref().map(|booked| booked.state().to_owned())),
            booked.as_ref().map_or_else(|| major_in(document.total, &document.currency), |booked| major(booked.total(), booked.currency)),
            Value::text(document.currency.clone()),
            Value::count(document.payees),
            Value::count(document.credits),
            Value::count(document.sales),
            Value::count(document.alerts.len() as u64),
            Value::moment(document.finished_us),
            Value::text(document.created_by.clone()),
        ]);
    }
    Ok(rows)
}

async fn payouts(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    let mut before = None;
    loop {
        let page = releases::payouts(&state.app, ctx, before, 200).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        before = Some(last.id);
        rows.extend(page.iter().map(|entry| {
            let document = &entry.document;
            vec![
                Value::text(entry.id.text(Kind::Payout)),
                Value::text(Id(document.release).text(Kind::Release)),
                Value::text(document.method.clone()),
                Value::text(document.reference.clone()),
                Value::day(Some(&document.paid_on)),
                Value::text(document.currency.clone()),
                Value::count(document.payees.len() as u64),
                Value::moment(entry.recorded_us),
            ]
        }));
    }
}

async fn plans(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    ctx.require_plans()?;
    let preferences = preferences::get(&state.app, ctx).await?;
    let config = state.app.configuration(ctx.workspace).await?;
    let date = |day: Option<jiff::civil::Date>| day.map_or(Value::Null, Value::Day);
    let row = |entry: &meed_app::ProgramEntry| {
        let program = &entry.program;
        vec![
            Value::text(entry.id.text(Kind::Program)),
            Value::text(program.name.clone()),
            Value::text(program.kind.name()),
            Value::text(program.cadence.name()),
            Value::text(program.currency.code()),
            Value::count(u64::from(entry.number)),
            Value::optional(program.description.clone()),
            date(program.valid_from),
            date(program.valid_until),
            Value::Truth(program.requires_enrollment),
            Value::Truth(preferences.needs_approval(entry.id)),
            Value::text(entry.state.word()),
        ]
    };
    Ok(config.programs.iter().map(row).collect())
}

async fn enrollments(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    for rep in people::reps(&state.app, ctx).await? {
        for enrollment in &rep.document.enrollments {
            let id = rep.id.text(Kind::Rep);
            rows.push(vec![
                Value::text(format!("{id}:{}:{}", enrollment.program, enrollment.from.as_deref().unwrap_or_default())),
                Value::text(enrollment.program.clone()),
                Value::text(id),
                Value::text(rep.document.name.clone()),
                Value::day(enrollment.from.as_deref()),
                Value::day(enrollment.until.as_deref()),
            ]);
        }
    }
    Ok(rows)
}

async fn users(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let config = state.app.configuration(ctx.workspace).await?;
    let rows = people::reps(&state.app, ctx).await?.into_iter().map(|rep| {
        let document = rep.document;
        vec![
            Value::text(rep.id.text(Kind::Rep)),
            Value::text(document.name),
            Value::optional(document.email),
            Value::optional(document.external_id),
            Value::optional(document.manager.map(|id| Id(id).text(Kind::Rep))),
            Value::optional(document.manager.map(|id| config.rep_name(Id(id)))),
            Value::text(document.tags.join(", ")),
            Value::text(document.aliases.join(", ")),
            Value::Truth(!document.inactive),
        ]
    });
    Ok(rows.collect())
}

async fn teams(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let rows = people::teams(&state.app, ctx).await?.into_iter().map(|team| {
        let document = team.document;
        vec![
            Value::text(team.id.text(Kind::Team)),
            Value::text(document.name),
            Value::optional(document.description),
            Value::optional(document.manager.map(|id| Id(id).text(Kind::Rep))),
            Value::optional(document.parent.map(|id| Id(id).text(Kind::Team))),
            Value::text(document.aliases.join(", ")),
        ]
    });
    Ok(rows.collect())
}

async fn variables(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let row = |kind: &str, id: String, owner: &str, variable: &VariableDocument| {
        vec![
            Value::text(format!("{id}:{}:{}", variable.name, variable.from.as_deref().unwrap_or_default())),
            Value::text(kind),
            Value::text(id),
            Value::text(owner),
            Value::text(variable.name.clone()),
            Value::day(variable.from.as_deref()),
            Value::number(&variable.value),
        ]
    };
    let mut rows = Vec::new();
    for rep in people::reps(&state.app, ctx).await? {
        let id = rep.id.text(Kind::Rep);
        rows.extend(rep.document.variables.iter().map(|variable| row("User", id.clone(), &rep.document.name, variable)));
    }
    for team in people::teams(&state.app, ctx).await? {
        let id = team.id.text(Kind::Team);
        rows.extend(team.document.variables.iter().map(|variable| row("Team", id.clone(), &team.document.name, variable)));
    }
    for entry in &state.app.configuration(ctx.workspace).await?.programs {
        for variable in &entry.program.variables {
            let value = variable.value.to_string();
            let document = VariableDocument { name: variable.name.clone(), from: variable.from.map(|day| day.to_string()), value };
            rows.push(row("Plan", entry.id.text(Kind::Program), &entry.program.name, &document));
        }
    }
    Ok(rows)
}

async fn alerts(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    for entry in calculations::latest(&state.app, ctx).await? {
        let calculation = entry.id.text(Kind::Calculation);
        for (at, alert) in entry.document.alerts.iter().enumerate() {
            rows.push(vec![
                Value::text(format!("{calculation}:{at}")),
                Value::text(calculation.clone()),
                Value::text(entry.document.program_name.clone()),
                Value::text(entry.document.period.clone()),
                Value::text(alert.code.clone()),
                Value::text(alert.text.clone()),
                Value::text(alert.subject.clone()),
                Value::count(alert.sales),
            ]);
        }
    }
    Ok(rows)
}

async fn announced(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let rows = announcements::list(&state.app, ctx).await?.into_iter().map(|found| {
        let document = found.document;
        vec![
            Value::text(found.id.text(Kind::Announcement)),
            Value::text(document.title),
            Value::text(document.text),
            Value::text(document.tags.join(", ")),
            Value::day(document.from.as_deref()),
            Value::day(document.until.as_deref()),
            Value::moment(document.created_us),
        ]
    });
    Ok(rows.collect())
}

async fn settings(state: &ServerState, ctx: &Context) -> AppResult<Vec<Vec<Value>>> {
    let config = state.app.configuration(ctx.workspace).await?;
    let preferences = preferences::get(&state.app, ctx).await?;
    let visible = match preferences.visible_from {
        preferences::VisibleFrom::Credits => "credits",
        preferences::VisibleFrom::Rewards => "rewards",
    };
    let pairs = [
        ("Currency", config.unit.code().to_owned()),
        ("TimeZone", config.zone_name.clone()),
        ("VisibleFrom", visible.to_owned()),
        ("Details", preferences.details.to_string()),
        ("Export", preferences.export.to_string()),
        ("Leaderboard", preferences.leaderboard.to_string()),
    ];
    Ok(pairs.into_iter().map(|(name, value)| vec![Value::text(name), Value::text(value)]).collect())
}
