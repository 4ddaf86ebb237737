//! Files that nobody would write on purpose, made at random: nothing panics, every line is accounted for, and what is said
//! about it is said with a place, a documented code and a sentence.

use std::io::{Cursor, Read, Write};

use meed_intake::{Hints, Limits, Reading, Row, SkipReason};
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

/// Every code that a person can meet stands there.
const GUIDE: &str = include_str!("../../../../docs/intake.md");

/// A line of a file.
#[derive(Clone, Debug)]
enum Line {
    Title(String),
    Blank,
    Header,
    OtherHeader,
    Row(Vec<String>),
    Short(usize),
    Long(usize),
    Total,
    Footer(String),
    Label(String),
}

const HEADER: [&str; 6] = ["Order ID", "Order Date", "Customer Name", "Net Amount", "Status", "Sales Rep"];
const OTHER: [&str; 3] = ["Store", "Opened", "Area"];
const GOOD: [&str; 6] = ["S-1001", "2026-03-04", "Mara Quill", "12.50", "paid", "Dana"];

/// A cell as people and machines spoil them.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z]{1,8}( [a-z]{1,6})?",
        2 => "[0-9]{1,4}\\.[0-9]{2}",
        2 => "2026-0[1-9]-[0-2][1-8]",
        1 => Just(String::new()),
        1 => prop::sample::select(vec![
            "#REF!", "######", "-", "—", "31/02/2026", "0405", "Mar 4", "1.234", "1,234", "(12.00)", "1.234,56 €", "$5", "1.2E+11", "'007",
            "9999999999999999999999999999.99", "NULL", "N/A", "=1+1", "Gewonnen", "Total", "\u{feff}x", "\u{202e}abc", "ﬁ", "a\u{300}",
        ]).prop_map(str::to_owned),
        1 => "[\\PC&&[^\"\\r\\n,;\\t|]]{0,10}",
    ]
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        8 => prop::collection::vec(cell(), 6).prop_map(Line::Row),
        1 => Just(Line::Blank),
        1 => (1_usize..6).prop_map(Line::Short),
        1 => (7_usize..12).prop_map(Line::Long),
        1 => Just(Line::Total),
        1 => Just(Line::Header),
        1 => Just(Line::OtherHeader),
        1 => "[A-Z][a-z]{2,10}( [a-z]{2,8}){0,3}".prop_map(Line::Footer),
        1 => "[A-Z][a-z]{2,10}".prop_map(Line::Label),
    ]
}

/// A file: lines above the table, its header, and what follows.
fn file() -> impl Strategy<Value = Vec<Line>> {
    let above = prop::collection::vec(prop_oneof!["[A-Z][a-z]{2,10} [a-z]{2,8}".prop_map(Line::Title), Just(Line::Blank)], 0..4);
    (above, any::<bool>(), prop::collection::vec(line(), 0..40)).prop_map(|(above, has_header, below)| {
        let header = has_header.then_some(Line::Header);
        above.into_iter().chain(header).chain(below).collect()
    })
}

fn cells(line: &Line) -> Vec<String> {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    match line {
        Line::Title(text) | Line::Footer(text) => vec![text.clone()],
        Line::Blank => Vec::new(),
        Line::Header => texts(&HEADER),
        Line::OtherHeader => texts(&OTHER),
        Line::Row(cells) => cells.clone(),
        Line::Short(count) => texts(&GOOD[..*count]),
        Line::Long(count) => (0..*count).map(|n| GOOD[n % GOOD.len()].to_owned()).collect(),
        Line::Total => texts(&["Total", "", "", "99.00", "", ""]),
        Line::Label(text) => [vec![text.clone()], vec![String::new(); 5]].concat(),
    }
}

