//! What the classic surface answers: a tree of values in a fixed order, from which `fields_set` picks (`pos-loyalty.md` §1, §3).

use meed_core::id::{Id, Kind};
use meed_core::money::{Amount, Exact, Minor, Unit};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::api::wire::JsonNumber;

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    /// Absent.
    Null,
    /// Yes or no.
    Truth(bool),
    /// A text.
    Text(String),
    /// A number, written digit by digit.
    Number(Exact),
    /// A set.
    List(Vec<Out>),
    /// Names and values in order.
    Object(Vec<(&'static str, Out)>),
}

/// The fields of an answer that the caller asked for.
pub(super) enum Wanted<'a> {
    /// All.
    All,
    /// Those named in `fields_set`.
    Only(Vec<&'a str>),
}

impl<'a> Wanted<'a> {
    /// Reads `fields_set`: names with commas between; none are all.
    pub(super) fn of(fields_set: Option<&'a str>) -> Self {
        let names: Vec<&str> = fields_set.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.is_empty() { Self::All } else { Self::Only(names) }
    }

    /// Whether a field is wanted.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(&name),
        }
    }
}

impl Serialize for Out {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => JsonNumber(*number).serialize(serializer),
            Self::List(list) => {
                let mut seq = serializer.serialize_seq(Some(list.len()))?;
                list.iter().try_for_each(|entry| seq.serialize_element(entry))?;
                seq.end()
            }
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
                map.end()
            }
        }
    }
}

impl From<&str> for Out {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Out {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Out {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Out {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<i64> for Out {
    fn from(number: i64) -> Self {
        Self::Number(Exact::from(number))
    }
}

impl From<Exact> for Out {
    fn from(number: Exact) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Out>> From<Option<T>> for Out {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Out>> From<Vec<T>> for Out {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

/// An object from names and values.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::crmapi::out::Out::Object(vec![$(($name, $crate::crmapi::out::Out::from($value))),*])
    };
    // Has every name, and the values of those that are wanted: the others are not computed.
    ($wanted:expr; $($name:literal: $value:expr),* $(,)?) => {
        $crate::crmapi::out::Out::Object(vec![$((
            $name,
            if $wanted.has($name) { $crate::crmapi::out::Out::from($value) } else { $crate::crmapi::out::Out::Null },
        )),*])
    };
}
pub(super) use object;

/// An amount in major units.
pub(super) fn money(minor: Minor, unit: Unit) -> Out {
    Out::Number(Amount { minor, unit }.major())
}

/// An id in 32 upper-case hexadecimal characters.
pub(super) fn hex(id: Id) -> String {
    format!("{:032X}", id.0)
}

/// The number by which people call an event.
pub(super) fn number(id: Id, kind: Kind) -> String {
    let text = id.text(kind);
    text.split_once('_').map_or(text.as_str(), |(_, digits)| digits).to_uppercase()
}

impl Out {
    /// Adds fields.
    pub(super) fn with(mut self, more: Vec<(&'static str, Self)>) -> Self {
        if let Self::Object(fields) = &mut self {
            fields.extend(more);
        }
        self
    }

    /// Keeps the named fields, of every entry of a set; answers the names that nothing has. Nothing is said about the names
    /// of an empty set.
    pub(super) fn pick(&mut self, names: &[&str]) -> Vec<String> {
        let unknown = |known: &dyn Fn(&str) -> bool| names.iter().filter(|name| !known(name)).map(|name| (*name).to_owned()).collect();
        match self {
            Self::Object(fields) => {
                let missing = unknown(&|name| fields.iter().any(|(have, _)| *have == name));
                fields.retain(|(name, _)| names.contains(name));
                missing
            }
            Self::List(entries) => {
                let picked: Vec<Vec<String>> = entries.iter_mut().map(|entry| entry.pick(names)).collect();
                picked.into_iter().next().unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pos_009_fields_set_keeps_exactly_the_named_fields() {
        let mut one = object! {"id": "A", "number": "B", "name": Option::<String>::None};
        assert_eq!(one.pick(&["id", "number", "colour"]), ["colour"]);
        assert_eq!(one, object! {"id": "A", "number": "B"});
        let mut set = Out::List(vec![object! {"id": "A", "x": 1}, object! {"id": "B", "x": 2}]);
        assert!(set.pick(&["id"]).is_empty());
        assert_eq!(serde_json::to_string(&set).expect("JSON"), r#"[{"id":"A"},{"id":"B"}]"#);
    }

    #[test]
    fn amounts_are_written_digit_by_digit() {
        let unit = "USD".parse().expect("a currency");
        let text = serde_json::to_string(&object! {"a": money(1_000_000_000_000_001, unit), "b": money(1, unit)}).expect("JSON");
        assert_eq!(text, r#"{"a":10000000000000.01,"b":0.01}"#);
    }
}
