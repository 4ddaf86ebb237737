//! `meed import`: mappings by hand, sources, refused rows, hopeless files.

use crate::running::{Place, sample};

#[test]
fn columns_are_put_on_targets_by_name_or_place() {
    let place = Place::with_workspace();
    place.file("odd.csv", "K1;K2;K3;K4\n2026-01-10;Dana;100,00;x1\n2026-01-11;Lee;200,00;x2\n");
    let args = ["import", "odd.csv", "--json", "--map", "K1=date", "--map", "#2=owner", "--map", "k3=revenue", "--map", "K4=unique_id"];
    let done = place.ok(&args).json();
    assert_eq!((&done["state"], &done["counts"]["created"]), (&"done".into(), &2.into()), "{done}");
    // Remembered: the next file of this layout needs no hand.
    place.file("odd-2.csv", "K1;K2;K3;K4\n2026-01-12;Dana;300,00;x3\n");
    let next = place.ok(&["import", "odd-2.csv", "--json"]).json();
    assert_eq!((&next["source"], &next["counts"]["created"]), (&"odd".into(), &1.into()), "{next}");
}

#[test]
fn a_column_or_target_that_does_not_exist_is_told_with_those_that_do() {
    let place = Place::with_workspace();
    let file = sample("hubspot_deals.csv").display().to_string();
    let column = place.fails(&["import", &file, "--map", "Nope=owner"], 2, "map_invalid");
    assert!(column.err.contains("Deal owner"), "{}", column.err);
    let target = place.fails(&["import", &file, "--map", "Amount=money"], 2, "map_invalid");
    assert!(target.err.contains("revenue"), "{}", target.err);
    place.fails(&["import", &file, "--map", "Amount"], 2, "COLUMN=TARGET");
}

#[test]
fn com_010_a_mapping_that_cannot_be_used_is_refused_by_its_code() {
    let place = Place::with_workspace();
    place.file("sales.csv", "Order No,Order Date,Sales Rep,Amount\nA-1,2026-01-10,Dana,100.00\n");
    place.fails(&["import", "sales.csv", "--yes", "--map", "Order Date=-"], 1, "mapping.no_date");
    place.fails(&["import", "sales.csv", "--yes", "--map", "Amount=-", "--map", "Sales Rep=-"], 1, "mapping.no_credit");
    let all = ["Order No=-", "Order Date=-", "Sales Rep=-", "Amount=-"];
    let mut args = vec!["import", "sales.csv", "--yes"];
    args.extend(all.iter().flat_map(|map| ["--map", map]));
    place.fails(&args, 1, "mapping.none");
}

#[test]
fn dollars_in_a_workspace_of_euros_are_asked_about_and_remembered() {
    let place = Place::with_workspace();
    place.file("till-1.csv", "Order No,Order Date,Sales Rep,Amount\nA-1,2026-01-10,Dana,$100.00\nA-2,2026-01-11,Lee,$50.00\n");
    place.fails(&["import", "till-1.csv", "--yes"], 1, "--currency");
    let said = place.ok(&["import", "till-1.csv", "--currency", "USD", "--json"]).json();
    assert_eq!(said["counts"]["revenue"]["USD"], "150.00", "{said}");
    place.file("till-2.csv", "Order No,Order Date,Sales Rep,Amount\nA-3,2026-02-10,Dana,$7.00\n");
    let next = place.ok(&["import", "till-2.csv", "--json"]).json();
    assert_eq!(next["counts"]["revenue"]["USD"], "7.00", "{next}");
}

#[test]
fn a_whole_file_is_given_to_an_owner_and_words_to_states() {
    let place = Place::with_workspace();
    place.file(
        "till-1.csv",
        "Receipt No,Date,Net Sales,Customer,Status\nR-1,2026-01-10,100.00,Aurora,Gewonnen\nR-2,2026-01-11,5.00,Borealis,Muster\n",
    );
    place.fails(&["import", "till-1.csv", "--yes"], 1, "--owner");
    let wrong = place.fails(&["import", "till-1.csv", "--yes", "--owner", "Dana", "--status", "Mustr=lost"], 2, "status_word_unknown");
    assert!(wrong.err.contains("Muster"), "{}", wrong.err);
    place.fails(&["import", "till-1.csv", "--status", "Muster=gone"], 2, "there is no state");
    let args = ["import", "till-1.csv", "--yes", "--json", "--owner", "Dana", "--status", "Muster=lost"];
    let look = place.ok(&["import", "--dry-run", "--json", "till-1.csv", "--owner", "Dana", "--status", "Muster=lost"]).json();
    assert_eq!((&look["owner"], &look["values"]["statuses"][0]["state"]), (&"Dana".into(), &"won".into()), "{look}");
    assert_eq!(place.ok(&args).json()["counts"]["created"], 2);
    place.file("till-2.csv", "Receipt No,Date,Net Sales,Customer,Status\nR-3,2026-02-10,100.00,Aurora,Muster\n");
    let next = place.ok(&["import", "till-2.csv", "--json"]).json();
    assert_eq!(next["counts"]["created"], 1, "remembered: {next}");
}

#[test]
fn a_year_is_told_where_the_file_states_none() {
    let place = Place::with_workspace();
    place.file("journal.csv", "Belegdatum;Belegfeld;Umsatz;Kunde;Verkäufer\n0403;RE1;10,50;Muster;Dana\n1503;RE2;11,50;Muster;Dana\n");
    let maps =
        ["import", "journal.csv", "--yes", "--json", "--map", "Belegdatum=date", "--map", "Umsatz=revenue", "--map", "Verkäufer=owner"];
    place.fails(&maps, 1, "--year");
    let done = place.ok(&[&maps[..], &["--year", "2026"]].concat()).json();
    assert_eq!((&done["counts"]["first_day"], &done["counts"]["last_day"]), (&"2026-03-04".into(), &"2026-03-15".into()), "{done}");
}

