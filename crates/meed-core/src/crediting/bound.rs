//! Programs bound to the people and the period they are calculated for: everything that does not depend on a sale.
//!
//! A period may know several versions of a program: each rules the sales from its day on. Rules of one id in several
//! versions are one component, so that running totals carry on across the change.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::assign::Recipients;
use super::history::History;
use super::kept::mul_div;
use super::people::{BoundPeople, Weights};
use super::reason::AlertCode;
use super::settle::Past;
use super::versions::{ProgramVersion, of_period};
use super::windows::{group_starts, since_day, window};
use crate::condition::{Condition, Context, EvalError, RepContext, SaleRef};
use crate::id::Id;
use crate::money::{Exact, Rates};
use crate::people::{Beneficiary, Circle, Directory, Match, circles, fold_alias, team_variable_on, variable_on};
use crate::period::{Period, first_instant};
use crate::program::{
    Accumulate, AssignTo, Deducted, EnrollmentState, Figure, Group, OncePer, OverrideBase, Pay, Program, Quota, QuotaAmount, QuotaLength,
    Rule, Trigger, Whose,
};
use crate::sale::Sale;

/// A rule of one version.
pub(super) struct BoundRule<'a> {
    pub(super) rule: &'a Rule,
    /// Index of its version.
    pub(super) version: usize,
    /// When sales count for it: period, version, program and rule together.
    pub(super) window: (Timestamp, Timestamp),
    /// What one unit of its basis counts as attainment, where it counts.
    pub(super) counts: Option<Exact>,
    /// The component of a sale rule.
    pub(super) component: u16,
    /// The bit of a sale that says whether it passes this override's condition.
    pub(super) condition_bit: Option<u8>,
    /// Who gets what each beneficiary's credits earn; empty where they get it themselves.
    pub(super) recipients: Vec<Recipients>,
    /// Whether it reads amounts of money of the sale.
    pub(super) money: Money,
    /// Its index as the stage of settling names it: that of the rule of its id in the version that is valid on the last
    /// day, where that has one; else behind those.
    pub(super) settled: usize,
    /// Whether it pays the sales of the period alone, though more are measured.
    pub(super) pays_own_sales: bool,
    /// Whether gates or multipliers of the period may change what it pays.
    pub(super) has_factor: bool,
}

/// Where a rule reads amounts of money, so that it has no answer without a rate for the sale's currency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money {
    pub(super) in_condition: bool,
    pub(super) anywhere: bool,
}

/// What is folded as one running total: the rules of one id and level in all versions.
pub(super) struct Component<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// 0 for sale rules and direct managers.
    pub(super) level: usize,
    /// Starts of calendar groups inside the period.
    group_starts: Vec<Timestamp>,
}

/// A component in one version.
pub(super) struct Part<'a> {
    pub(super) rule: usize,
    pub(super) pay: &'a Pay,
    /// Whether a figure is looked up on the rep below.
    pub(super) by_credited: bool,
}

/// An override component and the rules that feed it, in one version.
pub(super) struct OverrideFeed {
    pub(super) component: u16,
    pub(super) rule: usize,
    pub(super) level: usize,
    pub(super) base: OverrideBase,
    pub(super) once_per: OncePer,
    /// By rule index.
    pub(super) of: Vec<bool>,
}

/// A version of the program for the period.
pub(super) struct BoundVersion<'a> {
    pub(super) program: &'a Program,
    pub(super) number: u32,
    /// From when on it rules; the first from ever.
    pub(super) start: Timestamp,
    pub(super) rules: Range<usize>,
    /// By beneficiary.
    pub(super) is_target: Vec<bool>,
    /// The quota of the period by beneficiary, where there is a positive one.
    pub(super) quota: Vec<Option<Exact>>,
    /// The program's own variables on the last day of the period.
    pub(super) variables: BTreeMap<String, Exact>,
}

/// Something found while binding that a person should look at.
pub(super) struct BoundAlert {
    pub(super) code: AlertCode,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) reps: Vec<Id>,
}

