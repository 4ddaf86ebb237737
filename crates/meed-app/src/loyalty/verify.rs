//! What is remembered of customers and counted of offers, computed again from the purchases: the part of `meed verify` that
//! has to read offers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meed_core::command::RecordKind;
use meed_core::id::{Id, Kind};
use meed_core::ledger::Lot;
use meed_core::loyalty::{Cell, Participant, PurchaseState, Seen, TillConfig, canonical, evaluate, fold_code};
use meed_store::{Difference, Reader, StoreError, VerifyReport};

use super::purchases::done_of;
use crate::App;
use crate::error::AppResult;

impl App {
    /// Recomputes one workspace, or all of them, and lists the differences: the books, and what is remembered of customers.
    pub async fn verify(&self, only: Option<Id>) -> AppResult<VerifyReport> {
        let mut report = self.store().verify(only).await?;
        let workspaces = match only {
            Some(workspace) => vec![workspace],
            None => crate::workspaces::list(self).await?.iter().map(|workspace| Id(workspace.workspace)).collect(),
        };
        for workspace in workspaces {
            let kept = self.store().read(move |r| Ok(!r.records_back(workspace, RecordKind::Participant, None, 1)?.is_empty())).await?;
            // What cannot be read is reported by the check of the records.
            if let (true, Ok(config)) = (kept, self.fresh_till_config(workspace).await) {
                let now_us = self.now_us();
                report.differences.extend(self.store().read(move |r| check(r, workspace, &config, now_us)).await?);
            }
        }
        Ok(report)
    }
}

/// Participants that are read at once.
const PAGE: i64 = 500;

struct Check<'a> {
    workspace: Id,
    config: &'a TillConfig,
    differences: Vec<Difference>,
    /// Uses of limited offers, and of promo codes by folded code.
    offers: BTreeMap<Id, i64>,
    /// Recorded times of the purchases with a promo code.
    promos: BTreeMap<String, Vec<i64>>,
    now_us: i64,
}

fn check(r: &mut Reader<'_>, workspace: Id, config: &Arc<TillConfig>, now_us: i64) -> Result<Vec<Difference>, StoreError> {
    let mut check = Check { workspace, config, differences: Vec::new(), offers: BTreeMap::new(), promos: BTreeMap::new(), now_us };
    let mut before = None;
    loop {
        let page = r.records_back(workspace, RecordKind::Participant, before, PAGE)?;
        for record in &page {
            match Participant::read(&record.body) {
                Ok(_) => check.participant(r, record.id)?,
                Err(_) => check.differ("participant", record.id.text(Kind::Participant), "unreadable", "a participant"),
            }
        }
        before = page.last().map(|record| record.id);
        if i64::try_from(page.len()).is_ok_and(|count| count < PAGE) {
            break;
        }
    }
    check.counters(r)?;
    Ok(check.differences)
}

