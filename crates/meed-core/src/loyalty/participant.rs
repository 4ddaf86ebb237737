//! Participants: contacts in a reward scheme, with a wallet. Their document is a record's body.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Damaged;
use super::limits::{Limit, LimitKind, LimitPeriod};
use crate::id::Id;
use crate::money::Minor;

/// A participant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participant {
    /// The number that people see, unique in the workspace.
    pub number: String,
    /// Name, as shown at the till.
    pub name: String,
    /// Given name.
    pub first_name: String,
    /// Family name, or the company's.
    pub last_name: String,
    /// Whether it is a company.
    pub is_company: bool,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// City.
    pub city: Option<String>,
    /// ISO country code.
    pub country: Option<String>,
    /// Gender, as the source names it.
    pub gender: Option<String>,
    /// Date of birth; its year may be unknown (then 1).
    pub born: Option<Date>,
    /// Name day as (month, day).
    pub name_day: Option<(i8, i8)>,
    /// Segments that conditions read.
    pub tags: Vec<String>,
    /// The unit that signed them up.
    pub sign_up_unit: Option<Id>,
    /// When, in microseconds UTC.
    pub sign_up_us: i64,
    /// Schemes they joined, besides those that everyone is in.
    pub schemes: Vec<Membership>,
    /// Limits of their own wallet, on top of the general ones.
    pub limits: Vec<Limit>,
    /// Tiers that were set by hand, in the order of their beginnings; at most one holds at a time.
    pub tiers: Vec<TierByHand>,
    /// Terms of spending by itself.
    pub auto_spend: AutoSpend,
    /// Payment media bound to the account; empty: any may be used.
    pub payment_media: Vec<String>,
    /// Whether spends are blocked. Awards go on.
    pub is_blocked: bool,
    /// Why and when they left.
    pub terminated: Option<Termination>,
}

/// A tier that somebody set by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierByHand {
    /// Its code.
    pub tier: String,
    /// Since when, microseconds UTC.
    pub from_us: i64,
    /// Until when; `None`: until it is taken back.
    pub until_us: Option<i64>,
    /// Whether it holds whatever is earned, instead of being the least.
    pub is_fixed: bool,
    /// Why.
    pub reason: String,
    /// Who set it, as the audit log names them.
    pub set_by: String,
}

/// A scheme that a participant joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The scheme.
    pub scheme: Id,
    /// Since when, microseconds UTC.
    pub since_us: i64,
    /// Until when, if they left it.
    pub until_us: Option<i64>,
    /// The unit at which they joined.
    pub unit: Option<Id>,
}

/// The seven gates' part that the participant sets (`pos-loyalty.md` §10).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoSpend {
    /// Gate 1.
    pub is_enabled: bool,
    /// Gate 5, minor units of the workspace's currency.
    pub minimum_balance: Minor,
    /// Gate 6.
    pub minimum_spend: Minor,
    /// The most that is spent by itself.
    pub maximum_spend: Option<Minor>,
    /// Gate 3; empty: all merchants.
    pub merchants: Vec<Id>,
    /// When it was last set, microseconds UTC.
    pub updated_us: i64,
}

/// The end of a participation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Termination {
    /// When, microseconds UTC.
    pub at_us: i64,
    /// Why.
    pub reason: String,
}

impl Participant {
    /// Reads a record's body.
    pub fn read(body: &str) -> Result<Self, Damaged> {
        serde_json::from_str::<Stored>(body).map(Self::from).map_err(|_| Damaged)
    }

    /// Whether a stored body may be of somebody whose wallet is spent without a word of theirs. It is asked for every purchase,
    /// so the body is not read for it.
    #[must_use]
    pub fn may_spend_by_itself(body: &str) -> bool {
        body.contains(r#""auto_spend":{"enabled":true"#)
    }

    /// Writes a record's body.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string(&Stored::from(self.clone())).expect("text and numbers always become JSON")
    }

    /// Whether they are in a scheme that has to be joined, at a business time.
    #[must_use]
    pub fn is_in(&self, scheme: Id, at_us: i64) -> bool {
        self.schemes.iter().any(|m| m.scheme == scheme && m.until_us.is_none_or(|until| super::offer::until(at_us) < until))
    }

    /// The tier by hand that holds at a business time.
    #[must_use]
    pub fn tier_by_hand(&self, at_us: i64) -> Option<&TierByHand> {
        let latest = super::offer::until(at_us);
        self.tiers.iter().rev().find(|set| set.from_us <= latest).filter(|set| set.until_us.is_none_or(|until| at_us < until))
    }

    /// Whether `day` is their day of that month, the 29th of February counting as the 28th in other years.
    #[must_use]
    pub fn falls_on(annual: (i8, i8), day: Date) -> bool {
        annual == (day.month(), day.day()) || annual == (2, 29) && !day.in_leap_year() && (day.month(), day.day()) == (2, 28)
    }
}

