//! The heart of the wizard: how the file was read, and what each of its columns means.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use meed_app::imports::{self, Import, ImportState, ReadAs, mapping_memory};
use meed_app::{AppError, sources};
use meed_core::id::{Id, Kind};
use meed_intake::{Answers, ColumnChoice, DateOrder, DecimalMark, MappingProblem, Reading, Report, Target};

use super::super::answer::{Answer, Trouble, form_page, page, see_other};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::{counted, setting, size};
use super::super::visit::Visit;
use super::said;
use super::targets::targets;
use crate::ServerState;
use crate::pages::mapping::{MappingColumn, MappingError, MappingPage, MappingState, RawRow, Reading as Read, SkippedLine};
use crate::pages::{Choice, Nav, Notice, Tone};

/// Rows of the raw preview.
const ROWS: usize = 8;
/// Lines that are not data, listed.
const SKIPPED: usize = 20;

async fn open(state: &ServerState, visit: &Visit, text: &str) -> Result<(Import, Reading), Trouble> {
    let import = imports::get(&state.app, &visit.ctx, id(text, Kind::Import)?).await?;
    let reading = imports::reading(&state.app, &visit.ctx, &import).await?;
    Ok((import, reading))
}

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let (import, reading) = open(&state, &visit, &text).await?;
    if import.document.state != ImportState::Mapping {
        return Ok(see_other(&format!("/imports/{text}")));
    }
    // Errors are shown once a person has tried to go on.
    page(&mapping_page(&state, &visit, &import, &reading, Vec::new()).await?)
}

pub(super) async fn choose(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let (mut import, mut reading) = open(&state, &visit, &text).await?;
    let said = match said::answers(&reading, &form) {
        Ok(said) => said,
        Err(error) => return refused(&state, &visit, &import, &reading, error).await,
    };
    if form.text("action") == "reread" {
        return reread(&state, &visit, &import, &reading, &form, &said).await;
    }
    // A currency that was typed counts, also where nobody asked to read again.
    let currency = form.filled("currency").map(str::to_uppercase);
    if currency.is_some() && currency.as_deref() != reading.currency() {
        let answer = reread(&state, &visit, &import, &reading, &form, &said).await?;
        (import, reading) = open(&state, &visit, &text).await?;
        if currency.as_deref() != reading.currency() {
            return Ok(answer);
        }
    }
    let chosen = match imports::set_mapping(&state.app, &visit.ctx, import.id, &choices(&reading, &form), &said).await {
        Ok(chosen) => chosen,
        Err(error) => return refused(&state, &visit, &import, &reading, error).await,
    };
    let problems = chosen.problems();
    if problems.is_empty() {
        return Ok(see_other(&format!("/imports/{text}/preview")));
    }
    let errors = problems.iter().map(|problem| error_of(problem, &chosen)).collect();
    form_page(&mapping_page(&state, &visit, &import, &chosen, errors).await?)
}

/// What was refused of the answers, above the page as it was.
async fn refused(state: &ServerState, visit: &Visit, import: &Import, reading: &Reading, error: AppError) -> Answer {
    let AppError::Refused(refused) = error else { return Err(error.into()) };
    if refused.field.is_none() {
        return Err(AppError::Refused(refused).into());
    }
    let mut shown = mapping_page(state, visit, import, reading, Vec::new()).await?;
    shown.warnings.insert(0, Notice { tone: Tone::Bad, title: super::super::answer::sentence(&refused.text), ..Notice::default() });
    form_page(&shown)
}

/// What a person decided: columns that they put elsewhere, and proposals that they let stand.
fn choices(reading: &Reading, form: &Fields) -> Vec<(usize, Option<Target>)> {
    let sent = form.numbered("target_");
    let chosen = sent.into_iter().filter_map(|(index, code)| {
        let column = reading.columns().get(index)?;
        let target = Target::from_name(code);
        let is_nod = target.is_some() && !column.automatic;
        (column.target != target || is_nod).then_some((index, target))
    });
    chosen.collect()
}

async fn reread(state: &ServerState, visit: &Visit, import: &Import, reading: &Reading, form: &Fields, said: &Answers) -> Answer {
    let to = format!("/imports/{}/mapping", import.id.text(Kind::Import));
    let read_as = match read_as(&reading.report(), form) {
        Ok(read_as) => read_as,
        Err(text) => return Ok(flash::see_other(state, &to, Tone::Bad, &text)),
    };
    // With another table the words of its status are others.
    let said = Answers { statuses: Vec::new(), ..said.clone() };
    match imports::reread(&state.app, &visit.ctx, import.id, read_as, &said).await {
        Ok(_) => Ok(flash::see_other(state, &to, Tone::Info, "The file was read again with your settings.")),
        Err(AppError::Refused(refused)) => {
            let text = format!("The file cannot be read that way: {}. The reading before is kept.", refused.text);
            Ok(flash::see_other(state, &to, Tone::Bad, &text))
        }
        Err(error) => Err(error.into()),
    }
}

