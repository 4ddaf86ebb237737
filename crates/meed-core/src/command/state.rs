//! The state on which a batch decides: what was loaded, and what its commands did to it since.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::digest::{CommandDigest, Parts};
use super::effects::is_configuration;
use super::restore_sales::is_taken_back;
use super::{Actor, Command, Effects, EventRow, Identity, Record, RecordKind, Refused, Reply, RewardRow, SaleRow};
use crate::audit::{self, Hash};
use crate::id::Id;
use crate::ledger::{Book, NewTransfer, Refusal, Stamp, Wallets};
use crate::loyalty::{EventKind, TillEvent, Tills};
use crate::money::Unit;

/// The workspace row: what the batch locks, and the heads it moves on.
#[derive(Clone, Debug)]
pub struct Head {
    /// The workspace (one side of a tenant).
    pub workspace: Id,
    /// Counts changes of configuration; cached programs and people carry it.
    pub config_version: i64,
    /// The last id given out.
    pub last_id: Id,
    /// The last recorded time.
    pub last_recorded_us: i64,
    /// Number of the last audit line.
    pub audit_number: i64,
    /// Hash of the last audit line.
    pub audit_hash: Hash,
    /// The zone that decides days and periods.
    pub zone: TimeZone,
    /// The workspace's currency.
    pub unit: Unit,
    /// Sales that count: stored, and not taken back.
    pub sale_count: i64,
}

/// 1 for a sale that counts, 0 for what is left of one that was taken back.
fn counted(facts: &[u8]) -> i64 {
    i64::from(!is_taken_back(facts))
}

/// An audit line with who and what.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AuditLine {
    pub line: audit::AuditLine,
    pub actor: String,
    pub action: &'static str,
    pub subject: String,
}

/// The command that is being decided.
struct Current {
    command: Id,
    recorded_us: i64,
    parts: Parts,
    has_effect: bool,
    transfers_before: usize,
    lots_before: usize,
    moves_before: usize,
}

/// Where the present row of a sale is kept: once, so that no facts are copied.
enum SaleAt {
    Loaded(SaleRow),
    /// Index into the effects' new sales.
    New(usize),
    /// Index into the effects' changed sales.
    Changed(usize),
}

/// Where a reward that this batch touched is kept in the effects.
#[derive(Clone, Copy)]
enum RewardAt {
    New(usize),
    Changed(usize),
}

/// Loaded rows, the book, and the effects so far.
pub struct State {
    /// The workspace row as this batch moves it on.
    pub head: Head,
    /// Accounts and transfers.
    pub book: Book,
    /// What will be written.
    pub effects: Effects,
    /// Purchases, cells and the rest of the tills.
    pub tills: Tills,
    now_us: i64,
    seed: [u8; 32],
    salts: u64,
    /// By source, then identity: a look-up copies neither.
    sales: HashMap<Id, HashMap<String, SaleAt>>,
    records: BTreeMap<(RecordKind, Id), Record>,
    record_keys: HashMap<(RecordKind, String), Id>,
    dirty_records: BTreeMap<(RecordKind, Id), usize>,
    rewards: BTreeMap<Id, RewardRow>,
    touched_rewards: HashMap<Id, RewardAt>,
    current: Option<Current>,
}

impl State {
    /// A state for one batch. `now_us` is the clock, read once; `seed` feeds the salts.
    #[must_use]
    pub fn new(head: Head, now_us: i64, seed: [u8; 32]) -> Self {
        Self {
            head,
            book: Book::new(),
            effects: Effects::default(),
            tills: Tills::default(),
            now_us,
            seed,
            salts: 0,
            sales: HashMap::new(),
            records: BTreeMap::new(),
            record_keys: HashMap::new(),
            dirty_records: BTreeMap::new(),
            rewards: BTreeMap::new(),
            touched_rewards: HashMap::new(),
            current: None,
        }
    }

    /// Takes a loaded sale.
    pub fn load_sale(&mut self, row: SaleRow) {
        self.sales.entry(row.source).or_default().insert(row.identity.clone(), SaleAt::Loaded(row));
    }

    /// Takes a loaded record.
    pub fn load_record(&mut self, record: Record) {
        self.record_keys.insert((record.kind, record.key.clone()), record.id);
        self.records.insert((record.kind, record.id), record);
    }

