//! Folding the entries of one rep: running totals, tiers, caps, in canonical order.

use std::collections::HashMap;

use super::explanation::{Piece, PieceKind, RateShown};
use super::kept::{add, mul, sub};
use super::pay::{FixedBandPay, FixedPay, FixedTiers, Limits, Over};
use super::run::Entry;
use crate::money::{Exact, Overflow};
use crate::program::Mode;

/// What one entry came to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// What the rule had measured before, for the rep or the group.
    pub(super) before: Exact,
    pub(super) amount: Exact,
    pub(super) pieces: Vec<Piece>,
}

/// What a sale brings to the fold of an entry beside its basis.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfSale<'s> {
    /// The part of one sale that the entry stands for.
    pub(super) share: Exact,
    /// The value by which the sale's tier is looked up.
    pub(super) looked_up: Option<Exact>,
    /// Factors on the amount, with their labels.
    pub(super) kickers: &'s [(Exact, &'s str)],
    /// Only measured: the sale was paid in an earlier period.
    pub(super) is_paid_before: bool,
}

/// A running total.
#[derive(Clone, Copy, Default)]
struct Total {
    value: Exact,
    earned: Exact,
}

/// The fold of one component for one rep.
pub(super) struct ComponentFold<'p> {
    pay: &'p FixedPay,
    limits: Limits,
    traced: bool,
    running: Total,
    groups: HashMap<u32, Total>,
    /// Sums of whole groups, where the highest tier reached pays on all of the group.
    group_sums: HashMap<u32, Exact>,
    /// The rule's credits so far, before and after cap and floor.
    raw: Exact,
    paid: Exact,
    /// Whether totals are kept that the pay itself does not need, because another version of the rule follows.
    keeps_totals: bool,
}

impl<'p> ComponentFold<'p> {
    /// Prepares the fold; `entries` are those of the component, for sums that must be known beforehand.
    pub(super) fn new(pay: &'p FixedPay, limits: Limits, entries: &mut dyn Iterator<Item = &Entry>) -> Result<Self, Overflow> {
        let group_sums = group_sums(pay, entries)?;
        let zero = Exact::ZERO;
        Ok(Self {
            pay,
            limits,
            traced: false,
            running: Total::default(),
            groups: HashMap::new(),
            group_sums,
            raw: zero,
            paid: zero,
            keeps_totals: false,
        })
    }

    /// From the next entry on, pieces are kept or not.
    pub(super) fn trace(&mut self, traced: bool) {
        self.traced = traced;
    }

    /// The same, ready to go on under another version of the rule.
    pub(super) fn keeping_totals(mut self, keeps: bool) -> Self {
        self.keeps_totals = keeps;
        self
    }

    /// Goes on under another version of the rule: totals stay, and what they earned so far counts as it would under the
    /// new one, so that the change itself neither pays nor takes back anything.
    pub(super) fn switch(&mut self, pay: &'p FixedPay, limits: Limits, entries: &mut dyn Iterator<Item = &Entry>) -> Result<(), Overflow> {
        (self.pay, self.limits) = (pay, limits);
        self.group_sums = group_sums(pay, entries)?;
        if let FixedPay::Tiers(tiers) = pay {
            for total in self.groups.values_mut().chain([&mut self.running]) {
                total.earned = tiers.total(total.value)?;
            }
        }
        self.paid = self.limited().1;
        Ok(())
    }

    /// What the rule's credits so far come to under cap, and under cap and floor.
    fn limited(&self) -> (Exact, Exact) {
        let capped = self.limits.cap.map_or(self.raw, |cap| self.raw.min(cap));
        (capped, self.limits.floor.map_or(capped, |floor| capped.max(floor)))
    }

    /// Folds the next entry.
    pub(super) fn next(&mut self, entry: &Entry, sale: OfSale<'_>) -> Result<Outcome, Overflow> {
        let mut outcome = self.unlimited(entry, sale)?;
        if sale.is_paid_before {
            return Ok(Outcome { amount: Exact::ZERO, pieces: Vec::new(), ..outcome });
        }
        for (factor, label) in sale.kickers {
            let multiplied = mul(outcome.amount, *factor)?;
            let added = sub(multiplied, outcome.amount)?;
            outcome.amount = multiplied;
            if self.traced && !added.is_zero() {
                let rate = RateShown::Times { factor: *factor, label: (*label).to_owned() };
                outcome.pieces.push(Piece {
                    kind: PieceKind::Multiplied,
                    basis: Exact::ZERO,
                    rate,
                    amount: added,
                    tier: None,
                    tier_label: None,
                });
            }
        }
        let limited = self.limits.cap_per_sale.is_some() || self.limits.cap.is_some() || self.limits.floor.is_some();
        if limited || self.keeps_totals {
            self.limit(&mut outcome)?;
        }
        Ok(outcome)
    }

    fn unlimited(&mut self, entry: &Entry, sale: OfSale<'_>) -> Result<Outcome, Overflow> {
        match self.pay {
            FixedPay::Rate(rate) => {
                let amount = rate.of(entry.basis)?;
                self.plain(entry.basis, amount, rate.shown())
            }
            FixedPay::Amount(amount) => {
                let whole = *amount;
                let amount = mul(whole, sale.share)?;
                self.plain(entry.basis, amount, RateShown::Amount(whole))
            }
            FixedPay::Tiers(tiers) if tiers.looked_up.is_some() || tiers.by_sale => self.found(tiers, entry, sale),
            FixedPay::Tiers(tiers) => match tiers.over {
                Over::Transaction => {
                    if self.keeps_totals {
                        self.running.value = add(self.running.value, entry.basis)?;
                    }
                    self.alone(tiers, entry.basis)
                }
                Over::Accumulated => {
                    let mut total = self.running;
                    let outcome = accumulate(tiers, &mut total, entry.basis, self.traced)?;
                    self.running = total;
                    Ok(outcome)
                }
                Over::Group => self.grouped(tiers, entry),
            },
        }
    }

