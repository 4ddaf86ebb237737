//! "Rows and sums after a correct load" of the sample exports: every figure of that table.

use std::collections::BTreeMap;
use std::fs::File;

use meed_intake::{Hints, Mapped, Reading};
use rust_decimal::Decimal;

use crate::scoring as common;

struct Loaded {
    rows: Vec<(u64, Mapped)>,
    reading: Reading,
}

fn load(name: &str, currency: Option<&str>) -> Loaded {
    let path = common::folder("samples").join(format!("{name}.csv"));
    let hints = Hints { currency: currency.map(str::to_owned), ..Hints::default() };
    let reading = Reading::detect(&mut File::open(&path).unwrap(), &hints).unwrap();
    let rows: Vec<(u64, Mapped)> = reading
        .rows(File::open(&path).unwrap(), None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            (row.line, *row.outcome.unwrap_or_else(|e| panic!("{name}: {e:?}")))
        })
        .collect();
    assert_eq!(rows.len() as u64, reading.row_count(), "{name}: counted and loaded rows");
    Loaded { rows, reading }
}

impl Loaded {
    fn sums(&self) -> Vec<(String, String)> {
        let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
        for (_, row) in &self.rows {
            if let Some(revenue) = row.revenue {
                *sums.entry(row.currency.clone().unwrap_or_default()).or_default() += revenue;
            }
        }
        sums.into_iter().map(|(c, d)| (c, d.normalize().to_string())).collect()
    }

    fn days(&self) -> (String, String) {
        let days = || self.rows.iter().map(|(_, r)| r.day);
        (days().min().unwrap().to_string(), days().max().unwrap().to_string())
    }
}

fn expect(name: &str, currency: Option<&str>, rows: usize, sums: &[(&str, &str)], days: (&str, &str)) -> Loaded {
    let loaded = load(name, currency);
    assert_eq!(loaded.rows.len(), rows, "{name}: rows");
    let sums: Vec<(String, String)> = sums.iter().map(|(c, s)| ((*c).to_owned(), (*s).to_owned())).collect();
    assert_eq!(loaded.sums(), sums, "{name}: revenue");
    assert_eq!(loaded.days(), (days.0.to_owned(), days.1.to_owned()), "{name}: days");
    loaded
}

#[test]
fn every_sample_loads_to_its_rows_and_sums() {
    let shop = expect("shopify_orders", None, 3, &[("USD", "121")], ("2026-03-04", "2026-03-05"));
    let keys: Vec<_> = shop.rows.iter().map(|(_, r)| r.row_key.clone().unwrap()).collect();
    assert_eq!(keys, ["#1001", "#1001#2", "#1002"]);
    assert!(shop.reading.key().unwrap().line_number);
    let second = &shop.rows[1].1;
    assert_eq!(second.currency.as_deref(), Some("USD"), "texts of the record are inherited");
    assert_eq!(second.owners[0].as_deref(), Some("Dana Reyes"));
    assert_eq!(second.territory.as_deref(), Some("US"));
    assert_eq!((second.revenue, second.tax), (None, None), "amounts of the record are not repeated");
    let stripe = expect("stripe_payments", None, 2, &[("EUR", "3125"), ("USD", "109.14")], ("2026-03-04", "2026-03-05"));
    assert_eq!(stripe.rows[0].1.date.offset_seconds, Some(0), "the header says UTC");
    let square = expect("square_transactions", Some("USD"), 2, &[("USD", "1015")], ("2026-03-04", "2026-03-05"));
    assert_eq!(square.rows[0].1.date.time.unwrap().to_string(), "10:02:11", "date and time of two columns are joined");
    expect("hubspot_deals", None, 2, &[("EUR", "88560"), ("USD", "12500.5")], ("2026-03-04", "2026-03-28"));
    expect("xero_sales_invoices", None, 2, &[("NZD", "2050")], ("2026-03-24", "2026-03-30"));
    let report = expect("quickbooks_online_sales_by_customer_detail", Some("USD"), 3, &[("USD", "2350")], ("2026-03-04", "2026-05-01"));
    let by_customer: Vec<_> = report.rows.iter().map(|(_, r)| (r.customer_name.clone().unwrap(), r.revenue.unwrap().to_string())).collect();
    assert_eq!(by_customer[0], ("Mara Quill".into(), "2000.00".into()));
    assert_eq!(by_customer[1], ("Mara Quill".into(), "400.00".into()));
    assert_eq!(by_customer[2], ("Tunde Okafor".into(), "-50.00".into()));
    expect("woocommerce_analytics_orders", Some("USD"), 2, &[("USD", "1321")], ("2026-03-04", "2026-03-05"));
    expect("ebay_orders_de", None, 2, &[("EUR", "1129.49")], ("2025-12-10", "2026-03-03"));
    expect("gumroad_sales", Some("USD"), 2, &[("USD", "20")], ("2026-03-04", "2026-03-05"));
    let paypal = expect("paypal_activity", None, 2, &[("USD", "250")], ("2026-03-04", "2026-03-15"));
    let offsets: Vec<_> = paypal.rows.iter().map(|(_, r)| r.date.offset_seconds).collect();
    assert_eq!(offsets, [Some(-8 * 3600), Some(-7 * 3600)], "PST and PDT stand in a column of their own");
}

