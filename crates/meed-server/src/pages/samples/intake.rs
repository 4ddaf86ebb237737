//! Overview, imports and sources.

use super::{chrome, dec, drawn, eur, figure, flash, link, notice, s, step, texts};
use crate::pages::calculations::{CalculationRow, CalculationStatus};
use crate::pages::charts::{Bar, BarChart, Rank, RankChart, Sparkline};
use crate::pages::imports::{
    DryRunPage, ImportCounts, ImportProgress, ImportResultPage, ImportRow, ImportStatus, ImportsPage, PreviewSale, ProgressPage, RowError,
    UploadPage,
};
use crate::pages::mapping::{
    MappingColumn, MappingError, MappingPage, MappingState, Person, RawRow, Reading, Said, SkippedLine, StatusRow, Target, YearField,
};
use crate::pages::overview::{Headline, OverviewPage};
use crate::pages::sources::{RememberedLayout, SourcePage, SourceRow, SourcesPage};
use crate::pages::{Amount, Badge, Choice, FormErrors, Nav, Pager, Tone};

fn bar(label: &str, value: &str, shown: &str, href: &str) -> Bar {
    Bar { label: s(label), value: dec(value), shown: shown.into(), href: href.into(), open: false }
}

fn credited() -> BarChart {
    let months =
        [("Oct", "31204.18"), ("Nov", "35890.40"), ("Dec", "52877.05"), ("Jan", "28410.77"), ("Feb", "33562.91"), ("Mar", "41286.34")];
    let mut bars: Vec<Bar> = months
        .iter()
        .map(|(label, value)| bar(label, value, &format!("{} EUR", crate::pages::shown::grouped(value)), "/calculations"))
        .collect();
    if let Some(last) = bars.last_mut() {
        last.open = true;
    }
    BarChart {
        title: s("Credited by month"),
        description: s("Credited amounts from October to March; the highest is December with 52,877.05 EUR. March is still open."),
        label_head: "Month".into(),
        value_head: "Credited".into(),
        bars,
    }
}

fn imported() -> BarChart {
    let counts = [41, 56, 0, 0, 48, 61, 57, 49, 66, 0, 3, 52, 58, 63, 71, 44, 0, 0, 59, 62, 55, 48, 53, 0, 0, 64, 60, 57, 70, 88];
    BarChart {
        title: s("Sales imported per day"),
        description: s("Sales imported on each of the last 30 days"),
        label_head: "Day".into(),
        value_head: "Sales".into(),
        bars: counts.iter().enumerate().map(|(i, n)| bar(&(i + 1).to_string(), &n.to_string(), &n.to_string(), "")).collect(),
    }
}

pub(crate) fn ranking() -> RankChart {
    let rows = [
        ("Mara Quill", "6120.45"),
        ("Tunde Okafor", "5480.20"),
        ("Jörg Beispiel-Schmidt von der Aue", "4711.05"),
        ("Ada Reyes", "3902.77"),
        ("Linnea Dahl", "3150.00"),
    ];
    RankChart {
        title: s("Top payees"),
        description: s("The five largest amounts of March"),
        rows: rows
            .iter()
            .map(|(name, value)| Rank {
                label: s(name),
                value: dec(value),
                shown: format!("{} EUR", crate::pages::shown::grouped(value)),
                href: "/statements/rep_1/2026-03".into(),
            })
            .collect(),
    }
}

pub(crate) fn calculation_rows() -> Vec<CalculationRow> {
    let row = |id: &str, program: &str, period: &str, status, minor, payees, alerts, stale| CalculationRow {
        id: id.into(),
        program: s(program),
        period: period.into(),
        status,
        totals: vec![eur(minor)],
        payees,
        alerts,
        calculated: "today 08:12".into(),
        stale,
    };
    vec![
        row("calc_9", "Field sales 2026", "March 2026", CalculationStatus::Calculated, 3_412_834, 12, 2, true),
        row("calc_8", "Manager override", "March 2026", CalculationStatus::Calculated, 715_800, 3, 0, false),
        row("calc_7", "Field sales 2026", "February 2026", CalculationStatus::Released, 2_784_611, 12, 0, false),
        row("calc_6", "Manager override", "February 2026", CalculationStatus::Paid, 571_680, 3, 0, false),
    ]
}

