//! Calculations, statements, release and exports.

use super::{chrome, dec, drawn, eur, exact, fact, fact_to, figure, intake, link, notice, payee_chrome, plans, s};
use crate::pages::calculations::{
    CalculationPage, CalculationStatus, CalculationsPage, Check, LateRow, PayeeRow, PaymentTermsPage, ReasonCount, ReleasePage,
    ReleasedPage, TeamTotalRow, TermsRow,
};
use crate::pages::charts::{Bar, BarChart, Gauge, StepMarker, TierBand, TierPieces};
use crate::pages::explain::{CreditView, Step};
use crate::pages::exports::{ExportRow, ExportsPage, MarkPaidPage, PayRow};
use crate::pages::statements::{Rounding, StatementPage, StatementReward, StatementRow, StatementsPage, StepRow};
use crate::pages::{Amount, Badge, Choice, Chrome, FormErrors, Nav, Pager, Tone};

fn work(label: &str, working: &str, result: &str, last: bool) -> Step {
    Step { label: s(label), working: s(working), result: result.into(), last }
}

fn bands() -> Vec<TierBand> {
    let band = |from: &str, to: Option<&str>, rate: &str, shown: &str| TierBand {
        from: dec(from),
        to: to.map(dec),
        rate_shown: rate.into(),
        from_shown: shown.into(),
    };
    vec![band("0", Some("100000"), "5%", "0"), band("100000", Some("125000"), "6%", "100,000"), band("125000", None, "7%", "125,000")]
}

pub(crate) fn tiered_credit() -> CreditView {
    CreditView {
        id: "credit_71".into(),
        sale: link("23-12345-13001", "/sales/sale_1"),
        date: "31 Mar".into(),
        subject: s("Kontor Nord GmbH"),
        payee: link("Mara Quill", "/statements/rep_1/2026-03#credit_71"),
        program: link("Field sales 2026", "/programs/prog_1?version=3"),
        rule: s("field-revenue"),
        version: "v3".into(),
        calculation: link("March 2026", "/calculations/calc_9"),
        amount: exact("724.00"),
        steps: vec![
            work("Basis", "revenue of the sale", "12,400.00", false),
            work("Measured before", "earlier sales of March", "98,000.00", false),
            work("Tier 0 – 100,000", "2,000.00 × 5%", "100.00", false),
            work("Tier 100,000 – 125,000", "10,400.00 × 6%", "624.00", false),
            work("Credit", "", "724.00", true),
        ],
        tiers: TierPieces {
            title: s("98,000 to 110,400: 2,000 at 5% and 10,400 at 6%"),
            bands: bands(),
            before: dec("98000"),
            after: dec("110400"),
        },
        origin: link("orders-march.csv, line 118", "/imports/imp_7"),
        adjust: "/adjustments/new?payee=rep_1&sale=sale_1".into(),
    }
}

pub(crate) fn override_credit() -> CreditView {
    CreditView {
        id: "credit_72".into(),
        payee: link("Sven Holm", "/statements/rep_2/2026-03#credit_72"),
        program: link("Manager override", "/programs/prog_2?version=1"),
        rule: s("override-on-revenue"),
        version: "v1".into(),
        amount: exact("124.00"),
        steps: vec![
            work("Basis", "revenue of the sale", "12,400.00", false),
            work("Rate", "12,400.00 × 1%", "124.00", false),
            work("Credit", "", "124.00", true),
        ],
        tiers: TierPieces::default(),
        ..tiered_credit()
    }
}

fn split_credit() -> CreditView {
    CreditView {
        id: "credit_73".into(),
        sale: link("23-12345-13000", "/sales/sale_2"),
        subject: s("Änne Muster"),
        amount: exact("26.4615"),
        steps: vec![
            work("Basis", "revenue of the sale", "882.05", false),
            work("Split", "1 of 2 owners, 50% of 882.05", "441.025", false),
            work("Tier 100,000 – 125,000", "441.025 × 6%", "26.4615", false),
            work("Credit", "", "26.4615", true),
        ],
        tiers: TierPieces { title: s("110,400 to 110,841.03: all at 6%"), bands: bands(), before: dec("110400"), after: dec("110841.025") },
        ..tiered_credit()
    }
}

