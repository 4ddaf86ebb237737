//! Checks of Rust code: what the core may name, where SQL may stand, and what no file may hold.
//!
//! Every check takes the sources and returns its findings as lines for people; none means that all is well.

use crate::source::{Source, declaration, find_word, imports};
use std::collections::BTreeMap;

/// A banned name and what to write instead.
type Ban = (&'static str, &'static str);

const TAKE_BYTES: &str = "take bytes or values as arguments; the caller reads and writes";
const TAKE_TIME: &str = "take the time as an argument; the caller owns the clock";
const TAKE_CHANCE: &str = "take the id or the random bytes as an argument; the caller draws them";
const STAY_SYNC: &str = "a plain function; waiting is the caller's part";
const NO_SQL: &str = "a decision on loaded values; storage is meed-store's part";
const NO_LOG: &str = "return what happened; the caller logs or prints it";
const NO_FLOAT: &str = "i64 minor units for money, exact decimals for rates";

/// What pure code may not name.
const IMPURE: &[Ban] = &[
    ("std::fs", TAKE_BYTES),
    ("std::io", TAKE_BYTES),
    ("std::net", TAKE_BYTES),
    ("std::process", TAKE_BYTES),
    ("std::env", "take the setting as an argument; the binary reads the environment"),
    ("std::thread", STAY_SYNC),
    ("SystemTime", TAKE_TIME),
    ("time::Instant", TAKE_TIME),
    ("Instant::now", TAKE_TIME),
    ("Timestamp::now", TAKE_TIME),
    ("Zoned::now", TAKE_TIME),
    ("TimeZone::system", "take the workspace's zone as an argument"),
    ("rand", TAKE_CHANCE),
    ("getrandom", TAKE_CHANCE),
    ("RandomState", TAKE_CHANCE),
    ("tokio", STAY_SYNC),
    ("async", STAY_SYNC),
    ("rusqlite", NO_SQL),
    ("postgres", NO_SQL),
    ("tokio_postgres", NO_SQL),
    ("tracing", NO_LOG),
    ("println!", NO_LOG),
    ("eprintln!", NO_LOG),
];

/// Files of the core that may name one of these all the same.
///
/// `std::thread` in `condition/compile.rs`: the grammar's parser recurses deeply, and a thread is the only way to give it a
/// stack that a hostile condition cannot overflow. It is joined at once, so the answer stays a function of the text.
const LET_IN: &[(&str, &str)] = &[("crates/meed-core/src/condition/compile.rs", "std::thread")];

const FLOATS: &[Ban] = &[("f32", NO_FLOAT), ("f64", NO_FLOAT)];

const ENGINES: &[&str] = &["rusqlite", "tokio_postgres", "deadpool_postgres", "sqlx", "postgres_types"];

/// The checks hold made-up statements to judge themselves by.
const THESE_CHECKS: &str = "crates/meed-testkit/tests/tidy/";

/// What no Rust file may hold, tests included.
const UNFINISHED: &[Ban] = &[
    ("todo!", "the code, or nothing"),
    ("unimplemented!", "the code, or nothing"),
    ("dbg!", "a log line, or nothing"),
    ("#[ignore", "a test that runs; if today's answer is wrong, assert it and say why"),
];

/// No file may have more lines.
pub(crate) const LINES_MAX: usize = 800;

/// Files that were over the limit when they were entered here, with the length they may not exceed. This list only shrinks.
const LONG_FILES: &[(&str, usize)] = &[];

/// File names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "stuff"];

/// The core, tests apart, names no I/O, clock, chance, waiting, SQL or log.
pub(crate) fn impure_names(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_src() && source.krate() == "meed-core") {
        let let_in = |name: &str| LET_IN.contains(&(source.path.as_str(), name));
        let bans: Vec<Ban> = IMPURE.iter().copied().filter(|ban| !let_in(ban.0)).collect();
        for (line, text) in source.lines().filter(|&(line, _)| !source.is_test(line)) {
            found.extend(banned(source, line, text, &bans));
        }
        for (line, path) in imports(&source.code).into_iter().filter(|&(line, _)| !source.is_test(line)) {
            found.extend(banned(source, line, &path, &bans));
        }
        let unused = LET_IN.iter().filter(|(path, name)| *path == source.path && find_word(&source.code, name).is_none());
        found.extend(unused.map(|(path, name)| format!("{path}: no longer names `{name}`; take it off the list")));
    }
    // An import in full is seen both as a line and as an import.
    found.sort();
    found.dedup();
    found
}

