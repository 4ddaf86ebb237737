//! The pipeline: bytes → encoding → dialect → structure → profiles → mapping → decisions.

use std::io::{Cursor, Read, Seek, SeekFrom};

use super::survey::Survey;
use super::{Reading, RowKey, Warning, answers, decide, words};
use crate::dialect;
use crate::encoding::{self, Decoder, Encoding, Scan};
use crate::error::IntakeError;
use crate::hints::Hints;
use crate::kind::{self, FileKind};
use crate::mapping::{self, AUTOMATIC, Mapping, Target};
use crate::records::{Dialect, Record, RecordReader};
use crate::source::Source;
use crate::structure::{self, Structure};
use crate::values::DecimalMark;
use crate::values::profile::Profile;
use crate::xlsx;

/// Records from the start that are looked at in full.
const SAMPLE_RECORDS: usize = 2_000;
/// Bytes that the sample of the start may take.
const SAMPLE_BYTES: usize = 256 * 1024;
/// Bytes of the pieces from the middle and the end.
const PIECE_BYTES: usize = 32 * 1024;

pub(super) fn detect<R: Read + Seek>(reader: &mut R, hints: &Hints) -> Result<Reading, IntakeError> {
    let size = reader.seek(SeekFrom::End(0))?;
    if size == 0 {
        return Err(IntakeError::Empty);
    }
    if size > hints.limits.file_bytes {
        return Err(IntakeError::TooLarge { size, limit: hints.limits.file_bytes });
    }
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(64);
    reader.by_ref().take(64).read_to_end(&mut head)?;
    match kind::of(&head)? {
        FileKind::Text => {
            let scan = encoding::detect(reader, hints.encoding.as_deref())?;
            examine(&mut Source::File(reader), &scan, None, size, hints)
        }
        FileKind::Zip => {
            let xlsx::SheetText { sheet, size: text_size, text } = xlsx::text_of(reader, None, &hints.limits)?;
            let scan = Scan {
                encoding: Encoding::UTF_8,
                bom: 0,
                confidence: 1000,
                reason: "a workbook".into(),
                runner_up: None,
                broken: None,
                size: text_size,
            };
            let mut source: Source<Cursor<Vec<u8>>> = Source::Sheet(text);
            examine(&mut source, &scan, Some(sheet), size, hints)
        }
    }
}

fn examine<R: Read + Seek>(
    source: &mut R,
    scan: &Scan,
    workbook: Option<xlsx::Sheet>,
    size: u64,
    hints: &Hints,
) -> Result<Reading, IntakeError> {
    let pieces = pieces(source, scan)?;
    if pieces.iter().all(|p| p.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty()) {
        return Err(IntakeError::Empty);
    }
    let choice = match &workbook {
        Some(_) => dialect::Choice { dialect: xlsx::DIALECT, confidence: 1000, reason: "a workbook".into(), runner_up: None, width: 0 },
        None => dialect::choose(&pieces, hints.delimiter),
    };
    let mut reading = Reading {
        workbook,
        size,
        encoding: scan.encoding.clone(),
        encoding_confidence: scan.confidence,
        encoding_reason: scan.reason.clone(),
        encoding_runner_up: scan.runner_up.as_ref().map(|r| r.0.name()),
        bom: scan.bom,
        dialect: choice.dialect,
        dialect_confidence: choice.confidence,
        dialect_reason: choice.reason.clone(),
        structure: Structure::default(),
        first_line: None,
        rows: 0,
        skipped: Vec::new(),
        skipped_count: 0,
        names: Vec::new(),
        columns: Vec::new(),
        companions: mapping::Companions::default(),
        readings: Vec::new(),
        date_order: None,
        decimal: None,
        signs: Vec::new(),
        unsettled: Vec::new(),
        totals: None,
        currency: hints.currency.as_ref().map(|c| c.trim().to_ascii_uppercase()),
        owner: answers::owner_of(hints),
        words: Vec::new(),
        known_states: None,
        years: None,
        year_proposed: None,
        zone: hints.zone.clone(),
        today: hints.today,
        key: None,
        inherits: Vec::new(),
        mapping: Mapping::new(&[], &[], None, None),
        warnings: Vec::new(),
        limits: hints.limits,
    };
    encoding_warnings(&mut reading, scan, source)?;
    dialect_warnings(&mut reading, &choice);
    let records = first_records(source, &reading, choice.width)?;
    reading.structure = structure::find(&records, hints.header_line).ok_or(IntakeError::NoTable)?;
    reading.structure.delimiter = reading.dialect.delimiter.to_string();
    reading.names = names(&reading.structure.headers);
    let mut survey = Survey::new(&reading, hints);
    survey.sample(&records, &reading);
    let body = usize::try_from(reading.structure.first_record).unwrap_or(usize::MAX).min(records.len());
    let mark = decide::decimal(&reading, &survey.profiles, hints).unwrap_or(DecimalMark::Point);
    reading.structure.sums = structure::find_sums(&records[body..], &reading.structure, mark);
    if !reading.structure.sums.is_empty() {
        survey = Survey::new(&reading, hints);
        survey.sample(&records, &reading);
    }
    let first = propose(&reading, &survey.profiles, hints);
    reading.structure.key = first.columns.iter().find(|c| c.target == Some(Target::UniqueId)).map(|c| c.index);
    drop(records);
    survey.whole(source, &mut reading, mark)?;
    finish(&mut reading, &survey, hints);
    Ok(reading)
}

