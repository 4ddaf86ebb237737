//! Workbooks: the same table as text and as a sheet gives the same sales; bombs are refused before they are parsed.

use std::io::{Cursor, Write};

use meed_intake::{Hints, Limits, Reading, Row, Target};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

fn rows(reading: &Reading, bytes: &[u8]) -> Vec<Row> {
    reading.rows(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect()
}

fn book() -> Vec<u8> {
    let mut book = Workbook::new();
    let cover = book.add_worksheet().set_name("Cover").unwrap();
    cover.write(0, 0, "Prepared for finance").unwrap();
    let sheet = book.add_worksheet().set_name("Orders").unwrap();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write(0, 0, "Sales export").unwrap();
    for (i, name) in ["Order ID", "Order Date", "Customer Name", "Quantity", "Net Amount", "Sales Rep"].iter().enumerate() {
        sheet.write(2, u16::try_from(i).unwrap(), *name).unwrap();
    }
    for (i, (id, date, amount)) in
        [("S-1", "2026-03-04", 1234.5), ("S-2", "2026-03-05", -12.125), ("S-3", "2026-12-31", 0.3)].into_iter().enumerate()
    {
        let row = 3 + u32::try_from(i).unwrap();
        sheet.write(row, 0, id).unwrap();
        sheet.write_with_format(row, 1, ExcelDateTime::parse_from_str(date).unwrap(), &day).unwrap();
        sheet.write(row, 2, if i == 0 { "Quill, Mara" } else { "Tunde \"T\" Okafor" }).unwrap();
        sheet.write(row, 3, 2).unwrap();
        sheet.write(row, 4, amount).unwrap();
        sheet.write(row, 5, "Dana Reyes").unwrap();
    }
    sheet.write(6, 0, "Total").unwrap();
    sheet.write(6, 4, 1222.675).unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_is_read_from_the_sheet_with_the_table() {
    let bytes = book();
    let reading = Reading::detect(&mut Cursor::new(&bytes), &Hints::default()).unwrap();
    let report = reading.report();
    assert_eq!(report.table.sheet.as_deref(), Some("Orders"));
    assert_eq!((report.table.header_row, report.table.first_row, report.table.rows), (Some(3), Some(4), 3));
    assert_eq!(reading.column_of(Target::Revenue), Some(4));
    assert_eq!(reading.column_of(Target::Owner), Some(5));
    let rows = rows(&reading, &bytes);
    let values: Vec<(u64, String, String)> = rows
        .iter()
        .map(|r| {
            let m = r.outcome.as_ref().unwrap();
            (r.line, m.day.to_string(), m.revenue.unwrap().normalize().to_string())
        })
        .collect();
    assert_eq!(
        values,
        [(4, "2026-03-04".into(), "1234.5".into()), (5, "2026-03-05".into(), "-12.125".into()), (6, "2026-12-31".into(), "0.3".into())]
    );
    assert_eq!(rows[0].cells[2], "Quill, Mara");
    let position = {
        let mut walk = reading.rows(Cursor::new(&bytes), None).unwrap();
        walk.next().unwrap().unwrap();
        walk.position()
    };
    let rest: Vec<Row> = reading.rows(Cursor::new(&bytes), Some(&position)).unwrap().map(Result::unwrap).collect();
    assert_eq!(rest, rows[1..]);
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_parsed() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("xl/workbook.xml", options).unwrap();
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..64 {
        archive.write_all(&zeros).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    let error = Reading::detect(&mut Cursor::new(&bytes), &Hints::default()).unwrap_err();
    assert_eq!(error.code(), "limit.zip");
    let hints = Hints { limits: Limits { members: 1, ..Limits::default() }, ..Hints::default() };
    let error = Reading::detect(&mut Cursor::new(book()), &hints).unwrap_err();
    assert_eq!(error.code(), "limit.zip");
}

#[test]
fn other_archives_are_refused_by_name() {
    let options = zip::write::SimpleFileOptions::default();
    for (member, code) in
        [("orders.csv", "file.archive"), ("word/document.xml", "file.markup"), ("xl/workbook.bin", "file.spreadsheet_format")]
    {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(member, options).unwrap();
        archive.write_all(b"x").unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        assert_eq!(Reading::detect(&mut Cursor::new(&bytes), &Hints::default()).unwrap_err().code(), code);
    }
    let mut damaged = book();
    let middle = damaged.len() / 2;
    for byte in &mut damaged[middle..middle + 200] {
        *byte ^= 0x55;
    }
    assert_eq!(Reading::detect(&mut Cursor::new(&damaged), &Hints::default()).unwrap_err().code(), "file.workbook");
}
