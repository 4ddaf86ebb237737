//! What the offers say of a purchase: one pure function for preview, commit, returns, late sales and explanations.
//!
//! Conditions and thresholds are judged on the basket as it was sold; amounts are computed on what is left of it. So a
//! return takes from an award what belongs to the returned part, to the last unit, whatever the parts and their order
//! (`ledger.md` §5.2).

use super::basket::Basket;
use super::cell::{Cell, add_by_day};
use super::config::TillConfig;
use super::event::{Matched, PurchaseBody, PurchaseState, SpendMethod, Standing};
use super::offer::{Class, EvaluationMethod, Occasion, Offer, OfferEntry, OfferVersion, Rate, Repeats, Scope};
use super::participant::Participant;
use super::sight::{LINE, Sight};
use super::why::WhyNot;
use crate::command::{date_of, day_number};
use crate::id::Id;
use crate::ledger::{minor_of, share};
use crate::money::{Amount, Exact, Minor, Overflow, Unit, mul, to_minor};
use crate::people::fold_alias;

/// A purchase as it stands.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Its id; the highest for one that is not stored.
    pub id: Id,
    /// What was bought.
    pub basket: &'a Basket,
    /// What became of it.
    pub standing: &'a Standing,
    /// Whether its till was offline.
    pub is_offline: bool,
}

impl<'a> Seen<'a> {
    /// A stored purchase as it stands.
    #[must_use]
    pub fn of(id: Id, body: &'a PurchaseBody, standing: &'a Standing) -> Self {
        Self { id, basket: &body.basket, standing, is_offline: body.is_offline }
    }
}

/// What an offer gives for a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The offer.
    pub offer: Id,
    /// Its version.
    pub version: Id,
    /// The line, for an award per item.
    pub line: Option<u32>,
    /// What it counts.
    pub unit: Unit,
    /// How much, above 0.
    pub amount: Minor,
    /// What it was computed from.
    pub basis: Exact,
    /// How it is spent.
    pub method: SpendMethod,
}

/// What one offer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The offer.
    pub offer: Id,
    /// Its version.
    pub version: Id,
    /// Its name.
    pub name: String,
    /// Why it does not apply; `None`: it does.
    pub why_not: Option<WhyNot>,
}

/// What all offers say, and what the customer's cell takes from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Awards, by offer and line.
    pub targets: Vec<Target>,
    /// What each offer said that was looked at, by offer.
    pub verdicts: Vec<Verdict>,
    counted: Vec<(Id, Exact, Option<i64>)>,
    fired: Vec<Id>,
    /// Classes that count towards offers for all of some classes.
    met: Vec<(Id, (String, Option<i64>))>,
    /// Lotteries that were drawn, won or not.
    drawn: Vec<Id>,
    day: i64,
    units: Exact,
}

/// An offer that would give something.
struct Draft<'a> {
    offer: &'a Offer,
    id: Id,
    version: Id,
    unit: Unit,
    parts: Vec<(Option<u32>, Minor, Exact)>,
}

impl Draft<'_> {
    fn amount(&self) -> Minor {
        self.parts.iter().map(|(_, amount, _)| amount).sum()
    }

    /// What it is worth in the workspace's currency, to find the best.
    fn worth(&self, config: &TillConfig) -> Exact {
        let major = Amount { minor: self.amount(), unit: self.unit }.major();
        if self.unit != Unit::POINTS {
            return major;
        }
        let value = self.offer.award.unit_cost.or(config.settings.point_value).unwrap_or_else(|| Exact::new(1, 2));
        mul(major, value).unwrap_or(major)
    }
}

/// What the lines that an offer counts sum to. Amounts are minor units of the currency.
#[derive(Clone, Copy, Default)]
struct Counted {
    gross: Minor,
    /// What came back.
    returned: Minor,
    /// What is left to compute on.
    left: Minor,
    quantity: Exact,
}

/// Which offers to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Those that may apply.
    Candidates,
    /// All, for explanations.
    All,
}

