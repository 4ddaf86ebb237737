//! From a sales export to payroll, with the commands of the README.

use crate::running::{Answer, Place, csv, sample};

const PEOPLE: &str = r#"
[[team]]
name = "North"
manager = "Max Weber"

[[rep]]
name = "Max Weber"

[[rep]]
name = "Dana Reyes"
external_id = "E-17"
manager = "Max Weber"
teams = ["North"]
tags = ["field", "senior"]

[[rep]]
name = "Lee Moss"
"#;

const PLAN: &str = r#"
name = "Sales 2026"
currency = "EUR"
period = "monthly"

[[rule]]
id = "commission"
label = "Commission"
rate = "8%"

[[rule]]
id = "override"
label = "Manager override"
override = { base = "sales", of = ["commission"], once_per = "sale" }
rate = "4%"
"#;

pub(crate) const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const REWARDS_21: &str = "Plan,Calculation,Calculation Start,Calculation End,Calculation Status,Beneficiary,Beneficiary Tags,\
Beneficiary Enrollment,Manager Approval,Reward Type,Reward Details,Reward Value,Reward Value Currency,Beneficiary Value,\
Beneficiary Value Currency,Assignment %,Attainment Label,Attainment Difficulty,Attainment Value,Attainment Threshold,Attainment Metric";

fn walk(place: &Place) {
    place.file("people.toml", PEOPLE);
    place.file("plan.toml", PLAN);
    let deals = sample("hubspot_deals.csv").display().to_string();
    place.ok(&["people", "apply", "people.toml"]);
    let imported = place.ok(&["import", &deals, "--json"]).json();
    assert_eq!((&imported["counts"]["created"], &imported["counts"]["failed"]), (&2.into(), &0.into()), "{imported}");
    place.ok(&["plan", "apply", "plan.toml"]);
    let calculated = place.ok(&["calculate", "--plan", "Sales 2026", "--period", "2026-03", "--json"]).json();
    let reward = |name: &str| {
        let payees = calculated[0]["payees"].as_array().expect("payees").clone();
        payees.into_iter().find(|p| p["name"] == name).map(|p| p["reward"]["decimal"].clone())
    };
    assert_eq!(reward("Dana Reyes"), Some("7084.80".into()));
    assert_eq!(reward("Max Weber"), Some("3542.40".into()));
    // The sale in dollars has no rate into the plan's euros: its rep is flagged.
    assert_eq!(reward("Lee Moss"), Some("0.00".into()));
    let alerts = calculated[0]["alerts"].as_array().expect("alerts").clone();
    assert!(alerts.iter().any(|alert| alert["code"] == "rate_missing"), "{alerts:?}");

    let explained = place.ok(&["explain", "payee", "E-17", "--plan", "sales 2026", "--period", "2026-03"]).text();
    assert!(explained.contains("270402053362 [commission]: 88,560.00 at 8% = 7,084.80"), "{explained}");
    let sale = place.ok(&["explain", "sale", "270402053362"]).text();
    assert!(sale.contains("hubspot_deals.csv, line 2"), "{sale}");
    assert!(sale.contains("Manager override: Max Weber earns through Dana Reyes: 88,560.00 at 4% = 3,542.40"), "{sale}");
    let other = place.ok(&["explain", "sale", "270402053363"]).text();
    assert!(other.contains("not credited") && other.contains("rate_missing"), "{other}");

    let released = place.ok(&["release", "--period", "2026-03", "--date", "2026-04-15", "--json"]).json();
    assert_eq!((&released["payees"], &released["total"]["amount"]), (&2.into(), &1_062_720.into()), "{released}");
}

#[test]
fn a_sales_export_becomes_a_payroll_file_on_the_embedded_database() {
    let place = Place::with_workspace();
    walk(&place);
    let paid = place.ok(&["pay", "--period", "2026-03", "--date", "2026-04-30", "--payee", "Dana Reyes", "--json"]).json();
    assert_eq!(paid["date"], "2026-04-30");
    let rows = csv(&place.ok(&["export", "rewards", "--period", "2026-03"]).out);
    let status: Vec<(&str, &str)> = rows[1..].iter().map(|row| (row[5].as_str(), row[4].as_str())).collect();
    assert_eq!(status, [("Dana Reyes", "Paid"), ("Max Weber", "Rewards released")]);
    place.ok(&["pay", "--period", "2026-03", "--date", "2026-05-02"]);
    place.fails(&["pay", "--period", "2026-03"], 1, "already_paid");
}

