//! What happened at tills, decided again with other offers: the same commands, in the order of their business time, on books
//! in memory that begin empty. So a replay equals a real run of the same sales in an empty workspace (`ledger.md` §17, 30).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::commands::{CancelPurchase, CancelSpend, EvaluatePurchases, Purchase, Refund, RefundLine, Spend, SpendAsk, TillReply};
use super::event::{Grant, Standing};
use super::giving::draw_between;
use super::loaded::{TillEffects, WalletRef};
use super::{Basket, TillConfig};
use crate::audit::GENESIS;
use crate::command::{Actor, Class, Command, Head, Record, Refused, Reply, State};
use crate::id::Id;
use crate::ledger::{Book, Origin, Refusal};
use crate::money::{Amount, Minor};

/// Something that happened, named by its event.
#[derive(Clone, Debug)]
pub enum Happened {
    /// A purchase, with what was asked to be spent on it at once: the spend's event and the amount.
    Purchase {
        /// Who bought.
        participant: Id,
        /// What was bought.
        basket: Box<Basket>,
        /// The spend that came with it.
        spend: Option<(Id, Minor)>,
        /// Whether the till was offline.
        is_offline: bool,
    },
    /// A spend on an earlier purchase.
    Spend {
        /// The purchase.
        purchase: Id,
        /// What was asked.
        asked: Minor,
    },
    /// Goods of a purchase came back.
    Refund {
        /// The purchase.
        purchase: Id,
        /// What came back.
        lines: Vec<RefundLine>,
    },
    /// A purchase was cancelled.
    CancelPurchase(Id),
    /// A spend was cancelled.
    CancelSpend(Id),
}

/// A step of a replay.
#[derive(Clone, Debug)]
pub struct Step {
    /// The event that it was.
    pub event: Id,
    /// Business time.
    pub at: Timestamp,
    /// What happened.
    pub happened: Happened,
}

/// The books of a replay.
pub struct Replay {
    config: Arc<TillConfig>,
    state: State,
    /// The events of the replay, by the events that they repeat.
    again: BTreeMap<Id, Id>,
    purchases: Vec<(Id, Id)>,
}

impl Replay {
    /// Books on which nothing has happened yet. `people` are the records of everyone who takes part.
    #[must_use]
    pub fn new(config: Arc<TillConfig>, people: Vec<Record>) -> Self {
        let head = Head {
            workspace: config.workspace,
            config_version: config.version,
            last_id: Id(0),
            last_recorded_us: 0,
            audit_number: 0,
            audit_hash: GENESIS,
            zone: config.zone.clone(),
            unit: config.currency,
            sale_count: 0,
        };
        let mut state = State::new(head, 0, [0; 32]);
        state.book = Book::complete();
        for record in people {
            state.tills.load_history(record.id, Vec::new());
            state.tills.note_lots(record.id);
            state.load_record(record);
        }
        Self { config, state, again: BTreeMap::new(), purchases: Vec::new() }
    }

    /// Sets what an offer may grant.
    pub fn set_budget(&mut self, offer: Id, budget: Amount) -> Result<(), Refusal> {
        self.state.start();
        let origin = Origin::at(Timestamp::UNIX_EPOCH);
        let set = self.state.wallets(|wallets| wallets.set_budget(offer, budget.unit, budget.minor, origin));
        self.end();
        set.map(|_| ())
    }

