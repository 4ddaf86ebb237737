//! The result of a calculation: rewards, attainment, what was not credited, alerts; explanations on demand.

use std::collections::BTreeSet;

use super::bound::BoundProgram;
use super::cells::{Cells, FoldError, Folder, Spread, Tally};
use super::decide::SplitPart;
use super::explanation::{Attainment, Credit, Explanation, SplitShown, VariableShown};
use super::reason::{Alert, AlertCode, AlertCounts, NotCredited, Reason};
use super::run::{Collected, Entry, NONE, Refusal, SaleTable, Texts, names_text};
use super::settle::{self, Line, Ranks, Step};
use crate::id::Id;
use crate::money::{Exact, Minor, Overflow};
use crate::people::variable_on;
use crate::program::{BandPay, Figure, OverrideBase, Pay, Program, Rate, Trigger};

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
    /// Whether a rule could not be paid because a figure is missing or an amount leaves the range; see the alerts.
    pub flagged: bool,
}

/// A finished calculation. Equal input in any order, cut or number of threads gives an equal calculation.
pub struct Calculation<'a> {
    pub(super) bound: &'a BoundProgram<'a>,
    pub(super) sales: SaleTable,
    pub(super) splits: Vec<SplitPart>,
    pub(super) cells: Cells,
    tallies: Vec<Tally>,
    rewards: Vec<Reward>,
    refusals: Vec<Refusal>,
    texts: Texts,
    alerts: Vec<Alert>,
}

