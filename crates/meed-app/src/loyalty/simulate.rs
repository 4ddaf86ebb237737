//! Simulating offers: what each would say of a basket. Writes nothing.

use std::sync::Arc;

use meed_core::id::Id;
use meed_core::loyalty::{
    Basket, Cell, Look, Offer, OfferEntry, OfferIndex, OfferVersion, Participant, Seen, Standing, Target, TillConfig, Verdict, evaluate,
    judge,
};
use meed_core::money::{Minor, Unit};
use meed_core::people::fold_alias;

pub use super::replay::{OfferTotal, REPLAYED_MAX, Replay, ReplayInput, ShopperTotal, replay, sum_in};
use super::{Who, offers, participants};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// The id that a draft has while it is tried.
pub(super) const DRAFT: Id = Id(i64::MAX);

/// What one offer says of a basket.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whether it is the draft.
    pub is_draft: bool,
    /// What it would give, by unit.
    pub gives: Vec<(Unit, Minor)>,
    /// The offer, and why it gives nothing.
    pub verdict: Verdict,
}

/// The configuration with a draft in it: in place of the offer of its name, or beside the others.
pub(super) async fn with_draft(app: &App, ctx: &Context, draft: Option<&Offer>) -> AppResult<(Arc<TillConfig>, Option<Id>)> {
    let config = app.fresh_till_config(ctx.workspace).await?;
    let Some(draft) = draft else { return Ok((config, None)) };
    let wanted = fold_alias(&draft.scheme);
    let scheme = config.schemes.iter().find(|(_, s)| fold_alias(&s.code) == wanted || fold_alias(&s.name) == wanted).map(|(id, _)| *id);
    let is_same = |entry: &&OfferEntry| entry.versions.last().is_some_and(|v| fold_alias(&v.offer.name) == fold_alias(&draft.name));
    let id = config.offers.iter().find(is_same).map_or(DRAFT, |entry| entry.id);
    // A draft of a lottery that is in force draws as it does.
    let key = config.offers.get(id).and_then(|entry| entry.versions.last()).map_or([0; 32], |version| version.offer.draw_key);
    let version = OfferVersion { id: DRAFT, created_us: i64::MIN, offer: Arc::new(draft.clone().drawn_by(key)) };
    let own = OfferEntry { id, versions: vec![version], is_effective: true, scheme };
    let others = config.offers.iter().filter(|entry| entry.id != id).cloned();
    let offers = OfferIndex::new(others.chain(std::iter::once(own)).collect());
    let present = &*config;
    let tried = TillConfig {
        version: present.version,
        workspace: present.workspace,
        zone: present.zone.clone(),
        currency: present.currency,
        settings: present.settings.clone(),
        schemes: present.schemes.clone(),
        units: present.units.clone(),
        terminals: present.terminals.clone(),
        merchants: present.merchants.clone(),
        promo_codes: present.promo_codes.clone(),
        products: present.products.clone(),
        offers,
    };
    Ok((Arc::new(tried), Some(id)))
}

pub(super) fn parsed(draft: Option<&str>) -> AppResult<Option<Offer>> {
    let read = |text: &str| {
        offers::check(text).map_err(|findings| {
            let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
            AppError::invalid("offer_invalid", "text", all.join("\n"))
        })
    };
    draft.map(read).transpose()
}

fn judged(config: &TillConfig, person: &Participant, cell: &Cell, basket: &Basket) -> AppResult<(Vec<Target>, Vec<Verdict>)> {
    let (matched, mut verdicts) = judge(config, person, cell, basket, Look::All);
    let standing = Standing::new(basket.lines.len());
    let seen = Seen { id: DRAFT, basket, standing: &standing, is_offline: false };
    let evaluation = evaluate(config, cell, seen, &matched, &[])
        .map_err(|_| AppError::invalid("amount_overflow", "basket", "an amount leaves the range that can be kept"))?;
    verdicts.retain(|verdict| !matched.iter().any(|found| found.offer == verdict.offer));
    verdicts.extend(evaluation.verdicts);
    verdicts.sort_by_key(|verdict| verdict.offer);
    Ok((evaluation.targets, verdicts))
}

/// Amounts by unit.
pub type Sums = Vec<(Unit, Minor)>;

pub(super) fn sums(targets: impl Iterator<Item = (Unit, Minor)>) -> Sums {
    let mut sums = Sums::new();
    for (unit, amount) in targets {
        match sums.iter_mut().find(|(known, _)| *known == unit) {
            Some((_, sum)) => *sum += amount,
            None => sums.push((unit, amount)),
        }
    }
    sums
}

/// What each offer, and the draft among them, says of a basket. Without a customer it is somebody new.
pub async fn basket(app: &App, ctx: &Context, draft: Option<&str>, basket: &Basket, who: Option<&Who>) -> AppResult<Vec<Said>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let draft = parsed(draft)?;
    let (config, draft_id) = with_draft(app, ctx, draft.as_ref()).await?;
    let (person, cell) = match who {
        None => (Participant { sign_up_us: app.now_us(), ..Participant::default() }, Cell::default()),
        Some(who) => {
            let found = participants::find(app, ctx, who).await?;
            let workspace = ctx.workspace;
            let cell = app.store().read(move |r| r.till_cell(workspace, found.id)).await?;
            (found.participant, Cell { owner: found.id, ..cell })
        }
    };
    let (targets, verdicts) = judged(&config, &person, &cell, basket)?;
    let said = verdicts.into_iter().map(|verdict| Said {
        gives: sums(targets.iter().filter(|target| target.offer == verdict.offer).map(|target| (target.unit, target.amount))),
        is_draft: Some(verdict.offer) == draft_id,
        verdict,
    });
    Ok(said.collect())
}