/// Judges a basket once, when it is sold: which offers match it, by which version, for which lines. What was found stays
/// with the purchase, so that no later change of an offer or a customer touches what was given.
#[must_use]
pub fn judge(config: &TillConfig, participant: &Participant, cell: &Cell, basket: &Basket, look: Look) -> (Vec<Matched>, Vec<Verdict>) {
    let (mut matched, mut verdicts) = (Vec::new(), Vec::new());
    let day = local_day(config, basket);
    let tier = tier_at(config, participant, cell, basket);
    let Some(sight) = Sight::new(config, basket, participant, tier) else { return (matched, verdicts) };
    let unit_code = config.units.get(&basket.unit).map(|unit| unit.code.as_str());
    let entries: Vec<&OfferEntry> = match look {
        Look::All => config.offers.iter().collect(),
        Look::Candidates => config.offers.candidates(basket, unit_code).iter().filter_map(|id| config.offers.get(*id)).collect(),
    };
    for entry in entries {
        let version = entry.at(basket.at.as_microsecond());
        let judge = Judge { config, sight: &sight, entry, version };
        match judge.may_apply(day).and_then(|()| judge.counted_lines(&version.offer)) {
            Ok(lines) => matched.push(Matched { offer: entry.id, version: version.id, lines }),
            Err(why_not) => {
                let name = version.offer.name.clone();
                verdicts.push(Verdict { offer: entry.id, version: version.id, name, why_not: Some(why_not) });
            }
        }
    }
    (matched, verdicts)
}

/// The tier of a customer at a purchase, by code.
pub(super) fn tier_at<'a>(config: &'a TillConfig, participant: &Participant, cell: &Cell, basket: &Basket) -> Option<&'a str> {
    let tiers = &config.settings.tiers;
    let by_hand = participant.tier_by_hand(basket.at.as_microsecond());
    let units = cell.period_units(local_day(config, basket), tiers.window_days);
    tiers.holds(units, by_hand).map(|tier| tier.code.as_str())
}

