//! Variables from a sheet of four columns: who, name, value, effective date (`commissions.md` §4.2).
//!
//! Every row is looked at before anything is written. Rows that cannot be used are named with their line and column; the
//! others are applied, one write for each rep or team.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use jiff::civil::Date;
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Match, fold_alias};

use super::{put_rep, put_team, rep, salaries, team};
use crate::documents::VariableDocument;
use crate::error::{AppError, AppResult};
use crate::sheet::{Column, DecimalSign, Loaded, RowError, day, number, rows, sign_of};
use crate::{App, Configuration, Context, Scope};

/// Most rows of a sheet.
const ROWS_MAX: usize = 100_000;

/// The columns of the sheet.
const COLUMNS: [Column; 4] = [
    Column {
        name: "who",
        words: &["rep", "team", "user", "name or email", "owner", "e-mail", "email", "employee", "person"],
        is_needed: true,
    },
    Column { name: "name", words: &["variable", "variable name", "key"], is_needed: true },
    Column { name: "value", words: &["amount", "number"], is_needed: true },
    Column { name: "from", words: &["effective date", "effective", "date", "valid from", "start"], is_needed: false },
];

/// Who a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Rep(Id),
    Team(Id),
}

struct Row {
    line: u64,
    owner: Owner,
    name: String,
    value: Exact,
    from: Option<Date>,
}

/// Loads variables of reps and teams from a sheet (CSV, TSV or XLSX). A value of the same name and date is replaced; a new
/// date is added beside the old ones. With `dry_run` nothing is written, and the answer is the same.
pub async fn load_variables(
    app: &App,
    ctx: &Context,
    file: impl Read + Seek + Send + 'static,
    decimal: Option<DecimalSign>,
    dry_run: bool,
) -> AppResult<Loaded> {
    ctx.require(Scope::Plans)?;
    let config = app.configuration(ctx.workspace).await?;
    let read = move || rows(file, &COLUMNS, ROWS_MAX);
    let cells = tokio::task::spawn_blocking(read).await.map_err(|e| AppError::bug(&e.to_string()))??;
    let mut loaded = Loaded { rows: cells.len() as u64, ..Loaded::default() };
    let sign = decimal.or_else(|| sign_of(cells.iter().map(|(_, cells)| cells[2].as_str())));
    let mut by_owner: BTreeMap<Owner, Vec<Row>> = BTreeMap::new();
    for (line, cells) in cells {
        match row(&config, line, &cells, sign) {
            Ok(row) => by_owner.entry(row.owner).or_default().push(row),
            Err(error) => loaded.errors.push(error),
        }
    }
    for (owner, rows) in by_owner {
        apply(app, ctx, (owner, &rows), dry_run, &mut loaded).await?;
    }
    loaded.errors.sort_by_key(|error| error.line);
    Ok(loaded)
}

async fn apply(app: &App, ctx: &Context, (owner, rows): (Owner, &[Row]), dry_run: bool, loaded: &mut Loaded) -> AppResult<()> {
    match owner {
        Owner::Rep(id) => {
            let mut document = rep(app, ctx, id).await?.document;
            if merge(ctx, &mut document.variables, rows, loaded) && !dry_run {
                put_rep(app, ctx, Some(id), &document).await?;
            }
        }
        Owner::Team(id) => {
            let mut document = team(app, ctx, id).await?.document;
            if merge(ctx, &mut document.variables, rows, loaded) && !dry_run {
                put_team(app, ctx, Some(id), &document).await?;
            }
        }
    }
    Ok(())
}

/// Puts the rows among the variables; answers whether anything is new.
fn merge(ctx: &Context, variables: &mut Vec<VariableDocument>, rows: &[Row], loaded: &mut Loaded) -> bool {
    let mut is_new = false;
    for row in rows {
        if fold_alias(&row.name) == salaries::SALARY && !ctx.sees_salaries() {
            let text = "salaries are set by full administrators, or with a key of the scope `admin`".to_owned();
            loaded.errors.push(RowError { line: row.line, column: "name", value: row.name.clone(), code: "salary_forbidden".into(), text });
            continue;
        }
        let from = row.from.map(|day| day.to_string());
        let value = row.value.normalize().to_string();
        match variables.iter_mut().find(|variable| variable.name == row.name && variable.from == from) {
            Some(known) if known.value.parse::<Exact>().is_ok_and(|before| before == row.value) => loaded.unchanged += 1,
            Some(known) => {
                known.value = value;
                loaded.changed += 1;
                is_new = true;
            }
            None => {
                variables.push(VariableDocument { name: row.name.clone(), from, value });
                loaded.created += 1;
                is_new = true;
            }
        }
    }
    is_new
}

fn row(config: &Configuration, line: u64, cells: &[String; 4], sign: Option<DecimalSign>) -> Result<Row, RowError> {
    let [who, name, value, from] = cells;
    let refused = |column: &'static str, value: &str, code: &'static str, text: String| RowError {
        line,
        column,
        value: value.to_owned(),
        code: code.into(),
        text,
    };
    let owner = owner(config, who).map_err(|(code, text)| refused("who", who, code, text))?;
    if name.is_empty() || name.chars().count() > 100 {
        return Err(refused("name", name, "name_invalid", "a variable has a name of 1 to 100 characters".to_owned()));
    }
    let number = number(value, sign).map_err(|(code, text)| refused("value", value, code, text))?;
    let day = day(from).map_err(|(code, text)| refused("from", from, code, text))?;
    Ok(Row { line, owner, name: name.clone(), value: number, from: day })
}

fn owner(config: &Configuration, who: &str) -> Result<Owner, (&'static str, String)> {
    match (config.directory.find_rep(who), config.directory.find_team(who)) {
        (Match::One(rep), Match::Nobody) => Ok(Owner::Rep(rep)),
        (Match::Nobody, Match::One(team)) => Ok(Owner::Team(team)),
        (Match::Nobody, Match::Nobody) => Err(("who_unknown", format!("`{who}` is no rep and no team"))),
        _ => Err(("who_ambiguous", format!("`{who}` is the name of several reps or teams"))),
    }
}
