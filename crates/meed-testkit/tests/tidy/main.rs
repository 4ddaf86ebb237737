//! The shape of the repository, as a test: what ARCHITECTURE.md and STYLE.md say and the compiler cannot see.
//!
//! Each check is a function that takes text and returns findings. Here it meets the repository and must find nothing;
//! beside it stands a test that gives it made-up text and expects findings, so that no check can fall silent.
//! It uses the standard library alone and reads the files of the repository, nothing else.

mod code;
mod document;
mod manifest;
mod source;

use source::{Source, files, has_extension, read, sources};
use std::collections::BTreeSet;

/// Fails with all findings, one a line.
#[track_caller]
fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} finding(s):\n{}\n", findings.len(), findings.join("\n"));
}

/// Runs a check on every Rust file, and makes sure that there were some.
#[track_caller]
fn check(check: fn(&[Source]) -> Vec<String>) {
    let sources = sources();
    assert!(sources.iter().any(|source| source.path == "crates/meed-core/src/lib.rs"), "no sources found");
    expect_none(&check(&sources));
}

fn manifests() -> Vec<(String, String)> {
    let manifests = files().into_iter().filter_map(|path| {
        let krate = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        Some((krate.to_owned(), read(&path)?))
    });
    let manifests: Vec<_> = manifests.collect();
    assert!(manifests.len() >= 7, "no manifests found");
    manifests
}

#[test]
fn invariant_12_the_core_has_no_io_clock_chance_waiting_or_sql() {
    check(code::impure_names);
}

#[test]
fn invariant_12_the_core_has_no_floats() {
    check(code::floats);
}

#[test]
fn invariant_12_sql_and_its_engines_stand_in_the_store_alone() {
    check(code::sql_outside_the_store);
    let elsewhere = files().into_iter().filter(|path| has_extension(path, "sql") && !path.starts_with("crates/meed-store/"));
    expect_none(&elsewhere.map(|path| format!("{path}: SQL belongs to crates/meed-store")).collect::<Vec<_>>());
}

#[test]
fn invariant_12_handlers_and_pages_do_not_import_storage() {
    check(code::storage_behind_the_use_cases);
}

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let findings: Vec<String> = manifests().iter().flat_map(|(krate, text)| manifest::wrong_direction(krate, text)).collect();
    expect_none(&findings);
}

#[test]
fn every_crate_takes_the_one_table_of_lints() {
    let without = manifests().into_iter().filter(|(_, text)| !manifest::takes_the_lints(text));
    expect_none(&without.map(|(krate, _)| format!("crates/{krate}/Cargo.toml: add `[lints] workspace = true`")).collect::<Vec<_>>());
    let root = read("Cargo.toml").expect("the workspace has a manifest");
    assert!(root.lines().any(|line| line.trim() == "unsafe_code = \"forbid\""), "Cargo.toml no longer forbids unsafe code");
}

#[test]
fn every_crate_stands_in_the_architecture_page() {
    let page = read("ARCHITECTURE.md").expect("ARCHITECTURE.md exists");
    let missing = manifests().into_iter().filter(|(krate, _)| source::find_word(&page, krate).is_none());
    expect_none(&missing.map(|(krate, _)| format!("ARCHITECTURE.md: says nothing of `{krate}`")).collect::<Vec<_>>());
}

#[test]
fn public_types_of_the_core_do_not_derive_serde() {
    check(code::public_serde);
}

#[test]
fn nothing_is_left_unfinished_and_no_test_is_ignored() {
    check(code::unfinished);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    check(code::unwraps);
}

#[test]
fn no_file_is_too_long() {
    check(code::long_files);
}

#[test]
fn every_file_says_first_what_it_is_for() {
    check(code::no_opening);
}

#[test]
fn every_file_has_a_name_that_says_something() {
    check(code::empty_names);
}

#[test]
fn every_source_file_is_part_of_its_crate() {
    check(code::orphans);
}

#[test]
fn no_text_names_a_folder_of_somebodys_machine() {
    let texts = files().into_iter().filter_map(|path| read(&path).map(|text| (path, text)));
    expect_none(&texts.flat_map(|(path, text)| document::machine_paths(&path, &text)).collect::<Vec<_>>());
}

#[test]
fn every_link_in_the_documents_leads_to_a_file() {
    let files: BTreeSet<String> = files().into_iter().collect();
    let pages = files.iter().filter(|path| has_extension(path, "md")).filter_map(|path| read(path).map(|text| (path, text)));
    expect_none(&pages.flat_map(|(path, text)| document::dead_links(path, &text, &files)).collect::<Vec<_>>());
}
