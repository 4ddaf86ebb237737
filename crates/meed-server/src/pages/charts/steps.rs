//! The rates of a tiered rule as stairs over the measured amount.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::super::markup::escape;
use super::{axis, data_table, length, percent};

/// One tier.
#[derive(Clone, Debug, Default)]
pub struct TierStep {
    /// Lower bound, included.
    pub from: Decimal,
    /// Upper bound, excluded; `None` is the last tier.
    pub to: Option<Decimal>,
    /// Rate; only its height relative to the others matters.
    pub rate: Decimal,
    /// Rate as people read it: `5%`.
    pub rate_shown: String,
    /// Lower bound as people read it: `100,000`.
    pub from_shown: String,
}

/// Where somebody stands on the stairs.
#[derive(Clone, Debug, Default)]
pub struct StepMarker {
    /// The measured amount.
    pub value: Decimal,
    /// The same as people read it.
    pub shown: String,
}

/// The stairs of one rule. Draws nothing without tiers.
#[derive(Clone, Debug, Default)]
pub struct StepChart {
    /// What is shown: "Tiers of rule field-revenue".
    pub title: String,
    /// How the tiers are applied, in a sentence: "Marginal, accumulated over the quarter".
    pub description: String,
    /// What is measured and in which unit: `Revenue, EUR`.
    pub measure: String,
    /// Tiers in ascending order.
    pub steps: Vec<TierStep>,
    /// Where the payee stands, if one is meant.
    pub marker: Option<StepMarker>,
}

const TOP: i64 = 24;
const PLOT: i64 = 112;
const HEIGHT: i64 = 172;

impl StepChart {
    /// Right end of the scale: the last bound and room for the open tier, or the marker if it lies beyond.
    fn end(&self) -> Decimal {
        let last = self.steps.iter().flat_map(|step| [Some(step.from), step.to]).flatten().max().unwrap_or_default();
        let roomy = last.saturating_mul(Decimal::new(13, 1));
        let marked = self.marker.as_ref().map_or(Decimal::ZERO, |m| m.value.saturating_mul(Decimal::new(105, 2)));
        roomy.max(marked).max(Decimal::ONE)
    }

    fn bound_text(&self, index: usize, step: &TierStep) -> String {
        match self.steps.get(index + 1) {
            Some(next) => format!("{} – {}", step.from_shown, next.from_shown),
            None => format!("from {}", step.from_shown),
        }
    }
}

impl Display for StepChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return Ok(());
        }
        let end = self.end();
        let top_rate = axis::round_up(self.steps.iter().map(|step| step.rate).max().unwrap_or_default());
        let base = TOP + PLOT;
        write!(
            f,
            "<figure class=\"chart\"><svg class=\"steps\" role=\"img\" aria-label=\"{}\" width=\"100%\" height=\"{HEIGHT}\"><title>{}</title><desc>{}</desc>",
            escape(&self.title),
            escape(&self.title),
            escape(&self.description)
        )?;
        for (index, step) in self.steps.iter().enumerate() {
            let x = percent(step.from, end);
            let right = percent(step.to.unwrap_or(end).min(end), end);
            let width = right.saturating_sub(x).max(Decimal::ZERO);
            let tall = length(step.rate.max(Decimal::ZERO), top_rate, PLOT);
            let y = Decimal::from(base).saturating_sub(tall);
            let middle = x.saturating_add(width.checked_div(Decimal::TWO).unwrap_or_default()).round_dp(3);
            let label = y.saturating_sub(Decimal::from(7));
            write!(
                f,
                "<rect class=\"area\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{tall}\"/><line class=\"edge\" x1=\"{x}%\" x2=\"{right}%\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text class=\"rate\" x=\"{middle}%\" y=\"{label}\" text-anchor=\"middle\">{}</text>",
                escape(&step.rate_shown)
            )?;
            // Bounds that would overlap their left neighbour's label are left to the table.
            let gap = index.checked_sub(1).and_then(|i| self.steps.get(i)).map(|before| x.saturating_sub(percent(before.from, end)));
            if gap.is_none_or(|gap| gap >= Decimal::from(9)) {
                let (anchor, class) = if index == 0 { ("start", "label") } else { ("middle", "label") };
                write!(
                    f,
                    "<line class=\"base\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{base}\" y2=\"{}\"/><text class=\"{class}\" x=\"{x}%\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                    base + 5,
                    base + 19,
                    escape(&step.from_shown)
                )?;
            }
        }
        write!(f, "<line class=\"base\" x1=\"0\" x2=\"100%\" y1=\"{base}\" y2=\"{base}\"/>")?;
        if let Some(marker) = &self.marker {
            let x = percent(marker.value, end);
            let anchor = if x > Decimal::from(70) { "end" } else { "start" };
            write!(
                f,
                "<line class=\"marker\" x1=\"{x}%\" x2=\"{x}%\" y1=\"12\" y2=\"{base}\"/><text class=\"marker-text\" x=\"{x}%\" y=\"10\" text-anchor=\"{anchor}\">{}</text>",
                escape(&marker.shown)
            )?;
        }
        write!(f, "<text class=\"measure\" x=\"100%\" y=\"{}\" text-anchor=\"end\">{}</text></svg>", HEIGHT - 2, escape(&self.measure))?;
        let rows = self.steps.iter().enumerate().map(|(i, step)| (self.bound_text(i, step), step.rate_shown.clone()));
        write!(f, "{}</figure>", data_table(&self.title, [&self.measure, "Rate"], rows))
    }
}

impl HtmlSafe for StepChart {}
