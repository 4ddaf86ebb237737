//! Scores every pair of column and target, lets neighbours and arithmetic speak, and assigns.

use super::arithmetic::Figures;
use super::assign::solve;
use super::evidence::{Verdict, by_values_alone, judge};
use super::target::Target;
use super::words::{self, Header};
use super::{ASK, AUTOMATIC, ColumnChoice, library, rules};
use crate::hints::Hints;
use crate::values::DecimalMark;
use crate::values::cell::CellKind;
use crate::values::profile::Profile;

/// What the mapper looks at.
pub(crate) struct Input<'a> {
    pub(crate) headers: &'a [String],
    pub(crate) names: &'a [String],
    pub(crate) levels: &'a [Vec<String>],
    pub(crate) titles: &'a [(u64, String)],
    pub(crate) group: Option<usize>,
    pub(crate) profiles: &'a [Profile],
    pub(crate) has_header: bool,
    pub(crate) decimal: DecimalMark,
    pub(crate) hints: &'a Hints,
}

/// Columns that serve another one without being a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Companions {
    /// Time of day of the date.
    pub time: Option<usize>,
    /// Zone of the date and time.
    pub zone: Option<usize>,
    /// Selling price per unit, where there is no total (`com_017`).
    pub unit_price: Option<usize>,
}

/// The proposal.
pub(crate) struct Outcome {
    pub(crate) columns: Vec<ColumnChoice>,
    pub(crate) companions: Companions,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) points: i32,
    pub(super) reason: String,
}

pub(super) struct Table<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) headers: Vec<Header>,
    pub(super) figures: Vec<Figures>,
    pub(super) scores: Vec<Vec<Score>>,
    /// Pairs that are a question at most.
    pub(super) doubts: Vec<(Target, usize)>,
}

/// Columns that are compared with each other at most: a file of two thousand columns must not cost minutes.
pub(super) const COMPARED: usize = 64;

const COUNT: usize = Target::DETECTED.len();

pub(super) fn slot(target: Target) -> usize {
    Target::DETECTED.iter().position(|t| *t == target).unwrap_or(0)
}

/// Maps the columns.
pub(crate) fn map(input: &Input<'_>) -> Outcome {
    let mut table = Table::new(input);
    table.score_all();
    table.library();
    table.net_or_payout();
    table.before_tax();
    table.net_by_arithmetic();
    table.price_or_amount();
    table.line_or_document();
    table.zeros();
    table.costs();
    table.selling_prices();
    table.rates();
    table.users();
    table.machines();
    table.codes_and_names();
    table.neighbours();
    table.bare_names();
    table.repeated_references();
    table.kinds_of_sale();
    table.only_ones();
    table.names_of_others();
    table.dates();
    table.last_ids();
    table.last_places();
    table.group_of_persons();
    table.bare_words();
    table.filled_before_empty();
    table.only_certain();
    table.choose()
}