impl Check<'_> {
    fn differ(&mut self, what: &str, place: String, stored: impl ToString, computed: impl ToString) {
        let (stored, computed) = (stored.to_string(), computed.to_string());
        self.differences.push(Difference { workspace: self.workspace, what: what.to_owned(), place, stored, computed });
    }

    /// Folds the purchases of a participant again and compares the cell.
    fn participant(&mut self, r: &mut Reader<'_>, id: Id) -> Result<(), StoreError> {
        let (mut purchases, mut before) = (Vec::new(), None);
        loop {
            let page = r.till_events_back(self.workspace, Some(id), before, 1_000)?;
            before = page.last().map(|(event, _)| event.id);
            purchases.extend(page.iter().filter_map(|(event, standing)| Some((event.recorded_us, done_of(event, standing.as_deref())?))));
            if page.len() < 1_000 {
                break;
            }
        }
        purchases.sort_by_key(|(_, done)| {
            canonical(Seen { id: done.id, basket: &done.body.basket, standing: &done.standing, is_offline: done.body.is_offline })
        });
        let (mut cell, place) = (Cell::of(id), id.text(Kind::Participant));
        for (recorded_us, done) in &purchases {
            let seen = Seen { id: done.id, basket: &done.body.basket, standing: &done.standing, is_offline: done.body.is_offline };
            match evaluate(self.config, &cell, seen, done.standing.matches(&done.body.matched), &[]) {
                Ok(evaluation) => evaluation.advance(self.config, &mut cell, seen),
                Err(_) => self.differ("purchase", done.id.text(Kind::Purchase), "amounts out of range", "a purchase"),
            }
            let offers: BTreeSet<Id> = done.standing.grants.iter().filter(|grant| grant.counted).map(|grant| grant.offer).collect();
            for offer in offers {
                *self.offers.entry(offer).or_default() += 1;
            }
            if let Some(code) = done.body.basket.promo_code.as_ref().filter(|_| done.standing.state == PurchaseState::Posted) {
                self.promos.entry(fold_code(code)).or_default().push(*recorded_us);
            }
        }
        let (stored, due_us) = r.till_cell_row(self.workspace, id)?;
        // A cell that was folded while tiers or offers changed cannot be computed again.
        if stored.basis == cell.basis {
            self.compare(&place, &stored, &cell);
        } else if stored.last != cell.last {
            self.differ("cell_last", place.clone(), format!("{:?}", stored.last), format!("{:?}", cell.last));
        }
        let due = r.open_lots(self.workspace, id)?;
        let due = due.iter().filter(|lot| lot.is_pending || lot.free() > 0).filter_map(Lot::due_us).min();
        // What is over already is looked at by the next command, whichever instant says so: another customer's command may have
        // ended a hold that ran out, and freed a lot that was over before.
        if let Some(due) = due
            && due_us.is_none_or(|stored| stored > due.max(self.now_us))
        {
            self.differ("cell_due", place, format!("{due_us:?}"), format!("at most {due}"));
        }
        Ok(())
    }

    fn compare(&mut self, place: &str, stored: &Cell, computed: &Cell) {
        let mut differ = |what: &str, stored: String, computed: String| {
            if stored != computed {
                self.differ(what, place.to_owned(), stored, computed);
            }
        };
        differ("cell_last", format!("{:?}", stored.last), format!("{:?}", computed.last));
        differ("cell_units", format!("{:?}", stored.units), format!("{:?}", computed.units));
        differ("cell_lifetime", stored.lifetime.normalize().to_string(), computed.lifetime.normalize().to_string());
        differ("cell_offers", format!("{:?}", stored.offers), format!("{:?}", computed.offers));
        differ("cell_awarded_by", format!("{:?}", stored.awarded_by), format!("{:?}", computed.awarded_by));
        differ("cell_classes", format!("{:?}", stored.classes), format!("{:?}", computed.classes));
        differ("cell_draws", format!("{:?}", stored.draws), format!("{:?}", computed.draws));
    }

    /// Uses of what is limited in number.
    fn counters(&mut self, r: &mut Reader<'_>) -> Result<(), StoreError> {
        let stored: BTreeMap<Id, i64> = r.till_counters(self.workspace)?.into_iter().collect();
        let used = |subject: Id| stored.get(&subject).copied().unwrap_or(0);
        let offers: BTreeSet<Id> = self.config.offers.limited().chain(self.offers.keys().copied()).collect();
        let mut found = Vec::new();
        for offer in offers {
            let computed = self.offers.get(&offer).copied().unwrap_or(0);
            if used(offer) != computed {
                found.push((offer.text(Kind::Program), used(offer), computed));
            }
        }
        for record in r.records(self.workspace, RecordKind::PromoCode)? {
            // Uses of a code that was made anew count from then on; of one that was changed they cannot be told apart.
            if record.version == 1 {
                let uses = self.promos.get(&record.key).into_iter().flatten();
                let computed = i64::try_from(uses.filter(|at_us| **at_us > record.recorded_us).count()).unwrap_or(i64::MAX);
                if used(record.id) != computed {
                    found.push((format!("promo code {}", record.key), used(record.id), computed));
                }
            }
        }
        for (place, stored, computed) in found {
            self.differ("counter", place, stored, computed);
        }
        Ok(())
    }
}