    /// Takes a loaded reward.
    pub fn load_reward(&mut self, row: RewardRow) {
        self.rewards.insert(row.id, row);
    }

    /// Moves the clock on, for a replay: a batch reads it once.
    pub fn set_clock(&mut self, now_us: i64) {
        self.now_us = self.now_us.max(now_us);
    }

    /// Starts a command: recorded time moves on by at least a microsecond.
    pub fn start(&mut self) {
        let recorded_us = self.next_recorded_us();
        let command = Id::next(self.now_us, self.head.last_id);
        self.current = Some(Current {
            command,
            recorded_us,
            parts: Parts::default(),
            has_effect: false,
            transfers_before: self.book.transfers().len(),
            lots_before: self.book.wallet_journal().0.len(),
            moves_before: self.book.wallet_journal().1.len(),
        });
    }

    /// Ends a command. One that had an effect gets its line in the audit chain; one without leaves no trace at all.
    pub fn finish(&mut self, actor: &Actor, action: &'static str, subject: String, identity: Option<&Identity>) {
        let Some(current) = self.current.take() else { return };
        let transfers = &self.book.transfers()[current.transfers_before..];
        if !current.has_effect && transfers.is_empty() {
            return;
        }
        let mut digest = CommandDigest::new(&actor.0, action, &subject);
        if let Some(identity) = identity {
            digest.identity(identity.source, &identity.key, &identity.fingerprint);
        }
        current.parts.digest_into(&mut digest, transfers);
        let (opened, moves) = self.book.wallet_journal();
        let mut opened: Vec<Id> = opened[current.lots_before..].to_vec();
        opened.sort_unstable();
        for lot in opened.iter().filter_map(|id| self.book.lot(*id)) {
            digest.lot(lot);
        }
        let mut moves = moves[current.moves_before..].to_vec();
        moves.sort_unstable_by_key(|step| (step.transfer, step.lot, step.kind.code()));
        for step in &moves {
            digest.lot_move(step);
        }
        let line =
            audit::AuditLine::next(self.head.audit_hash, self.head.audit_number, current.command, current.recorded_us, digest.finish());
        self.head.audit_number = line.number;
        self.head.audit_hash = line.hash;
        self.head.last_recorded_us = current.recorded_us;
        self.head.last_id = self.head.last_id.max(current.command);
        self.effects.audit.push(AuditLine { line, actor: actor.0.clone(), action, subject });
    }

    /// Decides a command and takes all of it back: the state is as it was, for the next one. Sales, records, rewards and
    /// statements have no way back; where one was written this answers `false` beside the result, and the state is spoiled.
    pub fn trial(&mut self, command: &dyn Command) -> (Result<Reply, Refused>, bool) {
        let head = self.head.clone();
        let effects = std::mem::take(&mut self.effects);
        let mark = self.book.begin_steps();
        self.tills.begin_trial();
        self.start();
        let result = command.decide(self);
        self.current = None;
        let is_clean = self.effects.is_of_tills_alone();
        self.tills.take_back();
        self.book.end_steps(mark, false);
        (self.effects, self.head) = (effects, head);
        (result, is_clean)
    }

    /// Takes up the time of a command whose answer is kept although it had no effect: no later command shares it.
    pub fn keep_time(&mut self, recorded_us: i64) {
        self.head.last_recorded_us = self.head.last_recorded_us.max(recorded_us);
    }

    /// Gives up a command that was refused.
    ///
    /// # Panics
    /// If it changed or posted anything: that would stand in the books without a line in the audit chain. The batch is then
    /// given up.
    pub fn abandon(&mut self) {
        assert!(!self.has_posted(), "a refused command posted");
        let current = self.current.take();
        assert!(current.is_none_or(|c| !c.has_effect), "a refused command left an effect");
    }

    /// A new id.
    pub fn next_id(&mut self) -> Id {
        // The command's own id was taken when it started.
        let floor = self.current.as_ref().map_or(Id(0), |c| c.command);
        let id = Id::next(self.now_us, self.head.last_id.max(floor));
        self.head.last_id = id;
        id
    }

    /// Recorded time of the current command; between commands, that of the next.
    #[must_use]
    pub fn recorded_us(&self) -> i64 {
        self.current.as_ref().map_or_else(|| self.next_recorded_us(), |c| c.recorded_us)
    }

