//! Columns that say what they are only together with the ones beside them.

use super::score::{Score, Table, slot};
use super::target::Target;
use crate::values::cell::CellKind;

impl Table<'_> {
    /// What neighbours say: run after the names of codes and before anything is doubted.
    pub(super) fn neighbours(&mut self) {
        self.numbers_of_houses();
        self.items_of_orders();
        self.codes_of_lines();
        self.labels_of_customers();
        self.costs_that_sell();
        self.tariffs();
        self.logins();
        self.last_names();
    }

    fn say(&mut self, target: Target, column: usize, points: i32, why: &str) {
        let reason = format!("header `{}`: {why}", self.input.names[column]);
        self.scores[slot(target)][column] = Score { points, reason };
    }

    /// `Número` between the street and the city is the number of the house.
    fn numbers_of_houses(&mut self) {
        let of_address = |c: usize| {
            self.headers.get(c).is_some_and(|h| ["street", "address", "zip", "city"].iter().any(|n| h.has(n)) && !h.has("email"))
        };
        let numbers: Vec<usize> = (0..self.headers.len())
            .filter(|c| self.headers[*c].is(&["number"]) && (c.checked_sub(1).is_some_and(of_address) || of_address(*c + 1)))
            .collect();
        for column in numbers {
            self.drop(Target::UniqueId, column);
            self.drop(Target::ProductCode, column);
        }
    }

    /// The id of an item of an order is the line's, not the product's.
    fn items_of_orders(&mut self) {
        for column in self.columns_with("order") {
            let header = &self.headers[column];
            if header.has("item") && (header.has("id") || header.has("number")) {
                self.drop(Target::ProductCode, column);
            }
        }
    }

    /// `Code` in the lines of a document that has a number of its own is the code of the product.
    fn codes_of_lines(&mut self) {
        let lines = !self.candidates(Target::Quantity, 75).is_empty() && !self.candidates(Target::ProductName, 75).is_empty();
        let numbered = self.candidates(Target::UniqueId, 88);
        if !lines || numbered.is_empty() || !self.candidates(Target::ProductCode, 75).is_empty() {
            return;
        }
        let bare = |c: &usize| self.headers[*c].is(&["code"]) && !numbered.contains(c) && self.input.profiles[*c].looks_like_codes();
        if let Some(column) = (0..self.headers.len()).find(bare) {
            self.say(Target::ProductCode, column, 78, "the code of a line of a document");
            self.drop(Target::UniqueId, column);
        }
    }

    /// A bare label right behind the customer's code is the customer's, where the products have a label of their own.
    fn labels_of_customers(&mut self) {
        if !self.candidates(Target::CustomerName, 58).is_empty() {
            return;
        }
        for code in self.candidates(Target::CustomerCode, 80) {
            let label = code + 1;
            let bare = self.headers.get(label).is_some_and(|h| h.is(&["description"]) || h.is(&["title"]) || h.is(&["label"]));
            let is_text = |c: usize| self.input.profiles[c].share(&[CellKind::Text]) >= 700;
            if !bare || !is_text(label) {
                continue;
            }
            let products = self.candidates(Target::ProductName, 75).into_iter().any(|c| c != label);
            if products {
                self.drop(Target::ProductName, label);
                self.say(Target::CustomerName, label, 80, "a label beside the customer's code, and the products have their own");
            } else {
                self.say(Target::CustomerName, label, 66, "a label beside the customer's code");
            }
            return;
        }
    }

    /// What an item costs is what the buyer pays, where the file has no other amount of the sale.
    fn costs_that_sell(&mut self) {
        if !self.candidates(Target::Revenue, 58).is_empty() {
            return;
        }
        let cost = |c: &usize| self.headers[*c].is(&["item", "cost"]) && self.input.profiles[*c].numbers() >= 900;
        if let Some(column) = (0..self.headers.len()).find(cost) {
            self.drop(Target::UnitCost, column);
            self.say(Target::Revenue, column, 66, "the only amount of the sale");
        }
    }

    /// A tariff that is written in words is what was sold, not its price.
    fn tariffs(&mut self) {
        if !self.candidates(Target::ProductName, 58).is_empty() {
            return;
        }
        let words = |c: &usize| {
            let p = &self.input.profiles[*c];
            self.headers[*c].is(&["price"]) && p.filled > 0 && p.share(&[CellKind::Text]) >= 900
        };
        if let Some(column) = (0..self.headers.len()).find(words) {
            self.say(Target::ProductName, column, 70, "a tariff by its name");
        }
    }

    /// A customer whose values are all written like logins is known by a code, not by a name.
    fn logins(&mut self) {
        if !self.candidates(Target::CustomerCode, 58).is_empty() {
            return;
        }
        let login =
            |s: &String| !s.is_empty() && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.'));
        for column in self.candidates(Target::CustomerName, 75) {
            let samples = &self.input.profiles[column].samples;
            if self.headers[column].is(&["customer"]) && samples.len() >= 3 && samples.iter().all(login) {
                self.drop(Target::CustomerName, column);
                self.say(Target::CustomerCode, column, 72, "the values are written like logins");
                return;
            }
        }
    }

    /// Where nothing else names who bought, the last name does.
    fn last_names(&mut self) {
        if !self.candidates(Target::CustomerName, 58).is_empty() {
            return;
        }
        let last = |c: &usize| {
            let (h, p) = (&self.headers[*c], &self.input.profiles[*c]);
            let others = ["owner", "employee", "supplier", "user", "created_by"].iter().any(|n| h.has(n));
            h.has("last_name") && !others && p.filled > 0 && p.share(&[CellKind::Text]) >= 700
        };
        if let Some(column) = (0..self.headers.len()).find(last) {
            self.say(Target::CustomerName, column, 62, "the last name, and no other name");
        }
    }
}
