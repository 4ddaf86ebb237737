//! How a command ends: its exit code, and what it says when it does not succeed.

use std::fmt::Write as _;
use std::process::ExitCode;

use meed_app::AppError;
use meed_core::command::{Class, Refused};
use meed_store::{Fault, StoreError};

/// A command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done.
    Clean,
    /// It ran, and what it checked does not hold: an example of a plan, a balance, a condition of the machine.
    Differences,
}

impl Verdict {
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Clean => 0,
            Self::Differences => 1,
        })
    }
}

/// Whose move it is when a command does not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// The rules say no.
    Refused = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Something outside failed.
    Fault = 3,
}

/// What went wrong, where, why, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    code: String,
    place: Option<String>,
    reason: String,
    advice: Option<String>,
}

impl Failure {
    /// The rules say no.
    pub(crate) fn refused(code: &str, reason: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, reason.into())
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(code: &str, reason: impl Into<String>) -> Self {
        Self::new(Exit::Usage, code, reason.into())
    }

    /// Something outside failed.
    pub(crate) fn fault(code: &str, reason: impl Into<String>) -> Self {
        Self::new(Exit::Fault, code, reason.into())
    }

    /// A file could not be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            std::io::ErrorKind::IsADirectory => "this is a folder, not a file".to_owned(),
            _ => error.to_string(),
        };
        Self::fault("file_unreadable", reason).at(path.display().to_string())
    }

    fn new(exit: Exit, code: &str, reason: String) -> Self {
        let advice = advice(code).map(str::to_owned);
        Self { exit, code: code.to_owned(), place: None, reason, advice }
    }

    /// Where it is wrong: a file, a line, a field.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The file in which the place is.
    pub(crate) fn within(self, file: &str) -> Self {
        let place = match &self.place {
            Some(place) if place != "file" => format!("{file}, {place}"),
            _ => file.to_owned(),
        };
        self.at(place)
    }

    /// What to do next.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Why, in words.
    pub(crate) fn reason(&self) -> String {
        self.reason.clone()
    }

    /// Writes it to stderr.
    pub(crate) fn print(&self) {
        eprint!("{}", self.text());
    }

    fn text(&self) -> String {
        let mut text = format!("meed: {}", self.code);
        if let Some(place) = &self.place {
            let _ = write!(text, " ({place})");
        }
        text.push_str(": ");
        text.push_str(&self.reason);
        text.push('\n');
        if let Some(advice) = &self.advice {
            let _ = writeln!(text, "  next: {advice}");
        }
        text
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit as u8)
    }
}

/// What helps against the refusals a person meets most.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "plan_invalid" => "correct the lines that are named, then look with `meed plan check FILE`",
        "plan_example_failed" => "`meed plan test FILE` shows every example with what was expected and what was found",
        "release_stale" => "run `meed calculate` for this plan and period, look at the result, and release again",
        "period_cadence" => "write months as 2026-03, quarters as 2026-Q1, half years as 2026-H1 and years as 2026",
        "database_in_use" => {
            "do it on the server's pages or through its API, or stop the server first; commands that only read work beside it"
        }
        "data_missing" => "make it with `meed init`, or look around with `meed demo`",
        "key_missing" => "bring the key file back from your backup, or name it with --key-file, or set MEED_KEY",
        "key_wrong" => "name the right key with --key-file or MEED_KEY",
        "mapping.no_credit" => "name who sold everything in it with --owner ALIAS, or put a column there with --map \"COLUMN=owner\"",
        "mapping.year" => "say which with --year YEAR",
        "mapping.none" | "mapping.no_date" | "mapping.duplicate" | "mapping.too_many_fields" => {
            "look with `meed import --dry-run FILE` and put columns on targets with --map \"COLUMN=TARGET\""
        }
        "mapping.currency" => "say which with --currency CODE, or set the currency of the source on its page",
        _ => return None,
    })
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let exit = if refused.class == Class::Unreadable { Exit::Usage } else { Exit::Refused };
        let failure = Self::new(exit, &refused.code, refused.text);
        match refused.field {
            Some(field) => failure.at(field),
            None => failure,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match error.fault {
            Fault::Transient | Fault::Cancelled => "database_busy",
            Fault::OutcomeUnknown => "outcome_unknown",
            Fault::Overloaded => "overloaded",
            Fault::Unsaved | Fault::Broken => "database_unusable",
            Fault::Duplicate | Fault::Bug => "bug",
        };
        let place = error.statement.map(|s| format!("statement {s}"));
        let failure = Self::fault(code, error.detail);
        let failure = match code {
            "database_busy" | "outcome_unknown" | "overloaded" => {
                failure.advise("repeat the command: what was done already is not done twice")
            }
            "database_unusable" => {
                failure.advise("see that its disk has room, that the database exists, and that its name, password and rights are right")
            }
            "bug" => failure.advise("this is a mistake in Meed; please report it with this message"),
            _ => failure,
        };
        match place {
            Some(place) => failure.at(place),
            None => failure,
        }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refused) => refused.into(),
            AppError::Fault(fault) => fault.into(),
            AppError::File { context, source } => Self::fault("file_unreadable", source.to_string()).at(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_where_why_and_what_next() {
        let failure = Failure::refused("plan_invalid", "`rate` is missing").at("line 4");
        assert_eq!(
            failure.text(),
            "meed: plan_invalid (line 4): `rate` is missing\n  next: correct the lines that are named, then look with `meed plan check FILE`\n"
        );
        assert_eq!(Failure::usage("config_invalid", "no").text(), "meed: config_invalid: no\n");
    }

    #[test]
    fn refusals_usage_and_faults_have_their_exit_codes() {
        let exit = |failure: Failure| failure.exit as u8;
        assert_eq!(exit(Failure::refused("a", "b")), 1);
        assert_eq!(exit(Failure::usage("a", "b")), 2);
        assert_eq!(exit(Failure::fault("a", "b")), 3);
        assert_eq!(exit(Refused::new(Class::Conflict, "release_stale", "x").into()), 1);
        assert_eq!(exit(StoreError::bug("x").into()), 3);
    }
}