impl<'a> Calculation<'a> {
    pub(super) fn new(bound: &'a BoundProgram<'a>, collected: Collected, spread: Spread<'_>) -> Self {
        let Collected { mut sales, mut filed, splits, mut refusals, texts, mut alerts } = collected;
        if let Some(places) = sales.sort() {
            let place = |sale: u32| places.get(sale as usize).copied().unwrap_or(sale);
            for filed in &mut filed {
                filed.entry.sale = place(filed.entry.sale);
            }
            for refusal in &mut refusals {
                refusal.sale = place(refusal.sale);
            }
        }
        let mut cells = Cells::new(bound.reps.len(), filed);
        let tallies = Folder { bound, sales: &sales, splits: &splits }.fold_all(&mut cells, spread);
        let mut rewards = Vec::new();
        let ranks = Ranks::new(bound, &tallies);
        for (index, tally) in tallies.iter().enumerate() {
            let rep = &bound.directory.reps()[index];
            for error in &tally.errors {
                raise(bound, &mut alerts, rep.id, &rep.name, error);
            }
            refusals.extend_from_slice(&tally.refusals);
            let Ok(reward) = reward(bound, (index, rep.id), tally, &ranks) else {
                let text = format!("the reward of {} leaves the range of an amount", rep.name);
                alerts.count(AlertCode::AmountOverflow, &format!("{}:reward", rep.id), None, || (text, vec![rep.id]));
                continue;
            };
            let Some((reward, problems)) = reward else { continue };
            for (of, problem) in problems {
                raise_settling(&mut alerts, rep.id, &rep.name, &of, &problem);
            }
            rewards.push(reward);
        }
        for name in &bound.unknown_targets {
            let text = format!("the target `{name}` of the program names nobody, or several");
            alerts.count(AlertCode::UnknownTarget, name, None, || (text, Vec::new()));
        }
        let alerts = alerts.finish();
        Self { bound, sales, splits, cells, tallies, rewards, refusals, texts, alerts }
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

    /// What a rep reached against the quota; also for reps without a credit.
    #[must_use]
    pub fn attainment(&self, rep: Id) -> Option<Attainment> {
        let index = self.bound.rep_index(rep)? as usize;
        Some(Attainment { value: self.tallies[index].attained.exact().ok()?, quota: self.bound.reps[index].quota })
    }

    /// How many sales were taken in.
    #[must_use]
    pub fn sales(&self) -> usize {
        self.sales.keys.len()
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

    /// The credits of one rep in canonical order, without their pieces.
    #[must_use]
    pub fn credits(&self, rep: Id) -> Vec<Credit> {
        self.trace(rep, false)
    }

    /// Everything about one rep's reward. `None` for a rep without one.
    #[must_use]
    pub fn explain(&self, rep: Id) -> Option<Explanation> {
        let reward = self.reward(rep)?;
        let person = self.bound.directory.rep(rep)?;
        let credits = self.trace(rep, true);
        Some(Explanation {
            program: self.bound.program.name.clone(),
            period: self.bound.period.label(),
            rep,
            rep_name: person.name.clone(),
            currency: self.bound.program.currency,
            credits,
            attainment: reward.attainment.clone(),
            variables: self.variables(rep),
            credited: reward.credited,
            exact: reward.exact,
            minor: reward.minor,
            lines: reward.lines.clone(),
            steps: reward.steps.clone(),
        })
    }

    /// The credits of one sale, over all reps, by rule and place.
    #[must_use]
    pub fn credits_of_sale(&self, sale: Id) -> Vec<(Id, Credit)> {
        let mut concerned = BTreeSet::new();
        for (index, rep) in (0u32..).zip(&self.bound.reps) {
            if self.cells.of(index).iter().any(|entry| self.sales.keys[entry.sale as usize].id == sale) {
                concerned.insert(index);
                concerned.extend(&rep.managers);
            }
        }
        let mut found = Vec::new();
        for rep in concerned.into_iter().map(|index| self.bound.rep(index).id) {
            found.extend(self.trace(rep, true).into_iter().filter(|credit| credit.sale == sale).map(|credit| (rep, credit)));
        }
        found.sort_by_key(|(rep, credit)| (credit.rule, credit.level, credit.place, *rep));
        found
    }

    /// Every sale, or part of one, that a rule did not credit: in canonical order, then by rule.
    #[must_use]
    pub fn not_credited(&self) -> Vec<NotCredited> {
        let mut all: Vec<(u32, NotCredited)> = self
            .refusals
            .iter()
            .map(|refusal| {
                let detail = self.detail(refusal);
                let sale = self.sales.keys[refusal.sale as usize].id;
                (refusal.sale, NotCredited { sale, rule: usize::from(refusal.rule), reason: refusal.reason, detail })
            })
            .collect();
        all.sort_by(|(a, x), (b, y)| (a, x.rule, x.reason, &x.detail).cmp(&(b, y.rule, y.reason, &y.detail)));
        all.into_iter().map(|(_, not_credited)| not_credited).collect()
    }

    fn detail(&self, refusal: &Refusal) -> String {
        if refusal.detail == NONE {
            if refusal.reason == Reason::Condition {
                let when = self.bound.program.rules[usize::from(refusal.rule)].when.as_ref();
                return when.map(|when| when.source().to_owned()).unwrap_or_default();
            }
            return String::new();
        }
        if names_text(refusal.reason) {
            return self.texts.all.get(refusal.detail as usize).map(ToString::to_string).unwrap_or_default();
        }
        self.bound.rep(refusal.detail).name.clone()
    }

    fn trace(&self, rep: Id, traced: bool) -> Vec<Credit> {
        let Some(index) = self.bound.rep_index(rep) else { return Vec::new() };
        let folder = Folder { bound: self.bound, sales: &self.sales, splits: &self.splits };
        let own = self.cells.of(index);
        let overrides = folder.overrides_of(index, &self.cells);
        let mut credits = Vec::with_capacity(own.len() + overrides.len());
        for entries in [own, &overrides] {
            folder.each(index, entries, traced, &mut |entry, outcome| credits.push((entry.sale, self.credit(entry, outcome))));
        }
        credits.sort_by_key(|(sale, credit)| (*sale, credit.rule, credit.level, credit.place));
        credits.into_iter().map(|(_, credit)| credit).collect()
    }

    fn credit(&self, entry: &Entry, outcome: super::fold::Outcome) -> Credit {
        let key = &self.sales.keys[entry.sale as usize];
        let component = &self.bound.components[usize::from(entry.component)];
        let rule = &self.bound.program.rules[component.rule];
        let is_override = matches!(rule.trigger, Trigger::Override(_));
        let split = if is_override { None } else { self.splits.get(entry.origin as usize) };
        Credit {
            sale: key.id,
            unique_id: self.sales.unique(key).map(str::to_owned),
            at: key.at,
            rule: component.rule,
            rule_id: rule.id.clone(),
            level: component.level,
            place: entry.place,
            measure: match &rule.trigger {
                Trigger::Override(over) if over.base == OverrideBase::Commission => "commission",
                _ => rule.basis.name(),
            },
            basis: entry.basis,
            split: split.map(|split| SplitShown { whole: split.whole, share: split.share, parts: split.parts }),
            through: is_override.then(|| self.bound.rep(entry.origin).id),
            before: outcome.before,
            amount: outcome.amount,
            pieces: outcome.pieces,
        }
    }

    /// The variables that the program's figures name.
    fn variables(&self, rep: Id) -> Vec<VariableShown> {
        let program = self.bound.program;
        let Some(person) = self.bound.directory.rep(rep) else { return Vec::new() };
        let day = self.bound.period.last_day();
        let shown = |name: &str| {
            let own = variable_on(&person.variables, name, day);
            let holding = person.variables.iter().filter(|v| v.name == name && v.from.is_none_or(|from| from <= day));
            let from = holding.max_by_key(|variable| variable.from).and_then(|variable| variable.from);
            VariableShown { name: name.to_owned(), value: own.or_else(|| program.variables.get(name).copied()), from, own: own.is_some() }
        };
        variables_of(program).iter().map(|name| shown(name)).collect()
    }
}

type Problems = Vec<(String, super::pay::PayProblem)>;

/// Settles one rep's cell. `None` where there is nothing to say of them.
fn reward(
    bound: &BoundProgram<'_>,
    (index, rep): (usize, Id),
    tally: &Tally,
    ranks: &Ranks,
) -> Result<Option<(Reward, Problems)>, Overflow> {
    let Some(settled) = settle::settle(bound, index, tally, ranks)? else { return Ok(None) };
    let attainment = Attainment { value: tally.attained.exact()?, quota: bound.reps[index].quota };
    let flagged = !tally.errors.is_empty() || !settled.problems.is_empty();
    let settle::Settled { exact, minor, steps, lines, problems } = settled;
    let credited = tally.exact.exact()?;
    Ok(Some((Reward { rep, credited, exact, minor, lines, steps, credits: tally.credits, attainment, flagged }, problems)))
}

fn variables_of(program: &Program) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut note = |figure: &Figure| {
        if let Figure::Variable(name) = figure {
            names.insert(name.clone());
        }
    };
    let rate = |rate: &Rate, note: &mut dyn FnMut(&Figure)| match rate {
        Rate::Percent(figure) | Rate::Each(figure) => note(figure),
        Rate::Derived { pay, quota } => {
            note(pay);
            note(quota);
        }
    };
    if let Some(quota) = &program.quota {
        note(&quota.amount);
    }
    for rule in &program.rules {
        rule.cap.iter().chain(&rule.floor).chain(&rule.cap_per_sale).for_each(&mut note);
        for pay in &rule.pays {
            match pay {
                Pay::Rate(r) => rate(r, &mut note),
                Pay::Amount(figure) => note(figure),
                Pay::Tiers(tiers) => {
                    for band in &tiers.bands {
                        match &band.pays {
                            BandPay::Rate(r) => rate(r, &mut note),
                            BandPay::Amount(figure) => note(figure),
                        }
                    }
                }
            }
        }
    }
    program.settle.figures(&mut note);
    for rule in &program.rules {
        names.extend(rule.when.iter().flat_map(crate::condition::Condition::variables));
        if let crate::program::Basis::Formula(formula) = &rule.basis {
            names.extend(formula.variables());
        }
    }
    names.extend(program.settle.conditions().into_iter().flat_map(crate::condition::Condition::variables));
    names
}

fn raise(bound: &BoundProgram<'_>, alerts: &mut AlertCounts, rep: Id, name: &str, error: &FoldError) {
    let rule = &bound.program.rules[error.rule].id;
    let text = match error.problem.code {
        AlertCode::QuotaMissing => format!("{name} has no quota above 0 for {}: rule `{rule}` pays nothing", bound.period),
        AlertCode::VariableMissing => {
            format!("{name} has no variable `{}` on {}: rule `{rule}` pays nothing", error.problem.subject, bound.period.last_day())
        }
        _ => format!("rule `{rule}` leaves the range that can be kept exactly for {name}: it pays nothing"),
    };
    alerts.count(error.problem.code, &format!("{rep}:{rule}:{}", error.problem.subject), None, || (text, vec![rep]));
}

fn raise_settling(alerts: &mut AlertCounts, rep: Id, name: &str, of: &str, problem: &super::pay::PayProblem) {
    let subject = &problem.subject;
    let text = match problem.code {
        AlertCode::QuotaMissing => format!("{name} has no quota above 0: `{of}` pays nothing"),
        AlertCode::VariableMissing => format!("{name} has no variable `{subject}`: `{of}` pays nothing"),
        _ => format!("`{of}` has no answer for {name}: {subject}"),
    };
    alerts.count(problem.code, &format!("{rep}:{of}:{subject}"), None, || (text, vec![rep]));
}
