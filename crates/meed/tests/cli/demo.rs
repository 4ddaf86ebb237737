//! `meed demo`: the same company every time, however often.

use serde_json::Value;

use crate::running::{Place, csv};

/// Everything that can be counted, without ids and times.
fn state(place: &Place) -> Value {
    let calculated = |plan: &str, period: &str| {
        let answer = place.ok(&["calculate", "--plan", plan, "--period", period, "--json"]).json();
        assert_eq!(answer[0]["changed"], 0, "everything was calculated already: {}", answer[0]["plan"]);
        let payees = answer[0]["payees"].as_array().expect("payees").iter();
        let payees: Vec<Value> = payees.map(|p| serde_json::json!([p["name"], p["reward"], p["credits"], p["carried"]])).collect();
        serde_json::json!([answer[0]["sales"], answer[0]["total"], answer[0]["state"], payees, answer[0]["alerts"]])
    };
    let mut all = Vec::new();
    for plan in ["Sales commission 2026", "Manager override 2026"] {
        for period in ["2026-01", "2026-02", "2026-03"] {
            all.push(calculated(plan, period));
        }
    }
    let people = place.ok(&["people", "list", "--json"]).json();
    serde_json::json!({ "calculated": all, "reps": people["reps"].as_array().map(Vec::len), "teams": people["teams"].as_array().map(Vec::len) })
}

#[test]
fn the_demo_run_twice_equals_once() {
    let place = Place::empty();
    let first = place.ok(&["demo", "--no-serve"]);
    let once = state(&place);
    let second = place.ok(&["demo", "--no-serve"]);
    assert_eq!(once, state(&place));
    let without_people = |text: String| text.lines().filter(|l| !l.starts_with("Reps and teams")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_people(first.text()), without_people(second.text()));
    place.ok(&["verify"]);

    assert_eq!((&once["reps"], &once["teams"]), (&15.into(), &3.into()));
    let sales: u64 = once["calculated"].as_array().expect("calculations")[..3].iter().filter_map(|c| c[0].as_u64()).sum();
    assert_eq!(sales, 5_000);
    let states: Vec<&str> = once["calculated"].as_array().expect("calculations").iter().filter_map(|c| c[2].as_str()).collect();
    assert_eq!(states, ["released", "credits_released", "credits_released", "released", "calculated", "calculated"]);
}

#[test]
fn the_demo_is_the_same_in_another_place_and_carries_its_trouble() {
    let (one, two) = (Place::empty(), Place::empty());
    one.ok(&["demo", "--no-serve"]);
    two.ok(&["demo", "--no-serve", "--data", "elsewhere"]);
    for name in ["crm-deals.csv", "auftraege.csv", "partner-portal.txt", "crm-deals-corrected.csv"] {
        let read = |path: std::path::PathBuf| std::fs::read(path).expect("a file of the demo");
        assert_eq!(read(one.path().join("meed-data/demo").join(name)), read(two.path().join("elsewhere/demo").join(name)));
    }
    let text = one.ok(&["calculate", "--plan", "Sales commission 2026", "--period", "2026-01"]).text();
    for part in ["is an alias of Sofia Brandt and Sven Brandt", "no_match", "rate_missing"] {
        assert!(text.contains(part), "`{part}` is missing in {text}");
    }
    let february = csv(&one.ok(&["export", "rewards", "--plan", "Sales commission 2026", "--period", "2026-02"]).out);
    let origin = february[0].iter().position(|n| n == "Origin Period").expect("a column");
    let carried: Vec<&Vec<String>> = february[1..].iter().filter(|row| row[origin] == "2026-01").collect();
    assert_eq!(carried.len(), 1);
    assert!(carried[0][11].starts_with('-'), "{:?}", carried[0]);
    let portal = one.ok(&["import", "meed-data/demo/partner-portal.txt", "--dry-run"]).text();
    assert!(portal.contains("header on line 5") && portal.contains("1 refused"), "{portal}");
}

#[test]
fn the_demo_shows_a_draw_a_plan_change_a_clawback_and_an_enquiry() {
    let place = Place::empty();
    let said = place.ok(&["demo", "--no-serve"]).text();
    assert!(said.contains("cancelled in March, taken back from 2 payees"), "{said}");
    let rewards = |plan: &str, period: &str| csv(&place.ok(&["export", "rewards", "--plan", plan, "--period", period]).out);
    let kinds = |rows: &[Vec<String>], name: &str| -> Vec<String> {
        rows[1..].iter().filter(|row| row[5] == name).map(|row| row[9].clone()).collect()
    };
    let (january, march) = (rewards("Sales commission 2026", "2026-01"), rewards("Sales commission 2026", "2026-03"));
    assert!(kinds(&january, "Kai Petersen").contains(&"Draw advance".to_owned()), "{january:?}");
    assert!(kinds(&march, "Kai Petersen").contains(&"Draw repayment".to_owned()), "{march:?}");
    let taken: Vec<&Vec<String>> = march[1..].iter().filter(|row| row[9] == "Clawback").collect();
    assert!(taken.len() == 1 && taken[0][11].starts_with('-'), "{taken:?}");
    let managers = rewards("Manager override 2026", "2026-03");
    assert_eq!(managers[1..].iter().filter(|row| row[9] == "Clawback").count(), 1);
    let february = place.ok(&["explain", "payee", "Mara Lindqvist", "--plan", "Sales commission 2026", "--period", "2026-02"]).text();
    assert!(february.contains("version 1") && february.contains("version 2"), "{february}");
}