/// Computes what the matching offers give. `withheld` are offers that a budget or limit keeps back now.
pub fn evaluate(
    config: &TillConfig,
    cell: &Cell,
    seen: Seen<'_>,
    matched: &[Matched],
    withheld: &[(Id, &'static str)],
) -> Result<Evaluation, Overflow> {
    let mut evaluation = Evaluation { day: local_day(config, seen.basket), ..Evaluation::default() };
    let is_activity = seen.basket.activity().is_some();
    if seen.standing.state == PurchaseState::Cancelled || left_of(seen, |_| true, false).left <= 0 && !is_activity {
        return Ok(evaluation);
    }
    evaluation.units = units_of(config, seen)?;
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for matched in matched {
        let Some(offer) = config.offers.version(matched.version) else { continue };
        if let Some(why_not) = waits(config, offer, seen.standing) {
            let name = offer.name.clone();
            evaluation.verdicts.push(Verdict { offer: matched.offer, version: matched.version, name, why_not: Some(why_not) });
            continue;
        }
        let why_not = match (Count { config, cell, seen, offer, matched, withheld }).draft(&mut evaluation)? {
            Ok(draft) => {
                drafts.push(draft);
                None
            }
            Err(why_not) => Some(why_not),
        };
        evaluation.verdicts.push(Verdict { offer: matched.offer, version: matched.version, name: offer.name.clone(), why_not });
    }
    let drafts = best(config, drafts, seen.standing, &mut evaluation);
    finish(drafts, &mut evaluation)?;
    Ok(evaluation)
}

/// Why an offer does not count for a purchase yet, or not at all: runs evaluate it.
fn waits(config: &TillConfig, offer: &Offer, standing: &Standing) -> Option<WhyNot> {
    let EvaluationMethod::Batch { latest } = offer.evaluation else { return None };
    let Some(at) = standing.evaluated_us.and_then(|us| jiff::Timestamp::from_microsecond(us).ok()) else {
        return Some(WhyNot::AwaitsEvaluation);
    };
    let day = config.zone.to_datetime(at).date();
    latest.filter(|latest| day > *latest).map(|latest| WhyNot::EvaluationOver { latest })
}

/// Value units that count of a purchase: of what is left of it.
pub(super) fn units_of(config: &TillConfig, seen: Seen<'_>) -> Result<Exact, Overflow> {
    let left = left_of(seen, |_| true, false).left;
    if seen.standing.state == PurchaseState::Cancelled || left <= 0 || seen.basket.activity().is_some() {
        return Ok(Exact::ZERO);
    }
    mul(Amount { minor: left, unit: config.currency }.major(), config.settings.tiers.rate)
}

pub(super) fn local_day(config: &TillConfig, basket: &Basket) -> i64 {
    day_number(config.zone_of(basket.unit).to_datetime(basket.at).date())
}

/// Of the offers that do not stack only the best stays; of two alike the older. A discount or voucher that the till gave stays
/// when a run finds a better one: it cannot be taken back from the receipt.
fn best<'a>(config: &TillConfig, drafts: Vec<Draft<'a>>, standing: &Standing, evaluation: &mut Evaluation) -> Vec<Draft<'a>> {
    let alone = |draft: &&Draft<'_>| !draft.offer.stacks && !matches!(draft.offer.award.rate, Rate::OfAwards(_));
    let is_given = |draft: &&Draft<'_>| {
        matches!(draft.offer.spend.method, SpendMethod::Instant | SpendMethod::Voucher)
            && !draft.offer.is_batch()
            && standing.grants.iter().any(|grant| grant.offer == draft.id && grant.amount > 0)
    };
    let given = drafts.iter().filter(alone).find(|draft| standing.evaluated_us.is_some() && is_given(draft));
    let best = || drafts.iter().filter(alone).max_by(|a, b| a.worth(config).cmp(&b.worth(config)).then(b.id.cmp(&a.id)));
    let Some(best) = given.or_else(best).map(|draft| draft.id) else { return drafts };
    let (kept, lost): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|draft| !alone(&draft) || draft.id == best);
    for draft in lost {
        if let Some(verdict) = evaluation.verdicts.iter_mut().find(|verdict| verdict.offer == draft.id) {
            verdict.why_not = Some(WhyNot::NotBest { best });
        }
    }
    kept
}

/// Percentages of other awards come last; then every draft becomes targets.
fn finish(drafts: Vec<Draft<'_>>, evaluation: &mut Evaluation) -> Result<(), Overflow> {
    let (of_awards, plain): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|draft| matches!(draft.offer.award.rate, Rate::OfAwards(_)));
    let sum_in = |unit: Unit| plain.iter().filter(|draft| draft.unit == unit).map(Draft::amount).sum::<Minor>();
    let mut all = Vec::new();
    for mut draft in of_awards {
        let Rate::OfAwards(percent) = draft.offer.award.rate else { continue };
        let base = Amount { minor: sum_in(draft.unit), unit: draft.unit }.major();
        let amount = to_minor(mul(base, percent_of(percent))?, draft.unit, draft.offer.award.rounding)?;
        let amount = capped(draft.offer, draft.unit, amount)?;
        if amount > 0 {
            draft.parts = vec![(None, amount, base)];
            all.push(draft);
        } else if let Some(verdict) = evaluation.verdicts.iter_mut().find(|verdict| verdict.offer == draft.id) {
            verdict.why_not = Some(WhyNot::NothingToGive);
        }
    }
    all.extend(plain);
    all.sort_by_key(|draft| draft.id);
    for draft in all {
        evaluation.fired.push(draft.id);
        let (offer, version, unit, method) = (draft.id, draft.version, draft.unit, draft.offer.spend.method);
        evaluation.targets.extend(draft.parts.into_iter().map(|(line, amount, basis)| Target {
            offer,
            version,
            line,
            unit,
            amount,
            basis,
            method,
        }));
    }
    Ok(())
}

/// One offer and one basket.
pub(super) struct Judge<'a> {
    pub(super) config: &'a TillConfig,
    pub(super) sight: &'a Sight<'a>,
    pub(super) entry: &'a OfferEntry,
    pub(super) version: &'a OfferVersion,
}

