//! Values of the read surface, their kinds, and how they compare.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use meed_core::money::Exact;

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Whole,
    Truth,
    Moment,
    Day,
}

impl Kind {
    /// The name in `$metadata`.
    pub(super) const fn edm(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Number => "Edm.Decimal",
            Self::Whole => "Edm.Int64",
            Self::Truth => "Edm.Boolean",
            Self::Moment => "Edm.DateTimeOffset",
            Self::Day => "Edm.Date",
        }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Text(String),
    Number(Exact),
    Truth(bool),
    Moment(Timestamp),
    Day(Date),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn optional(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub(super) fn exact(value: Option<Exact>) -> Self {
        value.map_or(Self::Null, Self::Number)
    }

    /// A number from its text; null where it is none.
    pub(super) fn number(text: &str) -> Self {
        text.parse().map_or(Self::Null, Self::Number)
    }

    pub(super) fn count(value: u64) -> Self {
        Self::Number(Exact::from(value))
    }

    pub(super) fn moment(us: i64) -> Self {
        Timestamp::from_microsecond(us).map_or(Self::Null, Self::Moment)
    }

    pub(super) fn day(text: Option<&str>) -> Self {
        text.and_then(|text| text.parse().ok()).map_or(Self::Null, Self::Day)
    }

    /// How two values follow each other; `None` where they cannot be compared. A day beside a moment is its start in UTC.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        let start = |day: &Date| day.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()).ok();
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            (Self::Truth(a), Self::Truth(b)) => Some(a.cmp(b)),
            (Self::Moment(a), Self::Moment(b)) => Some(a.cmp(b)),
            (Self::Day(a), Self::Day(b)) => Some(a.cmp(b)),
            (Self::Moment(a), Self::Day(b)) => Some(a.cmp(&start(b)?)),
            (Self::Day(a), Self::Moment(b)) => Some(start(a)?.cmp(b)),
            _ => None,
        }
    }

    /// The order of `$orderby`: nothing stands first.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            _ => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }

    /// The value as JSON, numbers digit by digit.
    pub(super) fn json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Text(text) => out.push_str(&serde_json::to_string(text).unwrap_or_default()),
            Self::Number(value) => out.push_str(&value.to_string()),
            Self::Truth(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Moment(at) => out.push_str(&format!("\"{at}\"")),
            Self::Day(day) => out.push_str(&format!("\"{day}\"")),
        }
    }
}
