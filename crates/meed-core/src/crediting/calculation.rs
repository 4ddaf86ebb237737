//! The result of a calculation: rewards, attainment, what was not credited, alerts; explanations on demand.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::alerts;
use super::assign::Recipients;
use super::bound::BoundProgram;
use super::cells::{Cells, Folder, attained};
use super::decide::SplitPart;
use super::explanation::{AssignedShown, ConvertedShown, Credit, Explanation, Piece, PieceKind, RateShown, SplitShown, VariableShown};
use super::flags;
use super::fold::Outcome;
use super::foreign::Origins;
use super::history::History;
use super::keep::{Kept, Parts};
use super::kept::sub;
use super::listing::Listed;
use super::measure::{Attainment, attainments};
use super::reason::{Alert, AlertCode, AlertCounts, NotCredited, Reason};
use super::run::{Collected, Entry, Flag, NONE, Refusal, SaleTable, Texts, names_text};
use super::settle::{self, AdjustmentKind, Line, Past, Ranks, Step};
use super::spread::Spread;
use super::tally::{Factors, Followed, Outwards, Tally};
use crate::id::Id;
use crate::money::{Conversion, Exact, Minor, Overflow};
use crate::people::{Beneficiary, team_variable_on, variable_on};
use crate::program::{Figure, OverrideBase, Pay, Program, Quota, QuotaAmount, Rule, Trigger, Whose};

/// How often factors of commissions are found again, where they depend on overrides themselves.
const MAX_FOLLOWED: usize = 24;

/// What a program owes one rep for the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// The rep.
    pub rep: Id,
    /// Sum of the credits, unrounded.
    pub credited: Exact,
    /// What the steps come to before rounding; the sum of the credits where the program has no steps.
    pub exact: Exact,
    /// What is paid in the period of what it earned: the sum of the lines that are due in it.
    pub minor: Minor,
    /// The lines to post, due in this period or later.
    pub lines: Vec<Line>,
    /// How the credits become the lines. Their amounts sum to `minor`.
    pub steps: Vec<Step>,
    /// How many credits it sums.
    pub credits: u64,
    /// Attainment.
    pub attainment: Attainment,
    /// Whether a rule could not be paid because a figure or a rate is missing or an amount leaves the range; see the alerts.
    pub flagged: bool,
    /// What that is in the payee's own currency, where it is another than the program's.
    pub paid_in: Option<PaidIn>,
}

/// What a period pays in the payee's own currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidIn {
    /// The rate.
    pub conversion: Conversion,
    /// The sum of the lines that are due in the period, each rounded once.
    pub minor: Minor,
}

/// What a team earned. It is not paid itself: its manager or its members get it, as the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamResult {
    /// The team.
    pub team: Id,
    /// Sum of what its credits earned, unrounded.
    pub earned: Exact,
    /// How many credits.
    pub credits: u64,
    /// Attainment.
    pub attainment: Attainment,
}

/// A finished calculation. Equal input in any order, cut or number of threads gives an equal calculation.
pub struct Calculation<'a> {
    pub(super) bound: &'a BoundProgram<'a>,
    pub(super) sales: SaleTable,
    pub(super) splits: Vec<SplitPart>,
    pub(super) cells: Cells,
    /// What each attained by sales, where tiers are looked up by it.
    attained: Vec<Exact>,
    /// What gates and multipliers leave of commissions that overrides build on.
    factors: Factors,
    tallies: Vec<Tally>,
    attainments: Vec<Option<Attainment>>,
    rewards: Vec<Reward>,
    refusals: Vec<Refusal>,
    origins: Origins,
    texts: Texts,
    alerts: Vec<Alert>,
    /// What could not be settled, by index of the rep.
    problems: BTreeMap<u32, Problems>,
    ranks: Ranks,
    lapsed: BTreeSet<Id>,
    kept: Option<KeptSide>,
}