#[test]
fn a_sales_export_becomes_a_payroll_file_on_postgresql() {
    let url = std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server");
    // The server is shared by the tests of a run; a workspace of its own keeps them apart.
    let slug = format!("cli-{}", std::process::id());
    let place = Place::empty().set("MEED_DATABASE", &url).set("MEED_WORKSPACE", &slug).set("MEED_KEY", KEY);
    place.ok(&["init", "--slug", &slug, "--name", "Acme", "--zone", "Europe/Berlin", "--currency", "EUR"]);
    walk(&place);
    // The database is open to every key, so a wrong one has to be told otherwise.
    let stranger = Place::empty().set("MEED_DATABASE", &url).set("MEED_WORKSPACE", &slug).set("MEED_KEY", OTHER_KEY);
    stranger.fails(&["people", "list"], 1, "key_wrong");
}

#[test]
fn com_059_the_rewards_file_begins_with_its_21_names_in_order() {
    let place = Place::with_workspace();
    walk(&place);
    place.ok(&["export", "rewards", "--period", "2026-03", "-o", "rewards.csv"]);
    let rows = csv(&std::fs::read(place.path().join("rewards.csv")).expect("the file"));
    let names: Vec<&str> = REWARDS_21.split(',').collect();
    assert_eq!(&rows[0][..21], names.as_slice());
    assert_eq!(rows[0][21], "Attainment Measurement");
    let dana = &rows[1];
    assert_eq!(&dana[..6], ["Sales 2026", "Sales 2026 2026-03", "2026-03-01", "2026-03-31", "Rewards released", "Dana Reyes"]);
    assert_eq!(dana[6], "field, senior");
    assert_eq!(&dana[11..15], ["7084.80", "EUR", "7084.80", "EUR"]);
    let column = |name: &str| rows[0].iter().position(|n| n == name).expect("a column");
    assert_eq!(dana[column("Beneficiary External Id")], "E-17");
    assert_eq!(dana[column("Release Date")], "2026-04-15");
}

#[test]
fn com_060_the_credits_file_carries_source_columns_untouched_and_unrounded_amounts() {
    let place = Place::with_workspace();
    place.file("plan.toml", PLAN.replace("8%", "1.2345%"));
    place.file("people.toml", PEOPLE);
    place.ok(&["people", "apply", "people.toml"]);
    place.file(
        "sales.csv",
        "Order No,Order Date,Sales Rep,Amount,Currency\n007,2026-03-04,Dana Reyes,33.33,EUR\n=1+1,2026-03-05,Dana Reyes,10.00,EUR\n",
    );
    place.ok(&["import", "sales.csv", "--yes"]);
    place.ok(&["plan", "apply", "plan.toml"]);
    place.ok(&["calculate", "--period", "2026-03"]);
    let rows = csv(&place.ok(&["export", "credits", "--period", "2026-03"]).out);
    let column = |name: &str| rows[0].iter().position(|n| n == name).unwrap_or_else(|| panic!("no column {name}: {:?}", rows[0]));
    let own: Vec<&Vec<String>> = rows[1..].iter().filter(|row| row[column("Beneficiary")] == "Dana Reyes").collect();
    assert_eq!(own[0][column("Commission")], "0.41145885");
    assert_eq!(own[0][column("Commission Currency")], "EUR");
    assert_eq!(own[0][column("Commission Rate")], "1.23%");
    assert_eq!(own[0][column("Order No")], "007");
    assert_eq!(own[1][column("Order No")], "'=1+1", "a spreadsheet must not run it");
    for name in ["Split", "Commission Details", "Imported Date", "Edited Date", "Added By"] {
        column(name);
    }
}

fn rewards(place: &Place, period: &str) -> Answer {
    place.ok(&["export", "rewards", "--period", period])
}

