//! Recording sales: create, update, ignore (`commissions.md` §1.4).

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::restore_sales::is_taken_back;
use super::{Class, Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, SaleOriginal, SaleRow, State};
use crate::id::Id;
use crate::sale::{Sale, SalePatch, pack, unpack};

/// Bytes of a sale's unique id at most: it stands in an index.
pub const UNIQUE_ID_BYTES_MAX: usize = 500;

/// What is said about a sale.
#[derive(Clone, Debug)]
pub enum SaleContent {
    /// Everything: a row of a file replaces the record.
    Full(Box<Sale>),
    /// Some fields: a JSON body merges.
    Patch(Box<SalePatch>),
}

/// A sale to record.
#[derive(Clone, Debug)]
pub struct SaleInput {
    /// The source's own id; without one a checksum stands in.
    pub unique_id: Option<String>,
    /// What is said.
    pub content: SaleContent,
    /// Original columns.
    pub original: Option<SaleOriginal>,
    /// Line in the imported file.
    pub line: Option<i64>,
}

/// What happened to a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleChange {
    /// A new record.
    Created,
    /// The record was replaced or merged; the former version is kept.
    Updated,
    /// It says what is stored already.
    Unchanged,
    /// No unique id, and a row of equal checksum is known.
    Ignored,
}

impl SaleChange {
    /// The word for people and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Ignored => "ignored",
        }
    }
}

/// The outcome for one sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaleOutcome {
    /// It is recorded.
    Recorded {
        /// The record.
        id: Id,
        /// Its version now.
        version: i32,
        /// What happened.
        change: SaleChange,
    },
    /// It was refused; the others are not affected.
    Refused(Refused),
}

/// The progress of an import, written in the commit of the rows it tells about.
#[derive(Clone)]
pub struct Progress {
    /// The import's record.
    pub record: Id,
    /// The version that this runner has seen: another runner makes it stale, and the chunk is refused whole.
    pub expected_version: i32,
    /// Key of the record for rows that were refused.
    pub rejects_key: String,
    /// Writes the import's document, and the refused rows if there are any, from the outcomes.
    pub write: Arc<WriteProgress>,
}

/// From the outcomes of a chunk to the import's document, and to that of the refused rows if there are any.
pub type WriteProgress = dyn Fn(&[SaleOutcome]) -> (String, Option<String>) + Send + Sync;

/// Records sales of one source.
#[derive(Clone)]
pub struct RecordSales {
    /// The source.
    pub source: Id,
    /// The sales. At most 1,000 in a call.
    pub sales: Vec<SaleInput>,
    /// The import they come with.
    pub import: Option<Id>,
    /// The import's progress.
    pub progress: Option<Progress>,
    /// Whether each sale leaves an event in the outbox. Imports leave one event at their end instead.
    pub events: bool,
    identities: Vec<String>,
}

impl RecordSales {
    /// Prepares the command.
    #[must_use]
    pub fn new(source: Id, sales: Vec<SaleInput>) -> Self {
        let identities = sales.iter().map(identity_of).collect();
        Self { source, sales, import: None, progress: None, events: false, identities }
    }
}

/// The identity of a sale within its source: its unique id, or a checksum over its facts.
#[must_use]
pub fn identity_of(input: &SaleInput) -> String {
    if let Some(unique_id) = &input.unique_id {
        return format!("u:{unique_id}");
    }
    let facts = match &input.content {
        SaleContent::Full(sale) => pack(sale),
        SaleContent::Patch(patch) => {
            let mut sale = Sale::default();
            patch.apply(&mut sale);
            pack(&sale)
        }
    };
    let hash: [u8; 32] = Sha256::digest(&facts).into();
    let mut out = String::with_capacity(34);
    out.push_str("c:");
    for byte in &hash[..16] {
        use std::fmt::Write;
        let _ = write!(out, "{byte:02x}");
    }
    out
}

