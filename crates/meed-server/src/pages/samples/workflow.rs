//! Approvals, releases taken back, people who sign in, and settings.

use super::{chrome, drawn, eur, figure, link, s};
use crate::pages::approvals::{ApprovalGroup, ApprovalRow, ApprovalsPage};
use crate::pages::calculations::ReversePage;
use crate::pages::users::{SettingsPage, UserLinkPage, UserRow, UsersPage};
use crate::pages::what_if::{ChangeRow, ComparePage, DiffLine, KnobField, KnobGroup, SaleChangeRow, WhatIfPage, WhatIfResult};
use crate::pages::{Badge, Choice, FormErrors, Nav, Tone};

fn approvals(groups: bool) -> ApprovalsPage {
    let row = |rep: &str, name: &str, minor, status, note: &str, can_decide| ApprovalRow {
        rep: rep.into(),
        name: s(name),
        href: format!("/statements/{rep}/2026-03"),
        amount: eur(minor),
        status,
        note: s(note),
        can_decide,
    };
    let group = ApprovalGroup {
        number: 0,
        program: "prog_1".into(),
        name: s("Field sales 2026"),
        label: "2026-03".into(),
        period: "March 2026".into(),
        progress: "1 of 3 statements approved".into(),
        rows: vec![
            row("rep_1", "Mara Quill", 412_050, Badge::new("Approved", Tone::Good), "Sven Holm, today, 08:12", true),
            row("rep_2", "Tunde Okafor", -1_250, Badge::new("Waits", Tone::Warn), "", true),
            row("rep_3", "Sven Holm", 88_000, Badge::new("Amount changed", Tone::Warn), "Ines Albrecht at 870.00 EUR", false),
        ],
    };
    ApprovalsPage {
        chrome: chrome(Nav::Approvals, "/approvals"),
        groups: if groups { vec![group] } else { Vec::new() },
        errors: FormErrors::none(),
    }
}

fn roles(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str, note: &str| Choice { note: note.into(), ..Choice::new(value, label, value == chosen) };
    vec![
        choice("admin", "Full administrator", "Sees and changes everything."),
        choice("limited", "Limited administrator", "Reads everything but salaries."),
    ]
}

fn users(errors: FormErrors) -> UsersPage {
    let row = |id: &str, name: &str, status, is_self: bool| UserRow {
        id: id.into(),
        name: s(name),
        email: s("x@halden.example"),
        rep_href: if is_self { String::new() } else { "/reps/rep_1".into() },
        roles: roles("admin"),
        about: "Sees and changes everything.".into(),
        status,
        can_link: !is_self,
        is_self,
    };
    UsersPage {
        chrome: chrome(Nav::Users, "/users"),
        rows: vec![
            row("usr_1", "Ines Albrecht", Badge::new("Active", Tone::Good), true),
            row("usr_2", "Mara Quill", Badge::new("Invited", Tone::Info), false),
        ],
        name: s(""),
        email: s(""),
        roles: roles("limited"),
        errors,
    }
}

fn settings(errors: FormErrors) -> SettingsPage {
    SettingsPage {
        chrome: chrome(Nav::Settings, "/settings"),
        visible_from: roles("admin"),
        shown: vec![Choice::new("details", "Each credited sale with its working", true)],
        programs: vec![Choice::new("prog_1", &s("Field sales 2026"), true)],
        statement_word: s(""),
        attainment_word: s(""),
        errors,
    }
}

pub(crate) fn knobs() -> Vec<KnobGroup> {
    let knob = |index: usize, label: &str, value: &str| KnobField {
        index,
        label: s(label),
        was: value.into(),
        value: value.into(),
        line: index + 3,
    };
    vec![
        KnobGroup { name: "The plan".into(), knobs: vec![knob(0, "quota", "40000")] },
        KnobGroup { name: s("own"), knobs: vec![knob(1, "bands 1 to", "30000"), knob(2, "bands 1 rate", "4%")] },
    ]
}