/// A program bound to a directory and a period.
pub struct BoundProgram<'a> {
    /// The version that is valid on the last day.
    pub(super) program: &'a Program,
    pub(super) directory: &'a Directory,
    pub(super) period: &'a Period,
    pub(super) history: Option<&'a History>,
    pub(super) people: BoundPeople<'a>,
    /// By time; never empty.
    pub(super) versions: Vec<BoundVersion<'a>>,
    /// The rules of all versions, version by version.
    pub(super) rules: Vec<BoundRule<'a>>,
    pub(super) components: Vec<Component<'a>>,
    pub(super) overrides: Vec<OverrideFeed>,
    /// Overrides whose condition reads the rep below, each once, by its first level; where it reads the manager too, by each
    /// of its levels.
    pub(super) asking: Vec<usize>,
    /// Whether a sale has to remember which conditional overrides it passes.
    pub(super) has_conditions: bool,
    /// Whether each rep has enrolled, or need not.
    pub(super) may_earn: Vec<bool>,
    pub(super) alerts: Vec<BoundAlert>,
    /// What earlier periods left.
    pub(super) past: Arc<Past>,
    /// From when sales are taken in.
    pub(super) since: Timestamp,
    /// Rates of exchange of the workspace.
    pub(super) rates: Option<&'a Rates>,
}

impl<'a> BoundProgram<'a> {
    /// Binds. Memberships, managers and variables are those of the period's last day (`commissions.md` behaviour 32).
    #[must_use]
    pub fn new(program: &'a Program, directory: &'a Directory, period: &'a Period) -> Self {
        Self::with_versions(program, &[], directory, period)
    }

