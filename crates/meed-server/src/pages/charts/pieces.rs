//! Where one sale fell in the tiers: the bands of the rule, what came before and the part this sale filled.

use std::fmt::{self, Display};

use askama::filters::HtmlSafe;
use rust_decimal::Decimal;

use super::super::markup::escape;
use super::percent;

/// One tier of the bar.
#[derive(Clone, Debug, Default)]
pub struct TierBand {
    /// Lower bound, included.
    pub from: Decimal,
    /// Upper bound, excluded; `None` is the last tier.
    pub to: Option<Decimal>,
    /// Rate as people read it.
    pub rate_shown: String,
    /// Lower bound as people read it.
    pub from_shown: String,
}

/// The bar of one credit. Draws nothing without bands. Its numbers stand in the explanation beside it.
#[derive(Clone, Debug, Default)]
pub struct TierPieces {
    /// What is shown, with the numbers: "82,000 to 94,400: 18,000 … at 5%".
    pub title: String,
    /// Tiers in ascending order.
    pub bands: Vec<TierBand>,
    /// Amount measured before this sale; 0 where each sale stands alone.
    pub before: Decimal,
    /// Amount measured with this sale.
    pub after: Decimal,
}

impl TierPieces {
    fn end(&self) -> Decimal {
        let last = self.bands.iter().flat_map(|band| [Some(band.from), band.to]).flatten().max().unwrap_or_default();
        let reached = self.after.max(self.before);
        if reached > last { reached.saturating_mul(Decimal::new(108, 2)) } else { last.saturating_mul(Decimal::new(125, 2)) }
            .max(Decimal::ONE)
    }
}

impl Display for TierPieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bands.is_empty() {
            return Ok(());
        }
        let end = self.end();
        write!(
            f,
            "<svg class=\"pieces\" role=\"img\" aria-label=\"{}\" width=\"100%\" height=\"52\"><title>{}</title>",
            escape(&self.title),
            escape(&self.title)
        )?;
        let mut last_label = Decimal::ZERO;
        for (index, band) in self.bands.iter().enumerate() {
            let x = percent(band.from, end);
            let width = percent(band.to.unwrap_or(end).min(end), end).saturating_sub(x).max(Decimal::ZERO);
            let shade = index.min(5);
            write!(f, "<rect class=\"band s{shade}\" x=\"{x}%\" y=\"18\" width=\"{width}%\" height=\"14\"/>")?;
            if width >= Decimal::from(7) {
                let middle = x.saturating_add(width.checked_div(Decimal::TWO).unwrap_or_default()).round_dp(3);
                write!(f, "<text class=\"rate\" x=\"{middle}%\" y=\"12\" text-anchor=\"middle\">{}</text>", escape(&band.rate_shown))?;
            }
            if index > 0 && x.saturating_sub(last_label) >= Decimal::from(14) {
                last_label = x;
                write!(f, "<text class=\"label\" x=\"{x}%\" y=\"47\" text-anchor=\"middle\">{}</text>", escape(&band.from_shown))?;
            }
        }
        let (low, high) = (self.before.min(self.after).max(Decimal::ZERO), self.before.max(self.after));
        let start = percent(low, end);
        let width = percent(high, end).saturating_sub(start).max(Decimal::new(4, 1));
        let class = if self.after < self.before { "fill back" } else { "fill" };
        write!(
            f,
            "<rect class=\"past\" x=\"0\" y=\"23\" width=\"{start}%\" height=\"4\"/><rect class=\"{class}\" x=\"{start}%\" y=\"16\" width=\"{width}%\" height=\"18\" rx=\"2\"/></svg>"
        )
    }
}

impl HtmlSafe for TierPieces {}