#[test]
fn com_054_a_late_edit_leaves_the_released_period_alone_and_shows_as_a_difference_in_the_open_one() {
    let place = Place::with_workspace();
    place.file("people.toml", PEOPLE);
    place.file("plan.toml", PLAN);
    place.ok(&["people", "apply", "people.toml"]);
    place.ok(&["plan", "apply", "plan.toml"]);
    let sales = |amount: &str| {
        format!(
            "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana Reyes,{amount},EUR\nA-2,2026-02-03,Dana Reyes,500.00,EUR\n"
        )
    };
    place.file("sales.csv", sales("1000.00"));
    place.ok(&["import", "sales.csv", "--yes"]);
    place.ok(&["calculate", "--period", "2026-01"]);
    place.ok(&["release", "--period", "2026-01", "--date", "2026-02-05"]);
    let released = rewards(&place, "2026-01").out;

    place.file("sales.csv", sales("900.00"));
    let again = place.ok(&["import", "sales.csv", "--yes", "--json"]).json();
    assert_eq!((&again["counts"]["updated"], &again["counts"]["unchanged"]), (&1.into(), &1.into()));
    place.ok(&["calculate", "--period", "2026-02"]);
    let again = place.ok(&["calculate", "--period", "2026-02", "--json"]).json();
    assert_eq!(again[0]["calculated_again"], serde_json::json!([]), "the first one took January in");

    let after = csv(&rewards(&place, "2026-01").out);
    let before = csv(&released);
    let values = |rows: &[Vec<String>]| rows.iter().map(|row| (row[5].clone(), row[11].clone())).collect::<Vec<_>>();
    assert_eq!(values(&before), values(&after));

    let rows = csv(&rewards(&place, "2026-02").out);
    let origin = rows[0].iter().position(|name| name == "Origin Period").expect("a column");
    let mut of_dana: Vec<(&str, &str, &str)> = rows[1..]
        .iter()
        .filter(|row| row[5] == "Dana Reyes")
        .map(|row| (row[9].as_str(), row[11].as_str(), row[origin].as_str()))
        .collect();
    of_dana.sort_unstable();
    assert_eq!(of_dana, [("Adjustment", "-8.00", "2026-01"), ("Commission", "40.00", "")]);

    // A second calculation finds nothing left to post.
    let third = place.ok(&["calculate", "--period", "2026-01", "--json"]).json();
    assert_eq!(third[0]["changed"], 0);
}

#[test]
fn a_cancellation_after_the_release_is_taken_back_in_the_open_period_and_shown_before_it_is_released() {
    let place = Place::with_workspace();
    place.file("people.toml", "[[rep]]\nname = \"Dana Reyes\"\n");
    place.file(
        "plan.toml",
        "name = \"CB\"\ncurrency = \"EUR\"\nperiod = \"monthly\"\n[[rule]]\nid = \"c\"\nrate = \"10%\"\n\
         [[clawback]]\nid = \"cancelled\"\non = \"sale.other_date1\"\n",
    );
    place.ok(&["people", "apply", "people.toml"]);
    place.ok(&["plan", "apply", "plan.toml"]);
    let import = |rows: &str| {
        place.file("sales.csv", format!("Id,Date,Owner,Revenue,Currency,Cancelled\n{rows}"));
        place.ok(&["import", "sales.csv", "--yes", "--source", "crm", "--map", "Cancelled=other_date1"]);
    };
    import("W5,2026-01-02,Dana Reyes,10000,EUR,\n");
    place.ok(&["calculate", "--period", "2026-01"]);
    place.ok(&["release", "--period", "2026-01"]);
    import("X1,2026-03-05,Dana Reyes,100,EUR,\n");
    place.ok(&["calculate", "--period", "2026-03"]);
    import("W5,2026-01-02,Dana Reyes,10000,EUR,2026-03-05\nX1,2026-03-05,Dana Reyes,100,EUR,\n");
    // What was calculated and reviewed does not know of it.
    let refused = place.fails(&["release", "--period", "2026-03"], 1, "release_stale");
    assert!(refused.err.contains("2026-01"), "{}", refused.err);
    let march = place.ok(&["calculate", "--period", "2026-03", "--json"]).json();
    assert_eq!(march[0]["calculated_again"], serde_json::json!(["2026-01"]));
    let dana = &march[0]["payees"][0];
    let decimals = ["reward", "due", "to_pay"].map(|name| dana[name]["decimal"].as_str().unwrap_or_default().to_owned());
    assert_eq!(decimals, ["10.00", "-1000.00", "-990.00"]);
    assert_eq!(march[0]["to_pay"]["decimal"], "-990.00");
    let shown = place.ok(&["explain", "payee", "Dana Reyes", "--period", "2026-03"]);
    assert!(String::from_utf8_lossy(&shown.out).contains("-990.00"));
    let released = place.ok(&["release", "--period", "2026-03", "--json"]).json();
    assert_eq!(released["total"]["decimal"], "-990.00");
}

#[test]
fn releasing_what_changed_since_it_was_calculated_is_refused() {
    let place = Place::with_workspace();
    place.file("people.toml", PEOPLE);
    place.file("plan.toml", PLAN);
    place.ok(&["people", "apply", "people.toml"]);
    place.ok(&["plan", "apply", "plan.toml"]);
    place.file("sales.csv", "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana Reyes,100.00,EUR\n");
    place.ok(&["import", "sales.csv", "--yes"]);
    place.fails(&["release", "--period", "2026-01"], 1, "not_calculated");
    place.ok(&["calculate", "--period", "2026-01"]);
    place.file("sales.csv", "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana Reyes,120.00,EUR\n");
    place.ok(&["import", "sales.csv", "--yes"]);
    let refused = place.fails(&["release", "--period", "2026-01"], 1, "release_stale");
    assert!(refused.err.contains("next: run `meed calculate`"), "{}", refused.err);
}
