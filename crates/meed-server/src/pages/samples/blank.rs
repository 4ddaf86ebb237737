//! The same pages with nothing in them.

use super::{admin, chrome, drawn, payee_chrome, step};
use crate::pages::audit::AuditPage;
use crate::pages::calculations::{CalculationPage, CalculationStatus, CalculationsPage, ReleasePage};
use crate::pages::charts::{BarChart, RankChart};
use crate::pages::exports::ExportsPage;
use crate::pages::imports::{DryRunPage, ImportCounts, ImportsPage, UploadPage};
use crate::pages::keys::KeysPage;
use crate::pages::mapping::{MappingPage, Reading, Said};
use crate::pages::overview::OverviewPage;
use crate::pages::people::{PeoplePage, RepFormPage, TeamFormPage};
use crate::pages::programs::{ProgramEditPage, ProgramPage, ProgramsPage, StateCard};
use crate::pages::sales::{SalePage, SalesFilter, SalesPage};
use crate::pages::sources::{SourcePage, SourcesPage};
use crate::pages::statements::{StatementPage, StatementsPage};
use crate::pages::{Amount, Badge, Choice, FormErrors, Link, Nav, Pager};

fn overview() -> OverviewPage {
    OverviewPage {
        chrome: chrome(Nav::Overview, "/"),
        period: "April 2026".into(),
        headlines: Vec::new(),
        steps: vec![
            step("Import your sales", "Drop the export you already have: CSV or Excel, in any layout.", "/imports/new", true),
            step("Say who sells", "Reps, teams and the names by which sales know them.", "/people", false),
            step("Write a program", "Who is credited, for which sales, at which rate. A sample is waiting.", "/programs/new", false),
            step("Calculate, review, release", "See who earned what and why, then download the payroll file.", "/calculations", false),
        ],
        empty: true,
        credited: BarChart::default(),
        payees: RankChart::default(),
        imported: BarChart::default(),
        alerts: Vec::new(),
        alerts_total: 0,
        calculations: Vec::new(),
    }
}

fn intake() -> Vec<(&'static str, String)> {
    vec![
        drawn("overview-empty", &overview()),
        drawn("overview-quiet", &OverviewPage { empty: false, steps: Vec::new(), ..overview() }),
        drawn("imports-empty", &ImportsPage { chrome: chrome(Nav::Imports, "/imports"), rows: Vec::new(), pager: Pager::default() }),
        drawn(
            "upload-first",
            &UploadPage {
                chrome: chrome(Nav::Imports, "/imports/new"),
                sources: vec![Choice::new("file", "As the file tells", true), Choice::new("new", "A new source…", false)],
                source_name: String::new(),
                max_size: "1 GB".into(),
                recent: Vec::new(),
                errors: FormErrors::none(),
            },
        ),
        drawn(
            "mapping-empty",
            &MappingPage {
                chrome: chrome(Nav::Imports, "/imports/imp_1/mapping"),
                id: "imp_1".into(),
                file: "x.csv".into(),
                size: String::new(),
                source: "Shop".into(),
                rows_found: "0 rows".into(),
                reading: Reading::default(),
                rows: Vec::new(),
                skipped: Vec::new(),
                skipped_total: 0,
                columns: Vec::new(),
                targets: Vec::new(),
                said: Said::default(),
                warnings: Vec::new(),
                errors: Vec::new(),
                remembered: String::new(),
            },
        ),
        drawn(
            "dry-run-nothing",
            &DryRunPage {
                chrome: chrome(Nav::Imports, "/imports/imp_1/preview"),
                id: "imp_1".into(),
                file: "x.csv".into(),
                source: "Shop".into(),
                counts: ImportCounts { fail: 3, ..ImportCounts::default() },
                revenue: Vec::new(),
                first_day: String::new(),
                last_day: String::new(),
                notices: Vec::new(),
                sales: Vec::new(),
                errors: Vec::new(),
            },
        ),
        drawn("sources-empty", &SourcesPage { chrome: chrome(Nav::Sources, "/sources"), rows: Vec::new() }),
        drawn(
            "source-new",
            &SourcePage {
                chrome: chrome(Nav::Sources, "/sources/new"),
                id: String::new(),
                name: String::new(),
                currency: String::new(),
                time_zone: String::new(),
                owner: String::new(),
                date_orders: Vec::new(),
                layouts: Vec::new(),
                imports: Vec::new(),
                errors: FormErrors::none(),
            },
        ),
        drawn(
            "sales-empty",
            &SalesPage {
                chrome: chrome(Nav::Sales, "/sales"),
                filter: SalesFilter::default(),
                rows: Vec::new(),
                found: String::new(),
                sums: Vec::new(),
                pager: Pager::default(),
            },
        ),
        drawn(
            "sales-no-match",
            &SalesPage {
                chrome: chrome(Nav::Sales, "/sales"),
                filter: super::selling::filter(true),
                rows: Vec::new(),
                found: String::new(),
                sums: Vec::new(),
                pager: Pager::default(),
            },
        ),
        drawn(
            "sale-pending",
            &SalePage {
                chrome: chrome(Nav::Sales, "/sales/sale_1"),
                id: "sale_1".into(),
                title: "A-1".into(),
                about: String::new(),
                revenue: Amount::minor(0, 2, "EUR"),
                status: Badge::default(),
                facts: Vec::new(),
                origin: Vec::new(),
                original: Vec::new(),
                versions: Vec::new(),
                credits: Vec::new(),
                misses: Vec::new(),
                pending: true,
                adjustments: Vec::new(),
                clawback: String::new(),
            },
        ),
        drawn(
            "people-empty",
            &PeoplePage {
                chrome: chrome(Nav::People, "/people"),
                q: String::new(),
                reps: Vec::new(),
                reps_shown: "0".into(),
                pager: Pager::default(),
                teams: Vec::new(),
                alerts: Vec::new(),
            },
        ),
        drawn(
            "rep-new",
            &RepFormPage {
                chrome: chrome(Nav::People, "/reps/new"),
                id: String::new(),
                name: String::new(),
                can_invite: false,
                ..super::selling::rep_form(FormErrors::none())
            },
        ),
        drawn(
            "team-new",
            &TeamFormPage {
                chrome: chrome(Nav::People, "/teams/new"),
                id: String::new(),
                name: String::new(),
                aliases: String::new(),
                parents: Vec::new(),
                managers: Vec::new(),
                members: Vec::new(),
                alerts: Vec::new(),
                errors: FormErrors::none(),
            },
        ),
    ]
}

