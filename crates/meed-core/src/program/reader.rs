//! Reading tables of a document while keeping every finding and its place.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::finding::{Code, Finding};
use super::{Figure, Rate};
use crate::condition::nearest::suggestion;
use crate::condition::{Condition, Over, Want};
use crate::money::Exact;

pub(crate) type Item<'d> = Spanned<DeValue<'d>>;

/// The findings of a document, with the text that their places refer to.
pub(crate) struct Findings<'d> {
    text: &'d str,
    all: Vec<Finding>,
    /// What may be meant, but rarely is.
    warnings: Vec<Finding>,
}

impl<'d> Findings<'d> {
    pub(crate) fn new(text: &'d str) -> Self {
        Self { text, all: Vec::new(), warnings: Vec::new() }
    }

    /// The table that a document of at most so many bytes is, and room for what is found in it; what is wrong where it is none.
    pub(crate) fn read(text: &'d str, bytes_max: usize) -> Result<(Spanned<DeTable<'d>>, Self), Vec<Finding>> {
        let mut findings = Self::new(text);
        if text.len() > bytes_max {
            findings.add(0, Code::TooLarge, format!("the document is larger than {bytes_max} bytes"));
            return Err(findings.finish());
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            findings.add(at, Code::Syntax, format!("not TOML: {}", error.message()));
        }
        if errors.is_empty() { Ok((root, findings)) } else { Err(findings.finish()) }
    }

    /// The text of the document.
    pub(crate) fn source(&self) -> &'d str {
        self.text
    }

    pub(crate) fn add(&mut self, at: usize, code: Code, text: impl Into<String>) {
        let (line, column) = self.place(at);
        self.all.push(Finding { line, column, code, text: text.into() });
    }

    /// Something that may be meant, but rarely is: it does not keep the document from being used.
    pub(crate) fn warn(&mut self, at: usize, code: Code, text: impl Into<String>) {
        let (line, column) = self.place(at);
        self.warnings.push(Finding { line, column, code, text: text.into() });
    }

    /// The warnings by place, each once.
    pub(crate) fn warnings(&mut self) -> Vec<Finding> {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.sort_by_key(|finding| (finding.line, finding.column));
        warnings.dedup();
        warnings
    }

    pub(crate) fn line(&self, at: usize) -> u32 {
        self.place(at).0
    }

    fn place(&self, at: usize) -> (u32, u32) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All findings by place; of several at one place the first, and everything that is missing there.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        self.all.sort_by_key(|finding| (finding.line, finding.column));
        let is_missing = |finding: &Finding| matches!(finding.code, Code::MissingKey | Code::NoRules);
        self.all.dedup_by(|later, first| {
            let all_missing = is_missing(later) && is_missing(first) && later.text != first.text;
            (later.line, later.column) == (first.line, first.column) && !all_missing
        });
        self.all
    }

    pub(crate) fn wrong_type(&mut self, at: usize, name: &str, wanted: &str, found: &DeValue<'_>) {
        self.add(at, Code::WrongType, format!("`{name}` must be {wanted}, not {}", kind(found)));
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What the whole document is called in messages.
pub(crate) const DOCUMENT: &str = "the document";

/// A table of the document with its name and place.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a, 'd> {
    entries: &'a DeTable<'d>,
    /// Where the table starts.
    pub(crate) at: usize,
    name: &'a str,
}

impl<'a, 'd> Table<'a, 'd> {
    pub(crate) fn new(entries: &'a DeTable<'d>, at: usize, name: &'a str) -> Self {
        Self { entries, at, name }
    }

    /// The item as a table, or a finding.
    pub(crate) fn of(item: &'a Item<'d>, name: &'a str, findings: &mut Findings<'_>) -> Option<Self> {
        match item.get_ref() {
            DeValue::Table(entries) => Some(Self::new(entries, item.span().start, name)),
            other => {
                findings.wrong_type(item.span().start, name, "a table", other);
                None
            }
        }
    }

