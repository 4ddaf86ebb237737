//! Anything a person may drop: a clear refusal or a clear warning with its place, never a crash, never a silently wrong number.

use std::fmt::Write as _;
use std::io::{Cursor, Read, Seek, SeekFrom};

use meed_intake::{CellError, DateOrder, DecimalMark, Hints, IntakeError, Limits, Reading, Row, SkipReason, Target};
use rust_decimal::Decimal;

fn detect(bytes: &[u8]) -> Result<Reading, IntakeError> {
    Reading::detect(&mut Cursor::new(bytes), &Hints::default())
}

fn read(text: &str) -> (Reading, Vec<Row>) {
    read_with(text, &Hints::default())
}

fn read_with(text: &str, hints: &Hints) -> (Reading, Vec<Row>) {
    let reading = Reading::detect(&mut Cursor::new(text), hints).unwrap();
    let rows = reading.rows(Cursor::new(text), None).unwrap().map(Result::unwrap).collect();
    (reading, rows)
}

fn errors(rows: &[Row]) -> Vec<(u64, &str)> {
    rows.iter().filter_map(|r| r.outcome.as_ref().err()).flatten().map(|e: &CellError| (e.line, e.code.as_str())).collect()
}

fn revenues(rows: &[Row]) -> Vec<String> {
    rows.iter().filter_map(|r| r.outcome.as_ref().ok()).filter_map(|m| m.revenue).map(|d: Decimal| d.to_string()).collect()
}

fn has(reading: &Reading, code: &str) -> bool {
    reading.warnings().iter().any(|w| w.code == code)
}

#[test]
fn files_that_are_no_tables_have_a_code_each() {
    for (bytes, code) in [
        (&b""[..], "file.empty"),
        (b" \n\r\n  \n", "file.empty"),
        (b"\xEF\xBB\xBF", "file.empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "file.image"),
        (b"%PDF-1.7\n", "file.pdf"),
        (b"\x1f\x8b\x08\0\0\0", "file.archive"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "file.archive"),
        (b"PK\x03\x04garbage", "file.workbook"),
        (b"\0\0\0\0\x01\x02\0\0abc\0\0\x07", "file.binary"),
        (b"<html><body>", "file.markup"),
    ] {
        assert_eq!(detect(bytes).unwrap_err().code(), code, "{bytes:?}");
    }
}

/// Two gigabytes of one line without a line end, made while it is read.
struct Endless {
    at: u64,
    size: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX).min(buffer.len());
        for (i, byte) in buffer[..left].iter_mut().enumerate() {
            *byte = if (self.at + i as u64).is_multiple_of(9) { b',' } else { b'x' };
        }
        self.at += left as u64;
        Ok(left)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(n) => n.min(self.size),
            SeekFrom::End(_) => self.size,
            SeekFrom::Current(_) => self.at,
        };
        Ok(self.at)
    }
}

#[test]
fn a_file_or_a_line_beyond_the_limits_is_refused_before_it_is_held() {
    let error = Reading::detect(&mut Endless { at: 0, size: 2 << 30 }, &Hints::default()).unwrap_err();
    assert_eq!(error.code(), "limit.size");
    let error = Reading::detect(&mut Endless { at: 0, size: 16 << 20 }, &Hints::default()).unwrap_err();
    assert_eq!((error.code(), error.line()), ("limit.line", Some(1)));
    let header = vec!["a"; 2_500].join(",");
    let error = detect(format!("{header}\n{header}\n").as_bytes()).unwrap_err();
    assert_eq!((error.code(), error.line()), ("limit.columns", Some(1)));
    let wide = vec!["Order ID"; 100_000].join(",");
    assert_eq!(detect(format!("{wide}\n").as_bytes()).unwrap_err().code(), "limit.columns");
}