fn refund_credit() -> CreditView {
    CreditView {
        id: "credit_74".into(),
        sale: link("23-12345-13002", "/sales/sale_4"),
        subject: s("Kontor Nord GmbH, return"),
        amount: exact("-28.80"),
        steps: vec![
            work("Basis", "revenue of the sale", "-480.00", false),
            work("Tier 100,000 – 125,000", "-480.00 × 6%", "-28.80", false),
            work("Credit", "", "-28.80", true),
        ],
        tiers: TierPieces {
            title: s("110,841.03 back to 110,361.03"),
            bands: bands(),
            before: dec("110841.025"),
            after: dec("110361.025"),
        },
        ..tiered_credit()
    }
}

fn large_credit() -> CreditView {
    CreditView {
        id: "credit_70".into(),
        sale: link("23-12345-12240", "/sales/sale_7"),
        date: "12 Mar".into(),
        subject: s("Brauerei Seeblick"),
        amount: exact("4900.00"),
        steps: vec![
            work("Basis", "revenue of the sale", "98,000.00", false),
            work("Tier 0 – 100,000", "98,000.00 × 5%", "4,900.00", false),
            work("Credit", "", "4,900.00", true),
        ],
        tiers: TierPieces { title: s("0 to 98,000: all at 5%"), bands: bands(), before: dec("0"), after: dec("98000") },
        ..tiered_credit()
    }
}

fn gauge(name: &str, percent: &str) -> Gauge {
    Gauge {
        label: s(&format!("Attainment of {name}")),
        percent: dec(percent),
        shown: format!("{percent}%"),
        note: "of 100,000.00 EUR".into(),
    }
}

fn late() -> Vec<LateRow> {
    vec![
        LateRow {
            payee: link("Mara Quill", "/statements/rep_1/2026-03"),
            origin: link("February 2026", "/statements/rep_1/2026-02"),
            sale: link("23-12345-11877", "/sales/sale_88"),
            what: s("Imported after the release"),
            amount: eur(21_750),
        },
        LateRow {
            payee: link("Tunde Okafor", "/statements/rep_3/2026-03"),
            origin: link("February 2026", "/statements/rep_3/2026-02"),
            sale: link("23-12345-11402", "/sales/sale_81"),
            what: s("Revenue changed from 1,200.00 to 900.00"),
            amount: eur(-1_500),
        },
    ]
}

fn payees() -> Vec<PayeeRow> {
    let row = |name: &str, team: &str, sales: &str, basis, attainment: Option<&str>, minor, change: &str, mark| PayeeRow {
        name: s(name),
        team: s(team),
        href: "/statements/rep_1/2026-03".into(),
        sales: sales.into(),
        basis: eur(basis),
        attainment: attainment.map(|percent| gauge(name, percent)),
        reward: eur(minor),
        change: change.into(),
        mark,
    };
    let none = Badge::default;
    vec![
        row("Mara Quill", "North", "184", 11_036_103, Some("110.4"), 566_216, "+1,204.10", none()),
        row("Tunde Okafor", "North", "171", 10_860_410, Some("108.6"), 551_624, "+310.00", Badge::new("Alert", Tone::Warn)),
        row("Ada Reyes", "South", "160", 7_805_540, Some("78.1"), 390_277, "-95.20", none()),
        row("Linnea Dahl", "South", "122", 6_300_000, None, 315_000, "", none()),
        row("Jack Smith", "North", "3", -120_000, Some("-1.2"), -6_000, "-2,410.00", Badge::new("Negative", Tone::Warn)),
    ]
}

