//! `meed import`: any sales file, detected, mapped, tried and recorded.
//!
//! A dry run with `--json` looks at the file alone and needs no data; without it, it tells what would happen to each row
//! in the workspace. Both write nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use meed_app::imports::{self, Counts, DryRun, Import, ReadAs, RejectedRow};
use meed_app::sources;
use meed_core::id::{Id, Kind};
use meed_intake::{Answers, DateOrder, DecimalMark, Hints, Limits, Reading, SaleState, Target, summary};
use serde::Serialize;

use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::{Desk, has_data};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed import sales.csv                            detected, mapped, recorded; asks where it is not certain
  meed import --dry-run sales.csv                  what would happen, row by row; writes nothing
  meed import --dry-run --json sales.csv           how the file is read, as JSON; needs no data at all
  meed import deals.csv --map \"Deal owner=owner\" --map \"Amount=revenue\" --map \"Internal note=-\"
  meed import january.csv february.csv --source CRM --yes
  meed import sales.xlsx --rejects refused.csv     refused rows with their errors, to correct and import again
  meed import receipts.csv --owner dana@example.com  everything in it was sold by Dana; the next such file, too
  meed import orders.csv --status \"Versandt=won\" --status \"Muster=-\"
  meed import --undo imp_01jq3v8k2m9ra             takes an import back; its sales say again what they said before

A column is named by its header, or as #3 counted from 1. Targets: unique_id, date, revenue, profit, currency,
status, customer_name, customer_email, customer_code, product_code, product_name, quantity, unit_price, unit_cost,
tax, owner, owner2, owner3, team, team2, team3, territory, coupon, time, and more (docs/intake.md); `-` leaves a
column alone. States of a sale: open, won, paid, lost, cancelled, refunded, partly_refunded; `-` keeps a word as it is written.

Importing a file again is safe: rows with a unique id are updated, rows without one that are known are ignored.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArgs {
    /// Sales file; several may be named
    #[arg(value_name = "FILE", required_unless_present = "undo")]
    files: Vec<PathBuf>,
    /// Take an import back: its sales say again what they said before
    #[arg(long, value_name = "IMPORT", conflicts_with = "files")]
    undo: Option<String>,
    /// Name of the system the file comes from; unique ids count within it [default: the one that brought this
    /// layout before, or the file's name without digits]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Say what would happen and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Put a column on a target; may be repeated
    #[arg(long = "map", value_name = "COLUMN=TARGET")]
    maps: Vec<String>,
    /// Import even where a column is not certain
    #[arg(long, short)]
    yes: bool,
    /// Order of day and month where the file leaves it open
    #[arg(long, value_name = "dmy|mdy|ymd", value_parser = date_order)]
    date_order: Option<DateOrder>,
    /// Decimal mark where the file leaves it open: point or comma
    #[arg(long, value_name = "point|comma", value_parser = decimal_mark)]
    decimal: Option<DecimalMark>,
    /// Currency of amounts that name none
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Who sold the rows that name no rep: a rep's name or e-mail address, or an alias; remembered for the layout
    #[arg(long, value_name = "ALIAS")]
    owner: Option<String>,
    /// State that a word of the status column means; may be repeated; remembered for the layout
    #[arg(long = "status", value_name = "WORD=STATE", value_parser = status_word)]
    statuses: Vec<(String, Option<SaleState>)>,
    /// Year of days that are written without one
    #[arg(long, value_name = "YEAR")]
    year: Option<i16>,
    /// Encoding of the file, such as windows-1252
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Delimiter of the file; `tab` for a tab
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<char>,
    /// Line of the header, from 1
    #[arg(long, value_name = "LINE")]
    header_line: Option<u64>,
    /// Write refused rows with their errors to this CSV file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End with exit code 1 if any row is refused
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    match text {
        "dmy" => Ok(DateOrder::DayFirst),
        "mdy" => Ok(DateOrder::MonthFirst),
        "ymd" => Ok(DateOrder::YearFirst),
        _ => Err("write dmy, mdy or ymd".to_owned()),
    }
}

fn decimal_mark(text: &str) -> Result<DecimalMark, String> {
    match text {
        "." | "point" => Ok(DecimalMark::Point),
        "," | "comma" => Ok(DecimalMark::Comma),
        _ => Err("write point or comma".to_owned()),
    }
}