#[test]
fn broken_and_mixed_encodings_are_named_with_their_place() {
    let mut broken = "Order ID,Date,Amount,Customer\n1,2026-03-04,5.00,Jörg\n".to_owned();
    for i in 2..30 {
        writeln!(broken, "{i},2026-03-05,6.00,Änne Müller").unwrap();
    }
    let mut bytes = broken.into_bytes();
    bytes.extend_from_slice(b"30,2026-03-06,7.00,M\xFCller\n31,2026-03-07,8.00,Zoe\n");
    let reading = detect(&bytes).unwrap();
    assert_eq!(reading.report().encoding, "utf-8");
    let warning = reading.warnings().iter().find(|w| w.code == "encoding.invalid").unwrap();
    assert_eq!(warning.line, Some(31));
    let rows: Vec<Row> = reading.rows(Cursor::new(&bytes), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(errors(&rows), [(31, "encoding.invalid")]);
    assert_eq!(rows[29].cells[3], "M\\xFCller");
    assert_eq!(rows.len(), 31);
    let mut mixed = b"Order ID,Date,Amount,Customer\n".to_vec();
    for i in 0..10 {
        mixed.extend_from_slice(format!("{i},2026-03-05,6.00,Änne\n").as_bytes());
        mixed.extend_from_slice(b"9,2026-03-06,7.00,M\xFCller\n");
    }
    let error = detect(&mixed).unwrap_err();
    assert_eq!((error.code(), error.line()), ("encoding.mixed", Some(3)));
}

#[test]
fn zero_bytes_in_a_text_are_row_errors() {
    let mut text = String::from("Order ID,Date,Amount,Customer\n");
    for i in 0..50 {
        writeln!(text, "{i},2026-03-04,5.00,Mara Quill").unwrap();
    }
    text.push_str("51,2026-03-04,5.00,Ma\0ra\n");
    let (_, rows) = read(&text);
    assert_eq!(errors(&rows), [(52, "cell.nul")]);
}

#[test]
fn a_header_alone_has_no_rows() {
    let (reading, rows) = read("Order ID,Order Date,Amount,Customer Name\n");
    assert!(rows.is_empty() && has(&reading, "table.no_rows"));
    assert_eq!(reading.report().table.header_row, Some(1));
    assert_eq!(reading.column_of(Target::UniqueId), Some(0));
}

#[test]
fn repeated_and_blank_names_get_names_of_their_own() {
    let (reading, rows) = read("Order ID,Date,Amount,Amount,\n1,2026-03-04,5.00,6.00,x\n2,2026-03-05,7.00,8.00,y\n");
    assert_eq!(reading.column_names(), ["Order ID", "Date", "Amount", "Amount #2", "Column 5"]);
    assert!(has(&reading, "header.repeated") && has(&reading, "header.unnamed"));
    assert_eq!(revenues(&rows), ["5.00", "7.00"]);
}

#[test]
fn ragged_rows_are_cut_repaired_or_refused_but_never_shifted() {
    let text = "Order ID,Date,Customer,Amount,Notes\n1,2026-03-04,Mara,5.00,ok\n2,2026-03-05,Tunde,6.00\n3,2026-03-06,Lee,7.00,,,\n4,2026-03-07,8.00\n5,2026-03-08,Dana,9.00,a,b\n6,2026-03-09,Kim,10.00,\n";
    let (reading, rows) = read(text);
    assert_eq!(reading.row_count(), 6);
    assert_eq!(revenues(&rows), ["5.00", "6.00", "7.00", "9.00", "10.00"]);
    assert_eq!(errors(&rows), [(5, "row.width")]);
    assert!(has(&reading, "row.width") && has(&reading, "row.repaired"));
    assert_eq!(rows[4].cells[4], "a,b", "the only way in which the cells fit their columns");
}

#[test]
fn a_stray_quote_costs_one_row_at_most() {
    let text = "Order ID,Date,Customer,Amount\n1,2026-03-04,\"Mara,5.00\n2,2026-03-05,Tunde,6.00\n3,2026-03-06,Lee,7.00\n4,2026-03-07,\"Quill, Mara\",8.00\n";
    let (_, rows) = read(text);
    assert_eq!(revenues(&rows), ["5.00", "6.00", "7.00", "8.00"]);
    assert_eq!(rows[3].cells[2], "Quill, Mara");
}

#[test]
fn of_two_tables_the_one_with_the_sales_is_loaded() {
    let text = "Order ID,Date,Customer,Amount\n1,2026-03-04,Mara,5.00\n2,2026-03-05,Tunde,6.00\n\nWarehouse,Contact,City,Manager\nNorth,Ole,Oslo,Kim\nSouth,Ana,Rome,Lee\n";
    let (reading, rows) = read(text);
    assert_eq!(revenues(&rows), ["5.00", "6.00"]);
    let warning = reading.warnings().iter().find(|w| w.code == "table.several").unwrap();
    assert_eq!(warning.line, Some(5));
    let text =
        "Store,Phone\nNorth,555-0100\nSouth,555-0101\n\nOrder ID,Date,Customer,Amount\n1,2026-03-04,Mara,5.00\n2,2026-03-05,Tunde,6.00\n";
    let (reading, rows) = read(text);
    assert_eq!(reading.report().table.header_row, Some(5));
    assert_eq!(revenues(&rows), ["5.00", "6.00"]);
}

#[test]
fn totals_repeated_headers_and_footers_are_no_rows() {
    let text = "Sales report\nPrinted 2026-04-01\n\nOrder ID,Date,Customer,Amount\n1,2026-03-04,Mara,5.00\n2,2026-03-05,Tunde,6.00\nSubtotal,,,11.00\nOrder ID,Date,Customer,Amount\n3,2026-03-06,Total Wine & More,7.00\nTOTAL,,,18.00\n\n3 records exported\n";
    let (reading, rows) = read(text);
    assert_eq!(revenues(&rows), ["5.00", "6.00", "7.00"]);
    let reasons: Vec<(u64, SkipReason)> = reading.skipped().0.iter().map(|s| (s.line, s.reason)).collect();
    assert_eq!(
        reasons,
        [
            (1, SkipReason::Title),
            (2, SkipReason::Title),
            (3, SkipReason::Blank),
            (7, SkipReason::Total),
            (8, SkipReason::RepeatedHeader),
            (10, SkipReason::Total),
            (11, SkipReason::Blank),
            (12, SkipReason::Footer),
        ]
    );
}

#[test]
fn sums_that_do_not_say_so_are_no_rows() {
    let text = "Order ID,Date,Customer,Qty,Amount\n1,2026-03-04,Mara,1,5.00\n2,2026-03-05,Tunde,2,6.50\n,,,3,11.50\n3,2026-03-06,Lee,1,7.00\n4,2026-03-07,Kim,1,1.00\n,,,2,8.00\n,,,5,19.50\n";
    let (reading, rows) = read(text);
    assert_eq!(revenues(&rows), ["5.00", "6.50", "7.00", "1.00"]);
    let totals: Vec<u64> = reading.skipped().0.iter().filter(|s| s.reason == SkipReason::Total).map(|s| s.line).collect();
    assert_eq!(totals, [4, 7, 8]);
}

#[test]
fn dates_that_are_none_are_row_errors() {
    let text = "Order ID,Date,Amount\n1,28/02/2026,5.00\n2,31/02/2026,6.00\n3,,7.00\n4,04/03,8.00\n5,gestern,9.00\n6,#REF!,1.00\n7,01/03/2026,2.00\n";
    let (reading, rows) = read(text);
    assert_eq!(reading.report().values.date_order, Some(DateOrder::DayFirst));
    assert_eq!(revenues(&rows), ["5.00", "2.00"]);
    assert_eq!(
        errors(&rows),
        [(3, "date.impossible"), (4, "date.missing"), (5, "date.no_year"), (6, "date.format"), (7, "cell.sheet_error")]
    );
    let error = rows[1].outcome.as_ref().unwrap_err();
    assert_eq!((error[0].column, error[0].column_name.as_str(), error[0].value.as_str()), (Some(1), "Date", "31/02/2026"));
}

#[test]
fn amounts_are_read_by_the_sign_of_their_column() {
    let (reading, rows) =
        read("Auftrag Nr;Datum;Betrag\n1;04.03.2026;1.234,56 €\n2;05.03.2026;(12,00)\n3;06.03.2026;1.234\n4;07.03.2026;12,5-\n");
    assert_eq!(reading.report().values.decimal, Some(DecimalMark::Comma));
    assert_eq!(revenues(&rows), ["1234.56", "-12.00", "1234", "-12.5"]);
    let (reading, rows) = read(
        "Order ID,Date,Amount\n1,2026-03-04,\"1,234.56\"\n2,2026-03-05,(12.00)\n3,2026-03-06,\"1,234\"\n4,2026-03-07,\"12,50\"\n5,2026-03-08,\"7,5\"\n",
    );
    assert!(has(&reading, "number.mixed"));
    assert_eq!(revenues(&rows), ["1234.56", "-12.00", "12.50", "7.5"]);
    assert_eq!(errors(&rows), [(4, "number.ambiguous")]);
    let (reading, rows) = read(
        "Order ID,Date,Amount\n1,2026-03-04,#N/A\n2,2026-03-05,n/a\n3,2026-03-06,5\n4,2026-03-06,6\n5,2026-03-06,7\n6,2026-03-06,8\n7,2026-03-06,8\n",
    );
    assert_eq!(reading.column_of(Target::Revenue), Some(2));
    assert_eq!(errors(&rows), [(2, "cell.sheet_error"), (3, "number.format")]);
}

#[test]
fn an_amount_that_could_be_read_two_ways_is_said_so() {
    let (reading, _) = read("Order ID,Date,Amount\n1,2026-03-04,1.234\n2,2026-03-05,5.678\n");
    assert!(has(&reading, "number.decimal_ambiguous"));
    let hints = Hints { decimal: Some(DecimalMark::Comma), ..Hints::default() };
    let (reading, rows) = read_with("Order ID,Date,Amount\n1,2026-03-04,1.234\n2,2026-03-05,5.678\n", &hints);
    assert!(!has(&reading, "number.decimal_ambiguous"));
    assert_eq!(revenues(&rows), ["1234", "5678"]);
}

#[test]
fn day_and_month_are_decided_by_the_whole_column() {
    let mut text = String::from("Order ID,Date,Amount\n");
    for i in 1..=3_000 {
        writeln!(text, "{i},0{}/03/2026,1.00", i % 9 + 1).unwrap();
    }
    text.push_str("3001,25/03/2026,1.00\n");
    let (reading, rows) = read(&text);
    assert_eq!(reading.report().values.date_order, Some(DateOrder::DayFirst), "the last line decides");
    assert_eq!(rows[0].outcome.as_ref().unwrap().day.to_string(), "2026-03-02");
    let (reading, rows) = read("Order ID,Date,Amount\n1,25/03/2026,1\n2,03/25/2026,1\n3,04/03/2026,1\n");
    let warning = reading.warnings().iter().find(|w| w.code == "date.order_conflict").unwrap();
    assert!(warning.text.contains("line 2") && warning.text.contains("line 3"));
    assert_eq!(errors(&rows), [(4, "date.order")]);
    let (reading, _) = read("Order ID,Date,Amount\n1,04/03/2026,1.00\n2,05/03/2026,2.00\n");
    assert!(has(&reading, "date.order_ambiguous"));
}

#[test]
fn ids_keep_their_zeros_and_lost_digits_are_an_error() {
    let (_, rows) =
        read("Order ID,Date,Amount,SKU\n000123,2026-03-04,5.00,'00077\n1.23457E+11,2026-03-05,6.00,A1\n000125,2026-03-06,7.00,A2\n");
    let first = rows[0].outcome.as_ref().unwrap();
    assert_eq!((first.unique_id.as_deref(), first.product_code.as_deref()), (Some("000123"), Some("00077")));
    assert_eq!(rows[0].cells[3], "'00077", "the cell stays as it is");
    assert_eq!(errors(&rows), [(3, "id.digits_lost")]);
}

#[test]
fn a_currency_that_contradicts_its_column_is_a_row_error() {
    let (_, rows) = read(
        "Order ID,Date,Amount,Currency\n1,2026-03-04,€5.00,EUR\n2,2026-03-05,£6.00,EUR\n3,2026-03-06,7.00,XXQ\n4,2026-03-06,8.00,usd\n5,2026-03-06,8.00,usd\n",
    );
    assert_eq!(errors(&rows), [(3, "currency.contradiction"), (4, "currency.unknown")]);
    assert_eq!(rows[3].outcome.as_ref().unwrap().currency.as_deref(), Some("USD"));
}

#[test]
fn encodings_of_money_files_are_right() {
    for (bytes, encoding, cell) in [
        (&b"Order ID,Date,Amount\n1,2026-03-04,\xA3120.00\n"[..], "windows-1252", "£120.00"),
        (b"Order ID,Date,Amount\n1,2026-03-04,120.00 \x80\n", "windows-1252", "120.00 €"),
        (b"Order ID,Date,Amount\n1,2026-03-04,1\xA0120.00\n", "windows-1252", "1\u{a0}120.00"),
        (b"Order ID,Date,Amount\n1,2026-03-04,120.00 \xA4\n", "iso-8859-15", "120.00 €"),
        (b"Order ID,Date,Amount\n1,2026-03-04,\x9C120.00\n", "ibm850", "£120.00"),
    ] {
        let reading = detect(bytes).unwrap();
        assert_eq!(reading.report().encoding, encoding);
        let row = reading.rows(Cursor::new(bytes), None).unwrap().next().unwrap().unwrap();
        assert_eq!(row.cells[2], cell);
        assert!(row.outcome.is_ok(), "{:?}", row.outcome);
    }
    let mac = b"Order ID,Date,Amount,Customer\n1,2026-03-04,5.00,J\x9Arg M\x9Fller\n2,2026-03-05,6.00,Ren\x8E Gar\x8Don\n3,2026-03-05,6.00,Zo\x91 B\x8Arenz\n";
    let reading = detect(mac).unwrap();
    assert_eq!(reading.report().encoding, "macintosh");
    assert!(has(&reading, "encoding.uncertain"), "it must at least ask");
    let dos = b"Order ID,Date,Amount,Customer\n1,2026-03-04,5.00,J\x94rg M\x81ller\n2,2026-03-05,6.00,Ren\x82 Gar\x87on\n3,2026-03-05,6.00,Zo\x89 B\x84renz\n";
    let reading = detect(dos).unwrap();
    assert!(["ibm850", "ibm437"].contains(&reading.report().encoding.as_str()), "{}", reading.report().encoding);
    assert!(has(&reading, "encoding.uncertain"));
}

#[test]
fn unicode_encodings_are_found_with_and_without_a_mark() {
    let text = "Order ID,Date,Amount,Customer\n1,2026-03-04,5.00,Jörg\n2,2026-03-05,6.00,Łukasz\n";
    let utf16 = |le: bool, mark: bool| -> Vec<u8> {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if le { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    };
    let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), "utf-8"),
        (marked, "utf-8"),
        (utf16(true, true), "utf-16le"),
        (utf16(false, true), "utf-16be"),
        (utf16(true, false), "utf-16le"),
        (utf16(false, false), "utf-16be"),
    ] {
        let reading = detect(&bytes).unwrap();
        assert_eq!(reading.report().encoding, encoding);
        assert_eq!(reading.headers()[0], "Order ID");
        let rows: Vec<Row> = reading.rows(Cursor::new(&bytes), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows[1].outcome.as_ref().unwrap().customer_name.as_deref(), Some("Łukasz"));
    }
}

