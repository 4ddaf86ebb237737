//! Rust files as the checks see them: code without comments and texts, the texts apart, and which lines are test code.
//!
//! This is a scanner, not a parser. It knows comments, string and character literals, attributes, brackets and `use`
//! lists, which is all that the checks need; it expects code that compiles.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub(crate) struct Source {
    /// Path from the repository's root, with `/`.
    pub(crate) path: String,
    /// The file as it is.
    pub(crate) text: String,
    /// The file with comments and the insides of literals replaced by blanks; positions and lines stay.
    pub(crate) code: String,
    /// Every string literal's content, with the line it starts on, counted from 1; its line breaks are blanks.
    pub(crate) strings: Vec<(usize, String)>,
    test_lines: Vec<bool>,
}

impl Source {
    /// Scans `text` as the content of `path`.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, strings) = blank(text);
        let test_lines = test_lines(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, strings, test_lines }
    }

    /// The lines of code, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether a line (from 1) belongs to test code.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.test_lines.get(line - 1).copied().unwrap_or(false)
    }

    /// Whether the file is the source of a library or binary, as opposed to a file of tests, benchmarks or examples.
    pub(crate) fn is_src(&self) -> bool {
        self.path.split('/').nth(2) == Some("src")
    }

    /// The crate's folder name.
    pub(crate) fn krate(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The file as a person would be pointed to it.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    fn mark_all_as_test(&mut self) {
        self.test_lines.fill(true);
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the root exists, for this file is in it")
}

/// Hidden folders that people write in; every other hidden folder belongs to a tool.
const HIDDEN: &[&str] = &[".ci", ".config", ".cargo", ".github"];

/// No text that people wrote is longer, in bytes; what is longer is data and is left out.
const TEXT_MAX: u64 = 4 << 20;

/// Every file below the root that people wrote: without version control (a folder, or a file in a linked tree), build folders and data.
pub(crate) fn files() -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository can be read") {
            let entry = entry.expect("a folder of the repository can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("a file has a kind");
            if kind.is_dir() {
                let of_a_tool = name.starts_with('.') && !HIDDEN.contains(&name.as_str());
                // Cargo leaves this mark in every build folder, whatever its name.
                let built = entry.path().join("CACHEDIR.TAG").exists();
                if !of_a_tool && !built && !matches!(name.as_str(), "target" | "meed-data" | "node_modules") {
                    folders.push(entry.path());
                }
            } else if kind.is_file() && name != ".git" && entry.metadata().is_ok_and(|file| file.len() <= TEXT_MAX) {
                let path = entry.path();
                let path = path.strip_prefix(&root).expect("it was found below the root");
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// A file's text, or nothing if it is not text.
pub(crate) fn read(path: &str) -> Option<String> {
    fs::read(root().join(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Every Rust file of every crate; files that only a test build includes count as test code as a whole.
pub(crate) fn sources() -> Vec<Source> {
    let mut sources: BTreeMap<String, Source> = files()
        .into_iter()
        .filter(|path| path.starts_with("crates/") && has_extension(path, "rs"))
        .filter_map(|path| read(&path).map(|text| (path.clone(), Source::new(&path, &text))))
        .collect();
    let paths: Vec<String> = sources.keys().cloned().collect();
    // Parents come before the files of their folder, since shorter paths are looked at first.
    let mut by_depth = paths;
    by_depth.sort_by_key(|path| path.matches('/').count());
    for path in by_depth {
        let test = !sources[&path].is_src() || declaration(&path, &sources).is_some_and(|(parent, line)| sources[&parent].is_test(line));
        if test && let Some(source) = sources.get_mut(&path) {
            source.mark_all_as_test();
        }
    }
    sources.into_values().collect()
}

/// Where a source file is declared as a module: the parent's path and the line. Crate roots have no declaration.
pub(crate) fn declaration(path: &str, sources: &BTreeMap<String, Source>) -> Option<(String, usize)> {
    let (folder, file) = path.rsplit_once('/')?;
    let (name, folder) = if file == "mod.rs" {
        let (above, name) = folder.rsplit_once('/')?;
        (name, above)
    } else {
        (file.strip_suffix(".rs")?, folder)
    };
    let parents = ["mod.rs", "lib.rs", "main.rs"].map(|root| format!("{folder}/{root}"));
    parents.into_iter().chain([format!("{folder}.rs")]).filter(|parent| parent != path).find_map(|parent| {
        let source = sources.get(&parent)?;
        source.lines().find(|(_, line)| declares(line, name)).map(|(line, _)| (parent.clone(), line))
    })
}

/// Whether a line of code holds `mod name;`.
fn declares(line: &str, name: &str) -> bool {
    let wanted = format!("mod {name};");
    find_word(line, &wanted).is_some() || find_word(line, &format!("mod r#{name};")).is_some()
}

/// Whether a path ends in an extension, in lower case.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Finds `needle` where it is not a part of a longer name.
pub(crate) fn find_word(haystack: &str, needle: &str) -> Option<usize> {
    let starts_word = needle.starts_with(is_word);
    let ends_word = needle.ends_with(is_word);
    haystack.match_indices(needle).map(|(at, _)| at).find(|&at| {
        let before = haystack[..at].chars().next_back();
        let after = haystack[at + needle.len()..].chars().next();
        !(starts_word && before.is_some_and(is_word) || ends_word && after.is_some_and(is_word))
    })
}

/// Separates code from comments and literals.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut strings = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = if let Some(piece) = literal_or_comment(&chars, at) {
            let content = &chars[piece.content.0..piece.content.1];
            if piece.is_string {
                strings.push((line, unescaped(&content.iter().collect::<String>())));
            }
            for (index, &c) in chars[at..piece.end].iter().enumerate() {
                let inside = (piece.content.0..piece.content.1).contains(&(at + index));
                let keep = c == '\n' || (!inside && !piece.is_comment);
                code.push(if keep { c } else { ' ' });
            }
            piece.end
        } else {
            code.push(chars[at]);
            at + 1
        };
        line += chars[at..end].iter().filter(|&&c| c == '\n').count();
        at = end;
    }
    (code, strings)
}

/// Blanks for line breaks, however they are written; a quote for an escaped one.
fn unescaped(content: &str) -> String {
    content.replace("\\n", " ").replace("\\t", " ").replace("\\\n", " ").replace("\\\"", "\"")
}

struct Piece {
    content: (usize, usize),
    end: usize,
    is_string: bool,
    is_comment: bool,
}

fn literal_or_comment(chars: &[char], at: usize) -> Option<Piece> {
    let next = |ahead: usize| chars.get(at + ahead).copied();
    match chars[at] {
        '/' if next(1) == Some('/') => {
            let end = chars[at..].iter().position(|&c| c == '\n').map_or(chars.len(), |length| at + length);
            Some(Piece { content: (at, end), end, is_string: false, is_comment: true })
        }
        '/' if next(1) == Some('*') => {
            let end = block_comment_end(chars, at);
            Some(Piece { content: (at, end), end, is_string: false, is_comment: true })
        }
        '"' => {
            let close = closing(chars, at + 1, '"');
            Some(Piece { content: (at + 1, close), end: (close + 1).min(chars.len()), is_string: true, is_comment: false })
        }
        'r' if starts_token(chars, at) => raw_string(chars, at),
        '\'' if next(1) == Some('\\') || next(2) == Some('\'') => {
            let close = closing(chars, at + 1, '\'');
            Some(Piece { content: (at + 1, close), end: (close + 1).min(chars.len()), is_string: false, is_comment: false })
        }
        _ => None,
    }
}

/// Whether an `r` begins a token: nothing before it, or only the prefix of a byte or C string.
fn starts_token(chars: &[char], at: usize) -> bool {
    let word_before = |at: usize| at > 0 && is_word(chars[at - 1]);
    !word_before(at) || (matches!(chars[at - 1], 'b' | 'c') && !word_before(at - 1))
}

fn raw_string(chars: &[char], at: usize) -> Option<Piece> {
    let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
    let start = at + 1 + hashes;
    if chars.get(start) != Some(&'"') {
        return None;
    }
    let ends = |from: usize| chars[from] == '"' && chars[from + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
    let close = (start + 1..chars.len()).find(|&from| ends(from)).unwrap_or(chars.len());
    Some(Piece { content: (start + 1, close), end: (close + 1 + hashes).min(chars.len()), is_string: true, is_comment: false })
}

fn closing(chars: &[char], mut at: usize, quote: char) -> usize {
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at.min(chars.len())
}

fn block_comment_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

/// Marks the lines of every item that stands under a test attribute.
fn test_lines(code: &str) -> Vec<bool> {
    let mut marked = vec![false; code.lines().count()];
    for attribute in ["#[cfg(test)]", "#[cfg(all(test", "#[test]", "#[tokio::test"] {
        for (at, _) in code.match_indices(attribute) {
            let first = code[..at].matches('\n').count();
            let last = code[..item_end(code, at)].matches('\n').count();
            let last = last.min(marked.len().saturating_sub(1));
            marked[first..=last].fill(true);
        }
    }
    marked
}

/// Where the item that begins at `at`, attributes included, ends: after its `;`, or after its closing brace.
fn item_end(code: &str, at: usize) -> usize {
    let (mut brackets, mut braces) = (0, 0);
    for (offset, c) in code[at..].char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 && brackets == 0 {
                    return at + offset + 1;
                }
            }
            ';' if brackets == 0 && braces == 0 => return at + offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every path that the code imports, with its line: `use a::{b, c::d};` gives `a::b` and `a::c::d`.
pub(crate) fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].chars().next_back();
        let Some(end) = code[at..].find(';') else { continue };
        if before.is_some_and(is_word) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let tree: String = code[at + 4..at + end].split_whitespace().collect::<Vec<_>>().join(" ");
        let mut paths = Vec::new();
        expand("", &tree, &mut paths);
        found.extend(paths.into_iter().map(|path| (line, path)));
    }
    found
}

fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        if !path.is_empty() {
            paths.push(format!("{prefix}{path}").trim_end_matches("::self").to_owned());
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &group[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    expand(&prefix, &group[start..], paths);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_leave_the_code_but_not_the_line_numbers() {
        let source = Source::new(
            "crates/x/src/lib.rs",
            "//! f64\nlet a = \"f64 \\\" f64\"; /* f64 /* f64 */\n f64 */ let b = r#\"f64 \"f64\"#;\nlet c: &'static str = b\"f64\"; let d = '\"'; f64\n",
        );
        let hits: Vec<usize> = source.lines().filter(|(_, line)| line.contains("f64")).map(|(line, _)| line).collect();
        assert_eq!(hits, [4], "{}", source.code);
        assert_eq!(source.code.matches("f64").count(), 1);
        assert_eq!(source.strings, [(2, "f64 \" f64".to_owned()), (3, "f64 \"f64".to_owned()), (4, "f64".to_owned())]);
        assert_eq!(source.code.lines().count(), source.text.lines().count());
    }

    #[test]
    fn a_raw_name_is_not_a_raw_string() {
        let source = Source::new("crates/x/src/lib.rs", "let r#type = attr; let x = \"a\"; real");
        assert!(source.code.contains("real"));
        assert_eq!(source.strings.len(), 1);
    }

    #[test]
    fn test_code_ends_where_its_item_ends() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn b(x: [u8; 2]) { {} }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
        let source = Source::new("crates/x/src/lib.rs", text);
        let marked: Vec<usize> = (1..=10).filter(|&line| source.is_test(line)).collect();
        assert_eq!(marked, [2, 3, 4, 5, 6, 8, 9]);
    }

    #[test]
    fn words_are_found_whole() {
        assert_eq!(find_word("let af64 = f64x;", "f64"), None);
        assert_eq!(find_word("x as f64;", "f64"), Some(5));
        assert_eq!(find_word("eprintln!(", "println!"), None);
    }

    #[test]
    fn grouped_imports_are_spread_out() {
        let paths: Vec<String> = imports("use std::{fs, io::{self, Read as R}};\npub use x::y;").into_iter().map(|found| found.1).collect();
        assert_eq!(paths, ["std::fs", "std::io", "std::io::Read", "x::y"]);
    }

    #[test]
    fn a_module_is_declared_beside_or_above_it() {
        let parse = |path: &str, text: &str| (path.to_owned(), Source::new(path, text));
        let sources = BTreeMap::from([
            parse("crates/x/src/lib.rs", "pub mod a;\n#[cfg(test)]\nmod b;"),
            parse("crates/x/src/a.rs", "mod c;"),
            parse("crates/x/src/a/c.rs", ""),
            parse("crates/x/src/b/mod.rs", ""),
            parse("crates/x/src/lost.rs", ""),
        ]);
        assert_eq!(declaration("crates/x/src/a/c.rs", &sources), Some(("crates/x/src/a.rs".to_owned(), 1)));
        assert_eq!(declaration("crates/x/src/b/mod.rs", &sources), Some(("crates/x/src/lib.rs".to_owned(), 3)));
        assert_eq!(declaration("crates/x/src/lost.rs", &sources), None);
    }
}