fn what_if(result: Option<WhatIfResult>, errors: FormErrors) -> WhatIfPage {
    WhatIfPage {
        chrome: chrome(Nav::Programs, "/programs/prog_1/what-if"),
        id: "prog_1".into(),
        name: s("Field sales 2026"),
        version: "v3".into(),
        document: s("name = \"Field sales 2026\""),
        knobs: knobs(),
        from: vec![Choice::new("2026-03", "March 2026", true)],
        until: vec![Choice::new("2026-03", "March 2026", true)],
        wrong: Vec::new(),
        examples_fail: result.is_some(),
        result,
        errors,
    }
}

fn answer() -> WhatIfResult {
    let row = |name: &str, before: i64, after: i64, mark, loses| ChangeRow {
        rep: "rep_1".into(),
        name: s(name),
        before: eur(before),
        after: eur(after),
        difference: eur(after - before),
        mark,
        attainment: "104.2%".into(),
        share: 60,
        loses,
    };
    WhatIfResult {
        figures: vec![figure("Now", "12,500.00", "EUR", "v3, 8 payees", ""), figure("Then", "13,020.50", "EUR", "8 payees", "")],
        payees: vec![
            row("Mara Quill", 412_050, 452_050, Badge::new("Gains", Tone::Good), false),
            row("Tunde Okafor", 88_000, 80_000, Badge::new("Loses", Tone::Bad), true),
        ],
        sales_of: s("Mara Quill"),
        sales: vec![SaleChangeRow {
            sale: link("23-12345-13001", "/sales/sale_1"),
            day: "3 Mar 2026".into(),
            before: eur(4_000),
            after: eur(4_400),
            difference: eur(400),
        }],
        alerts: vec![s("Lee has no quota.")],
    }
}

fn compare(lines: Vec<DiffLine>) -> ComparePage {
    ComparePage {
        chrome: chrome(Nav::Programs, "/programs/prog_1/compare"),
        id: "prog_1".into(),
        name: s("Field sales 2026"),
        from: vec![Choice::new("1", &s("v1: first"), true)],
        until: vec![Choice::new("2", "v2", true)],
        summary: "1 line came and 1 line went.".into(),
        lines,
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let wrong = |field: &str| FormErrors::one(field, &s("That cannot be."));
    let link = UserLinkPage {
        chrome: chrome(Nav::Users, "/users"),
        name: s("Ines Albrecht"),
        url: s("https://meed.example/welcome/abc"),
        valid: "7 days".into(),
    };
    let reverse = |errors| ReversePage {
        chrome: chrome(Nav::Calculations, "/calculations/calc_1/reverse"),
        id: "calc_1".into(),
        program: s("Field sales 2026"),
        period: "March 2026".into(),
        totals: vec![eur(1_250_000)],
        payees: 8,
        reason: s(""),
        errors,
    };
    vec![
        drawn("approvals", &approvals(true)),
        drawn("approvals-empty", &approvals(false)),
        drawn("users", &users(FormErrors::none())),
        drawn("users-refused", &users(wrong("email"))),
        drawn("user-link", &link),
        drawn("settings", &settings(FormErrors::none())),
        drawn("settings-refused", &settings(wrong("statement_word"))),
        drawn("what-if", &what_if(None, FormErrors::none())),
        drawn("what-if-answer", &what_if(Some(answer()), FormErrors::none())),
        drawn("what-if-nobody", &what_if(Some(WhatIfResult::default()), FormErrors::none())),
        drawn("what-if-refused", &what_if(None, wrong("knob_1"))),
        drawn("compare-none", &compare(Vec::new())),
        drawn(
            "compare",
            &compare(vec![
                DiffLine { old: 1, new: 0, text: s("rate = 5"), kind: "gone" },
                DiffLine { old: 0, new: 1, text: s("rate = 6"), kind: "added" },
                DiffLine { old: 0, new: 0, text: "… 4 equal lines".into(), kind: "skip" },
            ]),
        ),
        drawn("reverse", &reverse(FormErrors::none())),
        drawn("reverse-refused", &reverse(wrong("reason"))),
    ]
}