#[test]
fn the_first_foreign_byte_may_come_late() {
    let mut text = String::from("Order ID,Date,Amount,Customer\n");
    for i in 0..60_000 {
        writeln!(text, "{i},2026-03-04,5.00,Mara Quill").unwrap();
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"60001,2026-03-04,5.00,J\xF6rg M\xFCller\n");
    assert_eq!(detect(&bytes).unwrap().report().encoding, "windows-1252");
}

#[test]
fn line_ends_quotes_and_delimiters_of_every_kind() {
    let rows =
        [["Order ID", "Date", "Customer", "Amount"], ["1", "2026-03-04", "Quill; Mara", "5.00"], ["2", "2026-03-05", "Tunde | Co", "6.00"]];
    for delimiter in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            for last in [true, false] {
                let lines: Vec<String> = rows.iter().map(|r| r.map(|c| format!("\"{c}\"")).join(delimiter)).collect();
                let text = format!("{}{}", lines.join(end), if last { end } else { "" });
                let (reading, read) = read(&text);
                assert_eq!(reading.report().dialect.delimiter, delimiter);
                assert_eq!(read.len(), 2, "{delimiter:?} {end:?}");
                assert_eq!(read[0].cells[2], "Quill; Mara");
            }
        }
    }
    let (reading, rows) =
        read("'Order ID','Date','Customer','Amount'\n'1','2026-03-04','Quill, Mara','5.00'\n'2','2026-03-05','Okafor, T','6.00'\n");
    assert_eq!(reading.report().dialect.quote.as_deref(), Some("'"));
    assert_eq!(rows[0].cells[2], "Quill, Mara");
    let (_, rows) =
        read("Order ID,Date,Customer,Amount\n1,2026-03-04,\"the \\\"best\\\", Mara\",5.00\n2,2026-03-05,\"a \\\"b\\\", c\",6.00\n");
    assert_eq!(rows[0].cells[2], "the \"best\", Mara");
}