/// What a calculation holds on to only to be kept.
struct KeptSide {
    own: Vec<(Tally, Outwards)>,
    overrides: Vec<Option<Tally>>,
    /// How many of the refusals come from the sales alone.
    decided: usize,
    flags: Vec<Flag>,
    index: Option<HashMap<Id, u32>>,
}

/// What is made anew of the cells each time: kept beside them, it is right as long as nothing changed, and the reward of a
/// rep as long as nothing changed that it is made from.
pub(super) struct Finished {
    attained: Vec<Exact>,
    factors: Factors,
    tallies: Vec<Tally>,
    attainments: Vec<Option<Attainment>>,
    rewards: Vec<Reward>,
    /// Those that come from what was settled.
    refused: Vec<Refusal>,
    alerts: Vec<Alert>,
    problems: BTreeMap<u32, Problems>,
    ranks: Ranks,
    lapsed: BTreeSet<Id>,
    past: Arc<Past>,
    history: Option<History>,
}

impl Finished {
    /// What each attained by sales, to be brought up to date where their cells changed.
    pub(super) fn take_attained(&mut self) -> Vec<Exact> {
        std::mem::take(&mut self.attained)
    }

    /// Whether earlier periods left what they had left.
    pub(super) fn knows(&self, bound: &BoundProgram<'_>) -> bool {
        self.past == bound.past && self.history.as_ref() == bound.history
    }
}

impl<'a> Calculation<'a> {
    pub(super) fn new(bound: &'a BoundProgram<'a>, collected: Collected, spread: Spread<'_>, to_keep: bool) -> Self {
        let Collected { mut sales, mut filed, splits, mut refusals, mut flags, origins, texts } = collected;
        if let Some(places) = sales.sort() {
            let place = |sale: u32| places.get(sale as usize).copied().unwrap_or(sale);
            for filed in &mut filed {
                filed.entry.sale = place(filed.entry.sale);
            }
            for refusal in &mut refusals {
                refusal.sale = place(refusal.sale);
            }
            for flag in &mut flags {
                flag.sale = place(flag.sale);
            }
        }
        let mut cells = Cells::new(bound.people.count(), filed);
        let reached = attained(bound, &sales, &cells);
        let folder = Folder { bound, sales: &sales, splits: &splits, attained: &reached, factors: &Factors::new() };
        let mut own = folder.fold_own(&mut cells, spread);
        let overrides = folder.fold_overrides(&mut own, spread);
        let parts = Parts { sales, splits, cells, own, overrides, refusals, flags, origins, texts, index: None };
        Self::of_parts(bound, (parts, reached), to_keep, None)
    }

    /// Everything after each cell has been folded by itself, with what each attained by sales where tiers ask for it.
    pub(super) fn of_parts(
        bound: &'a BoundProgram<'a>,
        (parts, attained): (Parts, Vec<Exact>),
        to_keep: bool,
        before: Option<Finished>,
    ) -> Self {
        let Parts { sales, splits, cells, own, overrides, refusals, flags, origins, texts, index } = parts;
        let decided = refusals.len();
        let mut alerts = alerts::of_refusals(bound, (&sales, &texts), (&refusals, &flags));
        let combine = |factors: &Factors| {
            let folder = Folder { bound, sales: &sales, splits: &splits, attained: &attained, factors };
            if factors.is_empty() {
                return folder.combine(&own, &overrides);
            }
            folder.combine(&own, &folder.fold_all_overrides_again(&cells, &own))
        };
        let (tallies, attainments, factors) = combined(bound, &flags, &combine);
        let ranks = Ranks::new(bound, &tallies);
        let kept = to_keep.then_some(KeptSide { own, overrides, decided, flags, index });
        let mut this = Self {
            bound,
            sales,
            splits,
            cells,
            attained,
            factors,
            tallies,
            attainments,
            rewards: Vec::new(),
            refusals,
            origins,
            texts,
            alerts: Vec::new(),
            problems: BTreeMap::new(),
            ranks,
            lapsed: BTreeSet::new(),
            kept,
        };
        this.lapsed = this.find_lapsed();
        this.settle(&mut alerts, before);
        for (name, why) in bound.past.all_uncounted() {
            let text = format!("the draw counts what `{name}` pays, and {why}: it is left out");
            alerts.note(AlertCode::PlanUncounted, name, || (text, Vec::new()));
        }
        for alert in &bound.alerts {
            alerts.note(alert.code, &alert.subject, || (alert.text.clone(), alert.reps.clone()));
        }
        this.alerts = alerts.finish();
        this
    }

