//! Sales and people.

use super::{chrome, drawn, eur, fact, fact_to, link, notice, pay, s, texts};
use crate::pages::explain::Miss;
use crate::pages::parties::{CandidateRow, PartiesPage, PartyAccount, PartyLine, PartyPage, PartyRow, RoleRow};
use crate::pages::people::{InvitePage, MembershipField, PeoplePage, RepFormPage, RepRow, TeamFormPage, TeamRow};
use crate::pages::rates::{RateRow, RatesPage};
use crate::pages::sales::{OriginalColumn, SaleAdjustment, SalePage, SaleRow, SaleVersion, SalesFilter, SalesPage, Scope};
use crate::pages::{Badge, Change, Choice, FormErrors, Nav, Pager, Tone};

pub(crate) fn filter(active: bool) -> SalesFilter {
    SalesFilter {
        q: if active { s("Kontor") } else { String::new() },
        from: "2026-03-01".into(),
        to: "2026-03-31".into(),
        sources: vec![Choice::new("", "All", true), Choice::new("src_1", &s("Webshop"), false)],
        credited: vec![Choice::new("", "All", true), Choice::new("yes", "Credited", false), Choice::new("no", "Not credited", false)],
        scopes: if active {
            vec![Scope { field: "import".into(), value: s("imp_7"), words: s("from orders-march.csv") }]
        } else {
            Vec::new()
        },
        errors: FormErrors::none(),
        active,
    }
}

fn sales() -> SalesPage {
    let row = |id: &str, date: &str, unique: &str, customer: &str, product: &str, owners: &str, minor, credited| SaleRow {
        id: id.into(),
        date: date.into(),
        unique_id: s(unique),
        customer: s(customer),
        product: s(product),
        owners: s(owners),
        revenue: eur(minor),
        source: s("Webshop"),
        credited,
    };
    let yes = || Badge::new("Credited", Tone::Good);
    SalesPage {
        chrome: chrome(Nav::Sales, "/sales?from=2026-03-01"),
        filter: filter(true),
        rows: vec![
            row("sale_1", "31 Mar 2026", "23-12345-13001", "Kontor Nord GmbH", "Pressure gauge P40", "Mara Quill", 1_240_000, yes()),
            row("sale_2", "31 Mar 2026", "23-12345-13000", "Änne Muster", "Calibration kit", "T. Okafor, Mara Quill", 88_205, yes()),
            row(
                "sale_3",
                "30 Mar 2026",
                "23-12345-12999",
                "Brauerei Seeblick",
                "Flow meter F2",
                "Kowalski, P.",
                312_000,
                Badge::new("Not credited", Tone::Warn),
            ),
            row("sale_4", "30 Mar 2026", "23-12345-12998", "Kontor Nord GmbH", "", "Ada Reyes", -48_000, yes()),
            row(
                "sale_5",
                "29 Mar 2026",
                "23-12345-12997",
                "Labor Weiß",
                "Sensor S1",
                "",
                5_990,
                Badge::new("Not calculated", Tone::Neutral),
            ),
        ],
        found: "1,740 sales".into(),
        sums: vec![eur(21_844_107)],
        pager: Pager { newer: Some("/sales?before=sale_1".into()), older: Some("/sales?after=sale_5".into()) },
    }
}

fn misses() -> Vec<Miss> {
    vec![
        Miss {
            program: link("Field sales 2026", "/programs/prog_1"),
            rule: s("new-business-bonus"),
            reason: s("The condition of the rule is not met."),
            condition: s("sale.status == \"won\" && sale.revenue >= 20000"),
            found: s("sale.revenue = 12400.00"),
            tone: Tone::Neutral,
            fix: link("", ""),
        },
        Miss {
            program: link("Partner referrals", "/programs/prog_3"),
            rule: String::new(),
            reason: s("The owner “Kowalski, P.” is known by no rep."),
            condition: String::new(),
            found: String::new(),
            tone: Tone::Warn,
            fix: link("Give it to a rep", "/people?q=Kowalski"),
        },
    ]
}