    /// Binds all versions of a program, in the order in which they were applied: each rules the sales from its day on,
    /// unless a later one does. The one that is valid on the last day of the period gives name, currency and rounding.
    /// Without versions `program` rules alone.
    #[must_use]
    pub fn with_versions(program: &'a Program, versions: &[ProgramVersion<'a>], directory: &'a Directory, period: &'a Period) -> Self {
        let (versions, ignored) = of_period(program, versions, period);
        let deepest = versions.iter().flat_map(|version| &version.program.rules).map(|rule| rule.pays.len()).max().unwrap_or(0);
        let people = BoundPeople::new(directory, period.last_day(), deepest.max(1));
        let last = versions.last().map_or(program, |version| version.program);
        let since = first_instant(since_day(last, period), period.zone()).unwrap_or(period.start()).min(period.start());
        let mut bound = Self {
            program: last,
            directory,
            period,
            history: None,
            people,
            versions: Vec::with_capacity(versions.len()),
            rules: Vec::new(),
            components: Vec::new(),
            overrides: Vec::new(),
            asking: Vec::new(),
            has_conditions: false,
            may_earn: Vec::new(),
            alerts: ignored,
            past: Arc::default(),
            since,
            rates: None,
        };
        bound.may_earn = bound.enrolled();
        let ends = versions.iter().skip(1).map(|next| start_of(next, period)).chain([Timestamp::MAX]).collect::<Vec<_>>();
        for (version, end) in versions.iter().zip(ends) {
            bound.bind_version(version, end);
        }
        bound.settle_all();
        bound.assign_all();
        bound.find_circles();
        bound
    }

    /// The same with what is known of earlier periods.
    #[must_use]
    pub fn with_history(mut self, history: &'a History) -> Self {
        self.history = Some(history);
        self
    }

    /// The same with the workspace's rates of exchange.
    #[must_use]
    pub fn with_rates(mut self, rates: &'a Rates) -> Self {
        self.rates = Some(rates);
        self
    }

    /// The same with the lines that earlier periods posted.
    #[must_use]
    pub fn with_past(mut self, past: impl Into<Arc<Past>>) -> Self {
        self.past = past.into();
        self
    }

    /// Whether a sale of this time takes part: in the period, or from where the program measures.
    #[must_use]
    pub fn measures(&self, at: Timestamp) -> bool {
        self.since <= at && at < self.period.end()
    }

    /// The first instant of the sales that take part; before the period where the program measures a longer span.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// The first local day of the sales that take part.
    #[must_use]
    pub fn since_day(&self) -> Date {
        since_day(self.program, self.period)
    }

    /// Notes how the stage of settling knows each rule.
    fn settle_all(&mut self) {
        for index in 0..self.rules.len() {
            let id = &self.rules[index].rule.id;
            let known = self.program.rules.iter().position(|known| known.id == *id);
            let settled = known.unwrap_or(self.program.rules.len() + index);
            let rule = self.rule_settled(settled);
            let pays_own_sales = self.settles_own_sales(rule);
            let has_factor =
                rule.gate.is_some() || self.program.settle.multipliers.iter().any(|multiplier| multiplier.rules.contains(&settled));
            let bound = &mut self.rules[index];
            (bound.settled, bound.pays_own_sales, bound.has_factor) = (settled, pays_own_sales, has_factor);
        }
    }

    /// The rule that the stage of settling names so.
    pub(super) fn rule_settled(&self, index: usize) -> &'a Rule {
        match self.program.rules.get(index) {
            Some(rule) => rule,
            None => self.rules[index - self.program.rules.len()].rule,
        }
    }

    /// Whether a rule, as the stage of settling knows it, pays the sales of the period alone, though more are measured.
    pub(super) fn settles_own_sales(&self, rule: &Rule) -> bool {
        let settle = &self.program.settle;
        let deducts = settle.deduct.as_ref().is_some_and(|deduct| deduct.what == Deducted::Released);
        settle.measure.is_some() || deducts && !rule.deductible
    }

    /// Whether an override builds on commissions that gates or multipliers of the period may change.
    pub(super) fn follows_commission(&self) -> bool {
        let on_commission = self.overrides.iter().filter(|over| over.base == OverrideBase::Commission);
        on_commission.flat_map(|over| over.of.iter().enumerate()).any(|(rule, of)| *of && self.rules[rule].has_factor)
    }

    /// The program: of several versions the one valid on the last day of the period.
    #[must_use]
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> &'a Period {
        self.period
    }

    /// The numbers of the versions that rule some day of the period, in order.
    #[must_use]
    pub fn version_numbers(&self) -> Vec<u32> {
        self.versions.iter().map(|version| version.number).collect()
    }

    /// A rule by the index that credits and refusals name: the rules of all versions, one version behind the other.
    #[must_use]
    pub fn rule(&self, index: usize) -> Option<&'a Rule> {
        self.rules.get(index).map(|bound| bound.rule)
    }

    /// The rules of the version that a rule belongs to, itself among them.
    pub fn siblings(&self, rule: usize) -> impl Iterator<Item = usize> + use<> {
        self.rules.get(rule).map(|bound| self.versions[bound.version].rules.clone()).into_iter().flatten()
    }

    /// The number of the version that a rule belongs to; `None` where the period knows one version only.
    #[must_use]
    pub fn version_of(&self, rule: usize) -> Option<u32> {
        let version = self.rules.get(rule)?.version;
        (self.versions.len() > 1).then(|| self.versions[version].number)
    }

    fn bind_version(&mut self, version: &ProgramVersion<'a>, end: Timestamp) {
        let program = version.program;
        let first = self.rules.len();
        let number = self.versions.len();
        let start = start_of(version, self.period);
        let mut bit = 0u8;
        for (index, rule) in program.rules.iter().enumerate() {
            let (opens, closes) = window(program, rule, self.period, self.since);
            let conditional = rule.when.is_some() && matches!(rule.trigger, Trigger::Override(_));
            let condition_bit = conditional.then_some(bit);
            bit += u8::from(conditional);
            self.rules.push(BoundRule {
                rule,
                version: number,
                window: (opens.max(start), closes.min(end).max(opens.max(start))),
                counts: program.counts.iter().find(|counted| counted.rule == index).map(|counted| counted.weight),
                component: u16::MAX,
                condition_bit,
                recipients: Vec::new(),
                money: Money { in_condition: rule.when.as_ref().is_some_and(Condition::uses_money), anywhere: rule.uses_money() },
                settled: index,
                pays_own_sales: false,
                has_factor: false,
            });
            self.has_conditions |= conditional;
        }
        for (index, rule) in program.rules.iter().enumerate() {
            self.bind_rule(first, index, rule);
        }
        let day = self.period.last_day();
        let variables =
            program.variables.iter().filter_map(|variable| Some((variable.name.clone(), program.variable_on(&variable.name, day)?)));
        let variables = variables.collect();
        let is_target = self.targets(program);
        let rules = first..self.rules.len();
        self.versions.push(BoundVersion { program, number: version.number, start, rules, is_target, quota: Vec::new(), variables });
        self.versions[number].quota = self.quotas(number);
    }

    fn bind_rule(&mut self, first: usize, index: usize, rule: &'a Rule) {
        for (level, pay) in rule.pays.iter().enumerate() {
            let component = self.component(first, first + index, level, pay);
            match &rule.trigger {
                Trigger::Sale(_) => self.rules[first + index].component = component,
                Trigger::Override(over) => {
                    let of = (0..self.rules.len()).map(|rule| rule.checked_sub(first).is_some_and(|rule| over.of.contains(&rule)));
                    let (base, once_per) = (over.base, over.once_per);
                    let of = of.collect();
                    let asks = |when: &Condition| when.uses_manager() || level == 0 && when.uses_rep();
                    if rule.when.as_ref().is_some_and(asks) {
                        self.asking.push(self.overrides.len());
                    }
                    self.overrides.push(OverrideFeed { component, rule: first + index, level, base, once_per, of });
                }
            }
        }
    }

    /// The component of a rule and level: that of the rule it continues, or of the same rule in an earlier version where
    /// that measures the same.
    fn component(&mut self, first: usize, index: usize, level: usize, pay: &'a Pay) -> u16 {
        let rule = self.rules[index].rule;
        let version = self.rules[index].version;
        let part = Part { rule: index, pay, by_credited: matches!(rule.trigger, Trigger::Override(_)) && reads_credited(rule, pay) };
        let continued = rule.continues.map(|before| first + before);
        let same = |other: &Part<'_>| {
            let before = &self.rules[other.rule];
            let goes_on = continued == Some(other.rule) || before.version < version && before.rule.id == rule.id;
            goes_on
                && before.rule.basis.name() == rule.basis.name()
                && kind(&before.rule.trigger) == kind(&rule.trigger)
                && group_word(other.pay) == group_word(pay)
        };
        let known = self.components.iter().position(|component| component.level == level && component.parts.iter().any(same));
        if let Some(known) = known {
            self.components[known].parts.push(part);
            return u16::try_from(known).unwrap_or(u16::MAX);
        }
        self.components.push(Component { parts: vec![part], level, group_starts: group_starts(pay, self.period, self.since_day()) });
        // A document has at most 200 rules of at most 20 levels; a period with dozens of such versions is no plan.
        u16::try_from(self.components.len() - 1).unwrap_or(u16::MAX)
    }

    /// Who gets what each rule pays, where it is not those who are credited.
    fn assign_all(&mut self) {
        for index in 0..self.rules.len() {
            let Some(assign) = &self.rules[index].rule.assign else { continue };
            let count = u32::try_from(self.people.count()).unwrap_or(u32::MAX);
            let day = self.period.last_day();
            self.rules[index].recipients = (0..count).map(|who| Recipients::of(&self.people, who, assign, day)).collect();
        }
    }

    /// Circles of managers and teams end where they close; a person should know where a program climbs them.
    fn find_circles(&mut self) {
        let rules = || self.rules.iter().map(|bound| bound.rule);
        let up = |to: AssignTo| to == AssignTo::Manager;
        let managers = rules().any(|rule| matches!(rule.trigger, Trigger::Override(_)) || rule.assign.as_ref().is_some_and(|a| up(a.to)));
        let teams = rules().any(|rule| matches!(&rule.trigger, Trigger::Sale(crediting) if crediting.roll_up)) || managers;
        if !managers && !teams {
            return;
        }
        for circle in circles(self.directory, self.period.last_day()) {
            let (code, ids, what) = match &circle {
                Circle::Managers(ids) if managers => (AlertCode::ManagerCircle, ids, "managers"),
                Circle::Teams(ids) if teams => (AlertCode::TeamCircle, ids, "teams"),
                _ => continue,
            };
            let name = |id: &Id| self.people.index(*id).map(|index| self.people.beneficiary(index).name()).unwrap_or_default();
            let mut names: Vec<&str> = ids.iter().map(name).collect();
            names.extend(names.first().copied());
            let text = format!("{} stand in a circle: {}; it ends where it closes", what, names.join(" → "));
            let reps = if code == AlertCode::ManagerCircle { ids.clone() } else { Vec::new() };
            self.alerts.push(BoundAlert { code, subject: names.join(" → "), text, reps });
        }
    }

    /// The version that rules a moment.
    pub(super) fn version_at(&self, at: Timestamp) -> usize {
        match self.versions.len() {
            1 => 0,
            _ => self.versions.partition_point(|version| version.start <= at).saturating_sub(1),
        }
    }

    /// The part of a component that pays for a sale of this moment.
    pub(super) fn part_at(&self, component: u16, at: Timestamp) -> &Part<'a> {
        let parts = &self.components[usize::from(component)].parts;
        match parts.as_slice() {
            [only] => only,
            parts => {
                let rules_then = |part: &&Part<'_>| {
                    let (start, end) = self.rules[part.rule].window;
                    start <= at && at < end
                };
                parts.iter().find(rules_then).unwrap_or(&parts[0])
            }
        }
    }

    /// The calendar group of an instant under a component; 0 without groups.
    pub(super) fn group_of(&self, component: u16, at: Timestamp) -> u32 {
        let starts = &self.components[usize::from(component)].group_starts;
        u32::try_from(starts.partition_point(|start| *start <= at)).unwrap_or_default()
    }

    /// A rep or team by index.
    pub(super) fn beneficiary(&self, index: u32) -> Beneficiary<'a> {
        self.people.beneficiary(index)
    }

    /// The value of a figure for a rep or team, under a version; `credited` is the rep below, for an override.
    pub(super) fn figure(&self, figure: &Figure, who: u32, credited: u32, version: usize) -> Option<Exact> {
        match figure {
            Figure::Literal(value) => Some(*value),
            _ => self.figure_on(figure, (who, credited), version, self.period.last_day()),
        }
    }

    /// The same with the value of a day.
    fn figure_on(&self, figure: &Figure, (who, credited): (u32, u32), version: usize, day: Date) -> Option<Exact> {
        let bound = &self.versions[version];
        let plan = |name: &str| {
            if day == self.period.last_day() { bound.variables.get(name).copied() } else { bound.program.variable_on(name, day) }
        };
        let own = |index: u32, name: &str| variable_on(self.beneficiary(index).variables(), name, day).or_else(|| plan(name));
        match figure {
            Figure::Literal(value) => Some(*value),
            Figure::Variable(name) => own(who, name),
            Figure::VariableOf(Whose::Credited, name) => own(credited, name),
            Figure::VariableOf(Whose::Team, name) => team_variable_on(self.directory, self.beneficiary(who), name, day),
            Figure::VariableOf(Whose::Plan, name) => plan(name),
        }
    }

    /// The quota of the period on its last day, where there is a positive one.
    pub(super) fn last_quota(&self, who: u32) -> Option<Exact> {
        self.versions.last().and_then(|version| version.quota[who as usize])
    }

    /// How the members share by a variable, on the last day of the period.
    pub(super) fn weights(&self, members: &[u32], name: &str) -> Weights {
        self.people.weights(members, name, self.period.last_day())
    }

    /// The quotas of all under a version. Of whom a formula has no answer there is none, and a person should know.
    fn quotas(&mut self, version: usize) -> Vec<Option<Exact>> {
        let all = 0..u32::try_from(self.people.count()).unwrap_or(u32::MAX);
        let mut quotas = Vec::with_capacity(self.people.count());
        for who in all {
            let found = self.quota(who, version);
            if let Err(error) = &found
                && self.versions[version].is_target[who as usize]
            {
                let somebody = self.beneficiary(who);
                let text = format!("the quota of {} has no answer: {error}", somebody.name());
                let reps = if let Beneficiary::Rep(rep) = somebody { vec![rep.id] } else { Vec::new() };
                let subject = format!("{}:quota", somebody.id());
                self.alerts.push(BoundAlert { code: AlertCode::ConditionError, subject, text, reps });
            }
            quotas.push(found.unwrap_or_default());
        }
        quotas
    }

    /// The quota of the period, or of the span that is measured: the sum of its periods, each with the value of its own last
    /// day and the part of it that ramps.
    fn quota(&self, who: u32, version: usize) -> Result<Option<Exact>, EvalError> {
        let program = self.versions[version].program;
        let Some(quota) = &program.quota else { return Ok(None) };
        let overflow = || EvalError::Overflow("quota".into());
        let per_year = i64::from(program.cadence.per_year());
        let months = 12 / per_year;
        let of_year = quota.per == QuotaLength::Year;
        let span = program.settle.measure.or(program.settle.deduct.as_ref().map(|deduct| deduct.from));
        let to_date = quota.to_date.unwrap_or(!of_year);
        let mut period = self.period.clone();
        let mut count = 1;
        if let Some(span) = span {
            let holding = Period::holding(self.since_day(), self.period.cadence(), self.period.zone());
            let Ok(first) = holding else { return Ok(None) };
            period = first;
            count = span.months() / months;
        }
        let mut sum = Exact::ZERO;
        for _ in 0..count {
            // A quota of the year is agreed for all of it: measured against the whole, its present value holds throughout.
            let held = if of_year && !to_date { self.period } else { &period };
            sum = sum.checked_add(self.ramped(quota, (who, version), &period, held)?).ok_or_else(overflow)?;
            if to_date && period.first_day() >= self.period.first_day() {
                break;
            }
            let Ok(next) = period.next() else { return Ok(None) };
            period = next;
        }
        let parts = if of_year { per_year } else { 1 };
        let parts = if quota.ramp.is_empty() { parts } else { parts * months * 100 };
        Ok(mul_div(sum, Exact::ONE, Exact::from(parts)).ok().filter(|amount| *amount > Exact::ZERO))
    }

    /// The amount of a quota as it holds on the last day of a period; zero where there is none.
    fn quota_amount(&self, quota: &Quota, (who, version): (u32, usize), held: &Period) -> Result<Exact, EvalError> {
        let day = held.last_day();
        let amount = match &quota.amount {
            QuotaAmount::Figure(figure) => self.figure_on(figure, (who, who), version, day),
            QuotaAmount::Formula(formula) => {
                let program = self.versions[version].program;
                let names = program.variables.iter().map(|variable| &variable.name);
                let defaults: BTreeMap<String, Exact> =
                    names.filter_map(|name| Some((name.clone(), program.variable_on(name, day)?))).collect();
                let rep = RepContext { rep: self.beneficiary(who), directory: self.directory, defaults: &defaults, manager: None };
                // It reads no sale.
                let nothing = Sale::default();
                let sale = SaleRef { id: Id(0), unique_id: None, facts: &nothing, originals: None };
                formula.number(&Context { sale, period: held, rep: Some(rep) })?
            }
        };
        Ok(amount.filter(|amount| *amount > Exact::ZERO).unwrap_or_default())
    }

    /// The quota of a period as it holds on a day; while it ramps, times the percentages of the period's months, from the month
    /// on in which the quota's variable began to hold. Zero where there is none.
    fn ramped(&self, quota: &Quota, (who, version): (u32, usize), period: &Period, held: &Period) -> Result<Exact, EvalError> {
        let amount = self.quota_amount(quota, (who, version), held)?;
        if quota.ramp.is_empty() {
            return Ok(amount);
        }
        let overflow = || EvalError::Overflow("quota".into());
        let number = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        let (first, last) = (number(period.first_day()), number(period.last_day()));
        let began = match &quota.amount {
            QuotaAmount::Figure(Figure::Variable(name)) => {
                let variables = self.beneficiary(who).variables().iter().filter(|variable| variable.name == *name);
                variables.filter_map(|variable| variable.from).min().map(number)
            }
            _ => None,
        };
        let mut percents = Exact::ZERO;
        for month in first..=last {
            let percent = match began {
                None => Some(Exact::ONE_HUNDRED),
                Some(began) => {
                    usize::try_from(month - began).ok().map(|place| quota.ramp.get(place).copied().unwrap_or(Exact::ONE_HUNDRED))
                }
            };
            percents = percents.checked_add(percent.unwrap_or_default()).ok_or_else(overflow)?;
        }
        amount.checked_mul(percents).ok_or_else(overflow)
    }

    fn enrolled(&self) -> Vec<bool> {
        let state = |rep| self.program.enrollment(rep, self.period.last_day());
        self.directory.reps().iter().map(|rep| state(rep) != EnrollmentState::NotEnrolled).collect()
    }

    /// Whether a rep takes part in the period, also without a sale.
    pub(super) fn takes_part(&self, who: u32) -> bool {
        let is_target = self.versions.last().is_some_and(|version| version.is_target[who as usize]);
        let is_active = matches!(self.beneficiary(who), Beneficiary::Rep(rep) if rep.active);
        is_target && is_active && self.may_earn(who)
    }

    /// Whether a beneficiary may earn: who must enroll and has not, may not.
    pub(super) fn may_earn(&self, who: u32) -> bool {
        self.may_earn.get(who as usize).copied().unwrap_or(true)
    }

    fn targets(&mut self, program: &Program) -> Vec<bool> {
        let targets = &program.targets;
        if targets.everybody {
            return vec![true; self.people.count()];
        }
        let day = self.period.last_day();
        let mut unknown = Vec::new();
        let mut found = |name: &String, directory: &dyn Fn(&str) -> Match| match directory(name) {
            Match::One(id) => Some(id),
            _ => {
                unknown.push(name.clone());
                None
            }
        };
        let reps: Vec<Id> = targets.reps.iter().filter_map(|name| found(name, &|name| self.directory.find_rep(name))).collect();
        let teams: Vec<Id> = targets.teams.iter().filter_map(|name| found(name, &|name| self.directory.find_team(name))).collect();
        let tags: Vec<String> = targets.tags.iter().map(|tag| fold_alias(tag)).collect();
        let of_reps = self.directory.reps().iter().map(|rep| {
            reps.contains(&rep.id)
                || rep.tags.iter().any(|tag| tags.contains(&fold_alias(tag)))
                || rep.memberships.iter().any(|held| held.holds_on(day) && teams.contains(&held.team))
        });
        // Where no team is listed, the reps decide.
        let of_teams = self.directory.teams().iter().map(|team| targets.teams.is_empty() || teams.contains(&team.id));
        let all = of_reps.chain(of_teams).collect();
        for name in unknown {
            let text = format!("the target `{name}` of the program names nobody, or several");
            self.alerts.push(BoundAlert { code: AlertCode::UnknownTarget, subject: name, text, reps: Vec::new() });
        }
        all
    }
}