impl Judge<'_> {
    /// Scheme, merchant, days: what does not look at lines.
    pub(super) fn may_apply(&self, day: i64) -> Result<(), WhyNot> {
        let (offer, basket) = (&*self.version.offer, self.sight.basket);
        if offer.class.activity() != basket.activity() {
            return Err(WhyNot::OtherEvent { fires_on: offer.class.word() });
        }
        if let Class::Activity { classifications, .. } = &offer.class
            && !classifications.is_empty()
            && !classification_of(basket).is_some_and(|own| classifications.contains(&own))
        {
            return Err(WhyNot::OtherClassification { counts: classifications.clone() });
        }
        if !self.entry.is_effective {
            return Err(WhyNot::NotEffective);
        }
        let scheme_id = self.entry.scheme.ok_or(WhyNot::SchemeUnknown)?;
        let scheme = self.config.schemes.get(&scheme_id).ok_or(WhyNot::SchemeUnknown)?;
        if !scheme.is_effective {
            return Err(WhyNot::SchemeNotEffective);
        }
        if !scheme.is_automatic && !self.sight.participant.is_in(scheme_id, basket.at.as_microsecond()) {
            return Err(WhyNot::SchemeNotJoined);
        }
        self.merchant_allows(scheme_id)?;
        let today = self.sight.local.date();
        let holds = |(from, until): &(Option<jiff::civil::Date>, Option<jiff::civil::Date>)| {
            from.is_none_or(|from| from <= today) && until.is_none_or(|until| today <= until)
        };
        if !offer.valid.is_empty() && !offer.valid.iter().any(holds) {
            return Err(WhyNot::NotValid { day: today });
        }
        if let Some(window) = offer.occasion {
            let person = self.sight.participant;
            let is_it = |day: jiff::civil::Date| match window.occasion {
                Occasion::Birthday => person.born.is_some_and(|born| Participant::falls_on((born.month(), born.day()), day)),
                Occasion::NameDay => person.name_day.is_some_and(|annual| Participant::falls_on(annual, day)),
                Occasion::Christmas => (day.month(), day.day()) == (12, 25),
                Occasion::Easter => (day.month(), day.day()) == Occasion::easter(day.year()),
            };
            // A window of n days before the occasion begins n days earlier: today + n is the occasion.
            if !(-window.after..=window.before).filter_map(|shift| date_of(day + shift)).any(is_it) {
                return Err(WhyNot::NoOccasion);
            }
        }
        Ok(())
    }

    /// The table of `pos-loyalty.md` §12.
    fn merchant_allows(&self, scheme: Id) -> Result<(), WhyNot> {
        let unit = self.sight.basket.unit;
        let Some((id, merchant)) = self.config.merchant_of(unit) else { return Ok(()) };
        let own = self.config.units.get(&unit).and_then(|unit| unit.group.as_deref());
        // A customer belongs to the group or merchant of the store that signed them up.
        let home = self.sight.participant.sign_up_unit.and_then(|id| self.config.units.get(&id));
        let (group, of) = home.map_or((None, None), |unit| (unit.group.as_deref(), unit.merchant));
        let is_own = of == Some(id) || group.is_some() && group == own;
        let is_others = !is_own && (group.is_some() || of.is_some());
        if !merchant.is_effective {
            Err(WhyNot::MerchantNotEffective)
        } else if merchant.bars_own && is_own {
            Err(WhyNot::MerchantBarsOwn)
        } else if merchant.bars_others && is_others {
            Err(WhyNot::MerchantBarsOthers)
        } else if !merchant.schemes.is_empty() && !merchant.schemes.contains(&scheme) {
            Err(WhyNot::MerchantOtherSchemes)
        } else {
            Ok(())
        }
    }

    /// The lines whose condition holds. Free and voided lines never count.
    pub(super) fn counted_lines(&self, offer: &Offer) -> Result<Vec<u32>, WhyNot> {
        let is_activity = self.sight.basket.activity().is_some();
        let paid =
            self.sight.basket.lines.iter().enumerate().filter(|(_, line)| is_activity || line.total > 0 && line.quantity > Exact::ZERO);
        let paid: Vec<u32> = paid.filter_map(|(line, _)| u32::try_from(line).ok()).collect();
        let Some(first) = paid.first() else { return Err(WhyNot::NothingPaid) };
        let Some(condition) = &offer.condition else { return Ok(paid) };
        let by_line = condition.facts().iter().any(|fact| fact.root == LINE);
        let place = |line: u32| usize::try_from(line).unwrap_or(usize::MAX);
        let holds = |line: u32| self.sight.holds(condition, place(line)).unwrap_or(false);
        let lines: Vec<u32> = if by_line {
            paid.iter().copied().filter(|line| holds(*line)).collect()
        } else if holds(*first) {
            paid.clone()
        } else {
            Vec::new()
        };
        if lines.is_empty() {
            let failed = self.sight.why_not(condition, place(*first));
            let text = failed.map_or_else(|| condition.source().to_owned(), |failed| failed.text);
            return Err(WhyNot::Condition { text: if by_line && paid.len() > 1 { format!("no line fits: {text}") } else { text } });
        }
        Ok(lines)
    }
}

