//! Adjustments: the list, the form, the sheet, and taking sales back.

use super::{chrome, drawn, eur, fact, figure, link, s};
use crate::pages::adjustments::{
    AdjustmentFormPage, AdjustmentRow, AdjustmentSheetPage, AdjustmentsPage, ClawbackPage, Preview, PreviewRow,
};
use crate::pages::imports::RowError;
use crate::pages::people::{VariablesPage, VariablesSeen};
use crate::pages::projection::{EnrolledRow, EnrollmentPage, KeptRow, Projected, ProjectedRow, ProjectionPage};
use crate::pages::{Badge, Choice, FormErrors, Link, Nav, Pager, Tone};

fn programs() -> Vec<Choice> {
    vec![Choice::new("prog_1", &s("Field sales 2026"), true)]
}

fn periods() -> Vec<Choice> {
    vec![Choice::new("2026-03", "March 2026", true), Choice::new("2026-02", "February 2026", false)]
}

fn row(id: &str, label: &str, kind: &str, minor: i64, sale: Link, state: Badge) -> AdjustmentRow {
    AdjustmentRow {
        id: id.into(),
        payee: link("Mara Quill", "/statements/rep_1/2026-03"),
        label: s(label),
        program: s("Field sales 2026"),
        period: "March 2026".into(),
        kind: kind.into(),
        origin: if sale.text.is_empty() { String::new() } else { "earned 240.00 EUR in January 2026".into() },
        sale,
        amount: eur(minor),
        state,
        when: "today, 09:14".into(),
        who: s("Ines Albrecht"),
    }
}

fn list(rows: Vec<AdjustmentRow>, active: bool) -> AdjustmentsPage {
    AdjustmentsPage {
        chrome: chrome(Nav::Adjustments, "/adjustments"),
        programs: programs(),
        periods: periods(),
        q: s(""),
        active,
        totals: vec![eur(13_000)],
        rows,
        pager: Pager::default(),
        can_add: true,
    }
}

fn form(errors: FormErrors) -> AdjustmentFormPage {
    let kind = |value: &str, label: &str, note: &str, selected| Choice { note: note.into(), ..Choice::new(value, label, selected) };
    AdjustmentFormPage {
        chrome: chrome(Nav::Adjustments, "/adjustments/new"),
        programs: programs(),
        periods: periods(),
        payees: vec![Choice::new("", "Choose…", true), Choice::new("rep_1", &s("Mara Quill"), false)],
        kinds: vec![kind("adjustment", "Adjustment", "Adds or takes.", true), kind("bonus", "Bonus", "By hand.", false)],
        amount: s("-40.00"),
        to: s(""),
        label: s("Agreed discount"),
        sale: s("23-12345-13001"),
        rules: vec![Choice::new("own", &s("Own sales"), true), Choice::new("team", &s("Team"), false)],
        facts: vec![fact("Earns by this sale now", "724.00 EUR in March 2026")],
        once: "7c1".into(),
        back: "/adjustments".into(),
        errors,
    }
}

fn preview(rows: usize, errors: usize) -> Preview {
    let row = |line: u64| PreviewRow {
        line,
        payee: s("Mara Quill"),
        period: "March 2026".into(),
        kind: "Clawback".into(),
        label: s("Cancelled"),
        sale: link("23-12345-13001", "/sales/sale_1"),
        origin: "earned 240.00 EUR in January 2026".into(),
        amount: eur(-24_000),
    };
    let error = |line: u64| RowError {
        line,
        column: "sale".into(),
        value: s("23-0"),
        code: "sale_unknown".into(),
        text: s("There is no sale of this number."),
    };
    Preview { rows: (2..).take(rows).map(row).collect(), errors: (7..).take(errors).map(error).collect(), total: eur(-24_000) }
}

fn sheet(preview: Option<Preview>, errors: FormErrors) -> AdjustmentSheetPage {
    AdjustmentSheetPage {
        chrome: chrome(Nav::Adjustments, "/adjustments/sheet"),
        programs: programs(),
        periods: periods(),
        decimals: vec![Choice::new("", "As the sheet shows", true)],
        pasted: s("who,amount,label"),
        kept: if preview.is_some() { "ab12".into() } else { String::new() },
        once: "7c2".into(),
        preview,
        errors,
    }
}

fn clawback(preview: Option<Preview>, errors: FormErrors) -> ClawbackPage {
    ClawbackPage {
        chrome: chrome(Nav::Adjustments, "/adjustments/clawback"),
        programs: programs(),
        periods: periods(),
        how: vec![Choice::new("full", "All of it", true), Choice::new("term", "The unserved part of a contract", false)],
        share: s("50%"),
        months: s("12"),
        on: s("2026-03-15"),
        label: s("Cancelled within the first year"),
        pasted: s("23-12345-13001"),
        kept: String::new(),
        once: "7c3".into(),
        preview,
        errors,
    }
}