fn text(lines: &[Line], delimiter: char, end: &str) -> String {
    let quoted = |cell: &String| {
        let needs = cell.contains([delimiter, '"', '\n', '\r']);
        if needs { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    let row = |line: &Line| cells(line).iter().map(quoted).collect::<Vec<_>>().join(&delimiter.to_string()) + end;
    lines.iter().map(row).collect()
}

/// Whether a sentence can be shown to a person.
fn must_be_told(code: &str, text: &str, line: Option<u64>, lines: u64) {
    assert!(GUIDE.contains(&format!("`{code}`")), "`{code}` is not in the guide: {text}");
    assert!(!text.is_empty() && text.chars().count() <= 600, "{code}: {text}");
    assert!(!text.contains("Some(") && !text.contains("None") && !text.contains("Err("), "{code}: {text}");
    assert!(line.is_none_or(|line| (1..=lines.max(1)).contains(&line)), "{code} on line {line:?} of {lines}: {text}");
}

/// Reads a file to its end. Every record is a row that was read, a row with errors, a line that was left out with its
/// reason, or part of the header.
fn account(bytes: &[u8], lines: u64, hints: &Hints) -> Option<(u64, u64)> {
    let reading = match Reading::detect(&mut Cursor::new(bytes), hints) {
        Ok(reading) => reading,
        Err(error) => {
            must_be_told(error.code(), &error.to_string(), error.line(), u64::MAX);
            return None;
        }
    };
    for warning in reading.warnings() {
        must_be_told(&warning.code, &warning.text, warning.line, lines);
    }
    for problem in reading.problems() {
        must_be_told(problem.code(), &problem.to_string(), None, lines);
    }
    let mut walk = reading.rows(Cursor::new(bytes), None).expect("the file that was examined");
    let (mut good, mut rejected, mut last) = (0_u64, 0_u64, 0);
    for row in walk.by_ref() {
        let row: Row = row.expect("detection went through the whole file");
        assert!(row.line > last && row.line <= lines, "line {} after {last} of {lines}", row.line);
        last = row.line;
        match row.outcome {
            Ok(_) => good += 1,
            Err(errors) => {
                assert!(!errors.is_empty());
                for error in &errors {
                    must_be_told(&error.code, &error.text, Some(error.line), lines);
                }
                rejected += 1;
            }
        }
    }
    assert_eq!(good + rejected, reading.row_count(), "what detection counted is what comes");
    let (listed, skipped) = reading.skipped();
    assert_eq!(listed.len() as u64, skipped.min(1_000));
    let first = reading.report().table.header_row.or(reading.report().table.first_row).unwrap_or(u64::MAX);
    let above = listed.iter().filter(|line| line.line < first && matches!(line.reason, SkipReason::Title | SkipReason::Blank)).count();
    assert!(walk.skipped() + above as u64 >= skipped, "the walk leaves out what detection left out");
    Some((reading.row_count(), skipped))
}

fn hints() -> Hints {
    Hints { currency: Some("USD".into()), owner: Some("Dana".into()), today: Some(jiff::civil::date(2026, 5, 1)), ..Hints::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_of_a_spoilt_file_is_accounted_for(
        lines in file(),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let text = text(&lines, delimiter, end);
        let all = lines.len() as u64;
        if let Some((rows, skipped)) = account(text.as_bytes(), all, &hints()) {
            // Blank lines at the end may be no records; the header takes up to three.
            let trailing = lines.iter().rev().take_while(|line| matches!(line, Line::Blank)).count() as u64;
            let rest = all.saturating_sub(rows + skipped);
            prop_assert!(rows + skipped <= all && rest <= 3 + trailing, "{all} lines, {rows} rows, {skipped} left out\n{text}");
        }
    }

    #[test]
    fn bytes_that_fit_no_encoding_are_accounted_for(
        lines in file(),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        form in 0_u8..5,
    ) {
        let text = text(&lines, ';', "\r\n");
        let mut bytes = match form {
            0 => text.into_bytes(),
            1 => [&b"\xEF\xBB\xBF"[..], text.as_bytes()].concat(),
            2 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            3 => [&b"\xFE\xFF"[..], &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>()].concat(),
            _ => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        };
        for (at, byte) in noise {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        // Noise may hold line ends, so that only what is counted twice can be compared.
        account(&bytes, u64::MAX, &hints());
    }

    #[test]
    fn a_file_cut_anywhere_is_accounted_for(lines in file(), cut in any::<prop::sample::Index>(), quote in any::<bool>()) {
        let mut text = text(&lines, ',', "\n");
        if quote {
            text.insert(text.char_indices().nth(cut.index(text.chars().count().max(1))).map_or(0, |(at, _)| at), '"');
        }
        let bytes = text.as_bytes();
        account(&bytes[..cut.index(bytes.len() + 1)], lines.len() as u64 + 1, &hints());
    }

    #[test]
    fn a_spoilt_workbook_is_accounted_for(
        lines in file(),
        noise in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..HOSTILE.len()), 0..6),
    ) {
        let bytes = book(&lines);
        let spoilt = with_sheet(&bytes, |xml| {
            let mut xml = xml.to_owned();
            for (at, piece) in &noise {
                let at = at.index(xml.len());
                let at = (0..=at).rev().find(|at| xml.is_char_boundary(*at)).unwrap_or(0);
                xml.insert_str(at, HOSTILE[*piece]);
            }
            xml
        });
        account(&spoilt, u64::MAX, &hints());
    }
}

/// What a sheet is spoilt with.
const HOSTILE: [&str; 10] = [
    "<",
    "</row>",
    "<row r=\"999999999\">",
    "<c r=\"ZZZZZZ9\"><v>1</v></c>",
    "<c r=\"A1\" t=\"s\"><v>99999</v></c>",
    "<c r=\"A-1\"/>",
    "&bogus;",
    "<c t=\"inlineStr\"><is><t>x</t></is></c>",
    "<v>1e999</v>",
    "\u{0}",
];

fn book(lines: &[Line]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in lines.iter().enumerate() {
        for (column, cell) in cells(line).iter().enumerate() {
            sheet.write(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), cell.as_str()).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// The workbook with its first sheet changed.
fn with_sheet(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let name = member.name().unwrap().to_string();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            content = change(&String::from_utf8(content).unwrap()).into_bytes();
        }
        out.start_file(name, options).unwrap();
        out.write_all(&content).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// A workbook whose sheet holds these rows as XML.
fn sheet(rows: &str) -> Vec<u8> {
    with_sheet(&book(&[Line::Header, Line::Row(GOOD.map(str::to_owned).to_vec())]), |xml| {
        let (start, end) = (xml.find("<sheetData>").unwrap(), xml.find("</sheetData>").unwrap());
        format!("{}<sheetData>{rows}{}", &xml[..start], &xml[end..])
    })
}

fn refusal(bytes: &[u8], limits: Limits) -> (String, String) {
    let error = Reading::detect(&mut Cursor::new(bytes), &Hints { limits, ..hints() }).expect_err("a refusal");
    must_be_told(error.code(), &error.to_string(), error.line(), u64::MAX);
    (error.code().to_owned(), error.to_string())
}

#[test]
fn a_workbook_that_would_fill_the_memory_is_refused_before_it_does() {
    let small = Limits { held_bytes: 10_000, line_bytes: 5_000, unpacked_bytes: 200_000, ..Limits::default() };
    let names: Vec<Line> = (0..400).map(|n| Line::Row((0..6).map(|c| format!("text {n} {c}")).collect())).collect();
    let (code, text) = refusal(&book(&names), small);
    assert!(code == "limit.zip" && text.contains("save the sheet as CSV"), "{code}: {text}");

    let long = sheet(&format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{}</t></is></c></row>", "x".repeat(6_000)));
    assert_eq!(refusal(&long, small).1, "the file unpacks to more than allowed: a cell of it has more than 5000 bytes");
    let runs = "<r><t>xxxxxxxxxx</t></r>".repeat(300);
    let runs = sheet(&format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is>{runs}</is></c></row>"));
    assert!(refusal(&runs, small).1.contains("a cell of it"), "a text of many runs is one text");

    let wide: String = (1..400).map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\"><v>1</v></c></row>")).collect();
    let wide = sheet(&format!("{wide}<row r=\"400\"><c r=\"BXX400\"><v>1</v></c></row>"));
    assert!(refusal(&wide, small).1.contains("its rows fill more than"), "one wide row must not fill all the others");
}

#[test]
fn rows_that_have_no_place_in_a_sheet_are_refused_by_it() {
    let cell = |at: &str| format!("<c r=\"{at}\"><v>1</v></c>");
    for (rows, said) in [
        (format!("<row r=\"5\">{}</row><row r=\"2\">{}</row>", cell("A5"), cell("A2")), "row 2 of the sheet"),
        (format!("<row r=\"1\">{}{}</row>", cell("A1"), cell("A1")), "row 1 of the sheet"),
        (format!("<row r=\"2000000\">{}</row>", cell("A2000000")), "2000000"),
    ] {
        let (code, text) = refusal(&sheet(&rows), Limits::default());
        assert!(code == "file.workbook" && text.contains(said), "{code}: {text}");
    }
}

#[test]
fn rows_far_below_the_table_are_named() {
    let mut rows = String::new();
    for (row, cells) in [(1, HEADER), (2, GOOD), (3, GOOD), (20_000, GOOD)] {
        let cell = |(at, text): (usize, &&str)| {
            let column = char::from(b'A' + u8::try_from(at).unwrap());
            format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        rows.push_str(&format!("<row r=\"{row}\">{}</row>", cells.iter().enumerate().map(cell).collect::<String>()));
    }
    let reading = Reading::detect(&mut Cursor::new(sheet(&rows)), &hints()).unwrap();
    let warning = reading.warnings().iter().find(|warning| warning.code == "table.cut").expect("a warning");
    assert_eq!((warning.line, reading.row_count()), (Some(3), 2));
}