impl Command for RecordSales {
    fn action(&self) -> &'static str {
        if self.import.is_some() { "sales.imported" } else { "sales.recorded" }
    }

    fn needs(&self, needs: &mut Needs) {
        for identity in &self.identities {
            needs.sales.insert((self.source, identity.clone()));
        }
        if let Some(progress) = &self.progress {
            needs.records.insert((RecordKind::Import, progress.record));
            needs.record_keys.insert((RecordKind::ImportReject, progress.rejects_key.clone()));
        }
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(progress) = &self.progress {
            PutRecords::along(vec![progress.put(String::new())]).check(state)?;
        }
        let mut outcomes = Vec::with_capacity(self.sales.len());
        for (input, identity) in self.sales.iter().zip(&self.identities) {
            outcomes.push(decide_one(self.source, self.import, self.events, input, identity, state));
        }
        if let Some(progress) = &self.progress {
            let (document, rejects) = (progress.write)(&outcomes);
            let mut puts = vec![progress.put(document)];
            puts.extend(rejects.map(|body| PutRecord::upsert(RecordKind::ImportReject, progress.rejects_key.clone(), body)));
            PutRecords::along(puts).decide(state)?;
        }
        Ok(Reply::Sales(outcomes))
    }
}

impl Progress {
    fn put(&self, body: String) -> PutRecord {
        PutRecord { expected_version: Some(self.expected_version), ..PutRecord::change(RecordKind::Import, self.record, body) }
    }
}

fn decide_one(source: Id, import: Option<Id>, events: bool, input: &SaleInput, identity: &str, state: &mut State) -> SaleOutcome {
    if input.unique_id.as_ref().is_some_and(|id| id.len() > UNIQUE_ID_BYTES_MAX) {
        let text = format!("a unique id has up to {UNIQUE_ID_BYTES_MAX} bytes");
        return SaleOutcome::Refused(Refused::new(Class::Invalid, "unique_id_too_long", text).at("unique_id"));
    }
    let present = state.sale(source, identity);
    if let Some(present) = present
        && input.unique_id.is_none()
        && !is_taken_back(&present.facts)
    {
        return SaleOutcome::Recorded { id: present.id, version: present.version, change: SaleChange::Ignored };
    }
    // What is left of a sale that was taken back is nothing to merge with.
    let sale = match merged(&input.content, present.filter(|row| !is_taken_back(&row.facts))) {
        Ok(sale) => sale,
        Err(refused) => return SaleOutcome::Refused(refused),
    };
    let Ok(at_ns) = i64::try_from(sale.at.as_nanosecond()) else {
        let text = "the date lies outside the years 1678 to 2262";
        return SaleOutcome::Refused(Refused::new(Class::Invalid, "date_out_of_range", text).at("date"));
    };
    let facts = pack(&sale);
    let day = state.day_of(sale.at);
    if let Some(present) = present
        && present.facts == facts
    {
        return SaleOutcome::Recorded { id: present.id, version: present.version, change: SaleChange::Unchanged };
    }
    let recorded_us = state.recorded_us();
    let (row, change) = if let Some(present) = present {
        let (id, version, created_us) = (present.id, present.version.saturating_add(1), present.created_us);
        let (identity, line) = (identity.to_owned(), input.line);
        let row = SaleRow { id, source, identity, day, at_ns, version, recorded_us, created_us, import, line, salt: 0, facts };
        (row, SaleChange::Updated)
    } else {
        let row = SaleRow {
            id: state.next_id(),
            source,
            identity: identity.to_owned(),
            day,
            at_ns,
            version: 1,
            recorded_us,
            created_us: recorded_us,
            import,
            line: input.line,
            salt: 0,
            facts,
        };
        (row, SaleChange::Created)
    };
    let (id, version) = (row.id, row.version);
    match change {
        SaleChange::Created => state.add_sale(row),
        _ => state.change_sale(row),
    }
    if let Some(original) = &input.original {
        state.effects.originals.push((id, original.clone()));
    }
    if events {
        let topic = if change == SaleChange::Created { "sale.created" } else { "sale.updated" };
        state.emit(topic, id.text(crate::id::Kind::Sale), format!("{{\"version\":{version}}}"));
    }
    SaleOutcome::Recorded { id, version, change }
}

fn merged(content: &SaleContent, present: Option<&SaleRow>) -> Result<Sale, Refused> {
    match content {
        SaleContent::Full(sale) => Ok((**sale).clone()),
        SaleContent::Patch(patch) => {
            let mut sale = match present {
                Some(row) => unpack(&row.facts).map_err(|e| Refused::new(Class::Conflict, "sale_damaged", e.to_string()))?,
                None if patch.has_time() => Sale::default(),
                None => return Err(Refused::new(Class::Unreadable, "date_missing", "a new sale needs a date").at("date")),
            };
            patch.apply(&mut sale);
            Ok(sale)
        }
    }
}
