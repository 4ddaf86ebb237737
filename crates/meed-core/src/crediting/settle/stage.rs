//! The stage itself: the order of the steps, from the credits of one rep to reward lines.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bound::BoundProgram;
use super::super::explanation::shown;
use super::super::kept::{Sum, add, mul, sub};
use super::super::measure::Attainment;
use super::super::pay::PayProblem;
use super::super::reason::AlertCode;
use super::super::tally::{Followed, Tally};
use super::facts::{Ranks, ResultFacts};
use super::kind::RewardKind;
use super::line::Line;
use super::past::Past;
use super::step::{Step, StepKind};
use crate::command::day_number;
use crate::condition::{Condition, Context, EvalError, RepContext, SaleRef};
use crate::id::Id;
use crate::money::{Exact, Minor, Overflow, to_minor};
use crate::people::Rep;
use crate::program::{Deducted, Figure};

/// What a rule's credits of one rep come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::crediting) struct RuleSum {
    /// Index as [`BoundRule::settled`] gives it.
    pub(in crate::crediting) rule: usize,
    /// By all sales that are measured.
    pub(in crate::crediting) all: RuleTotal,
    /// By the sales of the period alone.
    pub(in crate::crediting) own: RuleTotal,
}

/// Sums of credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::crediting) struct RuleTotal {
    pub(in crate::crediting) amount: Sum,
    pub(in crate::crediting) basis: Sum,
    pub(in crate::crediting) credits: u64,
}

impl RuleTotal {
    pub(in crate::crediting) fn add(&mut self, amount: Exact, basis: Exact) {
        self.amount.add(amount);
        self.basis.add(basis);
        self.credits += 1;
    }

    pub(in crate::crediting) fn merge(&mut self, other: Self) {
        self.amount.merge(other.amount);
        self.basis.merge(other.basis);
        self.credits += other.credits;
    }
}

/// What one rep's cell is settled to.
#[derive(Clone, Debug, Default)]
pub(in crate::crediting) struct Settled {
    /// Sum of the steps before rounding.
    pub(in crate::crediting) exact: Exact,
    /// What is paid in the period: the sum of the lines that are due in it.
    pub(in crate::crediting) minor: Minor,
    pub(in crate::crediting) steps: Vec<Step>,
    pub(in crate::crediting) lines: Vec<Line>,
    /// What could not be settled because a figure is missing.
    pub(in crate::crediting) problems: Vec<(String, PayProblem)>,
}

/// The stage while it is worked through.
pub(super) struct Stage<'s> {
    pub(super) bound: &'s BoundProgram<'s>,
    pub(super) tally: &'s Tally,
    pub(super) rep: &'s Rep,
    pub(super) who: u32,
    pub(super) past: &'s Past,
    pub(super) facts: ResultFacts<'s>,
    pub(super) cell_day: i64,
    /// What each rule pays by now.
    pub(super) rules: Vec<(usize, Exact)>,
    /// What gates and multipliers of the period leave of one unit that a rule earned, where it is not all.
    pub(super) factors: BTreeMap<usize, Exact>,
    /// What each bonus pays.
    pub(super) bonuses: Vec<(usize, Exact)>,
    pub(super) steps: Vec<Step>,
    pub(super) lines: Vec<Line>,
    pub(super) problems: Vec<(String, PayProblem)>,
}

/// Settles one rep. `None` where neither credits, past nor program have anything to say.
pub(in crate::crediting) fn settle(
    bound: &BoundProgram<'_>,
    who: u32,
    (tally, attainment): (&Tally, &Attainment),
    (ranks, lapsed): (&Ranks, &BTreeSet<Id>),
) -> Result<Option<Settled>, Overflow> {
    let rep = &bound.directory.reps()[who as usize];
    let settle = &bound.program.settle;
    let taking_part = bound.takes_part(who);
    let entitled = taking_part && (settle.draw.is_some() || settle.guarantee.is_some() || !settle.bonuses.is_empty());
    let remembered = bound.past.mentions(rep.id);
    if !tally.touched && !tally.flagged && !entitled && !remembered {
        return Ok(None);
    }
    let mut stage = Stage::new(bound, (who, rep), (tally, attainment), ranks);
    stage.credits()?;
    stage.gates()?;
    stage.bonuses(taking_part)?;
    stage.multipliers()?;
    stage.bonuses_paid_before()?;
    stage.pay()?;
    stage.adjustments(lapsed)?;
    if taking_part {
        stage.draw()?;
    }
    stage.finish(tally.touched || tally.flagged)
}

