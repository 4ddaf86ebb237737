//! `meed verify`, `doctor`, `backup`, `restore`.

use crate::running::Place;

fn with_sales() -> Place {
    let place = Place::with_workspace();
    place.file("people.toml", "[[rep]]\nname = \"Dana\"\naliases = [\"D\"]\n[[rep]]\nname = \"Lee\"\naliases = [\"D\"]\n");
    place.file("plan.toml", "name = \"Flat\"\ncurrency = \"EUR\"\nperiod = \"monthly\"\n[[rule]]\nid = \"base\"\nrate = \"5%\"\n");
    place.file(
        "sales.csv",
        "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-01-10,Dana,100.00,EUR\nA-2,2026-01-11,Lee,200.00,EUR\n",
    );
    place.ok(&["people", "apply", "people.toml"]);
    place.ok(&["plan", "apply", "plan.toml"]);
    place.ok(&["import", "sales.csv"]);
    place.ok(&["calculate", "--period", "2026-01"]);
    place
}

#[test]
fn a_backup_restores_to_the_same_books() {
    let place = with_sales();
    place.ok(&["release", "--period", "2026-01"]);
    let rewards =
        |data: &str| place.ok(&["export", "rewards", "--period", "2026-01", "--data", data, "--key-file", "meed-data/meed.key"]).out;
    let copied = place.ok(&["backup", "copy"]).text();
    assert!(copied.contains("1 uploaded file"), "{copied}");
    place.fails(&["backup", "copy"], 3, "backup_failed");
    assert!(!place.path().join("copy/meed.key").exists(), "the key stays apart from what it opens");
    place.fails(&["restore", "copy"], 1, "data_present");
    place.fails(&["restore", "copy", "--data", "new"], 3, "key_missing");
    let restored = place.ok(&["restore", "copy", "--data", "new", "--key-file", "meed-data/meed.key"]).text();
    assert!(restored.contains("2 sales") && restored.contains("the books agree"), "{restored}");
    assert_eq!(rewards("meed-data"), rewards("new"));
    place.ok(&["verify", "--data", "new", "--key-file", "meed-data/meed.key"]);
}

#[test]
fn verify_counts_what_it_compared() {
    let place = with_sales();
    let report = place.ok(&["verify", "--json"]).json();
    assert_eq!(report["differences"], serde_json::json!([]));
    assert_eq!((&report["sales"], &report["rewards"]), (&2.into(), &2.into()), "{report}");
    place.fails(&["verify", "--workspace", "other"], 1, "workspace_unknown");
}

#[test]
fn the_doctor_tells_good_from_doubtful_from_wrong() {
    let place = with_sales();
    let findings = |code: i32| {
        let answer = place.run(&["doctor", "--json"]);
        assert_eq!(answer.code, code, "{}{}", answer.text(), answer.err);
        let all = answer.json();
        move |check: &str, word: &str| {
            let found = all
                .as_array()
                .expect("findings")
                .iter()
                .find(|f| f["check"] == check && f["text"].as_str().is_some_and(|t| t.contains(word)));
            found.unwrap_or_else(|| panic!("no {check} with `{word}` in {all}"))["state"].as_str().expect("a state").to_owned()
        }
    };
    let state = findings(0);
    assert_eq!(state("database", "SQLite"), "good");
    assert_eq!(state("encryption", "on"), "good");
    assert_eq!(state("aliases", "main: several people or teams have: d"), "attention");
    assert_eq!(state("files", "1 uploaded file, all there"), "good");

    for file in std::fs::read_dir(place.path().join("meed-data/files")).expect("files") {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    assert_eq!(findings(1)("files", "1 of 1"), "wrong");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = place.path().join("meed-data/meed.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("changed");
        assert_eq!(findings(1)("key", "chmod 600"), "wrong");
    }
    let empty = Place::empty();
    let text = empty.ok(&["doctor"]).text();
    assert!(text.contains("meed init"), "{text}");
}