#[test]
fn an_uncertain_mapping_waits_for_a_decision() {
    let place = Place::with_workspace();
    place.file("odd.csv", "K1,K2,K3\n2026-01-10,Dana,100.00\n2026-01-11,Lee,50.00\n");
    let refused = place.run(&["import", "odd.csv"]);
    assert_eq!(refused.code, 1, "{}{}", refused.text(), refused.err);
    assert!(refused.err.contains("mapping"), "{}", refused.err);
    assert!(refused.err.contains("next:"), "{}", refused.err);
}

#[test]
fn refused_rows_go_to_a_file_with_their_errors_and_original_cells() {
    let place = Place::with_workspace();
    place.file(
        "sales.csv",
        "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana,100.00,EUR\nA-2,2026-02-31,Dana,5.00,EUR\nA-3,2026-02-01,Dana,many,EUR\n\
         A-4,2026-02-02,Lee,7.00,EUR\nA-5,2026-02-03,Lee,8.00,EUR\nA-6,2026-02-04,Dana,9.00,EUR\n",
    );
    let done = place.ok(&["import", "sales.csv", "--yes", "--rejects", "refused.csv"]);
    assert!(done.text().contains("2 refused"), "{}", done.text());
    let rows = crate::running::csv(&std::fs::read(place.path().join("refused.csv")).expect("a file"));
    assert_eq!(&rows[0][..5], ["Line", "Column", "Value", "Code", "Error"]);
    assert_eq!((rows[1][0].as_str(), rows[1][1].as_str(), rows[1][2].as_str()), ("3", "Order Date", "2026-02-31"));
    assert_eq!(&rows[2][5..], ["A-3", "2026-02-01", "Dana", "many", "EUR"]);
    assert_eq!(place.run(&["import", "sales.csv", "--yes", "--strict"]).code, 1, "--strict makes refused rows count");
}

/// `sales.csv`, two rows, packed with gzip.
const PACKED: &[&str] = &[
    "1f8b0800000000000203f32f4a492d52f0cbd7f107335c124b5275821373528b1582520b741c73f34bf34ab81c750d758c0c",
    "8ccc740d0c750d0d745c12f312750c0d0cf40c0c8052460829431d9fd4541d53b004006d2438d659000000",
];

#[test]
fn a_packed_file_is_read_like_the_one_inside() {
    let place = Place::with_workspace();
    let digits = PACKED.concat();
    let bytes: Vec<u8> = (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("hex")).collect();
    place.file("sales-2026-01.csv.gz", bytes);
    let looked = place.ok(&["import", "--dry-run", "--json", "sales-2026-01.csv.gz"]).json();
    assert_eq!(looked["table"]["rows"], 2, "{looked}");
    assert!(place.ok(&["import", "--dry-run", "sales-2026-01.csv.gz"]).text().contains('2'));
    let done = place.ok(&["import", "sales-2026-01.csv.gz", "--json"]).json();
    assert_eq!((&done["source"], &done["counts"]["created"]), (&"sales".into(), &2.into()), "{done}");
}

#[test]
fn hopeless_files_are_refused_with_a_reason() {
    let place = Place::with_workspace();
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    picture.extend((0..2_000u32).map(|i| u8::try_from(i * 7 % 256).unwrap_or(0)));
    for (name, content) in [("empty.csv", Vec::new()), ("blank.csv", b"\n\n\n".to_vec()), ("picture.csv", picture)] {
        place.file(name, content);
        for args in [vec!["import", name, "--yes"], vec!["import", name, "--dry-run"], vec!["import", name, "--dry-run", "--json"]] {
            let answer = place.run(&args);
            assert_eq!(answer.code, 1, "{name}: {}{}", answer.text(), answer.err);
            assert!(answer.err.starts_with("meed: ") && answer.err.contains(name), "{}", answer.err);
        }
    }
    place.fails(&["import", "missing.csv"], 3, "there is no such file");
    place.fails(&["import", "."], 3, "folder");
}

#[test]
fn an_import_that_was_killed_goes_on_without_duplicates() {
    use std::fmt::Write as _;
    let place = Place::with_workspace();
    let mut sales = String::from("Order No,Order Date,Sales Rep,Amount,Currency\n");
    for n in 0..20_000 {
        let _ = writeln!(sales, "A-{n},2026-01-{:02},Dana,{}.00,EUR", n % 28 + 1, n % 900 + 1);
    }
    place.file("many.csv", sales);
    place.file("few.csv", "Order No,Order Date,Sales Rep,Amount,Currency\nB-1,2026-02-01,Dana,5.00,EUR\n");
    let mut child = place.command(&["import", "many.csv"]).spawn().expect("the binary runs");
    // Killed once it has committed something; should it be done by then, the test has less to say and still holds.
    let wal = place.path().join("meed-data/meed.db-wal");
    while child.try_wait().expect("a child").is_none() && std::fs::metadata(&wal).map_or(0, |m| m.len()) < 1_000_000 {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().expect("it ends");
    let next = place.ok(&["import", "few.csv", "--yes"]);
    let again = place.ok(&["import", "many.csv", "--json"]).json();
    assert_eq!((&again["counts"]["created"], &again["counts"]["unchanged"]), (&0.into(), &20_000.into()), "{} {again}", next.err);
    let report = place.ok(&["verify", "--json"]).json();
    assert_eq!(report["sales"], 20_001);
}
