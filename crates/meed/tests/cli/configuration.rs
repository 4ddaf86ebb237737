//! Where the data is, which key opens it, and which setting wins.

use crate::running::Place;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[test]
fn the_first_start_makes_a_key_that_only_its_owner_reads_and_an_encrypted_file() {
    let place = Place::empty();
    let made = place.ok(&["init"]);
    assert!(made.err.contains("A new master key was written to"), "{}", made.err);
    let data = place.path().join("meed-data");
    let key = std::fs::read_to_string(data.join("meed.key")).expect("a key");
    assert_eq!(key.trim().len(), 64);
    assert!(!std::fs::read(data.join("meed.db")).expect("a database").starts_with(b"SQLite format 3"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&data.join("meed.key")), mode(&data)), (0o600, 0o700));
    }
    assert_eq!(place.ok(&["init"]).err, "", "the second time nothing is made");
}

#[test]
fn a_lost_or_wrong_key_is_told_and_no_new_one_is_made() {
    let place = Place::empty();
    place.ok(&["init"]);
    let path = place.path().join("meed-data/meed.key");
    let key = std::fs::read_to_string(&path).expect("a key");
    std::fs::remove_file(&path).expect("removed");
    place.fails(&["people", "list"], 3, "key_missing");
    place.fails(&["init"], 3, "key_missing");
    place.fails(&["serve", "--listen", "127.0.0.1:0"], 3, "key_missing");
    assert!(!path.exists());
    std::fs::write(&path, OTHER).expect("written");
    place.fails(&["people", "list"], 3, "key_wrong");
    std::fs::write(&path, "not a key").expect("written");
    place.fails(&["people", "list"], 3, "key_unreadable");
    std::fs::write(&path, key).expect("written");
    place.ok(&["people", "list"]);
}

#[test]
fn the_key_may_come_from_the_environment_or_another_file() {
    let place = Place::empty().set("MEED_KEY", KEY);
    place.ok(&["init"]);
    assert!(!place.path().join("meed-data/meed.key").exists());
    let place = Place::empty();
    place.file("secret", KEY);
    place.ok(&["init", "--key-file", "secret"]);
    place.ok(&["people", "list", "--key-file", "secret"]);
    place.fails(&["people", "list"], 3, "key_missing");
    place.set("MEED_KEY", "short").fails(&["people", "list"], 2, "key_unreadable");
}

#[test]
fn encryption_can_be_left_off_and_says_so() {
    let place = Place::empty().set("MEED_ENCRYPTION", "off");
    let made = place.ok(&["init"]);
    assert!(made.err.contains("Encryption is off"), "{}", made.err);
    assert!(std::fs::read(place.path().join("meed-data/meed.db")).expect("a database").starts_with(b"SQLite format 3"));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Place::empty().set("MEED_ENCRYPTION", "off");
    place.file("meed.toml", "data = \"from-file\"\n[server]\nlisten = \"127.0.0.1:0\"\n");
    let exists = |name: &str| place.path().join(name).join("meed.db").exists();
    place.ok(&["init"]);
    assert!(exists("from-file"));
    place.command(&["init"]).env("MEED_DATA", "from-environment").output().expect("it runs");
    assert!(exists("from-environment"));
    place.command(&["init", "--data", "from-flag"]).env("MEED_DATA", "from-environment-too").output().expect("it runs");
    assert!(exists("from-flag") && !exists("from-environment-too"));
    place.file("meed.toml", "data = \"x\"\nlissten = \"y\"\n");
    place.fails(&["people", "list"], 2, "meed.toml, line 2");
    place.fails(&["people", "list", "--config", "missing.toml"], 3, "missing.toml");
}

#[test]
fn keys_are_made_once_shown_once_and_revoked() {
    let place = Place::with_workspace();
    let made = place.ok(&["key", "create", "--label", "ERP", "--scope", "sales", "--scope", "read", "--json"]).json();
    assert!(made["secret"].as_str().is_some_and(|key| key.starts_with("mk_")));
    let listed = place.ok(&["key", "list", "--json"]);
    assert!(!listed.text().contains(made["secret"].as_str().expect("a key")));
    assert_eq!(listed.json()[0]["scopes"], serde_json::json!(["sales", "read"]));
    place.ok(&["key", "revoke", made["id"].as_str().expect("an id")]);
    assert_eq!(place.ok(&["key", "list", "--json"]).json(), serde_json::json!([]));
    let link = place.ok(&["key", "sign-in-link", "ana@acme.example", "--public-url", "https://meed.example/"]);
    assert!(link.text().starts_with("https://meed.example/welcome/"), "{}", link.text());
}

#[test]
fn live_and_sandbox_are_kept_apart() {
    let place = Place::with_workspace();
    place.ok(&["init", "--sandbox"]);
    place.file("people.toml", "[[rep]]\nname = \"Ana\"\n");
    place.ok(&["people", "apply", "people.toml", "--sandbox"]);
    let names = |args: &[&str]| place.ok(args).json()["reps"].as_array().map(Vec::len);
    assert_eq!(names(&["people", "list", "--json"]), Some(0));
    assert_eq!(names(&["people", "list", "--json", "--sandbox"]), Some(1));
}
