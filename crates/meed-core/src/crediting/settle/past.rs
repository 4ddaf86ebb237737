//! What earlier periods left: the lines that were posted for a program, and what people decided. Pure input.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::RewardKind;
use crate::id::Id;
use crate::money::{Minor, Overflow};

/// A line of another cell of the same program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastLine {
    /// First day of the period that earned it, as day number.
    pub cell_day: i64,
    /// First day of the period in which it is due.
    pub due_day: i64,
    /// What it is.
    pub kind: RewardKind,
    /// Tells lines of one kind apart.
    pub name: String,
    /// What was posted.
    pub minor: Minor,
}

/// What a person decided about a payee's period (`commissions.md` §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Its id.
    pub id: Id,
    /// First day of the period it belongs to, as day number.
    pub cell_day: i64,
    /// For people.
    pub label: String,
    /// What it does.
    pub kind: AdjustmentKind,
}

/// What an adjustment does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdjustmentKind {
    /// A reward by hand; it always survives.
    Amount {
        /// As which kind of line: an adjustment, a bonus, a clawback.
        kind: RewardKind,
        /// How much.
        minor: Minor,
        /// The sale, maybe of an earlier period, whose commission it takes back.
        sale: Option<Id>,
    },
    /// The commission of one sale, changed by an amount. It survives only while the payee is credited for the sale by the
    /// same rule in the same tier (W29).
    Credit {
        /// The sale.
        sale: Id,
        /// Id of the rule.
        rule: String,
        /// The tier, as [`crate::crediting::Credit::tier`] names it.
        tier: Option<String>,
        /// How much.
        minor: Minor,
    },
    /// What is owed on draws when the period begins need not be repaid.
    ClearDraw,
}

/// What a calculation knows of other periods, and what people decided.
#[derive(Clone, Debug, Default)]
pub struct Past {
    lines: BTreeMap<Id, Vec<PastLine>>,
    adjustments: BTreeMap<Id, Vec<Adjustment>>,
    /// First days of the periods that were released; all of them where nothing is said.
    released: Option<BTreeSet<i64>>,
    /// What other programs pay in the period, where a draw is shared with them.
    others: BTreeMap<Id, Minor>,
    /// Programs that a draw names and that cannot be counted, each with the reason.
    uncounted: BTreeMap<String, String>,
}

impl Past {
    /// Adds a line of a rep. Lines of one key add up, so differences may be given beside what they correct.
    pub fn add(&mut self, rep: Id, line: PastLine) {
        self.lines.entry(rep).or_default().push(line);
    }

    /// Adds what a person decided about a rep.
    pub fn adjust(&mut self, rep: Id, adjustment: Adjustment) {
        self.adjustments.entry(rep).or_default().push(adjustment);
    }

    /// Says which periods were released, by first day: only what these came to is deducted later.
    pub fn released_on(&mut self, days: BTreeSet<i64>) {
        self.released = Some(days);
    }

    /// Adds what another program pays a rep in the period.
    ///
    /// # Errors
    /// When the sum leaves the range of an amount.
    pub fn add_other(&mut self, rep: Id, minor: Minor) -> Result<(), Overflow> {
        let sum = self.others.entry(rep).or_default();
        *sum = sum.checked_add(minor).ok_or(Overflow)?;
        Ok(())
    }

    /// Says that a program cannot be counted: it does not exist, or pays in other periods or in another currency.
    pub fn uncounted(&mut self, program: &str, why: &str) {
        self.uncounted.insert(program.to_owned(), why.to_owned());
    }

    /// The programs that cannot be counted, with the reasons.
    pub(in crate::crediting) const fn all_uncounted(&self) -> &BTreeMap<String, String> {
        &self.uncounted
    }

    /// What other programs pay a rep in the period.
    pub(super) fn other(&self, rep: Id) -> Minor {
        self.others.get(&rep).copied().unwrap_or_default()
    }

