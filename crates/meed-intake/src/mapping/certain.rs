//! What may be assigned without a question, and what is at least worth one: a wrong automatic choice loads wrong money,
//! so thin evidence becomes a question (`file-intake.md` 5.1).

use super::AUTOMATIC;
use super::arithmetic::{is_before_tax, is_before_tax_and};
use super::evidence::names_kinds_of_sale;
use super::rules;
use super::score::{Score, Table, slot};
use super::target::Target;
use super::words::Header;
use crate::values::cell::CellKind;
use crate::values::profile::Profile;

/// Just below the points of an automatic choice.
const QUESTION: i32 = AUTOMATIC / 10 - 1;
/// Points of a name that leave no doubt, so that even an empty column may have it.
const EXACT: i32 = 92;

impl Table<'_> {
    /// Whether the rows are deals of a pipeline: these have a close date, and a name of their own.
    fn is_pipeline(&self) -> bool {
        let of_deals = |h: &Header| ["deal", "stage", "pipeline", "probability", "won"].iter().any(|c| h.has(c));
        self.headers.iter().any(|h| of_deals(h) || (h.has("expected") && h.has("closed")))
    }

    fn fill(&self, column: usize) -> i32 {
        let profile = &self.input.profiles[column];
        crate::values::profile::permille(profile.filled, profile.rows)
    }

    /// At most a question, if anything.
    fn doubt(&mut self, target: Target, column: usize, why: &str) {
        if self.scores[slot(target)][column].points > 0 && !self.doubts.contains(&(target, column)) {
            self.doubts.push((target, column));
            self.add(target, column, 0, why);
        }
    }

    fn propose(&mut self, target: Target, column: usize, points: i32, why: &str) {
        let reason = format!("header `{}`: {why}", self.input.names[column]);
        self.scores[slot(target)][column] = Score { points, reason };
    }

    /// The end of a ticket or invoice is not its day; a column of days that is half empty gives way to a full one.
    pub(super) fn dates(&mut self) {
        let candidates = self.candidates(Target::Date, 58);
        let pipeline = self.is_pipeline();
        if pipeline {
            self.closing_dates(&candidates);
        }
        for &date in &candidates {
            let header = &self.headers[date];
            let others = || candidates.iter().filter(|c| **c != date && !self.headers[**c].has("closed"));
            let fuller = others().any(|c| self.fill(*c) > self.fill(date));
            let ends = header.has("closed") && others().any(|c| self.fill(*c) >= self.fill(date));
            if !pipeline && ends {
                self.add(Target::Date, date, -24, "the end of something that began on another day");
            } else if !pipeline && fuller {
                self.add(Target::Date, date, -20, "emptier than another date");
            }
        }
        self.recorded_later();
        if self.candidates(Target::Date, 58).is_empty() {
            self.only_date();
        }
    }

    /// A deal is made on the day it is closed, if only expectedly, not on the day it was entered.
    fn closing_dates(&mut self, candidates: &[usize]) {
        let ends = |c: &usize| (self.headers[*c].has("closed") || self.headers[*c].has("won")) && self.input.profiles[*c].dates() >= 700;
        let end = candidates.iter().filter(|c| ends(c)).max_by_key(|c| self.scores[slot(Target::Date)][**c].points).copied();
        self.only_closing_date();
        for &date in candidates.iter().filter(|c| Some(**c) != end) {
            if self.headers[date].has("created") {
                if end.is_some() {
                    self.add(Target::Date, date, -26, "entered before it was closed");
                }
                self.doubt(Target::Date, date, "entered, perhaps not yet made");
            }
        }
    }

    /// A record is made after what it records: an event that never comes after the creation is the sale itself.
    fn recorded_later(&mut self) {
        let days = |c: usize| &self.input.profiles[c].first;
        let is_iso = |t: &String| {
            t.len() >= 10
                && t.is_char_boundary(10)
                && t[..10].bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
        };
        let candidates = self.candidates(Target::Date, 58);
        let events: Vec<usize> = candidates.iter().copied().filter(|c| self.headers[*c].is(&["event", "date"])).collect();
        for event in events {
            let made = candidates.iter().copied().filter(|c| self.headers[*c].has("created"));
            let before: Vec<usize> = made
                .filter(|c| {
                    days(*c).len() > 1
                        && days(*c).iter().zip(days(event)).all(|(made, event)| is_iso(made) && is_iso(event) && event <= made)
                })
                .collect();
            for created in before {
                self.add(Target::Date, created, -30, "recorded later than the event");
                self.propose(Target::Date, event, 80, "never after the creation of the record");
            }
        }
    }

    /// A list of deals with one closing date has no better day of the sale, even where it calls it expected.
    fn only_closing_date(&mut self) {
        let ends: Vec<usize> = (0..self.headers.len())
            .filter(|c| (self.headers[*c].has("closed") || self.headers[*c].has("won")) && self.input.profiles[*c].dates() >= 700)
            .collect();
        if let [only] = ends.as_slice()
            && self.headers[*only].has("expected")
            && self.fill(*only) == 1000
        {
            self.add(Target::Date, *only, 16, "the only closing date");
        }
    }

    /// The only column of days in a file is the day of the sale.
    fn only_date(&mut self) {
        let dates: Vec<usize> = (0..self.headers.len()).filter(|c| self.input.profiles[*c].dates() >= 700).collect();
        let [only] = dates.as_slice() else { return };
        if !rules::is_ruled_out(Target::Date, &self.headers[*only]) {
            self.propose(Target::Date, *only, 70, "the only column of dates");
        }
    }

    /// Amounts that are zero everywhere prove nothing and are no revenue beside others that are not.
    pub(super) fn zeros(&mut self) {
        for target in [Target::Revenue, Target::UnitCost, Target::Profit] {
            let candidates = self.candidates(target, 1);
            let zero: Vec<usize> = candidates.iter().copied().filter(|c| self.figures[*c].are_zero()).collect();
            let others = candidates.len() > zero.len();
            for column in zero {
                self.doubt(target, column, "every amount is zero");
                if others {
                    self.add(target, column, -30, "zero beside other amounts");
                }
            }
        }
    }

    /// In a list of deals the name is the deal's; a contact's code beside a company's name belongs to somebody else.
    pub(super) fn names_of_others(&mut self) {
        if self.is_pipeline() {
            let others = self.candidates(Target::CustomerName, 60).into_iter().any(|c| !self.headers[c].is(&["name"]));
            for column in self.candidates(Target::CustomerName, 1) {
                if !self.headers[column].is(&["name"]) {
                    continue;
                }
                if others {
                    self.drop(Target::CustomerName, column);
                } else {
                    self.doubt(Target::CustomerName, column, "in a list of deals");
                }
            }
        }
        let names = self.candidates(Target::CustomerName, 75);
        let Some(&name) = names.iter().max_by_key(|c| self.scores[slot(Target::CustomerName)][**c].points) else { return };
        let contact_named = self.headers[name].has("contact") || self.headers[name].has("customer");
        for code in self.candidates(Target::CustomerCode, 1) {
            let header = &self.headers[code];
            if header.has("contact") && !header.has("customer") && !contact_named {
                self.drop(Target::CustomerCode, code);
            } else if self.fill(code) + 200 < self.fill(name) {
                self.doubt(Target::CustomerCode, code, "emptier than the customer's name");
            }
        }
        self.code_beside_name(name);
    }

    /// `lead_id` beside the customer's `lead_name`.
    fn code_beside_name(&mut self, name: usize) {
        if !self.candidates(Target::CustomerCode, 60).is_empty() {
            return;
        }
        let Some((last, stem)) = self.headers[name].tokens.split_last() else { return };
        if stem.is_empty() || last != "name" {
            return;
        }
        let sibling = self.headers.iter().position(|h| {
            h.tokens.split_last().is_some_and(|(end, own)| own == stem && matches!(end.as_str(), "id" | "code" | "number" | "no" | "key"))
        });
        if let Some(code) = sibling.filter(|c| !self.input.profiles[*c].is_empty() && self.input.profiles[*c].wordy == 0) {
            self.propose(Target::CustomerCode, code, QUESTION, "beside the customer's name");
        }
    }

    /// The user of a system is a person only where the values are names of persons.
    pub(super) fn machines(&mut self) {
        for column in self.columns_with("user").into_iter().chain(self.columns_with("created_by")) {
            let profile = &self.input.profiles[column];
            let account = |w: &String| !w.contains(' ') && !w.contains('@');
            let machine = |w: &String| account(w) && ["api", "system", "admin", "bot", "integration"].iter().any(|m| w.contains(m));
            if profile.words.iter().any(machine) {
                self.drop(Target::Owner, column);
            } else if profile.words.iter().all(account) {
                self.doubt(Target::Owner, column, "the values are accounts, not names");
            }
        }
    }

    /// A column that names itself an id under a system's own name, where the file has no other id.
    pub(super) fn last_ids(&mut self) {
        if !self.candidates(Target::UniqueId, 58).is_empty() {
            return;
        }
        let is_id = |c: &usize| {
            let header = &self.headers[*c];
            let profile = &self.input.profiles[*c];
            let named = ["id", "reference", "number", "code", "key", "document", "order", "invoice", "sale", "transaction"];
            let codes = profile.share(&[CellKind::Code, CellKind::Integer]) >= 900 && profile.average_length() >= 4;
            profile.filled >= 2
                && profile.filled == profile.rows
                && profile.all_distinct()
                && codes
                && profile.words.iter().all(|w| w.bytes().any(|b| b.is_ascii_digit()))
                && named.iter().any(|n| header.has(n))
                && self.scores[slot(Target::Revenue)][*c].points == 0
                && !["amount", "total", "net", "gross", "tax", "count", "quantity"].iter().any(|n| header.has(n))
                && !rules::is_ruled_out(Target::UniqueId, header)
        };
        if let Some(column) = (0..self.headers.len()).find(is_id) {
            self.propose(Target::UniqueId, column, 68, "distinct codes on every row, and no other id");
        }
    }

    /// Countries on every row are the territory where nothing else is a place (`com_013`).
    pub(super) fn last_places(&mut self) {
        if !self.candidates(Target::Territory, 58).is_empty() {
            return;
        }
        let countries: Vec<usize> = (0..self.headers.len())
            .filter(|c| {
                let p = &self.input.profiles[*c];
                let says = self.headers[*c].has("country");
                let letters = says && p.words.iter().all(|w| w.len() == 2 && super::countries::is_country(&w.to_ascii_uppercase()));
                p.filled >= 2 && (letters || p.share(&[CellKind::Country]) >= 900 && (says || p.average_length() > 3))
            })
            .filter(|c| {
                let h = &self.headers[*c];
                !["language", "currency", "tax", "bank", "card", "supplier", "product"].iter().any(|n| h.has(n))
            })
            .collect();
        if let [only] = countries.as_slice() {
            self.propose(Target::Territory, *only, 72, "every value is a country");
        }
    }

    /// Persons whose groups head the rows of a report sold, where the customers have a column of their own.
    pub(super) fn group_of_persons(&mut self) {
        let Some(group) = self.input.group.filter(|g| self.input.headers.get(*g).is_some_and(|h| h.trim().is_empty())) else { return };
        let customers = self.candidates(Target::CustomerName, 75).into_iter().any(|c| c != group);
        let sellers = !self.candidates(Target::Owner, 58).is_empty();
        let titled = Target::DETECTED
            .iter()
            .filter(|t| !matches!(t, Target::CustomerName | Target::Owner))
            .any(|t| self.scores[slot(*t)][group].points >= AUTOMATIC / 10);
        if titled {
            return;
        }
        let profile = &self.input.profiles[group];
        let names = profile.share(&[CellKind::Text]) >= 900 && profile.words.iter().all(|w| w.split_whitespace().count() == 2);
        if customers && !sellers && names {
            self.propose(Target::Owner, group, 68, "names above groups of rows, and the customers have a column");
        }
    }

    /// A reference that repeats, beside an id of the sale, is the product's.
    pub(super) fn repeated_references(&mut self) {
        let id = !self.candidates(Target::UniqueId, 85).is_empty();
        let lines = !self.candidates(Target::Quantity, 75).is_empty();
        if !(id && lines && self.candidates(Target::ProductCode, 58).is_empty()) {
            return;
        }
        let column = (0..self.headers.len()).find(|c| {
            let p = &self.input.profiles[*c];
            self.headers[*c].is(&["reference"]) && p.looks_like_codes() && p.filled == p.rows
        });
        if let Some(column) = column {
            self.propose(Target::ProductCode, column, 70, "a reference in the lines of an order");
            self.drop(Target::UniqueId, column);
        }
    }

    /// `Type` is the state of a sale where all its words are kinds of sales and nothing else is a status.
    pub(super) fn kinds_of_sale(&mut self) {
        let others = self.candidates(Target::Status, 66).into_iter().any(|c| !self.headers[c].is(&["type"]));
        for column in 0..self.headers.len() {
            if !others && self.headers[column].is(&["type"]) && names_kinds_of_sale(&self.input.profiles[column]) {
                self.propose(Target::Status, column, 76, "every value is a kind of sale or refund");
            }
        }
    }

    /// Names that say enough where no other column could be meant.
    pub(super) fn only_ones(&mut self) {
        for (target, name, points) in [(Target::Revenue, &["total", "paid"][..], 6), (Target::Territory, &["state"][..], 5)] {
            if let [only] = self.candidates(target, 58).as_slice()
                && self.headers[*only].is(name)
            {
                self.add(target, *only, points, "nothing else could be meant");
            }
        }
    }

    /// A price whose product with the quantity is the amount is what was asked, not what was paid.
    pub(super) fn selling_prices(&mut self) {
        let amounts = self.candidates(Target::Revenue, 58);
        for cost in self.candidates(Target::UnitCost, 1) {
            let sold = self.candidates(Target::Quantity, 60).into_iter().any(|q| {
                amounts
                    .iter()
                    .any(|a| *a != cost && super::arithmetic::is_product(&self.figures[q], &self.figures[cost], &self.figures[*a]))
            });
            let item = self.headers[cost].has("item") && !self.headers[cost].has("unit_cost");
            if sold || (item && amounts.is_empty()) {
                self.drop(Target::UnitCost, cost);
            } else if item {
                self.doubt(Target::UnitCost, cost, "an item's cost is what it sells for in some systems");
            }
        }
    }

    /// Bare words that name one thing in one file and another in the next.
    pub(super) fn bare_words(&mut self) {
        let lines = !self.candidates(Target::Quantity, 75).is_empty() || !self.candidates(Target::ProductCode, 75).is_empty();
        let sellers = !self.candidates(Target::Owner, 75).is_empty();
        let documents = !self.candidates(Target::UniqueId, 75).is_empty() && self.columns_with("commission").is_empty();
        let numbered = !self.candidates(Target::UniqueId, 75).is_empty();
        let pipeline = self.is_pipeline();
        for column in 0..self.headers.len() {
            let header = self.headers[column].clone();
            let profile = &self.input.profiles[column];
            let nobody = self.candidates(Target::CustomerName, 58).is_empty();
            if nobody && header.tokens == ["particulars"] {
                self.doubt(Target::ProductName, column, "could be who bought");
            } else if header.is(&["description"]) && !lines {
                if pipeline {
                    self.drop(Target::ProductName, column);
                } else if profile.words.iter().any(|w| is_company(w)) || nobody {
                    self.doubt(Target::ProductName, column, "could be who bought");
                }
            } else if header.is(&["name"]) && !sellers && !documents {
                self.name_of_anyone(column);
            } else if header.is(&["account"]) && !pipeline && !sellers {
                self.doubt(Target::CustomerName, column, "could be an account of the books");
            } else if header.is(&["price"]) && !numbered && !header.tokens.iter().any(|t| t == "premium") {
                self.doubt(Target::Revenue, column, "could be the price of a list");
            } else if header.is(&["number"]) && profile.samples.first().is_some_and(|s| s == "1") {
                self.doubt(Target::UniqueId, column, "could be the number of the row");
            } else if header.has("model")
                && profile.words.iter().any(|w| w.contains(' '))
                && self.candidates(Target::ProductName, 58).is_empty()
            {
                self.propose(Target::ProductName, column, 72, "models by name");
                self.drop(Target::ProductCode, column);
            } else if ["id", "code", "number"].iter().any(|c| header.has(c))
                && profile.words.iter().any(|w| w.bytes().any(|b| b.is_ascii_digit()))
            {
                self.doubt(Target::Owner, column, "a code, not a name");
            }
            let bare_cost = header.is(&["cost"]) || header.is(&["line", "cost"]);
            if bare_cost && !self.is_cost_of_one(column) {
                self.doubt(Target::UnitCost, column, "could be the cost of the row");
            }
        }
    }

    /// A bare name beside a commission and a customer is who sold; else it could be.
    fn name_of_anyone(&mut self, column: usize) {
        let others = self.candidates(Target::CustomerName, 75).into_iter().any(|c| c != column);
        if others && !self.columns_with("commission").is_empty() && self.candidates(Target::Owner, 58).is_empty() {
            self.drop(Target::CustomerName, column);
            self.propose(Target::Owner, column, 68, "beside a commission and a customer");
        } else {
            self.doubt(Target::CustomerName, column, "could be who sold");
        }
    }

    /// An amount that with the tax, or with tax and shipping, gives the total is the revenue, whatever its name.
    pub(super) fn net_by_arithmetic(&mut self) {
        let taxes = self.candidates(Target::Tax, 60);
        let extras: Vec<usize> = ["shipping", "tip", "fee"].iter().flat_map(|concept| self.columns_with(concept)).collect();
        for after in self.candidates(Target::Revenue, 75) {
            let points = |column: usize| self.scores[slot(Target::Revenue)][column].points;
            let net = self.with_figures().into_iter().find(|c| {
                points(*c) < points(after)
                    && !taxes.contains(c)
                    && self.input.profiles[*c].filled >= 2
                    && !rules::is_ruled_out(Target::Revenue, &self.headers[*c])
                    && taxes.iter().any(|t| {
                        let (net, tax, total) = (&self.figures[*c], &self.figures[*t], &self.figures[after]);
                        // A sum of three is proof only for a column that is named as an amount.
                        let with_extra = || extras.iter().any(|e| is_before_tax_and(net, tax, &self.figures[*e], total));
                        if points(*c) == 0 { is_before_tax(net, tax, total) } else { with_extra() }
                    })
            });
            if let Some(net) = net {
                self.add(Target::Revenue, after, -8, "contains tax");
                self.doubt(Target::Revenue, after, "contains tax");
                self.propose(Target::Revenue, net, 84, "with tax it is the total");
            }
        }
    }

    /// Lowers what rests on too little to a question: empty columns, names with strange words, half-empty companies.
    pub(super) fn only_certain(&mut self) {
        for target in Target::DETECTED {
            for column in self.candidates(*target, AUTOMATIC / 10) {
                let header = &self.headers[column];
                let profile = &self.input.profiles[column];
                let known = self.scores[slot(*target)][column].reason.starts_with("column of the known layout");
                let named = rules::points(*target, header).unwrap_or(0);
                let why = if known {
                    None
                } else if profile.is_empty() && named < EXACT {
                    Some("an empty column")
                } else if self.has_twin(column) {
                    Some("another column has the same name")
                } else if header.unknown > 0 && !proves(*target, header, profile) && !self.is_prefixed(header, *target) {
                    Some("a word of the header is not known")
                } else if matches!(target, Target::CustomerName | Target::CustomerCode)
                    && (header.has("company") || header.has("contact"))
                    && self.fill(column) < 800
                    && !profile.is_empty()
                {
                    Some("often empty")
                } else {
                    None
                };
                if let Some(why) = why {
                    self.doubt(*target, column, why);
                    let fuller = |c: &usize| *c != column && self.fill(*c) > self.fill(column) + 200;
                    if why == "often empty" && self.candidates(*target, AUTOMATIC / 10).iter().any(fuller) {
                        self.add(*target, column, -14, "another column is fuller");
                    }
                }
            }
        }
    }

    /// Whether another filled column that could be meant has the same name.
    fn has_twin(&self, column: usize) -> bool {
        let name = self.input.headers[column].trim();
        let says = |c: usize| &self.input.profiles[c].words;
        let same = |c: &usize| *c != column && self.input.headers[*c].trim() == name && !says(*c).is_empty() && says(*c) != says(column);
        !name.is_empty() && (0..self.headers.len()).any(|c| same(&c))
    }

    /// An unknown word that many headers of the file share is a prefix and says nothing.
    fn is_prefixed(&self, header: &Header, target: Target) -> bool {
        let Some(first) = header.tokens.first() else { return false };
        let shared = self.headers.iter().filter(|h| h.tokens.first() == Some(first)).count();
        header.unknown == 1 && shared >= 3 && rules::points(target, header).is_some_and(|p| p >= 75)
    }
}