    /// The same where nothing changed since it was kept.
    pub(super) fn again(bound: &'a BoundProgram<'a>, parts: Parts, finished: Finished) -> Self {
        let Parts { sales, splits, cells, own, overrides, mut refusals, flags, origins, texts, index } = parts;
        let Finished { attained, factors, tallies, attainments, rewards, refused, alerts, problems, ranks, lapsed, .. } = finished;
        let kept = Some(KeptSide { own, overrides, decided: refusals.len(), flags, index });
        refusals.extend(refused);
        Self {
            bound,
            sales,
            splits,
            cells,
            attained,
            factors,
            tallies,
            attainments,
            rewards,
            refusals,
            origins,
            texts,
            alerts,
            problems,
            ranks,
            lapsed,
            kept,
        }
    }

    /// Turns what the cells came to into rewards. The reward of a rep for whom nothing changed is taken over.
    fn settle(&mut self, alerts: &mut AlertCounts, before: Option<Finished>) {
        let bound = self.bound;
        let mut before = before.filter(|before| before.knows(bound) && before.lapsed == self.lapsed);
        let mut former = before.as_mut().map(|before| std::mem::take(&mut before.rewards)).unwrap_or_default().into_iter().peekable();
        let mut refused = Vec::new();
        for (index, (tally, attainment)) in (0u32..).zip(self.tallies.iter().zip(&self.attainments)) {
            let who = bound.beneficiary(index);
            for error in &tally.errors {
                alerts::raise(bound, alerts, who, error);
            }
            refused.extend_from_slice(&tally.refusals);
            let Beneficiary::Rep(rep) = who else { continue };
            let known = former.next_if(|reward| reward.rep == rep.id);
            let is_same = |before: &Finished| {
                let place = index as usize;
                before.tallies[place] == *tally
                    && before.attainments[place] == *attainment
                    && before.ranks.of(index) == self.ranks.of(index)
            };
            let reward = match (known, &mut before) {
                (Some(reward), Some(before)) if is_same(before) => Ok(Some((reward, before.problems.remove(&index).unwrap_or_default()))),
                _ => attainment
                    .clone()
                    .ok_or(Overflow)
                    .and_then(|attainment| reward(bound, (index, rep.id), (tally, attainment), (&self.ranks, &self.lapsed))),
            };
            let Ok(reward) = reward else {
                let text = format!("the reward of {} leaves the range of an amount", rep.name);
                alerts.note(AlertCode::AmountOverflow, &format!("{}:reward", rep.id), || (text, vec![rep.id]));
                continue;
            };
            if let Err(wanted) = bound.paid_in(rep.id)
                && (reward.is_some() || bound.takes_part(index))
            {
                alerts::raise_paid_in(alerts, bound, (rep.id, &rep.name), wanted);
            }
            let Some((reward, problems)) = reward else { continue };
            for (of, problem) in &problems {
                alerts::raise_settling(alerts, rep.id, &rep.name, of, problem);
            }
            if !problems.is_empty() {
                self.problems.insert(index, problems);
            }
            self.rewards.push(reward);
        }
        self.refusals.append(&mut refused);
    }

    /// The adjustments whose credit is no longer there, or stands in another tier.
    fn find_lapsed(&self) -> BTreeSet<Id> {
        let day = crate::command::day_number(self.bound.period.first_day());
        let mut lapsed = BTreeSet::new();
        for (rep, adjustment) in self.bound.past.adjustments(day) {
            let AdjustmentKind::Credit { sale, rule, tier, .. } = &adjustment.kind else { continue };
            let stands = |credit: &Credit| credit.sale == *sale && credit.rule_id == *rule && credit.tier() == *tier;
            if !self.list(rep, Listed::OfSale(*sale), true).credits.iter().any(stands) {
                lapsed.insert(adjustment.id);
            }
        }
        lapsed
    }