fn projection(result: Option<Projected>, errors: FormErrors) -> ProjectionPage {
    ProjectionPage {
        chrome: chrome(Nav::Programs, "/programs/prog_1/projection"),
        id: "prog_1".into(),
        name: s("Field sales 2026"),
        periods: periods(),
        from: s("2026-03-16"),
        key: s("a1b2c3d4"),
        kept: if result.is_some() {
            vec![KeptRow {
                period: "March 2026".into(),
                from: "16 Mar 2026".into(),
                when: s("today, 09:14 by Ines Albrecht"),
                href: "/programs/prog_1/projection?key=a1b2c3d4".into(),
            }]
        } else {
            Vec::new()
        },
        result,
        errors,
    }
}

fn projected() -> Projected {
    let row = ProjectedRow {
        payee: link("Mara Quill", "/statements/rep_1/2026-03"),
        so_far: eur(210_000),
        projected: eur(420_000),
        adds: eur(210_000),
        attainment: "104.2%".into(),
    };
    Projected {
        period: "March 2026".into(),
        figures: vec![figure("So far", "2,100.00", "EUR", "40 sales", "")],
        rows: vec![row],
        key: s("a1b2c3d4"),
    }
}

fn enrollment(rows: Vec<EnrolledRow>, errors: FormErrors) -> EnrollmentPage {
    EnrollmentPage {
        chrome: chrome(Nav::Programs, "/programs/prog_1/enrollment"),
        id: "prog_1".into(),
        name: s("Field sales 2026"),
        required: !rows.is_empty(),
        rows,
        day: "2026-04-01".into(),
        errors,
    }
}

fn variables(seen: Option<VariablesSeen>, errors: FormErrors) -> VariablesPage {
    VariablesPage {
        chrome: chrome(Nav::People, "/people/variables"),
        decimals: vec![Choice::new("", "As the sheet shows", true)],
        pasted: s("who,name,value"),
        kept: String::new(),
        seen,
        errors,
    }
}

fn figures() -> VariablesSeen {
    VariablesSeen { created: 2, changed: 1, unchanged: 4, errors: preview(0, 1).errors }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let wrong = |field: &str| FormErrors::one(field, &s("That cannot be."));
    let rows = vec![
        row("adj_1", "Trade fair", "Bonus", 25_000, Link::default(), Badge::new("Counts", Tone::Good)),
        row("adj_2", "Cancelled", "Clawback", -12_000, link("23-12345-13001", "/sales/sale_1"), Badge::new("Lapsed", Tone::Warn)),
    ];
    vec![
        drawn("adjustments", &list(rows, false)),
        drawn("adjustments-empty", &list(Vec::new(), false)),
        drawn("adjustments-none-match", &list(Vec::new(), true)),
        drawn("adjustments-no-plan", &AdjustmentsPage { can_add: false, ..list(Vec::new(), false) }),
        drawn("adjustment-form", &form(FormErrors::none())),
        drawn("adjustment-refused", &form(wrong("amount"))),
        drawn("adjustment-sheet", &sheet(None, FormErrors::none())),
        drawn("adjustment-sheet-preview", &sheet(Some(preview(2, 1)), FormErrors::none())),
        drawn("adjustment-sheet-nothing", &sheet(Some(preview(0, 1)), FormErrors::none())),
        drawn("adjustment-sheet-refused", &sheet(None, wrong("file"))),
        drawn("clawback", &clawback(None, FormErrors::none())),
        drawn("clawback-preview", &clawback(Some(preview(1, 0)), FormErrors::none())),
        drawn("clawback-refused", &clawback(None, wrong("share"))),
        drawn("projection", &projection(None, FormErrors::none())),
        drawn("projection-answer", &projection(Some(projected()), FormErrors::none())),
        drawn("projection-nobody", &projection(Some(Projected::default()), FormErrors::none())),
        drawn("projection-refused", &projection(None, wrong("key"))),
        drawn(
            "enrollment",
            &enrollment(
                vec![EnrolledRow {
                    id: "rep_1".into(),
                    rep: link("Mara Quill", "/reps/rep_1"),
                    state: Badge::new("Enrolled", Tone::Good),
                    days: "from 1 Jan 2026".into(),
                }],
                wrong("rep"),
            ),
        ),
        drawn("enrollment-empty", &enrollment(Vec::new(), FormErrors::none())),
        drawn("variables", &variables(None, FormErrors::none())),
        drawn("variables-seen", &variables(Some(figures()), FormErrors::none())),
        drawn("variables-refused", &variables(None, wrong("file"))),
    ]
}
