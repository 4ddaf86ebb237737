//! Attainment against a goal: one short bar with a mark at 100 %.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::super::markup::escape;
use super::percent;

/// How far a payee has come.
#[derive(Clone, Debug, Default)]
pub struct Gauge {
    /// What is measured, for screen readers: "Attainment of Ada Reyes".
    pub label: String,
    /// Attainment in percent; may be above 100 or negative.
    pub percent: Decimal,
    /// The same as people read it: `104.2%`.
    pub shown: String,
    /// What it is measured against: `104,200.00 of 100,000.00 EUR`; may be empty.
    pub note: String,
}

/// The scale ends here, so that 100 % stands at two thirds.
const END: i64 = 150;

impl Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = percent(self.percent, Decimal::from(END));
        let goal = percent(Decimal::ONE_HUNDRED, Decimal::from(END));
        let class = if self.percent >= Decimal::ONE_HUNDRED { "gauge reached" } else { "gauge" };
        write!(
            f,
            "<span class=\"{class}\"><svg role=\"img\" aria-label=\"{}: {}\" width=\"100%\" height=\"14\"><title>{}: {} {}</title>\
             <rect class=\"rail\" x=\"0\" y=\"4\" width=\"100%\" height=\"6\" rx=\"3\"/><rect class=\"bar\" x=\"0\" y=\"4\" width=\"{width}%\" height=\"6\" rx=\"3\"/>\
             <line class=\"goal\" x1=\"{goal}%\" x2=\"{goal}%\" y1=\"0\" y2=\"14\"/></svg><span class=\"gauge-text\">{}</span></span>",
            escape(&self.label),
            escape(&self.shown),
            escape(&self.label),
            escape(&self.shown),
            escape(&self.note),
            escape(&self.shown)
        )
    }
}

impl HtmlSafe for Gauge {}
