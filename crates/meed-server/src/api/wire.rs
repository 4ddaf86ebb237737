//! Values as they travel: exact numbers, fields that may be absent, money, times, ids.

use std::fmt;

use jiff::Timestamp;
use meed_core::money::{Exact, Unit};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Money: minor units beside their currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneyOut {
    /// Minor units of the currency: cents of USD, yen of JPY.
    #[schema(example = 1470)]
    pub amount: i64,
    /// ISO 4217 code.
    #[schema(example = "USD")]
    pub currency: String,
}

impl MoneyOut {
    /// An amount of a unit.
    pub(crate) fn new(amount: i64, unit: Unit) -> Self {
        Self { amount, currency: unit.code().to_owned() }
    }

    /// An amount of a stored currency code.
    pub(crate) fn of(amount: i64, currency: &str) -> Self {
        Self { amount, currency: currency.to_owned() }
    }
}

/// A time in microseconds UTC as RFC 3339.
pub(crate) fn time(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| String::new(), |at| at.to_string())
}

/// A day number as ISO date.
pub(crate) fn day(day: i64) -> String {
    meed_core::command::date_of(day).map_or_else(String::new, |date| date.to_string())
}

/// An exact decimal. It travels as a JSON number or as a text, and is never a float in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub Exact);

impl Number {
    /// Reads a decimal with up to 28 digits; an exponent is allowed.
    pub(crate) fn read(text: &str) -> Option<Exact> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0i32),
            Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
        };
        let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        let is_plain = digits.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !is_plain || text.len() > 64 || digits.ends_with('.') {
            return None;
        }
        shift(Exact::from_str_exact(mantissa).ok()?, exponent)
    }
}

/// `value` × 10^`exponent` without loss.
fn shift(value: Exact, exponent: i32) -> Option<Exact> {
    if exponent == 0 || value.is_zero() {
        return Some(value);
    }
    let value = value.normalize();
    let scale = i64::from(value.scale()) - i64::from(exponent);
    if let Ok(scale) = u32::try_from(scale) {
        return Exact::try_from_i128_with_scale(value.mantissa(), scale).ok();
    }
    let factor = 10i128.checked_pow(u32::try_from(-scale).ok()?)?;
    Exact::try_from_i128_with_scale(value.mantissa().checked_mul(factor)?, 0).ok()
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
        let shown = || text.chars().take(40).collect::<String>();
        match Self::read(text) {
            Some(exact) => Ok(Self(exact)),
            None if text.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'-') && text.len() > 20 => {
                Err(D::Error::custom(format!("number_too_long: `{}` has more than the 28 digits that are kept exactly", shown())))
            }
            None => Err(D::Error::custom(format!("number_unreadable: `{}` is not a number such as 1250.00", shown()))),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An exact decimal as a JSON number, written digit by digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonNumber(pub Exact);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// A field of a body that changes only what it names: absent, null, or a value (`commissions.md` §1.4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) enum Field<T> {
    /// Not named: the present value stays.
    #[default]
    Absent,
    /// Named as null: cleared.
    Null,
    /// Given.
    Given(T),
}

impl<T> Field<T> {
    /// Whether it is not named.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The change: nothing, clear, or the value.
    #[allow(clippy::option_option, reason = "absent and null are two things")]
    pub(crate) fn change(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Given(value) => Some(Some(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::Given))
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Given(value) => value.serialize(serializer),
        }
    }
}

/// A text that other systems send as text, number or truth value: ids often come as numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LooseText(pub String);

impl<'de> Deserialize<'de> for LooseText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = LooseText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<LooseText, E> {
                Ok(LooseText(text.to_owned()))
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<LooseText, E> {
                Ok(LooseText(text))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<LooseText, E> {
                Ok(LooseText(number.to_string()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<LooseText, E> {
                Ok(LooseText(number.to_string()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn com_008_numbers_are_read_exactly() {
        for (text, wanted) in [
            ("0", Some("0")),
            ("-127.44", Some("-127.44")),
            ("1250.00", Some("1250.00")),
            ("1e3", Some("1000")),
            ("1.5E-3", Some("0.0015")),
            ("12345678901234567890.12345678", Some("12345678901234567890.12345678")),
            ("123456789012345678901234567890", None),
            ("1e40", None),
            ("1e-40", None),
            ("1e999999999999", None),
            ("0e999", Some("0")),
            ("12,50", None),
            ("", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            ("1_000", None),
            ("NaN", None),
            ("0x10", None),
        ] {
            assert_eq!(Number::read(text).map(|n| n.to_string()).as_deref(), wanted, "{text}");
        }
        let parsed: Vec<Number> = serde_json::from_str(r#"[0.1, "0.1", -5]"#).expect("numbers");
        assert_eq!(parsed.iter().map(|n| n.0.to_string()).collect::<Vec<_>>(), ["0.1", "0.1", "-5"]);
        for wrong in ["[true]", "[{}]", "[null]", "[[1]]", r#"["a"]"#] {
            assert!(serde_json::from_str::<Vec<Number>>(wrong).is_err(), "{wrong}");
        }
    }
}
