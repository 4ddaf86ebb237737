//! Sample view models of every page: a believable company, the same pages empty, and their refusals. Used by the tests.

pub(crate) mod adjusting;
pub(crate) mod admin;
pub(crate) mod blank;
pub(crate) mod desk;
pub(crate) mod door;
pub(crate) mod intake;
pub(crate) mod loyalty;
pub(crate) mod pay;
pub(crate) mod plans;
pub(crate) mod selling;
pub(crate) mod workflow;

use std::cell::RefCell;

use rust_decimal::Decimal;

use crate::pages::{Amount, Chrome, Fact, Figure, Flash, Link, Nav, NextStep, Notice, Role, Side, Theme, Tone, User};

thread_local! {
    /// Appended to every text that a person could have typed.
    static SPICE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on this thread's samples carry `text` in everything that people type.
pub(crate) fn spice_with(text: &str) {
    SPICE.with(|spice| text.clone_into(&mut spice.borrow_mut()));
}

/// A text that a person typed.
pub(crate) fn s(text: &str) -> String {
    SPICE.with(|spice| format!("{text}{}", spice.borrow()))
}

pub(crate) fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| s(text)).collect()
}

pub(crate) fn eur(minor: i64) -> Amount {
    Amount::minor(minor, 2, "EUR")
}

pub(crate) fn exact(decimal: &str) -> Amount {
    Amount::exact(decimal, "EUR")
}

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().expect("sample decimals are written right")
}

pub(crate) fn link(text: &str, href: &str) -> Link {
    Link { text: s(text), href: href.to_owned() }
}

pub(crate) fn fact(label: &str, value: &str) -> Fact {
    Fact { label: label.to_owned(), value: s(value), href: String::new() }
}

pub(crate) fn fact_to(label: &str, value: &str, href: &str) -> Fact {
    Fact { href: href.to_owned(), ..fact(label, value) }
}

pub(crate) fn notice(tone: Tone, title: &str, text: &str, href: &str) -> Notice {
    Notice { tone, title: s(title), text: s(text), href: href.to_owned(), when: String::new() }
}

pub(crate) fn figure(label: &str, value: &str, unit: &str, note: &str, href: &str) -> Figure {
    Figure { label: label.into(), value: value.into(), unit: unit.into(), note: s(note), href: href.into() }
}

pub(crate) fn step(title: &str, text: &str, href: &str, done: bool) -> NextStep {
    NextStep { title: s(title), text: s(text), href: href.into(), done }
}

/// The frame as an operator sees it.
pub(crate) fn chrome(nav: Nav, path: &str) -> Chrome {
    Chrome {
        workspace: s("Halden Instruments"),
        side: Side::Live,
        user: Some(User { name: s("Ines Albrecht"), email: s("ines@halden.example"), role: Role::Operator }),
        nav,
        csrf: "csrf-token-of-the-sample".into(),
        flash: Vec::new(),
        request_id: "req_01jq4x8z3e".into(),
        leaderboard: true,
        statement_word: s(""),
        attainment_word: s(""),
        theme: Theme::Auto,
        path: s(path),
    }
}

/// The frame as a payee sees it.
pub(crate) fn payee_chrome(path: &str) -> Chrome {
    Chrome {
        user: Some(User { name: s("Mara Quill"), email: s("mara@halden.example"), role: Role::Payee }),
        ..chrome(Nav::Statements, path)
    }
}

pub(crate) fn flash(tone: Tone, text: &str, to: Option<Link>) -> Flash {
    Flash { tone, text: s(text), link: to }
}

/// Every sample page as (name, markup).
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let mut pages = Vec::new();
    pages.extend(door::pages());
    pages.extend(intake::pages());
    pages.extend(selling::pages());
    pages.extend(plans::pages());
    pages.extend(pay::pages());
    pages.extend(admin::pages());
    pages.extend(blank::pages());
    pages.extend(workflow::pages());
    pages.extend(adjusting::pages());
    pages.extend(desk::pages());
    pages.extend(loyalty::pages());
    pages
}

/// Renders a page; the name is only for the list.
pub(crate) fn drawn(name: &'static str, page: &impl askama::Template) -> (&'static str, String) {
    (name, page.render().expect("the sample page renders"))
}
