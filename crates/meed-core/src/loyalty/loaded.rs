//! What the commands of a batch need of the tills, and what they leave.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::cell::Cell;
use super::event::{PurchaseBody, Standing, TillEvent};
use super::{Damaged, TillConfig, canonical};
use crate::audit::{Digest, Hash};
use crate::id::Id;

/// How a command names the participant whose wallet it touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WalletRef {
    /// By id.
    Participant(Id),
    /// By the folded code of a means of identification.
    Code(String),
    /// By number.
    Number(String),
    /// By a one-time code.
    OneTimeCode(String),
    /// The participant of an event.
    Of(Id),
}

/// What to load, set by set and stage by stage: identities and events first, then participants, then what is theirs.
#[derive(Debug, Default)]
pub struct TillNeeds {
    /// (source, reference).
    pub identities: BTreeSet<(Id, String)>,
    /// Events by id, with what they are about.
    pub events: BTreeSet<Id>,
    /// Participants whose cell and accounts are needed.
    pub participants: BTreeSet<WalletRef>,
    /// Of these, those whose open lots and holds are needed.
    pub lots: BTreeSet<WalletRef>,
    /// Those of whom it is only asked what could be spent: where no lot is due or bound to conditions, the balance says it.
    pub spendable: BTreeSet<WalletRef>,
    /// Of these, those whose purchases are needed, all of them.
    pub history: BTreeSet<WalletRef>,
    /// Purchases to come, with their business time: one that comes late needs the history.
    pub purchases: Vec<(WalletRef, i64)>,
    /// Participants whose lots are needed that expired since a business time, to pay a sale of that time.
    pub expired_since: BTreeSet<(WalletRef, i64)>,
    /// Programs whose accounts are needed.
    pub programs: BTreeSet<Id>,
    /// Counters by subject.
    pub counters: BTreeSet<Id>,
    /// Purchases whose promo code's counter is needed, with the configuration that knows the code.
    pub promo_of: Vec<(Id, Arc<TillConfig>)>,
    /// Lots that are named.
    pub named_lots: BTreeSet<Id>,
    /// Lots that are due, this many at most, with their participants.
    pub due: i64,
}

/// The cell of a participant.
#[derive(Clone, Debug, Default)]
pub struct CellSlot {
    /// The cell.
    pub cell: Cell,
    /// No lot or hold of the participant is due before.
    pub due_us: Option<i64>,
    /// The participant's last event, from which the others are found one by one.
    pub last_event: Option<Id>,
    is_touched: bool,
}

/// A purchase with its present standing.
#[derive(Clone, Debug)]
pub struct PurchaseSlot {
    /// Its id.
    pub id: Id,
    /// Whose.
    pub participant: Id,
    /// Recorded time.
    pub recorded_us: i64,
    /// What was bought, and how it stood at first.
    pub body: Arc<PurchaseBody>,
    /// How it stands.
    pub standing: Standing,
}

/// An identity that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenIdentity {
    /// The event.
    pub event: Id,
    /// Hash of its content.
    pub fingerprint: Hash,
}

/// The tills as a batch sees them.
#[derive(Debug, Default)]
pub struct Tills {
    cells: HashMap<Id, CellSlot>,
    events: HashMap<Id, TillEvent>,
    purchases: HashMap<Id, PurchaseSlot>,
    standings: HashMap<Id, Vec<u8>>,
    identities: HashMap<Id, HashMap<String, TakenIdentity>>,
    counters: HashMap<Id, i64>,
    histories: HashMap<Id, Vec<Id>>,
    with_lots: BTreeSet<Id>,
    due: BTreeSet<Id>,
    /// What will be written.
    pub effects: TillEffects,
    /// The way back of a trial that is under way.
    trial: Option<Trial>,
}

/// How to take a trial back, and what the commands before it will write.
#[derive(Debug, Default)]
struct Trial {
    steps: Vec<Back>,
    effects: TillEffects,
}

/// How to take one step back: what was there before.
#[derive(Debug)]
enum Back {
    Cell(Id, Option<Box<CellSlot>>),
    Event(Id),
    Purchase(Id, Option<Box<PurchaseSlot>>),
    Standing(Id, Option<Vec<u8>>),
    Identity(Id, String, Option<TakenIdentity>),
    Counter(Id, Option<i64>),
    /// The last purchase of a participant's history was added.
    History(Id),
}

/// Puts back what was there before.
fn put_back<K: std::hash::Hash + Eq, V>(map: &mut HashMap<K, V>, key: K, before: Option<V>) {
    match before {
        Some(before) => map.insert(key, before),
        None => map.remove(&key),
    };
}

/// What a batch writes of the tills.
#[derive(Debug, Default)]
pub struct TillEffects {
    /// New events, by id.
    pub events: Vec<Id>,
    /// Standings that changed, by event.
    pub standings: BTreeMap<Id, Vec<u8>>,
    /// New identities: source, reference, event, fingerprint.
    pub identities: Vec<(Id, String, TakenIdentity)>,
    /// Counters by subject.
    pub counters: BTreeMap<Id, i64>,
}

