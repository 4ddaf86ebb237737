//! Lying bars for a ranking, largest first.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::super::markup::{escape, local};
use super::{cut, percent};

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Rank {
    /// Who or what.
    pub label: String,
    /// Length of the bar; negative values have none.
    pub value: Decimal,
    /// The value as people read it.
    pub shown: String,
    /// The entries behind it; empty when there are none.
    pub href: String,
}

/// A ranking. All its numbers are written beside the bars, so it needs no table.
#[derive(Clone, Debug, Default)]
pub struct RankChart {
    /// What is shown.
    pub title: String,
    /// The same in a sentence, for screen readers.
    pub description: String,
    /// Rows in the order given.
    pub rows: Vec<Rank>,
}

const ROW: usize = 40;
/// Longest label beside an amount on a phone.
const LABEL: usize = 26;

impl Display for RankChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows.is_empty() {
            return Ok(());
        }
        let longest = self.rows.iter().map(|row| row.value).max().unwrap_or_default();
        write!(
            f,
            "<figure class=\"chart\"><svg class=\"rank\" role=\"group\" aria-label=\"{}\" width=\"100%\" height=\"{}\"><title>{}</title><desc>{}</desc>",
            escape(&self.title),
            self.rows.len() * ROW,
            escape(&self.title),
            escape(&self.description)
        )?;
        for (index, row) in self.rows.iter().enumerate() {
            let top = index * ROW;
            let width = percent(row.value, longest);
            let label = cut(&row.label, LABEL);
            write!(f, "<g><title>{}: {}</title>", escape(&row.label), escape(&row.shown))?;
            if row.href.is_empty() {
                write!(f, "<text class=\"name\" x=\"0\" y=\"{}\">{}</text>", top + 16, escape(&label))?;
            } else {
                write!(
                    f,
                    "<a href=\"{}\"><text class=\"name\" x=\"0\" y=\"{}\">{}</text></a>",
                    escape(local(&row.href)),
                    top + 16,
                    escape(&label)
                )?;
            }
            write!(
                f,
                "<text class=\"value\" x=\"100%\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"rail\" x=\"0\" y=\"{}\" width=\"100%\" height=\"6\" rx=\"3\"/>\
                 <rect class=\"bar\" x=\"0\" y=\"{}\" width=\"{width}%\" height=\"6\" rx=\"3\"/></g>",
                top + 16,
                escape(&row.shown),
                top + 24,
                top + 24
            )?;
        }
        f.write_str("</svg></figure>")
    }
}

impl HtmlSafe for RankChart {}