/// The class of an event as offers compare it.
fn classification_of(basket: &Basket) -> Option<String> {
    basket.classification.as_deref().map(fold_alias)
}

/// One matching offer and one purchase.
struct Count<'a, 'b> {
    config: &'b TillConfig,
    cell: &'b Cell,
    seen: Seen<'b>,
    offer: &'a Offer,
    matched: &'b Matched,
    withheld: &'b [(Id, &'static str)],
}

impl<'a> Count<'a, '_> {
    fn draft(&self, evaluation: &mut Evaluation) -> Result<Result<Draft<'a>, WhyNot>, Overflow> {
        let (offer, id, day) = (self.offer, self.matched.offer, evaluation.day);
        let counted = left_of(self.seen, |line| self.matched.counts(line), offer.award.on_paid);
        let mut basis = counted.left;
        if let Class::Activity { needs_all: true, classifications, within_days, .. } = &offer.class {
            if let Err(why_not) = self.fits_class(counted) {
                return Ok(Err(why_not));
            }
            let own = classification_of(self.seen.basket).unwrap_or_default();
            let has = |class: &&String| **class == own || self.cell.has_seen(id, class, day, *within_days);
            let (current, target) = (classifications.iter().filter(has).count(), classifications.len());
            evaluation.met.push((id, (own.clone(), *within_days)));
            if current < target {
                return Ok(Err(WhyNot::Progress { current: Exact::from(current), target: Exact::from(target) }));
            }
        } else if let Some((threshold, within_days)) = offer.class.target() {
            let step = match offer.class {
                Class::Amount { .. } | Class::Lottery { is_amount: true, .. } => {
                    Amount { minor: counted.left, unit: self.config.currency }.major()
                }
                Class::Quantity { .. } => counted.quantity,
                Class::Activity { .. } if self.fits_class(counted).is_err() => Exact::ZERO,
                Class::Activity { .. } => Exact::ONE,
                _ if counted.left > 0 => Exact::ONE,
                _ => Exact::ZERO,
            };
            let before = self.cell.offers.get(&id).map_or(Exact::ZERO, |cell| cell.progress(day, within_days));
            evaluation.counted.push((id, step, within_days));
            if before + step < threshold {
                return Ok(Err(WhyNot::Progress { current: before + step, target: threshold }));
            }
            if matches!(offer.class, Class::Amount { .. }) {
                basis = minor_of(before + step, self.config.currency)?;
            }
        }
        if let Err(why_not) = self.fits_class(counted).and_then(|()| self.may_repeat(day)) {
            return Ok(Err(why_not));
        }
        let kept = self.seen.standing.withheld.iter().find(|held| held.offer == id).map(|held| held.reason.clone());
        let kept = kept.or_else(|| self.withheld.iter().find(|(held, _)| *held == id).map(|(_, reason)| (*reason).to_owned()));
        if let Some(reason) = kept {
            return Ok(Err(WhyNot::Withheld { reason }));
        }
        if matches!(offer.class, Class::Lottery { .. }) {
            evaluation.drawn.push(id);
            if !offer.wins(self.cell.owner, self.cell.draws.get(&id).copied().unwrap_or(0)) {
                return Ok(Err(WhyNot::NotDrawn));
            }
        }
        let unit = offer.award.unit.unwrap_or(self.config.currency);
        let parts = self.parts(unit, counted, basis)?;
        if parts.is_empty() && !matches!(offer.award.rate, Rate::OfAwards(_)) {
            return Ok(Err(WhyNot::NothingToGive));
        }
        Ok(Ok(Draft { offer, id, version: self.matched.version, unit, parts }))
    }

    fn fits_class(&self, counted: Counted) -> Result<(), WhyNot> {
        let major = |minor| Amount { minor, unit: self.config.currency }.major();
        match &self.offer.class {
            Class::Purchase { from, .. } | Class::Activity { from, .. } if major(counted.gross) < *from => {
                Err(WhyNot::BelowFrom { counted: major(counted.gross), from: *from })
            }
            Class::Purchase { to: Some(to), .. } | Class::Activity { to: Some(to), .. } if major(counted.gross) > *to => {
                Err(WhyNot::AboveTo { counted: major(counted.gross), to: *to })
            }
            Class::SignUp if self.cell.awarded_by.iter().all(|id| *id == self.matched.offer) => Err(WhyNot::NeedsEarlierAward),
            _ => Ok(()),
        }
    }

    fn may_repeat(&self, day: i64) -> Result<(), WhyNot> {
        let repeats = if self.offer.class == Class::SignUp { Repeats::Once } else { self.offer.repeats };
        let Some(cell) = self.cell.offers.get(&self.matched.offer) else { return Ok(()) };
        let again = match repeats {
            Repeats::Once if cell.times > 0 => None,
            Repeats::Always | Repeats::Once => return Ok(()),
            Repeats::OncePer { days, months } => {
                let last = cell.last_day.and_then(date_of);
                let span = jiff::Span::new().try_days(days).and_then(|span| span.try_months(months)).ok();
                match (last, span) {
                    (Some(last), Some(span)) => last.checked_add(span).ok(),
                    _ => return Ok(()),
                }
            }
        };
        match again {
            Some(again) if day_number(again) <= day => Ok(()),
            again => Err(WhyNot::AlreadyGiven { times: cell.times, again }),
        }
    }

    /// The award: whole, or by line.
    fn parts(&self, unit: Unit, counted: Counted, basis: Minor) -> Result<Vec<(Option<u32>, Minor, Exact)>, Overflow> {
        let (offer, mut parts) = (self.offer, Vec::new());
        if offer.award.scope == Scope::Transaction {
            parts.push((None, self.amount(unit, counted, basis)?, Amount { minor: basis, unit: self.config.currency }.major()));
        } else {
            for place in self.matched.lines.iter().copied() {
                let counted = left_of(self.seen, |other| u32::try_from(other) == Ok(place), offer.award.on_paid);
                let amount = self.amount(unit, counted, counted.left)?;
                parts.push((Some(place), amount, Amount { minor: counted.left, unit: self.config.currency }.major()));
            }
        }
        let mut room = capped(offer, unit, Minor::MAX)?;
        for (_, amount, _) in &mut parts {
            *amount = (*amount).min(room);
            room -= *amount;
        }
        parts.retain(|(_, amount, _)| *amount > 0);
        Ok(parts)
    }

    fn amount(&self, unit: Unit, counted: Counted, basis: Minor) -> Result<Minor, Overflow> {
        let offer = self.offer;
        let base = Amount { minor: basis, unit: self.config.currency }.major();
        let rounded = |exact: Exact| to_minor(exact, unit, offer.award.rounding);
        match &offer.award.rate {
            Rate::Fixed(amount) => {
                let whole = rounded(*amount)?;
                if offer.class.target().is_some() {
                    return Ok(whole);
                }
                Ok(whole - share(whole, counted.returned, counted.gross)?)
            }
            Rate::Percent(percent) => rounded(mul(base, percent_of(*percent))?),
            Rate::Each { amount, per } => {
                let steps = base.checked_div(*per).ok_or(Overflow)?.floor();
                rounded(mul(steps, *amount)?)
            }
            Rate::OfAwards(_) => Ok(0),
        }
    }
}