impl Tills {
    /// Takes a loaded cell.
    pub fn load_cell(&mut self, participant: Id, row: &[u8], due_us: Option<i64>, last_event: Option<Id>) -> Result<(), Damaged> {
        let cell = Cell { owner: participant, ..Cell::from_row(row)? };
        self.cells.insert(participant, CellSlot { cell, due_us, last_event, is_touched: false });
        Ok(())
    }

    /// Takes a loaded event with its present standing, if that is kept beside it.
    pub fn load_event(&mut self, event: TillEvent, standing: Option<Vec<u8>>) -> Result<(), Damaged> {
        if self.events.contains_key(&event.id) {
            return Ok(());
        }
        if event.kind.is_bought() {
            let body = PurchaseBody::from_row(&event.body)?;
            let standing = standing.as_deref().map(Standing::from_row).transpose()?.unwrap_or_else(|| body.standing.clone());
            let (id, participant, recorded_us) = (event.id, event.participant, event.recorded_us);
            self.purchases.insert(id, PurchaseSlot { id, participant, recorded_us, body: Arc::new(body), standing });
        } else if let Some(standing) = standing {
            self.standings.insert(event.id, standing);
        }
        self.events.insert(event.id, event);
        Ok(())
    }

    /// Takes a loaded identity.
    pub fn load_identity(&mut self, source: Id, reference: String, taken: TakenIdentity) {
        self.identities.entry(source).or_default().insert(reference, taken);
    }

    /// Takes a loaded counter.
    pub fn load_counter(&mut self, subject: Id, used: i64) {
        self.counters.insert(subject, used);
    }

    /// Notes that all purchases of a participant were loaded.
    pub fn load_history(&mut self, participant: Id, purchases: Vec<Id>) {
        self.histories.insert(participant, purchases);
    }

    /// Notes that the open lots and holds of a participant were loaded.
    pub fn note_lots(&mut self, participant: Id) {
        self.with_lots.insert(participant);
    }

    /// Notes that lots of a participant are due.
    pub fn note_due(&mut self, participant: Id) {
        self.due.insert(participant);
    }

    /// The participants of whom something was due when the batch was loaded.
    #[must_use]
    pub fn due(&self) -> Vec<Id> {
        self.due.iter().copied().collect()
    }

    /// Whether the open lots of a participant are here.
    #[must_use]
    pub fn has_lots(&self, participant: Id) -> bool {
        self.with_lots.contains(&participant)
    }

    /// The cell of a participant.
    #[must_use]
    pub fn cell(&self, participant: Id) -> CellSlot {
        self.cells.get(&participant).cloned().unwrap_or_else(|| CellSlot { cell: Cell::of(participant), ..CellSlot::default() })
    }

    /// An event by id.
    #[must_use]
    pub fn event(&self, id: Id) -> Option<&TillEvent> {
        self.events.get(&id)
    }

    /// A purchase by id.
    #[must_use]
    pub fn purchase(&self, id: Id) -> Option<&PurchaseSlot> {
        self.purchases.get(&id)
    }

    /// All purchases that are here, in no order.
    pub fn purchases(&self) -> impl Iterator<Item = &PurchaseSlot> {
        self.purchases.values()
    }

    /// The standing of an event that is no purchase.
    #[must_use]
    pub fn standing(&self, id: Id) -> Option<&[u8]> {
        self.standings.get(&id).map(Vec::as_slice)
    }

    /// The event that took an identity.
    #[must_use]
    pub fn identity(&self, source: Id, reference: &str) -> Option<TakenIdentity> {
        self.identities.get(&source)?.get(reference).copied()
    }

    /// How often a counter was used.
    #[must_use]
    pub fn counter(&self, subject: Id) -> i64 {
        self.counters.get(&subject).copied().unwrap_or(0)
    }

    /// All purchases of a participant in canonical order, if they were loaded.
    #[must_use]
    pub fn history(&self, participant: Id) -> Option<Vec<&PurchaseSlot>> {
        let ids = self.histories.get(&participant)?;
        let mut all: Vec<&PurchaseSlot> = ids.iter().filter_map(|id| self.purchases.get(id)).collect();
        all.sort_by_key(|p| canonical(super::Seen::of(p.id, &p.body, &p.standing)));
        Some(all)
    }

    /// Writes a new purchase.
    pub fn add_purchase(&mut self, event: TillEvent, slot: PurchaseSlot) {
        if let Some(history) = self.histories.get_mut(&event.participant) {
            history.push(event.id);
            self.note_step(|| Back::History(event.participant));
        }
        let id = slot.id;
        let before = self.purchases.insert(id, slot);
        self.note_step(|| Back::Purchase(id, before.map(Box::new)));
        self.add_event(event);
    }