    /// Reports every key that is not among `known`.
    pub(crate) fn only(&self, known: &[&str], findings: &mut Findings<'_>) {
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let hint = suggestion(name, known.iter().copied());
                let hint = match self.name {
                    _ if !hint.is_empty() => hint,
                    // What follows a table in TOML belongs to it, whatever was meant.
                    inner if inner != DOCUMENT && super::document::is_key(name) => {
                        "; it is a key of the plan itself: write it above the first table such as [[rule]]".to_owned()
                    }
                    _ => format!("; known are {}", listed(known)),
                };
                findings.add(key.span().start, Code::UnknownKey, format!("`{name}` is not a key of {}{hint}", self.name));
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Item<'d>> {
        self.entries.get(key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// All entries with their names and places, in the order of the document.
    pub(crate) fn entries(&self) -> Vec<(&'a str, usize, &'a Item<'d>)> {
        let mut all: Vec<_> = self.entries.iter().map(|(key, item)| (key.get_ref().as_ref(), key.span().start, item)).collect();
        all.sort_by_key(|(_, at, _)| *at);
        all
    }

    /// The place of the value of `key`, or of the table.
    pub(crate) fn place(&self, key: &str) -> usize {
        self.get(key).map_or(self.at, |item| item.span().start)
    }

    pub(crate) fn missing(&self, key: &str, what: &str, findings: &mut Findings<'_>) {
        findings.add(self.at, Code::MissingKey, format!("{} needs `{key}`: {what}", self.name));
    }

    pub(crate) fn text(&self, key: &str, findings: &mut Findings<'_>) -> Option<&'a str> {
        text(self.get(key)?, key, findings)
    }

    /// A text that is one of a few words.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], findings: &mut Findings<'_>) -> Option<T> {
        let item = self.get(key)?;
        let found = text(item, key, findings)?;
        let value = words.iter().find(|(word, _)| *word == found).map(|(_, value)| *value);
        if value.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            findings.add(item.span().start, Code::BadValue, format!("`{key}` is one of {}, not \"{found}\"", listed(&known)));
        }
        value
    }

    pub(crate) fn truth(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        let item = self.get(key)?;
        match item.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            other => {
                findings.wrong_type(item.span().start, key, "true or false", other);
                None
            }
        }
    }

    pub(crate) fn number(&self, key: &str, findings: &mut Findings<'_>) -> Option<Exact> {
        number(self.get(key)?, key, findings)
    }

    pub(crate) fn date(&self, key: &str, findings: &mut Findings<'_>) -> Option<Date> {
        let item = self.get(key)?;
        let written = match item.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                findings.wrong_type(item.span().start, key, "a date such as 2026-01-31", other);
                return None;
            }
        };
        match written.parse() {
            Ok(date) if written.len() == 10 => Some(date),
            _ => {
                findings.add(item.span().start, Code::BadValue, format!("`{key}` must be a date such as 2026-01-31, not `{written}`"));
                None
            }
        }
    }

    /// A list of texts, with their places; a single text counts as a list of one.
    pub(crate) fn texts(&self, key: &str, findings: &mut Findings<'_>) -> Vec<(&'a str, usize)> {
        self.list(key).into_iter().filter_map(|item| Some((text(item, key, findings)?, item.span().start))).collect()
    }

    /// The items of a list; a single value counts as a list of one.
    pub(crate) fn list(&self, key: &str) -> Vec<&'a Item<'d>> {
        match self.get(key) {
            None => Vec::new(),
            Some(item) => match item.get_ref() {
                DeValue::Array(items) => items.iter().collect(),
                _ => vec![item],
            },
        }
    }

    /// A number, or `{ variable = "name" }`.
    pub(crate) fn figure(&self, key: &str, findings: &mut Findings<'_>) -> Option<Figure> {
        figure(self.get(key)?, key, findings)
    }

    /// A condition or formula; its findings point into the text.
    pub(crate) fn condition(&self, key: &str, want: Want, findings: &mut Findings<'_>) -> Option<Condition> {
        condition(self.get(key)?, key, want, findings)
    }

    /// A rate. Plain numbers are refused on a money basis, where 5 could mean 5 or 5 %.
    pub(crate) fn rate(&self, key: &str, money: bool, findings: &mut Findings<'_>) -> Option<Rate> {
        rate(self.get(key)?, key, money, findings)
    }
}

