//! What a rule pays one rep: rates and tiers with all figures looked up.

use super::bound::BoundProgram;
use super::explanation::{Piece, PieceKind, RateShown};
use super::kept::{add, keep, mul, mul_div, sub};
use super::reason::AlertCode;
use crate::money::{Exact, Overflow};
use crate::program::{Accumulate, BandPay, Bound, Figure, Mode, Pay, Rate, Refunds, Rule, TierBy, TierUnit, Tiers};

/// A figure that a rule needs and the rep does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PayProblem {
    pub(super) code: AlertCode,
    /// The variable or figure.
    pub(super) subject: String,
}

/// A rate with its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FixedRate {
    /// Times the factor.
    Factor { factor: Exact, percent: bool },
    /// Times pay, divided by quota.
    Ratio { pay: Exact, quota: Exact },
}

impl FixedRate {
    pub(super) fn of(self, basis: Exact) -> Result<Exact, Overflow> {
        match self {
            Self::Factor { factor, .. } => mul(basis, factor),
            Self::Ratio { pay, quota } => mul_div(basis, pay, quota),
        }
    }

    pub(super) fn shown(self) -> RateShown {
        match self {
            Self::Factor { factor, percent: true } => RateShown::Percent(keep(factor * Exact::ONE_HUNDRED).normalize()),
            Self::Factor { factor, percent: false } => RateShown::Each(factor),
            Self::Ratio { pay, quota } => RateShown::Derived { pay, quota },
        }
    }
}

/// What one band pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FixedBandPay {
    Rate(FixedRate),
    Amount(Exact),
}

/// A band with bounds in units of the basis.
#[derive(Clone, Debug)]
pub(super) struct FixedBand {
    pub(super) from: Exact,
    pub(super) to: Option<Exact>,
    pub(super) pays: FixedBandPay,
    /// What the full bands below pay together; marginal and interpolated.
    below: Exact,
    pub(super) label: Option<String>,
}

/// To what tiers are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Transaction,
    Group,
    Accumulated,
}

/// Tiers with all figures looked up.
#[derive(Clone, Debug)]
pub(super) struct FixedTiers {
    pub(super) over: Over,
    pub(super) mode: Mode,
    bound: Bound,
    pub(super) mirror: bool,
    /// The value by which the tier is looked up, where it is one for the whole period.
    pub(super) looked_up: Option<Exact>,
    /// Whether each sale has a value of its own by which it is looked up.
    pub(super) by_sale: bool,
    pub(super) bands: Vec<FixedBand>,
}

/// What a component pays a rep.
#[derive(Clone, Debug)]
pub(super) enum FixedPay {
    Rate(FixedRate),
    Amount(Exact),
    Tiers(FixedTiers),
}

/// Limits of a rule for a rep.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub(super) cap: Option<Exact>,
    pub(super) floor: Option<Exact>,
    pub(super) cap_per_sale: Option<Exact>,
}

/// Looks up every figure of a pay for a rep or team, under one version of the program.
pub(super) struct Lookup<'a, 'b> {
    pub(super) bound: &'b BoundProgram<'a>,
    pub(super) who: u32,
    /// The rep below, for an override; otherwise the same.
    pub(super) credited: u32,
    pub(super) version: usize,
    /// The attainment of the period in percent, for tiers that are looked up by it.
    pub(super) reached: Option<Exact>,
}

impl FixedRate {
    fn times(self, factor: Exact) -> Result<Self, Overflow> {
        Ok(match self {
            Self::Factor { factor: own, percent } => Self::Factor { factor: mul(own, factor)?, percent },
            Self::Ratio { pay, quota } => Self::Ratio { pay: mul(pay, factor)?, quota },
        })
    }
}

impl Lookup<'_, '_> {
    pub(super) fn figure(&self, figure: &Figure) -> Result<Exact, PayProblem> {
        self.bound.figure(figure, self.who, self.credited, self.version).ok_or_else(|| {
            let subject = match figure {
                Figure::Variable(name) => name.clone(),
                Figure::VariableOf(whose, name) => format!("{name} ({})", whose.name()),
                Figure::Literal(value) => value.to_string(),
            };
            PayProblem { code: AlertCode::VariableMissing, subject }
        })
    }