    /// Writes a new event. Its participant's cell is here: commands name whose wallet they touch.
    pub fn add_event(&mut self, event: TillEvent) {
        let id = event.id;
        let before = self.events.insert(id, event);
        assert!(before.is_none(), "two events with the id {id}");
        self.note_step(|| Back::Event(id));
        self.effects.events.push(id);
    }

    /// Changes how a purchase stands.
    pub fn change_purchase(&mut self, id: Id, standing: Standing) {
        if let Some(slot) = self.purchases.get_mut(&id)
            && slot.standing != standing
        {
            self.effects.standings.insert(id, standing.to_row());
            let before = self.trial.is_some().then(|| Box::new(slot.clone()));
            slot.standing = standing;
            self.note_step(|| Back::Purchase(id, before));
        }
    }

    /// Changes how another event stands.
    pub fn change_standing(&mut self, id: Id, standing: Vec<u8>) {
        self.effects.standings.insert(id, standing.clone());
        let before = self.standings.insert(id, standing);
        self.note_step(|| Back::Standing(id, before));
    }

    /// Changes the cell of a participant.
    pub fn change_cell(&mut self, participant: Id, cell: Cell, due_us: Option<i64>) {
        let last_event = self.cells.get(&participant).and_then(|slot| slot.last_event);
        let before = self.cells.insert(participant, CellSlot { cell, due_us, last_event, is_touched: true });
        self.note_step(|| Back::Cell(participant, before.map(Box::new)));
    }

    /// Takes an identity.
    pub fn take_identity(&mut self, source: Id, reference: String, taken: TakenIdentity) {
        let before = self.identities.entry(source).or_default().insert(reference.clone(), taken);
        self.note_step(|| Back::Identity(source, reference.clone(), before));
        self.effects.identities.push((source, reference, taken));
    }

    /// Sets a counter.
    pub fn set_counter(&mut self, subject: Id, used: i64) {
        self.effects.counters.insert(subject, used);
        let before = self.counters.insert(subject, used);
        self.note_step(|| Back::Counter(subject, before));
    }

    /// The new events in the order of their ids, each behind the one of the same participant before it. They are written, and
    /// no longer here; the cells know the last ones.
    pub fn take_new_events(&mut self) -> Vec<TillEvent> {
        let mut ids = std::mem::take(&mut self.effects.events);
        // A command may take the id of its event before it adds what follows from it.
        ids.sort_unstable();
        let mut events = Vec::with_capacity(ids.len());
        for id in ids {
            let mut event = self.events.remove(&id).expect("a new event is kept until it is written");
            let new = || CellSlot { cell: Cell::of(event.participant), ..CellSlot::default() };
            let slot = self.cells.entry(event.participant).or_insert_with(new);
            event.previous = slot.last_event.replace(id);
            slot.is_touched = true;
            events.push(event);
        }
        events
    }

    /// The cells that changed, by participant.
    #[must_use]
    pub fn changed_cells(&self) -> Vec<(Id, &CellSlot)> {
        let mut changed: Vec<_> = self.cells.iter().filter(|(_, slot)| slot.is_touched).map(|(id, slot)| (*id, slot)).collect();
        changed.sort_unstable_by_key(|(id, _)| *id);
        changed
    }

    fn note_step(&mut self, back: impl FnOnce() -> Back) {
        if let Some(trial) = &mut self.trial {
            trial.steps.push(back());
        }
    }

    /// From here on what commands do can be taken back.
    pub(crate) fn begin_trial(&mut self) {
        self.trial = Some(Trial { steps: Vec::new(), effects: std::mem::take(&mut self.effects) });
    }

    /// Takes back all that was done since [`Tills::begin_trial`].
    pub(crate) fn take_back(&mut self) {
        let Some(trial) = self.trial.take() else { return };
        self.effects = trial.effects;
        for step in trial.steps.into_iter().rev() {
            match step {
                Back::Cell(id, before) => put_back(&mut self.cells, id, before.map(|before| *before)),
                Back::Event(id) => {
                    self.events.remove(&id);
                }
                Back::Purchase(id, before) => put_back(&mut self.purchases, id, before.map(|before| *before)),
                Back::Standing(id, before) => put_back(&mut self.standings, id, before),
                Back::Identity(source, reference, before) => put_back(self.identities.entry(source).or_default(), reference, before),
                Back::Counter(id, before) => put_back(&mut self.counters, id, before),
                Back::History(participant) => {
                    self.histories.get_mut(&participant).and_then(Vec::pop);
                }
            }
        }
    }
}

/// The hash of an event for the digest of its command; the body is covered together with its salt.
#[must_use]
pub fn event_hash(event: &TillEvent) -> Hash {
    let mut digest = Digest::new();
    digest.int(event.salt).int(event.kind.code().into()).id(event.participant).maybe_id(event.about).int(event.at_us).bytes(&event.body);
    digest.finish()
}