impl<'a> Table<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let mut headers: Vec<Header> = input.headers.iter().map(|h| words::parse(&of_path(&without_table(h)))).collect();
        if let Some(group) = input.group.filter(|g| headers.get(*g).is_some_and(|h| h.concepts.is_empty())) {
            headers[group] = from_titles(input.titles);
        }
        let figures =
            input.profiles.iter().map(|p| if p.numbers() >= 600 { Figures::of(p, input.decimal) } else { Figures::default() }).collect();
        Self { input, headers, figures, scores: vec![vec![Score::default(); input.headers.len()]; COUNT], doubts: Vec::new() }
    }

    fn score_all(&mut self) {
        for column in 0..self.headers.len() {
            for (slot, target) in Target::DETECTED.iter().enumerate() {
                if let Some(score) = self.score_one(column, *target) {
                    self.scores[slot][column] = score;
                }
            }
        }
    }

    /// The readings of a header: itself, and the levels of a header of several rows.
    fn named(&self, column: usize, target: Target) -> Option<(i32, Header)> {
        let own = rules::points(target, &self.headers[column]).map(|p| (p, self.headers[column].clone()));
        let levels = self.input.levels.get(column).into_iter().flatten().rev().take(1);
        let level = levels.filter_map(|l| {
            let header = words::parse(l);
            let joined_out = rules::is_ruled_out(target, &self.headers[column]);
            rules::points(target, &header).filter(|_| !joined_out).map(|p| (p - 4, header))
        });
        own.into_iter().chain(level).max_by_key(|(p, _)| *p)
    }

    fn score_one(&self, column: usize, target: Target) -> Option<Score> {
        let profile = &self.input.profiles[column];
        let header = &self.headers[column];
        if header.has("properties") && self.input.headers[column].to_lowercase().contains("(metadata)") {
            return None;
        }
        if let Some((points, header)) = self.named(column, target) {
            let Verdict::Points(more, why) = judge(target, &header, profile, self.input.hints, points) else { return None };
            let points = (points + more).min(99);
            let reason = format!("header `{}` names {}; {why}", self.input.names[column], target.name());
            return (points > 0).then_some(Score { points, reason });
        }
        let positional = header.concepts.iter().all(|c| c.name() == "properties");
        if !(positional || matches!(target, Target::Owner | Target::Team)) {
            return None;
        }
        if rules::is_ruled_out(target, header) {
            return None;
        }
        let (points, why) = by_values_alone(target, header, profile, self.input.hints)?;
        Some(Score { points, reason: format!("the header says nothing; {why}") })
    }

    fn library(&mut self) {
        if self.input.hints.without_library {
            return;
        }
        let Some(layout) = library::recognise(self.input.headers) else { return };
        for (column, target) in layout.columns {
            // Values outrank the library too: a column that cannot hold the target is left to the rules.
            if let Verdict::Points(_, why) = judge(target, &self.headers[column], &self.input.profiles[column], self.input.hints, 95) {
                for other in &mut self.scores[slot(target)] {
                    other.points = other.points.min(70);
                }
                let reason = format!("column of the known layout {}; {why}", layout.name);
                self.scores[slot(target)][column] = Score { points: 98, reason };
            }
        }
    }

    pub(super) fn columns_with(&self, concept: &str) -> Vec<usize> {
        (0..self.headers.len()).filter(|c| self.headers[*c].has(concept)).collect()
    }

    /// Columns with figures, for arithmetic.
    pub(super) fn with_figures(&self) -> Vec<usize> {
        (0..self.headers.len()).filter(|c| self.input.profiles[*c].numbers() >= 600).take(COMPARED).collect()
    }

    pub(super) fn candidates(&self, target: Target, least: i32) -> Vec<usize> {
        let row = &self.scores[slot(target)];
        (0..row.len()).filter(|c| row[*c].points >= least).take(COMPARED).collect()
    }

    pub(super) fn drop(&mut self, target: Target, column: usize) {
        self.scores[slot(target)][column] = Score::default();
    }

    pub(super) fn add(&mut self, target: Target, column: usize, points: i32, why: &str) {
        let score = &mut self.scores[slot(target)][column];
        if score.points > 0 {
            score.points = (score.points + points).clamp(1, 99);
            score.reason = format!("{}; {why}", score.reason);
        }
    }

    fn choose(self) -> Outcome {
        let columns = self.headers.len();
        let cap = if self.input.has_header { 1000 } else { AUTOMATIC - 10 };
        let permille = |s: &Score| (s.points * 10).min(cap);
        let tie = |c: usize| i32::try_from(c.min(900)).unwrap_or(900);
        let weights: Vec<Vec<i32>> = self
            .scores
            .iter()
            .map(|row| row.iter().enumerate().map(|(c, s)| if permille(s) >= ASK { permille(s) * 1000 - tie(c) } else { 0 }).collect())
            .collect();
        let assigned = solve(&weights);
        let mut out: Vec<ColumnChoice> = (0..columns)
            .map(|index| ColumnChoice {
                index,
                column: self.input.names[index].clone(),
                target: None,
                score: 0,
                reason: self.left_alone(index),
                automatic: false,
                question: None,
                runner_up: None,
                samples: self.input.profiles[index].samples.clone(),
            })
            .collect();
        for (slot, column) in assigned.iter().enumerate() {
            let Some(column) = *column else { continue };
            let target = Target::DETECTED[slot];
            let score = &self.scores[slot][column];
            let best = self.scores[slot].iter().map(permille).max().unwrap_or(0);
            let mut points = permille(score);
            if points + 150 < best || self.doubts.contains(&(target, column)) {
                points = points.min(AUTOMATIC - 20);
            }
            let rival = (0..columns)
                .filter(|c| *c != column && permille(&self.scores[slot][*c]) >= ASK)
                .max_by_key(|c| self.scores[slot][*c].points);
            if points < ASK {
                continue;
            }
            let choice = &mut out[column];
            choice.target = Some(target);
            choice.score = points;
            choice.reason.clone_from(&score.reason);
            choice.automatic = points >= AUTOMATIC;
            choice.runner_up = rival.map(|c| self.input.names[c].clone());
            if !choice.automatic {
                choice.question = Some(format!("Is `{}` the {} of the sale?", choice.column, target.name().replace('_', " ")));
            }
        }
        let companions = self.companions(&out);
        Outcome { columns: out, companions }
    }

    /// Why a column stays unmapped.
    fn left_alone(&self, column: usize) -> String {
        let best = (0..COUNT).max_by_key(|s| self.scores[*s][column].points).filter(|s| self.scores[*s][column].points > 0);
        match best {
            Some(slot) => format!("could be {}, but not as well as another column or not certainly enough", Target::DETECTED[slot].name()),
            None if self.input.profiles[column].is_empty() => "empty".into(),
            None => "no target fits".into(),
        }
    }

    fn companions(&self, choices: &[ColumnChoice]) -> Companions {
        let mapped = |target| choices.iter().find(|c| c.target == Some(target)).map(|c| c.index);
        let free = |c: &usize| choices[*c].target.is_none();
        let mut companions = Companions::default();
        if let Some(date) = mapped(Target::Date) {
            let near = |c: &usize| c.abs_diff(date);
            if self.input.profiles[date].timed == 0 {
                let times = self.columns_with("time").into_iter().filter(free);
                companions.time = times.filter(|c| self.input.profiles[*c].share(&[CellKind::Time]) >= 700).min_by_key(near);
            }
            companions.zone = self.columns_with("zone_words").into_iter().filter(free).filter(|c| near(c) <= 3).find(|c| {
                let p = &self.input.profiles[*c];
                !p.words.is_empty() && p.words.iter().all(|w| crate::values::date::zone_offset(w).is_some())
            });
        }
        if mapped(Target::Revenue).is_none() && mapped(Target::Quantity).is_some() {
            let prices = (0..choices.len()).filter(free).filter(|c| {
                let h = &self.headers[*c];
                (h.has("unit_price") || h.has("price"))
                    && !["discount", "shipping", "tax", "cost", "type", "list", "gift"].iter().any(|n| h.has(n))
            });
            companions.unit_price = prices
                .filter(|c| self.input.profiles[*c].numbers() >= 700)
                .min_by_key(|c| usize::from(!self.headers[*c].has("unit_price")));
        }
        companions
    }
}