    /// Lets go of the program and keeps what sales left behind, to be taken up again with a few changed sales. `None` for
    /// a calculation that was not made to be kept.
    #[must_use]
    pub fn keep(self) -> Option<Kept> {
        let KeptSide { own, overrides, decided, flags, index } = self.kept?;
        let mut refusals = self.refusals;
        let refused = refusals.split_off(decided);
        let Self {
            bound,
            sales,
            splits,
            cells,
            attained,
            factors,
            tallies,
            attainments,
            rewards,
            origins,
            texts,
            alerts,
            problems,
            ranks,
            lapsed,
            ..
        } = self;
        let (past, history) = (Arc::clone(&bound.past), bound.history.cloned());
        let finished =
            Finished { attained, factors, tallies, attainments, rewards, refused, alerts, problems, ranks, lapsed, past, history };
        Some(Kept::new(Parts { sales, splits, cells, own, overrides, refusals, flags, origins, texts, index }, finished))
    }

    /// Where each sale stands, if that is known.
    pub(super) fn indexed(&self) -> Option<&HashMap<Id, u32>> {
        self.kept.as_ref().and_then(|kept| kept.index.as_ref())
    }

    /// What each cell came to by itself, where that was kept.
    pub(super) fn own_cells(&self) -> Option<&[(Tally, Outwards)]> {
        self.kept.as_ref().map(|kept| kept.own.as_slice())
    }

    /// Whether something went wrong with the rules of a rep or team.
    pub(super) fn went_wrong(&self, who: u32) -> bool {
        !self.tallies[who as usize].errors.is_empty()
    }

    /// The program, people and period of the calculation.
    #[must_use]
    pub fn bound(&self) -> &'a BoundProgram<'a> {
        self.bound
    }

    /// Rewards of everybody who was credited, by rep id.
    #[must_use]
    pub fn rewards(&self) -> &[Reward] {
        &self.rewards
    }

    /// The reward of one rep.
    #[must_use]
    pub fn reward(&self, rep: Id) -> Option<&Reward> {
        self.rewards.binary_search_by_key(&rep, |reward| reward.rep).ok().map(|index| &self.rewards[index])
    }

    /// What a rep or a team reached against the quota; also for those without a credit.
    #[must_use]
    pub fn attainment(&self, of: Id) -> Option<Attainment> {
        self.attainments[self.bound.people.index(of)? as usize].clone()
    }

    /// What every rep and team attained, by id: the credited value.
    pub fn attained(&self) -> impl Iterator<Item = (Id, Exact)> {
        let all = (0u32..).zip(&self.attainments);
        all.filter_map(|(index, attainment)| Some((self.bound.beneficiary(index).id(), attainment.as_ref()?.value)))
    }

    /// What each team earned for those who get it, by team id; only teams that were credited.
    #[must_use]
    pub fn teams(&self) -> Vec<TeamResult> {
        let teams = (0u32..).zip(&self.tallies).filter(|(_, tally)| tally.touched);
        let result = |(index, tally): (u32, &Tally)| {
            let Beneficiary::Team(team) = self.bound.beneficiary(index) else { return None };
            let attainment = self.attainments[index as usize].clone()?;
            Some(TeamResult { team: team.id, earned: tally.earned.exact().ok()?, credits: tally.credits, attainment })
        };
        teams.filter_map(result).collect()
    }

    /// How many sales were taken in.
    #[must_use]
    pub fn sales(&self) -> usize {
        self.sales.len()
    }