/// The core, tests included, has no binary floating point: neither the types nor a literal.
pub(crate) fn floats(sources: &[Source]) -> Vec<String> {
    let core = sources.iter().filter(|source| source.krate() == "meed-core");
    core.flat_map(|source| {
        source.lines().flat_map(|(line, text)| {
            let mut found = banned(source, line, text, FLOATS);
            if has_float_literal(text) {
                found.push(format!("{}: a float literal; instead: {NO_FLOAT}", source.at(line)));
            }
            found
        })
    })
    .collect()
}

fn banned(source: &Source, line: usize, text: &str, bans: &[Ban]) -> Vec<String> {
    let hit = |ban: &&Ban| find_word(text, ban.0).is_some();
    bans.iter().filter(hit).map(|(name, instead)| format!("{}: `{name}`; instead: {instead}", source.at(line))).collect()
}

/// `1.5` is one; the tuple field `pair.0.1` and the range `0..5` are none.
fn has_float_literal(code: &str) -> bool {
    let bytes = code.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (1..bytes.len()).filter(|&at| bytes[at] == b'.' && digit(at - 1) && digit(at + 1)).any(|at| {
        let start = (0..at).rev().take_while(|&back| digit(back) || bytes[back] == b'_').last().unwrap_or(at);
        let before = start.checked_sub(1).map(|back| bytes[back]);
        !before.is_some_and(|c| c == b'.' || c == b'_' || c.is_ascii_alphanumeric())
    })
}

/// A type of the core that others see does not derive serde: stored and sent forms are private twins.
pub(crate) fn public_serde(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_src() && source.krate() == "meed-core") {
        for (at, _) in source.code.match_indices("#[derive(") {
            let rest = &source.code[at..];
            let Some(end) = rest.find(")]") else { continue };
            let serde = ["Serialize", "Deserialize"].iter().any(|name| find_word(&rest[..end], name).is_some());
            let item = rest[end + 2..].lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#["));
            if serde && let Some(item) = item.filter(|item| item.starts_with("pub ")) {
                let line = source.code[..at].matches('\n').count() + 1;
                found.push(format!("{}: `{item}` derives serde; derive it for a private twin and convert", source.at(line)));
            }
        }
    }
    found
}

/// Only meed-store names an SQL engine or holds SQL.
pub(crate) fn sql_outside_the_store(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.krate() != "meed-store" && !source.path.starts_with(THESE_CHECKS)) {
        for (line, text) in source.lines() {
            for engine in ENGINES.iter().filter(|engine| find_word(text, engine).is_some()) {
                found.push(format!("{}: `{engine}`; call meed-store, the only crate that knows an engine", source.at(line)));
            }
        }
        for (line, text) in source.strings.iter().filter(|(_, text)| is_sql(text)) {
            let start: String = text.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
            found.push(format!("{}: SQL, `{start} …`; move the statement to meed-store", source.at(*line)));
        }
    }
    found
}

/// Whether a text reads as an SQL statement. A sentence for people begins with one capital letter, a statement does not.
fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let first = words.first().copied().unwrap_or_default();
    if first.chars().any(char::is_uppercase) && first.chars().any(char::is_lowercase) {
        return false;
    }
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let word = |at: usize| lower.get(at).map_or("", String::as_str);
    let place = |wanted: &str| lower.iter().position(|word| word == wanted);
    match word(0) {
        "select" => {
            let article = |word: &str| matches!(word, "" | "the" | "a" | "an" | "this" | "your" | "one");
            place("from").is_some_and(|at| !article(word(at + 1))) || word(1).contains(['(', '$', '?']) || word(1) == "1"
        }
        "insert" => place("into").is_some_and(|at| at <= 3),
        "update" => place("set").is_some_and(|at| (2..=4).contains(&at)) && word(1) != "the",
        "delete" => word(1) == "from",
        "create" | "drop" | "alter" | "truncate" => {
            matches!(word(1), "table" | "index" | "unique" | "schema" | "database" | "view" | "temp" | "temporary" | "virtual")
        }
        "with" => place("as").is_some_and(|at| word(at + 1).starts_with('(')) && place("select").or(place("(select")).is_some(),
        "begin" => word(1) == "immediate",
        "vacuum" => lower.len() == 1 || word(1) == "into",
        "pragma" => lower.len() > 1,
        _ => false,
    }
}

