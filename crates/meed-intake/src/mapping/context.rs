//! What neighbours and arithmetic say about the scores: rules that look at the whole table (`file-intake.md` 5.4, 1–3).

use super::arithmetic::{is_after_fee, is_before_tax, is_difference, is_margin, is_product};
use super::score::{COMPARED, Score, Table, slot};
use super::target::Target;
use super::words::Header;
use super::{ASK, AUTOMATIC};
use crate::values::cell::CellKind;

impl Table<'_> {
    /// What is left after fees is a payout, never revenue (`file-intake.md` section 6, rule 1).
    pub(super) fn net_or_payout(&mut self) {
        let fees: Vec<usize> = (0..self.headers.len())
            .filter(|c| (self.headers[*c].has("fee") || self.headers[*c].has("commission")) && !self.headers[*c].has("type"))
            .take(16)
            .collect();
        if fees.is_empty() {
            return;
        }
        let candidates = self.candidates(Target::Revenue, 1);
        for &net in &candidates {
            let header = &self.headers[net];
            // What is called gross proves it too, whatever it is the gross of.
            let mut before = candidates.clone();
            before.extend(self.columns_with("gross").into_iter().filter(|c| !candidates.contains(c)).take(8));
            let proven = before
                .iter()
                .filter(|g| **g != net)
                .any(|g| fees.iter().any(|f| is_after_fee(&self.figures[net], &self.figures[*g], &self.figures[*f])));
            let plain_net = header.has("net")
                && !["sale", "revenue", "excl", "tax", "line", "item", "incl", "unit", "price"].iter().any(|c| header.has(c));
            let before_tax = self.is_before_tax_somewhere(net);
            if !before_tax && (proven || (plain_net && !self.is_multiplied(net))) {
                self.drop(Target::Revenue, net);
            }
        }
    }

    /// Whether a quantity times a price gives the column.
    fn is_multiplied(&self, amount: usize) -> bool {
        let Some(quantity) =
            self.candidates(Target::Quantity, 75).into_iter().max_by_key(|c| self.scores[slot(Target::Quantity)][*c].points)
        else {
            return false;
        };
        let is_price = |c: &usize| *c != amount && (self.headers[*c].has("price") || self.headers[*c].has("unit_price"));
        let mut prices = self.with_figures().into_iter().filter(is_price).take(8);
        prices.any(|p| is_product(&self.figures[quantity], &self.figures[p], &self.figures[amount]))
    }

    fn taxes(&self) -> Vec<usize> {
        self.candidates(Target::Tax, 50)
    }

    fn is_before_tax_somewhere(&self, column: usize) -> bool {
        let taxes = self.taxes();
        self.with_figures()
            .into_iter()
            .filter(|c| *c != column && !taxes.contains(c))
            .any(|after| taxes.iter().any(|t| is_before_tax(&self.figures[column], &self.figures[*t], &self.figures[after])))
    }

    /// Where one amount is another plus tax, the one before tax is the revenue.
    pub(super) fn before_tax(&mut self) {
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
    pub(super) fn line_or_document(&mut self) {
        let is_line = |h: &Header| h.has("line") || h.has("item") || h.has("product") || h.has("sku");
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
    pub(super) fn price_or_amount(&mut self) {
        // A stay of three nights has one price: only counted things are multiplied.
        let counted = |c: &usize| !self.headers[*c].has("nights");
        let quantities: Vec<usize> = self.candidates(Target::Quantity, 60).into_iter().filter(counted).collect();
        let Some(&quantity) = quantities.iter().max_by_key(|c| self.scores[slot(Target::Quantity)][**c].points) else { return };
        let candidates = self.candidates(Target::Revenue, 1);
        let prices: Vec<usize> = (0..self.headers.len())
            .filter(|c| self.headers[*c].has("price") || self.headers[*c].has("unit_price") || self.headers[*c].has("unit"))
            .take(COMPARED)
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
    pub(super) fn costs(&mut self) {
        let priced = (0..self.headers.len())
            .any(|c| self.headers[c].has("price") || self.headers[c].has("unit_price") || self.headers[c].has("profit"));
        for cost in self.candidates(Target::UnitCost, 1) {
            let header = &self.headers[cost];
            let others = (0..self.headers.len()).any(|c| {
                c != cost && (self.headers[c].has("price") || self.headers[c].has("unit_price")) && self.input.profiles[c].numbers() >= 600
            });
            if priced && (header.is(&["cost"]) || header.is(&["line", "cost"])) {
                self.add(Target::UnitCost, cost, 10, "beside a price");
            } else if others && (header.is(&["purchase", "price"]) || header.is(&["item", "cost"])) {
                self.add(Target::UnitCost, cost, 12, "beside a selling price");
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

    /// Figures that are rates although their name says amount: `MwSt` with 19 and 7, `Margin` with 31.5.
    pub(super) fn rates(&mut self) {
        let amounts = self.with_figures();
        let rated = self.columns_with("tax").into_iter().any(|c| self.headers[c].has("percent") || self.headers[c].has("rate"));
        for tax in self.candidates(Target::Tax, 1).into_iter().take(4) {
            // A rate in a column of its own: the other one is the amount. And nobody writes `Taxes` for a rate.
            if rated || self.headers[tax].tokens.iter().any(|t| t == "taxes") {
                continue;
            }
            let is_sum =
                |a: &usize, b: &usize| *a != tax && *b != tax && is_before_tax(&self.figures[*a], &self.figures[tax], &self.figures[*b]);
            if self.figures[tax].are_tax_rates() && !amounts.iter().any(|a| amounts.iter().any(|b| is_sum(a, b))) {
                self.add(Target::Tax, tax, -24, "the values look like rates");
            }
        }
        for profit in self.candidates(Target::Profit, 1).into_iter().take(4) {
            let header = &self.headers[profit];
            if !header.has("margin") || header.has("amount") || !self.figures[profit].are_below_hundred() {
                continue;
            }
            let signed =
                self.input.headers[profit].contains(['$', '€', '£']) || self.input.profiles[profit].share(&[CellKind::Money]) > 500;
            if !signed && !self.is_known_margin(profit) {
                self.add(Target::Profit, profit, -16, "the values could be percentages");
            }
        }
    }

    /// Whether revenue less costs gives the column.
    fn is_known_margin(&self, profit: usize) -> bool {
        let cost = |c: &usize| ["cost", "unit_cost", "cogs"].iter().any(|n| self.headers[*c].has(n));
        let costs: Vec<usize> = self.with_figures().into_iter().filter(cost).collect();
        let quantity = self.candidates(Target::Quantity, 60).into_iter().next();
        let profit = &self.figures[profit];
        self.candidates(Target::Revenue, 60).into_iter().any(|r| {
            let revenue = &self.figures[r];
            costs.iter().any(|c| {
                is_difference(revenue, &self.figures[*c], profit)
                    || quantity.is_some_and(|q| is_margin(revenue, &self.figures[q], &self.figures[*c], profit))
            })
        })
    }

    /// Whether the profit proves that a cost is of one unit.
    pub(super) fn is_cost_of_one(&self, cost: usize) -> bool {
        let (revenues, profits) = (self.candidates(Target::Revenue, 60), self.candidates(Target::Profit, 60));
        self.candidates(Target::Quantity, 60).iter().any(|q| {
            revenues
                .iter()
                .any(|r| profits.iter().any(|p| is_margin(&self.figures[*r], &self.figures[*q], &self.figures[cost], &self.figures[*p])))
        })
    }

    /// A user is who sold where the file has customers of its own, and else who bought.
    pub(super) fn users(&mut self) {
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
                    let till = self.headers.iter().any(|h| h.has("register") || h.has("receipt") || h.has("status"));
                    self.add(Target::Owner, column, if till { 12 } else { 6 }, "the customers have columns of their own");
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
    pub(super) fn codes_and_names(&mut self) {
        let deals = self.headers.iter().any(|h| h.has("deal") || h.has("stage"));
        let restaurant =
            self.headers.iter().any(|h| h.tokens.iter().any(|t| matches!(t.as_str(), "dining" | "guests" | "covers" | "menu")));
        for column in 0..self.headers.len() {
            let header = &self.headers[column];
            // The id of a line item is the line's, not the item's.
            if header.is(&["line", "item", "id"]) {
                self.drop(Target::ProductCode, column);
                continue;
            }
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
            let counts = self.input.profiles[column].samples.first().is_some_and(|s| s == "1");
            if header.is(&["number"]) && other_id && line && !counts && self.candidates(Target::ProductCode, 75).is_empty() {
                let reason = format!("header `{}` in the lines of a document", self.input.names[column]);
                self.scores[slot(Target::ProductCode)][column] = Score { points: 78, reason };
                self.drop(Target::UniqueId, column);
                continue;
            }
            // A title in a table of products is the product's; in a list of deals it is the deal's.
            let of_products = !self.candidates(Target::ProductCode, 75).is_empty() && !self.candidates(Target::Quantity, 75).is_empty();
            if header.is(&["title"]) && of_products && !deals {
                self.add(Target::ProductName, column, 14, "in a table of products");
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
    pub(super) fn bare_names(&mut self) {
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
    pub(super) fn filled_before_empty(&mut self) {
        for target in Target::DETECTED {
            let filled = |least: i32| self.candidates(*target, least).into_iter().any(|c| !self.input.profiles[c].is_empty());
            let (certain, possible) = (filled(AUTOMATIC / 10), filled(ASK / 10));
            if certain || possible {
                for column in self.candidates(*target, 1).into_iter().filter(|c| self.input.profiles[*c].is_empty()).collect::<Vec<_>>() {
                    self.add(*target, column, if certain { -12 } else { -40 }, "empty beside a filled column");
                }
            }
        }
    }
}
