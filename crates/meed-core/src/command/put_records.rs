//! Writing configuration and other small documents.

use super::{Class, Command, Needs, Refused, Reply, State};
use crate::id::Id;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $journaled:literal;)*) => {
        /// Kinds of record with their stored code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RecordKind { $($(#[$doc])* $name,)* }

        impl RecordKind {
            /// Stored code.
            #[must_use]
            pub const fn code(self) -> i64 { match self { $(Self::$name => $code,)* } }
            /// The kind with this code.
            #[must_use]
            pub const fn from_code(code: i64) -> Option<Self> { match code { $($code => Some(Self::$name),)* _ => None } }
            /// Whether every version is kept for ever.
            #[must_use]
            pub const fn is_journaled(self) -> bool { match self { $(Self::$name => $journaled,)* } }
            /// The word for people.
            #[must_use]
            pub const fn word(self) -> &'static str { match self { $(Self::$name => stringify!($name),)* } }
        }
    };
}

kinds! {
    /// A workspace, in the control workspace.
    Workspace = 1, true;
    /// An API key (its keyed hash is the natural key), in the control workspace.
    ApiKey = 2, true;
    /// A person who signs in, in the control workspace.
    User = 3, false;
    /// A signed-in browser, in the control workspace.
    Session = 4, false;
    /// A link that signs in once, in the control workspace.
    SignInLink = 5, false;
    /// A till's token that was given back before its end, in the control workspace.
    ReleasedToken = 7, false;
    /// When an API key was last used (its id is the natural key), in the control workspace.
    KeyUse = 6, false;
    /// Settings of a workspace.
    Settings = 9, true;
    /// A rep.
    Rep = 10, true;
    /// A team.
    Team = 11, true;
    /// A program: its name and current version.
    Program = 12, true;
    /// A version of a program document, immutable.
    ProgramVersion = 13, true;
    /// A source of sales.
    Source = 14, true;
    /// A remembered mapping.
    Mapping = 15, true;
    /// The header of a file: names of original columns.
    Layout = 16, true;
    /// An import and its progress.
    Import = 17, false;
    /// Rejected rows of an import.
    ImportReject = 18, false;
    /// A calculation.
    Calculation = 19, false;
    /// A release.
    Release = 20, true;
    /// A payout.
    Payout = 21, true;
    /// An alert.
    Alert = 22, false;
    /// How an import's file is read.
    Reading = 23, false;
    /// The payees of a calculation with their attainment.
    CalculationPayees = 24, false;
    /// What a person decided about a payee's period.
    Adjustment = 60, true;
    /// The rates of exchange from one currency to another, by day; the two codes are the natural key.
    ExchangeRates = 61, true;
    /// A mapping that a caller prepared, by its batch id.
    ImportBatch = 25, true;
    /// A participant; its number is the natural key. It names a person, so no former version is kept (`ledger.md` §12).
    Participant = 40, false;
    /// A means of identification; its folded code is the natural key. It names a person, too.
    Means = 41, false;
    /// A reward scheme.
    Scheme = 42, true;
    /// An offer: its name, its current version and whether it is effective.
    Offer = 43, true;
    /// A version of an offer's document, immutable.
    OfferVersion = 44, true;
    /// A store.
    SalesUnit = 45, true;
    /// A terminal.
    Terminal = 46, true;
    /// A rewards participating merchant.
    Merchant = 47, true;
    /// A product; its code is the natural key.
    Product = 48, true;
    /// A promo code; the folded code is the natural key.
    PromoCode = 49, true;
    /// Settings of the tills.
    TillSettings = 50, true;
    /// A one-time code.
    OneTimeCode = 51, false;
    /// How far purchases were brought over as sales.
    SalesFeed = 53, false;
    /// What a till without a connection did and a person has to look at.
    Review = 52, false;
    /// How far purchases were evaluated for offers of batch evaluation.
    EvaluationRun = 55, false;
    /// That payees see the credits of a program's period, before its rewards are released.
    CreditRelease = 30, true;
    /// The approval of one payee's statement.
    Approval = 31, true;
    /// A question of a payee, with its thread.
    Enquiry = 32, true;
    /// Something told to payees, by tag and for a while.
    Announcement = 33, true;
    /// What payees see and how periods are released. No part of what is calculated with.
    Preferences = 34, true;
    /// A projection of a period with the key of its random draw.
    Projection = 35, true;
    /// A role of a party with the others that are the same person: one per role, `kind:id` is the natural key. It tells who a
    /// participant is, so no former version is kept (`ledger.md` §12).
    PartyRole = 54, false;
}

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its kind.
    pub kind: RecordKind,
    /// Stable id.
    pub id: Id,
    /// Natural key, unique within kind and workspace; the id as text where there is none.
    pub key: String,
    /// Counts changes, from 1.
    pub version: i32,
    /// Deleted records stay, without their key.
    pub deleted: bool,
    /// The document, JSON.
    pub body: String,
    /// Recorded time of this version.
    pub recorded_us: i64,
}

/// A change to one record.
#[derive(Clone, Debug)]
pub struct PutRecord {
    /// Its kind.
    pub kind: RecordKind,
    /// The record to change; `None` makes a new one.
    pub id: Option<Id>,
    /// Natural key; `None` keeps the present one.
    pub key: Option<String>,
    /// The document.
    pub body: String,
    /// Removes the record.
    pub delete: bool,
    /// Refuse unless this is the present version.
    pub expected_version: Option<i32>,
    /// An existing record with this key is changed instead of refused.
    pub upsert_by_key: bool,
}