fn calculation(status: CalculationStatus) -> CalculationPage {
    let reason = |reason: &str, count, tone| ReasonCount { reason: s(reason), count, href: "/sales?credited=no".into(), tone };
    let fresh = status != CalculationStatus::Calculated;
    CalculationPage {
        chrome: chrome(Nav::Calculations, "/calculations/calc_9"),
        id: "calc_9".into(),
        program: link("Field sales 2026", "/programs/prog_1"),
        version: "v3".into(),
        period: "March 2026".into(),
        range: s("1 – 31 March 2026, Europe/Berlin"),
        status,
        history: vec![
            fact("Calculated", "today 08:12 by Ines Albrecht"),
            fact("Took", "0.08 s for 1,740 sales"),
            fact_to("Plan", "frozen as v3", "/programs/prog_1?version=3"),
        ],
        figures: vec![
            figure("Rewards", "34,128.34", "EUR", "12 payees", "#payees"),
            figure("Credited sales", "1,677", "", "212,311.07 EUR", "/sales?credited=yes"),
            figure("Not credited", "63", "", "14 need a look", "#not-credited"),
            figure("Late differences", "202.50", "EUR", "from February", "#late"),
        ],
        running: status == CalculationStatus::Draft,
        q: String::new(),
        payees_shown: if fresh { "the first 5 of 1,204".into() } else { String::new() },
        payees: payees(),
        teams: vec![
            TeamTotalRow {
                name: link("North", "/teams/team_1"),
                payees: "4 payees".into(),
                attainment: Some(gauge("North", "97.5")),
                reward: eur(1_250_000),
            },
            TeamTotalRow { name: link("No team", ""), payees: "1 payee".into(), attainment: None, reward: eur(120_000) },
        ],
        again_from: vec![Choice::new("2026-03", "March 2026", true), Choice::new("2026-02", "February 2026", false)],
        tied: 2,
        pager: Pager { newer: None, older: fresh.then(|| "/calculations/calc_9?after=5".into()) },
        totals: vec![eur(3_412_834)],
        chart: intake::ranking(),
        alerts: if fresh {
            Vec::new()
        } else {
            vec![
                notice(Tone::Bad, "“J. Smith” names two reps", "9 sales are credited to nobody.", "/people"),
                notice(Tone::Warn, "Tunde Okafor: no manager on 31 March", "The override of 54.30 EUR has no payee.", "/reps/rep_3"),
            ]
        },
        not_credited: vec![
            reason("The status is “refunded”", 40, Tone::Neutral),
            reason("The owner is known by no rep", 14, Tone::Warn),
            reason("The alias belongs to two reps", 9, Tone::Warn),
        ],
        late: late(),
        stale: if fresh { String::new() } else { "38 sales came or changed since 08:12. Calculate again before you release.".into() },
        can_recalculate: !fresh,
        can_release: !fresh,
        can_pay: status == CalculationStatus::Released,
        can_withdraw: false,
        can_reverse: true,
        can_delete: true,
    }
}

fn release(checks: Vec<Check>) -> ReleasePage {
    ReleasePage {
        chrome: chrome(Nav::Calculations, "/calculations/calc_9/release"),
        id: "calc_9".into(),
        program: s("Field sales 2026"),
        period: "March 2026".into(),
        totals: vec![eur(3_412_834), Amount::minor(120_050, 2, "CHF")],
        payees: 12,
        checks,
        scopes: vec![
            Choice { note: "Payees see their amounts as pending.".into(), ..Choice::new("credits", "Credits", false) },
            Choice { note: "Amounts are confirmed and can be paid.".into(), ..Choice::new("rewards", "Rewards", true) },
        ],
        release_date: "2026-04-02".into(),
        payee_rows: vec![Choice::new("rep_1", &s("Mara Quill"), true), Choice::new("rep_3", &s("Tunde Okafor"), false)],
        held_until: "2026-04-30".into(),
        held_reason: s("Bank account to be confirmed"),
        errors: FormErrors::none(),
    }
}

fn check(tone: Tone, text: &str, href: &str) -> Check {
    Check { tone, text: s(text), href: href.into() }
}

fn statement(chrome: Chrome) -> StatementPage {
    let mut tiers = plans::tiers();
    tiers.marker = Some(StepMarker { value: dec("110361.03"), shown: "110,361.03".into() });
    StatementPage {
        ask: "/enquiries/new?payee=rep_1&period=2026-03".into(),
        adjust: "/adjustments/new?payee=rep_1&period=2026-03".into(),
        not_yet: s("Shown once confirmed."),
        details: true,
        chrome,
        payee: s("Mara Quill"),
        about: s("North, manager Sven Holm"),
        period: "March 2026".into(),
        range: s("1 – 31 March 2026, Europe/Berlin"),
        status: Badge::new("Confirmed", Tone::Good),
        status_note: "Released 2 April 2026".into(),
        totals: vec![eur(583_916)],
        rewards: vec![StatementReward {
            variables: vec![super::fact("quota", "100,000, from 1 Jan 2026")],
            steps: vec![StepRow {
                label: s("Cancelled"),
                note: String::new(),
                sale: link("23-12345-13001", "/sales/sale_1"),
                amount: exact("-24.00"),
            }],
            later: Vec::new(),
            program: link("Field sales 2026", ""),
            version: "v3".into(),
            measures: vec![fact("Credited revenue", "110,361.03 EUR"), fact("Sales", "4")],
            attainment: Some(gauge("Mara Quill", "110.4")),
            tiers,
            credits_shown: "4 credits".into(),
            credits: vec![large_credit(), tiered_credit(), split_credit(), refund_credit()],
            through: Vec::new(),
            rounding: Some(Rounding { exact: exact("5621.6615"), remainder: exact("-0.0015"), rule: "half up, once per reward".into() }),
            total: eur(562_166),
        }],
        late: late().into_iter().take(1).collect(),
        late_totals: vec![eur(21_750)],
        previous: link("February", "/statements/rep_1/2026-02"),
        next: link("", ""),
        pager: Pager::default(),
        csv: "/calculations/calc_9/credits.csv?payee=rep_1".into(),
        as_of: s("Frozen on 2 April 2026, 09:14"),
    }
}