fn overview() -> OverviewPage {
    let course = |values: &[&str]| Sparkline { title: s("Course of the last six months"), points: values.iter().map(|v| dec(v)).collect() };
    let headline = |figure, course| Headline { figure, course };
    OverviewPage {
        chrome: chrome(Nav::Overview, "/"),
        period: "March 2026".into(),
        headlines: vec![
            headline(
                figure("Credited", "41,286.34", "EUR", "+23% on February", "/calculations/calc_9"),
                course(&["31204", "35890", "52877", "28410", "33562", "41286"]),
            ),
            headline(
                figure("Sales", "1,740", "", "of 5,000 in all", "/sales?from=2026-03-01"),
                course(&["1380", "1502", "1911", "1204", "1460", "1740"]),
            ),
            headline(figure("Not credited", "63", "", "14 need a look", "/sales?credited=no"), Sparkline::default()),
            headline(figure("To be paid", "27,846.11", "EUR", "released for February", "/exports"), Sparkline::default()),
        ],
        steps: vec![
            step("Map the file orders-april.csv", "Two columns want a nod.", "/imports/imp_9/mapping", false),
            step("Release March", "Two alerts are open.", "/calculations/calc_9", false),
            step("Pay February", "Download the rewards for payroll.", "/exports", true),
        ],
        empty: false,
        credited: credited(),
        payees: ranking(),
        imported: imported(),
        alerts: vec![
            notice(
                Tone::Bad,
                "“J. Smith” names two reps",
                "Joan Smith and Jack Smith share this alias. 9 sales are credited to nobody.",
                "/people",
            ),
            notice(Tone::Warn, "14 sales have an unknown owner", "“Kowalski, P.” is nobody’s alias.", "/sales?credited=no"),
        ],
        alerts_total: 2,
        calculations: calculation_rows(),
    }
}

pub(crate) fn import_rows() -> Vec<ImportRow> {
    let row = |id: &str, file: &str, source: &str, when: &str, who: &str, status, create, update, ignore, fail| ImportRow {
        id: id.into(),
        file: s(file),
        source: s(source),
        when: when.into(),
        who: s(who),
        status,
        counts: ImportCounts { create, update, ignore, fail },
    };
    vec![
        row("imp_9", "orders-april.csv", "Webshop", "today 09:41", "Ines Albrecht", ImportStatus::NeedsMapping, 0, 0, 0, 0),
        row("imp_8", "Umsätze Q1 Süd.csv", "ERP South", "today 08:02", "API", ImportStatus::Running, 812, 0, 0, 0),
        row("imp_7", "orders-march.csv", "Webshop", "1 Apr 2026, 07:58", "Ines Albrecht", ImportStatus::DoneWithRejects, 1_702, 38, 4, 6),
        row("imp_6", "crm-deals.tsv", "CRM", "31 Mar 2026, 18:30", "API", ImportStatus::Done, 214, 12, 0, 0),
        row("imp_5", "scan0001.csv", "Webshop", "31 Mar 2026, 11:15", "Ines Albrecht", ImportStatus::Failed, 0, 0, 0, 0),
    ]
}

fn upload(errors: FormErrors) -> UploadPage {
    UploadPage {
        chrome: chrome(Nav::Imports, "/imports/new"),
        sources: vec![
            Choice::new("file", "As the file tells", true),
            Choice::new("src_1", &s("Webshop"), false),
            Choice::new("src_2", &s("ERP South"), false),
            Choice::new("new", "A new source…", false),
        ],
        source_name: String::new(),
        max_size: "1 GB".into(),
        recent: import_rows().into_iter().skip(2).collect(),
        errors,
    }
}

