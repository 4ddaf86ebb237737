//! The statement checks of `scale-out.md` §7.4 and §11: every statement is prepared on both engines, and its text keeps the
//! rules that let it run on Citus.

use std::collections::BTreeSet;

use meed_store::TABLE_MANIFEST;
use meed_store::testing::{self, StatementText};

use crate::database::{Database, close};

/// Statements that break a rule on purpose, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    ("workspace_list", "the platform's own list of workspaces; read by verify and by jobs that loop over them"),
    ("statistics_outgrown", "reads the catalogue of PostgreSQL and no tenant's table"),
    ("statistics_server_started", "asks the server about itself and reads no table"),
];

/// Functions that a `do update set` may call: immutable ones.
const IMMUTABLE: &[&str] = &["coalesce", "greatest", "least", "lower"];

/// Names that no statement may call or use: volatile functions, sessions' state, what Citus refuses, what SQLite does
/// silently.
const FORBIDDEN: &[&str] = &[
    "now",
    "random",
    "clock_timestamp",
    "current_timestamp",
    "statement_timestamp",
    "gen_random_uuid",
    "nextval",
    "merge",
    "pg_advisory_lock",
    "pg_advisory_xact_lock",
    "listen",
    "notify",
    "like",
    "ilike",
    "replace",
    "currval",
    "txid_current",
    "datetime",
    "ctid",
    "xmax",
    "rowid",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_is_prepared_on_both_engines_alike() {
    let (sqlite, postgres) = (Database::sqlite().await, Database::postgres().await);
    close(sqlite.open().await).await;
    close(postgres.open().await).await;
    let mut names = BTreeSet::new();
    for statement in testing::statements() {
        let StatementText { name, params, .. } = statement;
        assert!(names.insert(name), "two statements are called {name}");
        let on_sqlite = testing::prepare_as_owner(&sqlite.engine, statement.sqlite).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        let on_postgres = testing::prepare_as_owner(&postgres.engine, statement.postgres).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((on_sqlite.0, on_postgres.0), (params, params), "{name}: parameters");
        assert_eq!(on_sqlite.1.len(), on_postgres.1.len(), "{name}: columns");
        for (sqlite, postgres) in on_sqlite.1.iter().zip(&on_postgres.1) {
            // Without a name of its own each engine calls a computed column as it likes.
            let is_named = sqlite.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(!is_named || sqlite == postgres, "{name}: column {sqlite} is {postgres}");
        }
    }
    sqlite.must_verify().await;
    postgres.must_verify().await;
}

#[test]
fn every_statement_keeps_the_rules_of_scaling_out() {
    let mut broken = Vec::new();
    let statements = testing::statements();
    for statement in &statements {
        let texts =
            if statement.sqlite == statement.postgres { vec![statement.sqlite] } else { vec![statement.sqlite, statement.postgres] };
        for text in texts {
            let found = rules_broken(text);
            if !found.is_empty() && !ALLOWED.iter().any(|(name, _)| *name == statement.name) {
                broken.push(format!("{}: {found:?} in {text}", statement.name));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    for (name, _) in ALLOWED {
        let statement = statements.iter().find(|statement| statement.name == *name).unwrap_or_else(|| panic!("{name} is gone"));
        let is_needed = [statement.sqlite, statement.postgres].iter().any(|text| !rules_broken(text).is_empty());
        assert!(is_needed || name.starts_with("statistics_"), "{name} breaks no rule any more");
    }
    // A rise is explained in the change that brings it (`scale-out.md` §7.4).
    let mut splits: Vec<&str> = statements.iter().filter(|s| s.sqlite != s.postgres && !s.is_set).map(|s| s.name).collect();
    splits.sort_unstable();
    assert_eq!(
        splits,
        ["flush", "statistics_outgrown", "statistics_server_started", "workspace_about", "workspace_lock"],
        "statements with two texts that are not sets"
    );
}

/// Statements of SQLite that may read a whole table of a workspace, with the reason. Those of `verify` may all.
const READ_ALL: &[(&str, &str)] = &[
    ("accounts", "the books as a whole"),
    ("transfers_as_of", "the books as a whole"),
    ("reversed", "the books as a whole"),
    ("lots", "the books as a whole"),
    ("lot_moves", "the books as a whole"),
    ("till_events", "the books as a whole"),
    ("till_counters", "what verify counts again"),
    ("till_last_events", "what verify finds again"),
    ("till_purchase_sums", "what verify counts again"),
    ("record_versions_by_time", "the history of the settings between two times"),
    ("reward_sums", "a sum over all rewards"),
    ("sale_id_bounds", "the first and the last by the order of the key, one row each"),
    ("sale_changed_since_import", "taking back an import: once in a while"),
    ("sale_replaced_since", "a question about the past"),
    ("sale_known_at", "a question about the past"),
    ("workspace_list", "the platform's own list"),
];

/// A workspace is all data of a customer: what finds a row by the workspace alone reads a million to find one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_sqlite_reads_a_workspace_to_find_a_row() {
    let database = Database::sqlite().await;
    close(database.open().await).await;
    let mut found = BTreeSet::new();
    for statement in testing::statements() {
        let mut text = format!("explain query plan {}", statement.sqlite);
        for number in (1..=statement.params).rev() {
            text = text.replace(&format!("${number}"), "1");
        }
        let lines = testing::query_as_owner(&database.engine, &text).await.unwrap_or_else(|e| panic!("{}: {e}", statement.name));
        // The table of workspaces itself has one row for each.
        let reads_all = |line: &str| {
            let by_workspace_alone = line.ends_with("(workspace_id=?)") && !line.contains("SEARCH w");
            let scans = line.contains("SCAN ") && !line.contains("SCAN CONSTANT") && !line.contains("SCAN k");
            by_workspace_alone || scans
        };
        if lines.iter().any(|line| reads_all(line)) && !statement.name.starts_with("verify_") {
            found.insert(statement.name);
        }
    }
    assert_eq!(found, READ_ALL.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>());
    database.must_verify().await;
}

#[test]
fn the_rules_can_be_broken() {
    for (text, rule) in [
        ("select sale_id from sale where sale_id = $1", "workspace"),
        ("select s.sale_id from sale s join reward r on r.reward_id = s.sale_id where s.workspace_id = $1", "workspace"),
        (
            "select s.sale_id from sale s where s.workspace_id = $1 union all select sale_id from sale_version where sale_id = $2",
            "workspace",
        ),
        ("select sale_id from sale where workspace_id = (select workspace_id from workspace where zone = $1)", "workspace"),
        ("update sale set line = $2 where sale_id = $1", "workspace"),
        ("delete from sale where sale_id = $1", "workspace"),
        ("insert into sale (sale_id, workspace_id) values ($2, $1)", "workspace"),
        ("insert into sale (workspace_id, sale_id) values ($2, $1)", "workspace"),
        ("insert into sale (workspace_id, sale_id) select $1, u.* from unnest($2::bigint[]) as u", "alias"),
        (
            "insert into hold as x (workspace_id, state) values ($1, $2) on conflict (workspace_id) do update set state = date_trunc($2)",
            "do update",
        ),
        ("update sale set recorded_us = now() where workspace_id = $1", "now"),
        ("insert or replace into sale (workspace_id) values ($1)", "replace"),
        ("select sale_id from sale where workspace_id = $1 and identity like 'u:%'", "like"),
        ("select last_id from workspace where zone = $1 for update", "workspace"),
        ("SELECT last_id from workspace where workspace_id = $1", "lower case"),
    ] {
        let found = rules_broken(text);
        assert!(found.iter().any(|line| line.contains(rule)), "{text}: {found:?}");
    }
}

fn sharded() -> BTreeSet<String> {
    let manifest: toml::Table = TABLE_MANIFEST.parse().expect("the manifest is TOML");
    manifest["sharded"].as_table().expect("tables").keys().cloned().collect()
}

/// Words, numbers of parameters (`$1`), and signs; literals become `''`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        let mut word = first.to_string();
        if first == '\'' {
            while rest.next().is_some_and(|c| c != '\'') {}
            word.push('\'');
        } else if first.is_alphanumeric() || first == '_' || first == '$' {
            while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '.') {
                word.push(next);
            }
        } else if first.is_whitespace() {
            continue;
        }
        words.push(word);
    }
    words
}