/// Text from the start, the middle and the end, cut at line ends.
fn pieces<R: Read + Seek>(source: &mut R, scan: &Scan) -> Result<Vec<String>, IntakeError> {
    let mut out = vec![piece(source, scan, scan.bom, SAMPLE_BYTES, false)?];
    let single = scan.encoding.raw_len(b"").is_some() && !scan.encoding.name().starts_with("utf-16");
    if single && scan.size > (SAMPLE_BYTES + 4 * PIECE_BYTES) as u64 {
        out.push(piece(source, scan, scan.size / 2, PIECE_BYTES, true)?);
        out.push(piece(source, scan, scan.size - PIECE_BYTES as u64, PIECE_BYTES, true)?);
    }
    Ok(out)
}

fn piece<R: Read + Seek>(source: &mut R, scan: &Scan, from: u64, bytes: usize, cut_front: bool) -> Result<String, IntakeError> {
    source.seek(SeekFrom::Start(from))?;
    let mut raw = Vec::with_capacity(bytes);
    source.by_ref().take(bytes as u64).read_to_end(&mut raw)?;
    let whole = raw.len() < bytes;
    let mut text = Vec::with_capacity(raw.len() * 2);
    if let Err(malformed) = Decoder::new(&scan.encoding).push(&raw, whole, &mut text) {
        let offset = from + malformed.0;
        let (line, column) = encoding::place(source, offset)?;
        return Err(IntakeError::Encoding { encoding: scan.encoding.name(), offset, line, column });
    }
    if !whole {
        let end = text.iter().rposition(|b| *b == b'\n' || *b == b'\r').map_or(text.len(), |n| n + 1);
        text.truncate(end);
    }
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if cut_front {
        let start = text.find('\n').map_or(text.len(), |n| n + 1);
        text.drain(..start);
    }
    Ok(text)
}

fn encoding_warnings<R: Read + Seek>(reading: &mut Reading, scan: &Scan, source: &mut R) -> Result<(), IntakeError> {
    if let Some(offset) = scan.broken {
        let (line, column) = encoding::place(source, offset)?;
        let text =
            format!("byte {offset} (column {column}) is not UTF-8 although the rest of the file is; rows with such bytes are not loaded");
        reading.warnings.push(Warning::new("encoding.invalid", Some(line), text));
    }
    if let Some((other, mine, theirs)) = &scan.runner_up {
        let text = format!("read as {}: `{mine}`; as {} it would be `{theirs}`", scan.encoding.name(), other.name());
        reading.warnings.push(Warning::new("encoding.uncertain", None, text));
    } else if scan.confidence < 750 {
        reading.warnings.push(Warning::new("encoding.uncertain", None, format!("read as {}: {}", scan.encoding.name(), scan.reason)));
    }
    Ok(())
}

fn dialect_warnings(reading: &mut Reading, choice: &dialect::Choice) {
    if choice.confidence < 400 {
        let other = choice.runner_up.map_or_else(String::new, |c| format!("; the next best is `{c}`"));
        let text = format!("the delimiter `{}` is not certain: {}{other}", choice.dialect.delimiter, choice.reason);
        reading.warnings.push(Warning::new("dialect.uncertain", None, text));
    }
}