    /// How many credits there are in all.
    #[must_use]
    pub fn credit_count(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.credits).sum()
    }

    /// What a person should look at, once each, by code and subject.
    #[must_use]
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// The credits of one rep or team in canonical order, without their pieces. Those of a team show what it earned for
    /// others.
    #[must_use]
    pub fn credits(&self, of: Id) -> Vec<Credit> {
        self.list(of, Listed::All, false).credits
    }

    /// Everything about one rep's reward. `None` for a rep without one.
    #[must_use]
    pub fn explain(&self, rep: Id) -> Option<Explanation> {
        self.explain_part(rep, Listed::All)
    }

    /// The same with some of the credits; sums, steps and numbers are those of all.
    #[must_use]
    pub fn explain_part(&self, rep: Id, listed: Listed) -> Option<Explanation> {
        let reward = self.reward(rep)?;
        let person = self.bound.directory.rep(rep)?;
        let listing = self.list(rep, listed, true);
        Some(Explanation {
            program: self.bound.program.name.clone(),
            period: self.bound.period.label(),
            rep,
            rep_name: person.name.clone(),
            currency: self.bound.program.currency,
            credits: listing.credits,
            first: listing.first,
            credit_count: listing.credit_count,
            sale_count: listing.sale_count,
            reached: listing.reached,
            through: listing.through,
            attainment: reward.attainment.clone(),
            variables: self.variables(rep),
            credited: reward.credited,
            exact: reward.exact,
            minor: reward.minor,
            lines: reward.lines.clone(),
            steps: reward.steps.clone(),
            paid_in: reward.paid_in,
        })
    }

    /// The credits of one sale with their pieces, over all reps and teams, by rule and place.
    #[must_use]
    pub fn credits_of_sale(&self, sale: Id) -> Vec<(Id, Credit)> {
        let Some(index) = self.index_of(sale) else { return Vec::new() };
        let mut concerned = BTreeSet::new();
        for (who, managers) in (0u32..).zip(&self.bound.people.managers) {
            if !self.cells.has(who, index, &self.sales) {
                continue;
            }
            concerned.insert(who);
            concerned.extend(managers);
            let recipients = self.bound.rules.iter().filter_map(|rule| rule.recipients.get(who as usize));
            concerned.extend(recipients.flat_map(Recipients::people));
        }
        let mut found = Vec::new();
        for rep in concerned.into_iter().map(|index| self.bound.beneficiary(index).id()) {
            found.extend(self.list(rep, Listed::OfSale(sale), true).credits.into_iter().map(|credit| (rep, credit)));
        }
        found.sort_by_key(|(rep, credit)| (credit.rule, credit.level, credit.place, *rep));
        found
    }

    /// Every sale, or part of one, that a rule did not credit: in canonical order, then by rule.
    #[must_use]
    pub fn not_credited(&self) -> Vec<NotCredited> {
        let mut all: Vec<(u64, NotCredited)> = self
            .refusals
            .iter()
            .map(|refusal| {
                let detail = self.detail(refusal);
                let sale = self.sales.keys[refusal.sale as usize].id;
                (self.sales.rank(refusal.sale), NotCredited { sale, rule: usize::from(refusal.rule), reason: refusal.reason, detail })
            })
            .collect();
        all.sort_by(|(a, x), (b, y)| (a, x.rule, x.reason, &x.detail).cmp(&(b, y.rule, y.reason, &y.detail)));
        all.into_iter().map(|(_, not_credited)| not_credited).collect()
    }

    fn detail(&self, refusal: &Refusal) -> String {
        if refusal.detail == NONE {
            if refusal.reason == Reason::Condition {
                let when = self.bound.rules[usize::from(refusal.rule)].rule.when.as_ref();
                return when.map(|when| when.source().to_owned()).unwrap_or_default();
            }
            return String::new();
        }
        if names_text(refusal.reason) {
            return self.texts.all.get(refusal.detail as usize).map(ToString::to_string).unwrap_or_default();
        }
        self.bound.beneficiary(refusal.detail).name().to_owned()
    }

    pub(super) fn folder(&self) -> Folder<'_, 'a> {
        Folder { bound: self.bound, sales: &self.sales, splits: &self.splits, attained: &self.attained, factors: &self.factors }
    }

    pub(super) fn credit(&self, entry: &Entry, index: usize, outcome: Outcome) -> Credit {
        let key = &self.sales.keys[entry.sale as usize];
        let component = &self.bound.components[usize::from(entry.component)];
        let rule = self.bound.rules[index].rule;
        let is_override = matches!(rule.trigger, Trigger::Override(_));
        let split = if is_override { None } else { self.splits.get(entry.origin as usize) };
        Credit {
            sale: key.id,
            unique_id: self.sales.unique(key).map(str::to_owned),
            at: key.at,
            rule: index,
            rule_id: rule.id.clone(),
            version: self.bound.version_of(index),
            level: component.level,
            place: entry.place,
            measure: match &rule.trigger {
                Trigger::Override(over) if over.base == OverrideBase::Commission => "commission",
                _ => rule.basis.name(),
            },
            basis: entry.basis,
            split: split.map(|split| SplitShown { whole: split.whole, share: split.share, parts: split.parts, count: split.count }),
            through: is_override.then(|| self.bound.beneficiary(entry.origin).id()),
            assigned: None,
            converted: self.converted(key.id, rule),
            before: outcome.before,
            amount: outcome.amount,
            pieces: outcome.pieces,
        }
    }

    /// How a sale was converted, where a rule measures its money.
    fn converted(&self, sale: Id, rule: &Rule) -> Option<ConvertedShown> {
        let on_commission = matches!(&rule.trigger, Trigger::Override(over) if over.base == OverrideBase::Commission);
        if on_commission || !rule.basis.is_money() {
            return None;
        }
        let (conversion, amount) = self.origins.of(sale, rule.basis.name())?;
        Some(ConvertedShown { conversion, amount })
    }

    /// The variables that the program's figures name, as they hold for a rep or team.
    fn variables(&self, of: Id) -> Vec<VariableShown> {
        let program = self.bound.program;
        let day = self.bound.period.last_day();
        let Some(who) = self.bound.people.index(of).map(|index| self.bound.beneficiary(index)) else { return Vec::new() };
        let shown = |(whose, name): &(Option<Whose>, String)| {
            let own = variable_on(who.variables(), name, day);
            let from_of = |variables: &[crate::people::Variable]| {
                let holding = variables.iter().filter(|v| v.name == *name && v.from.is_none_or(|from| from <= day));
                holding.max_by_key(|variable| variable.from).and_then(|variable| variable.from)
            };
            let plan = program.variable_on(name, day);
            let (value, from, own) = match whose {
                Some(Whose::Team) => (team_variable_on(self.bound.directory, who, name, day), None, false),
                // That of the reps below differs from one to the next: their statements show it.
                Some(Whose::Credited) => (None, None, false),
                None if own.is_some() => (own, from_of(who.variables()), true),
                Some(Whose::Plan) | None => (plan, from_of(&program.variables), false),
            };
            let name = whose.map_or_else(|| name.clone(), |whose| format!("{name} ({})", whose.name()));
            VariableShown { name, value, from, own }
        };
        variables_of(program).iter().map(shown).collect()
    }
}