/// `invoices.customer_id` is the customer's id: the last part counts where it names what it is about.
fn of_path(header: &str) -> String {
    if let Some((table, last)) = header.split_once('/').filter(|(_, last)| !last.is_empty())
        && words::parse(table).has("line")
    {
        return format!("line {last}");
    }
    let Some((_, last)) = header.rsplit_once('.').filter(|(table, last)| !table.contains(' ') && !last.is_empty()) else {
        return header.to_owned();
    };
    let own = words::parse(last);
    if ["customer", "product", "currency", "tax", "country", "owner"].iter().any(|c| own.has(c)) {
        last.to_owned()
    } else {
        header.to_owned()
    }
}

/// `Sales Person (Sales Team)`: what stands in brackets is the table that the column comes from, or a remark.
fn without_table(header: &str) -> String {
    let Some((name, table)) = header.strip_suffix(')').and_then(|h| h.rsplit_once('(')) else { return header.to_owned() };
    let of = words::parse(table);
    let is_table = of.concepts.iter().all(|c| matches!(c.name(), "team" | "sale" | "item" | "order" | "invoice" | "line" | "created"));
    let named = words::parse(name);
    if is_table && !table.starts_with('-') && named.unknown == 0 && !named.concepts.is_empty() && of.tokens.len() >= 2 {
        name.trim().to_owned()
    } else {
        header.to_owned()
    }
}

/// An unnamed column of group labels takes its name from the title: `Sales by Customer Detail`.
fn from_titles(titles: &[(u64, String)]) -> Header {
    for (_, title) in titles {
        let header = words::parse(title);
        for concept in ["customer", "owner", "employee", "product", "item", "team", "territory", "region", "country"] {
            if header.has(concept) {
                return words::parse(&format!("{concept} name"));
            }
        }
    }
    words::parse("customer name").with_doubt()
}

impl Header {
    /// A guess without a word for it.
    fn with_doubt(mut self) -> Self {
        self.unknown += 3;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_maps_nothing() {
        let hints = Hints::default();
        let input = Input {
            headers: &[],
            names: &[],
            levels: &[],
            titles: &[],
            group: None,
            profiles: &[],
            has_header: true,
            decimal: DecimalMark::Point,
            hints: &hints,
        };
        assert!(map(&input).columns.is_empty());
    }
}