fn status_word(text: &str) -> Result<(String, Option<SaleState>), String> {
    let (word, state) = text.rsplit_once('=').ok_or("write WORD=STATE")?;
    let states = || SaleState::ALL.map(SaleState::word).join(", ");
    let state = match state.trim() {
        "" | "-" | "none" => None,
        name => Some(SaleState::from_word(name).ok_or_else(|| format!("there is no state `{name}`; there are {}", states()))?),
    };
    Ok((word.trim().to_owned(), state))
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", _, _) => Ok('\t'),
        (_, Some(one), None) => Ok(one),
        _ => Err("write one character, or tab".to_owned()),
    }
}

/// Refused rows that are listed on the terminal.
const REJECTS_SHOWN: usize = 10;

pub(crate) async fn run(args: ImportArgs, settings: &Settings) -> Result<Verdict, Failure> {
    for path in &args.files {
        open_as_is(path)?;
    }
    // How a file is read is a question about the file: no workspace, no lock, the same answer anywhere.
    let is_about_file = args.json && args.source.is_none();
    if args.dry_run && (is_about_file || !has_data(&settings.storage)) {
        return look(&args);
    }
    if args.dry_run {
        return try_files(&args, &Desk::open_to_read(settings).await?).await;
    }
    let desk = Desk::open(settings).await?;
    // This process alone holds the embedded database, so what is under way was cut off. Elsewhere another may be at it.
    if settings.storage.database.is_none() {
        go_on(&desk).await?;
    }
    match &args.undo {
        Some(import) => take_back(&args, &desk, import).await,
        None => import_files(&args, &desk).await,
    }
}

/// Takes an import back, and says so.
async fn take_back(args: &ImportArgs, desk: &Desk, import: &str) -> Result<Verdict, Failure> {
    let unknown =
        || Failure::refused("not_found", format!("there is no import `{import}`")).advise("its id stands on its page and in --json");
    let id = Id::parse(import, Kind::Import).map_err(|_| unknown())?;
    let import = imports::undo(&desk.app, &desk.ctx, id).await?;
    let counts = &import.document.counts;
    if args.json {
        print_json(&serde_json::json!({
            "import": import.id.text(Kind::Import),
            "state": import.document.state.word(),
            "brought": counts.created,
            "changed": counts.updated,
        }))?;
    } else {
        print(&format!(
            "{} is taken back: {} new sales lost owner and amount, {} changed ones say again what they said before",
            import.document.file_name, counts.created, counts.updated
        ))?;
    }
    Ok(Verdict::Clean)
}

/// Finishes imports that were cut off, before later files change what they record.
async fn go_on(desk: &Desk) -> Result<(), Failure> {
    for import in imports::list(&desk.app, &desk.ctx, None, 200).await? {
        if imports::is_under_way(import.document.state) {
            eprintln!("{} was cut off after {} rows; going on with it.", import.document.file_name, import.document.counts.rows);
            imports::resume(&desk.app, &desk.ctx, import.id).await?;
        }
    }
    Ok(())
}