    /// The adjustments of a period, by rep.
    pub(in crate::crediting) fn adjustments(&self, cell_day: i64) -> impl Iterator<Item = (Id, &Adjustment)> {
        let all = self.adjustments.iter().flat_map(|(rep, all)| all.iter().map(|adjustment| (*rep, adjustment)));
        all.filter(move |(_, adjustment)| adjustment.cell_day == cell_day)
    }

    pub(super) fn adjusted(&self, rep: Id, cell_day: i64) -> Vec<Adjustment> {
        let all = self.adjustments.get(&rep).into_iter().flatten();
        all.filter(|adjustment| adjustment.cell_day == cell_day).cloned().collect()
    }

    pub(super) fn of(&self, rep: Id) -> &[PastLine] {
        self.lines.get(&rep).map_or(&[], Vec::as_slice)
    }

    pub(super) fn mentions(&self, rep: Id) -> bool {
        self.lines.contains_key(&rep) || self.adjustments.contains_key(&rep) || self.others.contains_key(&rep)
    }

    /// What a rep owes on draws when the cell begins.
    pub(super) fn draw_owed(&self, rep: Id, cell_day: i64) -> Result<Minor, Overflow> {
        let lines = self.of(rep).iter().filter(|line| line.cell_day < cell_day && line.kind.moves_draw());
        lines.map(|line| line.minor).try_fold(0i64, i64::checked_add).ok_or(Overflow)
    }

    /// What earlier cells from `since` on came to, draws and what people decided left out.
    pub(super) fn paid_since(&self, rep: Id, since: i64, cell_day: i64, counts: &dyn Fn(&PastLine) -> bool) -> Result<Minor, Overflow> {
        use RewardKind::{Bonus, Carried, Clawback, Commission, Deduction, Holdback, Instalment};
        let earned = |line: &&PastLine| matches!(line.kind, Commission | Bonus | Deduction | Holdback | Instalment | Clawback | Carried);
        let inside = self.of(rep).iter().filter(|line| since <= line.cell_day && line.cell_day < cell_day);
        inside.filter(earned).filter(|line| counts(line)).map(|line| line.minor).try_fold(0i64, i64::checked_add).ok_or(Overflow)
    }

    /// The same of cells that were released (`commissions.md` §4.5: what was not released is no deduction).
    pub(super) fn released_since(&self, rep: Id, since: i64, cell_day: i64, counts: &dyn Fn(&PastLine) -> bool) -> Result<Minor, Overflow> {
        self.paid_since(rep, since, cell_day, &|line| self.was_released(line.cell_day) && counts(line))
    }

    /// The lines of earlier cells from `since` on that were released.
    pub(super) fn released_lines(&self, rep: Id, since: i64, cell_day: i64) -> impl Iterator<Item = &PastLine> {
        let inside = self.of(rep).iter().filter(move |line| since <= line.cell_day && line.cell_day < cell_day);
        inside.filter(|line| self.was_released(line.cell_day))
    }

    /// The names of the lines that people gave a rep by hand.
    pub(super) fn by_hand(&self, rep: Id) -> BTreeSet<String> {
        self.adjustments.get(&rep).into_iter().flatten().map(|adjustment| adjustment.id.to_string()).collect()
    }

    /// What earlier periods carried over and no later one has made good.
    pub(super) fn carried(&self, rep: Id, cell_day: i64) -> Result<Minor, Overflow> {
        self.released_since(rep, i64::MIN, cell_day, &|line| line.kind == RewardKind::Carried)
    }

    fn was_released(&self, cell_day: i64) -> bool {
        self.released.as_ref().is_none_or(|days| days.contains(&cell_day))
    }

    /// What earlier cells have left to pay in this one.
    pub(super) fn due_now(&self, rep: Id, cell_day: i64) -> impl Iterator<Item = &PastLine> {
        self.of(rep).iter().filter(move |line| line.cell_day < cell_day && line.due_day == cell_day && line.minor != 0)
    }
}