/// Whether a folded text ends in a legal form of companies.
fn is_company(word: &str) -> bool {
    word.split_whitespace().last().is_some_and(|w| {
        let form: String = w.chars().filter(char::is_ascii_alphanumeric).collect();
        ["gmbh", "ag", "ltd", "inc", "llc", "sarl", "sas", "srl", "spa", "bv", "kg", "plc", "corp", "oy", "ab", "sl", "lda", "ltda"]
            .contains(&form.as_str())
    })
}

/// Whether the values alone leave no doubt.
fn proves(target: Target, header: &Header, profile: &Profile) -> bool {
    let any = |names: &[&str]| names.iter().any(|n| header.has(n));
    match target {
        // The id of a transaction under a system's own name.
        Target::UniqueId => {
            any(&["order", "transaction", "invoice", "sale", "booking", "receipt"])
                && any(&["id", "number", "reference", "code"])
                && profile.filled == profile.rows
                && profile.all_distinct()
                && profile.average_length() >= 5
                && profile.words.iter().all(|w| w.bytes().any(|b| b.is_ascii_digit()))
        }
        Target::CustomerEmail => profile.share(&[CellKind::Email]) >= 900,
        Target::Currency => profile.share(&[CellKind::CurrencyCode]) >= 900,
        Target::Territory => profile.share(&[CellKind::Country]) >= 900,
        Target::Owner => profile.owners * 2 > profile.filled,
        Target::Team => profile.teams * 2 > profile.filled,
        _ => false,
    }
}
