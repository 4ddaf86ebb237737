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

const PLOT: i64 = 112;
/// Vertical position of the base line.
const BASE: i64 = 142;
const HEIGHT: i64 = 178;
/// Percent of the width below which a stair carries no label of its rate, or of its bound.
const NARROW_RATE: i64 = 8;
const NARROW_BOUND: i64 = 14;

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

    fn stair(f: &mut fmt::Formatter<'_>, step: &TierStep, end: Decimal, top_rate: Decimal) -> fmt::Result {
        let (x, right, y) = Self::corner(step, end, top_rate);
        let width = right.saturating_sub(x).max(Decimal::ZERO);
        let tall = Decimal::from(BASE).saturating_sub(y);
        write!(
            f,
            "<rect class=\"area\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{tall}\"/>\
             <line class=\"edge\" x1=\"{x}%\" x2=\"{right}%\" y1=\"{y}\" y2=\"{y}\"/>"
        )
    }

    /// Left and right end of a stair in percent, and its height as a vertical position.
    fn corner(step: &TierStep, end: Decimal, top_rate: Decimal) -> (Decimal, Decimal, Decimal) {
        let tall = length(step.rate.max(Decimal::ZERO), top_rate, PLOT);
        (percent(step.from, end), percent(step.to.unwrap_or(end).min(end), end), Decimal::from(BASE).saturating_sub(tall))
    }

    fn labels(&self, f: &mut fmt::Formatter<'_>, end: Decimal, top_rate: Decimal) -> fmt::Result {
        let mut last_bound: Option<Decimal> = None;
        for step in &self.steps {
            let (x, right, y) = Self::corner(step, end, top_rate);
            if right.saturating_sub(x) >= Decimal::from(NARROW_RATE) {
                let middle = x.saturating_add(right).checked_div(Decimal::TWO).unwrap_or(x).round_dp(3);
                let label = y.saturating_sub(Decimal::from(7));
                write!(f, "<text class=\"rate\" x=\"{middle}%\" y=\"{label}\" text-anchor=\"middle\">{}</text>", escape(&step.rate_shown))?;
            }
            // Bounds that would overlap their left neighbour are left to the table.
            if last_bound.is_none_or(|last| x.saturating_sub(last) >= Decimal::from(NARROW_BOUND)) {
                let anchor = if last_bound.is_none() { "start" } else { "middle" };
                write!(
                    f,
                    "<line class=\"base\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{BASE}\" y2=\"{}\"/>\
                     <text class=\"label\" x=\"{x}%\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                    BASE + 5,
                    BASE + 19,
                    escape(&step.from_shown)
                )?;
                last_bound = Some(x);
            }
        }
        Ok(())
    }

    fn marker(&self, f: &mut fmt::Formatter<'_>, end: Decimal) -> fmt::Result {
        let Some(marker) = &self.marker else { return Ok(()) };
        let x = percent(marker.value, end);
        let (anchor, shift) = if x > Decimal::from(60) { ("end", -6) } else { ("start", 6) };
        write!(
            f,
            "<line class=\"marker\" x1=\"{x}%\" x2=\"{x}%\" y1=\"2\" y2=\"{BASE}\"/>\
             <text class=\"marker-text\" x=\"{x}%\" dx=\"{shift}\" y=\"11\" text-anchor=\"{anchor}\">{}</text>",
            escape(&marker.shown)
        )
    }
}

impl Display for StepChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return Ok(());
        }
        let end = self.end();
        let top_rate = axis::round_up(self.steps.iter().map(|step| step.rate).max().unwrap_or_default());
        write!(
            f,
            "<figure class=\"chart\"><svg class=\"steps\" role=\"img\" aria-label=\"{}\" width=\"100%\" height=\"{HEIGHT}\"><title>{}</title><desc>{}</desc>",
            escape(&self.title),
            escape(&self.title),
            escape(&self.description)
        )?;
        for step in &self.steps {
            Self::stair(f, step, end, top_rate)?;
        }
        write!(f, "<line class=\"base\" x1=\"0\" x2=\"100%\" y1=\"{BASE}\" y2=\"{BASE}\"/>")?;
        self.marker(f, end)?;
        self.labels(f, end, top_rate)?;
        write!(f, "<text class=\"measure\" x=\"100%\" y=\"{}\" text-anchor=\"end\">{}</text></svg>", HEIGHT - 2, escape(&self.measure))?;
        let rows = self.steps.iter().enumerate().map(|(i, step)| (self.bound_text(i, step), step.rate_shown.clone()));
        write!(f, "{}</figure>", data_table(&self.title, [&self.measure, "Rate"], rows))
    }
}

impl HtmlSafe for StepChart {}
