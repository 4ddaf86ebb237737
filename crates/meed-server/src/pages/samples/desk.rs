//! Enquiries, announcements and the leaderboard.

use super::{chrome, dec, drawn, fact, fact_to, link, notice, payee_chrome, s, texts};
use crate::pages::charts::Gauge;
use crate::pages::desk::{
    AnnouncementRow, AnnouncementsPage, BoardView, CandidateView, EnquiriesPage, EnquiryFormPage, EnquiryPage, EnquiryRow, LeaderboardPage,
    MessageView, PlaceRow, SaleCheck,
};
use crate::pages::statements::StatementsPage;
use crate::pages::{Badge, Choice, Chrome, FormErrors, Link, Nav, Pager, Tone};

fn enquiries(chrome: Chrome, rows: bool) -> EnquiriesPage {
    let row = |subject: &str, status| EnquiryRow {
        href: "/enquiries/enq_1".into(),
        subject: s(subject),
        payee: s("Mara Quill"),
        period: "March 2026".into(),
        status,
        when: "today, 08:12".into(),
    };
    let all = vec![row("An order is missing", Badge::new("Open", Tone::Warn)), row("Wrong rate", Badge::new("Resolved", Tone::Good))];
    EnquiriesPage { chrome, rows: if rows { all } else { Vec::new() } }
}

fn form(errors: FormErrors) -> EnquiryFormPage {
    EnquiryFormPage {
        chrome: payee_chrome("/enquiries/new"),
        payees: vec![Choice::new("rep_1", &s("Mara Quill"), true), Choice::new("rep_2", &s("Tunde Okafor"), false)],
        periods: vec![Choice::new("", "None in particular", true), Choice::new("2026-03", "March 2026", false)],
        program: String::new(),
        sale: String::new(),
        reference: s("23-12345-13001"),
        subject: s("An order is missing"),
        text: s("Where is it?"),
        errors,
    }
}

fn enquiry(chrome: Chrome, is_operator: bool, errors: FormErrors) -> EnquiryPage {
    let message = |who: &str, text: &str, from_line| MessageView { who: s(who), when: "today, 08:12".into(), text: s(text), from_line };
    let check = |tone, text: &str| SaleCheck { tone, text: s(text) };
    EnquiryPage {
        chrome,
        id: "enq_1".into(),
        subject: s("An order is missing"),
        status: Badge::new("Open", Tone::Warn),
        facts: vec![fact("Payee", "Mara Quill"), fact_to("Statement", "March 2026", "/statements/rep_1/2026-03")],
        messages: vec![message("Mara Quill", "Where is it?", true), message("Ines Albrecht", "Your alias was missing.", false)],
        candidates: if is_operator {
            vec![CandidateView {
                sale: link("23-12345-13001", "/sales/sale_1"),
                about: s("3 Mar 2026 · Kontor Nord GmbH"),
                checks: vec![check(Tone::Warn, "It names nobody."), check(Tone::Good, "Its day lies in 2026-03.")],
            }]
        } else {
            Vec::new()
        },
        nothing_found: !is_operator && errors.any(),
        fix: if is_operator { link("the rep rep_1", "/reps/rep_1") } else { Link::new("the rep", "") },
        statuses: if is_operator { vec![Choice::new("answered", "answered", true)] } else { Vec::new() },
        fix_typed: s(""),
        text: s(""),
        can_write: true,
        errors,
    }
}

fn announcements(rows: bool, errors: FormErrors) -> AnnouncementsPage {
    let row = |id: &str, title: &str, tags: &[&str]| AnnouncementRow {
        id: id.into(),
        title: s(title),
        text: s("50 for each new customer."),
        tags: texts(tags),
        valid: "from 1 Apr 2026 until 30 Apr 2026".into(),
        status: Badge::new("Shown now", Tone::Good),
    };
    let all = vec![row("ann_1", "Contest in April", &["field"]), row("ann_2", "New plan", &[])];
    AnnouncementsPage {
        chrome: chrome(Nav::Announcements, "/announcements"),
        rows: if rows { all } else { Vec::new() },
        id: if errors.any() { "ann_1".into() } else { String::new() },
        title: s("Contest"),
        text: s(""),
        tags: s("field"),
        from: "2026-04-01".into(),
        until: String::new(),
        errors,
    }
}

fn leaderboard(chrome: Chrome, boards: bool) -> LeaderboardPage {
    let place = |rank, name: &str, percent: &str, is_self| PlaceRow {
        rank,
        name: s(name),
        gauge: Gauge { label: s("Attainment"), percent: dec(percent), shown: format!("{percent}%"), note: String::new() },
        is_self,
    };
    let board = BoardView {
        number: 0,
        program: s("Field sales 2026"),
        period: "March 2026".into(),
        places: vec![place(1, "Tunde Okafor", "110.4", false), place(2, "Mara Quill", "87", true)],
    };
    LeaderboardPage { is_public: chrome.is_payee(), chrome, boards: if boards { vec![board] } else { Vec::new() } }
}

fn told() -> StatementsPage {
    StatementsPage {
        announcements: vec![notice(Tone::Info, "Contest in April", "50 for each new customer.", "")],
        chrome: payee_chrome("/statements"),
        q: String::new(),
        periods: Vec::new(),
        chart: crate::pages::charts::BarChart::default(),
        rows: Vec::new(),
        pager: Pager::default(),
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let operator = || chrome(Nav::Enquiries, "/enquiries");
    let payee = || payee_chrome("/enquiries");
    let wrong = |field: &str| FormErrors::one(field, &s("That cannot be."));
    vec![
        drawn("enquiries", &enquiries(operator(), true)),
        drawn("enquiries-none", &enquiries(operator(), false)),
        drawn("enquiries-payee", &enquiries(payee(), true)),
        drawn("enquiries-payee-none", &enquiries(payee(), false)),
        drawn("enquiry-form", &form(FormErrors::none())),
        drawn("enquiry-form-refused", &form(wrong("text"))),
        drawn("enquiry", &enquiry(operator(), true, FormErrors::none())),
        drawn("enquiry-refused", &enquiry(operator(), true, wrong("fix"))),
        drawn("enquiry-payee", &enquiry(payee(), false, FormErrors::none())),
        drawn("enquiry-nothing", &enquiry(payee(), false, wrong("text"))),
        drawn("announcements", &announcements(true, FormErrors::none())),
        drawn("announcements-none", &announcements(false, FormErrors::none())),
        drawn("announcements-refused", &announcements(true, wrong("until"))),
        drawn("leaderboard", &leaderboard(operator(), true)),
        drawn("leaderboard-payee", &leaderboard(payee(), true)),
        drawn("leaderboard-none", &leaderboard(payee(), false)),
        drawn("statements-told", &told()),
    ]
}
