//! What a file does not say: who sold all of it, what its status words mean, and the year of its days.

use std::collections::BTreeSet;
use std::io::Cursor;

use jiff::civil::date;
use meed_intake::{Answers, Hints, Mapping, MappingProblem, Reading, Row, SaleState, Target};

fn detect(text: &str, hints: &Hints) -> Reading {
    Reading::detect(&mut Cursor::new(text), hints).unwrap()
}

fn rows(reading: &Reading, text: &str) -> Vec<Row> {
    reading.rows(Cursor::new(text), None).unwrap().map(Result::unwrap).collect()
}

fn codes(reading: &Reading) -> Vec<String> {
    reading.problems().iter().map(|problem| problem.code().to_owned()).collect()
}

fn warned(reading: &Reading, code: &str) -> Option<String> {
    reading.warnings().iter().find(|warning| warning.code == code).map(|warning| warning.text.clone())
}

fn owners(reading: &Reading, text: &str) -> Vec<Option<String>> {
    rows(reading, text).into_iter().map(|row| row.outcome.unwrap().owners[0].clone()).collect()
}

fn statuses(reading: &Reading, text: &str) -> Vec<Option<String>> {
    rows(reading, text).into_iter().map(|row| row.outcome.unwrap().status).collect()
}

fn days(reading: &Reading, text: &str) -> Vec<Result<String, String>> {
    let day = |row: Row| row.outcome.map(|mapped| mapped.day.to_string()).map_err(|errors| errors[0].code.clone());
    rows(reading, text).into_iter().map(day).collect()
}

const RECEIPTS: &str = "Receipt No,Date,Net Sales,Customer\nR-1,2026-03-04,10.00,Aurora\nR-2,2026-03-05,20.00,Borealis\n";
const DEALS: &str = "Deal No,Close Date,Amount,Deal Owner\nD-1,2026-03-04,10.00,Lee Moss\nD-2,2026-03-05,20.00,\n";

#[test]
fn a_file_without_an_owner_can_belong_to_one() {
    let reading = detect(RECEIPTS, &Hints::default());
    assert_eq!(codes(&reading), ["mapping.no_credit"]);
    let said = reading.answered(&Answers { owner: Some(" dana@example.com ".into()), ..Answers::default() });
    assert_eq!((codes(&said), said.owner()), (Vec::new(), Some("dana@example.com")));
    assert_eq!(owners(&said, RECEIPTS), vec![Some("dana@example.com".to_owned()); 2]);
    assert_eq!(rows(&said, RECEIPTS)[0].cells, ["R-1", "2026-03-04", "10.00", "Aurora"], "the columns stay as they are written");
    let taken_back = said.answered(&Answers { owner: Some(String::new()), ..Answers::default() });
    assert_eq!((codes(&taken_back), taken_back.owner()), (vec!["mapping.no_credit".to_owned()], None));
}

#[test]
fn rows_that_name_a_rep_keep_it() {
    let hints = Hints { owner: Some("Dana".into()), ..Hints::default() };
    let reading = detect(DEALS, &hints);
    assert!(reading.names_owner());
    assert_eq!(owners(&reading, DEALS), [Some("Lee Moss".to_owned()), Some("Dana".to_owned())]);
}

#[test]
fn the_owner_of_a_layout_is_remembered_before_that_of_the_source() {
    let first = detect(RECEIPTS, &Hints::default()).answered(&Answers { owner: Some("Dana".into()), ..Answers::default() });
    let kept = serde_json::to_string(first.mapping()).unwrap();
    let remembered: Mapping = serde_json::from_str(&kept).unwrap();
    let hints = Hints { owner: Some("Lee".into()), remembered: Some(remembered), ..Hints::default() };
    assert_eq!(detect(RECEIPTS, &hints).owner(), Some("Dana"));
    assert_eq!(detect(RECEIPTS, &Hints { remembered: None, ..hints }).owner(), Some("Lee"));
}

const STAGES: &str = "Deal No,Close Date,Amount,Deal Owner,Deal Stage\nD-1,2026-03-04,10.00,Lee,Gewonnen\nD-2,2026-03-05,20.00,Lee,Gewonnen\n\
D-3,2026-03-06,5.00,Lee,storniert\nD-4,2026-03-07,5.00,Lee,Vertrag versandt\nD-5,2026-03-08,5.00,Lee,\n";