#[test]
fn a_file_without_a_header_is_mapped_by_values_and_asks() {
    let (reading, rows) = read(
        "A-1001,2026-03-04,95.50,mara@example.com,US\nA-1002,2026-03-05,25.50,tunde@example.org,CA\nA-1003,2026-03-06,12.25,lee@example.org,US\n",
    );
    assert!(has(&reading, "header.missing"));
    assert_eq!(reading.report().table.header_row, None);
    assert_eq!(reading.report().table.first_row, Some(1));
    assert_eq!(reading.column_of(Target::Date), Some(1));
    assert_eq!(reading.column_of(Target::Revenue), Some(2));
    assert!(reading.columns().iter().all(|c| !c.automatic));
    assert_eq!(rows.len(), 3);
}

#[test]
fn com_013_a_country_column_without_any_hint_maps_to_territory() {
    let (reading, _) = read("Order ID,Date,Amount,X7\n1,2026-03-04,5.00,Germany\n2,2026-03-05,6.00,France\n");
    assert_eq!(reading.column_of(Target::Territory), Some(3));
    assert!(reading.columns()[3].automatic);
}

#[test]
fn com_017_revenue_is_quantity_times_price_without_a_total() {
    let (reading, rows) = read("Order ID,Date,Quantity,Unit Price,Sales Rep\n1,2026-03-04,3,2.50,Dana\n2,2026-03-05,2,4.00,Lee\n");
    assert_eq!(reading.column_of(Target::Revenue), None);
    let first = rows[0].outcome.as_ref().unwrap();
    assert_eq!((first.revenue.unwrap().to_string().as_str(), first.revenue_derived), ("7.50", true));
}