impl PutRecord {
    /// A new record.
    #[must_use]
    pub fn new(kind: RecordKind, key: Option<String>, body: String) -> Self {
        Self { kind, id: None, key, body, delete: false, expected_version: None, upsert_by_key: false }
    }

    /// A change to an existing record.
    #[must_use]
    pub fn change(kind: RecordKind, id: Id, body: String) -> Self {
        Self { kind, id: Some(id), key: None, body, delete: false, expected_version: None, upsert_by_key: false }
    }

    /// A new record, or a change to the one with this key.
    #[must_use]
    pub fn upsert(kind: RecordKind, key: String, body: String) -> Self {
        Self { kind, id: None, key: Some(key), body, delete: false, expected_version: None, upsert_by_key: true }
    }

    /// Removes a record and what it says.
    #[must_use]
    pub fn forget(kind: RecordKind, id: Id) -> Self {
        Self { body: "{}".to_owned(), ..Self::delete(kind, id) }
    }

    /// Removes a record.
    #[must_use]
    pub fn delete(kind: RecordKind, id: Id) -> Self {
        Self { kind, id: Some(id), key: None, body: String::new(), delete: true, expected_version: None, upsert_by_key: false }
    }
}

/// Writes several records: all or none.
#[derive(Clone, Debug)]
pub struct PutRecords {
    /// What the audit line says.
    pub action: &'static str,
    /// The changes, each record at most once.
    pub puts: Vec<PutRecord>,
    /// Topic of the event to emit, if any.
    pub event: Option<&'static str>,
}

impl PutRecords {
    /// One change.
    #[must_use]
    pub fn one(action: &'static str, put: PutRecord) -> Self {
        Self { action, puts: vec![put], event: None }
    }

    /// Records that another command writes along.
    pub(super) fn along(puts: Vec<PutRecord>) -> Self {
        Self { action: "", puts, event: None }
    }

    /// The refusal that deciding would give, if any.
    pub(crate) fn check(&self, state: &State) -> Result<(), Refused> {
        self.puts.iter().try_for_each(|put| check(put, state))?;
        // Two records that take one key in one command would both pass: neither is stored yet.
        let mut keys = std::collections::HashSet::new();
        for (put, key) in self.puts.iter().filter_map(|put| put.key.as_ref().map(|key| (put, key))) {
            let joins = put.upsert_by_key && put.id.is_none();
            if !keys.insert((put.kind, key)) && !joins {
                return Err(key_taken(put.kind, key));
            }
        }
        Ok(())
    }
}

impl Command for PutRecords {
    fn action(&self) -> &'static str {
        self.action
    }

    fn needs(&self, needs: &mut Needs) {
        for put in &self.puts {
            if let Some(id) = put.id {
                needs.records.insert((put.kind, id));
            }
            if let Some(key) = &put.key {
                needs.record_keys.insert((put.kind, key.clone()));
            }
        }
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        self.check(state)?;
        if self.puts.is_empty() && !self.action.is_empty() {
            // A line in the log about something that is kept elsewhere.
            state.mark();
        }
        let mut done = Vec::with_capacity(self.puts.len());
        for put in &self.puts {
            let by_key =
                put.key.as_ref().filter(|_| put.upsert_by_key && put.id.is_none()).and_then(|key| state.record_by_key(put.kind, key));
            let present = put.id.and_then(|id| state.record(put.kind, id)).or(by_key).cloned();
            if let Some(present) = &present
                && !put.delete
                && present.body == put.body
                && put.key.as_ref().is_none_or(|key| *key == present.key)
            {
                done.push((present.id, present.version));
                continue;
            }
            let id = present.as_ref().map_or_else(|| state.next_id(), |p| p.id);
            let key = match (&put.key, &present) {
                _ if put.delete => format!("deleted:{id}"),
                (Some(key), _) => key.clone(),
                (None, Some(present)) => present.key.clone(),
                (None, None) => id.to_string(),
            };
            let version = present.as_ref().map_or(1, |p| p.version.saturating_add(1));
            let keeps_body = put.delete && put.body.is_empty();
            let body = if keeps_body { present.map(|p| p.body).unwrap_or_default() } else { put.body.clone() };
            let recorded_us = state.recorded_us();
            state.put_record(Record { kind: put.kind, id, key, version, deleted: put.delete, body, recorded_us });
            if let Some(topic) = self.event {
                state.emit(topic, id.to_string(), "{}".to_owned());
            }
            done.push((id, version));
        }
        Ok(Reply::Records(done))
    }
}

fn check(put: &PutRecord, state: &State) -> Result<(), Refused> {
    let present = match put.id {
        Some(id) => Some(state.record(put.kind, id).ok_or_else(|| {
            Refused::new(Class::NotFound, "record_not_found", format!("there is no such {}", put.kind.word().to_lowercase()))
        })?),
        None => None,
    };
    if let (Some(expected), Some(present)) = (put.expected_version, present)
        && expected != present.version
    {
        let text = format!("it was changed meanwhile: version {} is not the current one, {} is", expected, present.version);
        return Err(Refused::new(Class::Conflict, "version_conflict", text));
    }
    if let Some(key) = &put.key
        && let Some(taken) = state.record_by_key(put.kind, key)
        && Some(taken.id) != put.id
        && !(put.upsert_by_key && put.id.is_none())
    {
        return Err(key_taken(put.kind, key));
    }
    Ok(())
}

fn key_taken(kind: RecordKind, key: &str) -> Refused {
    Refused::new(Class::Conflict, "key_taken", format!("another {} already goes by `{key}`", kind.word().to_lowercase()))
}
