//! A program bound to the people and the period it is calculated for: everything that does not depend on a sale.

use jiff::Timestamp;
use jiff::civil::Date;

use super::kept::mul_div;
use super::settle::Past;
use crate::id::Id;
use crate::money::Exact;
use crate::people::{Directory, Match, Rep, fold_alias, variable_on};
use crate::period::{Period, first_instant};
use crate::program::{Accumulate, Figure, Group, OncePer, OverrideBase, Pay, Program, QuotaLength, Rule, Trigger};

/// A rule as it is folded: one of its pays (one per level of an override).
pub(super) struct Component<'a> {
    pub(super) rule: usize,
    /// 0 for sale rules and direct managers.
    pub(super) level: usize,
    pub(super) pay: &'a Pay,
    /// Starts of calendar groups inside the period.
    pub(super) group_starts: Vec<Timestamp>,
}

/// An override component and the rules that feed it.
pub(super) struct OverrideFeed {
    pub(super) component: u16,
    pub(super) level: usize,
    pub(super) base: OverrideBase,
    pub(super) once_per: OncePer,
    /// By rule index.
    pub(super) of: Vec<bool>,
}

/// What is known of a rep for the period.
pub(super) struct BoundRep {
    pub(super) is_target: bool,
    /// Managers upwards, by index; each once.
    pub(super) managers: Vec<u32>,
    /// The quota of the period, where there is a positive one.
    pub(super) quota: Option<Exact>,
}

/// A program bound to a directory and a period.
pub struct BoundProgram<'a> {
    pub(super) program: &'a Program,
    pub(super) directory: &'a Directory,
    pub(super) period: &'a Period,
    pub(super) reps: Vec<BoundRep>,
    pub(super) components: Vec<Component<'a>>,
    /// The component of each sale rule, by rule index.
    pub(super) component_of: Vec<u16>,
    pub(super) overrides: Vec<OverrideFeed>,
    /// When sales count for each rule: period, program and rule together.
    pub(super) windows: Vec<(Timestamp, Timestamp)>,
    /// Override rules that have a condition of their own; a sale keeps one bit for each.
    pub(super) conditional: Vec<usize>,
    /// Whether a rule's basis counts as attainment, by rule index.
    pub(super) counts: Vec<bool>,
    /// Targets that name nobody, or more than one.
    pub(super) unknown_targets: Vec<String>,
    /// What earlier periods left.
    pub(super) past: Past,
    /// From when sales are taken in.
    pub(super) since: Timestamp,
}

impl<'a> BoundProgram<'a> {
    /// Binds. Memberships, managers and variables are those of the period's last day (`commissions.md` behaviour 32).
    #[must_use]
    pub fn new(program: &'a Program, directory: &'a Directory, period: &'a Period) -> Self {
        let mut components = Vec::new();
        let mut component_of = vec![u16::MAX; program.rules.len()];
        let mut overrides = Vec::new();
        for (index, rule) in program.rules.iter().enumerate() {
            for (level, pay) in rule.pays.iter().enumerate() {
                // A document has at most 200 rules of at most 20 levels.
                let number = u16::try_from(components.len()).unwrap_or(u16::MAX);
                match &rule.trigger {
                    Trigger::Sale(_) => component_of[index] = number,
                    Trigger::Override(over) => {
                        let of = (0..program.rules.len()).map(|rule| over.of.contains(&rule)).collect();
                        overrides.push(OverrideFeed { component: number, level, base: over.base, once_per: over.once_per, of });
                    }
                }
                components.push(Component { rule: index, level, pay, group_starts: group_starts(pay, period) });
            }
        }
        let quota = program.quota.as_ref();
        let counts = (0..program.rules.len()).map(|rule| quota.map_or(rule == 0, |quota| quota.counts.contains(&rule))).collect();
        let since = first_instant(since_day(program, period), period.zone()).unwrap_or(period.start()).min(period.start());
        let windows = program.rules.iter().map(|rule| window(program, rule, period, since)).collect();
        let conditional = (0..program.rules.len())
            .filter(|rule| program.rules[*rule].when.is_some() && matches!(program.rules[*rule].trigger, Trigger::Override(_)))
            .collect();
        let mut bound = Self {
            program,
            directory,
            period,
            reps: Vec::new(),
            components,
            component_of,
            overrides,
            windows,
            conditional,
            counts,
            unknown_targets: Vec::new(),
            past: Past::default(),
            since,
        };
        bound.bind_reps();
        bound
    }

    /// The same with what earlier periods left.
    #[must_use]
    pub fn with_past(mut self, past: Past) -> Self {
        self.past = past;
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

    /// The program.
    #[must_use]
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> &'a Period {
        self.period
    }

    /// The calendar group of an instant under a component; 0 without groups.
    pub(super) fn group_of(&self, component: u16, at: Timestamp) -> u32 {
        let starts = &self.components[usize::from(component)].group_starts;
        u32::try_from(starts.partition_point(|start| *start <= at)).unwrap_or_default()
    }