/// The answers of a person. With another delimiter the table is another one, so what was not answered is detected anew.
fn read_as(report: &Report, form: &Fields) -> Result<ReadAs, String> {
    let delimiter = delimiter_of(form.text("delimiter"));
    let is_same_table = delimiter.is_none_or(|sign| report.dialect.delimiter == sign.to_string());
    let header = form.filled("header_row").map(str::parse::<u64>).transpose();
    let header = header.map_err(|_| "The header row is a line number, or 0 for none.".to_owned())?;
    let header_before = report.table.header_row.unwrap_or(0);
    let date_order = order_of(form.text("date_order"));
    let decimal = decimal_of(form.text("decimal"));
    Ok(ReadAs {
        encoding: form.filled("encoding").map(str::to_owned),
        delimiter,
        header_line: header.filter(|line| is_same_table || *line != header_before),
        date_order: date_order.filter(|order| is_same_table || report.values.date_order != Some(*order)),
        decimal: decimal.filter(|mark| is_same_table || report.values.decimal != Some(*mark)),
        currency: form.filled("currency").map(str::to_uppercase),
    })
}

fn error_of(problem: &MappingProblem, reading: &Reading) -> MappingError {
    match problem {
        MappingProblem::None => MappingError::NoFieldMappings,
        MappingProblem::TooManyFields { mapped, limit } => MappingError::TooManyFields { mapped: *mapped, limit: *limit },
        MappingProblem::Duplicate(target) => {
            let columns = reading.columns().iter().filter(|c| c.target == Some(*target)).map(|c| c.column.clone()).collect();
            let label = targets().into_iter().find(|t| t.code == target.name()).map_or_else(|| target.name().to_owned(), |t| t.label);
            MappingError::DuplicateMappings { target: label, columns }
        }
        MappingProblem::NoDate => MappingError::CannotDate,
        MappingProblem::NoCredit => MappingError::CannotCredit,
        MappingProblem::Currency(sign) => MappingError::CurrencyUnknown { sign: sign.clone() },
        MappingProblem::Year(column) => MappingError::YearUnknown { column: column.clone() },
    }
}

async fn mapping_page(
    state: &ServerState,
    visit: &Visit,
    import: &Import,
    reading: &Reading,
    errors: Vec<MappingError>,
) -> Result<MappingPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let document = &import.document;
    let report = reading.report();
    let rows = imports::first_rows(app, ctx, import.id, ROWS).await?;
    let (skipped, skipped_count) = reading.skipped();
    let source = sources::get(app, ctx, Id(document.source)).await?;
    let setting = setting(app, ctx).await?;
    Ok(MappingPage {
        chrome: visit.chrome(Nav::Imports),
        id: import.id.text(Kind::Import),
        file: document.file_name.clone(),
        size: size(document.bytes),
        source: source.document.name,
        rows_found: counted(reading.row_count(), "row", "rows"),
        reading: how_read(reading, &report),
        rows: rows.into_iter().map(|row| RawRow { line: row.line, cells: row.cells }).collect(),
        skipped: skipped
            .iter()
            .take(SKIPPED)
            .map(|s| SkippedLine { line: s.line, reason: s.reason.name().replace('_', " "), text: s.text.clone() })
            .collect(),
        skipped_total: usize::try_from(skipped_count).unwrap_or(usize::MAX),
        columns: reading.columns().iter().map(column).collect(),
        targets: targets(),
        said: said::said(&setting, reading),
        warnings: warnings(&report),
        errors,
        remembered: remembered(state, visit, import, reading).await?,
    })
}

/// From which import the mapping of this layout is remembered, if it is used.
async fn remembered(state: &ServerState, visit: &Visit, import: &Import, reading: &Reading) -> Result<String, Trouble> {
    if !reading.columns().iter().any(is_remembered) {
        return Ok(String::new());
    }
    let fingerprint = reading.layout_fingerprint();
    let memory = mapping_memory(&state.app, &visit.ctx, Id(import.document.source)).await?;
    let Some((_, memory)) = memory.into_iter().find(|(_, memory)| memory.fingerprint == fingerprint) else { return Ok(String::new()) };
    let from = imports::get(&state.app, &visit.ctx, Id(memory.from_import)).await?;
    let setting = setting(&state.app, &visit.ctx).await?;
    Ok(format!("{}, {}", from.document.file_name, setting.moment(memory.saved_us)))
}

fn is_remembered(column: &ColumnChoice) -> bool {
    column.reason.starts_with("remembered")
}

fn column(column: &ColumnChoice) -> MappingColumn {
    let state = match column.target {
        _ if column.reason.starts_with("chosen") => MappingState::Chosen,
        None => MappingState::Empty,
        Some(_) if !column.automatic => MappingState::Ask,
        Some(_) if is_remembered(column) => MappingState::Remembered,
        Some(_) => MappingState::Automatic,
    };
    let reason = column.question.as_ref().filter(|_| state == MappingState::Ask).unwrap_or(&column.reason);
    MappingColumn {
        index: column.index,
        name: column.column.clone(),
        samples: column.samples.iter().take(3).cloned().collect(),
        target: column.target.map_or_else(String::new, |target| target.name().to_owned()),
        score: if column.target.is_some() { u8::try_from(column.score / 10).unwrap_or(0).min(100) } else { 0 },
        reason: super::super::answer::quoted(reason),
        state,
    }
}