    /// Decides one step. A step on something that was refused before is passed over.
    pub fn play(&mut self, step: &Step) -> Result<(), Refused> {
        self.state.set_clock(step.at.as_microsecond());
        match &step.happened {
            Happened::Purchase { participant, basket, spend, is_offline } => {
                let ask = spend.map(|(_, asked)| SpendAsk { amount: named(asked, basket), ..SpendAsk::default() });
                let mut command = Purchase {
                    config: Arc::clone(&self.config),
                    who: WalletRef::Participant(*participant),
                    identity: None,
                    basket: (**basket).clone(),
                    spend: ask,
                    is_offline: *is_offline,
                    is_preview: false,
                    priced_at: None,
                };
                let mut outcome = self.decide(&command);
                if outcome.is_err() && command.spend.take().is_some() {
                    // The sale took place, whatever may be spent on it today.
                    outcome = self.decide(&command);
                }
                if let TillReply::Purchase(done) = outcome? {
                    self.run_behind(*participant, done.id, step.at)?;
                    self.again.insert(step.event, done.id);
                    self.purchases.push((step.event, done.id));
                    if let (Some((event, _)), Some(made)) = (spend, &done.spend) {
                        self.again.insert(*event, made.id);
                    }
                }
                Ok(())
            }
            Happened::Spend { purchase, asked } => {
                let Some(purchase) = self.again.get(purchase).copied() else { return Ok(()) };
                let basket = self.state.tills.purchase(purchase).map(|slot| slot.body.basket.clone());
                let ask = SpendAsk { amount: basket.and_then(|basket| named(*asked, &basket)), ..SpendAsk::default() };
                let config = Arc::clone(&self.config);
                let command = Spend { config, who: None, purchase, identity: None, ask, at: step.at, is_offline: false };
                if let TillReply::Spend(done) = self.decide(&command)? {
                    self.again.insert(step.event, done.id);
                }
                Ok(())
            }
            Happened::Refund { purchase, lines } => {
                let Some(purchase) = self.again.get(purchase).copied() else { return Ok(()) };
                let (config, lines) = (Arc::clone(&self.config), lines.clone());
                self.decide(&Refund { config, purchase, identity: None, lines, at: step.at, note: None }).map(|_| ())
            }
            Happened::CancelPurchase(purchase) => {
                let Some(purchase) = self.again.get(purchase).copied() else { return Ok(()) };
                self.decide(&CancelPurchase { config: Arc::clone(&self.config), purchase, identity: None, at: step.at, note: None })
                    .map(|_| ())
            }
            Happened::CancelSpend(spend) => {
                let Some(spend) = self.again.get(spend).copied() else { return Ok(()) };
                self.decide(&CancelSpend { config: Arc::clone(&self.config), spend, identity: None, at: step.at }).map(|_| ())
            }
        }
    }

    /// How each purchase of the replay stands, by the event that it repeats, in the order of play.
    pub fn standings(&self) -> impl Iterator<Item = (Id, &Standing)> {
        self.purchases.iter().filter_map(|(event, again)| Some((*event, &self.state.tills.purchase(*again)?.standing)))
    }

    /// Offers of batch evaluation say here what the next run would.
    fn run_behind(&mut self, participant: Id, purchase: Id, at: Timestamp) -> Result<(), Refused> {
        if !self.config.offers.has_batch() {
            return Ok(());
        }
        let config = Arc::clone(&self.config);
        self.decide(&EvaluatePurchases { config, participant, purchases: vec![purchase], at }).map(|_| ())
    }

    fn decide(&mut self, command: &dyn Command) -> Result<TillReply, Refused> {
        self.state.start();
        match command.decide(&mut self.state) {
            Ok(Reply::Till(reply)) => {
                self.end();
                Ok(reply)
            }
            Ok(_) => Err(Refused::new(Class::NotFound, "entity_not_found", "there is no such event")),
            Err(refused) => {
                self.state.abandon();
                Err(refused)
            }
        }
    }

    /// Ends a command. What would be written is thrown away.
    fn end(&mut self) {
        self.state.finish(&Actor(String::new()), "replay", String::new(), None);
        self.state.effects.audit.clear();
        self.state.effects.events.clear();
        self.state.tills.effects = TillEffects::default();
    }
}

/// The amount that a spend named. One that asked for the whole purchase may have named none, which is never too much.
fn named(asked: Minor, basket: &Basket) -> Option<Minor> {
    (asked != basket.total()).then_some(asked)
}

/// What a grant draws from the budget of its offer; `None`: it has none.
#[must_use]
pub fn drawn(config: &TillConfig, grant: &Grant) -> Option<Amount> {
    let offer = config.terms(grant.version).filter(|offer| offer.has_budget)?;
    draw_between(config, offer, grant.unit, 0, grant.amount)
}