fn sale() -> SalePage {
    let original = |name: &str, value: &str, target: &str| OriginalColumn { name: s(name), value: s(value), target: target.into() };
    SalePage {
        chrome: chrome(Nav::Sales, "/sales/sale_1"),
        id: "sale_1".into(),
        title: s("23-12345-13001"),
        about: s("Kontor Nord GmbH, 31 March 2026"),
        revenue: eur(1_240_000),
        status: Badge::new(&s("won"), Tone::Good),
        facts: vec![
            fact("Date", "31 March 2026"),
            fact("Customer", "Kontor Nord GmbH"),
            fact("Product", "Pressure gauge P40"),
            fact("Quantity", "40"),
            fact_to("Owner", "Mara Quill", "/reps/rep_1"),
            fact("Territory", "DE"),
        ],
        origin: vec![
            fact_to("File", "orders-march.csv, line 118", "/imports/imp_7"),
            fact_to("Source", "Webshop", "/sources/src_1"),
            fact("Stored", "1 April 2026, 07:58 by Ines Albrecht"),
        ],
        original: vec![
            original("Bestellnummer", "23-12345-13001", "Unique id"),
            original("Verkauft am", "31-Mär-26", "Date"),
            original("Nettobetrag", "12.400,00 €", "Revenue"),
            original("Zahlungsdatum", "", ""),
            original("Bemerkung", "Lieferung frei Haus, Rückfragen an Hr. Seidel; bitte vorher anrufen", ""),
        ],
        versions: vec![
            SaleVersion {
                number: 2,
                when: "1 Apr 2026, 07:58".into(),
                by: link("orders-march.csv", "/imports/imp_7"),
                changes: vec![
                    Change { field: "Revenue".into(), before: Some(s("11,900.00 EUR")), after: Some(s("12,400.00 EUR")) },
                    Change { field: "Status".into(), before: None, after: Some(s("won")) },
                ],
            },
            SaleVersion { number: 1, when: "28 Mar 2026, 18:30".into(), by: link("API key ERP nightly", "/keys"), changes: Vec::new() },
        ],
        credits: vec![pay::tiered_credit(), pay::override_credit()],
        misses: misses(),
        adjustments: vec![SaleAdjustment {
            payee: link("Mara Quill", "/statements/rep_1/2026-04"),
            label: "Cancelled in April".into(),
            kind: "Clawback, earned in March 2026".into(),
            period: "April 2026".into(),
            amount: eur(-24_800),
        }],
        pending: false,
        clawback: "/adjustments/clawback?sale=sale_1".into(),
    }
}

fn people() -> PeoplePage {
    let rep = |id: &str, name: &str, email: &str, team: &str, manager: &str, aliases: &[&str], status| RepRow {
        id: id.into(),
        name: s(name),
        email: s(email),
        teams: if team.is_empty() { Vec::new() } else { vec![link(team, "/teams/team_1")] },
        manager: s(manager),
        aliases: texts(aliases),
        status,
    };
    let active = || Badge::new("Active", Tone::Good);
    let team = |id: &str, name: &str, depth, manager: &str, members: &[&str], aliases: &[&str]| TeamRow {
        id: id.into(),
        name: s(name),
        depth,
        manager: s(manager),
        members: texts(members),
        aliases: texts(aliases),
    };
    PeoplePage {
        chrome: chrome(Nav::People, "/people"),
        q: String::new(),
        reps_shown: "4".into(),
        pager: Pager::default(),
        reps: vec![
            rep(
                "rep_4",
                "Ada Reyes",
                "ada@halden.example",
                "South",
                "Linnea Dahl",
                &["Ada Reyes", "ada@halden.example", "AR-04"],
                active(),
            ),
            rep("rep_5", "Jack Smith", "jack@halden.example", "North", "Sven Holm", &["Jack Smith", "J. Smith"], active()),
            rep(
                "rep_1",
                "Mara Quill",
                "mara@halden.example",
                "North",
                "Sven Holm",
                &["Mara Quill", "mara@halden.example", "M. Quill", "1001"],
                active(),
            ),
            rep("rep_9", "Petra Lang", "", "", "", &["Petra Lang"], Badge::new("Left", Tone::Neutral)),
        ],
        teams: vec![
            team("team_0", "Field", 0, "Ruth Adeyemi", &[], &[]),
            team("team_1", "North", 1, "Sven Holm", &["Jack Smith", "Mara Quill", "Tunde Okafor"], &["North", "DE-North", "Denmark"]),
            team("team_2", "South", 1, "Linnea Dahl", &["Ada Reyes"], &["South", "AT", "CH"]),
        ],
        alerts: vec![
            notice(
                Tone::Bad,
                "“J. Smith” names two reps",
                "Jack Smith and Joan Smith share this alias. Nobody is credited for 9 sales until one gives it up.",
                "/reps/rep_5",
            ),
            notice(Tone::Warn, "“Kowalski, P.” is nobody’s alias", "14 sales of the last 30 days name it.", "/sales?q=Kowalski"),
        ],
    }
}

pub(crate) fn rep_form(errors: FormErrors) -> RepFormPage {
    let teams = |chosen: bool| {
        vec![Choice::new("", "–", !chosen), Choice::new("team_1", &s("North"), chosen), Choice::new("team_2", &s("South"), false)]
    };
    RepFormPage {
        chrome: chrome(Nav::People, "/reps/rep_5"),
        id: "rep_5".into(),
        name: s("Jack Smith"),
        email: s("jack@halden.example"),
        aliases: s("Jack Smith\njack@halden.example\nJ. Smith"),
        managers: vec![Choice::new("", "Nobody", false), Choice::new("rep_2", &s("Sven Holm"), true)],
        memberships: vec![
            MembershipField { teams: teams(true), from: "2025-01-01".into(), until: String::new() },
            MembershipField { teams: teams(false), from: String::new(), until: String::new() },
        ],
        external_id: s("4711"),
        currency: "EUR".into(),
        tags: s("field, north"),
        variables: s("quota = 100000 from 2026-01-01"),
        active: true,
        can_invite: true,
        alerts: Vec::new(),
        errors,
    }
}