/// The file as it lies there.
fn open_as_is(path: &Path) -> Result<std::fs::File, Failure> {
    let file = std::fs::File::open(path).map_err(|e| Failure::file(path, &e))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(Failure::file(path, &std::io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

/// The file, unpacked if it is packed.
fn open_file(path: &Path) -> Result<std::fs::File, Failure> {
    unpacked(open_as_is(path)?).map_err(|f| f.within(&path.display().to_string()))
}

/// What is in a packed file, in a file without a name; any other file as it is.
fn unpacked(mut file: std::fs::File) -> Result<std::fs::File, Failure> {
    use std::io::{Seek, SeekFrom};
    let refused = |e: &meed_intake::IntakeError| Failure::refused(e.code(), e.to_string());
    let Some(packing) = meed_intake::packing(&mut file).map_err(|e| refused(&e))? else { return Ok(file) };
    let fault = |e: std::io::Error| Failure::fault("unpack_failed", e.to_string());
    let mut inner = tempfile::tempfile().map_err(fault)?;
    meed_intake::unpack(&mut file, packing, &mut inner, &Limits::default()).map_err(|e| refused(&e))?;
    inner.seek(SeekFrom::Start(0)).map_err(fault)?;
    Ok(inner)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

// --- a file alone ------------------------------------------------------------------------------------------------------

fn look(args: &ImportArgs) -> Result<Verdict, Failure> {
    for path in &args.files {
        let hints = Hints {
            file_name: Some(file_name(path)),
            currency: args.currency.clone(),
            date_order: args.date_order,
            decimal: args.decimal,
            today: Some(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()),
            encoding: args.encoding.clone(),
            delimiter: args.delimiter,
            header_line: args.header_line,
            ..Hints::default()
        };
        let mut file = std::io::BufReader::with_capacity(256 * 1024, open_file(path)?);
        let reading = Reading::detect(&mut file, &hints).map_err(|e| {
            let place = e.line().map_or_else(|| path.display().to_string(), |line| format!("{}, line {line}", path.display()));
            Failure::refused(e.code(), e.to_string()).at(place)
        })?;
        let reading = with_answers(reading, args)?;
        if args.json {
            print_json(&reading.report())?;
        } else {
            print(&format!("{}\n{}", path.display(), summary(&reading)))?;
        }
    }
    Ok(Verdict::Clean)
}

/// Columns put on targets, and what else a person says about the file.
fn with_answers(reading: Reading, args: &ImportArgs) -> Result<Reading, Failure> {
    let choices = choices(&reading, &args.maps)?;
    let reading = if choices.is_empty() { reading } else { reading.with_overrides(&choices) };
    let said = answers(args);
    must_know_words(&reading, &said)?;
    Ok(if said == Answers::default() { reading } else { reading.answered(&said) })
}

fn answers(args: &ImportArgs) -> Answers {
    Answers { owner: args.owner.clone(), statuses: args.statuses.clone(), year: args.year }
}

/// A word that is spelt wrong would change nothing, without a sound.
fn must_know_words(reading: &Reading, said: &Answers) -> Result<(), Failure> {
    let known = reading.statuses();
    let is_here = |word: &str| known.iter().any(|status| status.word.to_lowercase() == word.to_lowercase());
    let Some((word, _)) = said.statuses.iter().find(|(word, _)| !is_here(word)) else { return Ok(()) };
    let words: Vec<&str> = known.iter().map(|status| status.word.as_str()).collect();
    let advice =
        if words.is_empty() { "no column with few words is the status".to_owned() } else { format!("its words are: {}", words.join(", ")) };
    Err(Failure::usage("status_word_unknown", format!("the status column has no word `{word}`")).advise(advice))
}

fn choices(reading: &Reading, maps: &[String]) -> Result<Vec<(usize, Option<Target>)>, Failure> {
    let mut choices: Vec<(usize, Option<Target>)> = Vec::new();
    for map in maps {
        let usage = |reason: String| Failure::usage("map_invalid", reason).at(format!("--map \"{map}\""));
        let (column, target) = map.rsplit_once('=').ok_or_else(|| usage("write COLUMN=TARGET".to_owned()))?;
        let index = column_index(reading, column.trim()).ok_or_else(|| {
            let names: Vec<&str> = reading.column_names().iter().map(String::as_str).take(40).collect();
            usage(format!("the file has no column `{column}`")).advise(format!("its columns are: {}", names.join(", ")))
        })?;
        let target = match target.trim() {
            "" | "-" | "none" => None,
            name => Some(Target::from_name(name).ok_or_else(|| {
                let names: Vec<&str> = Target::ALL.iter().map(|t| t.name()).collect();
                usage(format!("there is no target `{name}`")).advise(format!("targets are: {}", names.join(", ")))
            })?),
        };
        // The target moves here; a column that had it before is left alone.
        if let Some(target) = target {
            let before = reading.columns().iter().filter(|c| c.target == Some(target) && c.index != index);
            let freed: Vec<usize> = before.map(|c| c.index).filter(|i| !choices.iter().any(|(chosen, _)| chosen == i)).collect();
            choices.extend(freed.into_iter().map(|i| (i, None)));
        }
        choices.retain(|(chosen, _)| *chosen != index);
        choices.push((index, target));
    }
    Ok(choices)
}

fn column_index(reading: &Reading, name: &str) -> Option<usize> {
    let names = reading.column_names();
    let by_place = name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
    let folded = |text: &str| text.trim().to_lowercase();
    names
        .iter()
        .position(|n| n == name)
        .or_else(|| names.iter().position(|n| folded(n) == folded(name)))
        .or_else(|| by_place.filter(|index| *index < names.len()))
}

// --- a file in a workspace ---------------------------------------------------------------------------------------------

fn read_as(args: &ImportArgs) -> ReadAs {
    ReadAs {
        encoding: args.encoding.clone(),
        delimiter: args.delimiter,
        header_line: args.header_line,
        date_order: args.date_order,
        decimal: args.decimal,
        currency: args.currency.clone(),
    }
}

fn is_read_as_told(args: &ImportArgs) -> bool {
    args.encoding.is_some()
        || args.delimiter.is_some()
        || args.header_line.is_some()
        || args.date_order.is_some()
        || args.decimal.is_some()
        || args.currency.is_some()
}

/// The source of a file: named, or the only one that brought this layout, or a new one called after the file.
async fn source_of(args: &ImportArgs, desk: &Desk, path: &Path) -> Result<(String, Option<Id>), Failure> {
    if let Some(name) = &args.source {
        let found = sources::find(&desk.app, &desk.ctx, name).await?;
        return Ok(found.map_or_else(|| (name.trim().to_owned(), None), |s| (s.document.name, Some(s.id))));
    }
    let likely = imports::likely_source(&desk.app, &desk.ctx, &file_name(path), open_file(path)?, read_as(args)).await?;
    Ok((likely.name, likely.id))
}

#[derive(Serialize)]
struct Tried<'a> {
    #[serde(flatten)]
    report: meed_intake::Report,
    source: &'a str,
    would: &'a Counts,
    refused: &'a [RejectedRow],
}

async fn try_files(args: &ImportArgs, desk: &Desk) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Clean;
    for path in &args.files {
        let (name, source) = source_of(args, desk, path).await.map_err(|f| f.within(&path.display().to_string()))?;
        let reading = imports::look_at(&desk.app, &desk.ctx, source, &file_name(path), open_file(path)?, read_as(args)).await;
        let reading = with_answers(reading.map_err(|e| Failure::from(e).within(&path.display().to_string()))?, args)?;
        let result = if reading.problems().is_empty() {
            imports::try_rows(&desk.app, &desk.ctx, source, reading.clone(), open_file(path)?).await?
        } else {
            verdict = Verdict::Differences;
            DryRun::default()
        };
        if args.json {
            print_json(&Tried { report: reading.report(), source: &name, would: &result.counts, refused: &result.rejected })?;
            continue;
        }
        let is_known = if source.is_some() { "" } else { " (new)" };
        let mut text = format!("{} from {name}{is_known}\n{}", path.display(), summary(&reading));
        if reading.problems().is_empty() {
            text.push_str("\nImporting it would do this:\n");
            text.push_str(&counts_text(&result.counts));
            text.push_str(&rejects_text(&result.rejected, result.counts.failed));
        }
        print(&text)?;
        if args.strict && result.counts.failed > 0 {
            verdict = Verdict::Differences;
        }
    }
    Ok(verdict)
}

#[derive(Serialize)]
struct Imported<'a> {
    import: String,
    file: &'a str,
    source: &'a str,
    state: &'static str,
    counts: &'a Counts,
    refused: Vec<RejectedRow>,
}

async fn import_files(args: &ImportArgs, desk: &Desk) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Clean;
    for path in &args.files {
        let (name, _) = source_of(args, desk, path).await.map_err(|f| f.within(&path.display().to_string()))?;
        let import = import_file(args, desk, path, &name).await.map_err(|failure| failure.within(&path.display().to_string()))?;
        let refused = imports::rejects(&desk.app, &desk.ctx, import.id).await?;
        if let Some(to) = &args.rejects {
            let csv = imports::rejects_csv(&desk.app, &desk.ctx, import.id).await?;
            std::fs::write(to, csv).map_err(|e| Failure::file(to, &e))?;
        }
        let counts = &import.document.counts;
        if args.strict && counts.failed > 0 {
            verdict = Verdict::Differences;
        }
        if args.json {
            print_json(&Imported {
                import: import.id.text(Kind::Import),
                file: &import.document.file_name,
                source: &name,
                state: import.document.state.word(),
                counts,
                refused,
            })?;
        } else {
            let mut text = format!("{} from {name}: {}\n", path.display(), import.document.state.word());
            text.push_str(&counts_text(counts));
            text.push_str(&rejects_text(&refused, counts.failed));
            if counts.failed > 0 && args.rejects.is_none() {
                text.push_str("  All of them as a file: import again with --rejects FILE; what was recorded stays as it is.\n");
            }
            print(&text)?;
        }
    }
    Ok(verdict)
}

