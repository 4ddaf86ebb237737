//! Setting a customer's tier by hand, and taking that back.

use std::sync::Arc;

use super::TillReply;
use super::checks::{check_config, check_reason, invalid, not_found, resolve};
use super::purchase::{Identified, first_answer, need_identity, take_identity};
use super::rework::balances;
use crate::command::{Command, Needs, Record, RecordKind, Refused, Reply, State, day_number};
use crate::id::{Id, Kind};
use crate::loyalty::event::{EventKind, TierSetBody};
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{Participant, TierByHand, TillConfig};

/// Sets a tier by hand. Purchases from then on see it; what was given before stays.
#[derive(Clone, Debug)]
pub struct SetTier {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Whose.
    pub participant: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// The tier by code; `None`: what was set by hand is taken back.
    pub tier: Option<String>,
    /// Until when; `None`: until it is taken back.
    pub until: Option<jiff::Timestamp>,
    /// Whether it holds whatever is earned, instead of being the least.
    pub is_fixed: bool,
    /// Why.
    pub reason: String,
    /// Who sets it, as the audit log names them.
    pub set_by: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for SetTier {
    fn action(&self) -> &'static str {
        "tier.set"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.tills.participants.insert(WalletRef::Participant(self.participant));
        needs.tills.programs.insert(self.config.workspace);
        needs.records.insert((RecordKind::Participant, self.participant));
        need_identity(self.identity.as_ref(), needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        check_reason(&self.reason, "reason")?;
        let tiers = &self.config.settings.tiers;
        if let Some(code) = &self.tier
            && !tiers.levels.iter().any(|tier| tier.code == *code)
        {
            let known: Vec<&str> = tiers.levels.iter().map(|tier| tier.code.as_str()).collect();
            let text = format!("there is no tier `{code}`; there are: {}", known.join(", "));
            return Err(invalid("tier_unknown", "tier", text));
        }
        if self.until.is_some_and(|until| until <= self.at) {
            return Err(invalid("date_in_past", "until", "a tier holds until a time to come"));
        }
        let (participant, mut person) = resolve(state, &WalletRef::Participant(self.participant))?;
        let record = state.record(RecordKind::Participant, participant).cloned().ok_or_else(|| not_found("participant"))?;
        let (at_us, day) = (self.at.as_microsecond(), day_number(self.config.zone.to_datetime(self.at).date()));
        let units = state.tills.cell(participant).cell.period_units(day, tiers.window_days);
        let code = |person: &Participant| tiers.holds(units, person.tier_by_hand(at_us)).map(|tier| tier.code.clone());
        let before = code(&person);
        person.tiers.iter_mut().filter(|set| set.until_us.is_none_or(|until| at_us < until)).for_each(|set| set.until_us = Some(at_us));
        // What began and ended in the same instant never held.
        person.tiers.retain(|set| set.until_us.is_none_or(|until| set.from_us < until));
        if let Some(tier) = self.tier.clone() {
            let (until_us, is_fixed) = (self.until.map(jiff::Timestamp::as_microsecond), self.is_fixed);
            let (reason, set_by) = (self.reason.clone(), self.set_by.clone());
            person.tiers.push(TierByHand { tier, from_us: at_us, until_us, is_fixed, reason, set_by });
        }
        let id = state.next_id();
        let body = TierSetBody {
            tier: self.tier.clone(),
            before,
            after: code(&person),
            until_us: self.until.map(jiff::Timestamp::as_microsecond),
            is_fixed: self.is_fixed,
            reason: self.reason.clone(),
            set_by: self.set_by.clone(),
            balance: balances(state, participant).0,
        };
        let recorded_us = state.recorded_us();
        state.put_record(Record { body: person.write(), version: record.version.saturating_add(1), recorded_us, ..record });
        let event = state.till_event(id, EventKind::TierSet, participant, None, self.at, body.to_row());
        state.tills.add_event(event);
        take_identity(state, self.identity.as_ref(), id);
        state.emit("tier.set", participant.text(Kind::Participant), "{}".to_owned());
        Ok(Reply::Till(TillReply::Tier(id, Box::new(body), false)))
    }
}