    pub(super) fn limits(&self, rule: &Rule) -> Result<Limits, PayProblem> {
        let limit = |figure: &Option<Figure>| figure.as_ref().map(|figure| self.figure(figure)).transpose();
        Ok(Limits { cap: limit(&rule.cap)?, floor: limit(&rule.floor)?, cap_per_sale: limit(&rule.cap_per_sale)? })
    }

    pub(super) fn pay(&self, pay: &Pay) -> Result<FixedPay, PayProblem> {
        Ok(match pay {
            Pay::Rate(rate) => FixedPay::Rate(self.rate(rate)?),
            Pay::Amount(figure) => FixedPay::Amount(self.figure(figure)?),
            Pay::Tiers(tiers) => FixedPay::Tiers(self.tiers(tiers)?),
        })
    }

    fn rate(&self, rate: &Rate) -> Result<FixedRate, PayProblem> {
        Ok(match rate {
            Rate::Percent(figure) => {
                let percent = self.figure(figure)?;
                let factor = percent.checked_div(Exact::ONE_HUNDRED).ok_or_else(|| overflow(&percent))?;
                FixedRate::Factor { factor: factor.normalize(), percent: true }
            }
            Rate::Times { rate, factor } => self.rate(rate)?.times(*factor).map_err(|_| overflow(factor))?,
            Rate::Each(figure) => FixedRate::Factor { factor: self.figure(figure)?, percent: false },
            Rate::Derived { pay, quota } => {
                let (pay, amount) = (self.figure(pay)?, self.figure(quota)?);
                if amount <= Exact::ZERO {
                    return Err(PayProblem { code: AlertCode::QuotaMissing, subject: "quota".into() });
                }
                FixedRate::Ratio { pay, quota: amount }
            }
        })
    }

    fn tiers(&self, tiers: &Tiers) -> Result<FixedTiers, PayProblem> {
        let scale = match tiers.unit {
            TierUnit::Basis => None,
            TierUnit::PercentOfQuota => Some(
                self.bound.versions[self.version].quota[self.who as usize]
                    .ok_or_else(|| PayProblem { code: AlertCode::QuotaMissing, subject: "quota".into() })?,
            ),
        };
        let bound_of = |value: Exact| match scale {
            None => Ok(value),
            Some(quota) => mul_div(value, quota, Exact::ONE_HUNDRED).map_err(|_| overflow(&value)),
        };
        let mut bands = Vec::with_capacity(tiers.bands.len());
        let mut below = Exact::ZERO;
        for band in &tiers.bands {
            let pays = match &band.pays {
                BandPay::Rate(rate) => FixedBandPay::Rate(self.rate(rate)?),
                BandPay::Amount(figure) => FixedBandPay::Amount(self.figure(figure)?),
            };
            let from = bound_of(band.from)?;
            let to = band.to.map(bound_of).transpose()?;
            let fixed = FixedBand { from, to, pays, below, label: band.label.clone() };
            if let Some(to) = to
                && tiers.mode != Mode::Whole
            {
                below = add(below, fixed.earned(to).map_err(|_| overflow(&to))?).map_err(|_| overflow(&to))?;
            }
            bands.push(fixed);
        }
        let over = match tiers.accumulate {
            Accumulate::Transaction => Over::Transaction,
            Accumulate::Group(_) => Over::Group,
            Accumulate::Accumulated => Over::Accumulated,
        };
        let mirror = tiers.refunds == Refunds::Mirror;
        let looked_up = match tiers.by {
            TierBy::Attainment => Some(self.reached.ok_or_else(|| PayProblem { code: AlertCode::QuotaMissing, subject: "quota".into() })?),
            TierBy::Basis | TierBy::Sale(_) => None,
        };
        let by_sale = matches!(tiers.by, TierBy::Sale(_));
        Ok(FixedTiers { over, mode: tiers.mode, bound: tiers.bound, mirror, looked_up, by_sale, bands })
    }
}

fn overflow(value: &Exact) -> PayProblem {
    PayProblem { code: AlertCode::AmountOverflow, subject: value.to_string() }
}

