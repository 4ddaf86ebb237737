//! Runs the binary in a folder of its own and keeps what it answered.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with data of its own; the command line works in it.
pub(crate) struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) command: String,
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Place {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() }
    }

    /// A folder with a workspace in Berlin that counts in euros.
    pub(crate) fn with_workspace() -> Self {
        let place = Self::empty();
        place.ok(&["init", "--name", "Acme", "--zone", "Europe/Berlin", "--currency", "EUR"]);
        place
    }

    /// Sets a variable for every command.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path().join(name), content).expect("a file");
        name.to_owned()
    }

    /// The command, ready to run; nothing of the machine's own configuration reaches it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meed"));
        command.current_dir(self.path()).args(args);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MEED_")) {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Runs a command.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        let Output { status, stdout, stderr } = self.command(args).output().expect("the binary runs");
        let err = String::from_utf8(stderr).expect("messages are text");
        assert!(!err.contains("panicked"), "`meed {}` panicked: {err}", args.join(" "));
        Answer { command: args.join(" "), code: status.code().expect("an exit code"), out: stdout, err }
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Answer {
        let answer = self.run(args);
        assert_eq!(answer.code, 0, "`meed {}`: {}{}", answer.command, answer.text(), answer.err);
        answer
    }

    /// Runs a command that must end with `code`, and say `word` on stderr.
    pub(crate) fn fails(&self, args: &[&str], code: i32, word: &str) -> Answer {
        let answer = self.run(args);
        assert_eq!(answer.code, code, "`meed {}`: {}{}", answer.command, answer.text(), answer.err);
        assert!(answer.err.contains(word), "`meed {}` does not say `{word}`: {}", answer.command, answer.err);
        answer
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|e| panic!("`meed {}` gave no JSON ({e}): {}", self.command, self.text()))
    }
}

/// A file of the intake's own samples.
pub(crate) fn sample(name: &str) -> PathBuf {
    samples_folder().join(name)
}

pub(crate) fn samples_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../meed-intake/tests/samples")
}

/// The lines of a CSV file without quoted line ends, as cells.
pub(crate) fn csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    assert!(text.ends_with("\r\n"), "lines end with CRLF");
    text.split_terminator("\r\n").map(cells).collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}
