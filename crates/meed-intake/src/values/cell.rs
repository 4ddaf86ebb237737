//! What kind of value one cell holds.

use super::{currency, date, date_scan, number};
use crate::mapping::countries;

/// The kind of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) enum CellKind {
    Empty,
    Integer,
    Decimal,
    /// A number with a currency sign or code.
    Money,
    Percent,
    /// A date, with or without a time.
    Date,
    Time,
    Email,
    Url,
    Bool,
    CurrencyCode,
    Country,
    /// Letters and digits without blanks: `INV-1014`, `#1001`, `TOTE-BL`.
    Code,
    /// Words.
    Text,
    SheetError,
}

impl CellKind {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Money)
    }

    /// Kinds that a header cell never has.
    pub(crate) fn is_value(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Money | Self::Percent | Self::Date | Self::Time | Self::Email | Self::Url)
    }
}

/// Words for yes and no.
const BOOLS: &[&str] =
    &["true", "false", "yes", "no", "y", "n", "ja", "nein", "oui", "non", "si", "sí", "sim", "nao", "não", "nee", "wahr", "falsch"];

/// Classifies a cell.
pub(crate) fn kind(cell: &str) -> CellKind {
    let text = cell.trim();
    if text.is_empty() || is_placeholder(text) {
        return CellKind::Empty;
    }
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    if has_digit && let Some(kind) = with_digits(text) {
        return kind;
    }
    if number::is_sheet_error(text) {
        return CellKind::SheetError;
    }
    if text.contains('@') && is_email(text) {
        return CellKind::Email;
    }
    if text.len() > 8 && (text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.")) {
        return CellKind::Url;
    }
    // `NO` is Norway where others are countries too; `no` is a word.
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) && countries::is_country(text) {
        return CellKind::Country;
    }
    if text.len() <= 6 && BOOLS.iter().any(|b| b.eq_ignore_ascii_case(text)) {
        return CellKind::Bool;
    }
    if !has_digit {
        if currency::is_code(text) {
            return CellKind::CurrencyCode;
        }
        if countries::is_country(text) {
            return CellKind::Country;
        }
    }
    if has_digit && !text.contains(char::is_whitespace) && text.len() <= 64 { CellKind::Code } else { CellKind::Text }
}

fn with_digits(text: &str) -> Option<CellKind> {
    if let Some(scanned) = number::scan(text) {
        if scanned.percent {
            return Some(CellKind::Percent);
        }
        if scanned.currency.is_some() {
            return Some(CellKind::Money);
        }
        if scanned.evidence == number::Evidence::None {
            // Eight digits that are a calendar day stay a number; their header decides.
            return Some(CellKind::Integer);
        }
        return Some(CellKind::Decimal);
    }
    if let Some(scanned) = date_scan::scan(text) {
        return (!scanned.parts.is_yearless()).then_some(CellKind::Date);
    }
    date::time_of_day(text).map(|_| CellKind::Time)
}

/// Dashes that stand for nothing.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.len() <= 9 && text.chars().all(|c| matches!(c, '-' | '–' | '—'))
}

/// Whether the text is one e-mail address.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>'))
        && !domain.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognised() {
        for (text, expected) in [
            ("12", CellKind::Integer),
            ("1,027.00", CellKind::Decimal),
            ("$1,027.00", CellKind::Money),
            ("7%", CellKind::Percent),
            ("2026-03-04 10:00", CellKind::Date),
            ("10:02:11", CellKind::Time),
            ("a@example.com", CellKind::Email),
            ("eur", CellKind::CurrencyCode),
            ("Deutschland", CellKind::Country),
            ("INV-1014", CellKind::Code),
            ("#1001", CellKind::Code),
            ("Mara Quill", CellKind::Text),
            ("#N/A", CellKind::SheetError),
            ("yes", CellKind::Bool),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