/// Kind, period, unit, number, amount.
type StoredLimit = (i16, i16, String, Option<i64>, Option<i64>);

/// Code, from, until, fixed, reason, by whom.
type StoredTier = (String, i64, Option<i64>, bool, String, String);

/// The form in JSON. Short, because it is read with every purchase.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Stored {
    number: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    first_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    company: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    born: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_day: Option<(i8, i8)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_up_unit: Option<i64>,
    sign_up_us: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schemes: Vec<(i64, i64, Option<i64>, Option<i64>)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<StoredLimit>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tiers: Vec<StoredTier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_spend: Option<StoredAutoSpend>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payment_media: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blocked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminated: Option<(i64, String)>,
}

#[derive(Serialize, Deserialize)]
struct StoredAutoSpend {
    /// Stays first, for [`Participant::may_spend_by_itself`].
    enabled: bool,
    minimum_balance: i64,
    minimum_spend: i64,
    maximum_spend: Option<i64>,
    merchants: Vec<i64>,
    updated_us: i64,
}

fn limit((kind, per, unit, number, amount): (i16, i16, String, Option<i64>, Option<i64>)) -> Option<Limit> {
    let (kind, per) = (LimitKind::from_code(kind)?, LimitPeriod::from_code(per)?);
    Some(Limit { kind, per, unit: unit.parse().ok()?, number, amount })
}

fn tier_by_hand((tier, from_us, until_us, is_fixed, reason, set_by): StoredTier) -> TierByHand {
    TierByHand { tier, from_us, until_us, is_fixed, reason, set_by }
}

impl From<Stored> for Participant {
    fn from(stored: Stored) -> Self {
        let auto_spend = stored.auto_spend.map(|auto| AutoSpend {
            is_enabled: auto.enabled,
            minimum_balance: auto.minimum_balance,
            minimum_spend: auto.minimum_spend,
            maximum_spend: auto.maximum_spend,
            merchants: auto.merchants.into_iter().map(Id).collect(),
            updated_us: auto.updated_us,
        });
        let member = |(scheme, since_us, until_us, unit): (i64, i64, Option<i64>, Option<i64>)| Membership {
            scheme: Id(scheme),
            since_us,
            until_us,
            unit: unit.map(Id),
        };
        Self {
            number: stored.number,
            name: stored.name,
            first_name: stored.first_name,
            last_name: stored.last_name,
            is_company: stored.company,
            email: stored.email,
            phone: stored.phone,
            city: stored.city,
            country: stored.country,
            gender: stored.gender,
            born: stored.born.and_then(|born| born.parse().ok()),
            name_day: stored.name_day,
            tags: stored.tags,
            sign_up_unit: stored.sign_up_unit.map(Id),
            sign_up_us: stored.sign_up_us,
            schemes: stored.schemes.into_iter().map(member).collect(),
            limits: stored.limits.into_iter().filter_map(limit).collect(),
            tiers: stored.tiers.into_iter().map(tier_by_hand).collect(),
            auto_spend: auto_spend.unwrap_or_default(),
            payment_media: stored.payment_media,
            is_blocked: stored.blocked,
            terminated: stored.terminated.map(|(at_us, reason)| Termination { at_us, reason }),
        }
    }
}

impl From<Participant> for Stored {
    fn from(participant: Participant) -> Self {
        let auto = participant.auto_spend;
        let auto_spend = (auto != AutoSpend::default()).then(|| StoredAutoSpend {
            enabled: auto.is_enabled,
            minimum_balance: auto.minimum_balance,
            minimum_spend: auto.minimum_spend,
            maximum_spend: auto.maximum_spend,
            merchants: auto.merchants.iter().map(|id| id.0).collect(),
            updated_us: auto.updated_us,
        });
        Self {
            number: participant.number,
            name: participant.name,
            first_name: participant.first_name,
            last_name: participant.last_name,
            company: participant.is_company,
            email: participant.email,
            phone: participant.phone,
            city: participant.city,
            country: participant.country,
            gender: participant.gender,
            born: participant.born.map(|born| born.to_string()),
            name_day: participant.name_day,
            tags: participant.tags,
            sign_up_unit: participant.sign_up_unit.map(|id| id.0),
            sign_up_us: participant.sign_up_us,
            schemes: participant.schemes.iter().map(|m| (m.scheme.0, m.since_us, m.until_us, m.unit.map(|id| id.0))).collect(),
            limits: participant
                .limits
                .iter()
                .map(|l| (l.kind.code(), l.per.code(), l.unit.code().to_owned(), l.number, l.amount))
                .collect(),
            tiers: participant
                .tiers
                .into_iter()
                .map(|set| (set.tier, set.from_us, set.until_us, set.is_fixed, set.reason, set.set_by))
                .collect(),
            auto_spend,
            payment_media: participant.payment_media,
            blocked: participant.is_blocked,
            terminated: participant.terminated.map(|end| (end.at_us, end.reason)),
        }
    }
}
