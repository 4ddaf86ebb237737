//! Values and static types of conditions and formulas.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::money::Exact;

/// A value at run time. Text borrows from the sale wherever it can.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A field that the sale or the rep does not have.
    Null,
    /// True or false.
    Truth(bool),
    /// An exact decimal.
    Number(Exact),
    /// Text.
    Text(Cow<'a, str>),
    /// A civil day.
    Day(Date),
    /// An instant.
    Instant(Timestamp),
    /// A list.
    List(Vec<Value<'a>>),
}

impl Value<'_> {
    /// The name of the type, as messages say it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "missing",
            Self::Truth(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Day(_) => "a date",
            Self::Instant(_) => "an instant",
            Self::List(_) => "a list",
        }
    }

    /// The value without borrowing.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Truth(truth) => Value::Truth(truth),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Day(day) => Value::Day(day),
            Self::Instant(at) => Value::Instant(at),
            Self::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
        }
    }
}

impl fmt::Display for Value<'_> {
    /// As reasons show it: text in single quotes, missing values by that word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("missing"),
            Self::Truth(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Instant(at) => write!(f, "{at}"),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

/// What is known of a value before it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Truth,
    Number,
    Text,
    Day,
    Instant,
    List,
    Null,
}

impl Type {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Truth => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Day => "a date",
            Self::Instant => "an instant",
            Self::List => "a list",
            Self::Null => "null",
        }
    }
}
