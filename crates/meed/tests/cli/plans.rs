//! `meed plan` and `meed people`.

use crate::running::Place;

const PLAN: &str = r#"
name = "Flat"
currency = "EUR"
period = "monthly"

[[rule]]
id = "commission"
rate = "5%"

[[test]]
name = "five percent"
period = "2026-01"
sales = [{ owner = "Ana", revenue = 100 }]
expect = { Ana = 5 }
"#;

fn examples() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut files = Vec::new();
    for folder in ["plans", "demo"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("examples").map(|e| e.expect("an entry").path());
        files.extend(entries.filter(|p| p.extension().is_some_and(|e| e == "toml") && !p.ends_with("people.toml")));
    }
    files.into_iter().map(|p| p.display().to_string()).collect()
}

#[test]
fn every_example_plan_passes_its_own_tests() {
    let files = examples();
    assert!(files.len() > 10);
    let mut args = vec!["plan", "test", "--json"];
    args.extend(files.iter().map(String::as_str));
    let all = Place::empty().ok(&args).json();
    for plan in all.as_array().expect("plans") {
        let examples = plan["examples"].as_array().expect("examples");
        assert!(!examples.is_empty(), "{plan}");
        assert!(examples.iter().all(|e| e["passed"] == true), "{plan}");
    }
}

#[test]
fn an_example_that_does_not_hold_is_shown_and_ends_with_1() {
    let place = Place::empty();
    place.file("plan.toml", PLAN.replace("Ana = 5 ", "Ana = 6 "));
    let answer = place.run(&["plan", "test", "plan.toml"]);
    assert_eq!(answer.code, 1);
    let text = answer.text();
    assert!(text.contains("FAIL  five percent") && text.contains("expected 6") && text.contains("100.00 at 5% = 5.00"), "{text}");
}

#[test]
fn everything_wrong_in_a_document_is_listed_with_its_line() {
    let place = Place::with_workspace();
    place.file("plan.toml", PLAN.replace("rate = \"5%\"", "rat = \"5%\"").replace("monthly", "weekly"));
    let answer = place.run(&["plan", "check", "plan.toml"]);
    assert_eq!(answer.code, 1);
    let text = answer.text();
    assert!(text.contains("plan.toml:4:") && text.contains("plan.toml:8:"), "{text}");
    let findings = place.run(&["plan", "check", "plan.toml", "--json"]).json();
    assert!(findings[0]["findings"].as_array().is_some_and(|f| f.len() >= 2), "{findings}");
    place.fails(&["plan", "apply", "plan.toml"], 1, "plan_invalid (plan.toml, line 4)");
}

#[test]
fn applying_makes_versions_and_the_same_text_makes_none() {
    let place = Place::with_workspace();
    place.file("plan.toml", PLAN);
    let first = place.ok(&["plan", "apply", "plan.toml", "--json"]).json();
    assert_eq!((&first[0]["number"], &first[0]["is_new"]), (&1.into(), &true.into()));
    let same = place.ok(&["plan", "apply", "plan.toml", "--json"]).json();
    assert_eq!((&same[0]["number"], &same[0]["is_new"]), (&1.into(), &false.into()));
    place.file("plan-2.toml", PLAN.replace("5%", "6%").replace("Ana = 5 ", "Ana = 6 "));
    place.ok(&["plan", "apply", "plan-2.toml", "--note", "one more percent"]);
    assert_eq!(place.ok(&["plan", "show", "flat"]).text(), std::fs::read_to_string(place.path().join("plan-2.toml")).expect("a file"));
    assert_eq!(place.ok(&["plan", "show", "flat", "--version", "1"]).text(), PLAN);
    let versions = place.ok(&["plan", "show", "flat", "--versions", "--json"]).json();
    assert_eq!((&versions[0]["number"], &versions[0]["note"]), (&2.into(), &"one more percent".into()), "{versions}");
    place.fails(&["plan", "show", "flat", "--version", "7"], 1, "version_unknown");
    place.fails(&["plan", "show", "other"], 1, "there are: \"Flat\"");
}

#[test]
fn people_are_applied_by_name_and_a_second_time_nothing_changes() {
    let place = Place::with_workspace();
    place.file("people.toml", "[[rep]]\nname = \"Ana\"\nmanager = \"Bo\"\nteams = [{ team = \"North\", from = 2026-01-01 }]\n[[rep]]\nname = \"Bo\"\n[[team]]\nname = \"North\"\nmanager = \"Bo\"\n");
    let first = place.ok(&["people", "apply", "people.toml", "--json"]).json();
    assert_eq!((&first["made"], &first["changed"], &first["unchanged"]), (&3.into(), &0.into(), &0.into()));
    let second = place.ok(&["people", "apply", "people.toml", "--json"]).json();
    assert_eq!((&second["made"], &second["changed"], &second["unchanged"]), (&0.into(), &0.into(), &3.into()));
    let list = place.ok(&["people", "list", "--json"]).json();
    assert_eq!((&list["reps"][0]["manager"], &list["reps"][0]["teams"][0]), (&"Bo".into(), &"North".into()), "{list}");
    place.file("people.toml", "[[rep]]\nname = \"Ana\"\nmanager = \"Nobody\"\n");
    place.fails(&["people", "apply", "people.toml"], 1, "rep_unknown");
    place.file(
        "people.toml",
        "[[rep]]\nname = \"Ed\"\n[[rep]]\nname = \"Cy\"\nmanager = \"Di\"\n[[rep]]\nname = \"Di\"\nmanager = \"Cy\"\n",
    );
    place.fails(&["people", "apply", "people.toml"], 1, "manager_cycle");
    assert_eq!(place.ok(&["people", "list", "--json"]).json()["reps"].as_array().map(Vec::len), Some(2), "nothing was made");
    place.file("people.toml", "[[rep]]\nname = \"Ana\"\nboss = \"Bo\"\n");
    place.fails(&["people", "apply", "people.toml"], 1, "people.toml, line 3");
}