#[test]
fn com_015_an_ambiguous_dollar_uses_the_sign_map_or_raises_a_warning() {
    let path = common::folder("samples").join("square_transactions.csv");
    let bare = Reading::detect(&mut File::open(&path).unwrap(), &Hints::default()).unwrap();
    assert!(bare.warnings().iter().any(|w| w.code == "currency.ambiguous"));
    let hints = Hints { symbols: BTreeMap::from([("$".to_owned(), "CAD".to_owned())]), ..Hints::default() };
    let mapped = Reading::detect(&mut File::open(&path).unwrap(), &hints).unwrap();
    assert!(mapped.warnings().iter().all(|w| w.code != "currency.ambiguous"));
    let row = mapped.rows(File::open(&path).unwrap(), None).unwrap().next().unwrap().unwrap();
    assert_eq!(row.outcome.unwrap().currency.as_deref(), Some("CAD"));
}

#[test]
fn com_015_a_dollar_is_never_taken_for_a_currency_that_is_not_written_so() {
    let path = common::folder("samples").join("square_transactions.csv");
    let read = |default: Option<&str>, said: Option<&str>| {
        let hints = Hints { default_currency: default.map(str::to_owned), currency: said.map(str::to_owned), ..Hints::default() };
        Reading::detect(&mut File::open(&path).unwrap(), &hints).unwrap()
    };
    let codes = |reading: &Reading| reading.problems().iter().map(meed_intake::MappingProblem::code).collect::<Vec<_>>();
    assert_eq!(codes(&read(Some("EUR"), None)), ["mapping.currency"]);
    assert!(codes(&read(Some("USD"), None)).is_empty(), "a dollar may be what is assumed anyway");
    assert!(codes(&read(Some("EUR"), Some("USD"))).is_empty(), "somebody said which");
    assert_eq!(read(Some("EUR"), Some("USD")).mapping().currency.as_deref(), Some("USD"), "and it is remembered");
    let open = read(Some("EUR"), None);
    let money: Vec<_> =
        open.columns().iter().filter(|c| c.target.is_some_and(meed_intake::Target::is_money)).map(|c| (c.index, None)).collect();
    assert!(codes(&open.with_overrides(&money)).is_empty(), "nothing is mapped whose currency is open");
}

#[test]
fn a_control_sum_is_compared_with_the_rows() {
    let read = |end: &str| {
        let text =
            format!("Order No,Date,Amount,Sales Rep\n1,2026-03-04,1000.10,Ana\n2,2026-03-05,20.00,Bo\n3,2026-03-06,-5.00,Ana\n{end}");
        Reading::detect(&mut std::io::Cursor::new(text.into_bytes()), &Hints::default()).unwrap()
    };
    let agrees = read("Total,,1015.10,\n").total().expect("a total");
    assert_eq!((agrees.line, agrees.agrees, agrees.sum.as_str()), (5, true, "1015.10"));
    let wrong = read("Total,,1015.00,\n");
    assert!(!wrong.total().expect("a total").agrees);
    let warning = wrong.warnings().iter().find(|w| w.code == "total.differs").expect("a warning");
    assert!(warning.line == Some(5) && warning.text.contains("1015.00") && warning.text.contains("1015.10"), "{warning:?}");
    assert_eq!(read("").total(), None, "no total, no check");
    let report = common::folder("samples").join("quickbooks_online_sales_by_customer_detail.csv");
    let report = Reading::detect(&mut File::open(report).unwrap(), &Hints::default()).unwrap();
    let total = report.total().expect("a total");
    assert_eq!((total.agrees, total.told.as_str()), (true, "2350.00"), "{total:?}");
}

#[test]
fn the_report_has_the_documented_shape() {
    for path in common::layouts("samples") {
        let reading = Reading::detect(&mut File::open(&path).unwrap(), &Hints::default()).unwrap();
        let report = serde_json::to_value(reading.report()).unwrap();
        assert_eq!(report["encoding"], "utf-8");
        assert_eq!(report["dialect"]["quote"], "\"");
        let meta: serde_json::Value = serde_json::from_reader(File::open(path.with_extension("meta.json")).unwrap()).unwrap();
        assert_eq!(report["dialect"]["delimiter"], meta["delimiter"]);
        assert_eq!(report["table"]["header_row"], meta["header_record_index"].as_u64().unwrap() + 1);
        assert_eq!(report["mapping"].as_array().unwrap().len() as u64, meta["n_columns"].as_u64().unwrap());
        assert_eq!(report["values"]["decimal"], meta["decimal_separator"], "{}", path.display());
        for (index, column) in report["mapping"].as_array().unwrap().iter().enumerate() {
            assert_eq!(column["index"], index);
            assert!(column.get("target").is_some() && column["reason"].is_string());
            assert!((0.0..=1.0).contains(&column["score"].as_f64().unwrap()));
        }
        // A stored reading is the same reading.
        let stored: Reading = serde_json::from_str(&serde_json::to_string(&reading).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(stored.report()).unwrap(), report);
    }
}
