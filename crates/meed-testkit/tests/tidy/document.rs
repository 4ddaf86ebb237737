//! Checks of everything that is text: links that lead somewhere, and no trace of the machine it was written on.

use std::collections::BTreeSet;

/// Folders of a machine, as the first part of a path. They stand here without slashes, lest this file be a finding.
const MACHINE_FOLDERS: &[&str] = &["root", "home", "work", "Users"];

/// Places where a text names a folder of somebody's machine.
pub(crate) fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for folder in MACHINE_FOLDERS {
            let needle = format!("/{folder}/");
            // In the middle of a longer path or of an address it is an ordinary part.
            let starts = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-./}>)*".contains(c));
            if line.match_indices(&needle).any(|(at, _)| starts(at)) {
                found.push(format!("{path}:{}: `{needle}` is a folder of one machine; write a path from the repository's root", index + 1));
            }
        }
    }
    found
}

/// The targets of a Markdown text's links and pictures, with their lines; code is left out.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece between backquotes is code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for (at, _) in prose.match_indices("](") {
            let target = prose[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((index + 1, target.to_owned()));
        }
    }
    found
}

/// Links of the Markdown file at `path` that lead to no file of the repository.
pub(crate) fn dead_links(path: &str, text: &str, files: &BTreeSet<String>) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let dead = |target: &str| {
        let elsewhere = target.contains("://") || target.starts_with("mailto:") || target.starts_with('#');
        let wanted = resolve(folder, target.split('#').next().unwrap_or(target));
        let is_folder = || files.iter().any(|file| file.starts_with(&format!("{wanted}/")));
        !elsewhere && !files.contains(&wanted) && !is_folder()
    };
    let links = links(text).into_iter().filter(|(_, target)| dead(target));
    links.map(|(line, target)| format!("{path}:{line}: `{target}` leads to no file")).collect()
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_machine_is_caught_and_an_address_is_not() {
        let path = |folder: &str| format!("/{folder}/x");
        for folder in MACHINE_FOLDERS {
            for text in [path(folder), format!("see \"{}\"", path(folder)), format!("a={}", path(folder))] {
                assert_eq!(machine_paths("README.md", &text).len(), 1, "{text}");
            }
        }
        for text in ["example.com/home/x", "crates/work/x", "/homes/x", "${base}/root/x"] {
            assert_eq!(machine_paths("README.md", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_dead_link_is_caught_and_code_is_no_link() {
        let files = BTreeSet::from(["README.md", "docs/a.md", "docs/pictures/x.png"].map(str::to_owned));
        let text = "[a](a.md#part) ![x](pictures/x.png) [up](../README.md) [web](https://example.com) [here](#part) [all](pictures)";
        assert_eq!(dead_links("docs/b.md", text, &files), [""; 0]);
        assert_eq!(dead_links("docs/b.md", "ok\n[gone](gone.md) [high](../../docs/x.md)", &files).len(), 2);
        assert_eq!(dead_links("docs/b.md", "`[x](gone.md)`\n```\n[x](gone.md)\n```\n", &files), [""; 0]);
    }
}