#[test]
fn com_014_overrides_persist_and_the_same_layout_is_read_silently() {
    let text = "Vorgang;Wann;Wieviel;Wer\n1;04.03.2026;5,00;Dana\n2;05.03.2026;6,00;Lee\n";
    let (reading, _) = read(text);
    let chosen = reading.with_overrides(&[
        (0, Some(Target::UniqueId)),
        (1, Some(Target::Date)),
        (2, Some(Target::Revenue)),
        (3, Some(Target::Owner)),
    ]);
    assert!(chosen.problems().is_empty());
    let hints = Hints { remembered: Some(chosen.mapping().clone()), ..Hints::default() };
    let moved = "Wer;Vorgang;Wann;Wieviel\nDana;3;06.03.2026;7,00\nLee;4;07.03.2026;8,50\n";
    let (again, rows) = read_with(moved, &hints);
    assert_eq!(again.layout_fingerprint(), reading.layout_fingerprint());
    assert!(!again.layout().matches(&reading.layout()), "com_011: the exact layout has changed");
    assert!(again.is_certain() && again.problems().is_empty());
    assert_eq!(revenues(&rows), ["7.00", "8.50"]);
    assert_eq!(rows[0].outcome.as_ref().unwrap().owners[0].as_deref(), Some("Dana"));
    let contradicting = "Vorgang;Wann;Wieviel;Wer\n1;nie;viel;Dana\n2;nie;mehr;Lee\n";
    let (asked, _) = read_with(contradicting, &hints);
    assert!(asked.columns()[2].question.is_some(), "values that no longer fit become a question");
}

