//! Parameters of the classic surface: identifier objects, truth values, exact amounts, dates without a zone
//! (`pos-loyalty.md` §1, §5.1).

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use meed_app::loyalty::Who;
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Minor, Rounding, Unit, to_minor};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::failure::{Answered, Failure};
use crate::api::wire::{LooseText, Number};

/// How calls name an account.
pub(super) const ACCOUNT: &str = "accounts_receivable_identifier";

/// An object with one key that names something; on a query, `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identifier {
    members: Vec<(String, String)>,
    token: Option<AccessToken>,
}

/// The ways in which an access token identifies a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AccessToken {
    authentication_code: Option<LooseText>,
    identifier: Option<LooseText>,
    pass_code: Option<LooseText>,
    one_time_password: Option<LooseText>,
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Identifier;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with one key, such as {\"number\": \"29\"}")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Identifier, E> {
                let (key, value) = text.split_once('=').ok_or_else(|| E::custom("this is written `key=value`"))?;
                if key == "access_token_identifier" {
                    let (key, value) = value.split_once('=').ok_or_else(|| E::custom("this is written `key=value`"))?;
                    let mut token = AccessToken::default();
                    let place = match key {
                        "authentication_code" => &mut token.authentication_code,
                        "one_time_password" => &mut token.one_time_password,
                        _ => return Err(E::custom("identifier and pass_code travel in a body only")),
                    };
                    *place = Some(LooseText(value.to_owned()));
                    return Ok(Identifier { members: Vec::new(), token: Some(token) });
                }
                Ok(Identifier { members: vec![(key.to_owned(), value.to_owned())], token: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Identifier, A::Error> {
                let mut found = Identifier { members: Vec::new(), token: None };
                while let Some(key) = map.next_key::<String>()? {
                    if found.members.iter().any(|(have, _)| *have == key) || (key == "access_token_identifier" && found.token.is_some()) {
                        return Err(A::Error::custom(format!("duplicate field `{key}`")));
                    }
                    if key == "access_token_identifier" {
                        found.token = map.next_value()?;
                    } else if found.members.len() > 8 {
                        map.next_value::<IgnoredAny>()?;
                    } else if let Some(LooseText(value)) = map.next_value::<Option<LooseText>>()? {
                        found.members.push((key, value));
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_any(Keys)
    }
}

impl Identifier {
    /// One that names something by a key.
    pub(super) fn of(key: &str, value: &str) -> Self {
        Self { members: vec![(key.to_owned(), value.to_owned())], token: None }
    }

    /// The one key and its value.
    pub(super) fn one(&self, field: &str, allowed: &[&str]) -> Answered<(&str, &str)> {
        if let Some((key, _)) = self.members.iter().find(|(key, _)| !allowed.contains(&key.as_str())) {
            let text = format!("this is identified by one of {}", allowed.join(", "));
            return Err(Failure::new("PARAMETER_UNKNOWN", text).at(format!("{field}.{key}")));
        }
        match (self.members.as_slice(), &self.token) {
            ([(key, value)], None) => Ok((key, value)),
            _ => Err(Failure::conflict(field, format!("exactly one of {} names it", allowed.join(", ")))),
        }
    }

    /// The customer whom it names.
    pub(super) fn who(&self, field: &str) -> Answered<Who> {
        if let (Some(token), []) = (&self.token, self.members.as_slice()) {
            return token.who(&format!("{field}.access_token_identifier"));
        }
        // An account has a name, too (`pos-loyalty.md` §5.1).
        let keys = ["id", "number", "access_token_identifier", "name"];
        let keys = if field == ACCOUNT { &keys[..] } else { &keys[..3] };
        match self.one(field, keys)? {
            ("id", id) => Ok(Who::Id(parse_id(id).ok_or_else(|| Failure::unknown(field, "participant"))?)),
            ("name", name) => Ok(Who::Name(name.to_owned())),
            (_, number) => Ok(Who::Number(number.to_owned())),
        }
    }
}

impl AccessToken {
    /// The customer whom it names.
    pub(super) fn who(&self, field: &str) -> Answered<Who> {
        let text = |value: &LooseText| value.0.clone();
        match (&self.authentication_code, &self.identifier, &self.pass_code, &self.one_time_password) {
            (Some(code), None, None, None) => Ok(Who::Code(text(code))),
            (None, Some(identifier), Some(pass_code), None) => {
                Ok(Who::PassCode { identifier: text(identifier), pass_code: text(pass_code) })
            }
            (None, Some(_), None, None) => Err(Failure::missing(&format!("{field}.pass_code"))),
            (None, None, None, Some(code)) => Ok(Who::OneTimeCode(text(code))),
            _ => {
                let text = "exactly one of authentication_code, identifier with pass_code, and one_time_password names the customer";
                Err(Failure::conflict(field, text))
            }
        }
    }
}

/// The one customer that a call names, as participant or as account.
pub(super) fn customer(participant: Option<&Identifier>, account: Option<&Identifier>) -> Answered<Who> {
    match (participant, account) {
        (Some(one), None) => one.who("rewards_participant_identifier"),
        (None, Some(one)) => one.who(ACCOUNT),
        _ => {
            let text = "exactly one of rewards_participant_identifier and accounts_receivable_identifier names the customer";
            Err(Failure::conflict("rewards_participant_identifier", text))
        }
    }
}

/// An id in 32 hexadecimal characters.
pub(super) fn parse_id(text: &str) -> Option<Id> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = u128::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
    u64::try_from(bits).ok().map(|bits| Id(bits.cast_signed()))
}

/// The event that a call names by number or id.
pub(super) fn event(identifier: Option<&Identifier>, field: &str, kind: Kind, what: &str) -> Answered<Id> {
    let identifier = identifier.ok_or_else(|| Failure::missing(field))?;
    let found = match identifier.one(field, &["number", "id"])? {
        ("id", id) => parse_id(id),
        (_, number) => Id::parse(&format!("{}_{}", kind.prefix(), number.to_lowercase()), kind).ok(),
    };
    found.ok_or_else(|| Failure::unknown(field, what))
}

/// Yes or no: `true`, `false`, `1` or `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truth(pub bool);

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Truth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, 1 or 0")
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Truth, E> {
                Ok(Truth(truth))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Truth, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Truth, E> {
                match text {
                    "true" | "1" => Ok(Truth(true)),
                    "false" | "0" => Ok(Truth(false)),
                    _ => Err(E::custom("this is true, false, 1 or 0")),
                }
            }
        }
        deserializer.deserialize_any(Words)
    }
}

/// A count such as `number_of_results`.
pub(super) fn count(number: Option<Number>, field: &str) -> Answered<Option<usize>> {
    let whole = |number: Number| {
        let found = (number.0.fract().is_zero()).then(|| usize::try_from(number.0.mantissa() / 10i128.pow(number.0.scale())).ok());
        found.flatten().ok_or_else(|| Failure::invalid(field, "this is a whole number that is not below 0"))
    };
    number.map(whole).transpose()
}

/// An amount in minor units. Nothing is rounded: more decimals than the currency has are refused.
pub(super) fn amount(number: Number, unit: Unit, field: &str) -> Answered<Minor> {
    let exact: Exact = number.0.normalize();
    if exact.scale() > unit.exponent() {
        let text = format!("{unit} has {} decimals, and this amount has {}", unit.exponent(), exact.scale());
        return Err(Failure::new("AMOUNT_TOO_MANY_DECIMALS", text).at(field));
    }
    to_minor(exact, unit, Rounding::Down).map_err(|_| Failure::new("AMOUNT_OVERFLOW", "the amount is too large").at(field))
}

/// A date without a zone, in the zone of a store.
pub(super) fn date(text: &str, zone: &TimeZone, field: &str) -> Answered<Timestamp> {
    let wrong = || Failure::invalid(field, "dates are written YYYY-MM-DDTHH:MM:SS, without a zone");
    let is_plain = text.len() == 19 && text.is_ascii() && text.as_bytes()[10] == b'T';
    let civil: DateTime = text.parse().ok().filter(|_| is_plain).ok_or_else(wrong)?;
    let outside = |_| Failure::invalid(field, "this date lies outside the calendar: dates end with the year 9999");
    civil.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).map_err(outside)
}