fn paying() -> Vec<(&'static str, String)> {
    let calculation = CalculationPage {
        chrome: chrome(Nav::Calculations, "/calculations/calc_1"),
        id: "calc_1".into(),
        program: Link::new("Plan", "/programs/prog_1"),
        version: "v1".into(),
        period: "April 2026".into(),
        range: "1 – 30 April 2026".into(),
        status: CalculationStatus::Draft,
        history: Vec::new(),
        figures: Vec::new(),
        running: false,
        q: String::new(),
        payees_shown: String::new(),
        payees: Vec::new(),
        teams: Vec::new(),
        again_from: Vec::new(),
        tied: 0,
        pager: Pager::default(),
        totals: Vec::new(),
        chart: RankChart::default(),
        alerts: Vec::new(),
        not_credited: Vec::new(),
        late: Vec::new(),
        stale: String::new(),
        can_recalculate: true,
        can_release: false,
        can_pay: false,
        can_withdraw: false,
        can_reverse: true,
        can_delete: true,
    };
    let statement = StatementPage {
        ask: "/enquiries/new?payee=rep_1&period=2026-03".into(),
        adjust: String::new(),
        not_yet: String::new(),
        details: true,
        chrome: payee_chrome("/statements/rep_1/2026-04"),
        payee: "Mara Quill".into(),
        about: String::new(),
        period: "April 2026".into(),
        range: "1 – 30 April 2026".into(),
        status: Badge::new("Pending", crate::pages::Tone::Neutral),
        status_note: String::new(),
        totals: Vec::new(),
        rewards: Vec::new(),
        late: Vec::new(),
        late_totals: Vec::new(),
        previous: Link::new("March", "/statements/rep_1/2026-03"),
        next: Link::default(),
        pager: Pager::default(),
        csv: String::new(),
        as_of: String::new(),
    };
    vec![
        drawn("programs-empty", &ProgramsPage { chrome: chrome(Nav::Programs, "/programs"), rows: Vec::new(), pager: Pager::default() }),
        drawn(
            "program-bare",
            &ProgramPage {
                chrome: chrome(Nav::Programs, "/programs/prog_1"),
                id: "prog_1".into(),
                name: "Plan".into(),
                status: Badge::new("Draft", crate::pages::Tone::Neutral),
                state: StateCard::default(),
                version: "v1".into(),
                old: false,
                facts: Vec::new(),
                rules: Vec::new(),
                tests: Vec::new(),
                lines: Vec::new(),
                versions: Vec::new(),
            },
        ),
        drawn(
            "program-new",
            &ProgramEditPage {
                chrome: chrome(Nav::Programs, "/programs/new"),
                id: String::new(),
                name: String::new(),
                document: super::plans::DOCUMENT.into(),
                note: String::new(),
                from: String::new(),
                wrong: Vec::new(),
                knobs: super::workflow::knobs(),
                errors: FormErrors::none(),
                warnings: Vec::new(),
                checked: false,
                rules: Vec::new(),
                tests: Vec::new(),
            },
        ),
        drawn(
            "calculations-empty",
            &CalculationsPage {
                chrome: chrome(Nav::Calculations, "/calculations"),
                rows: Vec::new(),
                programs: Vec::new(),
                periods: Vec::new(),
                errors: FormErrors::none(),
                pager: Pager::default(),
            },
        ),
        drawn("calculation-empty", &calculation),
        drawn(
            "release-bare",
            &ReleasePage {
                chrome: chrome(Nav::Calculations, "/calculations/calc_1/release"),
                id: "calc_1".into(),
                program: "Plan".into(),
                period: "April 2026".into(),
                totals: Vec::new(),
                payees: 1,
                checks: Vec::new(),
                scopes: Vec::new(),
                release_date: String::new(),
                payee_rows: Vec::new(),
                held_until: String::new(),
                held_reason: String::new(),
                errors: FormErrors::none(),
            },
        ),
        drawn("statement-empty", &statement),
        drawn(
            "statements-empty",
            &StatementsPage {
                announcements: Vec::new(),
                chrome: payee_chrome("/statements"),
                q: String::new(),
                periods: Vec::new(),
                chart: BarChart::default(),
                rows: Vec::new(),
                pager: Pager::default(),
            },
        ),
        drawn("exports-empty", &ExportsPage { chrome: chrome(Nav::Exports, "/exports"), rows: Vec::new(), pager: Pager::default() }),
        drawn("keys-empty", &KeysPage { rows: Vec::new(), ..admin::keys(FormErrors::none()) }),
        drawn(
            "audit-empty",
            &AuditPage {
                chrome: chrome(Nav::Audit, "/audit"),
                chain: Badge::new("Chain intact", crate::pages::Tone::Good),
                chain_note: "no entries".into(),
                who: Vec::new(),
                what: Vec::new(),
                sign_ins: false,
                active: false,
                rows: Vec::new(),
                pager: Pager::default(),
            },
        ),
    ]
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let mut pages = intake();
    pages.extend(paying());
    pages
}