pub(crate) fn targets() -> Vec<Target> {
    let t = |group: &str, code: &str, label: &str, meaning: &str, places| Target {
        code: code.into(),
        label: label.into(),
        group: group.into(),
        meaning: meaning.into(),
        places,
    };
    vec![
        t("Sale", "unique_id", "Unique id", "The row’s stable id: order, invoice, deal", 1),
        t("Sale", "date", "Date", "The day of the sale", 1),
        t("Sale", "status", "Status", "State of the sale: paid, refunded, won", 1),
        t("Money", "revenue", "Revenue", "Sale value of the row, before tax and shipping", 1),
        t("Money", "profit", "Profit", "Margin of the row", 1),
        t("Money", "currency", "Currency", "ISO currency of the row", 1),
        t("Money", "tax", "Tax", "Tax amount of the row", 1),
        t("Who sold", "owner", "Owner", "The sales rep, a person", 3),
        t("Who sold", "team", "Team", "The sales team", 3),
        t("Who sold", "territory", "Territory", "Territory or country", 1),
        t("Customer", "customer_name", "Customer name", "Who bought", 1),
        t("Customer", "customer_email", "Customer e-mail", "Their address", 1),
        t("Customer", "customer_code", "Customer number", "Their number at the source", 1),
        t("Product", "product_code", "Product number", "What was bought, by number", 1),
        t("Product", "product_name", "Product", "What was bought", 1),
        t("Product", "quantity", "Quantity", "How many", 1),
        t("Product", "unit_cost", "Cost per unit", "What one cost the seller", 1),
        t("Product", "coupon", "Coupon", "Coupon or referral code", 1),
    ]
}

fn columns() -> Vec<MappingColumn> {
    let c = |index, name: &str, samples: &[&str], target: &str, score, reason: &str, state| MappingColumn {
        index,
        name: s(name),
        samples: texts(samples),
        target: target.into(),
        score,
        reason: s(reason),
        state,
    };
    vec![
        c(
            0,
            "Bestellnummer",
            &["23-12345-12345", "23-12345-12346", "23-12345-12347"],
            "unique_id",
            97,
            "all 1,750 values differ; header “Bestellnummer”",
            MappingState::Automatic,
        ),
        c(
            1,
            "Verkauft am",
            &["10-Dez-25", "03-Mär-26", "04-Mär-26"],
            "date",
            98,
            "1,750 of 1,750 values are dates; header “Verkauft am”",
            MappingState::Automatic,
        ),
        c(
            2,
            "Zahlungsdatum",
            &["10-Dez-25", "05-Mär-26"],
            "",
            31,
            "dates, but named after the payment; “Verkauft am” fits better",
            MappingState::Empty,
        ),
        c(
            3,
            "Nettobetrag",
            &["1.116,99 €", "12,50 €", "-48,00 €"],
            "revenue",
            94,
            "money in every row; net + tax = gross holds in 1,750 rows",
            MappingState::Automatic,
        ),
        c(4, "MwSt.", &["212,23 €", "2,38 €", "-9,12 €"], "tax", 93, "19% of “Nettobetrag” in every row", MappingState::Automatic),
        c(5, "Gesamtbetrag", &["1.329,22 €", "14,88 €"], "", 40, "the sum of two other columns", MappingState::Empty),
        c(
            6,
            "Bearbeiter",
            &["Mara Quill", "T. Okafor", "J. Beispiel"],
            "owner",
            71,
            "3 of 3 names match aliases; the header could also mean a clerk",
            MappingState::Ask,
        ),
        c(7, "Käufer", &["Änne Muster", "Kontor Nord GmbH"], "customer_name", 88, "names; header “Käufer”", MappingState::Remembered),
        c(8, "Land", &["DE", "AT", "CH"], "territory", 96, "all values are ISO 3166 country codes", MappingState::Chosen),
        c(9, "Unnamed 10", &[], "", 0, "", MappingState::Empty),
    ]
}

