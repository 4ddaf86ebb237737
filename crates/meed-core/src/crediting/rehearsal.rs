//! Several periods of an example one after another, as the books would take them: each is calculated, posted and released
//! before the next; a change to an earlier one is booked in the one that is open.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::examples::Difference;
use super::settle::{Adjustment, AdjustmentKind, Booked, LineKey, Openness, Past, PastLine, RewardKind, booked_day, differences};
use super::{BoundProgram, Calculation, History, calculate};
use crate::command::day_number;
use crate::condition::{Originals, SaleRef};
use crate::id::Id;
use crate::money::{Exact, Minor, Rates, to_minor};
use crate::people::{Directory, Match};
use crate::period::{Period, PeriodError, first_instant};
use crate::program::{ExamplePeriod, ExampleSale, Metric, Program};
use crate::sale::StoredSale;

/// Periods after a cell that are looked through for an open one.
const LATER_PERIODS: usize = 60;

struct Columns<'a>(&'a BTreeMap<String, String>);

impl Originals for Columns<'_> {
    fn original(&self, column: &str) -> Option<Cow<'_, str>> {
        self.0.get(column).map(|cell| Cow::Borrowed(cell.as_str()))
    }
}

/// What was posted.
struct Row {
    cell_day: i64,
    key: LineKey<Id>,
    booked_day: i64,
    minor: Minor,
}

/// The state between the periods.
pub(super) struct Rehearsal<'p> {
    pub(super) program: &'p Program,
    pub(super) directory: &'p Directory,
    history: &'p History,
    rates: &'p Rates,
    sales: Vec<(StoredSale, BTreeMap<String, String>)>,
    cells: Vec<Period>,
    /// First days of the periods that were released.
    released: BTreeSet<i64>,
    rows: Vec<Row>,
    adjustments: Vec<(Id, Adjustment)>,
    /// What the plans that share the draw pay, by first day of the period.
    others: Vec<(i64, Id, Minor)>,
}