pub(crate) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn text<'a>(item: &'a Item<'_>, name: &str, findings: &mut Findings<'_>) -> Option<&'a str> {
    match item.get_ref() {
        DeValue::String(text) => Some(text.as_ref()),
        other => {
            findings.wrong_type(item.span().start, name, "a text", other);
            None
        }
    }
}

/// A number as it is written, digit by digit; a text that holds one counts too.
pub(crate) fn number(item: &Item<'_>, name: &str, findings: &mut Findings<'_>) -> Option<Exact> {
    let digits = match item.get_ref() {
        DeValue::Integer(whole) if whole.radix() == 10 => whole.as_str().to_owned(),
        DeValue::Float(float) => float.as_str().to_owned(),
        DeValue::String(text) => text.trim().to_owned(),
        other => {
            findings.wrong_type(item.span().start, name, "a decimal number", other);
            return None;
        }
    };
    let parsed = exact(&digits);
    if parsed.is_none() {
        findings.add(item.span().start, Code::BadValue, format!("`{name}` must be a decimal number of up to 28 digits, not `{digits}`"));
    }
    parsed
}

/// Reads digits exactly; more digits than can be kept are refused, not rounded.
pub(crate) fn exact(digits: &str) -> Option<Exact> {
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    if digits.contains(['e', 'E']) { Exact::from_scientific(digits).ok() } else { Exact::from_str_exact(digits).ok() }
}

pub(crate) fn figure(item: &Item<'_>, name: &str, findings: &mut Findings<'_>) -> Option<Figure> {
    match item.get_ref() {
        DeValue::Table(_) => {
            let table = Table::of(item, name, findings)?;
            table.only(&["variable", "of"], findings);
            if !table.has("variable") {
                table.missing("variable", "the name of a variable of the rep", findings);
            }
            super::variables::named(&table, findings)
        }
        _ => number(item, name, findings).map(Figure::Literal),
    }
}

pub(crate) fn condition(item: &Item<'_>, name: &str, want: Want, findings: &mut Findings<'_>) -> Option<Condition> {
    condition_over(item, name, want, Over::Sale, findings)
}

/// A condition or formula over a sale, or over the results of a period.
pub(crate) fn condition_over(item: &Item<'_>, name: &str, want: Want, over: Over, findings: &mut Findings<'_>) -> Option<Condition> {
    let source = text(item, name, findings)?;
    match Condition::compile_over(source, want, over) {
        Ok(condition) => {
            if let Some((offset, word, literal)) = never_equal(source) {
                let text = format!("`{name}`: what `{word}()` gives is never {literal}; write the text in {word} case letters");
                findings.warn(place_inside(findings.source(), item.span(), source, offset), Code::ComparisonConstant, text);
            }
            Some(condition)
        }
        Err(error) => {
            let at = place_inside(findings.source(), item.span(), source, error.at);
            findings.add(at, Code::Condition(error.code), format!("`{name}`: {}", error.text));
            None
        }
    }
}