async fn import_file(args: &ImportArgs, desk: &Desk, path: &Path, source: &str) -> Result<Import, Failure> {
    let (app, ctx) = (&desk.app, &desk.ctx);
    let source = sources::ensure(app, ctx, source).await?;
    let (folder, file) = (app.files().to_owned(), open_as_is(path)?);
    let kept = tokio::task::spawn_blocking(move || imports::store_file(&folder, file, Limits::default().file_bytes));
    let kept = kept.await.map_err(|_| Failure::fault("bug", "keeping the file failed"))??;
    let id = imports::upload(app, ctx, source, &file_name(path), &kept).await?;
    let mut reading = if is_read_as_told(args) {
        imports::reread(app, ctx, id, read_as(args), &Answers::default()).await?
    } else {
        let import = imports::get(app, ctx, id).await?;
        imports::reading(app, ctx, &import).await?
    };
    let (choices, said) = (choices(&reading, &args.maps)?, answers(args));
    if !choices.is_empty() || said != Answers::default() {
        must_know_words(&reading.with_overrides(&choices), &said)?;
        reading = imports::set_mapping(app, ctx, id, &choices, &said).await?;
    }
    if let Some(doubt) = imports::owner_doubt(&*app.configuration(ctx.workspace).await?, &reading) {
        eprintln!("{}: {doubt}.", path.display());
    }
    if let Err(failure) = confirm(args, &reading) {
        imports::discard(app, ctx, id).await?;
        return Err(failure);
    }
    let bar = progress_bar(reading.row_count());
    let import = imports::run(app, ctx, id, |document| bar.set_position(document.counts.rows)).await;
    bar.finish_and_clear();
    Ok(import?)
}