/// A date that may be left out.
pub(super) fn date_in(text: Option<&str>, zone: &TimeZone, field: &str) -> Answered<Option<Timestamp>> {
    text.map(|text| date(text, zone, field)).transpose()
}

/// A time in microseconds UTC as the clock of a zone shows it.
pub(super) fn local(us: i64, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_microsecond(us) else { return String::new() };
    zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(text: &str) -> Result<Who, String> {
        let identifier: Identifier = serde_json::from_str(text).map_err(|error| error.to_string())?;
        identifier.who("it").map_err(|failure| failure.code)
    }

    #[test]
    fn pos_008_none_or_two_of_a_group_are_refused() {
        assert_eq!(who(r#"{"number":"29"}"#), Ok(Who::Number("29".into())));
        assert_eq!(who(r#"{"number":29}"#), Ok(Who::Number("29".into())));
        assert_eq!(who(r#"{"id":"0000000000000000000000000000001F"}"#), Ok(Who::Id(Id(31))));
        assert_eq!(who(r#"{"access_token_identifier":{"authentication_code":"A"}}"#), Ok(Who::Code("A".into())));
        for wrong in ["{}", r#"{"id":"A","number":"B"}"#, r#"{"number":"1","access_token_identifier":{"authentication_code":"A"}}"#] {
            assert_eq!(who(wrong), Err("SEMI_OPTIONAL_CONFLICT".into()), "{wrong}");
        }
        for wrong in [r#"{"access_token_identifier":{}}"#, r#"{"access_token_identifier":{"identifier":"A","one_time_password":1}}"#] {
            assert_eq!(who(wrong), Err("SEMI_OPTIONAL_CONFLICT".into()), "{wrong}");
        }
        assert_eq!(who(r#"{"access_token_identifier":{"identifier":"A"}}"#), Err("MANDATORY_PARAMETER_MISSING".into()));
        assert_eq!(who(r#"{"nmuber":"29"}"#), Err("PARAMETER_UNKNOWN".into()));
        assert!(who(r#"{"number":"1","number":"2"}"#).is_err_and(|text| text.contains("duplicate field")));
    }

    #[test]
    fn pos_012_a_query_names_the_same_as_a_body() {
        let query: Identifier = serde_json::from_str(r#""number=CI000111""#).expect("an identifier");
        let body: Identifier = serde_json::from_str(r#"{"number":"CI000111"}"#).expect("an identifier");
        assert_eq!(query, body);
    }

    #[test]
    fn amounts_are_exact_and_dates_have_one_form() {
        let unit: Unit = "USD".parse().expect("a currency");
        let read = |text: &str| amount(Number(text.parse().expect("a decimal")), unit, "it").map_err(|failure| failure.code);
        assert_eq!(read("12.50"), Ok(1250));
        assert_eq!(read("12.5000"), Ok(1250));
        assert_eq!(read("12.505"), Err("AMOUNT_TOO_MANY_DECIMALS".into()));
        assert_eq!(read("99999999999999999999"), Err("AMOUNT_OVERFLOW".into()));
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let at = date("2026-04-10T08:00:00", &zone, "it").expect("a date");
        assert_eq!((at.to_string().as_str(), local(at.as_microsecond(), &zone).as_str()), ("2026-04-10T12:00:00Z", "2026-04-10T08:00:00"));
        for wrong in ["2026-04-10", "2026-04-10T08:00:00Z", "2026-04-10 08:00:00", "2026-02-30T08:00:00", "", "2026-04-10T08:00:00.0"] {
            assert!(date(wrong, &zone, "it").is_err(), "{wrong}");
        }
    }
}
