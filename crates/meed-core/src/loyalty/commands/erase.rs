//! Erasing a person: name, address, codes and everything else that says who it was. Ids, accounts, transfers, lots and audit
//! lines stay: they are business records without a name (`ledger.md` §12).

use super::TillReply;
use super::checks::{conflict, not_found, resolve};
use super::rework::leave;
use crate::command::{Command, Needs, Record, RecordKind, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Lot, Origin, Refusal, Wallet};
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{Means, Participant, Termination};
use crate::money::Unit;

/// What becomes of a wallet whose owner is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasedBalance {
    /// There must be nothing in it: it was paid out or used.
    Empty,
    /// It is forfeited.
    Forfeited,
    /// It stays, under no name.
    Kept,
}

/// Erases a participant.
#[derive(Clone, Debug)]
pub struct EraseParticipant {
    /// The participant.
    pub participant: Id,
    /// Their means of identification.
    pub means: Vec<Id>,
    /// What becomes of the wallet.
    pub balance: ErasedBalance,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for EraseParticipant {
    fn action(&self) -> &'static str {
        "participant.erased"
    }

    fn needs(&self, needs: &mut Needs) {
        let who = WalletRef::Participant(self.participant);
        needs.tills.participants.insert(who.clone());
        needs.tills.lots.insert(who);
        needs.records.insert((RecordKind::Participant, self.participant));
        needs.records.extend(self.means.iter().map(|id| (RecordKind::Means, *id)));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        let (participant, _) = resolve(state, &WalletRef::Participant(self.participant))?;
        let record = state.record(RecordKind::Participant, participant).cloned().ok_or_else(|| not_found("participant"))?;
        let units = [state.head.unit, Unit::POINTS];
        let mut refused = None;
        let done = state.wallets(|wallets| {
            for unit in units {
                wallets.settle_due(Wallet { participant, unit })?;
            }
            let lots: Vec<Lot> = units.into_iter().flat_map(|unit| wallets.book().lots_of(participant, unit)).copied().collect();
            let lots: Vec<Lot> = lots.into_iter().filter(|lot| lot.remaining > 0).collect();
            if self.balance != ErasedBalance::Kept && lots.iter().any(|lot| lot.held > 0) {
                refused = Some(conflict("hold_open", "an amount is reserved; use or release the hold first"));
            } else if self.balance == ErasedBalance::Empty && !lots.is_empty() {
                refused = Some(conflict("wallet_not_empty", "the wallet is not empty: say whether it is forfeited or kept"));
            }
            if refused.is_some() {
                // Nothing stays of what was due; the reason is the one above.
                return Err(Refusal::ProgramNotLive);
            }
            for lot in lots.iter().filter(|_| self.balance == ErasedBalance::Forfeited) {
                wallets.forfeit(Wallet { participant, unit: lot.unit }, lot.id, Origin::at(self.at))?;
            }
            Ok(())
        });
        if let Some(refused) = refused {
            return Err(refused);
        }
        done?;
        leave(state, participant, std::collections::BTreeMap::new(), None);
        self.forget(state, record);
        state.emit("participant.erased", participant.text(Kind::Participant), "{}".to_owned());
        Ok(Reply::Till(TillReply::Participant(participant, 0)))
    }
}

impl EraseParticipant {
    /// Nothing that is left names anybody. These records are no part of the journal, so no former version is kept.
    fn forget(&self, state: &mut State, record: Record) {
        let recorded_us = state.recorded_us();
        for id in &self.means {
            let Some(means) = state.record(RecordKind::Means, *id).cloned() else { continue };
            if Means::read(&means.body).is_ok_and(|known| known.participant != self.participant) {
                continue;
            }
            let (key, body, version) = (format!("deleted:{id}"), "{}".to_owned(), means.version.saturating_add(1));
            state.put_record(Record { key, body, version, deleted: true, recorded_us, ..means });
        }
        let number = self.participant.text(Kind::Participant);
        let terminated = Some(Termination { at_us: recorded_us, reason: "erased".to_owned() });
        let body = Participant { number: number.clone(), is_blocked: true, terminated, ..Participant::default() }.write();
        let version = record.version.saturating_add(1);
        state.put_record(Record { key: number, body, version, recorded_us, ..record });
    }
}
