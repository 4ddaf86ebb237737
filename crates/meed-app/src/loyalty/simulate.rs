//! Simulating offers: what each would say of a basket, and what a draft would have given for sales of the past. Writes nothing.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use meed_core::id::Id;
use meed_core::loyalty::{
    Basket, Cell, Look, Offer, OfferEntry, OfferIndex, OfferVersion, Participant, Seen, Standing, Target, TillConfig, Verdict, evaluate,
    judge,
};
use meed_core::money::{Minor, Unit};
use meed_core::people::fold_alias;

use super::purchases::{self, PurchaseFilter};
use super::{Who, offers, participants};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Sales that a replay looks at, at most.
pub const REPLAYED_MAX: usize = 1_000;

/// The id that a draft has while it is tried.
const DRAFT: Id = Id(i64::MAX);

/// What one offer says of a basket.
#[derive(Clone, Debug)]
pub struct Said {
    /// The offer's name.
    pub name: String,
    /// Whether it is the draft.
    pub is_draft: bool,
    /// What it would give, by unit.
    pub gives: Vec<(Unit, Minor)>,
    /// Why it gives nothing: code and sentence.
    pub why_not: Option<(String, String)>,
}

/// What a draft would have given.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Purchases that were looked at.
    pub purchases: usize,
    /// Purchases for which the draft gives something.
    pub matched: usize,
    /// What all offers gave, in the workspace's currency.
    pub before: Minor,
    /// What all offers would give with the draft among them.
    pub after: Minor,
    /// What the draft itself would give, by unit.
    pub draft: Vec<(Unit, Minor)>,
    /// Whether there were more purchases than are looked at.
    pub is_cut: bool,
}

/// The configuration with a draft in it: in place of the offer of its name, or beside the others.
async fn with_draft(app: &App, ctx: &Context, draft: Option<&Offer>) -> AppResult<(Arc<TillConfig>, Option<Id>)> {
    let config = app.fresh_till_config(ctx.workspace).await?;
    let Some(draft) = draft else { return Ok((config, None)) };
    let wanted = fold_alias(&draft.scheme);
    let scheme = config.schemes.iter().find(|(_, s)| fold_alias(&s.code) == wanted || fold_alias(&s.name) == wanted).map(|(id, _)| *id);
    let is_same = |entry: &&OfferEntry| entry.versions.last().is_some_and(|v| fold_alias(&v.offer.name) == fold_alias(&draft.name));
    let id = config.offers.iter().find(is_same).map_or(DRAFT, |entry| entry.id);
    let version = OfferVersion { id: DRAFT, created_us: i64::MIN, offer: Arc::new(draft.clone()) };
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

fn parsed(draft: Option<&str>) -> AppResult<Option<Offer>> {
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
    let seen = Seen { id: DRAFT, basket, standing: &standing };
    let evaluation = evaluate(config, cell, seen, &matched, &[])
        .map_err(|_| AppError::invalid("amount_overflow", "basket", "an amount leaves the range that can be kept"))?;
    verdicts.retain(|verdict| !matched.iter().any(|found| found.offer == verdict.offer));
    verdicts.extend(evaluation.verdicts);
    verdicts.sort_by_key(|verdict| verdict.offer);
    Ok((evaluation.targets, verdicts))
}

fn sums(targets: impl Iterator<Item = (Unit, Minor)>) -> Vec<(Unit, Minor)> {
    let mut sums: Vec<(Unit, Minor)> = Vec::new();
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
            (found.participant, app.store().read(move |r| r.till_cell(workspace, found.id)).await?)
        }
    };
    let (targets, verdicts) = judged(&config, &person, &cell, basket)?;
    let said = verdicts.into_iter().map(|verdict| Said {
        gives: sums(targets.iter().filter(|target| target.offer == verdict.offer).map(|target| (target.unit, target.amount))),
        is_draft: Some(verdict.offer) == draft_id,
        why_not: verdict.why_not.map(|why| (why.code().to_owned(), why.to_string())),
        name: verdict.name,
    });
    Ok(said.collect())
}

/// What a draft would have given for the purchases of the last `days` days, newest first. Each is judged as if it were the
/// customer's first: thresholds over several purchases count from nothing.
pub async fn replay(app: &App, ctx: &Context, draft: &str, days: i64) -> AppResult<Replay> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let draft = parsed(Some(draft))?;
    let (config, draft_id) = with_draft(app, ctx, draft.as_ref()).await?;
    let after: Option<Timestamp> = app.now().checked_sub((days.clamp(1, 3_650) * 24).hours()).ok();
    let filter = PurchaseFilter { submitted_after: after, limit: REPLAYED_MAX, ..PurchaseFilter::default() };
    let views = purchases::list(app, ctx, filter).await?;
    let mut replay = Replay { purchases: views.len(), is_cut: views.len() == REPLAYED_MAX, ..Replay::default() };
    let mut given: Vec<(Unit, Minor)> = Vec::new();
    for view in &views {
        let who = Who::Id(view.done.participant);
        let person = participants::find(app, ctx, &who).await?.participant;
        let (targets, _) = judged(&config, &person, &Cell::default(), &view.done.body.basket)?;
        let own = targets.iter().filter(|target| Some(target.offer) == draft_id);
        let own: Vec<(Unit, Minor)> = own.map(|target| (target.unit, target.amount)).collect();
        replay.matched += usize::from(!own.is_empty());
        given = sums(given.into_iter().chain(own));
        replay.before += view.done.body.standing.awarded(config.currency);
        replay.after += targets.iter().filter(|target| target.unit == config.currency).map(|target| target.amount).sum::<Minor>();
    }
    replay.draft = given;
    Ok(replay)
}
