//! Exit codes and messages: 1 refused, 2 wrong usage, 3 something outside failed; code, place, reason, what next.

use crate::running::Place;

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::with_workspace();
    for args in [
        vec!["nonsense"],
        vec!["import"],
        vec!["calculate"],
        vec!["calculate", "--period", "March"],
        vec!["calculate", "--period", "2026-13"],
        vec!["export", "everything", "--period", "2026-03"],
        vec!["key", "create", "--label", "x", "--scope", "everything"],
        vec!["key", "revoke", "mk_1"],
        vec!["init", "--slug", "Not A Slug"],
        vec!["import", "x.csv", "--date-order", "ddmmyy"],
        vec!["--encryption", "maybe", "people", "list"],
    ] {
        if args.first() == Some(&"import") && args.len() > 1 {
            place.file("x.csv", "a\n1\n");
        }
        let answer = place.run(&args);
        assert_eq!(answer.code, 2, "`meed {}`: {}", answer.command, answer.err);
        assert!(!answer.err.is_empty(), "`meed {}` says nothing", answer.command);
    }
}

#[test]
fn what_does_not_exist_is_refused_with_what_to_do_next() {
    let place = Place::with_workspace();
    for (args, word) in [
        (vec!["calculate", "--period", "2026-03"], "plan_unknown"),
        (vec!["explain", "payee", "Ana", "--period", "2026-03"], "plan_unknown"),
        (vec!["explain", "sale", "A-1"], "sale_unknown"),
        (vec!["explain", "sale", "sale_0000000000001"], "not_found"),
        (vec!["people", "list", "--workspace", "other"], "workspace_unknown"),
        (vec!["people", "list", "--sandbox"], "workspace_missing"),
        (vec!["key", "revoke", "key_0000000000001"], "not_found"),
        (vec!["init", "--slug", "b", "--currency", "EURO"], "currency_unknown"),
        (vec!["init", "--slug", "b", "--zone", "Berlin"], "zone_unknown"),
    ] {
        place.fails(&args, 1, word);
    }
    let place = Place::empty();
    let refused = place.fails(&["calculate", "--period", "2026-03"], 1, "data_missing");
    assert!(refused.err.contains("next: make it with `meed init`"), "{}", refused.err);
    assert!(!place.path().join("meed-data").exists(), "a question makes no data");
}

#[test]
fn every_command_teaches_by_example() {
    let place = Place::empty();
    let help = place.ok(&["--help"]).text();
    for part in ["From your own sales export to payroll", "Exit codes", "meed demo"] {
        assert!(help.contains(part), "`{part}` is missing in {help}");
    }
    for command in [
        "serve",
        "demo",
        "init",
        "import",
        "people",
        "plan",
        "calculate",
        "explain",
        "release",
        "pay",
        "export",
        "verify",
        "doctor",
        "backup",
        "restore",
        "key",
        "bench",
    ] {
        let text = place.ok(&[command, "--help"]).text();
        assert!(text.contains("Examples:\n  meed "), "`meed {command} --help` shows no example: {text}");
        assert!(help.contains(&format!("  {command} ")), "`{command}` is not listed");
    }
}

#[test]
fn every_command_has_its_place_in_the_documents() {
    let docs = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md")).expect("docs/cli.md");
    let help = Place::empty().ok(&["--help"]).text();
    let commands = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let names: Vec<&str> = commands.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(names.len() > 10, "{help}");
    for name in names {
        assert!(
            docs.lines().any(|l| l.starts_with("## ") && l.contains(&format!("meed {name}"))),
            "`meed {name}` has no section in docs/cli.md"
        );
    }
}

#[test]
fn the_examples_of_files_are_taken_as_they_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("an example");
    let place = Place::with_workspace();
    place.file("people.toml", read("people.toml"));
    place.ok(&["people", "apply", "people.toml"]);
    place.file("meed.toml", read("meed.toml"));
    place.ok(&["people", "list"]);
}
