//! Which sign separates the cells and which encloses them.
//!
//! The base is csv-nose's table uniformity; around it stand the precautions of `file-intake.md` 3.1: it sees only text
//! that Meed has decoded, its answer is compared with a re-reading of the sample by the other candidates, and the
//! confidence and the runner-up are Meed's own.

mod score;

use score::{Reading, read};

use crate::records::Dialect;

/// The decision.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) dialect: Dialect,
    /// Per mille.
    pub(crate) confidence: i32,
    pub(crate) reason: String,
    pub(crate) runner_up: Option<char>,
    /// Cells of most records.
    pub(crate) width: usize,
}

/// Delimiters that are tried, the usual ones first, with a weight per mille.
const DELIMITERS: [(char, i32); 10] =
    [(',', 1000), (';', 1000), ('\t', 1000), ('|', 980), ('^', 800), ('~', 800), (':', 560), (' ', 620), ('#', 600), ('&', 600)];
/// Bytes of the sample that csv-nose sees.
const NOSE_BYTES: usize = 32 * 1024;

/// Decides from pieces of text: the first is the start of the file, the others come from its middle and its end.
pub(crate) fn choose(pieces: &[String], chosen: Option<char>) -> Choice {
    let start = pieces.first().map_or("", String::as_str);
    let carriage_return = !start.contains('\n') && start.contains('\r');
    let mut readings: Vec<(i32, Dialect, Reading)> = Vec::new();
    for (delimiter, weight) in DELIMITERS {
        if chosen.is_some_and(|c| c != delimiter) {
            continue;
        }
        if let Some(found) = best_quote(pieces, delimiter, weight, carriage_return) {
            readings.push(found);
        }
    }
    if let Some(delimiter) = chosen.filter(|c| c.is_ascii() && !DELIMITERS.iter().any(|(d, _)| d == c)) {
        readings.extend(best_quote(pieces, delimiter, 1000, carriage_return));
    }
    readings.sort_by_key(|r| std::cmp::Reverse(r.0));
    let Some(mut best) = readings.first().cloned() else {
        let dialect = Dialect { carriage_return, delimiter: chosen.unwrap_or(','), ..Dialect::COMMA };
        return Choice { dialect, confidence: 300, reason: "one column: no delimiter stands out".into(), runner_up: None, width: 0 };
    };
    let mut reason = format!("{} of {} records have {} cells", best.2.modal, best.2.records, best.2.width);
    if chosen.is_some() {
        reason = "chosen by a person".into();
    } else if let Some(nose) = nose(start).filter(|n| *n != best.1.delimiter)
        && let Some(other) = readings.iter().find(|r| r.1.delimiter == nose && r.0 * 100 >= best.0 * 96)
    {
        best = other.clone();
        reason = format!("{} of {} records have {} cells, and the table is most uniform", best.2.modal, best.2.records, best.2.width);
    }
    let runner_up = readings.iter().find(|r| r.1.delimiter != best.1.delimiter);
    let margin = runner_up.map_or(1000, |r| (best.0 - r.0).max(0) * 1000 / best.0.max(1));
    let mut confidence = (best.2.consistency * 7 + margin * 3) / 10;
    if best.2.records < 5 {
        confidence = confidence * 9 / 10;
    }
    let runner_up = runner_up.filter(|r| r.0 * 2 > best.0).map(|r| r.1.delimiter);
    Choice { dialect: best.1, confidence: if chosen.is_some() { 1000 } else { confidence }, reason, runner_up, width: best.2.width }
}

/// The best quoting for one delimiter.
fn best_quote(pieces: &[String], delimiter: char, weight: i32, carriage_return: bool) -> Option<(i32, Dialect, Reading)> {
    let start = pieces.first()?;
    if !start.contains(delimiter) {
        return None;
    }
    let mut best: Option<(i32, Dialect, Reading)> = None;
    let double = Dialect { delimiter, carriage_return, ..Dialect::COMMA };
    let mut candidates = vec![double];
    if start.contains("\\\"") {
        candidates.push(Dialect { escape: Some('\\'), ..double });
    }
    if encloses(start, delimiter, '\'') {
        candidates.push(Dialect { quote: Some('\''), ..double });
    }
    if start.contains('"') {
        candidates.push(Dialect { quote: None, ..double });
    }
    for dialect in candidates {
        let Some(reading) = read(pieces, &dialect) else { continue };
        let mut score = reading.score * weight / 1000;
        if dialect.quote.is_none() || dialect.quote == Some('\'') {
            // Quote signs are quotes unless reading them as text is clearly better.
            score = score * 97 / 100;
        }
        if best.as_ref().is_none_or(|b| score > b.0) {
            best = Some((score, dialect, reading));
        }
    }
    best
}

/// Whether cells begin and end with this quote.
fn encloses(text: &str, delimiter: char, quote: char) -> bool {
    text.contains(&format!("{quote}{delimiter}{quote}")) || text.contains(&format!("{quote}{delimiter} {quote}"))
}

/// csv-nose's delimiter.
fn nose(start: &str) -> Option<char> {
    let end = if start.len() > NOSE_BYTES { start.as_bytes()[..NOSE_BYTES].iter().rposition(|b| *b == b'\n')? } else { start.len() };
    let text = start.get(..end)?;
    if text.trim().is_empty() {
        return None;
    }
    let mut sniffer = csv_nose::Sniffer::new();
    sniffer.sample_size(csv_nose::SampleSize::Records(100));
    let found = sniffer.sniff_bytes(text.as_bytes()).ok()?;
    found.dialect.delimiter.is_ascii().then(|| char::from(found.dialect.delimiter))
}