impl<'p> Rehearsal<'p> {
    pub(super) fn new(program: &'p Program, directory: &'p Directory, (history, rates): (&'p History, &'p Rates)) -> Self {
        Self {
            program,
            directory,
            history,
            rates,
            sales: Vec::new(),
            cells: Vec::new(),
            released: BTreeSet::new(),
            rows: Vec::new(),
            adjustments: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Takes the sales of a period in; answers their ids. A known unique id changes the sale that has it.
    pub(super) fn take(&mut self, step: &ExamplePeriod, period: &Period) -> Result<Vec<Id>, PeriodError> {
        step.sales.iter().map(|sale| self.take_one(sale, period)).collect()
    }

    fn take_one(&mut self, sale: &ExampleSale, period: &Period) -> Result<Id, PeriodError> {
        let known = sale.unique_id.as_ref().and_then(|unique| {
            self.sales.iter_mut().find(|(stored, _)| stored.unique_id.as_ref() == Some(unique) && !self.cells.is_empty())
        });
        let at: Timestamp = match (sale.at, sale.day, &known) {
            (Some(at), ..) => at,
            (None, Some(day), _) => first_instant(day, period.zone())?,
            (None, None, Some((before, _))) => before.sale.at,
            (None, None, None) => period.start(),
        };
        let mut facts = sale.sale.clone();
        facts.at = at;
        if let Some((stored, original)) = known {
            stored.version += 1;
            stored.sale = facts;
            original.clone_from(&sale.original);
            return Ok(stored.id);
        }
        let id = Id(i64::try_from(self.sales.len()).unwrap_or(i64::MAX - 1) + 1);
        let stored = StoredSale { id, source: Id(1), unique_id: sale.unique_id.clone(), version: 1, sale: facts };
        self.sales.push((stored, sale.original.clone()));
        Ok(id)
    }

    /// Calculates the periods before again, in order, and books what changed in the open one.
    pub(super) fn settle_earlier(&mut self, open: &Period) {
        let mut earlier: Vec<Period> = self.cells.iter().filter(|cell| cell.first_day() < open.first_day()).cloned().collect();
        earlier.sort_by_key(Period::first_day);
        for cell in &earlier {
            self.settle(cell, open);
        }
    }

    /// Why what a period credits may be less than its sales: sale by sale and rule by rule, whom a rule left out and why.
    pub(super) fn refusals(&self, period: &Period) -> Vec<String> {
        let bound = self.bound(period);
        let mut lines = Vec::new();
        for (sale, original) in self.sales.iter().filter(|(sale, _)| bound.measures(sale.sale.at)) {
            let columns = Columns(original);
            let verdict = bound.verdict(SaleRef::from(sale).with_originals(&columns));
            let named = sale.unique_id.clone().unwrap_or_else(|| format!("number {}", sale.id.0));
            lines.extend(verdict.rules.iter().filter(|rule| !rule.refused.is_empty()).map(|rule| format!("sale {named}, {rule}")));
        }
        lines
    }

    /// What is booked in a period for earlier ones: changes, and what became due.
    pub(super) fn carried(&self, period: &Period) -> Vec<String> {
        let day = day_number(period.first_day());
        let rows = self.rows.iter().filter(|row| row.booked_day == day && row.cell_day != day && row.minor != 0);
        rows.map(|row| {
            let cell = self.cells.iter().find(|cell| day_number(cell.first_day()) == row.cell_day);
            let of = cell.map_or_else(|| "an earlier period".to_owned(), |cell| cell.label().clone());
            format!("{} of {of}, booked here: {} {}", self.name(row.key.owner), row.key.kind, self.major(row.minor))
        })
        .collect()
    }

    fn bound<'b>(&'b self, period: &'b Period) -> BoundProgram<'b> {
        let bound = BoundProgram::new(self.program, self.directory, period);
        bound.with_rates(self.rates).with_past(self.past(period))
    }

    /// What was attained in the period before: by its sales, found anew, as the books do it; before the first period of
    /// the example by what that says.
    fn history(&self, period: &Period) -> Cow<'_, History> {
        let is_first = !self.cells.iter().any(|cell| cell.first_day() < period.first_day());
        let before = period.prev().ok().filter(|_| !is_first && self.program.metric == Metric::Increase);
        let Some(before) = before else { return Cow::Borrowed(self.history) };
        let bound = BoundProgram::new(self.program, self.directory, &before).with_rates(self.rates);
        let mut history = History::default();
        self.calculate(&bound, &mut |calculation| history.attained = calculation.attained().collect());
        Cow::Owned(history)
    }

    /// Calculates a period with what is known now.
    pub(super) fn with_calculation(&self, period: &Period, look: &mut dyn FnMut(&Calculation<'_>)) {
        let history = self.history(period);
        self.calculate(&self.bound(period).with_history(&history), look);
    }

    fn calculate(&self, bound: &BoundProgram<'_>, look: &mut dyn FnMut(&Calculation<'_>)) {
        let columns: Vec<Columns<'_>> = self.sales.iter().map(|(_, original)| Columns(original)).collect();
        let inside = self.sales.iter().zip(&columns).filter(|((sale, _), _)| bound.measures(sale.sale.at));
        look(&calculate(bound, inside.map(|((sale, _), columns)| SaleRef::from(sale).with_originals(columns))));
    }

    fn past(&self, period: &Period) -> Past {
        let cell_day = day_number(period.first_day());
        let mut past = Past::default();
        for row in self.rows.iter().filter(|row| row.cell_day < cell_day) {
            let LineKey { owner, kind, name, due_day } = row.key.clone();
            past.add(owner, PastLine { cell_day: row.cell_day, due_day, kind, name, minor: row.minor });
        }
        for (rep, adjustment) in &self.adjustments {
            past.adjust(*rep, adjustment.clone());
        }
        for (_, rep, minor) in self.others.iter().filter(|(day, ..)| *day == cell_day) {
            // A figure of a test that leaves the range is no test of anything.
            let _ = past.add_other(*rep, *minor);
        }
        past.released_on(self.released.clone());
        past
    }

    /// Takes in what people decide about a period; a change to a sale's commission is tied to the credit as it stands now.
    pub(super) fn adjust(&mut self, step: &ExamplePeriod, period: &Period) {
        let cell_day = day_number(period.first_day());
        for (name, amount) in &step.other_plans {
            let minor = to_minor(*amount, self.program.currency, self.program.rounding).unwrap_or_default();
            let found = self.rep(name).map(|rep| (cell_day, rep, minor));
            self.others.extend(found);
        }
        for wanted in &step.adjust {
            let Some(rep) = self.rep(&wanted.rep) else { continue };
            let minor = wanted.amount.map(|amount| to_minor(amount, self.program.currency, self.program.rounding).unwrap_or_default());
            let kind = match (minor, &wanted.sale) {
                (None, _) => AdjustmentKind::ClearDraw,
                (Some(minor), None) => AdjustmentKind::Amount { kind: RewardKind::Adjustment, minor, sale: None },
                (Some(minor), Some(unique)) => self.tied(rep, unique, minor, period),
            };
            let id = Id(i64::try_from(self.adjustments.len()).unwrap_or_default() + 1);
            let cell_day = day_number(period.first_day());
            self.adjustments.push((rep, Adjustment { id, cell_day, label: wanted.label.clone(), kind }));
        }
    }

    fn tied(&self, rep: Id, unique: &str, minor: Minor, period: &Period) -> AdjustmentKind {
        let sale = self.sales.iter().find(|(sale, _)| sale.unique_id.as_deref() == Some(unique)).map_or(Id(0), |(sale, _)| sale.id);
        let mut found = AdjustmentKind::Credit { sale, rule: String::new(), tier: None, minor };
        self.with_calculation(period, &mut |calculation| {
            let credits = calculation.explain(rep).map(|explanation| explanation.credits).unwrap_or_default();
            if let Some(credit) = credits.iter().find(|credit| credit.sale == sale) {
                found = AdjustmentKind::Credit { sale, rule: credit.rule_id.clone(), tier: credit.tier(), minor };
            }
        });
        found
    }

    /// Posts what a period's lines differ from what is posted of it.
    pub(super) fn settle(&mut self, cell: &Period, open: &Period) {
        let (cell_day, open_day) = (day_number(cell.first_day()), day_number(open.first_day()));
        let mut targets = Vec::new();
        self.with_calculation(cell, &mut |calculation| {
            for reward in calculation.rewards() {
                targets.extend(reward.lines.iter().map(|line| {
                    let key = LineKey { owner: reward.rep, kind: line.kind, name: line.name.clone(), due_day: line.due_day };
                    (key, line.minor)
                }));
            }
        });
        let posted = self.rows.iter().filter(|row| row.cell_day == cell_day).map(|row| (row.key.clone(), row.minor));
        let later_days = later_days(cell);
        // A period that the example passes over is as good as released: nobody would see what is booked there.
        let is_open = |day: i64| self.cells.iter().any(|cell| day_number(cell.first_day()) == day) && !self.released.contains(&day);
        let openness = Openness { is_released: &|day| day < open_day && !is_open(day), later_days: &later_days };
        for (key, minor) in differences(posted.collect::<Vec<_>>(), targets).unwrap_or_default() {
            let booked_day = match booked_day(key.due_day, &openness) {
                Booked::AsDue(day) | Booked::Carried(day) => day,
                Booked::Nowhere => open_day,
            };
            self.rows.push(Row { cell_day, key, booked_day, minor });
        }
        if !self.cells.contains(cell) {
            self.cells.push(cell.clone());
        }
    }

    /// Notes that a period is released, so that it does not change any more.
    pub(super) fn release(&mut self, period: &Period) {
        self.released.insert(day_number(period.first_day()));
    }

    /// Compares what is booked in a period, owed and outstanding with what an example expects.
    pub(super) fn compare(&self, step: &ExamplePeriod, period: &Period, differences: &mut Vec<Difference>) {
        let day = day_number(period.first_day());
        let expected = &step.expected;
        let at = if self.cells.len() > 1 { format!(" in {}", period.label()) } else { String::new() };
        let booked = self.sums(&|row| row.booked_day == day);
        self.compare_sums((&format!("reward{at}"), "nothing"), expected.rewards.as_deref(), &booked, differences);
        let owed = self.sums(&|row| row.key.kind.moves_draw() && row.booked_day <= day);
        self.compare_sums((&format!("balance owed{at}"), "nothing"), expected.owed.as_deref(), &owed, differences);
        let withheld = self.sums(&|row| row.booked_day > day);
        self.compare_sums((&format!("amount withheld{at}"), "nothing"), expected.withheld.as_deref(), &withheld, differences);
        self.compare_in_currency(&expected.in_currency, period, differences);
        for (name, lines) in &expected.lines {
            let rep = self.rep(name);
            for kind in RewardKind::ALL {
                let wanted = lines.iter().find(|(of, _)| *of == kind).map_or(Exact::ZERO, |(_, amount)| *amount);
                let sums = self.sums(&|row| row.booked_day == day && row.key.kind == kind);
                let found = self.major(rep.and_then(|rep| sums.get(&rep).copied()).unwrap_or(0));
                if found != wanted {
                    let what = format!("{kind} of {name}{at}");
                    differences.push(Difference { what, expected: wanted.to_string(), found: found.to_string() });
                }
            }
        }
    }

    /// What a period pays in the payees' own currencies: every line is converted and rounded by itself.
    fn compare_in_currency(&self, expected: &[(String, Exact)], period: &Period, differences: &mut Vec<Difference>) {
        let day = day_number(period.first_day());
        let bound = BoundProgram::new(self.program, self.directory, period).with_rates(self.rates);
        for (name, expected) in expected {
            let conversion = self.rep(name).and_then(|rep| Some((rep, bound.paid_in(rep).ok()??)));
            let found = conversion.and_then(|(rep, conversion)| {
                let rows = self.rows.iter().filter(|row| row.key.owner == rep && row.booked_day == day);
                let mut minors = rows.map(|row| conversion.minor(row.minor, self.program.rounding).ok());
                let minor = minors.try_fold(0, |sum: Minor, minor| sum.checked_add(minor?))?;
                Some(Exact::new(minor, conversion.to.exponent()))
            });
            if found != Some(*expected) {
                let found = found.map_or_else(|| "no rate, or no currency of their own".to_owned(), |found| found.to_string());
                differences.push(Difference { what: format!("amount in the currency of {name}"), expected: expected.to_string(), found });
            }
        }
    }

    fn sums(&self, counts: &dyn Fn(&Row) -> bool) -> BTreeMap<Id, Minor> {
        let mut sums: BTreeMap<Id, Minor> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| counts(row)) {
            let sum = sums.entry(row.key.owner).or_default();
            *sum = sum.saturating_add(row.minor);
        }
        sums
    }

