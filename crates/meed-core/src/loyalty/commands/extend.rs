//! Goodwill: a lot may be used until a later time (`ledger.md` §4.2). What had expired of it comes back. Never by itself.

use std::sync::Arc;

use super::TillReply;
use super::checks::{check_config, check_reason, conflict, invalid, not_found, resolve};
use super::purchase::{Identified, first_answer, need_identity, take_identity};
use super::rework::{balances, leave};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Origin, Refusal, Wallet};
use crate::loyalty::TillConfig;
use crate::loyalty::event::{EventKind, ExtensionBody};
use crate::loyalty::loaded::WalletRef;

/// Extends a lot.
#[derive(Clone, Debug)]
pub struct ExtendLot {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Whose wallet.
    pub who: WalletRef,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// The lot.
    pub lot: Id,
    /// Until when it may be used; `None`: for ever.
    pub expires: Option<jiff::Timestamp>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for ExtendLot {
    fn action(&self) -> &'static str {
        "lot.extended"
    }

    fn needs(&self, needs: &mut Needs) {
        need_identity(self.identity.as_ref(), needs);
        let tills = &mut needs.tills;
        tills.participants.insert(self.who.clone());
        tills.lots.insert(self.who.clone());
        tills.named_lots.insert(self.lot);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        check_reason(&self.reason, "reason")?;
        let (participant, _) = resolve(state, &self.who)?;
        let lot = state.book.lot(self.lot).filter(|lot| lot.participant == participant).copied();
        let lot = lot.ok_or_else(|| not_found("lot").at("lot"))?;
        let after_us = self.expires.map(jiff::Timestamp::as_microsecond);
        if after_us.is_some_and(|after| after <= state.recorded_us()) {
            return Err(invalid("date_in_past", "expires", "a lot is extended to a time to come"));
        }
        if lot.expires_us.is_none_or(|before| after_us.is_some_and(|after| after <= before)) {
            return Err(invalid("expiry_not_later", "expires", "a lot is extended to a later time than it has"));
        }
        let (id, wallet) = (state.next_id(), Wallet { participant, unit: lot.unit });
        let revived = state.wallets(|wallets| {
            // What matured may be netted away by now, and what is over has expired.
            wallets.settle_due(wallet)?;
            if wallets.book().lot(self.lot).is_none_or(|lot| lot.remaining == 0 && lot.expired == 0) {
                return Err(Refusal::LotConditionsNotMet);
            }
            let revived = wallets.extend(wallet, self.lot, after_us, Origin::at(self.at))?;
            wallets.settle_due(wallet)?;
            Ok(revived)
        });
        let revived = revived.map_err(|refusal| match refusal {
            Refusal::LotConditionsNotMet => conflict("lot_empty", "nothing is left of the lot").at("lot"),
            other => other.into(),
        })?;
        leave(state, participant, std::collections::BTreeMap::new(), None);
        let body = ExtensionBody {
            lot: self.lot,
            unit: lot.unit,
            before_us: lot.expires_us,
            after_us,
            revived,
            reason: self.reason.clone(),
            balance: balances(state, participant).0,
        };
        let event = state.till_event(id, EventKind::Extension, participant, None, self.at, body.to_row());
        state.tills.add_event(event);
        take_identity(state, self.identity.as_ref(), id);
        state.emit("lot.extended", self.lot.text(Kind::Lot), "{}".to_owned());
        Ok(Reply::Till(TillReply::Extension(id, Box::new(body), false)))
    }
}
