//! Properties: no bytes make the intake panic, and what is written is read back.

use std::io::Cursor;

use meed_intake::{Hints, Reading, Row, Target};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn walk(bytes: &[u8]) {
    let hints = Hints { currency: Some("USD".into()), ..Hints::default() };
    if let Ok(reading) = Reading::detect(&mut Cursor::new(bytes), &hints) {
        let rows: Vec<_> = reading.rows(Cursor::new(bytes), None).unwrap().collect();
        assert!(rows.iter().filter(|r| r.is_ok()).count() as u64 <= reading.row_count());
        let _ = serde_json::to_string(&reading.report()).unwrap();
    }
}

/// Pieces that files are made of, to reach deep into the parser.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("\t".to_owned()),
        Just("\"".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("Order ID".to_owned()),
        Just("Date".to_owned()),
        Just("Amount".to_owned()),
        Just("Total".to_owned()),
        Just("2026-03-04".to_owned()),
        Just("31/02/2026".to_owned()),
        Just("1.234,56 €".to_owned()),
        Just("(12.00)".to_owned()),
        Just("1.2E+11".to_owned()),
        Just("9".repeat(40)),
        "[a-z0-9 .,:/-]{0,12}",
        "\\PC{0,6}",
    ]
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z][A-Za-z ,;|\"']{0,12}[a-z]", "[A-Z]{1,3} and\nco", "[äöüßéñ]{1,5}[a-z]"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        walk(&bytes);
    }

    #[test]
    fn fragments_of_files_never_panic(parts in proptest::collection::vec(fragment(), 0..80)) {
        walk(parts.concat().as_bytes());
    }

    #[test]
    fn what_is_written_is_read_back(
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
        rows in proptest::collection::vec((cell(), 1_i64..10_000_000, 1_i8..=28, cell()), 3..40),
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["Order ID", "Order Date", "Customer Name", "Amount", "Product Name"]).unwrap();
        for (i, (customer, cents, day, product)) in rows.iter().enumerate() {
            let amount = Decimal::new(*cents, 2).to_string();
            writer.write_record([&format!("S-{i}"), &format!("2026-03-{day:02}"), customer, &amount, product]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let reading = Reading::detect(&mut Cursor::new(&bytes), &Hints::default()).unwrap();
        prop_assert_eq!(reading.report().dialect.delimiter, char::from(delimiter).to_string());
        prop_assert_eq!(reading.column_of(Target::Revenue), Some(3));
        let read: Vec<Row> = reading.rows(Cursor::new(&bytes), None).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), rows.len());
        for (row, (customer, cents, day, product)) in read.iter().zip(&rows) {
            prop_assert_eq!(&row.cells[2], customer);
            prop_assert_eq!(&row.cells[4], product);
            let mapped = row.outcome.as_ref().unwrap();
            prop_assert_eq!(mapped.revenue, Some(Decimal::new(*cents, 2)));
            prop_assert_eq!(mapped.day.day(), *day);
        }
    }
}