    /// The tier that another value than the basis decides pays on the whole entry. A sale without that value pays as the
    /// first tier does.
    fn found(&mut self, tiers: &FixedTiers, entry: &Entry, sale: OfSale<'_>) -> Result<Outcome, Overflow> {
        let value = tiers.looked_up.or(sale.looked_up).unwrap_or(Exact::ZERO);
        let index = tiers.band_of(value);
        let band = &tiers.bands[index];
        let amount = match band.pays {
            FixedBandPay::Rate(rate) => rate.of(entry.basis)?,
            FixedBandPay::Amount(amount) => mul(amount, sale.share)?,
        };
        let mut outcome = self.plain(entry.basis, amount, band.shown())?;
        for piece in &mut outcome.pieces {
            (piece.tier, piece.tier_label) = (Some(index), band.label.clone());
        }
        Ok(outcome)
    }

    fn plain(&mut self, basis: Exact, amount: Exact, rate: RateShown) -> Result<Outcome, Overflow> {
        let before = self.running.value;
        self.running.value = add(before, basis)?;
        let pieces = if self.traced {
            vec![Piece { kind: PieceKind::Rated, basis, rate, amount, tier: None, tier_label: None }]
        } else {
            Vec::new()
        };
        Ok(Outcome { before, amount, pieces })
    }

    fn alone(&self, tiers: &FixedTiers, basis: Exact) -> Result<Outcome, Overflow> {
        let mirrored = tiers.mirror && basis.is_sign_negative();
        let mut total = Total::default();
        let mut outcome = accumulate(tiers, &mut total, if mirrored { -basis } else { basis }, self.traced)?;
        if mirrored {
            outcome.amount = -outcome.amount;
            for piece in &mut outcome.pieces {
                piece.basis = -piece.basis;
                piece.amount = -piece.amount;
            }
        }
        Ok(outcome)
    }

    fn grouped(&mut self, tiers: &FixedTiers, entry: &Entry) -> Result<Outcome, Overflow> {
        let traced = self.traced;
        let sum = self.group_sums.get(&entry.group).copied();
        let total = self.groups.entry(entry.group).or_default();
        let Some(sum) = sum else { return accumulate(tiers, total, entry.basis, traced) };
        // Whole-amount: the tier that the group's sum reaches pays on every sale of the group.
        let band = tiers.band_of(sum);
        match tiers.bands[band].pays {
            FixedBandPay::Rate(rate) => {
                let before = total.value;
                total.value = add(before, entry.basis)?;
                let amount = rate.of(entry.basis)?;
                let pieces = if traced { vec![Piece::band(band, &tiers.bands[band], entry.basis, amount)] } else { Vec::new() };
                Ok(Outcome { before, amount, pieces })
            }
            FixedBandPay::Amount(_) => accumulate(tiers, total, entry.basis, traced),
        }
    }

    /// Cap per sale first, then cap and floor on what the rule has paid so far: a credit is the change of the limited
    /// sum, so that the credits still sum to what is paid.
    fn limit(&mut self, outcome: &mut Outcome) -> Result<(), Overflow> {
        let wanted = outcome.amount;
        let mut amount = self.limits.cap_per_sale.map_or(wanted, |cap| wanted.min(cap).max(-cap));
        self.raw = add(self.raw, amount)?;
        let (capped, limited) = self.limited();
        amount = sub(limited, self.paid)?;
        self.paid = limited;
        outcome.amount = amount;
        let difference = sub(amount, wanted)?;
        if self.traced && !difference.is_zero() {
            let kind = if limited > capped { PieceKind::Floor } else { PieceKind::Cap };
            outcome.pieces.push(Piece {
                kind,
                basis: Exact::ZERO,
                rate: RateShown::Amount(difference),
                amount: difference,
                tier: None,
                tier_label: None,
            });
        }
        Ok(())
    }
}

/// Sums of whole groups, where the highest tier reached pays on all of the group.
fn group_sums(pay: &FixedPay, entries: &mut dyn Iterator<Item = &Entry>) -> Result<HashMap<u32, Exact>, Overflow> {
    let mut sums = HashMap::new();
    if let FixedPay::Tiers(FixedTiers { over: Over::Group, mode: Mode::Whole, .. }) = pay {
        for entry in entries {
            let sum = sums.entry(entry.group).or_insert(Exact::ZERO);
            *sum = add(*sum, entry.basis)?;
        }
    }
    Ok(sums)
}

/// Tier function of the total after, less what was earned before.
fn accumulate(tiers: &FixedTiers, total: &mut Total, basis: Exact, traced: bool) -> Result<Outcome, Overflow> {
    let (before, earned) = (total.value, total.earned);
    let after = add(before, basis)?;
    let now = tiers.total(after)?;
    let amount = sub(now, earned)?;
    let pieces = if traced { tiers.pieces(before, after, earned)? } else { Vec::new() };
    *total = Total { value: after, earned: now };
    Ok(Outcome { before, amount, pieces })
}
