//! Units: ISO 4217 currencies and points.

use std::fmt;
use std::str::FromStr;

use super::iso4217;

/// What an amount counts: an ISO 4217 currency, or whole points.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit([u8; 3]);

impl Unit {
    /// Loyalty points. `XTS` is reserved by ISO 4217 for tests and names no money, so `PTS` cannot collide.
    pub const POINTS: Self = Self(*b"PTS");

    /// Decimal places of the minor unit: 2 for USD, 0 for JPY and points, 3 for KWD.
    #[must_use]
    pub fn exponent(self) -> u32 {
        if self == Self::POINTS { 0 } else { iso4217::exponent(self.0) }
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

/// The text names no known unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 4217 currency code")]
pub struct UnknownUnit(pub String);

impl FromStr for Unit {
    type Err = UnknownUnit;

    /// Reads a code in any case, as exports write `usd`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownUnit(text.chars().take(20).collect());
        let mut bytes: [u8; 3] = text.trim().as_bytes().try_into().map_err(|_| unknown())?;
        bytes.make_ascii_uppercase();
        let unit = Self(bytes);
        if unit == Self::POINTS || iso4217::is_known(bytes) { Ok(unit) } else { Err(unknown()) }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
