//! The fields of a sale by name and by stored place.

/// Numeric facts of a sale, in major units as they came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NumberField {
    Revenue,
    Profit,
    Quantity,
    UnitCost,
    Tax,
    /// `other_numeric1` to `other_numeric3`, counted from 0.
    Other(u8),
}

impl NumberField {
    /// Whether it is an amount in the sale's currency. What the further numbers count is the source's affair.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(self, Self::Revenue | Self::Profit | Self::UnitCost | Self::Tax)
    }
}

/// Text facts of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TextField {
    Status,
    CustomerName,
    CustomerEmail,
    CustomerCode,
    ProductCode,
    ProductName,
    /// `owner1` to `owner3`, counted from 0.
    Owner(u8),
    /// `team1` to `team3`, counted from 0.
    Team(u8),
    Territory,
    Coupon,
    /// `other_text1` to `other_text3`, counted from 0.
    Other(u8),
    /// `other_date1` to `other_date3`, counted from 0; ISO 8601 text.
    OtherDate(u8),
}

impl NumberField {
    /// Place in the stored order; beyond the last one for a place that does not exist.
    pub(super) const fn place(self) -> usize {
        match self {
            Self::Revenue => 0,
            Self::Profit => 1,
            Self::Quantity => 2,
            Self::UnitCost => 3,
            Self::Tax => 4,
            Self::Other(index) => 5 + index as usize,
        }
    }
}

impl TextField {
    /// Place in the stored order; beyond the last one for a place that does not exist.
    pub(super) const fn place(self) -> usize {
        match self {
            Self::Status => 0,
            Self::CustomerName => 1,
            Self::CustomerEmail => 2,
            Self::CustomerCode => 3,
            Self::ProductCode => 4,
            Self::ProductName => 5,
            Self::Owner(index) => triple(6, index),
            Self::Team(index) => triple(9, index),
            Self::Territory => 12,
            Self::Coupon => 13,
            Self::Other(index) => triple(14, index),
            Self::OtherDate(index) => triple(17, index),
        }
    }
}

/// Three places from `start`; a fourth does not exist.
const fn triple(start: usize, index: u8) -> usize {
    if index < 3 { start + index as usize } else { usize::MAX }
}