/// The rules that a text breaks. A scanner, not a parser: it knows the forms that Meed writes.
fn rules_broken(text: &str) -> Vec<String> {
    let words = words(text);
    let mut broken = Vec::new();
    if text.split('\'').step_by(2).any(|code| code.chars().any(char::is_uppercase)) {
        broken.push("not in lower case".to_owned());
    }
    broken.extend(FORBIDDEN.iter().filter(|name| words.iter().any(|word| word == *name)).map(|name| format!("uses {name}")));
    // Rule 12.
    if let Some(place) = words.windows(3).position(|three| three == ["do", "update", "set"]) {
        let calls = words[place + 3..].windows(2).filter(|two| two[1] == "(" && two[0].starts_with(char::is_alphabetic));
        broken.extend(calls.filter(|two| !IMMUTABLE.contains(&two[0].as_str())).map(|two| format!("do update calls {}", two[0])));
    }
    // Rule 8, for each part of a union on its own.
    for part in words.split(|word| word == "union") {
        broken.extend(tables_without_workspace(part));
    }
    broken
}

/// What may follow a table that has no alias.
const CLAUSES: &[&str] = &["where", "join", "left", "cross", "set", "order", "group", "on", "limit", "for", "", ")"];

fn tables_without_workspace(words: &[String]) -> Vec<String> {
    let sharded = sharded();
    let mut found = Vec::new();
    for (place, pair) in words.windows(2).enumerate() {
        let (before, table) = (pair[0].as_str(), pair[1].as_str());
        if !sharded.contains(table) || !["from", "join", "into", "update"].contains(&before) {
            continue;
        }
        let after = |offset: usize| words.get(place + 2 + offset).map_or("", String::as_str);
        if before == "into" {
            found.extend(insert_without_workspace(table, &words[place + 2..]));
            continue;
        }
        let alias = if after(0) == "as" { after(1) } else { after(0) };
        let own = if CLAUSES.contains(&alias) { "workspace_id".to_owned() } else { format!("{alias}.workspace_id") };
        let is_tied = words.windows(3).any(|three| {
            let [left, sign, right] = three else { return false };
            let other = |word: &str| word == "$1" || word.ends_with(".workspace_id") && word != own;
            sign == "=" && (*left == own && other(right) || *right == own && other(left))
        });
        if !is_tied {
            found.push(format!("workspace of {table} is not bound"));
        }
    }
    // Whatever is tied to one another must somewhere reach the parameter.
    let touches = words.windows(2).any(|two| ["from", "join", "update"].contains(&two[0].as_str()) && sharded.contains(&two[1]));
    let reaches = words.windows(3).any(|three| three[0].ends_with("workspace_id") && three[1] == "=" && three[2] == "$1");
    if touches && !reaches {
        found.push("no workspace reaches $1".to_owned());
    }
    found
}

/// Rule 13, and that the first column is the workspace and its value `$1`.
fn insert_without_workspace(table: &str, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let is_selecting = words.iter().any(|word| word == "select");
    let columns = words.iter().position(|word| word == "(").map_or(0, |place| place + 1);
    if is_selecting && words.first().map(String::as_str) != Some("as") {
        found.push(format!("{table} has no alias in insert … select"));
    }
    let value = words.iter().position(|word| word == "select").map(|place| place + 1);
    let value = value.or_else(|| words.iter().position(|word| word == "values").map(|place| place + 2));
    let bound = value.and_then(|place| words.get(place)).is_some_and(|word| word == "$1");
    if words.get(columns).map(String::as_str) != Some("workspace_id") || !bound {
        found.push(format!("workspace of {table} is not the first value"));
    }
    found
}