/// Adds to each cell what comes to it from others, with what overrides follow.
type Combine<'c> = &'c dyn Fn(&Factors) -> Vec<Tally>;

/// What each cell comes to with what comes from others. Overrides on commission follow what the reps below are paid after
/// gates and multipliers, which depend on what those attained; nobody stands above themselves, so levels settle one by one.
fn combined(bound: &BoundProgram<'_>, flags: &[Flag], combine: Combine<'_>) -> (Vec<Tally>, Vec<Option<Attainment>>, Factors) {
    let follows = bound.follows_commission();
    let mut factors = Factors::new();
    let mut left = if follows { MAX_FOLLOWED } else { 0 };
    loop {
        let mut tallies = combine(&factors);
        flags::mark(bound, flags, &mut tallies);
        let reached = attainments(bound, &tallies);
        let found = if follows { settle::factors(bound, &tallies, &reached) } else { Followed::default() };
        if left == 0 || found.factors == factors {
            flags::mark_followers(bound, &found.unknown, &mut tallies);
            return (tallies, reached, factors);
        }
        factors = found.factors;
        left -= 1;
    }
}

/// A credit of which somebody gets `part`: the last piece says what goes elsewhere or comes from there.
pub(super) fn assigned(mut credit: Credit, part: Exact, shown: Option<AssignedShown>, traced: bool) -> Credit {
    let difference = sub(part, credit.amount).unwrap_or_default();
    if traced && !difference.is_zero() {
        let (basis, rate) = (Exact::ZERO, RateShown::Amount(difference));
        credit.pieces.push(Piece { kind: PieceKind::Assigned, basis, rate, amount: difference, tier: None, tier_label: None });
    }
    credit.amount = part;
    credit.assigned = shown;
    credit
}

