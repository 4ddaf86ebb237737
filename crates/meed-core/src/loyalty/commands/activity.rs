//! Recording something that is no sale and may be rewarded: a referral, an achievement, something in a network or on the web.

use std::collections::BTreeMap;

use super::TillReply;
use super::checks::{check_config, conflict, invalid, resolve};
use super::purchase::{Identified, Purchase};
use crate::audit::Digest;
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::Id;
use crate::loyalty::Line;
use crate::loyalty::basket::{ACTIVITY, ActivityKind};
use crate::loyalty::loaded::WalletRef;
use crate::money::{Exact, Minor};

/// The source of identities that Meed takes by itself.
const OWN: Id = Id(0);

/// Records an activity. It is decided like a purchase that has an amount and no goods.
#[derive(Clone, Debug)]
pub struct RecordActivity {
    /// As a purchase: who, when, where, class, reference. Its lines are made here.
    pub purchase: Purchase,
    /// What was done.
    pub kind: ActivityKind,
    /// What it was about, in minor units of the currency; 0 if nothing.
    pub amount: Minor,
    /// Who was brought, for a referral.
    pub referred: Option<WalletRef>,
}

impl RecordActivity {
    fn as_purchase(&self) -> Purchase {
        let mut purchase = self.purchase.clone();
        purchase.basket.lines = vec![Line {
            product: Id(0),
            code: String::new(),
            kind: None,
            brand: None,
            family: None,
            categories: Vec::new(),
            quantity: Exact::ONE,
            net: self.amount,
            vat: 0,
            total: self.amount,
            intended: None,
        }];
        let mut extra: BTreeMap<String, String> = std::mem::take(&mut purchase.basket.extra);
        extra.insert(ACTIVITY.to_owned(), self.kind.name().to_owned());
        purchase.basket.extra = extra;
        purchase
    }
}

impl Command for RecordActivity {
    fn action(&self) -> &'static str {
        "activity.recorded"
    }

    fn needs(&self, needs: &mut Needs) {
        self.as_purchase().needs(needs);
        needs.tills.participants.extend(self.referred.clone());
        if let Some(WalletRef::Participant(referred)) = &self.referred {
            needs.tills.identities.insert((OWN, reference(*referred)));
        }
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(identity) = &self.purchase.identity
            && let Some(first) = identity.first_answer(state)?
        {
            return Ok(Reply::Till(first));
        }
        let mut once = None;
        match (self.kind, &self.referred) {
            (ActivityKind::Referral, None) => {
                return Err(invalid("mandatory_parameter_missing", "referred", "a referral says who was brought"));
            }
            (ActivityKind::Referral, Some(referred)) => {
                let (referrer, brought) = (resolve(state, &self.purchase.who)?.0, resolve(state, referred)?.0);
                if referrer == brought {
                    return Err(invalid("referral_of_oneself", "referred", "nobody brings themselves"));
                }
                let reference = reference(brought);
                if state.tills.identity(OWN, &reference).is_some() {
                    return Err(conflict("already_referred", "this customer was brought before").at("referred"));
                }
                let mut digest = Digest::new();
                digest.text("referral").id(referrer).id(brought);
                once = Some(Identified { source: OWN, reference, fingerprint: digest.finish() });
            }
            (_, Some(_)) => return Err(invalid("field_without_meaning", "referred", "only a referral brings somebody")),
            (_, None) => {}
        }
        let reply = self.as_purchase().decide(state)?;
        if let (Some(once), Reply::Till(TillReply::Purchase(done))) = (once, &reply) {
            once.take(state, done.id);
        }
        Ok(reply)
    }
}

/// Records several activities in one command. Each is decided on what the earlier ones left; a refused one does not touch the
/// others.
#[derive(Clone, Debug)]
pub struct RecordActivities {
    /// The activities, prepared with one configuration.
    pub rows: Vec<RecordActivity>,
}

impl Command for RecordActivities {
    fn action(&self) -> &'static str {
        "activities.recorded"
    }

    fn needs(&self, needs: &mut Needs) {
        self.rows.iter().for_each(|row| row.needs(needs));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(first) = self.rows.first() {
            check_config(state, &first.purchase.config)?;
        }
        let decide = |row: &RecordActivity| match row.decide(state)? {
            Reply::Till(TillReply::Purchase(done)) => Ok(*done),
            _ => Err(conflict("entity_not_found", "the reference names something else than an activity")),
        };
        Ok(Reply::Till(TillReply::Purchases(self.rows.iter().map(decide).collect())))
    }
}

fn reference(referred: Id) -> String {
    format!("referred:{referred}")
}