    pub(super) fn rep(&self, index: u32) -> &'a Rep {
        &self.directory.reps()[index as usize]
    }

    pub(super) fn rep_index(&self, id: Id) -> Option<u32> {
        let index = self.directory.reps().binary_search_by_key(&id, |rep| rep.id).ok()?;
        u32::try_from(index).ok()
    }

    /// The value of a figure for a rep.
    pub(super) fn figure(&self, figure: &Figure, rep: &Rep) -> Option<Exact> {
        match figure {
            Figure::Literal(value) => Some(*value),
            Figure::Variable(name) => {
                variable_on(&rep.variables, name, self.period.last_day()).or_else(|| self.program.variables.get(name).copied())
            }
        }
    }

    fn bind_reps(&mut self) {
        let targets = self.targets();
        let deepest = self.overrides.iter().map(|over| over.level + 1).max().unwrap_or(0);
        let mut reps = Vec::with_capacity(self.directory.reps().len());
        for (rep, is_target) in self.directory.reps().iter().zip(targets) {
            let managers = self.managers(rep, deepest);
            reps.push(BoundRep { is_target, managers, quota: self.quota(rep) });
        }
        self.reps = reps;
    }

    fn quota(&self, rep: &Rep) -> Option<Exact> {
        let quota = self.program.quota.as_ref()?;
        let amount = self.figure(&quota.amount, rep).filter(|amount| *amount > Exact::ZERO)?;
        match quota.per {
            QuotaLength::Period => Some(amount),
            QuotaLength::Year => mul_div(amount, Exact::ONE, Exact::from(self.program.cadence.per_year())).ok(),
        }
    }

    fn targets(&mut self) -> Vec<bool> {
        let targets = &self.program.targets;
        let reps = self.directory.reps();
        if targets.everybody {
            return vec![true; reps.len()];
        }
        let day = self.period.last_day();
        let mut unknown = Vec::new();
        let mut listed = vec![false; reps.len()];
        for name in &targets.reps {
            match self.directory.find_rep(name) {
                Match::One(id) => {
                    if let Some(index) = self.rep_index(id) {
                        listed[index as usize] = true;
                    }
                }
                _ => unknown.push(name.clone()),
            }
        }
        let mut teams = Vec::new();
        for name in &targets.teams {
            match self.directory.find_team(name) {
                Match::One(id) => teams.push(id),
                _ => unknown.push(name.clone()),
            }
        }
        let tags: Vec<String> = targets.tags.iter().map(|tag| fold_alias(tag)).collect();
        for (rep, listed) in reps.iter().zip(&mut listed) {
            *listed |= rep.tags.iter().any(|tag| tags.contains(&fold_alias(tag)))
                || rep.memberships.iter().any(|held| held.holds_on(day) && teams.contains(&held.team));
        }
        self.unknown_targets = unknown;
        listed
    }

    /// Managers upwards: the direct manager where the rep has one, else the manager of the team or of a team above.
    /// Who no longer takes part is passed over; nobody is their own manager, and a circle ends where it closes.
    fn managers(&self, rep: &Rep, deepest: usize) -> Vec<u32> {
        let mut chain: Vec<u32> = Vec::new();
        let mut seen = vec![rep.id];
        let mut below = rep;
        while chain.len() < deepest {
            let Some(manager) = self.manager_of(below) else { break };
            if seen.contains(&manager.id) {
                break;
            }
            seen.push(manager.id);
            if manager.active {
                chain.extend(self.rep_index(manager.id));
            }
            below = manager;
        }
        chain
    }

    fn manager_of(&self, rep: &Rep) -> Option<&'a Rep> {
        if let Some(manager) = rep.manager.filter(|id| *id != rep.id).and_then(|id| self.directory.rep(id)) {
            return Some(manager);
        }
        let day = self.period.last_day();
        let mut teams: Vec<Id> = rep.memberships.iter().filter(|held| held.holds_on(day)).map(|held| held.team).collect();
        teams.sort_unstable();
        teams.into_iter().find_map(|team| self.manager_above(team, rep.id))
    }

    fn manager_above(&self, team: Id, of: Id) -> Option<&'a Rep> {
        let mut next = Some(team);
        let mut seen = Vec::new();
        while let Some(team) = next.filter(|id| !seen.contains(id)).and_then(|id| self.directory.team(id)) {
            if let Some(manager) = team.manager.filter(|id| *id != of).and_then(|id| self.directory.rep(id)) {
                return Some(manager);
            }
            seen.push(team.id);
            next = team.parent;
        }
        None
    }
}

/// The local days of the sales that take part in a period of a program.
#[must_use]
pub fn measured_days(program: &Program, period: &Period) -> (Date, Date) {
    (since_day(program, period), period.last_day())
}

/// Where sales begin to be taken in: with the period, or with the span that the program measures or deducts over.
fn since_day(program: &Program, period: &Period) -> Date {
    let settle = &program.settle;
    let span = settle.measure.or(settle.deduct.as_ref().map(|deduct| deduct.from));
    span.map_or(period.first_day(), |span| span.start(period.first_day()))
}

/// When sales count for a rule. An empty window (start = end) where validity and period do not meet.
fn window(program: &Program, rule: &Rule, period: &Period, since: Timestamp) -> (Timestamp, Timestamp) {
    let zone = period.zone();
    let from = |day: Option<Date>| day.and_then(|day| first_instant(day, zone).ok()).unwrap_or(Timestamp::MIN);
    let until =
        |day: Option<Date>| day.and_then(|day| day.tomorrow().ok()).and_then(|day| first_instant(day, zone).ok()).unwrap_or(Timestamp::MAX);
    let start = since.max(from(program.valid_from)).max(from(rule.valid_from));
    let end = period.end().min(until(program.valid_until)).min(until(rule.valid_until));
    (start, end.max(start))
}

fn group_starts(pay: &Pay, period: &Period) -> Vec<Timestamp> {
    let Pay::Tiers(tiers) = pay else { return Vec::new() };
    let Accumulate::Group(group) = &tiers.accumulate else { return Vec::new() };
    let starts_group = |day: Date| match group {
        Group::Day => true,
        Group::Week => day.weekday() == jiff::civil::Weekday::Monday,
        Group::Month => day.day() == 1,
        Group::Formula(_) => false,
    };
    let mut starts = Vec::new();
    let mut day = period.first_day();
    while day <= period.last_day() {
        if (starts.is_empty() || starts_group(day))
            && let Ok(start) = first_instant(day, period.zone())
        {
            starts.push(start);
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    starts
}