pub(super) fn open<'r, R: Read + Seek>(source: &'r mut R, reading: &Reading, width: usize) -> Result<RecordReader<&'r mut R>, IntakeError> {
    source.seek(SeekFrom::Start(reading.bom))?;
    Ok(RecordReader::new(source, &reading.encoding, reading.dialect, reading.limits.line_bytes, reading.limits.columns)
        .at(reading.bom, 1, 0)
        .with_width(width)
        .counting_records(reading.workbook.is_some()))
}

fn first_records<R: Read + Seek>(source: &mut R, reading: &Reading, width: usize) -> Result<Vec<Record>, IntakeError> {
    let mut reader = open(source, reading, width)?;
    let mut out = Vec::new();
    let mut record = Record::default();
    let mut bytes = 0;
    while out.len() < SAMPLE_RECORDS && bytes < 8 * SAMPLE_BYTES && reader.next(&mut record)? {
        bytes += record.iter().map(str::len).sum::<usize>() + 16 * record.len();
        out.push(record.clone());
    }
    Ok(out)
}

/// `Column 3` for the unnamed, `Name #2` for repeats.
fn names(headers: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(headers.len());
    let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (i, header) in headers.iter().enumerate() {
        let base = if header.trim().is_empty() { format!("Column {}", i + 1) } else { header.trim().to_owned() };
        let count = seen.entry(base.clone()).or_insert(0);
        *count += 1;
        out.push(if *count == 1 { base } else { format!("{base} #{count}") });
    }
    out
}

fn propose(reading: &Reading, profiles: &[Profile], hints: &Hints) -> mapping::Outcome {
    mapping::map(&mapping::Input {
        headers: &reading.structure.headers,
        names: &reading.names,
        levels: &reading.structure.levels,
        titles: &reading.structure.titles,
        group: reading.structure.group,
        profiles,
        has_header: reading.structure.header_line.is_some(),
        decimal: decide::decimal(reading, profiles, hints).unwrap_or(DecimalMark::Point),
        hints,
    })
}

fn finish(reading: &mut Reading, survey: &Survey<'_>, hints: &Hints) {
    let outcome = propose(reading, &survey.profiles, hints);
    reading.columns = outcome.columns;
    reading.companions = outcome.companions;
    remember(reading, &survey.profiles, hints);
    reading.totals.clone_from(&survey.totals);
    words::learn(reading, &survey.words, hints);
    table_warnings(reading, survey);
    if let Some(total) = reading.total().filter(|total| !total.agrees) {
        let text = format!("`{}`: the total says {}, the rows above add up to {}", total.column, total.told, total.sum);
        reading.warnings.push(Warning::new("total.differs", Some(total.line), text));
    }
    decide::values(reading, survey, hints);
    let blocks = survey.blocks.as_ref();
    let key = reading.column_of(Target::UniqueId);
    let same = key.is_some() && key == reading.structure.key;
    if let (Some(blocks), true) = (blocks, same) {
        reading.structure.record_level = blocks.record_level();
        reading.key = key.map(|k| RowKey { columns: vec![k], line_number: blocks.later_lines > 0 });
    } else {
        reading.key = key.map(|k| RowKey { columns: vec![k], line_number: survey.profiles[k].same_as_above > 0 });
    }
    settle(reading);
}

/// Brings everything that follows from the targets up to date: what is inherited, the key, what is remembered.
pub(super) fn settle(reading: &mut Reading) {
    let targets: Vec<Option<Target>> = reading.columns.iter().map(|c| c.target).collect();
    let inherited = |t: Target| !t.is_number() && !matches!(t, Target::ProductCode | Target::ProductName);
    reading.inherits =
        reading.structure.record_level.iter().copied().filter(|c| targets.get(*c).copied().flatten().is_some_and(inherited)).collect();
    if reading.key.as_ref().and_then(|k| k.columns.first().copied()) != reading.column_of(Target::UniqueId) {
        reading.key = reading.column_of(Target::UniqueId).map(|k| RowKey { columns: vec![k], line_number: true });
    }
    if targets.contains(&Some(Target::Revenue)) || targets.contains(&Some(Target::UnitPrice)) {
        reading.companions.unit_price = None;
    }
    answers::warn(reading);
    reading.mapping = Mapping {
        currency: reading.currency.clone(),
        owner: reading.owner.clone(),
        statuses: words::remembered(reading),
        ..Mapping::new(&reading.structure.headers, &targets, reading.date_order, reading.decimal)
    };
}

