//! Money: 64-bit integers of a unit's minor unit, exact decimals for rates and credits, and the one place that rounds.

mod allocate;
mod exact;
mod exchange;
mod iso4217;
mod unit;

pub use allocate::allocate;
pub use exact::{Exact, Overflow, Rounding, add, div, mul, sub, to_minor};
pub use exchange::{Conversion, RateRefused, Rates, check_rate};
pub use unit::{Unit, UnknownUnit};

/// An amount in a unit's minor unit (cents of USD, yen of JPY, points).
pub type Minor = i64;

/// An amount with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    /// Minor units.
    pub minor: Minor,
    /// The unit that `minor` counts.
    pub unit: Unit,
}

impl Amount {
    /// The amount as a decimal in major units: 1470 USD minor is 14.70.
    #[must_use]
    pub fn major(self) -> Exact {
        Exact::new(self.minor, self.unit.exponent())
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.major(), self.unit)
    }
}