/// A bar on stderr; nothing where stderr is no terminal.
fn progress_bar(rows: u64) -> ProgressBar {
    let bar = ProgressBar::new(rows);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} rows  {per_sec}  {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// Goes on where everything is certain or the person says so.
fn confirm(args: &ImportArgs, reading: &Reading) -> Result<(), Failure> {
    use std::io::{IsTerminal, Write};
    if reading.is_certain() || args.yes || !reading.problems().is_empty() {
        // A mapping that cannot be used is refused by the import itself, with its code.
        return Ok(());
    }
    let questions: Vec<String> = reading.columns().iter().filter_map(|c| c.question.clone()).collect();
    if !std::io::stdin().is_terminal() {
        let reason =
            if questions.is_empty() { "date, revenue and an id or customer are not all certain".to_owned() } else { questions.join(" ") };
        return Err(Failure::refused("mapping_uncertain", reason)
            .advise("look with --dry-run, decide with --map \"COLUMN=TARGET\", or accept it as it is with --yes"));
    }
    eprint!("{}\nImport it like this? [y/N] ", summary(reading));
    let mut answer = String::new();
    let _ = std::io::stderr().flush();
    std::io::stdin().read_line(&mut answer).map_err(|e| Failure::fault("input_failed", e.to_string()))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Failure::refused("import_declined", "nothing was imported").advise("put columns on targets with --map \"COLUMN=TARGET\""))
}

fn counts_text(counts: &Counts) -> String {
    let mut text = format!(
        "  {} rows: {} new, {} changed, {} as before, {} ignored as known, {} refused\n",
        counts.rows, counts.created, counts.updated, counts.unchanged, counts.ignored, counts.failed
    );
    if let (Some(first), Some(last)) = (&counts.first_day, &counts.last_day) {
        let _ = writeln!(text, "  sales from {first} to {last}");
    }
    for (currency, sum) in &counts.revenue {
        let sum = sum.parse().map_or_else(|_| sum.clone(), meed_core::crediting::shown);
        let _ = writeln!(text, "  revenue {sum} {currency}");
    }
    text
}

fn rejects_text(rejected: &[RejectedRow], all: u64) -> String {
    let mut text = String::new();
    for row in rejected.iter().take(REJECTS_SHOWN) {
        for error in &row.errors {
            let column = error.column.as_ref().map(|c| format!(", {c}")).unwrap_or_default();
            let value = if error.value.is_empty() { String::new() } else { format!(" `{}`", error.value) };
            let _ = writeln!(text, "  line {}{column}:{value} {} ({})", row.line, error.text, error.code);
        }
    }
    let shown = u64::try_from(rejected.len().min(REJECTS_SHOWN)).unwrap_or(0);
    if all > shown {
        let _ = writeln!(text, "  … and {} more refused rows", all - shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_orders_are_read() {
        assert_eq!(delimiter("tab"), Ok('\t'));
        assert_eq!(delimiter(";"), Ok(';'));
        assert!(delimiter("ab").is_err());
        assert_eq!(date_order("dmy"), Ok(DateOrder::DayFirst));
        assert!(date_order("x").is_err());
        assert_eq!(decimal_mark(","), Ok(DecimalMark::Comma));
    }
}
