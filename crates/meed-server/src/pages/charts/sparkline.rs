//! A small line without axes, beside a headline number.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::super::markup::escape;
use super::{length, percent};

/// A course of values. Draws nothing with fewer than two points.
#[derive(Clone, Debug, Default)]
pub struct Sparkline {
    /// What the course is of, with its first and last value.
    pub title: String,
    /// Values from oldest to newest.
    pub points: Vec<Decimal>,
}

const HEIGHT: i64 = 28;

impl Display for Sparkline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(high), Some(low)) = (self.points.iter().max(), self.points.iter().min()) else { return Ok(()) };
        if self.points.len() < 2 {
            return Ok(());
        }
        let range = high.saturating_sub(*low).max(Decimal::new(1, 9));
        write!(
            f,
            "<svg class=\"sparkline\" role=\"img\" viewBox=\"0 0 100 {}\" preserveAspectRatio=\"none\" aria-label=\"{}\"><title>{}</title><polyline points=\"",
            HEIGHT + 4,
            escape(&self.title),
            escape(&self.title)
        )?;
        for (index, point) in self.points.iter().enumerate() {
            let x = percent(Decimal::from(index), Decimal::from(self.points.len() - 1));
            let y = Decimal::from(2).saturating_add(length(high.saturating_sub(*point), range, HEIGHT));
            write!(f, "{x},{y} ")?;
        }
        f.write_str("\"/></svg>")
    }
}

impl HtmlSafe for Sparkline {}