fn team_form() -> TeamFormPage {
    TeamFormPage {
        chrome: chrome(Nav::People, "/teams/team_1"),
        id: "team_1".into(),
        name: s("North"),
        aliases: s("North\nDE-North\nDenmark"),
        parents: vec![Choice::new("", "No team", false), Choice::new("team_0", &s("Field"), true)],
        managers: vec![Choice::new("", "Nobody", false), Choice::new("rep_2", &s("Sven Holm"), true)],
        members: vec![link("Jack Smith", "/reps/rep_5"), link("Mara Quill", "/reps/rep_1")],
        alerts: Vec::new(),
        errors: FormErrors::none(),
    }
}

fn invite() -> InvitePage {
    InvitePage {
        chrome: chrome(Nav::People, "/reps/rep_5/invite"),
        id: "rep_5".into(),
        name: s("Jack Smith"),
        url: s("https://meed.halden.example/welcome/7QxW2mD0rT5kYb8ZcVn4hJpLs9aGfE3u"),
        valid: "7 days".into(),
    }
}

fn rates(errors: FormErrors) -> RatesPage {
    let row = |from: &str, day: &str, rate: &str| RateRow { from: from.into(), to: "EUR".into(), day: day.into(), rate: rate.into() };
    RatesPage {
        chrome: chrome(Nav::People, "/rates"),
        rows: vec![row("DKK", "2026-03-01", "0.134"), row("USD", "2026-03-01", "0.9232"), row("USD", "2026-02-01", "0.9197")],
        shown: "3".into(),
        can_change: true,
        from: "GBP".into(),
        to: "EUR".into(),
        day: "2026-04-01".into(),
        rate: "1.17".into(),
        errors,
    }
}

fn parties(errors: FormErrors) -> PartiesPage {
    PartiesPage {
        chrome: chrome(Nav::People, "/parties"),
        rows: vec![PartyRow {
            id: "rep_1".into(),
            roles: vec![link("Rep Mara Quill", "/reps/rep_1"), link("Participant Mara Quill", "/participants/par_1")],
            reason: s("Shops here, too"),
            linked: s("today, 08:12 by Ines Albrecht"),
        }],
        candidates: vec![CandidateRow {
            rep: "rep_5".into(),
            rep_name: s("Jack Smith"),
            participant: "par_5".into(),
            participant_name: s("J. Smith"),
            common: s("Same e-mail address: jack@halden.example"),
        }],
        may_link: true,
        typed: [s("Jack"), s("RP5"), s("")],
        errors,
    }
}

fn party() -> PartyPage {
    let line = |what: &str, minor| PartyLine { when: "today, 08:12".into(), what: what.into(), amount: eur(minor) };
    PartyPage {
        chrome: chrome(Nav::People, "/parties/rep_1"),
        id: "rep_1".into(),
        name: s("Mara Quill"),
        facts: vec![fact_to("Rep", "Mara Quill", "/reps/rep_1"), fact("Why", "Shops here, too")],
        may_unlink: true,
        days: ["2026-04-01".into(), String::new()],
        rows: vec![RoleRow {
            role: link("Rep Mara Quill", "/reps/rep_1"),
            flow: [0, 15_000, 0, 10_000, 0, 5000].map(eur),
            stands: [5000, 0, 0].map(eur),
        }],
        totals: vec![[0, 5000, 5000].map(eur)],
        accounts: vec![
            PartyAccount {
                name: "Rep: accrued, EUR".into(),
                opening: eur(0),
                closing: eur(5000),
                lines: vec![line("Credited", 15_000), line("Released", -10_000)],
                more: 3,
            },
            PartyAccount { name: "Rep: payable, EUR".into(), ..PartyAccount::default() },
        ],
        errors: FormErrors::none(),
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let refused = RepFormPage {
        alerts: vec![notice(
            Tone::Bad,
            "“J. Smith” is Joan Smith’s alias too",
            "It credits nobody until one of them gives it up.",
            "/reps/rep_6",
        )],
        ..rep_form(FormErrors(vec![
            ("email".into(), "This is not an e-mail address.".into()),
            ("aliases".into(), s("An alias is longer than 200 characters.")),
        ]))
    };
    vec![
        drawn("sales", &sales()),
        drawn("sale", &sale()),
        drawn("people", &people()),
        drawn("rep-form", &rep_form(FormErrors::none())),
        drawn("rep-form-refused", &refused),
        drawn("team-form", &team_form()),
        drawn("invite", &invite()),
        drawn("rates", &rates(FormErrors::none())),
        drawn("parties", &parties(FormErrors::none())),
        drawn("parties-refused", &parties(FormErrors(vec![("rep".into(), "No rep, or more than one, goes by this.".into())]))),
        drawn("party", &party()),
        drawn("rates-refused", &rates(FormErrors(vec![("rate".into(), "“1,17” is not a number such as 1.0832.".into())]))),
    ]
}