fn statements(chrome: Chrome) -> StatementsPage {
    let row = |payee: &str, period: &str, status, minor| StatementRow {
        href: "/statements/rep_1/2026-03".into(),
        payee: s(payee),
        period: period.into(),
        status,
        totals: vec![eur(minor)],
        note: String::new(),
    };
    let bars = [("Nov", "3120.40"), ("Dec", "5204.00"), ("Jan", "2890.15"), ("Feb", "4458.06"), ("Mar", "5839.16"), ("Apr", "1214.80")];
    let chart = BarChart {
        title: "Your earnings by month".into(),
        description: "Earnings of the last six months; April is still open.".into(),
        label_head: "Month".into(),
        value_head: "Earned".into(),
        bars: bars
            .iter()
            .map(|(label, value)| Bar {
                label: (*label).into(),
                value: dec(value),
                shown: format!("{} EUR", crate::pages::shown::grouped(value)),
                href: "/statements/rep_1/2026-03".into(),
                open: *label == "Apr",
            })
            .collect(),
    };
    StatementsPage {
        announcements: Vec::new(),
        chart: if chrome.is_payee() { chart } else { BarChart::default() },
        chrome,
        q: String::new(),
        periods: vec![Choice::new("", "All", true), Choice::new("2026-03", "March 2026", false)],
        rows: vec![
            row("Mara Quill", "April 2026", Badge::new("Pending", Tone::Neutral), 121_480),
            row("Mara Quill", "March 2026", Badge::new("Confirmed", Tone::Good), 583_916),
            row("Mara Quill", "February 2026", Badge::new("Paid", Tone::Good), 445_806),
        ],
        pager: Pager::default(),
    }
}

fn exports() -> ExportsPage {
    let row = |id: &str, program: &str, period: &str, status, minor, note: &str, can_pay| ExportRow {
        id: id.into(),
        program: s(program),
        period: period.into(),
        status,
        totals: vec![eur(minor)],
        payees: 12,
        note: note.into(),
        can_pay,
    };
    ExportsPage {
        chrome: chrome(Nav::Exports, "/exports"),
        rows: vec![
            row("calc_9", "Field sales 2026", "March 2026", CalculationStatus::Calculated, 3_412_834, "not released yet", false),
            row(
                "calc_7",
                "Field sales 2026",
                "February 2026",
                CalculationStatus::Released,
                2_784_611,
                "released 2 Mar, downloaded 3 Mar",
                true,
            ),
            row("calc_6", "Manager override", "February 2026", CalculationStatus::Paid, 571_680, "paid 5 Mar", false),
        ],
        pager: Pager::default(),
    }
}

fn mark_paid(errors: FormErrors) -> MarkPaidPage {
    let row = |id: &str, name: &str, minor, paid: &str| PayRow {
        id: id.into(),
        name: s(name),
        amount: eur(minor),
        paid: paid.into(),
        waits: String::new(),
        selected: paid.is_empty(),
    };
    MarkPaidPage {
        chrome: chrome(Nav::Exports, "/calculations/calc_7/pay"),
        id: "calc_7".into(),
        program: s("Field sales 2026"),
        period: "February 2026".into(),
        rows: vec![
            row("rep_1", "Mara Quill", 445_806, ""),
            row("rep_3", "Tunde Okafor", 520_624, ""),
            row("rep_4", "Ada Reyes", 399_797, "3 March 2026, run 2026-03A"),
        ],
        paid_on: "2026-03-05".into(),
        reference: s("Payroll 2026-03"),
        errors,
    }
}