    /// The clock, but behind every command that was recorded, whichever clock that went by.
    fn next_recorded_us(&self) -> i64 {
        self.now_us.max(self.head.last_recorded_us.saturating_add(1))
    }

    /// Id of the current command.
    #[must_use]
    pub fn command_id(&self) -> Id {
        self.current.as_ref().map_or(Id(0), |c| c.command)
    }

    /// The stamp for the ledger.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { command: self.command_id(), recorded_us: self.recorded_us(), correction: false }
    }

    /// Applies linked transfers: all of them, or none and the reason.
    pub fn post(&mut self, transfers: &[NewTransfer]) -> Result<(), Refusal> {
        let stamp = self.stamp();
        let (now_us, floor) = (self.now_us, stamp.command);
        let head = &mut self.head;
        let mut ids = || {
            head.last_id = Id::next(now_us, head.last_id.max(floor));
            head.last_id
        };
        self.book.apply(stamp, &mut ids, transfers).map(|_| ())
    }

    /// Runs the steps of a command on wallets: what they did stays only if they succeed.
    pub fn wallets<T>(&mut self, steps: impl FnOnce(&mut Wallets<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let stamp = self.stamp();
        let (now_us, floor) = (self.now_us, stamp.command);
        let (head, book) = (&mut self.head, &mut self.book);
        let (workspace, currency) = (head.workspace, head.unit);
        let mut ids = || {
            head.last_id = Id::next(now_us, head.last_id.max(floor));
            head.last_id
        };
        book.all_or_nothing(|book| steps(&mut Wallets::new(book, stamp, workspace, currency, &mut ids)))
    }

    /// Whether the current command posted anything so far.
    #[must_use]
    pub fn has_posted(&self) -> bool {
        self.current.as_ref().is_some_and(|current| self.book.transfers().len() > current.transfers_before)
    }

    /// A till event of the current command, with its id and salt.
    #[must_use]
    pub fn till_event(&mut self, id: Id, kind: EventKind, participant: Id, about: Option<Id>, at: Timestamp, body: Vec<u8>) -> TillEvent {
        let (at_us, recorded_us, salt) = (at.as_microsecond(), self.recorded_us(), self.salt());
        let event = TillEvent { id, kind, participant, about, at_us, recorded_us, salt, body, previous: None };
        self.note(|parts| parts.till_event(&event));
        event
    }

    /// Day number of an instant in the workspace's zone.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> i64 {
        day_number(at.to_zoned(self.head.zone.clone()).date())
    }

    fn salt(&mut self) -> i64 {
        self.salts += 1;
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(self.salts.to_be_bytes());
        let hash: [u8; 32] = hasher.finalize().into();
        i64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
    }

    fn note(&mut self, put: impl FnOnce(&mut Parts)) {
        if let Some(current) = &mut self.current {
            current.has_effect = true;
            put(&mut current.parts);
        }
    }

    /// Gives the current command its line in the audit chain, although it writes no row here.
    pub fn mark(&mut self) {
        self.note(|_| ());
    }

    /// A sale as the commands so far left it.
    #[must_use]
    pub fn sale(&self, source: Id, identity: &str) -> Option<&SaleRow> {
        match self.sales.get(&source)?.get(identity)? {
            SaleAt::Loaded(row) => Some(row),
            SaleAt::New(index) => self.effects.new_sales.get(*index),
            SaleAt::Changed(index) => self.effects.changed_sales.get(*index),
        }
    }

    /// Writes a new sale.
    pub fn add_sale(&mut self, mut row: SaleRow) {
        row.salt = self.salt();
        self.note(|parts| parts.sale(&row));
        self.head.sale_count += counted(&row.facts);
        let at = SaleAt::New(self.effects.new_sales.len());
        self.sales.entry(row.source).or_default().insert(row.identity.clone(), at);
        self.effects.new_sales.push(row);
    }

    /// Replaces a sale; what it said before goes to its history.
    pub fn change_sale(&mut self, mut row: SaleRow) {
        row.salt = self.salt();
        self.note(|parts| parts.sale(&row));
        let counted_now = counted(&row.facts);
        let Effects { new_sales, changed_sales, sale_versions, .. } = &mut self.effects;
        let Some(at) = self.sales.get_mut(&row.source).and_then(|of_source| of_source.get_mut(&row.identity)) else {
            debug_assert!(false, "a sale was changed that was not loaded");
            return;
        };
        let before = match at {
            SaleAt::New(index) => std::mem::replace(&mut new_sales[*index], row),
            SaleAt::Changed(index) => std::mem::replace(&mut changed_sales[*index], row),
            SaleAt::Loaded(_) => {
                let place = SaleAt::Changed(changed_sales.len());
                changed_sales.push(row);
                let SaleAt::Loaded(before) = std::mem::replace(at, place) else { return };
                before
            }
        };
        self.head.sale_count += counted_now - counted(&before.facts);
        sale_versions.push(super::SaleVersionRow {
            sale: before.id,
            version: before.version,
            recorded_us: before.recorded_us,
            import: before.import,
            line: before.line,
            salt: before.salt,
            facts: before.facts,
        });
    }

    /// A record by id as the commands so far left it; deleted ones are not found.
    #[must_use]
    pub fn record(&self, kind: RecordKind, id: Id) -> Option<&Record> {
        self.records.get(&(kind, id)).filter(|r| !r.deleted)
    }

    /// A record by its natural key.
    #[must_use]
    pub fn record_by_key(&self, kind: RecordKind, key: &str) -> Option<&Record> {
        self.record_keys.get(&(kind, key.to_owned())).and_then(|id| self.record(kind, *id)).filter(|r| r.key == key)
    }

    /// Writes a record in its next version. Journaled kinds keep every version.
    pub fn put_record(&mut self, record: Record) {
        let salt = self.salt();
        let journaled = record.kind.is_journaled();
        self.note(|parts| {
            if journaled {
                parts.record(&record, salt);
            }
        });
        if is_configuration(record.kind) {
            self.head.config_version += 1;
        }
        if journaled {
            let command = self.command_id();
            self.effects.record_versions.push((record.clone(), salt, command));
        }
        if let Some(index) = self.dirty_records.get(&(record.kind, record.id)) {
            self.effects.records[*index] = record.clone();
        } else {
            self.dirty_records.insert((record.kind, record.id), self.effects.records.len());
            self.effects.records.push(record.clone());
        }
        self.load_record(record);
    }

    /// Rewards as the commands so far left them, by id.
    pub fn rewards(&self) -> impl Iterator<Item = &RewardRow> {
        self.rewards.values()
    }

    /// Writes a new reward with its explanation.
    pub fn add_reward(&mut self, row: RewardRow, explanation: String) {
        self.note(|parts| parts.reward(&row, &explanation));
        self.effects.explanations.push((row.id, explanation));
        self.touched_rewards.insert(row.id, RewardAt::New(self.effects.rewards.len()));
        self.effects.rewards.push(row.clone());
        self.rewards.insert(row.id, row);
    }

    /// Moves a reward to another state.
    pub fn change_reward(&mut self, row: RewardRow) {
        self.note(|_| ());
        match self.touched_rewards.get(&row.id) {
            Some(RewardAt::New(index)) => self.effects.rewards[*index] = row.clone(),
            Some(RewardAt::Changed(index)) => self.effects.reward_states[*index] = row.clone(),
            None => {
                self.touched_rewards.insert(row.id, RewardAt::Changed(self.effects.reward_states.len()));
                self.effects.reward_states.push(row.clone());
            }
        }
        self.rewards.insert(row.id, row);
    }

    /// Freezes a statement.
    pub fn add_statement(&mut self, row: super::StatementRow) {
        self.note(|parts| parts.statement(&row));
        self.effects.statements.push(row);
    }

    /// Puts an event into the outbox.
    pub fn emit(&mut self, topic: &'static str, subject: String, body: String) {
        let id = self.next_id();
        let recorded_us = self.recorded_us();
        self.effects.events.push(EventRow { id, topic, subject, body, recorded_us });
    }
}

/// Days since 1970-01-01.
#[must_use]
pub fn day_number(date: jiff::civil::Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.until(date).map_or(0, |span| i64::from(span.get_days()))
}

/// The date with this day number.
#[must_use]
pub fn date_of(day: i64) -> Option<jiff::civil::Date> {
    let span = jiff::Span::new().try_days(day).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(span).ok()
}
