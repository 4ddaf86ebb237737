//! What the records of an import hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ImportState {
    Mapping,
    Running,
    Done,
    Failed,
    Discarded,
    Undoing,
    Undone,
}

impl ImportState {
    /// The word for people and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

/// What happened to the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Counts {
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub ignored: u64,
    pub failed: u64,
    /// Sum of revenue of the rows that were read, per currency, as decimal text.
    pub revenue: BTreeMap<String, String>,
    /// First and last day of sale, ISO.
    pub first_day: Option<String>,
    pub last_day: Option<String>,
}

/// An import.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ImportDocument {
    pub source: i64,
    pub file_name: String,
    pub sha256: String,
    pub bytes: u64,
    pub state: ImportState,
    pub created_us: i64,
    pub created_by: String,
    #[serde(default)]
    pub finished_us: Option<i64>,
    /// Rows that the file holds, from the detection.
    pub total_rows: u64,
    #[serde(default)]
    pub counts: Counts,
    /// Where to go on: intake's position after the last committed row.
    #[serde(default)]
    pub position: Option<serde_json::Value>,
    /// Record id of the layout (the header) of its rows.
    #[serde(default)]
    pub layout: Option<i64>,
    /// Why it failed, for people.
    #[serde(default)]
    pub error: Option<String>,
    /// Whether a person confirmed the mapping, or everything was certain.
    #[serde(default)]
    pub is_certain: bool,
    /// Record that holds how the file is read, so that another process can go on.
    pub reading: i64,
}

/// The header of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LayoutDocument {
    /// Header texts as they stood in the file.
    pub headers: Vec<String>,
    /// Usable names: unnamed and repeated ones made distinct.
    pub columns: Vec<String>,
}

/// A remembered mapping, by source and layout.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MappingDocument {
    pub source: i64,
    pub fingerprint: String,
    pub headers: Vec<String>,
    pub mapping: serde_json::Value,
    pub from_import: i64,
    pub saved_us: i64,
}

/// Rows that were refused, of one chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RejectDocument {
    pub import: i64,
    pub rows: Vec<RejectedRow>,
}

/// A refused row with all its errors.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RejectedRow {
    pub line: u64,
    pub cells: Vec<String>,
    pub errors: Vec<RejectedCell>,
}

/// One error of a refused row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RejectedCell {
    pub column: Option<String>,
    pub value: String,
    pub code: String,
    pub text: String,
}