fn payment_terms(errors: FormErrors) -> PaymentTermsPage {
    let row = |id: &str, name: &str, state: Badge, (day, reason): (&str, &str), minor| TermsRow {
        id: id.into(),
        name: s(name),
        open: state.text != "Paid",
        state,
        day: day.into(),
        reason: s(reason),
        who: if reason.is_empty() { String::new() } else { s("Ines Albrecht, 2 April 2026, 09:14") },
        amount: eur(minor),
        selected: id == "rep_3",
    };
    PaymentTermsPage {
        chrome: chrome(Nav::Calculations, "/calculations/calc_7/terms"),
        id: "calc_7".into(),
        program: s("Field sales 2026"),
        period: "February 2026".into(),
        release_date: "5 Mar 2026".into(),
        rows: vec![
            row("rep_1", "Mara Quill", Badge::new("Due", Tone::Neutral), ("", ""), 445_806),
            row("rep_3", "Tunde Okafor", Badge::new("Later", Tone::Info), ("from 30 Apr 2026", "Leaves the company in April"), 520_624),
            row("rep_5", "Jack Smith", Badge::new("Unpaid", Tone::Warn), ("", "Bank account to be confirmed"), 98_410),
            row("rep_4", "Ada Reyes", Badge::new("Paid", Tone::Good), ("", ""), 399_797),
        ],
        day: String::new(),
        reason: String::new(),
        errors,
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let list = CalculationsPage {
        chrome: chrome(Nav::Calculations, "/calculations"),
        rows: intake::calculation_rows(),
        programs: vec![Choice::new("prog_1", &s("Field sales 2026"), true), Choice::new("prog_2", &s("Manager override"), false)],
        periods: vec![Choice::new("2026-04", "April 2026", true), Choice::new("2026-03", "March 2026", false)],
        errors: FormErrors::none(),
        pager: Pager::default(),
    };
    let warned = vec![
        check(Tone::Good, "Figures are up to date: no sale changed since they were calculated", ""),
        check(Tone::Good, "The ledger agrees with the rewards", ""),
        check(Tone::Warn, "14 sales have an owner that nobody knows", "/sales?credited=no"),
        check(Tone::Warn, "Jack Smith’s reward is negative and would be carried", "/statements/rep_5/2026-03"),
    ];
    let forbidden =
        vec![check(Tone::Bad, "38 sales changed since the figures were calculated. Calculate again first.", "/calculations/calc_9")];
    let released = ReleasedPage {
        chrome: chrome(Nav::Calculations, "/calculations/calc_9/released"),
        id: "calc_9".into(),
        program: s("Field sales 2026"),
        period: "March 2026".into(),
        totals: vec![eur(3_412_834)],
        payees: 12,
        facts: vec![fact("Release", "rel_01jq4x8z3e"), fact("Released", "2 April 2026, 09:14 by Ines Albrecht")],
    };
    vec![
        drawn("calculations", &list),
        drawn("calculation", &calculation(CalculationStatus::Calculated)),
        drawn("calculation-released", &calculation(CalculationStatus::Released)),
        drawn("calculation-running", &calculation(CalculationStatus::Draft)),
        drawn("release", &release(warned)),
        drawn(
            "release-forbidden",
            &ReleasePage { errors: FormErrors::one("release_date", "The date lies before the end of the period."), ..release(forbidden) },
        ),
        drawn("released", &released),
        drawn("statement", &statement(chrome(Nav::Statements, "/statements/rep_1/2026-03"))),
        drawn("statement-payee", &statement(payee_chrome("/statements/rep_1/2026-03"))),
        drawn("statements", &statements(chrome(Nav::Statements, "/statements"))),
        drawn("statements-payee", &statements(payee_chrome("/statements"))),
        drawn("exports", &exports()),
        drawn("mark-paid", &mark_paid(FormErrors::none())),
        drawn("payment-terms", &payment_terms(FormErrors::none())),
        drawn("payment-terms-refused", &payment_terms(FormErrors::one("reason", "Say in 1 to 500 characters why they are not paid."))),
        drawn(
            "mark-paid-refused",
            &mark_paid(FormErrors(vec![
                (String::new(), "Ada Reyes was paid in the meantime. Nothing was changed.".into()),
                ("paid_on".into(), "The date lies in the future.".into()),
            ])),
        ),
    ]
}