fn percent_of(percent: Exact) -> Exact {
    percent / Exact::ONE_HUNDRED
}

fn capped(offer: &Offer, unit: Unit, amount: Minor) -> Result<Minor, Overflow> {
    match offer.award.max {
        Some(max) => Ok(amount.min(to_minor(max, unit, offer.award.rounding)?)),
        None => Ok(amount),
    }
}

/// What is left of the lines that are asked for.
fn left_of(seen: Seen<'_>, is_asked: impl Fn(usize) -> bool, on_paid: bool) -> Counted {
    let mut counted = Counted::default();
    for (place, line) in seen.basket.lines.iter().enumerate().filter(|(place, _)| is_asked(*place)) {
        let (returned, returned_quantity) = seen.standing.returned.get(place).copied().unwrap_or_default();
        let spent = if on_paid { seen.standing.paid_from_wallet(place) } else { 0 };
        counted.gross += line.total;
        counted.returned += returned;
        counted.left += (line.total - returned - spent).max(0);
        counted.quantity += (line.quantity - returned_quantity).max(Exact::ZERO);
    }
    counted
}

impl Evaluation {
    /// Lets a customer's cell take in what this purchase adds to it.
    pub fn advance(&self, config: &TillConfig, cell: &mut Cell, seen: Seen<'_>) {
        let key = canonical(seen);
        cell.fold_by(config.basis());
        if cell.last.as_ref().is_none_or(|last| *last < key) {
            cell.last = Some(key);
        }
        if !config.is_stateful() {
            return;
        }
        if self.units != Exact::ZERO {
            cell.add_units(self.day, self.units, config.settings.tiers.window_days);
        }
        for (offer, step, within_days) in &self.counted {
            let counters = cell.offers.entry(*offer).or_default();
            // What counts over all time needs no days.
            add_by_day(&mut counters.open, within_days.map_or(0, |_| self.day), *step);
            if let Some(days) = within_days {
                counters.open.retain(|(then, _)| *then > self.day - days);
            }
        }
        for (offer, (class, within_days)) in &self.met {
            let seen = cell.classes.entry(*offer).or_default();
            seen.retain(|(known, then)| known != class && within_days.is_none_or(|days| *then > self.day - days));
            seen.push((class.clone(), self.day));
        }
        for offer in &self.drawn {
            *cell.draws.entry(*offer).or_default() += 1;
            cell.offers.entry(*offer).or_default().open.clear();
        }
        for offer in &self.fired {
            cell.classes.remove(offer);
            let is_stateful = config.offers.get(*offer).is_some_and(|entry| entry.versions.iter().any(|v| v.offer.is_stateful()));
            if is_stateful {
                let counters = cell.offers.entry(*offer).or_default();
                counters.times += 1;
                counters.last_day = Some(self.day);
                counters.open.clear();
            }
            if cell.awarded_by.len() < 2 && !cell.awarded_by.contains(offer) {
                cell.awarded_by.push(*offer);
            }
        }
    }
}

/// The canonical order of a customer's purchases. Of those of one time the ones that a till sold while it was connected come
/// first, as they were recorded: what it was answered stands. Those of a till that was offline follow by reference, in
/// whatever order they arrive.
#[must_use]
pub fn canonical(seen: Seen<'_>) -> (i64, (String, Id)) {
    let reference = if seen.is_offline { seen.basket.reference.clone() } else { String::new() };
    (seen.basket.at.as_microsecond(), (reference, seen.id))
}
