//! Wallets: lots against their moves, wallets against their lots, moves against their transfers.

use std::collections::{BTreeMap, HashMap};

use meed_core::id::{Id, Kind};
use meed_core::ledger::{Account, LotMove, MoveKind, Purpose};
use meed_core::loyalty::{EventKind, ExtensionBody, PurchaseBody, Standing};
use meed_core::money::Unit;

use super::Check;
use super::ledger::ALWAYS;
use crate::batch::load::code16;
use crate::batch::load_till::{event_row, has_lots, lot_row};
use crate::error::StoreError;
use crate::sql;
use crate::value::RowView;

/// Events that are compared with their transfers at once.
const EVENTS: i64 = 300_000;

/// What the moves of a lot come to, beside what is stored of it.
#[derive(Clone, Copy)]
struct Sums {
    stored: (i64, i64, i64, bool),
    remaining: i128,
    held: i128,
    expired: i128,
    is_mature: bool,
}

impl Check<'_> {
    pub(super) fn tills(&mut self, accounts: &HashMap<Id, Account>) -> Result<(), StoreError> {
        let mut lots: HashMap<Id, Sums> = HashMap::new();
        let mut wallets: BTreeMap<(Id, Unit, bool), i128> = BTreeMap::new();
        self.each(&sql::till::LOTS, &ALWAYS, &mut |_, row| {
            let lot = lot_row(row)?;
            *wallets.entry((lot.participant, lot.unit, lot.is_pending)).or_default() += i128::from(lot.remaining);
            let stored = (lot.remaining, lot.held, lot.expired, lot.is_pending);
            let remaining = i128::from(lot.amount);
            // A lot that matured at once was never pending.
            lots.insert(lot.id, Sums { stored, remaining, held: 0, expired: 0, is_mature: lot.active_us <= lot.recorded_us });
            Ok(())
        })?;
        self.each(&sql::till::MOVES, &ALWAYS, &mut |notes, row| {
            let step = move_row(row)?;
            let Some(sums) = lots.get_mut(&step.lot) else { return Ok(()) };
            let amount = i128::from(step.amount);
            match step.kind {
                MoveKind::Hold => sums.held += amount,
                MoveKind::Release => sums.held -= amount,
                MoveKind::Spend | MoveKind::Claw | MoveKind::Net | MoveKind::Transfer => sums.remaining -= amount,
                MoveKind::Return => sums.remaining += amount,
                MoveKind::Expire => (sums.remaining, sums.expired) = (sums.remaining - amount, sums.expired + amount),
                MoveKind::Revive => (sums.remaining, sums.expired) = (sums.remaining + amount, sums.expired - amount),
                MoveKind::Mature => sums.is_mature = true,
            }
            // Transfers are in the order in which they were posted, so a lot is within its bounds after each.
            if sums.remaining < 0 || step.amount <= 0 {
                notes.differ("lot", step.lot.text(Kind::Lot), format!("{} of {}", step.kind, step.amount), "within the lot");
            }
            Ok(())
        })?;
        let mut ids: Vec<Id> = lots.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            let sums = lots[&id];
            let (remaining, held, expired, is_pending) = sums.stored;
            let place = id.text(Kind::Lot);
            for (what, stored, computed) in [
                ("lot_remaining", i128::from(remaining), sums.remaining),
                ("lot_held", i128::from(held), sums.held),
                ("lot_expired", i128::from(expired), sums.expired),
                ("lot_pending", i128::from(is_pending), i128::from(!sums.is_mature)),
            ] {
                if stored != computed {
                    self.differ(what, &place, stored, computed);
                }
            }
        }
        self.wallets(accounts, wallets);
        self.purchases()?;
        self.events()?;
        self.none_of(&sql::verify::LOST_LOTS, &[], "reference", "the transfer that opened it")?;
        self.none_of(&sql::verify::LOST_MOVES, &[], "reference", "its transfer and its lot")?;
        self.none_of(&sql::verify::UNMOVED_LOTS, &[], "lot_moves", "lots that move by its amount")?;
        self.none_of(&sql::verify::LOST_STANDINGS, &[], "reference", "no such event in this workspace")?;
        self.none_of(&sql::verify::LOST_REFERENCES, &[], "reference", "no such event in this workspace")
    }

    /// How each purchase stands against its transfers: what offers gave, and what was spent. Lots of events at a time.
    fn purchases(&mut self) -> Result<(), StoreError> {
        let mut before = i64::MAX;
        loop {
            // By purchase, awards (101) or spends (106), program of an award, and unit.
            let mut sums: BTreeMap<(Id, i64, Id, Unit), i128> = BTreeMap::new();
            let (mut count, mut first) = (0, before);
            self.each(&sql::till::EVENT_PAGE_ALL, &[before, EVENTS], &mut |_, row| {
                (count, first) = (count + 1, row.id(0)?.0);
                let event = event_row(row)?;
                if !event.kind.is_bought() {
                    return Ok(());
                }
                let broken = |_| StoreError::broken("the standing of a purchase cannot be read");
                let standing = match row.opt_bytes(9)? {
                    Some(row) => Standing::from_row(row).map_err(broken)?,
                    None => PurchaseBody::from_row(&event.body).map_err(broken)?.standing,
                };
                for grant in &standing.grants {
                    *sums.entry((event.id, 101, grant.offer, grant.unit)).or_default() += i128::from(grant.amount);
                }
                for used in standing.uses.iter().filter(|used| !used.is_uncovered()) {
                    *sums.entry((event.id, 106, Id(0), used.unit)).or_default() += i128::from(used.amount) - i128::from(used.returned);
                }
                Ok(())
            })?;
            let mut moved: BTreeMap<(Id, i64, Id, Unit), i128> = BTreeMap::new();
            self.each(&sql::till::PURCHASE_SUMS, &[first - 1, before - 1], &mut |_, row| {
                let side = row.int(1)?;
                let program = if side == 101 { row.id(2)? } else { Id(0) };
                *moved.entry((row.id(0)?, side, program, crate::batch::load::unit(row.text(3)?)?)).or_default() += i128::from(row.int(4)?);
                Ok(())
            })?;
            let keys: std::collections::BTreeSet<_> = sums.keys().chain(moved.keys()).copied().collect();
            for key in keys {
                let of = |sums: &BTreeMap<_, i128>| sums.get(&key).copied().unwrap_or(0);
                let (stored, computed) = (of(&sums), of(&moved));
                if stored != computed {
                    let (what, place) = if key.1 == 101 {
                        ("purchase_award", format!("{} offer {}", key.0.text(Kind::Purchase), key.2.text(Kind::Program)))
                    } else {
                        ("purchase_spent", key.0.text(Kind::Purchase))
                    };
                    self.differ(what, place, format!("{stored} {}", key.3), computed);
                }
            }
            if count < EVENTS {
                return Ok(());
            }
            before = first;
        }
    }

    /// Until when lots may be used against the extensions that say so, and the way from each participant's last event back.
    fn events(&mut self) -> Result<(), StoreError> {
        let mut extended: HashMap<Id, Option<i64>> = HashMap::new();
        let mut last: BTreeMap<Id, Id> = BTreeMap::new();
        self.each(&sql::till::EVENTS, &ALWAYS, &mut |notes, row| {
            let event = event_row(row)?;
            let previous = last.insert(event.participant, event.id);
            if event.previous != previous {
                notes.differ("previous_event", event.id.text(Kind::Event), event_text(event.previous), event_text(previous));
            }
            if event.kind == EventKind::Extension {
                let body = ExtensionBody::from_row(&event.body).map_err(|_| StoreError::broken("an extension cannot be read"))?;
                extended.insert(body.lot, body.after_us);
            }
            Ok(())
        })?;
        self.each(&sql::till::LOTS, &ALWAYS, &mut |notes, row| {
            let lot = lot_row(row)?;
            let computed = extended.get(&lot.id).copied().unwrap_or(lot.first_expires_us);
            if lot.expires_us != computed {
                notes.differ("lot_expiry", lot.id.text(Kind::Lot), format!("{:?}", lot.expires_us), format!("{computed:?}"));
            }
            Ok(())
        })?;
        self.each(&sql::till::LAST_EVENTS, &[], &mut |notes, row| {
            let (participant, stored) = (row.id(0)?, row.opt_id(1)?);
            let computed = last.remove(&participant);
            if stored != computed {
                notes.differ("last_event", participant.text(Kind::Participant), event_text(stored), event_text(computed));
            }
            Ok(())
        })?;
        for (participant, computed) in last {
            self.differ("last_event", participant.text(Kind::Participant), event_text(None), event_text(Some(computed)));
        }
        Ok(())
    }

    /// A wallet equals its open lots.
    fn wallets(&mut self, accounts: &HashMap<Id, Account>, mut wallets: BTreeMap<(Id, Unit, bool), i128>) {
        let mut kept: Vec<&Account> = accounts.values().filter(|account| has_lots(account.key.owner.kind, account.key.purpose)).collect();
        kept.sort_unstable_by_key(|account| account.id);
        for account in kept {
            let key = (account.key.owner.id, account.key.unit, account.key.purpose == Purpose::Pending);
            let lots = wallets.remove(&key).unwrap_or(0);
            let posted = i128::from(account.posted());
            if posted != lots {
                self.differ("wallet", account.key, posted, lots);
            }
        }
        for ((participant, unit, _), lots) in wallets {
            if lots != 0 {
                self.differ("wallet", format!("participant {participant} {unit}"), "no account", lots);
            }
        }
    }
}

fn event_text(id: Option<Id>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| id.text(Kind::Event))
}

/// A lot move from the columns that its statement lists.
pub(super) fn move_row(row: &dyn RowView) -> Result<LotMove, StoreError> {
    let kind = row.int(2)?;
    Ok(LotMove {
        transfer: row.id(0)?,
        lot: row.id(1)?,
        kind: MoveKind::from_code(code16(kind)?).ok_or_else(|| StoreError::broken(format!("lot move kind {kind}")))?,
        amount: row.int(3)?,
        recorded_us: row.int(4)?,
    })
}