fn start_of(version: &ProgramVersion<'_>, period: &Period) -> Timestamp {
    version.from.and_then(|day| first_instant(day, period.zone()).ok()).unwrap_or(Timestamp::MIN)
}

/// Sale rules and the two kinds of overrides have no running total in common.
const fn kind(trigger: &Trigger) -> u8 {
    match trigger {
        Trigger::Sale(_) => 0,
        Trigger::Override(over) => match over.base {
            OverrideBase::Sales => 1,
            OverrideBase::Commission => 2,
        },
    }
}

/// By what the tiers of a pay are grouped: groups of different kinds have no totals in common.
fn group_word(pay: &Pay) -> &str {
    match pay {
        Pay::Tiers(tiers) => match &tiers.accumulate {
            Accumulate::Group(Group::Day) => "day",
            Accumulate::Group(Group::Week) => "week",
            Accumulate::Group(Group::Month) => "month",
            Accumulate::Group(Group::Formula(_)) => "formula",
            Accumulate::Transaction | Accumulate::Accumulated => "",
        },
        _ => "",
    }
}

fn reads_credited(rule: &Rule, pay: &Pay) -> bool {
    let of_credited = |figure: &Figure| matches!(figure, Figure::VariableOf(Whose::Credited, _));
    let limits = rule.cap.iter().chain(&rule.floor).chain(&rule.cap_per_sale).any(of_credited);
    limits || pay.figures().into_iter().any(of_credited)
}
