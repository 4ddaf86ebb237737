//! Scores every pair of column and target, lets neighbours and arithmetic speak, and assigns.

use super::arithmetic::{Figures, is_after_fee, is_before_tax, is_difference, is_product};
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
struct Score {
    points: i32,
    reason: String,
}

struct Table<'a> {
    input: &'a Input<'a>,
    headers: Vec<Header>,
    figures: Vec<Figures>,
    scores: Vec<Vec<Score>>,
}

const COUNT: usize = Target::DETECTED.len();

fn slot(target: Target) -> usize {
    Target::DETECTED.iter().position(|t| *t == target).unwrap_or(0)
}

/// Maps the columns.
pub(crate) fn map(input: &Input<'_>) -> Outcome {
    let mut table = Table::new(input);
    table.score_all();
    table.library();
    table.net_or_payout();
    table.before_tax();
    table.line_or_document();
    table.price_or_amount();
    table.costs();
    table.users();
    table.codes_and_names();
    table.bare_names();
    table.filled_before_empty();
    table.choose()
}

impl<'a> Table<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let mut headers: Vec<Header> = input.headers.iter().map(|h| words::parse(of_path(h))).collect();
        if let Some(group) = input.group.filter(|g| headers.get(*g).is_some_and(|h| h.concepts.is_empty())) {
            headers[group] = from_titles(input.titles);
        }
        let figures =
            input.profiles.iter().map(|p| if p.numbers() >= 600 { Figures::of(p, input.decimal) } else { Figures::default() }).collect();
        Self { input, headers, figures, scores: vec![vec![Score::default(); input.headers.len()]; COUNT] }
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

    fn columns_with(&self, concept: &str) -> Vec<usize> {
        (0..self.headers.len()).filter(|c| self.headers[*c].has(concept)).collect()
    }

    fn candidates(&self, target: Target, least: i32) -> Vec<usize> {
        let row = &self.scores[slot(target)];
        (0..row.len()).filter(|c| row[*c].points >= least).collect()
    }

    fn drop(&mut self, target: Target, column: usize) {
        self.scores[slot(target)][column] = Score::default();
    }

    fn add(&mut self, target: Target, column: usize, points: i32, why: &str) {
        let score = &mut self.scores[slot(target)][column];
        if score.points > 0 {
            score.points = (score.points + points).clamp(1, 99);
            score.reason = format!("{}; {why}", score.reason);
        }
    }

    /// What is left after fees is a payout, never revenue (`file-intake.md` section 6, rule 1).
    fn net_or_payout(&mut self) {
        let fees: Vec<usize> = (0..self.headers.len())
            .filter(|c| (self.headers[*c].has("fee") || self.headers[*c].has("commission")) && !self.headers[*c].has("type"))
            .collect();
        if fees.is_empty() {
            return;
        }
        let candidates = self.candidates(Target::Revenue, 1);
        for &net in &candidates {
            let header = &self.headers[net];
            let proven = candidates
                .iter()
                .filter(|g| **g != net)
                .any(|g| fees.iter().any(|f| is_after_fee(&self.figures[net], &self.figures[*g], &self.figures[*f])));
            let plain_net = header.has("net")
                && !["sale", "revenue", "excl", "tax", "line", "item", "incl", "unit", "price"].iter().any(|c| header.has(c));
            let before_tax = self.is_before_tax_somewhere(net);
            if !before_tax && (proven || plain_net) {
                self.drop(Target::Revenue, net);
            }
        }
    }

    fn taxes(&self) -> Vec<usize> {
        self.candidates(Target::Tax, 50)
    }

    fn is_before_tax_somewhere(&self, column: usize) -> bool {
        let taxes = self.taxes();
        (0..self.headers.len())
            .filter(|c| *c != column && !taxes.contains(c))
            .any(|after| taxes.iter().any(|t| is_before_tax(&self.figures[column], &self.figures[*t], &self.figures[after])))
    }

    /// Where one amount is another plus tax, the one before tax is the revenue.
    fn before_tax(&mut self) {
        let taxes = self.taxes();
        let candidates = self.candidates(Target::Revenue, 1);
        for &before in &candidates {
            for &after in &candidates {
                let related =
                    before != after && taxes.iter().any(|t| is_before_tax(&self.figures[before], &self.figures[*t], &self.figures[after]));
                if related {
                    self.add(Target::Revenue, before, 3, "with tax it is the total");
                    self.add(Target::Revenue, after, -8, "contains tax");
                }
            }
        }
    }

    /// A file of lines: amounts of the line before amounts of the whole document.
    fn line_or_document(&mut self) {
        let is_line = |h: &Header| h.has("line") || h.has("item") || h.has("product");
        for target in [Target::Revenue, Target::Tax] {
            let best_line = self
                .candidates(target, 70)
                .into_iter()
                .filter(|c| is_line(&self.headers[*c]))
                .max_by_key(|c| self.scores[slot(target)][*c].points);
            if best_line.is_none()
                || (self.candidates(Target::Quantity, 60).is_empty() && self.candidates(Target::ProductCode, 60).is_empty())
            {
                continue;
            }
            for column in self.candidates(target, 1) {
                if !is_line(&self.headers[column]) {
                    self.add(target, column, -9, "an amount of the whole document beside amounts of the line");
                }
            }
        }
    }

    /// `Price` beside a quantity is the price of one, unless it is the only amount and every quantity is one.
    fn price_or_amount(&mut self) {
        let quantities = self.candidates(Target::Quantity, 60);
        let Some(&quantity) = quantities.iter().max_by_key(|c| self.scores[slot(Target::Quantity)][**c].points) else { return };
        let candidates = self.candidates(Target::Revenue, 1);
        let prices: Vec<usize> = (0..self.headers.len())
            .filter(|c| self.headers[*c].has("price") || self.headers[*c].has("unit_price") || self.headers[*c].has("unit"))
            .collect();
        for &amount in &candidates {
            if prices.iter().any(|p| *p != amount && is_product(&self.figures[quantity], &self.figures[*p], &self.figures[amount])) {
                self.add(Target::Revenue, amount, 4, "quantity × price gives it");
            }
        }
        // `item-price` beside `item-tax`: both are of the line.
        let of_line = |words: [&str; 2]| self.headers.iter().position(|h| h.tokens == words);
        if let (Some(price), Some(_), true) =
            (of_line(["item", "price"]), of_line(["item", "tax"]), self.candidates(Target::Revenue, 58).is_empty())
        {
            let reason = format!("header `{}` beside the tax of the same line", self.input.names[price]);
            self.scores[slot(Target::Revenue)][price] = Score { points: 80, reason };
        }
        for &price in &candidates {
            let header = &self.headers[price];
            let is_price = header.has("price") && !header.has("total") && !header.has("sale") && !header.has("line");
            let bare = is_price && !header.has("net") && !header.has("gross");
            let unit =
                candidates.iter().any(|a| *a != price && is_product(&self.figures[quantity], &self.figures[price], &self.figures[*a]));
            let several =
                self.input.profiles[quantity].words.iter().any(|w| !matches!(w.as_str(), "1" | "1.0" | "1.00" | "1,00" | "1.0000" | "0"));
            let others = candidates.iter().any(|a| *a != price && self.scores[slot(Target::Revenue)][*a].points >= 60);
            if unit || (bare && several) || (is_price && others) {
                self.drop(Target::Revenue, price);
            }
        }
    }

    /// A cost that with the revenue gives the profit is the cost of the row, not of one unit.
    fn costs(&mut self) {
        let priced = (0..self.headers.len())
            .any(|c| self.headers[c].has("price") || self.headers[c].has("unit_price") || self.headers[c].has("profit"));
        for cost in self.candidates(Target::UnitCost, 1) {
            if priced && self.headers[cost].is(&["cost"]) {
                self.add(Target::UnitCost, cost, 10, "beside a price");
            }
        }
        let revenues = self.candidates(Target::Revenue, 60);
        let profits = self.candidates(Target::Profit, 60);
        for cost in self.candidates(Target::UnitCost, 1) {
            let total =
                revenues.iter().any(|r| profits.iter().any(|p| is_difference(&self.figures[*r], &self.figures[cost], &self.figures[*p])));
            let several = self.candidates(Target::Quantity, 60).iter().any(|q| self.input.profiles[*q].words.iter().any(|w| w != "1"));
            let says_unit = self.headers[cost].has("unit_cost") || self.headers[cost].has("unit");
            if total && several && !says_unit {
                self.drop(Target::UnitCost, cost);
            }
        }
    }

    /// A user is who sold where the file has customers of its own, and else who bought.
    fn users(&mut self) {
        let users: Vec<usize> = self.columns_with("user").into_iter().filter(|c| !self.headers[*c].has("customer")).collect();
        let customer = [Target::CustomerName, Target::CustomerCode, Target::CustomerEmail];
        let others = customer.iter().any(|t| self.candidates(*t, 78).iter().any(|c| !users.contains(c)));
        for column in users {
            let names_person = self.headers[column].is(&["user"]) || self.headers[column].is(&["user", "name"]);
            if others {
                for target in customer {
                    self.drop(target, column);
                }
                if names_person && self.scores[slot(Target::Owner)][column].points > 0 {
                    self.add(Target::Owner, column, 12, "the customers have columns of their own");
                }
            } else if names_person && self.columns_with("email").iter().any(|e| self.headers[*e].has("user")) {
                let reason = format!("header `{}`: the user is who bought", self.input.names[column]);
                self.scores[slot(Target::CustomerName)][column] = Score { points: 82, reason };
                self.drop(Target::Owner, column);
            } else if self.columns_with("email").iter().any(|e| self.headers[*e].has("user")) {
                self.add(Target::CustomerCode, column, 14, "the user is who bought");
            }
        }
        // Where customers have columns of their own, an account is one of the books.
        let named = self.candidates(Target::CustomerName, 88).iter().any(|c| self.headers[*c].has("customer"));
        for column in self.columns_with("account") {
            if named && !self.headers[column].has("customer") {
                self.drop(Target::CustomerName, column);
                self.drop(Target::CustomerCode, column);
            }
        }
        // `account_code` beside `account_email` is the customer's.
        let accounts = self.columns_with("account").into_iter().any(|c| self.headers[c].has("email") || self.headers[c].has("company"));
        for column in 0..self.headers.len() {
            if accounts && self.headers[column].tokens == ["account", "code"] {
                let reason = format!("header `{}` beside other columns of the account", self.input.names[column]);
                self.scores[slot(Target::CustomerCode)][column] = Score { points: 88, reason };
            }
        }
    }

    /// `Item` with codes in it, beside an item name, is the code; `Customer` with codes in it is the customer's.
    fn codes_and_names(&mut self) {
        let deals = self.headers.iter().any(|h| h.has("deal") || h.has("stage"));
        let restaurant =
            self.headers.iter().any(|h| h.tokens.iter().any(|t| matches!(t.as_str(), "dining" | "guests" | "covers" | "menu")));
        for column in 0..self.headers.len() {
            let header = &self.headers[column];
            if restaurant && header.is(&["service"]) {
                self.drop(Target::ProductName, column);
                continue;
            }
            if header.is(&["customer"])
                && (self.input.profiles[column].looks_like_codes()
                    && self.input.profiles[column].words.iter().all(|w| w.bytes().any(|b| b.is_ascii_digit())))
            {
                let reason = format!("header `{}`, and the values are codes", self.input.names[column]);
                self.scores[slot(Target::CustomerCode)][column] = Score { points: 88, reason };
                self.drop(Target::CustomerName, column);
                continue;
            }
            // In a list of deals without products, an item is the deal.
            if header.is(&["item", "id"]) && deals && self.candidates(Target::ProductName, 60).is_empty() {
                let points = self.scores[slot(Target::ProductCode)][column].points.min(80);
                let reason = format!("header `{}` in a list of deals", self.input.names[column]);
                self.scores[slot(Target::UniqueId)][column] = Score { points, reason };
                self.drop(Target::ProductCode, column);
                continue;
            }
            // `No.` in a line of a document that has its own number is the number of the item.
            let other_id = self.candidates(Target::UniqueId, 88).iter().any(|c| *c != column && !self.headers[*c].has("external"));
            let line = !self.candidates(Target::Quantity, 75).is_empty() && !self.candidates(Target::ProductName, 75).is_empty();
            if header.is(&["number"]) && other_id && line && self.candidates(Target::ProductCode, 75).is_empty() {
                let reason = format!("header `{}` in the lines of a document", self.input.names[column]);
                self.scores[slot(Target::ProductCode)][column] = Score { points: 78, reason };
                self.drop(Target::UniqueId, column);
                continue;
            }
            if !(header.is(&["item"]) || header.is(&["product"])) || !self.input.profiles[column].looks_like_codes() {
                continue;
            }
            let named = self.candidates(Target::ProductName, 75).iter().any(|c| *c != column);
            if named {
                let reason = format!("header `{}`, and the values are codes", self.input.names[column]);
                self.scores[slot(Target::ProductCode)][column] = Score { points: 84, reason };
                self.drop(Target::ProductName, column);
            }
        }
    }

    /// Values outrank names: `Name` with order numbers in it is an id.
    fn bare_names(&mut self) {
        let products = !self.candidates(Target::ProductCode, 75).is_empty() || !self.candidates(Target::Quantity, 75).is_empty();
        let lines =
            products && self.candidates(Target::ProductName, 75).is_empty() && self.candidates(Target::CustomerEmail, 75).is_empty();
        for column in 0..self.headers.len() {
            let profile = &self.input.profiles[column];
            let header = &self.headers[column];
            if lines && header.is(&["name"]) && self.scores[slot(Target::CustomerName)][column].points > 0 {
                let reason = format!("header `{}` in a table of products", self.input.names[column]);
                self.scores[slot(Target::ProductName)][column] = Score { points: 78, reason };
                self.drop(Target::CustomerName, column);
                continue;
            }
            let codes = profile.share(&[CellKind::Code, CellKind::Integer]);
            if header.is(&["name"]) && codes >= 900 && profile.words.iter().all(|w| w.bytes().any(|b| b.is_ascii_digit())) {
                self.scores[slot(Target::UniqueId)][column] =
                    Score { points: 92, reason: format!("header `{}`, but the values are order numbers", self.input.names[column]) };
                self.drop(Target::CustomerName, column);
            }
        }
    }

    /// An empty column gives way to a filled one that fits nearly as well.
    fn filled_before_empty(&mut self) {
        for target in Target::DETECTED {
            let filled = self.candidates(*target, AUTOMATIC / 10).into_iter().any(|c| !self.input.profiles[c].is_empty());
            if filled {
                for column in self.candidates(*target, 1).into_iter().filter(|c| self.input.profiles[*c].is_empty()).collect::<Vec<_>>() {
                    self.add(*target, column, -12, "empty beside a filled column");
                }
            }
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
            if points + 150 < best {
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
fn of_path(header: &str) -> &str {
    let Some((_, last)) = header.rsplit_once('.').filter(|(table, last)| !table.contains(' ') && !last.is_empty()) else { return header };
    let own = words::parse(last);
    if ["customer", "product", "currency", "tax", "country", "owner"].iter().any(|c| own.has(c)) { last } else { header }
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