#[test]
fn a_known_rep_in_the_values_makes_an_owner_column() {
    let hints = Hints { owners: meed_intake::Aliases::new(["Dana Reyes", "LEE MOSS"]), ..Hints::default() };
    let text = "Order ID,Date,Amount,Zed\n1,2026-03-04,5.00,dana reyes\n2,2026-03-05,6.00,Lee Moss\n";
    let (reading, rows) = read_with(text, &hints);
    assert_eq!(reading.column_of(Target::Owner), Some(3));
    assert_eq!(rows[0].outcome.as_ref().unwrap().owners[0].as_deref(), Some("dana reyes"));
}

#[test]
fn multi_row_headers_are_joined() {
    let text = "Order,,Customer,,Money,\nNumber,Date,Name,E-Mail,Net,Tax\n1,2026-03-04,Mara,mara@example.com,5.00,0.50\n2,2026-03-05,Tunde,t@example.com,6.00,0.60\n";
    let (reading, rows) = read(text);
    assert_eq!(reading.headers()[0], "Order / Number");
    assert_eq!(reading.report().table.header_row, Some(1));
    assert_eq!(reading.report().table.first_row, Some(3));
    assert_eq!(reading.column_of(Target::UniqueId), Some(0));
    assert_eq!(reading.column_of(Target::CustomerName), Some(2));
    assert_eq!(revenues(&rows), ["5.00", "6.00"]);
}