#[test]
fn words_that_are_known_become_states_and_others_stay_as_they_are_written() {
    let reading = detect(STAGES, &Hints::default());
    assert_eq!(reading.column_of(Target::Status), Some(4));
    let words: Vec<(&str, u64, Option<SaleState>)> = reading.statuses().iter().map(|w| (w.word.as_str(), w.rows, w.state)).collect();
    let expected = [("Gewonnen", 2, Some(SaleState::Won)), ("storniert", 1, Some(SaleState::Cancelled)), ("Vertrag versandt", 1, None)];
    assert_eq!(words, expected);
    let text = |t: &str| Some(t.to_owned());
    assert_eq!(statuses(&reading, STAGES), [text("won"), text("won"), text("cancelled"), text("Vertrag versandt"), None]);
    assert_eq!(rows(&reading, STAGES)[0].cells[4], "Gewonnen", "the column stays as it is written");
    let warning = warned(&reading, "status.unknown").unwrap();
    assert_eq!(warning, "`Deal Stage`: `Vertrag versandt` is no state that is known and stays as it is written");
}

#[test]
fn a_person_puts_words_on_states_and_the_layout_remembers_them() {
    let said =
        Answers { statuses: vec![("vertrag versandt".into(), Some(SaleState::Open)), ("Gewonnen".into(), None)], ..Answers::default() };
    let reading = detect(STAGES, &Hints::default()).answered(&said);
    let text = |t: &str| Some(t.to_owned());
    assert_eq!(statuses(&reading, STAGES), [text("Gewonnen"), text("Gewonnen"), text("cancelled"), text("open"), None]);
    assert_eq!(warned(&reading, "status.unknown"), None);
    let kept = serde_json::to_string(reading.mapping()).unwrap();
    let hints = |mapping: &str| Hints { remembered: Some(serde_json::from_str(mapping).unwrap()), ..Hints::default() };

    let april = STAGES.replace("storniert", "Demo");
    let again = detect(&april, &hints(&kept));
    assert_eq!(statuses(&again, &april), [text("Gewonnen"), text("Gewonnen"), text("Demo"), text("open"), None]);
    let warning = warned(&again, "status.unknown").unwrap();
    assert!(warning.contains("`Demo`") && !warning.contains("Gewonnen"), "only the new word is asked about: {warning}");

    let third = detect(STAGES, &hints(&serde_json::to_string(again.mapping()).unwrap()));
    assert_eq!(statuses(&third, STAGES)[2], text("cancelled"), "a word that one file lacked is still known");
}

#[test]
fn a_layout_from_before_words_had_states_keeps_its_words() {
    let first = detect(STAGES, &Hints::default());
    let mut kept = serde_json::to_value(first.mapping()).unwrap();
    kept.as_object_mut().unwrap().remove("statuses");
    let hints = Hints { remembered: Some(serde_json::from_value(kept).unwrap()), ..Hints::default() };
    let reading = detect(STAGES, &hints);
    assert_eq!(statuses(&reading, STAGES)[0].as_deref(), Some("Gewonnen"));
    assert_eq!(warned(&reading, "status.unknown"), None);
}

#[test]
fn a_word_that_a_plan_names_is_what_the_plan_means() {
    let hints = Hints { plan_words: BTreeSet::from(["Gewonnen".to_owned()]), ..Hints::default() };
    let reading = detect(STAGES, &hints);
    let first: Vec<Option<String>> = statuses(&reading, STAGES).into_iter().take(3).collect();
    assert_eq!(first, [Some("Gewonnen".to_owned()), Some("Gewonnen".to_owned()), Some("cancelled".to_owned())]);
    assert_eq!(warned(&reading, "status.unknown").map(|text| text.contains("Gewonnen")), Some(false));
}

#[test]
fn words_beyond_the_sample_are_found_and_a_column_of_many_words_is_left_alone() {
    use std::fmt::Write as _;
    let mut late = "Deal No,Close Date,Amount,Deal Owner,Deal Stage\n".to_owned();
    for n in 0..6_000 {
        writeln!(late, "D-{n},2026-03-04,10.00,Lee,{}", if n == 5_999 { "Canceled" } else { "won" }).unwrap();
    }
    let reading = detect(&late, &Hints::default());
    assert_eq!(statuses(&reading, &late)[5_999].as_deref(), Some("cancelled"));
    let mut many = late.clone();
    for n in 0..60 {
        writeln!(many, "E-{n},2026-03-04,10.00,Lee,Stage {n}").unwrap();
    }
    let reading = detect(&many, &Hints::default());
    assert!(reading.statuses().is_empty() && warned(&reading, "status.many").is_some());
    assert_eq!(statuses(&reading, &many)[5_999].as_deref(), Some("Canceled"), "all or nothing: the words are kept");
}