/// Puts a remembered mapping on the file; a choice that its values contradict becomes a question.
fn remember(reading: &mut Reading, profiles: &[Profile], hints: &Hints) {
    let Some(remembered) = &hints.remembered else { return };
    let (found, missing) = remembered.apply(&reading.structure.headers);
    for (index, known) in found.into_iter().enumerate() {
        let Some(target) = known.map(|k| k.target) else {
            let name = reading.names[index].clone();
            reading.warnings.push(Warning::new(
                "layout.added",
                reading.structure.header_line,
                format!("the column `{name}` is new in this layout"),
            ));
            reading.columns[index].automatic = false;
            continue;
        };
        let fits = target.is_none_or(|t| fits(t, &profiles[index]));
        let choice = &mut reading.columns[index];
        if fits {
            choice.target = target;
            choice.score = 1000;
            choice.automatic = true;
            choice.question = None;
            choice.reason = "remembered from the last import of this layout".into();
        } else {
            choice.automatic = false;
            choice.score = choice.score.min(AUTOMATIC - 10);
            choice.question =
                Some(format!("`{}` was {} before, but its values do not fit any more", choice.column, target.map_or("", Target::name)));
        }
    }
    for name in missing {
        reading.warnings.push(Warning::new("layout.missing", reading.structure.header_line, format!("the mapped column `{name}` is gone")));
    }
    // A remembered target holds its place against a fresh proposal for the same target.
    let kept: Vec<(usize, Target)> =
        reading.columns.iter().filter(|c| c.score == 1000).filter_map(|c| c.target.map(|t| (c.index, t))).collect();
    for choice in reading.columns.iter_mut().filter(|c| c.score != 1000) {
        if choice.target.is_some_and(|t| kept.iter().any(|(_, k)| *k == t)) {
            choice.target = None;
            choice.question = None;
        }
    }
}

fn fits(target: Target, profile: &Profile) -> bool {
    profile.is_empty()
        || if target.is_number() {
            profile.numbers() + profile.share(&[crate::values::cell::CellKind::Percent, crate::values::cell::CellKind::SheetError]) >= 500
        } else if target.is_date() {
            profile.dates() + profile.share(&[crate::values::cell::CellKind::Integer]) >= 500 || profile.no_year > 0
        } else {
            true
        }
}

fn table_warnings(reading: &mut Reading, survey: &Survey<'_>) {
    let mut add = |code: &str, line: Option<u64>, text: String| reading.warnings.push(Warning::new(code, line, text));
    if let Some(line) = reading.workbook.as_ref().and_then(|sheet| sheet.cut_after) {
        add("table.cut", Some(line), "more than 10,000 blank rows stand below this one; what comes after them is not loaded".into());
    }
    if reading.rows == 0 {
        add("table.no_rows", reading.structure.header_line, "the file has a header and no rows".into());
    }
    if reading.structure.header_line.is_none() {
        add("header.missing", None, "no header was found: the columns are mapped by their values alone".into());
    }
    for (i, header) in reading.structure.headers.iter().enumerate() {
        if header.trim().is_empty() && reading.structure.header_line.is_some() && !survey.profiles[i].is_empty() {
            add("header.unnamed", reading.structure.header_line, format!("column {} has no name", i + 1));
        } else if reading.names[i] != header.trim() && !header.trim().is_empty() {
            add(
                "header.repeated",
                reading.structure.header_line,
                format!("the name `{}` occurs more than once: column {} is `{}`", header.trim(), i + 1, reading.names[i]),
            );
        }
    }
    if survey.ragged.0 > 0 {
        add(
            "row.width",
            Some(survey.ragged.1),
            format!("{} rows have another number of cells than the header and are not loaded", survey.ragged.0),
        );
    }
    if survey.repaired.0 > 0 {
        add(
            "row.repaired",
            Some(survey.repaired.1),
            format!("{} rows were brought to the width of the header in the only way that fits", survey.repaired.0),
        );
    }
    if let Some(line) = survey.other_table {
        add("table.several", Some(line), "another table begins here and is not loaded".into());
    }
}

/// The dialect that is reported for a workbook.
pub(super) fn reported(dialect: &Dialect) -> (String, Option<String>) {
    (dialect.delimiter.to_string(), dialect.quote.map(|q| q.to_string()))
}