#[test]
fn limits_can_be_set() {
    let hints = Hints { limits: Limits { line_bytes: 50, ..Limits::default() }, ..Hints::default() };
    let text = format!("Order ID,Date,Amount\n1,2026-03-04,5.00\n2,2026-03-05,{}\n", "9".repeat(60));
    let error = Reading::detect(&mut Cursor::new(text), &hints).unwrap_err();
    assert_eq!((error.code(), error.line()), ("limit.line", Some(3)));
}

#[test]
fn rates_are_not_taken_for_amounts() {
    let text = "Rechnung Nr;Datum;Netto;MwSt;Marge\n1;04.03.2026;1000,00;19;31,5\n2;05.03.2026;2000,00;7;28,0\n";
    let (reading, _) = read(text);
    assert!(!reading.columns()[3].automatic && !reading.columns()[4].automatic);
    let text = "Rechnung Nr;Datum;Netto;MwSt;Brutto\n1;04.03.2026;100,00;19,00;119,00\n2;05.03.2026;100,00;7,00;107,00\n";
    let (reading, _) = read(text);
    assert_eq!(reading.column_of(Target::Tax), Some(3));
    assert!(reading.columns()[3].automatic, "the arithmetic says that it is an amount");
}

#[test]
fn two_thousand_columns_of_amounts_are_mapped() {
    let names: Vec<String> = (0..2_000).map(|i| ["Tax", "Net Amount", "Fee", "Price", "Margin", "Quantity"][i % 6].to_owned()).collect();
    let row: Vec<String> = (0..2_000).map(|i| format!("{}.{:02}", i % 97, i % 50)).collect();
    let text = format!("{}\n{}\n{}\n{}\n", names.join(","), row.join(","), row.join(","), row.join(","));
    let (reading, rows) = read(&text);
    assert_eq!(reading.columns().len(), 2_000);
    assert_eq!(rows.len(), 3);
}