/// Handlers and pages do not import storage, and the use cases do not hand it on as a whole.
pub(crate) fn storage_behind_the_use_cases(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        if source.krate() == "meed-server" {
            let lines = source.lines().filter(|(_, text)| find_word(text, "meed_store").is_some());
            found.extend(lines.map(|(line, _)| format!("{}: `meed_store`; call a use case of meed-app", source.at(line))));
        }
        if source.krate() == "meed-app" && source.is_src() {
            let whole = |line: &str| {
                ["pub use meed_store;", "pub use meed_store::*", "pub use meed_store as"].iter().any(|text| line.contains(text))
            };
            let lines = source.lines().filter(|(_, text)| whole(text));
            found.extend(lines.map(|(line, _)| format!("{}: hands on all of meed-store; name what a caller needs", source.at(line))));
        }
    }
    found
}

/// No unfinished code, and no test that does not run.
pub(crate) fn unfinished(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(|source| source.lines().flat_map(|(line, text)| banned(source, line, text, UNFINISHED))).collect()
}

/// No `unwrap()` outside tests.
pub(crate) fn unwraps(sources: &[Source]) -> Vec<String> {
    let code = sources.iter().filter(|source| source.is_src());
    code.flat_map(|source| {
        let hits = source.lines().filter(|&(line, text)| text.contains(".unwrap()") && !source.is_test(line));
        hits.map(|(line, _)| format!("{}: `unwrap()`; return the refusal, or `expect` with the invariant", source.at(line)))
    })
    .collect()
}

/// Files stay short enough to be read in one go.
pub(crate) fn long_files(sources: &[Source]) -> Vec<String> {
    long_files_but(sources, LONG_FILES)
}

fn long_files_but(sources: &[Source], allowed: &[(&str, usize)]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        let limit = allowed.iter().find(|(path, _)| *path == source.path).map(|(_, limit)| *limit);
        match limit {
            None if lines > LINES_MAX => {
                found.push(format!("{}: {lines} lines, {LINES_MAX} are allowed; split it by what its parts do", source.path));
            }
            Some(limit) if lines > limit => {
                found.push(format!("{}: {lines} lines, was let in with {limit}; it may only shrink", source.path));
            }
            Some(_) if lines <= LINES_MAX => found.push(format!("{}: {lines} lines, short enough; take it off the list", source.path)),
            _ => {}
        }
    }
    let gone = allowed.iter().filter(|(path, _)| sources.iter().all(|source| source.path != *path));
    found.extend(gone.map(|(path, _)| format!("{path}: is gone; take it off the list")));
    found
}

/// Every source file says first what it is for.
pub(crate) fn no_opening(sources: &[Source]) -> Vec<String> {
    let silent = sources.iter().filter(|source| !source.text.starts_with("//! "));
    silent.map(|source| format!("{}:1: begin with `//!` and say what this file is for", source.path)).collect()
}

/// File and folder names say what is inside.
pub(crate) fn empty_names(sources: &[Source]) -> Vec<String> {
    let empty = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"));
    let hits = sources.iter().filter(|source| source.path.split('/').any(empty));
    hits.map(|source| format!("{}: name it after a word of the glossary", source.path)).collect()
}

