//! `meed import --dry-run`: how a file is read, and what would happen. Nothing is written.

use serde_json::Value;

use crate::running::{Place, sample, samples_folder};

fn samples() -> Vec<String> {
    let files = std::fs::read_dir(samples_folder()).expect("samples").map(|entry| entry.expect("an entry").path());
    let mut tables: Vec<String> =
        files.filter(|p| p.extension().is_some_and(|e| e == "csv" || e == "xlsx")).map(|p| p.display().to_string()).collect();
    tables.sort();
    assert!(tables.len() >= 10);
    tables
}

/// The shape that scripts rely on.
fn check_shape(report: &Value, file: &str) {
    assert!(report["encoding"].is_string(), "{file}");
    assert_eq!(report["dialect"]["delimiter"].as_str().map(|d| d.chars().count()), Some(1), "{file}");
    assert!(report["dialect"]["quote"].is_string() || report["dialect"]["quote"].is_null(), "{file}");
    let table = &report["table"];
    assert!(table["header_row"].is_u64() || table["header_row"].is_null(), "{file}");
    assert!(table["first_row"].is_u64(), "{file}");
    assert!(table["rows"].as_u64().is_some_and(|rows| rows > 0), "{file}");
    for skipped in table["skipped"].as_array().expect("skipped lines") {
        assert!(skipped["line"].as_u64().is_some_and(|line| line > 0) && skipped["reason"].is_string(), "{file}: {skipped}");
    }
    for (place, column) in report["mapping"].as_array().expect("a mapping").iter().enumerate() {
        assert_eq!(column["index"].as_u64(), u64::try_from(place).ok(), "{file}");
        assert!(column["column"].is_string() && column["reason"].is_string(), "{file}: {column}");
        assert!(column["target"].is_string() || column["target"].is_null(), "{file}: {column}");
        assert!(column["score"].as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)), "{file}: {column}");
    }
    assert!(report["values"].get("date_order").is_some() && report["values"].get("decimal").is_some(), "{file}");
    for warning in report["warnings"].as_array().expect("warnings") {
        assert!(warning["code"].is_string() && warning["text"].is_string() && warning.get("line").is_some(), "{file}: {warning}");
    }
}

#[test]
fn how_a_file_is_read_needs_no_data_and_leaves_none() {
    let place = Place::empty();
    for file in samples() {
        let answer = place.ok(&["import", "--dry-run", "--json", &file]);
        check_shape(&answer.json(), &file);
        assert_eq!(answer.err, "", "{file}");
    }
    assert_eq!(std::fs::read_dir(place.path()).expect("a folder").count(), 0, "nothing was written");
}

#[test]
fn the_answer_about_a_file_is_the_same_beside_a_workspace() {
    let (empty, busy) = (Place::empty(), Place::with_workspace());
    let file = sample("shopify_orders.csv").display().to_string();
    let args = ["import", "--dry-run", "--json", file.as_str()];
    assert_eq!(empty.ok(&args).text(), busy.ok(&args).text());
}

#[test]
fn a_dry_run_in_a_workspace_says_what_importing_then_does() {
    let place = Place::with_workspace();
    let first = "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana,100.00,EUR\nA-2,2026-01-11,Dana,200.00,EUR\n";
    let second = "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana,100.00,EUR\nA-2,2026-01-11,Dana,250.00,EUR\nA-3,2026-01-12,Dana,1.00,EUR\nA-4,2026-02-30,Dana,1.00,EUR\n";
    for (content, wanted) in [(first, (2, 0, 0, 0)), (second, (1, 1, 1, 1))] {
        place.file("sales.csv", content);
        let tried = place.ok(&["import", "sales.csv", "--dry-run", "--json", "--source", "Shop"]).json();
        let done = place.ok(&["import", "sales.csv", "--json", "--source", "Shop", "--yes"]).json();
        assert_eq!(tried["would"], done["counts"]);
        let count = |name: &str| done["counts"][name].as_u64().expect("a count");
        assert_eq!((count("created"), count("updated"), count("unchanged"), count("failed")), wanted);
        assert_eq!(tried["refused"], done["refused"]);
        check_shape(&tried, "sales.csv");
    }
    let sources = place.ok(&["import", "sales.csv", "--dry-run", "--source", "Another"]).text();
    assert!(sources.contains("from Another (new)") && sources.contains("3 new"), "{sources}");
    // The source of a dry run was not made.
    let again = place.ok(&["import", "sales.csv", "--dry-run", "--source", "Another"]).text();
    assert!(again.contains("from Another (new)"), "{again}");
}

#[test]
fn a_summary_for_people_names_columns_targets_and_doubts() {
    let place = Place::empty();
    let text = place.ok(&["import", "--dry-run", &sample("hubspot_deals.csv").display().to_string()]).text();
    for part in ["encoding utf-8", "header on line 1", "Deal owner", "→ owner", "Record ID", "→ unique_id"] {
        assert!(text.contains(part), "`{part}` is missing in {text}");
    }
}
