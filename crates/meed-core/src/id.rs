//! Ids: 64-bit, ordered by time, made by the application. Outside they appear as prefixed text (`sale_…`).

use std::fmt;
use std::str::FromStr;

/// A 64-bit id. The upper bits hold milliseconds, so ids sort by the time they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(pub i64);

/// Bits of an [`Id`] below its milliseconds: about a million ids per millisecond and workspace.
const COUNTER_BITS: u32 = 20;

impl Id {
    /// The first id of this one's millisecond.
    #[must_use]
    pub const fn first_of_millisecond(self) -> Self {
        Self(self.0 >> COUNTER_BITS << COUNTER_BITS)
    }

    /// When it was made, microseconds UTC, to the millisecond.
    #[must_use]
    pub const fn made_us(self) -> i64 {
        (self.0 >> COUNTER_BITS).saturating_mul(1_000)
    }

    /// The first id that may be given out at `now_us` (microseconds UTC) when `last` was the last one.
    #[must_use]
    pub fn next(now_us: i64, last: Self) -> Self {
        let floor = (now_us / 1_000) << COUNTER_BITS;
        Self(floor.max(last.0 + 1))
    }

    /// The text form with the prefix of its kind, for example `sale_0c9k2m4q8w1rv`.
    #[must_use]
    pub fn text(self, kind: Kind) -> String {
        let mut out = String::with_capacity(kind.prefix().len() + 14);
        out.push_str(kind.prefix());
        out.push('_');
        let bits = self.0.cast_unsigned();
        for i in (0..13).rev() {
            let digit = (bits >> (i * 5)) & 31;
            out.push(char::from(ALPHABET[usize::try_from(digit).unwrap_or_default()]));
        }
        out
    }

    /// Reads the text form and insists on the prefix of `kind`.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, ParseIdError> {
        let digits = text.strip_prefix(kind.prefix()).and_then(|rest| rest.strip_prefix('_')).ok_or(ParseIdError { kind })?;
        if digits.len() != 13 {
            return Err(ParseIdError { kind });
        }
        let mut bits: u64 = 0;
        for byte in digits.bytes() {
            let value = ALPHABET.iter().position(|a| *a == byte).ok_or(ParseIdError { kind })?;
            bits = (bits << 5) | u64::try_from(value).unwrap_or_default();
        }
        Ok(Self(bits.cast_signed()))
    }
}

/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The kinds of things that have an id, with the prefix each shows outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Workspace,
    Source,
    Sale,
    Rep,
    Team,
    Program,
    ProgramVersion,
    Calculation,
    Credit,
    Reward,
    Release,
    Payout,
    Import,
    Mapping,
    Account,
    Transfer,
    Key,
    User,
    Event,
    Statement,
    Alert,
    Participant,
    Purchase,
    Spend,
    Hold,
    Unit,
    Lot,
    Scheme,
    Terminal,
    Merchant,
    Product,
    PromoCode,
    Means,
    Enquiry,
    Announcement,
    Projection,
    Adjustment,
}

impl Kind {
    /// The prefix of the text form.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Workspace => "ws",
            Self::Source => "src",
            Self::Sale => "sale",
            Self::Rep => "rep",
            Self::Team => "team",
            Self::Program => "prog",
            Self::ProgramVersion => "pver",
            Self::Calculation => "calc",
            Self::Credit => "crd",
            Self::Reward => "rwd",
            Self::Release => "rel",
            Self::Payout => "pay",
            Self::Import => "imp",
            Self::Mapping => "map",
            Self::Account => "acc",
            Self::Transfer => "tr",
            Self::Key => "key",
            Self::User => "usr",
            Self::Event => "evt",
            Self::Statement => "stm",
            Self::Alert => "alr",
            Self::Participant => "par",
            Self::Purchase => "pur",
            Self::Spend => "spd",
            Self::Hold => "hld",
            Self::Unit => "unit",
            Self::Lot => "lot",
            Self::Scheme => "sch",
            Self::Terminal => "tap",
            Self::Merchant => "mer",
            Self::Product => "prd",
            Self::PromoCode => "pro",
            Self::Means => "mns",
            Self::Enquiry => "enq",
            Self::Announcement => "ann",
            Self::Projection => "proj",
            Self::Adjustment => "adj",
        }
    }
}

/// The text is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {} id: expected `{}_` and 13 characters", .kind.prefix(), .kind.prefix())]
pub struct ParseIdError {
    /// The kind that was wanted.
    pub kind: Kind,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_keeps_order() {
        let mut last = String::new();
        for raw in [0, 1, 31, 32, 1 << 20, i64::MAX] {
            let text = Id(raw).text(Kind::Sale);
            assert_eq!(Id::parse(&text, Kind::Sale), Ok(Id(raw)));
            assert!(text > last, "{text} sorts after {last}");
            last = text;
        }
        assert!(Id::parse("rep_0000000000001", Kind::Sale).is_err());
        assert!(Id::parse("sale_000000000000!", Kind::Sale).is_err());
    }

    #[test]
    fn ids_never_go_back_when_the_clock_does() {
        let a = Id::next(2_000_000, Id(0));
        let b = Id::next(1_000_000, a);
        assert!(b > a);
    }
}