/// A bookkeeping export: days of four digits, the period in the line above the table.
fn journal(title: &str, days: &[&str]) -> String {
    let mut text = title.to_owned();
    text.push_str("Belegdatum;Belegfeld 1;Umsatz;WKZ Umsatz;Kunde;Verkäufer\n");
    for (n, day) in days.iter().enumerate() {
        text.push_str(&format!("{day};RE{};{},06;EUR;Muster AG;Dana\n", 1001 + n, 100 + n));
    }
    text
}

fn with_date(reading: &Reading) -> Reading {
    reading.with_overrides(&[(0, Some(Target::Date))])
}

const EXTF: &str =
    "\"EXTF\";700;21;\"Buchungsstapel\";9;20260401120000000;;\"RE\";\"\";\"\";1001;1;20260101;4;20260301;20260331;\"Rechnungen\"\n";

fn today() -> Hints {
    Hints { today: Some(date(2026, 5, 1)), ..Hints::default() }
}

#[test]
fn the_year_of_days_without_one_is_taken_from_the_line_above_the_table() {
    let text = journal(EXTF, &["0403", "1503", "3103", "503"]);
    let reading = with_date(&detect(&text, &today()));
    assert_eq!(days(&reading, &text), ["2026-03-04", "2026-03-15", "2026-03-31", "2026-03-05"].map(|d| Ok(d.to_owned())));
    let warning = warned(&reading, "date.year_assumed").unwrap();
    assert_eq!(warning, "`Belegdatum` is written without a year; 2026 was taken, as line 1 above the table states it");
    assert!(!codes(&reading).contains(&"mapping.year".to_owned()));
}

#[test]
fn a_year_that_nobody_states_is_asked_for_and_not_remembered() {
    let text = journal("", &["0403", "1503", "3103"]);
    let hints = Hints { file_name: Some("umsatz_2026-03.csv".into()), ..today() };
    let reading = with_date(&detect(&text, &hints));
    assert_eq!(reading.problems(), [MappingProblem::Year("Belegdatum".into())]);
    let question = reading.year_question().unwrap();
    assert_eq!((question.taken, question.proposed), (None, Some(2026)), "the name of a file is a proposal, no answer");
    assert_eq!(days(&reading, &text)[0], Err("date.no_year".to_owned()), "and until then no row gets a day");
    let said = reading.answered(&Answers { year: Some(2025), ..Answers::default() });
    assert!(said.problems().is_empty());
    assert_eq!(days(&said, &text), ["2025-03-04", "2025-03-15", "2025-03-31"].map(|d| Ok(d.to_owned())));
    assert!(warned(&said, "date.no_year").is_none() && warned(&said, "date.year_assumed").is_none());
    let next = detect(&text, &Hints { remembered: Some(said.mapping().clone()), ..today() });
    assert_eq!(next.problems(), [MappingProblem::Year("Belegdatum".into())], "next year's file is of another year");
}

#[test]
fn a_stated_year_that_would_date_sales_into_the_future_is_not_taken() {
    let text = journal("Gedruckt am 09.01.2026\n\n", &["0412", "1512", "2412"]);
    let reading = with_date(&detect(&text, &Hints { today: Some(date(2026, 1, 9)), ..Hints::default() }));
    assert!(codes(&reading).contains(&"mapping.year".to_owned()), "sales of December, printed in January");
    let text = journal("Journal 01.10.2025 - 31.01.2026\n\n", &["0412", "1512", "0501", "0107"]);
    let reading = with_date(&detect(&text, &Hints { today: Some(date(2026, 2, 9)), ..Hints::default() }));
    let expected = [Ok("2025-12-04".to_owned()), Ok("2025-12-15".into()), Ok("2026-01-05".into()), Err("date.no_year".into())];
    assert_eq!(days(&reading, &text), expected, "a day outside the stated period has no year");
}

#[test]
fn the_order_of_day_and_month_without_a_year_is_decided_like_any_other() {
    let month_first = journal("", &["0304", "0315", "0331"]);
    let said = Answers { year: Some(2026), ..Answers::default() };
    let reading = with_date(&detect(&month_first, &today())).answered(&said);
    assert_eq!(days(&reading, &month_first)[0], Ok("2026-03-04".to_owned()));
    let both = journal("", &["0304", "0315", "3103"]);
    let reading = with_date(&detect(&both, &today())).answered(&said);
    assert_eq!(days(&reading, &both), [Err("date.order".to_owned()), Ok("2026-03-15".into()), Ok("2026-03-31".into())]);
}
