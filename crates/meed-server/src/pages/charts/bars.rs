//! Upright bars over time.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::super::markup::{escape, local};
use super::{axis, data_table, length};

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// Name under the bar: a month, a day.
    pub label: String,
    /// Height; may be negative.
    pub value: Decimal,
    /// The value as people read it.
    pub shown: String,
    /// The entries behind it; empty when there are none.
    pub href: String,
    /// Still growing (the running month): drawn hatched.
    pub open: bool,
}

/// A bar chart with its table. Draws nothing when it has no bars.
#[derive(Clone, Debug, Default)]
pub struct BarChart {
    /// What is shown.
    pub title: String,
    /// The same in a sentence, for screen readers.
    pub description: String,
    /// Heading of the labels in the table.
    pub label_head: String,
    /// Heading of the values in the table.
    pub value_head: String,
    /// Bars from left to right; at most a few dozen.
    pub bars: Vec<Bar>,
}

const TOP: i64 = 22;
const PLOT: i64 = 150;
const HEIGHT: i64 = 200;
/// Percent of the width that the tick labels keep for themselves.
const MARGIN: i64 = 8;
/// More labels than this do not fit on a phone.
const LABELS: usize = 12;

impl BarChart {
    fn range(&self) -> (Decimal, Decimal) {
        let high = self.bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(Decimal::ZERO);
        let low = self.bars.iter().map(|bar| bar.value).min().unwrap_or_default().min(Decimal::ZERO);
        let high = if high.is_zero() && low.is_zero() { Decimal::ONE } else { axis::round_up_or_zero(high) };
        (high, axis::round_up_or_zero(low.abs()))
    }

    fn grid(f: &mut fmt::Formatter<'_>, high: Decimal, low: Decimal) -> fmt::Result {
        let whole = high.saturating_add(low);
        let half = high.checked_div(Decimal::TWO).unwrap_or(high);
        let mut ticks = vec![(high, "grid"), (Decimal::ZERO, "base")];
        // Half a sale is no mark on an axis.
        if half.fract().is_zero() || high > Decimal::TEN {
            ticks.insert(1, (half, "grid"));
        }
        if !low.is_zero() {
            ticks.push((-low, "grid"));
        }
        for (tick, class) in ticks {
            let y = Decimal::from(TOP).saturating_add(length(high.saturating_sub(tick), whole, PLOT));
            write!(f, "<line class=\"{class}\" x1=\"0\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>")?;
            if class == "grid" {
                let text = y.saturating_sub(Decimal::from(5));
                write!(f, "<text class=\"tick\" x=\"0\" y=\"{text}\">{}</text>", axis::compact(tick))?;
            }
        }
        Ok(())
    }

    fn bar(&self, f: &mut fmt::Formatter<'_>, index: usize, bar: &Bar, high: Decimal, whole: Decimal) -> fmt::Result {
        let slot = Decimal::from(100 - MARGIN).checked_div(Decimal::from(self.bars.len())).unwrap_or_default();
        let at = |share: Decimal| {
            let slots = Decimal::from(index).saturating_add(share);
            Decimal::from(MARGIN).saturating_add(slot.saturating_mul(slots)).round_dp(3).normalize()
        };
        let (left, x, middle) = (at(Decimal::ZERO), at(Decimal::new(18, 2)), at(Decimal::new(5, 1)));
        let span = slot.round_dp(3).normalize();
        let width = slot.saturating_mul(Decimal::new(64, 2)).round_dp(3).normalize();
        let y = Decimal::from(TOP).saturating_add(length(high.saturating_sub(bar.value.max(Decimal::ZERO)), whole, PLOT));
        let tall = length(bar.value.abs(), whole, PLOT).max(if bar.value.is_zero() { Decimal::ZERO } else { Decimal::ONE });
        let class = match (bar.value < Decimal::ZERO, bar.open) {
            (true, _) => "bar below",
            (false, true) => "bar open",
            (false, false) => "bar",
        };
        if !bar.href.is_empty() {
            write!(f, "<a href=\"{}\" aria-label=\"{}: {}\">", escape(local(&bar.href)), escape(&bar.label), escape(&bar.shown))?;
        }
        // The invisible rectangle makes the whole slot a target for the pointer.
        write!(
            f,
            "<g><title>{}: {}</title><rect class=\"slot\" x=\"{left}%\" y=\"0\" width=\"{span}%\" height=\"{HEIGHT}\"/>\
             <rect class=\"{class}\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{tall}\" rx=\"2\"/></g>",
            escape(&bar.label),
            escape(&bar.shown)
        )?;
        if !bar.href.is_empty() {
            f.write_str("</a>")?;
        }
        let every = self.bars.len().div_ceil(LABELS).max(1);
        if (self.bars.len() - 1 - index).is_multiple_of(every) {
            let minor = if self.bars.len() > 7 && !(self.bars.len() - 1 - index).is_multiple_of(every * 2) { " minor" } else { "" };
            write!(
                f,
                "<text class=\"label{minor}\" x=\"{middle}%\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                HEIGHT - 8,
                escape(&bar.label)
            )?;
        }
        Ok(())
    }
}

impl Display for BarChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bars.is_empty() {
            return Ok(());
        }
        let (high, low) = self.range();
        let whole = high.saturating_add(low);
        // A group, not one picture: bars may be links, and those must stay reachable.
        let role = if self.bars.iter().any(|bar| !bar.href.is_empty()) { "group" } else { "img" };
        write!(
            f,
            "<figure class=\"chart\"><svg class=\"bars\" role=\"{role}\" aria-label=\"{}\" width=\"100%\" height=\"{HEIGHT}\"><title>{}</title><desc>{}</desc>",
            escape(&self.title),
            escape(&self.title),
            escape(&self.description)
        )?;
        Self::grid(f, high, low)?;
        for (index, bar) in self.bars.iter().enumerate() {
            self.bar(f, index, bar, high, whole)?;
        }
        let rows = self.bars.iter().map(|bar| (bar.label.clone(), bar.shown.clone()));
        write!(f, "</svg>{}</figure>", data_table(&self.title, [&self.label_head, &self.value_head], rows))
    }
}

impl HtmlSafe for BarChart {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_sales_have_no_half_ones_on_the_axis() {
        let tick = |value: i64| BarChart { bars: vec![Bar { value: value.into(), ..Bar::default() }], ..BarChart::default() }.to_string();
        assert!(!tick(3).contains("1.5"), "{}", tick(3));
        assert!(tick(4).contains(">2<") && tick(300).contains(">150<"), "{}", tick(4));
    }
}
