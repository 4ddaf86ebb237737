//! Checks of the crates' manifests: which crate may depend on which, and that all share one table of lints.

/// A crate and the crates of this workspace that it may depend on.
///
/// `core ← intake`, `core ← store ← app ← server ← meed`, `core ← rails ← app`. An edge is missing wherever the compiler
/// should refuse something: rules cannot reach a clock, handlers and pages cannot reach SQL.
const EDGES: &[(&str, &[&str])] = &[
    ("meed-core", &[]),
    ("meed-intake", &["meed-core"]),
    ("meed-store", &["meed-core"]),
    ("meed-rails", &["meed-core"]),
    ("meed-app", &["meed-core", "meed-intake", "meed-store", "meed-rails"]),
    ("meed-server", &["meed-core", "meed-intake", "meed-app"]),
    ("meed", &["meed-core", "meed-intake", "meed-store", "meed-rails", "meed-app", "meed-server"]),
    ("meed-testkit", &["meed-core", "meed-intake", "meed-store", "meed-rails", "meed-app", "meed-server"]),
];

/// For development only: no crate may build on it.
const TESTKIT: &str = "meed-testkit";

/// What pure code may be built on. A new line needs its reason in ARCHITECTURE.md: it must do no I/O and read no clock.
const CORE_BUILDS_ON: &[&str] =
    &["rust_decimal", "jiff", "serde", "serde_json", "toml", "thiserror", "sha2", "cel", "regex-lite", "strsim", "iso_currency"];

/// The crates that speak to an SQL engine.
const ENGINES: &[&str] = &["rusqlite", "tokio-postgres", "deadpool-postgres", "postgres", "postgres-types", "sqlx", "libsqlite3-sys"];

#[derive(Debug, PartialEq)]
pub(crate) struct Dependency {
    name: String,
    line: usize,
    for_tests: bool,
}

/// The dependencies that a manifest names.
pub(crate) fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut section = String::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or(line).trim();
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
            // [dependencies.name] is a section of its own.
            if let Some((kind, name)) = section.rsplit_once("dependencies.") {
                let for_tests = kind.ends_with("dev-");
                found.push(Dependency { name: name.trim_matches('"').to_owned(), line: index + 1, for_tests });
            }
        } else if section.ends_with("dependencies") && !section.starts_with("workspace") && !line.is_empty() {
            let name = line.split(['.', '=', ' ']).next().unwrap_or(line).trim_matches('"');
            found.push(Dependency { name: name.to_owned(), line: index + 1, for_tests: section.ends_with("dev-dependencies") });
        }
    }
    found
}

/// Findings on one crate's manifest.
pub(crate) fn wrong_direction(krate: &str, manifest: &str) -> Vec<String> {
    let at = |line: usize| format!("crates/{krate}/Cargo.toml:{line}");
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == krate) else {
        return vec![format!("{}: an unknown crate; give it a place in ARCHITECTURE.md and in this check", at(1))];
    };
    let mut found = Vec::new();
    for Dependency { name, line, for_tests } in dependencies(manifest) {
        let ours = name == "meed" || name.starts_with("meed-");
        if ours && name == TESTKIT {
            if !for_tests {
                found.push(format!("{}: `{name}` is for tests; move it to [dev-dependencies]", at(line)));
            }
        } else if name == krate && for_tests {
            // A crate's own tests turn its testing feature on this way.
        } else if ours && !allowed.contains(&name.as_str()) {
            found.push(format!("{}: {krate} may not depend on `{name}`, only on: {}", at(line), allowed.join(", ")));
        } else if krate == "meed-core" && !ours && !for_tests && !CORE_BUILDS_ON.contains(&name.as_str()) {
            found.push(format!("{}: the core may not build on `{name}` without a reason that is written down", at(line)));
        }
        if krate != "meed-store" && ENGINES.contains(&name.as_str()) {
            found.push(format!("{}: `{name}` speaks SQL; only meed-store may", at(line)));
        }
    }
    found
}

/// Whether a crate's manifest takes the workspace's table of lints.
pub(crate) fn takes_the_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.find(|line| !line.is_empty()) == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_in_every_form() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\" # c = \"1\"\n[dev-dependencies]\nd = { version = \"1\" }\n[dependencies.e]\npath = \"../e\"\n[target.'cfg(unix)'.dependencies]\nf = \"1\"\n[lints]\nworkspace = true\n";
        let names: Vec<(String, bool)> = dependencies(manifest).into_iter().map(|found| (found.name, found.for_tests)).collect();
        let wanted = [("a", false), ("b", false), ("d", true), ("e", false), ("f", false)];
        assert_eq!(names, wanted.map(|(name, for_tests)| (name.to_owned(), for_tests)));
    }

    #[test]
    fn an_edge_in_the_wrong_direction_is_caught() {
        let needs = |name: &str| format!("[dependencies]\n{name}.workspace = true\n");
        for (krate, name) in [
            ("meed-core", "meed-intake"),
            ("meed-core", "tokio"),
            ("meed-intake", "meed-store"),
            ("meed-store", "meed-app"),
            ("meed-server", "meed-store"),
            ("meed-app", "meed-testkit"),
            ("meed-app", "rusqlite"),
            ("meed-new", "serde"),
        ] {
            assert_eq!(wrong_direction(krate, &needs(name)).len(), 1, "{krate} → {name}");
        }
        for (krate, name) in [("meed-app", "meed-store"), ("meed-store", "rusqlite"), ("meed-core", "serde")] {
            assert_eq!(wrong_direction(krate, &needs(name)), [""; 0], "{krate} → {name}");
        }
        assert_eq!(wrong_direction("meed-app", "[dev-dependencies]\nmeed-testkit.workspace = true\n"), [""; 0]);
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_caught() {
        assert!(takes_the_lints("[lints]\nworkspace = true\n"));
        assert!(!takes_the_lints("[lints.clippy]\nall = \"allow\"\n"));
        assert!(!takes_the_lints("[package]\nname = \"x\"\n"));
    }
}