/// What gates and multipliers of the period leave of what rules earned, by rep and rule; 1 where nothing is said.
pub(in crate::crediting) fn factors(bound: &BoundProgram<'_>, tallies: &[Tally], attainments: &[Option<Attainment>]) -> Followed {
    let ranks = Ranks::new(bound, tallies);
    let mut all = Followed::default();
    for (who, ((rep, tally), attainment)) in (0u32..).zip(bound.directory.reps().iter().zip(tallies).zip(attainments)) {
        let Some(attainment) = attainment.as_ref().filter(|_| tally.touched) else { continue };
        let mut stage = Stage::new(bound, (who, rep), (tally, attainment), &ranks);
        // What leaves the range here leaves it when the rep is settled, which says so.
        if stage.credits().and_then(|()| stage.gates()).and_then(|()| stage.multipliers()).is_ok() {
            let changed = stage.factors.into_iter().filter(|(_, factor)| *factor != Exact::ONE);
            all.factors.extend(changed.map(|(rule, factor)| ((who, rule), factor)));
        }
        if !stage.problems.is_empty() {
            all.unknown.insert(who);
        }
    }
    all
}

impl<'s> Stage<'s> {
    fn new(
        bound: &'s BoundProgram<'s>,
        (who, rep): (u32, &'s Rep),
        (tally, attainment): (&'s Tally, &'s Attainment),
        ranks: &Ranks,
    ) -> Self {
        // Who was credited nothing has no place, however few took part.
        let rank = attainment.rank.filter(|_| tally.touched).or_else(|| ranks.of(who));
        Self {
            bound,
            tally,
            rep,
            who,
            past: &bound.past,
            facts: ResultFacts { bound, tally, attainment, rank, own: false },
            cell_day: day_number(bound.period.first_day()),
            rules: Vec::with_capacity(tally.by_rule.len()),
            factors: BTreeMap::new(),
            bonuses: Vec::new(),
            steps: Vec::new(),
            lines: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl Stage<'_> {
    fn credits(&mut self) -> Result<(), Overflow> {
        for sum in &self.tally.by_rule {
            let amount = sum.all.amount.exact()?;
            let rule = self.bound.rule_settled(sum.rule);
            let paid = if self.bound.settles_own_sales(rule) { &sum.own } else { &sum.all };
            let step = Step::new(StepKind::Credits, &rule.label, amount).with("credits", paid.credits);
            self.steps.push(step.with_amount(rule.basis.name(), paid.basis.exact()?));
            self.rules.push((sum.rule, amount));
        }
        Ok(())
    }

    /// Rules that pay only from an attainment on.
    fn gates(&mut self) -> Result<(), Overflow> {
        for place in 0..self.rules.len() {
            let (index, amount) = self.rules[place];
            let rule = self.bound.rule_settled(index);
            let Some(gate) = rule.gate else { continue };
            let reached = match self.facts.reaches(gate) {
                Some(reached) => reached,
                None => {
                    self.unattained(&rule.id);
                    false
                }
            };
            if !reached {
                let step = Step::new(StepKind::Gate, &rule.label, -amount).with("needs", format!("{}%", gate.normalize()));
                self.steps.push(step.with("attainment", self.attainment_shown()));
                self.rules[place].1 = Exact::ZERO;
                self.factors.insert(index, Exact::ZERO);
            }
        }
        Ok(())
    }

    /// What gates and multipliers leave of an amount that a rule earned.
    pub(super) fn factored(&self, rule: usize, amount: Exact) -> Result<Exact, Overflow> {
        self.factors.get(&rule).map_or(Ok(amount), |factor| mul(amount, *factor))
    }

    /// Since which day earlier periods are deducted, where they are.
    pub(super) fn deducted_since(&self) -> Option<i64> {
        let deduct = self.bound.program.settle.deduct.as_ref().filter(|deduct| deduct.what == Deducted::Released)?;
        Some(day_number(deduct.from.start(self.bound.period.first_day())))
    }

    /// Every line that is due in the period, from this cell and from earlier ones.
    pub(super) fn due_now(&self) -> Result<Minor, Overflow> {
        let own = self.lines.iter().filter(|line| line.due_day == self.cell_day).map(|line| line.minor);
        let past = self.past.due_now(self.rep.id, self.cell_day).map(|line| line.minor);
        own.chain(past).try_fold(0i64, i64::checked_add).ok_or(Overflow)
    }

    fn finish(self, concerned: bool) -> Result<Option<Settled>, Overflow> {
        let Self { cell_day, steps, lines, problems, .. } = self;
        if !concerned && lines.is_empty() && problems.is_empty() {
            return Ok(None);
        }
        let mut before_rounding = steps.iter().filter(|step| step.kind != StepKind::Rounding);
        let exact = before_rounding.try_fold(Exact::ZERO, |sum, step| add(sum, step.amount))?;
        let due = lines.iter().filter(|line| line.due_day == cell_day);
        let minor = due.map(|line| line.minor).try_fold(0i64, i64::checked_add).ok_or(Overflow)?;
        Ok(Some(Settled { exact, minor, steps, lines, problems }))
    }

    // ---- what the steps share ----

    pub(super) fn round(&self, exact: Exact) -> Result<Minor, Overflow> {
        let program = self.bound.program;
        let places = program.settle.payout.places.filter(|places| *places < program.currency.exponent());
        match places {
            None => to_minor(exact, program.currency, program.rounding),
            Some(places) => to_minor(program.rounding.at(exact, places), program.currency, program.rounding),
        }
    }

    pub(super) fn major(&self, minor: Minor) -> Exact {
        Exact::new(minor, self.bound.program.currency.exponent()).normalize()
    }

    /// Adds a line for an amount, rounded here, with a step for what rounding does. Lines of nothing are left out.
    pub(super) fn line(
        &mut self,
        kind: RewardKind,
        (name, label): (&str, &str),
        exact: Exact,
        due_day: i64,
        sale: Option<Id>,
    ) -> Result<Minor, Overflow> {
        let minor = self.round(exact)?;
        if due_day == self.cell_day {
            let rounding = sub(self.major(minor), exact)?;
            self.rounded(rounding)?;
        }
        self.whole_line(kind, (name, label), exact, minor, due_day, sale);
        Ok(minor)
    }

    /// All rounding of a period is one step.
    pub(super) fn rounded(&mut self, rounding: Exact) -> Result<(), Overflow> {
        if rounding.is_zero() {
            return Ok(());
        }
        match self.steps.iter_mut().find(|step| step.kind == StepKind::Rounding) {
            Some(step) => step.amount = add(step.amount, rounding)?,
            None => self.steps.push(Step::new(StepKind::Rounding, "Rounding", rounding)),
        }
        Ok(())
    }

    pub(super) fn whole_line(
        &mut self,
        kind: RewardKind,
        (name, label): (&str, &str),
        exact: Exact,
        minor: Minor,
        due_day: i64,
        sale: Option<Id>,
    ) {
        if minor != 0 {
            self.lines.push(Line { kind, name: name.to_owned(), label: label.to_owned(), due_day, exact, minor, sale });
        }
    }

    pub(super) fn figure(&self, figure: &Figure) -> Option<Exact> {
        self.bound.figure(figure, self.who, self.who, self.bound.versions.len().saturating_sub(1))
    }

    /// The value of a figure; a missing one is a problem.
    pub(super) fn needed(&mut self, of: &str, figure: &Figure) -> Option<Exact> {
        let value = self.figure(figure);
        if value.is_none() {
            let name = match figure {
                Figure::Variable(name) | Figure::VariableOf(_, name) => name.as_str(),
                Figure::Literal(_) => "figure",
            };
            self.problem(of, AlertCode::VariableMissing, name);
        }
        value
    }

    pub(super) fn problem(&mut self, of: &str, code: AlertCode, subject: &str) {
        // Of somebody who took no part nothing is missing.
        if self.tally.touched {
            self.problems.push((of.to_owned(), PayProblem { code, subject: subject.to_owned() }));
        }
    }

    /// Asks a condition or formula over the results of the period.
    pub(super) fn ask<T>(
        &mut self,
        of: &str,
        condition: &Condition,
        ask: impl FnOnce(&Condition, &Context<'_>) -> Result<T, EvalError>,
    ) -> Option<T> {
        let sale = SaleRef { id: Id(0), unique_id: None, facts: &self.facts, originals: None };
        let rep = RepContext {
            rep: self.bound.beneficiary(self.who),
            directory: self.bound.directory,
            defaults: &self.bound.versions[self.bound.versions.len() - 1].variables,
            manager: None,
        };
        let answer = ask(condition, &Context { sale, period: self.bound.period, rep: Some(rep) });
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                // That somebody lacks a figure may be meant so; that a formula cannot be answered never is.
                let problem = PayProblem { code: AlertCode::ConditionError, subject: error.to_string() };
                self.problems.push((of.to_owned(), problem));
                None
            }
        }
    }

    pub(super) fn holds(&mut self, of: &str, when: Option<&Condition>) -> bool {
        when.is_none_or(|when| self.ask(of, when, Condition::holds) == Some(true))
    }

    pub(super) fn attainment_shown(&self) -> String {
        match self.facts.attainment() {
            Some(percent) => format!("{}%", percent.round_dp(4).normalize()),
            None => shown(self.facts.attainment.value),
        }
    }
}