/// The question that no file can answer has a place of its own.
const QUESTION: &str = "date.order_ambiguous";

fn warnings(report: &Report) -> Vec<Notice> {
    let shown = report.warnings.iter().filter(|warning| warning.code != QUESTION && warning.code != "currency.ambiguous");
    let notice = |warning: &meed_intake::Warning| Notice {
        tone: Tone::Warn,
        title: super::super::answer::sentence(&warning.text),
        text: warning.line.map_or_else(String::new, |line| format!("Line {line}.")),
        ..Notice::default()
    };
    shown.map(notice).collect()
}

fn how_read(reading: &Reading, report: &Report) -> Read {
    let encodings: BTreeMap<&str, &str> = ENCODINGS.iter().copied().collect();
    let mut codes: Vec<&str> = ENCODINGS.iter().map(|(code, _)| *code).collect();
    if !codes.contains(&report.encoding.as_str()) {
        codes.insert(0, &report.encoding);
    }
    let encoding = |code: &&str| Choice::new(code, encodings.get(code).copied().unwrap_or(code), **code == *report.encoding);
    let mut delimiters: Vec<Choice> =
        DELIMITERS.iter().map(|(sign, code, label)| Choice::new(code, label, sign.to_string() == report.dialect.delimiter)).collect();
    if !delimiters.iter().any(|choice| choice.selected) {
        delimiters.insert(0, Choice::new("", &format!("“{}”", report.dialect.delimiter), true));
    }
    if report.table.sheet.is_some() {
        delimiters = vec![Choice::new("", "a workbook", true)];
    }
    let orders = [
        ("ymd", "year first: 2026-03-31", DateOrder::YearFirst),
        ("dmy", "day first: 31/03/2026", DateOrder::DayFirst),
        ("mdy", "month first: 03/31/2026", DateOrder::MonthFirst),
    ];
    let decimals = [("point", "point: 1,234.56", DecimalMark::Point), ("comma", "comma: 1.234,56", DecimalMark::Comma)];
    Read {
        encodings: codes.iter().map(encoding).collect(),
        delimiters,
        header_row: report.table.header_row.unwrap_or(0),
        date_orders: orders.map(|(code, label, order)| Choice::new(code, label, report.values.date_order == Some(order))).to_vec(),
        decimals: decimals.map(|(code, label, mark)| Choice::new(code, label, report.values.decimal == Some(mark))).to_vec(),
        currency: reading.currency().unwrap_or_default().to_owned(),
        reason: format!(
            "{} {}",
            super::super::answer::sentence(&report.encoding_detail.reason),
            super::super::answer::sentence(&report.dialect_detail.reason)
        ),
        question: question(reading, report),
    }
}

/// What the file leaves open and a person has to say.
fn question(reading: &Reading, report: &Report) -> String {
    let problems = reading.problems();
    let sign = problems.iter().find_map(|problem| match problem {
        MappingProblem::Currency(sign) => Some(sign),
        _ => None,
    });
    match sign {
        Some(sign) => format!(
            "“{sign}” is the sign of several currencies. Which one is it? Write its code below, such as USD, and read the file again."
        ),
        None => {
            let warning = report.warnings.iter().find(|warning| warning.code == QUESTION);
            warning.map(|warning| super::super::answer::sentence(&warning.text)).unwrap_or_default()
        }
    }
}

/// Encodings to choose from, by the name that the intake knows.
const ENCODINGS: [(&str, &str); 11] = [
    ("utf-8", "UTF-8"),
    ("windows-1252", "Windows-1252 (Western Europe)"),
    ("windows-1250", "Windows-1250 (Central Europe)"),
    ("windows-1251", "Windows-1251 (Cyrillic)"),
    ("utf-16le", "UTF-16"),
    ("utf-16be", "UTF-16, big-endian"),
    ("macintosh", "Mac OS Roman"),
    ("ibm850", "DOS 850"),
    ("iso-8859-15", "ISO 8859-15"),
    ("shift_jis", "Shift JIS (Japanese)"),
    ("gbk", "GBK (Chinese)"),
];

const DELIMITERS: [(char, &str, &str); 6] = [
    (',', "comma", "comma"),
    (';', "semicolon", "semicolon"),
    ('\t', "tab", "tab"),
    ('|', "pipe", "pipe"),
    (':', "colon", "colon"),
    (' ', "space", "space"),
];

fn delimiter_of(code: &str) -> Option<char> {
    DELIMITERS.iter().find(|(_, known, _)| *known == code).map(|(sign, _, _)| *sign)
}

fn order_of(code: &str) -> Option<DateOrder> {
    match code {
        "ymd" => Some(DateOrder::YearFirst),
        "dmy" => Some(DateOrder::DayFirst),
        "mdy" => Some(DateOrder::MonthFirst),
        _ => None,
    }
}

fn decimal_of(code: &str) -> Option<DecimalMark> {
    match code {
        "point" => Some(DecimalMark::Point),
        "comma" => Some(DecimalMark::Comma),
        _ => None,
    }
}
