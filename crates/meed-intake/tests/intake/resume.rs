//! An interrupted walk continues from a stored position and gives the same rows.

use std::io::Cursor;

use meed_intake::{Hints, Position, Reading, Row};

use crate::scoring;

fn rows_from(reading: &Reading, bytes: &[u8], from: Option<&Position>) -> Vec<Row> {
    reading.rows(Cursor::new(bytes), from).unwrap().map(Result::unwrap).collect()
}

/// Stops after every row, stores the position as text, and goes on from there.
fn resumes_everywhere(bytes: &[u8]) {
    let reading = Reading::detect(&mut Cursor::new(bytes), &Hints::default()).unwrap();
    let all = rows_from(&reading, bytes, None);
    assert_eq!(all.len() as u64, reading.row_count());
    for stop in 0..all.len() {
        let mut walk = reading.rows(Cursor::new(bytes), None).unwrap();
        let mut got: Vec<Row> = walk.by_ref().take(stop).map(Result::unwrap).collect();
        let stored = serde_json::to_string(&walk.position()).unwrap();
        let position: Position = serde_json::from_str(&stored).unwrap();
        got.extend(rows_from(&reading, bytes, Some(&position)));
        assert_eq!(got, all, "stopped after {stop} rows");
    }
}

#[test]
fn every_sample_resumes_after_every_row() {
    for path in scoring::layouts("samples") {
        resumes_everywhere(&std::fs::read(path).unwrap());
    }
}

#[test]
fn every_encoding_resumes() {
    let text =
        "Vorgang;Datum;Betrag;Käufer\n1;04.03.2026;5,00;Jörg Beispiel\n\n2;05.03.2026;6,00;Änne Müller\n3;06.03.2026;7,00;Zoë Weiß\n";
    resumes_everywhere(text.as_bytes());
    resumes_everywhere(&encoding_of(text, |c| u8::try_from(u32::from(c)).unwrap()));
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    resumes_everywhere(&utf16);
    // Shift_JIS: a file that cannot be entered in its middle is read again from its start.
    let header = b"Order ID,Date,Amount,Customer\n";
    let mut japanese = header.to_vec();
    for i in 0..20 {
        japanese.extend_from_slice(format!("{i},2026-03-04,5.00,").as_bytes());
        japanese.extend_from_slice(b"\x93\xFA\x96\x7B\x82\xCC\x8A\x94\x8E\xAE\x89\xEF\x8E\xD0\n");
    }
    let reading = Reading::detect(&mut Cursor::new(&japanese), &Hints::default()).unwrap();
    assert_eq!(reading.report().encoding, "shift_jis");
    assert_eq!(rows_from(&reading, &japanese, None)[0].cells[3], "日本の株式会社");
    resumes_everywhere(&japanese);
}

fn encoding_of(text: &str, byte: impl Fn(char) -> u8) -> Vec<u8> {
    text.chars().map(byte).collect()
}

#[test]
fn lines_of_a_record_resume_in_its_middle() {
    let text = "Order,Date,Customer,Salesperson,Product,Subtotal\nS1,2026-03-04,Aurora,Dana,Chair,241.00\n,,,,Table,300.00\n,,,,Lamp,20.00\nS2,2026-03-05,Borealis,Lee,Chair,482.00\n";
    resumes_everywhere(text.as_bytes());
    let reading = Reading::detect(&mut Cursor::new(text), &Hints::default()).unwrap();
    let rows = rows_from(&reading, text.as_bytes(), None);
    let keys: Vec<_> = rows.iter().map(|r| r.outcome.as_ref().unwrap().row_key.clone().unwrap()).collect();
    assert_eq!(keys, ["S1", "S1#2", "S1#3", "S2"]);
    let third = rows[2].outcome.as_ref().unwrap();
    assert_eq!((third.day.to_string().as_str(), third.owners[0].as_deref()), ("2026-03-04", Some("Dana")));
    assert_eq!(rows[2].cells[0], "", "the cells stay as they are in the file");
}

#[test]
fn a_position_beyond_a_shortened_file_is_refused() {
    let text = "Order ID,Date,Amount\n1,2026-03-04,5.00\n2,2026-03-05,6.00\n3,2026-03-05,6.00\n";
    let reading = Reading::detect(&mut Cursor::new(text), &Hints::default()).unwrap();
    let mut walk = reading.rows(Cursor::new(text), None).unwrap();
    walk.by_ref().take(3).for_each(drop);
    let position = walk.position();
    let short = &text[..30];
    let error = reading.rows(Cursor::new(short), Some(&position)).err().unwrap();
    assert_eq!(error.code(), "file.changed");
}
