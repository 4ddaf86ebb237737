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
use meed_intake::{Hints, Reading};

use super::{put_rep, put_team, rep, salaries, team};
use crate::documents::VariableDocument;
use crate::error::{AppError, AppResult};
use crate::{App, Configuration, Context, Scope};

/// Most rows of a sheet.
const ROWS_MAX: usize = 100_000;

/// The columns of a sheet and the words by which each is known. The first three must be there.
pub(crate) type Columns = [(&'static str, &'static [&'static str]); 4];

const HEADERS: Columns = [
    ("who", &["who", "rep", "team", "user", "name or email", "owner", "e-mail", "email", "employee", "person"]),
    ("name", &["name", "variable", "variable name", "key"]),
    ("value", &["value", "amount", "number"]),
    ("from", &["from", "effective date", "effective", "date", "valid from", "start"]),
];

/// What a decimal comma or point means where the sheet itself does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalSign {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct VariableError {
    pub line: u64,
    /// `who`, `name`, `value` or `from`.
    pub column: &'static str,
    pub value: String,
    /// Stable code.
    pub code: &'static str,
    pub text: String,
}

/// What loading a sheet did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct VariablesLoaded {
    pub rows: u64,
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub errors: Vec<VariableError>,
}

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
) -> AppResult<VariablesLoaded> {
    ctx.require(Scope::Plans)?;
    let config = app.configuration(ctx.workspace).await?;
    let cells = tokio::task::spawn_blocking(move || cells(file, &HEADERS)).await.map_err(|e| AppError::bug(&e.to_string()))??;
    let mut loaded = VariablesLoaded { rows: cells.len() as u64, ..VariablesLoaded::default() };
    let sign = decimal.or_else(|| sign_of(&cells, VALUE));
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

async fn apply(app: &App, ctx: &Context, (owner, rows): (Owner, &[Row]), dry_run: bool, loaded: &mut VariablesLoaded) -> AppResult<()> {
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
fn merge(ctx: &Context, variables: &mut Vec<VariableDocument>, rows: &[Row], loaded: &mut VariablesLoaded) -> bool {
    let mut is_new = false;
    for row in rows {
        if fold_alias(&row.name) == salaries::SALARY && !ctx.sees_salaries() {
            let text = "salaries are set by full administrators, or with a key of the scope `admin`".to_owned();
            loaded.errors.push(VariableError { line: row.line, column: "name", value: row.name.clone(), code: "salary_forbidden", text });
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

/// The cells of a row, in the order of its [`Columns`].
pub(crate) type Cells = [String; 4];

/// Where the value stands.
const VALUE: usize = 2;

/// The rows of a sheet with their lines, in the order of `columns`, however they stand in the sheet.
pub(crate) fn cells(mut file: impl Read + Seek, columns: &Columns) -> AppResult<Vec<(u64, Cells)>> {
    let refused = |error: meed_intake::IntakeError| AppError::invalid(error.code(), "file", error.to_string());
    let reading = Reading::detect(&mut file, &Hints::default()).map_err(refused)?;
    let places = places(reading.headers(), columns)?;
    file.rewind().map_err(|e| AppError::invalid("file_unreadable", "file", e.to_string()))?;
    let mut rows = reading.rows(file, None).map_err(refused)?;
    let mut all = Vec::new();
    for row in &mut rows {
        let row = row.map_err(refused)?;
        let cell =
            |place: Option<usize>| place.and_then(|place| row.cells.get(place)).map(|cell| cell.trim().to_owned()).unwrap_or_default();
        let cells = places.map(cell);
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if all.len() == ROWS_MAX {
            return Err(AppError::invalid("too_many_rows", "file", format!("a sheet has at most {ROWS_MAX} rows")));
        }
        all.push((row.line, cells));
    }
    Ok(all)
}

/// Where the four columns stand; the last may be missing.
fn places(headers: &[String], columns: &Columns) -> AppResult<[Option<usize>; 4]> {
    let mut places = [None; 4];
    for (place, (_, words)) in places.iter_mut().zip(columns) {
        *place = headers.iter().position(|header| words.contains(&fold_alias(header).as_str()));
    }
    if places[..3].iter().all(Option::is_some) {
        return Ok(places);
    }
    let missing: Vec<&str> = columns[..3].iter().zip(&places).filter(|(_, place)| place.is_none()).map(|((name, _), _)| *name).collect();
    let [(first, _), (second, _), (third, _), (last, _)] = columns;
    let text = format!(
        "the sheet needs the columns {first}, {second}, {third} and, where it is said, {last}; there is no column for {}",
        missing.join(", ")
    );
    Err(AppError::invalid("columns_unknown", "file", text))
}

fn row(config: &Configuration, line: u64, cells: &Cells, sign: Option<DecimalSign>) -> Result<Row, VariableError> {
    let [who, name, value, from] = cells;
    let refused = |column: &'static str, value: &str, code: &'static str, text: String| VariableError {
        line,
        column,
        value: value.to_owned(),
        code,
        text,
    };
    let owner = owner(config, who).map_err(|(code, text)| refused("who", who, code, text))?;
    if name.is_empty() || name.chars().count() > 100 {
        return Err(refused("name", name, "name_invalid", "a variable has a name of 1 to 100 characters".to_owned()));
    }
    let number = number(value, sign).map_err(|(code, text)| refused("value", value, code, text))?;
    let day = match from.as_str() {
        "" => None,
        text => Some(
            text.get(..10)
                .unwrap_or(text)
                .parse::<Date>()
                .map_err(|_| refused("from", text, "date_unreadable", format!("`{text}` is not a date such as 2026-03-31")))?,
        ),
    };
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

/// The decimal sign that the values of a sheet show: a comma or point that is not followed by three digits.
pub(crate) fn sign_of(cells: &[(u64, Cells)], column: usize) -> Option<DecimalSign> {
    let after = |text: &str, sign: char| text.rsplit_once(sign).map(|(_, digits)| digits.trim_end_matches('%').trim().len());
    let shows = |text: &str| match (after(text, '.'), after(text, ',')) {
        (Some(point), Some(comma)) => Some(if point < comma { DecimalSign::Point } else { DecimalSign::Comma }),
        (Some(digits), None) if digits != 3 => Some(DecimalSign::Point),
        (None, Some(digits)) if digits != 3 => Some(DecimalSign::Comma),
        _ => None,
    };
    let mut shown = cells.iter().filter_map(|(_, cells)| shows(&cells[column]));
    let first = shown.next()?;
    shown.all(|other| other == first).then_some(first)
}

/// Reads a number as it stands in the sheet. What could be thousands or decimals is refused, not guessed.
pub(crate) fn number(text: &str, sign: Option<DecimalSign>) -> Result<Exact, (&'static str, String)> {
    let digits: String = text.trim().trim_end_matches('%').chars().filter(|c| !c.is_whitespace() && *c != '\u{202f}').collect();
    let unreadable = || ("number_unreadable", format!("`{text}` is not a number"));
    let plain = match sign {
        Some(DecimalSign::Point) => digits.replace(',', ""),
        Some(DecimalSign::Comma) => digits.replace('.', "").replace(',', "."),
        None if !digits.contains(['.', ',']) => digits,
        None => {
            let text = format!("`{text}` may be thousands or decimals; say which sign the sheet uses for decimals");
            return Err(("number_ambiguous", text));
        }
    };
    Exact::from_str_exact(&plain).map_err(|_| unreadable())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_the_sign_of_the_sheet_and_never_guessed() {
        let column = |values: &[&str]| -> Vec<(u64, Cells)> {
            values.iter().map(|value| (1, [String::new(), String::new(), (*value).to_owned(), String::new()])).collect()
        };
        assert_eq!(sign_of(&column(&["100,000", "5.5"]), VALUE), Some(DecimalSign::Point));
        assert_eq!(sign_of(&column(&["100.000", "5,5"]), VALUE), Some(DecimalSign::Comma));
        assert_eq!(sign_of(&column(&["1.234,567"]), VALUE), Some(DecimalSign::Comma));
        assert_eq!(sign_of(&column(&["5.5", "5,5"]), VALUE), None, "two minds");
        assert_eq!(sign_of(&column(&["100,000"]), VALUE), None);
        let read = |text: &str, sign| number(text, sign).map(|number| number.normalize().to_string()).map_err(|(code, _)| code);
        assert_eq!(read("100,000", Some(DecimalSign::Point)), Ok("100000".to_owned()));
        assert_eq!(read("1.234,50", Some(DecimalSign::Comma)), Ok("1234.5".to_owned()));
        assert_eq!(read("7.5%", Some(DecimalSign::Point)), Ok("7.5".to_owned()));
        assert_eq!(read("60000", None), Ok("60000".to_owned()));
        assert_eq!(read("100,000", None), Err("number_ambiguous"));
        assert_eq!(read("much", None), Err("number_unreadable"));
    }

    #[test]
    fn columns_stand_in_any_order_and_the_date_may_be_missing() {
        let headers = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let found = places(&headers(&["Effective Date", "Value", "Variable", "Rep"]), &HEADERS).expect("four columns");
        assert_eq!(found, [Some(3), Some(2), Some(1), Some(0)]);
        assert_eq!(places(&headers(&["who", "name", "value"]), &HEADERS).expect("three columns")[3], None);
        assert!(places(&headers(&["a", "b"]), &HEADERS).is_err());
    }
}