fn mapping() -> MappingPage {
    let raw = |line, cells: &[&str]| RawRow { line, cells: texts(cells) };
    MappingPage {
        chrome: chrome(Nav::Imports, "/imports/imp_9/mapping"),
        id: "imp_9".into(),
        file: s("Umsätze März.csv"),
        size: "412 kB".into(),
        source: s("ERP South"),
        rows_found: "1,750 rows, 10 columns".into(),
        reading: Reading {
            encodings: vec![Choice::new("windows-1252", "Western (windows-1252)", true), Choice::new("utf-8", "UTF-8", false)],
            delimiters: vec![
                Choice::new("semicolon", "semicolon", true),
                Choice::new("comma", "comma", false),
                Choice::new("tab", "tab", false),
            ],
            header_row: 4,
            date_orders: vec![Choice::new("dmy", "day first", true), Choice::new("mdy", "month first", false)],
            decimals: vec![Choice::new("comma", "comma", true), Choice::new("point", "point", false)],
            currency: s("EUR"),
            reason: s("No byte order mark; not UTF-8 (byte 0xE4 at offset 118); every row has ten cells with semicolons."),
            question: String::new(),
        },
        rows: vec![
            raw(
                5,
                &[
                    "23-12345-12345",
                    "10-Dez-25",
                    "10-Dez-25",
                    "1.116,99 €",
                    "212,23 €",
                    "1.329,22 €",
                    "Mara Quill",
                    "Jörg Beispiel",
                    "DE",
                    "",
                ],
            ),
            raw(6, &["23-12345-12346", "03-Mär-26", "", "12,50 €", "2,38 €", "14,88 €", "T. Okafor", "Änne Muster", "AT", ""]),
            raw(
                7,
                &[
                    "23-12345-12347",
                    "04-Mär-26",
                    "05-Mär-26",
                    "-48,00 €",
                    "-9,12 €",
                    "-57,12 €",
                    "J. Beispiel",
                    "Kontor Nord GmbH",
                    "CH",
                    "",
                ],
            ),
        ],
        skipped: vec![
            SkippedLine { line: 1, reason: "title line".into(), text: s("Umsatzbericht Region Süd") },
            SkippedLine { line: 2, reason: "title line".into(), text: s("Erstellt am 01.04.2026 07:31") },
            SkippedLine { line: 3, reason: "blank".into(), text: String::new() },
            SkippedLine { line: 1_755, reason: "total, agrees".into(), text: s("Summe;;;218.441,07 €;41.503,80 €;259.944,87 €;;;;") },
        ],
        skipped_total: 4,
        columns: columns(),
        targets: targets(),
        said: said(),
        warnings: vec![notice(Tone::Good, "The total agrees", "Line 1,755 says 218,441.07; the rows above sum to the same.", "")],
        errors: Vec::new(),
        remembered: String::new(),
    }
}

fn said() -> Said {
    let states = |chosen: &str| {
        let all = [("", "as it is written"), ("open", "open"), ("won", "won"), ("paid", "paid"), ("cancelled", "cancelled")];
        all.map(|(value, label)| Choice::new(value, label, value == chosen)).to_vec()
    };
    let row = |number, word: &str, rows: &str, state: &str, reason: &str, is_unknown| StatusRow {
        number,
        word: s(word),
        rows: s(rows),
        states: states(state),
        reason: s(reason),
        is_unknown,
    };
    Said {
        people: vec![Person { alias: "mara.quill@halden.example".into(), name: "Mara Quill".into() }],
        names_owner: true,
        status_column: "9".into(),
        statuses: vec![
            row(0, "bezahlt", "1,702 rows", "paid", "“bezahlt” means paid", false),
            row(1, "Sonderfall", "48 rows", "", "not known as a state; kept as it is written", true),
        ],
        year: Some(YearField { column: "Belegdatum".into(), value: "2026".into(), reason: s("2026 was taken, as line 1 states it.") }),
        ..Said::default()
    }
}