impl FixedBand {
    /// What the band alone earns when the measured value stands at `value`: marginal and interpolated.
    fn earned(&self, value: Exact) -> Result<Exact, Overflow> {
        let capped = self.to.map_or(value, |to| value.min(to));
        let covered = sub(capped, self.from)?;
        match (self.pays, self.to) {
            (FixedBandPay::Rate(rate), _) => rate.of(covered),
            (FixedBandPay::Amount(amount), Some(to)) => mul_div(amount, covered, sub(to, self.from)?),
            (FixedBandPay::Amount(amount), None) => Ok(amount),
        }
    }

    pub(super) fn shown(&self) -> RateShown {
        match self.pays {
            FixedBandPay::Rate(rate) => rate.shown(),
            FixedBandPay::Amount(amount) => RateShown::Amount(amount),
        }
    }
}

impl FixedTiers {
    /// The band that a value belongs to. Below zero it is the first (behaviour 40), above the last bound the last.
    pub(super) fn band_of(&self, value: Exact) -> usize {
        let below = |band: &FixedBand| match (band.to, self.bound) {
            (None, _) => true,
            (Some(to), Bound::Lower) => value < to,
            (Some(to), Bound::Upper) => value <= to,
        };
        self.bands.iter().position(below).unwrap_or(self.bands.len().saturating_sub(1))
    }

    /// The whole that a value earns.
    pub(super) fn total(&self, value: Exact) -> Result<Exact, Overflow> {
        let band = &self.bands[self.band_of(value)];
        match self.mode {
            Mode::Marginal | Mode::Interpolated => add(band.below, band.earned(value)?),
            Mode::Whole => match band.pays {
                FixedBandPay::Rate(rate) => rate.of(value),
                FixedBandPay::Amount(amount) => Ok(amount),
            },
        }
    }

    /// The pieces between two values, band by band: they sum to `total(after)` less what was `earned` at `before`.
    pub(super) fn pieces(&self, before: Exact, after: Exact, earned: Exact) -> Result<Vec<Piece>, Overflow> {
        if self.mode == Mode::Whole {
            return self.whole_pieces(before, after, earned);
        }
        let mut pieces = Vec::new();
        for (index, band) in self.bands.iter().enumerate() {
            // The first band reaches down without end, so that negative totals have a place.
            let lowest = |value: Exact| if index == 0 { value } else { value.max(band.from) };
            let clamp = |value: Exact| band.to.map_or(lowest(value), |to| lowest(value).min(to.max(band.from)));
            let (low, high) = (clamp(before), clamp(after));
            if low == high {
                continue;
            }
            let amount = sub(band.earned(high)?, band.earned(low)?)?;
            pieces.push(Piece::band(index, band, sub(high, low)?, amount));
        }
        if let Some(top) = self.bands.last().and_then(|band| band.to) {
            let beyond = sub(after.max(top), before.max(top))?;
            if !beyond.is_zero() {
                pieces.push(Piece {
                    kind: PieceKind::AboveTiers,
                    basis: beyond,
                    rate: RateShown::Amount(Exact::ZERO),
                    amount: Exact::ZERO,
                    tier: None,
                    tier_label: None,
                });
            }
        }
        Ok(pieces)
    }

    /// Whole-amount: the sale at the rate reached, then what earlier sales gain or lose by the new rate.
    fn whole_pieces(&self, before: Exact, after: Exact, earned: Exact) -> Result<Vec<Piece>, Overflow> {
        let reached = self.band_of(after);
        let band = &self.bands[reached];
        let change = sub(self.total(after)?, earned)?;
        let step = sub(after, before)?;
        let own = match band.pays {
            FixedBandPay::Rate(rate) => rate.of(step)?,
            FixedBandPay::Amount(_) => change,
        };
        let mut pieces = vec![Piece::band(reached, band, step, own)];
        let rest = sub(change, own)?;
        if !rest.is_zero() {
            pieces.push(Piece {
                kind: PieceKind::Retroactive,
                basis: before,
                rate: band.shown(),
                amount: rest,
                tier: Some(reached),
                tier_label: band.label.clone(),
            });
        }
        Ok(pieces)
    }
}
