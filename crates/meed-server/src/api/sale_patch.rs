//! From the fields of a body to changes of a sale, for every surface that takes sales as JSON.
//!
//! An absent field keeps what is stored, null clears it (`commissions.md` §1.4). Blank texts count as null. All wrong fields
//! are collected, so that a caller sees them together.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use meed_app::sources::KnownSource;
use meed_core::command::UNIQUE_ID_BYTES_MAX;
use meed_core::money::Unit;
use meed_core::sale::{NumberField, SalePatch, TextField};

use super::problem::FieldProblem;
use super::wire::{Field, LooseText, Number};

/// Characters of a text field at most.
pub(crate) const TEXT_MAX: usize = 2_000;
/// Collects the changes of one sale and what is wrong with them.
pub(crate) struct PatchWriter<'a> {
    source: &'a KnownSource,
    patch: SalePatch,
    errors: Vec<FieldProblem>,
}

impl<'a> PatchWriter<'a> {
    /// Begins with no change.
    pub(crate) fn new(source: &'a KnownSource) -> Self {
        Self { source, patch: SalePatch::default(), errors: Vec::new() }
    }

    /// The changes, or everything that is wrong.
    pub(crate) fn finish(self) -> Result<SalePatch, Vec<FieldProblem>> {
        if self.errors.is_empty() { Ok(self.patch) } else { Err(self.errors) }
    }

    fn wrong(&mut self, field: &str, code: &str, detail: impl Into<String>) {
        self.errors.push(FieldProblem::new(field, code, detail));
    }

    /// The business time, which cannot be cleared.
    pub(crate) fn date(&mut self, name: &str, field: Field<String>) {
        match field {
            Field::Absent => {}
            Field::Null => self.wrong(name, "date_missing", "the date of a sale cannot be cleared"),
            Field::Given(text) => match instant(&text, &self.source.zone) {
                Some(at) => self.patch.set_at(at),
                None => self.wrong(name, "date_unreadable", unreadable(&text)),
            },
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str, place: TextField, field: Field<LooseText>) {
        let Some(change) = field.change() else { return };
        let text = change.map(|text| text.0).filter(|text| !text.trim().is_empty());
        if text.as_ref().is_some_and(|text| text.len() > TEXT_MAX && text.chars().count() > TEXT_MAX) {
            return self.wrong(name, "text_too_long", format!("a text has up to {TEXT_MAX} characters"));
        }
        self.patch.set_text(place, text);
    }

    /// A number.
    pub(crate) fn number(&mut self, place: NumberField, field: Field<Number>) {
        if let Some(change) = field.change() {
            self.patch.set_number(place, change.map(|number| number.0));
        }
    }

    /// A further date: kept as an instant, like those of files.
    pub(crate) fn other_date(&mut self, name: &str, place: u8, field: Field<String>) {
        let Some(change) = field.change() else { return };
        let Some(text) = change.filter(|text| !text.trim().is_empty()) else {
            return self.patch.set_text(TextField::OtherDate(place), None);
        };
        match instant(&text, &self.source.zone) {
            Some(at) => self.patch.set_text(TextField::OtherDate(place), Some(at.to_string())),
            None => self.wrong(name, "date_unreadable", unreadable(&text)),
        }
    }

    /// The currency: a code, or a sign where that names one currency.
    pub(crate) fn currency(&mut self, name: &str, field: Field<String>) {
        let Some(change) = field.change() else { return };
        let Some(text) = change.filter(|text| !text.trim().is_empty()) else { return self.patch.set_currency(None) };
        let code = meed_intake::currency_code(&text, &self.source.symbols);
        if let Some(unit) = code.and_then(|code| code.parse::<Unit>().ok()) {
            return self.patch.set_currency(Some(unit));
        }
        let shown: String = text.chars().take(20).collect();
        let text = format!(
            "`{shown}` does not name one currency; send an ISO 4217 code such as USD, or say in the source what the sign stands for"
        );
        self.wrong(name, "currency_unknown", text);
    }

    /// The source's own id; a blank one counts as none.
    pub(crate) fn unique_id(&mut self, name: &str, field: Field<LooseText>) -> Option<String> {
        let text = field.change().flatten()?.0;
        if text.len() > UNIQUE_ID_BYTES_MAX {
            self.wrong(name, "unique_id_too_long", format!("a unique id has up to {UNIQUE_ID_BYTES_MAX} bytes"));
        }
        Some(text).filter(|text| !text.trim().is_empty())
    }
}

fn unreadable(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("`{shown}` is not a time such as 2026-03-31T14:05:00Z or a date such as 2026-03-31")
}

/// The instant of a text: RFC 3339 with up to nine fractional digits, or a time or day without an offset, which is read in
/// the source's zone. A day is its start; a time that a clock change skips moves behind it.
pub(crate) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        return zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).compatible().ok();
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let local: DateTime = text.parse().ok().filter(|_| !text.contains(['Z', 'z', '+', '[']))?;
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn com_008_times_are_read_to_seven_digits_and_days_in_the_zone() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        for (text, wanted) in [
            ("2018-08-06T03:31:24.0277712Z", Some("2018-08-06T03:31:24.0277712Z")),
            ("2018-08-06T03:31:24.0277712+02:00", Some("2018-08-06T01:31:24.0277712Z")),
            ("2026-03-04", Some("2026-03-04T05:00:00Z")),
            ("2026-03-04T10:00:00", Some("2026-03-04T15:00:00Z")),
            ("2026-03-08T02:30:00", Some("2026-03-08T07:30:00Z")),
            ("2026-02-30", None),
            ("31/03/2026", None),
            ("yesterday", None),
            ("", None),
            ("1772582400", None),
            ("2026-13-01T00:00:00Z", None),
        ] {
            assert_eq!(instant(text, &zone).map(|at| at.to_string()).as_deref(), wanted, "{text}");
        }
    }
}
