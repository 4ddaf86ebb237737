//! Loading sheets from the command line: the arguments and the report that all of them share.

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use meed_app::sheet::{DecimalSign, Loaded};
use serde::Serialize;

use crate::failure::{Failure, Verdict};
use crate::output::{print, print_json};

/// A sheet to load.
#[derive(Debug, Args)]
pub(crate) struct SheetArgs {
    /// The sheet, CSV or XLSX; the help of the command above shows its columns
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Decimal sign of the sheet, where its values do not show it
    #[arg(long, value_name = "SIGN", value_parser = [".", ","])]
    decimal: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    written: bool,
    rows: u64,
    created: u64,
    changed: u64,
    unchanged: u64,
    errors: Vec<ShownError>,
}

#[derive(Serialize)]
struct ShownError {
    line: u64,
    column: &'static str,
    value: String,
    code: String,
    text: String,
}

impl SheetArgs {
    pub(crate) fn open(&self) -> Result<File, Failure> {
        File::open(&self.file).map_err(|e| Failure::file(&self.file, &e))
    }

    pub(crate) fn decimal(&self) -> Option<DecimalSign> {
        self.decimal.as_deref().and_then(DecimalSign::from_sign)
    }

    /// Says what was loaded of `what`.
    pub(crate) fn report(&self, what: &str, loaded: Loaded) -> Result<Verdict, Failure> {
        let verdict = if loaded.errors.is_empty() { Verdict::Clean } else { Verdict::Differences };
        let Loaded { rows, created, changed, unchanged, errors } = loaded;
        if self.json {
            let error = |e: meed_app::sheet::RowError| ShownError {
                line: e.line,
                column: e.column,
                value: e.value,
                code: e.code.into_owned(),
                text: e.text,
            };
            let errors = errors.into_iter().map(error).collect();
            print_json(&Shown { written: !self.dry_run, rows, created, changed, unchanged, errors })?;
            return Ok(verdict);
        }
        let done = if self.dry_run { "Would be" } else { what };
        let mut text = format!("{done}: {created} new, {changed} changed, {unchanged} as before; {rows} rows\n");
        for error in &errors {
            text.push_str(&format!("line {}, {}: {}: {}\n", error.line, error.column, error.code, error.text));
        }
        print(&text)?;
        Ok(verdict)
    }
}