fn mapping_refused() -> MappingPage {
    let mut page = mapping();
    page.errors = vec![
        MappingError::DuplicateMappings { target: "Revenue".into(), columns: texts(&["Nettobetrag", "Gesamtbetrag"]) },
        MappingError::CannotDate,
        MappingError::CannotCredit,
        MappingError::TooManyFields { mapped: 41, limit: 40 },
        MappingError::NoFieldMappings,
    ];
    page.remembered = s("orders-february.csv, 3 March");
    page.reading.question = s("Is it “£120” or “Ł120” in line 12? Both encodings fit; the choice is remembered for this source.");
    for column in &mut page.columns {
        match column.index {
            1 | 6 | 8 => column.target.clear(),
            5 => column.target = "revenue".into(),
            _ => {}
        }
    }
    page
}

fn mapping_wide() -> MappingPage {
    let mut page = mapping();
    let extra = (10..40).map(|index| MappingColumn {
        index,
        name: s(&format!("Lineitem field {index}")),
        samples: texts(&["true"]),
        ..MappingColumn::default()
    });
    page.columns.extend(extra);
    page
}

fn row_errors() -> Vec<RowError> {
    let e = |line, column: &str, value: &str, code: &str, text: &str| RowError {
        line,
        column: s(column),
        value: s(value),
        code: code.into(),
        text: s(text),
    };
    vec![
        e(118, "Verkauft am", "31/02/26", "date.impossible", "There is no 31 February. Correct the day."),
        e(402, "Nettobetrag", "#REF!", "number.spreadsheet_error", "A spreadsheet error stands where the amount should be."),
        e(977, "Bestellnummer", "1.23457E+11", "id.digits_lost", "A spreadsheet cut this id. Export it again as text."),
        e(1_204, "", "", "row.ragged", "12 cells instead of 10, and no single shift makes them fit."),
    ]
}

fn dry_run() -> DryRunPage {
    let sale = |line, outcome: Badge, date: &str, id: &str, customer: &str, owners: &str, minor| PreviewSale {
        line,
        outcome,
        date: date.into(),
        unique_id: s(id),
        customer: s(customer),
        owners: s(owners),
        revenue: eur(minor),
    };
    DryRunPage {
        chrome: chrome(Nav::Imports, "/imports/imp_9/preview"),
        id: "imp_9".into(),
        file: s("Umsätze März.csv"),
        source: s("ERP South"),
        counts: ImportCounts { create: 1_702, update: 38, ignore: 4, fail: 6 },
        revenue: vec![eur(21_844_107), Amount::minor(312_500, 2, "USD"), Amount::minor(88_000, 0, "JPY")],
        first_day: "1 March 2026".into(),
        last_day: "31 March 2026".into(),
        notices: vec![
            notice(Tone::Good, "The total of the file agrees", "218,441.07", ""),
            notice(Tone::Warn, "Two equal rows collapse into one", "Lines 310 and 311 have no id and the same content.", ""),
        ],
        sales: vec![
            sale(5, Badge::new("Create", Tone::Good), "10 Dec 2025", "23-12345-12345", "Jörg Beispiel", "Mara Quill", 111_699),
            sale(6, Badge::new("Update", Tone::Info), "3 Mar 2026", "23-12345-12346", "Änne Muster", "T. Okafor, Mara Quill", 1_250),
            sale(7, Badge::new("Ignore", Tone::Neutral), "4 Mar 2026", "", "Kontor Nord GmbH", "J. Beispiel", -4_800),
        ],
        errors: row_errors(),
    }
}

fn progress(finished: bool) -> ImportProgress {
    ImportProgress {
        id: "imp_9".into(),
        rows: 1_080,
        total: Some(1_750),
        percent: 61,
        counts: ImportCounts { create: 1_041, update: 33, ignore: 2, fail: 4 },
        stage: "Storing rows".into(),
        finished,
    }
}