type Problems = Vec<(String, super::pay::PayProblem)>;

/// Settles one rep's cell. `None` where there is nothing to say of them.
fn reward(
    bound: &BoundProgram<'_>,
    (index, rep): (u32, Id),
    (tally, attainment): (&Tally, Attainment),
    known: (&Ranks, &BTreeSet<Id>),
) -> Result<Option<(Reward, Problems)>, Overflow> {
    let Some(settled) = settle::settle(bound, index, (tally, &attainment), known)? else { return Ok(None) };
    let conversion = bound.paid_in(rep);
    let flagged = tally.flagged || !tally.errors.is_empty() || !settled.problems.is_empty() || conversion.is_err();
    let settle::Settled { exact, minor, steps, lines, problems } = settled;
    let credited = tally.exact.exact()?;
    let paid_in = conversion.ok().flatten().map(|conversion| paid_in(bound, conversion, &lines)).transpose()?;
    Ok(Some((Reward { rep, credited, exact, minor, lines, steps, credits: tally.credits, attainment, flagged, paid_in }, problems)))
}

fn paid_in(bound: &BoundProgram<'_>, conversion: Conversion, lines: &[Line]) -> Result<PaidIn, Overflow> {
    let day = crate::command::day_number(bound.period.first_day());
    let due = lines.iter().filter(|line| line.due_day == day);
    let minor = due
        .map(|line| conversion.minor(line.minor, bound.program.rounding))
        .try_fold(0, |sum: Minor, minor| sum.checked_add(minor?).ok_or(Overflow))?;
    Ok(PaidIn { conversion, minor })
}

/// The variables that a program reads, and whose they are where it says so.
fn variables_of(program: &Program) -> BTreeSet<(Option<Whose>, String)> {
    let mut names = BTreeSet::new();
    let mut note = |figure: &Figure| match figure {
        Figure::Literal(_) => false,
        Figure::Variable(name) => names.insert((None, name.clone())),
        Figure::VariableOf(whose, name) => names.insert((Some(*whose), name.clone())),
    };
    if let Some(Quota { amount: QuotaAmount::Figure(figure), .. }) = &program.quota {
        note(figure);
    }
    for rule in &program.rules {
        for figure in rule.cap.iter().chain(&rule.floor).chain(&rule.cap_per_sale).chain(rule.pays.iter().flat_map(Pay::figures)) {
            note(figure);
        }
    }
    program.settle.figures(&mut |figure| {
        note(figure);
    });
    if let Some(Quota { amount: QuotaAmount::Formula(formula), .. }) = &program.quota {
        names.extend(formula.variables());
    }
    names.extend(program.settle.conditions().into_iter().flat_map(crate::condition::Condition::variables));
    for rule in &program.rules {
        let formulas = rule.when.iter().chain(match &rule.basis {
            crate::program::Basis::Formula(formula) => Some(formula),
            _ => None,
        });
        names.extend(formulas.flat_map(crate::condition::Condition::variables));
    }
    names
}
