//! Charts as SVG text: exact decimals in, accessible markup out, no script.
//!
//! Horizontal positions are percentages and vertical ones pixels, so a chart fills any width while its text keeps its size. Colours
//! come from classes of the style sheet and therefore follow the theme. Every chart has a title, a description and, where
//! it carries data that is written nowhere else on the page, a table with the same numbers.

mod axis;
mod bars;
mod gauge;
mod pieces;
mod rank;
mod sparkline;
mod steps;

pub use bars::{Bar, BarChart};
pub use gauge::Gauge;
pub use pieces::{TierBand, TierPieces};
pub use rank::{Rank, RankChart};
pub use sparkline::Sparkline;
pub use steps::{StepChart, StepMarker, TierStep};

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::markup::escape;

/// `part / whole` as a percentage between 0 and 100 with three decimals; 0 when there is no whole.
fn percent(part: Decimal, whole: Decimal) -> Decimal {
    if whole <= Decimal::ZERO {
        return Decimal::ZERO;
    }
    let share = part.checked_div(whole).unwrap_or(Decimal::ZERO);
    share.clamp(Decimal::ZERO, Decimal::ONE).saturating_mul(Decimal::ONE_HUNDRED).round_dp(3).normalize()
}

/// A distance of `value` on a scale of `whole` that is `pixels` long, with two decimals.
fn length(value: Decimal, whole: Decimal, pixels: i64) -> Decimal {
    percent(value, whole)
        .saturating_mul(Decimal::from(pixels))
        .checked_div(Decimal::ONE_HUNDRED)
        .unwrap_or_default()
        .round_dp(2)
        .normalize()
}

/// Cuts a label to `limit` characters, the last one an ellipsis.
fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// The same numbers as a table behind a small disclosure, for those who cannot or would rather not read the picture.
fn data_table(caption: &str, heads: [&str; 2], rows: impl Iterator<Item = (String, String)>) -> String {
    let mut out = format!(
        "<details class=\"chart-data\"><summary>Show as table</summary><table><caption class=\"visually-hidden\">{}</caption>\
         <thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">{}</th></tr></thead><tbody>",
        escape(caption),
        escape(heads[0]),
        escape(heads[1])
    );
    for (label, value) in rows {
        // Writing to a string cannot fail.
        let _ = write!(out, "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td></tr>", escape(&label), escape(&value));
    }
    out.push_str("</tbody></table></details>");
    out
}

#[cfg(test)]
mod tests;