    fn name(&self, rep: Id) -> String {
        self.directory.rep(rep).map(|rep| rep.name.clone()).unwrap_or_default()
    }

    fn rep(&self, name: &str) -> Option<Id> {
        match self.directory.find_rep(name) {
            Match::One(id) => Some(id),
            _ => None,
        }
    }

    fn major(&self, minor: Minor) -> Exact {
        Exact::new(minor, self.program.currency.exponent())
    }

    /// Whoever is not named must have nothing.
    fn compare_sums(
        &self,
        (what, nothing): (&str, &str),
        expected: Option<&[(String, Exact)]>,
        found: &BTreeMap<Id, Minor>,
        differences: &mut Vec<Difference>,
    ) {
        let Some(expected) = expected else { return };
        let mut named = BTreeSet::new();
        for (name, expected) in expected {
            let what = format!("{what} of {name}");
            let Some(id) = self.rep(name) else {
                // Somebody who took no part earns nothing, as may be expected.
                if !expected.is_zero() {
                    differences.push(Difference { what, expected: expected.to_string(), found: "no such rep".into() });
                }
                continue;
            };
            named.insert(id);
            let found = self.major(found.get(&id).copied().unwrap_or(0));
            if found != *expected {
                differences.push(Difference { what, expected: expected.to_string(), found: found.to_string() });
            }
        }
        for (id, minor) in found.iter().filter(|(id, minor)| **minor != 0 && !named.contains(id)) {
            let found = self.major(*minor).to_string();
            differences.push(Difference { what: format!("{what} of {}", self.name(*id)), expected: nothing.to_owned(), found });
        }
    }
}

fn later_days(cell: &Period) -> Vec<i64> {
    let mut days = Vec::with_capacity(LATER_PERIODS);
    let mut period = cell.clone();
    for _ in 0..LATER_PERIODS {
        let Ok(next) = period.next() else { break };
        days.push(day_number(next.first_day()));
        period = next;
    }
    days
}