/// Every source file is part of its crate.
pub(crate) fn orphans(sources: &[Source]) -> Vec<String> {
    let by_path: BTreeMap<String, Source> =
        sources.iter().map(|source| (source.path.clone(), Source::new(&source.path, &source.text))).collect();
    let is_root = |path: &str| {
        let parts: Vec<&str> = path.split('/').skip(3).collect();
        matches!(parts.as_slice(), ["lib.rs" | "main.rs"] | ["bin", _] | ["bin", _, "main.rs"])
    };
    // A file that is named by a `path` attribute or included as text is part of its crate, too.
    let named = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        sources.iter().any(|source| source.path != path && source.strings.iter().any(|(_, text)| text.rsplit('/').next() == Some(file)))
    };
    let lost = sources.iter().filter(|source| source.is_src() && !is_root(&source.path));
    lost.filter(|source| declaration(&source.path, &by_path).is_none() && !named(&source.path))
        .map(|source| format!("{}: no `mod` leads here; declare it or delete it", source.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> Vec<Source> {
        vec![Source::new(path, text)]
    }

    const CORE: &str = "crates/meed-core/src/x.rs";

    #[test]
    fn an_impure_core_is_caught_in_a_path_an_import_and_a_call() {
        for code in [
            "let x = std::fs::read(p);",
            "use std::{collections::BTreeMap, io};",
            "use std::{\n    net::TcpStream,\n};",
            "let t = jiff::Timestamp::now();",
            "use std::time::{Duration, Instant};",
            "async fn f() {}",
            "println!(x);",
        ] {
            assert!(!impure_names(&one(CORE, code)).is_empty(), "{code}");
        }
        let clean = "//! std::fs\nuse std::collections::BTreeMap;\nenum Kind { Instant }\nlet operand = \"tokio\";\n#[cfg(test)]\nmod tests { use std::fs; }";
        assert_eq!(impure_names(&one(CORE, clean)), [""; 0]);
        assert_eq!(impure_names(&one("crates/meed-store/src/x.rs", "use std::fs;")), [""; 0]);
    }

    #[test]
    fn a_file_that_was_let_in_may_name_that_one_thing_while_it_does() {
        let (path, name) = LET_IN[0];
        assert_eq!(impure_names(&one(path, &format!("let x = {name}::scope(f);"))), [""; 0]);
        assert_eq!(impure_names(&one(path, &format!("let x = {name}::scope(f); use std::fs;"))).len(), 1);
        assert_eq!(impure_names(&one(path, "let x = 1;")).len(), 1);
    }

    #[test]
    fn a_float_is_caught_as_a_type_and_as_a_literal() {
        for code in ["x as f64", "fn f(x: f32) {}", "let x = 1.5;", "let x = 1_000.25;"] {
            assert_eq!(floats(&one(CORE, code)).len(), 1, "{code}");
        }
        for code in ["pair.0.1", "0..5", "let a = \"1.5\"; // 1.5", "x.1.max(2)", "my_f64s"] {
            assert_eq!(floats(&one(CORE, code)), [""; 0], "{code}");
        }
    }

    #[test]
    fn serde_on_a_public_core_type_is_caught_and_on_a_twin_allowed() {
        let public = "#[derive(Debug, serde::Deserialize)]\n#[serde(x)]\npub struct A;";
        let twin = "#[derive(Debug, Deserialize)]\nstruct A;\n#[derive(Debug)]\npub struct B;";
        assert_eq!(public_serde(&one(CORE, public)).len(), 1);
        assert_eq!(public_serde(&one(CORE, twin)), [""; 0]);
    }

    #[test]
    fn statements_are_told_from_sentences() {
        for sql in [
            "select id from sale",
            "SELECT id FROM sale",
            "\n  insert into sale (a)\n  values ($1)",
            "insert or ignore into sale values (1)",
            "update sale as s set a = 1",
            "delete from sale",
            "create table sale (id integer)",
            "with x as (select 1) select * from x",
            "pragma journal_mode = wal",
            "begin immediate",
            "select count(*) from sale",
        ] {
            assert!(is_sql(sql), "{sql}");
        }
        for text in [
            "Select a column from the list",
            "select a file from your disk",
            "update the plan, then set its start",
            "delete the rule from this plan",
            "create a key",
            "with one as the first",
            "",
            "selected from sale",
            "insert a row",
        ] {
            assert!(!is_sql(text), "{text}");
        }
    }

    #[test]
    fn sql_is_caught_everywhere_but_in_the_store() {
        let code = "use rusqlite::Connection;\nlet x = \"select id from sale\";";
        assert_eq!(sql_outside_the_store(&one("crates/meed-app/src/x.rs", code)).len(), 2);
        assert_eq!(sql_outside_the_store(&one("crates/meed-server/tests/x.rs", code)).len(), 2);
        assert_eq!(sql_outside_the_store(&one("crates/meed-store/src/x.rs", code)), [""; 0]);
    }

    #[test]
    fn a_page_that_imports_storage_is_caught() {
        assert_eq!(storage_behind_the_use_cases(&one("crates/meed-server/src/pages/x.rs", "use meed_store::Db;")).len(), 1);
        assert_eq!(storage_behind_the_use_cases(&one("crates/meed-app/src/lib.rs", "pub use meed_store::*;")).len(), 1);
        assert_eq!(storage_behind_the_use_cases(&one("crates/meed-app/src/lib.rs", "use meed_store::Db;")), [""; 0]);
    }

    #[test]
    fn unfinished_code_is_caught_in_tests_too() {
        let code = "fn a() { todo!() }\n#[cfg(test)]\nmod tests {\n#[test]\n#[ignore = \"x\"]\nfn b() { dbg!(1); }\n}\n// todo!()";
        assert_eq!(unfinished(&one("crates/meed/tests/x.rs", code)).len(), 3);
    }

    #[test]
    fn unwrap_is_caught_before_and_after_the_tests() {
        let code = "fn a() { x.unwrap() }\n#[cfg(test)]\nmod tests { fn b() { x.unwrap() } }\nfn c() { x.unwrap(); y.unwrap_or(1) }";
        assert_eq!(unwraps(&one("crates/meed/src/x.rs", code)).len(), 2);
        assert_eq!(unwraps(&one("crates/meed/tests/x.rs", code)), [""; 0]);
    }

    #[test]
    fn a_long_file_is_caught_and_the_list_only_shrinks() {
        let lines = |count: usize| one("crates/meed/src/x.rs", &"//! x\n".repeat(count));
        assert_eq!(long_files_but(&lines(LINES_MAX), &[]), [""; 0]);
        assert_eq!(long_files_but(&lines(LINES_MAX + 1), &[]).len(), 1);
        assert_eq!(long_files_but(&lines(900), &[("crates/meed/src/x.rs", 900)]), [""; 0]);
        assert_eq!(long_files_but(&lines(901), &[("crates/meed/src/x.rs", 900)]).len(), 1);
        assert_eq!(long_files_but(&lines(700), &[("crates/meed/src/x.rs", 900)]).len(), 1);
        assert_eq!(long_files_but(&lines(1), &[("crates/meed/src/gone.rs", 900)]).len(), 1);
    }

    #[test]
    fn a_file_without_opening_or_with_an_empty_name_is_caught() {
        assert_eq!(no_opening(&one(CORE, "use x;\n")).len(), 1);
        assert_eq!(no_opening(&one(CORE, "//! What this is.\n")), [""; 0]);
        assert_eq!(empty_names(&one("crates/meed/src/utils/x.rs", "")).len(), 1);
        assert_eq!(empty_names(&one("crates/meed/src/helpers.rs", "")).len(), 1);
        assert_eq!(empty_names(&one("crates/meed/src/unit.rs", "")), [""; 0]);
    }

    #[test]
    fn an_orphan_is_caught() {
        let sources = vec![
            Source::new("crates/x/src/main.rs", "mod a;\n#[path = \"odd/place.rs\"]\nmod c;"),
            Source::new("crates/x/src/a.rs", "//! mod b;"),
            Source::new("crates/x/src/a/b.rs", ""),
            Source::new("crates/x/src/odd/place.rs", ""),
            Source::new("crates/x/src/bin/tool.rs", ""),
        ];
        let found = orphans(&sources);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("crates/x/src/a/b.rs"));
    }
}
