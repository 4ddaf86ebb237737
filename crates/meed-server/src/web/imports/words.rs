//! Imports in the words of the pages.

use meed_app::imports::{Counts, ImportDocument, ImportState, RejectedRow};

use super::super::shown::exact_text;
use crate::pages::Amount;
use crate::pages::imports::{ImportCounts, ImportStatus, RowError};

/// Refused rows that a page lists; the file has all of them.
const ERRORS_SHOWN: usize = 50;

pub(super) fn status(document: &ImportDocument) -> ImportStatus {
    match document.state {
        ImportState::Mapping if document.is_certain => ImportStatus::Ready,
        ImportState::Mapping => ImportStatus::NeedsMapping,
        ImportState::Running => ImportStatus::Running,
        ImportState::Done if document.counts.failed > 0 => ImportStatus::DoneWithRejects,
        ImportState::Done => ImportStatus::Done,
        ImportState::Failed => ImportStatus::Failed,
        ImportState::Discarded => ImportStatus::Discarded,
        ImportState::Undoing => ImportStatus::Undoing,
        ImportState::Undone => ImportStatus::Undone,
    }
}

pub(super) fn counts(counts: &Counts) -> ImportCounts {
    ImportCounts {
        create: counts.created,
        update: counts.updated,
        ignore: counts.unchanged.saturating_add(counts.ignored),
        fail: counts.failed,
    }
}

pub(super) fn revenue(counts: &Counts) -> Vec<Amount> {
    counts.revenue.iter().map(|(code, sum)| exact_text(sum, code)).collect()
}

/// One line for each thing that is wrong, rows first.
pub(super) fn errors(rows: &[RejectedRow]) -> Vec<RowError> {
    let errors = rows.iter().flat_map(|row| {
        row.errors.iter().map(|error| RowError {
            line: row.line,
            column: error.column.clone().unwrap_or_default(),
            value: error.value.clone(),
            code: error.code.clone(),
            text: super::super::answer::sentence(&error.text),
        })
    });
    errors.take(ERRORS_SHOWN).collect()
}
