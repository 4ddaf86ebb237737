//! Programs.

use super::{chrome, dec, drawn, fact, s};
use crate::pages::charts::{StepChart, TierStep};
use crate::pages::programs::{
    PlanTest, ProgramEditPage, ProgramPage, ProgramRow, ProgramsPage, RuleWords, StateCard, StateMove, VersionRow, document_lines,
};
use crate::pages::{Badge, FormErrors, Nav, Pager, Tone};

pub(crate) const DOCUMENT: &str = r#"# Field sales, from January 2026.
name = "Field sales 2026"
currency = "EUR"
period = "monthly"
quota = 100000

[[rule]]
id = "field-revenue"
when = "sale.status != 'refunded'"
credit = { owners = ["owner1"], split = "equal" }
basis = "revenue"

[rule.tiers]
accumulate = "accumulated"
mode = "marginal"
bands = [
  { to = 100000, rate = "5%" },
  { to = 125000, rate = "6%" },
  { rate = "7%" },
]

[[test]]
name = "accelerator"
period = "2026-01"
sales = [{ owner = "Ana", revenue = 150000 }]
expect = { Ana = 8250 }
"#;

pub(crate) fn tiers() -> StepChart {
    let step = |from: &str, to: Option<&str>, rate: &str, from_shown: &str| TierStep {
        from: dec(from),
        to: to.map(dec),
        rate: dec(rate),
        rate_shown: format!("{rate}%"),
        from_shown: from_shown.into(),
    };
    StepChart {
        title: s("Tiers of field-revenue"),
        description: s("Marginal: each tier pays its own band. Accumulated over the month."),
        measure: "Revenue, EUR".into(),
        steps: vec![
            step("0", Some("100000"), "5", "0"),
            step("100000", Some("125000"), "6", "100,000"),
            step("125000", None, "7", "125,000"),
        ],
        marker: None,
    }
}

fn rules() -> Vec<RuleWords> {
    vec![
        RuleWords {
            name: s("field-revenue"),
            words: vec![
                fact("Who", "the owner of the sale; several owners share equally"),
                fact("Which sales", "those that meet the condition"),
                fact("On what", "revenue, measured against a quota of 100,000.00 EUR"),
                fact("How much", "5% up to 100,000, then 6%, above 125,000 7%"),
            ],
            condition: s("sale.status != 'refunded'"),
            tiers: tiers(),
        },
        RuleWords {
            name: s("new-business-bonus"),
            words: vec![fact("Who", "the owner of the sale"), fact("On what", "each sale"), fact("How much", "250.00 EUR flat")],
            condition: s("sale.status == \"won\" && sale.revenue >= 20000"),
            tiers: StepChart::default(),
        },
    ]
}

fn tests(fail: bool) -> Vec<PlanTest> {
    vec![
        PlanTest { name: s("accelerator"), passed: true, expected: "8,250.00".into(), got: "8,250.00".into(), detail: String::new() },
        PlanTest {
            name: s("two owners on one order"),
            passed: !fail,
            expected: "0.88".into(),
            got: if fail { "1.76" } else { "0.88" }.into(),
            detail: if fail { s("Ben: stated 0.88, computed 1.76. Parts are not divided: split is \"full\".") } else { String::new() },
        },
    ]
}

fn programs() -> ProgramsPage {
    let row = |id: &str, name: &str, kind: &str, status, version: &str, payees: &str, tests| ProgramRow {
        id: id.into(),
        name: s(name),
        kind: s(kind),
        status,
        version: version.into(),
        payees: payees.into(),
        changed: s("28 Mar 2026 by Ines Albrecht"),
        tests,
    };
    ProgramsPage {
        chrome: chrome(Nav::Programs, "/programs"),
        rows: vec![
            row(
                "prog_1",
                "Field sales 2026",
                "Commission plan, monthly",
                Badge::new("Active", Tone::Good),
                "v3",
                "12 payees",
                Badge::new("6 of 6 pass", Tone::Good),
            ),
            row(
                "prog_2",
                "Manager override",
                "Commission plan, monthly",
                Badge::new("Active", Tone::Good),
                "v1",
                "3 managers",
                Badge::new("2 of 2 pass", Tone::Good),
            ),
            row(
                "prog_3",
                "Partner referrals",
                "Commission plan, quarterly",
                Badge::new("Draft", Tone::Neutral),
                "v2",
                "nobody yet",
                Badge::new("1 of 4 fails", Tone::Bad),
            ),
        ],
        pager: Pager::default(),
    }
}

fn program() -> ProgramPage {
    let version = |number, when: &str, note: &str, used: &str, here| VersionRow {
        number,
        when: when.into(),
        who: s("Ines Albrecht"),
        note: s(note),
        applies: "1 Mar 2026".into(),
        used: used.into(),
        here,
    };
    ProgramPage {
        chrome: chrome(Nav::Programs, "/programs/prog_1"),
        id: "prog_1".into(),
        name: s("Field sales 2026"),
        status: Badge::new("Active", Tone::Good),
        state: StateCard {
            from: "active".into(),
            text: "Calculated by hand, and again by itself when facts change.".into(),
            moves: vec![
                StateMove { to: "paused".into(), button: "Pause".into(), asks_period: false },
                StateMove { to: "completed".into(), button: "Complete".into(), asks_period: true },
            ],
        },
        version: "v3".into(),
        old: false,
        facts: vec![
            fact("Kind", "Commission plan"),
            fact("Period", "Month, Europe/Berlin"),
            fact("Payees", "12 reps"),
            fact("Rounding", "half up, once per reward"),
            fact("Paid in", "EUR"),
        ],
        rules: rules(),
        tests: tests(false),
        lines: document_lines(&s(DOCUMENT), &[]),
        versions: vec![
            version(3, "28 Mar 2026", "Raised the third tier to 7%", "frozen in 1 calculation", true),
            version(2, "2 Feb 2026", "", "frozen in 1 calculation", false),
            version(1, "4 Jan 2026", "First version", "frozen in 1 calculation", false),
        ],
    }
}

fn edit(broken: bool) -> ProgramEditPage {
    let errors = if broken {
        FormErrors(vec![("document".into(), "Line 19: the tiers leave a gap between 100000 and 110000. Tiers have no gaps.".into())])
    } else {
        FormErrors::none()
    };
    let wrong = if broken {
        document_lines(&s(DOCUMENT), &[(19, s("The tiers leave a gap between 100000 and 110000."))]).into_iter().skip(15).take(7).collect()
    } else {
        Vec::new()
    };
    ProgramEditPage {
        chrome: chrome(Nav::Programs, "/programs/prog_1/edit"),
        id: "prog_1".into(),
        name: s("Field sales 2026"),
        document: s(DOCUMENT),
        note: s("Raised the third tier"),
        from: s("2026-04-01"),
        wrong,
        knobs: super::workflow::knobs(),
        errors,
        warnings: if broken { Vec::new() } else { vec![s("Line 20: `rate` is 500%, more than the whole; for 5 % write \"5%\".")] },
        checked: !broken,
        rules: if broken { Vec::new() } else { rules() },
        tests: if broken { Vec::new() } else { tests(true) },
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    vec![
        drawn("programs", &programs()),
        drawn("program", &program()),
        drawn("program-old", &ProgramPage { old: true, tests: tests(true), ..program() }),
        drawn("program-edit", &edit(false)),
        drawn("program-edit-broken", &edit(true)),
    ]
}