fn result() -> ImportResultPage {
    ImportResultPage {
        chrome: crate::pages::Chrome {
            flash: vec![flash(
                Tone::Good,
                "The layout is remembered: files like this one need no question from now on.",
                Some(link("See the source", "/sources/src_2")),
            )],
            ..chrome(Nav::Imports, "/imports/imp_7")
        },
        id: "imp_7".into(),
        file: s("Umsätze März.csv"),
        source: s("ERP South"),
        status: ImportStatus::DoneWithRejects,
        counts: ImportCounts { create: 1_702, update: 38, ignore: 4, fail: 6 },
        revenue: vec![eur(21_844_107)],
        first_day: "1 March 2026".into(),
        last_day: "31 March 2026".into(),
        ran: "today 09:44, in 0.3 s".into(),
        notices: Vec::new(),
        errors: row_errors(),
        steps: vec![
            step("Credit these sales", "Calculate March with Field sales 2026.", "/calculations?period=2026-03", false),
            step("Give “Kowalski, P.” an owner", "14 sales name somebody nobody knows.", "/people", false),
        ],
        can_undo: true,
    }
}

fn sources() -> SourcesPage {
    let row = |id: &str, name: &str, kind: &str, sales: &str, last: &str, status| SourceRow {
        id: id.into(),
        name: s(name),
        kind: kind.into(),
        sales: sales.into(),
        last: last.into(),
        status,
    };
    SourcesPage {
        chrome: chrome(Nav::Sources, "/sources"),
        rows: vec![
            row("src_1", "Webshop", "Upload", "3,310", "1 Apr 2026, 07:58", Badge::new("Active", Tone::Good)),
            row("src_2", "ERP South", "Upload by URL", "1,476", "today 08:02", Badge::new("Active", Tone::Good)),
            row("src_3", "CRM", "API", "214", "", Badge::new("Quiet for 9 days", Tone::Warn)),
        ],
    }
}

fn source() -> SourcePage {
    SourcePage {
        chrome: chrome(Nav::Sources, "/sources/src_2"),
        id: "src_2".into(),
        name: s("ERP South"),
        currency: s("EUR"),
        time_zone: s("Europe/Berlin"),
        owner: String::new(),
        date_orders: vec![Choice::new("", "as found in the file", true), Choice::new("dmy", "day first", false)],
        layouts: vec![RememberedLayout {
            hash: "c41f09ab72d3".into(),
            columns: s("Bestellnummer, Verkauft am, Nettobetrag and 7 more"),
            learned: s("Umsätze Februar.csv, 3 March 2026"),
            used: "used 4 times".into(),
            upload_url: s("https://meed.halden.example/app/Api/UploadCsv?config=c41f09ab72d3"),
        }],
        imports: import_rows().into_iter().take(2).collect(),
        errors: FormErrors::none(),
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let imports = ImportsPage {
        chrome: chrome(Nav::Imports, "/imports"),
        rows: import_rows(),
        pager: Pager { newer: None, older: Some("/imports?after=imp_5".into()) },
    };
    let sandbox =
        OverviewPage { chrome: crate::pages::Chrome { side: crate::pages::Side::Sandbox, ..chrome(Nav::Overview, "/") }, ..overview() };
    vec![
        drawn("overview", &overview()),
        drawn("overview-sandbox", &sandbox),
        drawn("imports", &imports),
        drawn("upload", &upload(FormErrors::none())),
        drawn(
            "upload-refused",
            &upload(FormErrors::one("file", "This is a picture (PNG), not a table. Export the sales as CSV or Excel.")),
        ),
        drawn("mapping", &mapping()),
        drawn("mapping-refused", &mapping_refused()),
        drawn("mapping-wide", &mapping_wide()),
        drawn("dry-run", &dry_run()),
        drawn(
            "progress",
            &ProgressPage {
                chrome: chrome(Nav::Imports, "/imports/imp_9/progress"),
                file: s("Umsätze März.csv"),
                progress: progress(false),
            },
        ),
        drawn(
            "progress-done",
            &ProgressPage {
                chrome: chrome(Nav::Imports, "/imports/imp_9/progress"),
                file: s("Umsätze März.csv"),
                progress: progress(true),
            },
        ),
        drawn("import-result", &result()),
        drawn("sources", &sources()),
        drawn("source", &source()),
    ]
}