/// A comparison of a text in one case with a literal in the other, which holds always or never: where it stands, the
/// function, the literal.
fn never_equal(source: &str) -> Option<(usize, &'static str, &str)> {
    let is_wrong = |word: &str, c: char| if word == "lower" { c.is_uppercase() } else { c.is_lowercase() };
    for (word, call) in [("lower", ".lower()"), ("upper", ".upper()")] {
        for (at, _) in source.match_indices(call) {
            let rest = source[at + call.len()..].trim_start();
            let Some(rest) = rest.strip_prefix("==").or_else(|| rest.strip_prefix("!=")).map(str::trim_start) else { continue };
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else { continue };
            let Some(length) = rest[1..].find(quote) else { continue };
            let literal = &rest[..length + 2];
            if literal.chars().any(|c| is_wrong(word, c)) {
                return Some((at, word, literal));
            }
        }
    }
    None
}

/// The place of a byte of a text value. Where the value is written with escapes, its start.
fn place_inside(document: &str, span: Range<usize>, value: &str, at: usize) -> usize {
    let written = document.get(span.clone()).unwrap_or_default();
    written.find(value).map_or(span.start, |offset| span.start + offset + at)
}

pub(crate) fn rate(item: &Item<'_>, name: &str, money: bool, findings: &mut Findings<'_>) -> Option<Rate> {
    let at = item.span().start;
    match item.get_ref() {
        DeValue::String(text) if text.trim_end().ends_with('%') => {
            let digits = text.trim_end().trim_end_matches('%').trim();
            let percent = exact(digits);
            if percent.is_none() {
                findings.add(at, Code::BadValue, format!("`{name}` must be a percentage such as \"5.25%\", not \"{text}\""));
            }
            if let Some(percent) = percent {
                unusual(percent, at, name, findings);
            }
            percent.map(|percent| Rate::Percent(Figure::Literal(percent)))
        }
        DeValue::Table(_) => rate_table(&Table::of(item, name, findings)?, findings),
        _ => {
            let each = number(item, name, findings)?;
            if money {
                let text = format!(
                    "a rate on money is a percentage: write `{name} = \"{each}%\"`, or `{{ each = {each} }}` for {each} per unit of money"
                );
                findings.add(at, Code::RateNeedsPercent, text);
                return None;
            }
            Some(Rate::Each(Figure::Literal(each)))
        }
    }
}

/// Warns of a percentage that is rarely meant.
fn unusual(percent: Exact, at: usize, name: &str, findings: &mut Findings<'_>) {
    if percent > Exact::ONE_HUNDRED {
        let text = format!("`{name}` is {}%, more than the whole; for 5 % write \"5%\"", percent.normalize());
        findings.warn(at, Code::RateUnusual, text);
    } else if percent < Exact::ZERO {
        let text = format!("`{name}` is {}%: whoever sells loses by it; what is taken back is a `[[clawback]]`", percent.normalize());
        findings.warn(at, Code::RateUnusual, text);
    }
}

fn rate_table(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Rate> {
    table.only(&["percent", "each", "pay", "quota"], findings);
    let percent = table.figure("percent", findings);
    let each = table.figure("each", findings);
    let pay = table.figure("pay", findings);
    let quota = table.figure("quota", findings);
    match (percent, each, pay, quota) {
        (Some(percent), None, None, None) => Some(Rate::Percent(percent)),
        (None, Some(each), None, None) => Some(Rate::Each(each)),
        (None, None, Some(pay), Some(quota)) => {
            if let Figure::Literal(quota) = &quota
                && *quota <= Exact::ZERO
            {
                findings.add(table.place("quota"), Code::QuotaNotPositive, "the quota of a derived rate must be more than 0");
            }
            Some(Rate::Derived { pay, quota })
        }
        (None, None, None, None) if ["percent", "each", "pay", "quota"].iter().any(|key| table.has(key)) => None,
        (None, None, Some(_), None) if !table.has("quota") => {
            table.missing("quota", "a derived rate is `{ pay = …, quota = … }`, both for the same length of time", findings);
            None
        }
        _ => {
            findings.add(table.at, Code::Conflict, "a rate is `{ percent = … }`, `{ each = … }` or `{ pay = …, quota = … }`");
            None
        }
    }
}
