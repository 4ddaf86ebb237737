//! What commands print: aligned tables, money for people, JSON for scripts.

use std::fmt::Write as _;
use std::io::Write;

use meed_core::crediting::shown;
use meed_core::money::{Amount, Unit};
use serde::Serialize;

use crate::failure::Failure;

/// Writes a text to stdout. A reader that has gone away, as `| head` does, is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to stdout.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::fault("output_failed", error.to_string())),
    }
}

/// Writes a value as JSON to stdout.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Failure::fault("output_failed", e.to_string()))?;
    text.push('\n');
    print(&text)
}

/// Money in JSON: minor units beside the currency, and the same for people.
#[derive(Serialize)]
pub(crate) struct Money {
    amount: i64,
    currency: String,
    decimal: String,
}

impl Money {
    pub(crate) fn new(minor: i64, unit: Unit) -> Self {
        Self { amount: minor, currency: unit.code().to_owned(), decimal: Amount { minor, unit }.major().to_string() }
    }

    /// As decimals with the currency.
    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.decimal, self.currency)
    }
}

/// An amount for people: `1,234.50`.
pub(crate) fn decimal(minor: i64, unit: Unit) -> String {
    let text = shown(Amount { minor, unit }.major());
    if unit.exponent() == 0 { text.trim_end_matches(".00").to_owned() } else { text }
}

/// An amount with its currency for people: `1,234.50 USD`.
pub(crate) fn money(minor: i64, unit: Unit) -> String {
    format!("{} {unit}", decimal(minor, unit))
}

/// A number with its word: `1 sale`, `2 sales`.
pub(crate) fn count(number: u64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// A percentage for people, at two places.
pub(crate) fn percent(text: &str) -> String {
    let rounded = text.parse::<meed_core::money::Exact>().map(|p| p.round_dp(2).normalize());
    rounded.map_or_else(|_| text.to_owned(), |p| p.to_string())
}

/// On which side the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A table with aligned columns.
pub(crate) struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings. Columns of figures stand on the right.
    pub(crate) fn new(headings: &[(&str, Side)]) -> Self {
        Self {
            sides: headings.iter().map(|(_, side)| *side).collect(),
            rows: vec![headings.iter().map(|(h, _)| (*h).to_owned()).collect()],
        }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths: Vec<usize> = (0..self.sides.len())
            .map(|column| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths.get(column).copied().unwrap_or(0).saturating_sub(cell.chars().count()));
                let gap = if column == 0 { "" } else { "  " };
                match self.sides.get(column) {
                    Some(Side::Right) => {
                        let _ = write!(line, "{gap}{pad}{cell}");
                    }
                    _ => {
                        let _ = write!(line, "{gap}{cell}{pad}");
                    }
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_on_the_right_and_lines_end_without_blanks() {
        let mut table = Table::new(&[("Payee", Side::Left), ("Amount", Side::Right), ("State", Side::Left)]);
        table.row(["Änne".into(), "1,234.50".into(), "paid".into()]);
        table.row(["Bo".into(), "7.00".into(), String::new()]);
        assert_eq!(table.to_string(), "Payee    Amount  State\nÄnne   1,234.50  paid\nBo         7.00\n");
    }

    #[test]
    fn counts_and_percentages_are_shown_as_people_write_them() {
        assert_eq!((count(1, "sale"), count(0, "sale"), count(2, "sale")), ("1 sale".into(), "0 sales".into(), "2 sales".into()));
        assert_eq!((percent("66.6667"), percent("120"), percent("x")), ("66.67".into(), "120".into(), "x".into()));
    }

    #[test]
    fn money_is_shown_in_major_units() {
        let unit = |code: &str| code.parse::<Unit>().expect("known");
        assert_eq!(money(123_450, unit("USD")), "1,234.50 USD");
        assert_eq!(money(-5, unit("USD")), "-0.05 USD");
        assert_eq!(money(1_500, unit("JPY")), "1,500 JPY");
    }
}
