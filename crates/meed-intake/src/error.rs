//! What stops a file as a whole. Faults of single rows are [`crate::CellError`]s, doubts are [`crate::Warning`]s.

use std::io;

/// Why a file cannot be read. Every variant has a stable [`IntakeError::code`].
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file has no bytes, or nothing but blanks.
    #[error("the file is empty")]
    Empty,
    /// A picture.
    #[error("this is a picture ({0}), not a table")]
    Image(&'static str),
    /// A PDF document.
    #[error("this is a PDF document; export the report as CSV or XLSX instead")]
    Pdf,
    /// A compressed archive that is not a workbook.
    #[error("this is a {0} archive; unpack it and load the file inside")]
    Archive(&'static str),
    /// A zip archive with several files.
    #[error("this zip archive holds {0} files; load them one by one")]
    Several(usize),
    /// A packed file that cannot be unpacked.
    #[error("the archive cannot be unpacked: {0}")]
    Packed(String),
    /// A spreadsheet in a format other than XLSX.
    #[error("this is a spreadsheet in {0} format; save it as XLSX or CSV")]
    OldSpreadsheet(&'static str),
    /// A web page, an XML or a JSON document.
    #[error("this is a {0} document, not a delimited table")]
    Markup(&'static str),
    /// Some other binary file.
    #[error("the file is binary: byte {offset} cannot stand in a text file")]
    Binary {
        /// Offset of the first byte that shows it, from 0.
        offset: u64,
    },
    /// The file is larger than allowed.
    #[error("the file has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// One line is longer than allowed.
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// Line, from 1.
        line: u64,
        /// Offset of its first byte, from 0.
        offset: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A record has more columns than allowed.
    #[error("line {line} has {columns} columns, more than the limit of {limit}")]
    TooManyColumns {
        /// Line, from 1.
        line: u64,
        /// Columns found (at least).
        columns: u64,
        /// The limit.
        limit: u64,
    },
    /// A workbook or packed file that would unpack to more than allowed.
    #[error("the file unpacks to more than allowed: {0}")]
    ZipLimit(String),
    /// A workbook that cannot be read.
    #[error("the workbook cannot be read ({0}); open it in a spreadsheet program and save it again")]
    Workbook(String),
    /// A byte that does not fit the encoding of the file.
    #[error("byte {offset} (line {line}, column {column}) is not {encoding}")]
    Encoding {
        /// The encoding that was expected.
        encoding: String,
        /// Offset from 0.
        offset: u64,
        /// Line, from 1.
        line: u64,
        /// Column in characters, from 1.
        column: u64,
    },
    /// Parts of the file are UTF-8 and parts are not.
    #[error("the file mixes encodings: byte {offset} (line {line}, column {column}) is not UTF-8 although other lines are")]
    MixedEncoding {
        /// Offset from 0.
        offset: u64,
        /// Line, from 1.
        line: u64,
        /// Column in characters, from 1.
        column: u64,
    },
    /// An encoding name that Meed does not know.
    #[error("the encoding `{0}` is not known")]
    UnknownEncoding(String),
    /// Nothing in the file looks like a table.
    #[error("no table was found in the file")]
    NoTable,
    /// The file is not the one that was detected, or the position does not belong to it.
    #[error("the file has changed since it was examined")]
    Changed,
    /// Reading failed.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl IntakeError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file.empty",
            Self::Image(_) => "file.image",
            Self::Pdf => "file.pdf",
            Self::Archive(_) | Self::Several(_) | Self::Packed(_) => "file.archive",
            Self::OldSpreadsheet(_) => "file.spreadsheet_format",
            Self::Markup(_) => "file.markup",
            Self::Binary { .. } => "file.binary",
            Self::TooLarge { .. } => "limit.size",
            Self::LineTooLong { .. } => "limit.line",
            Self::TooManyColumns { .. } => "limit.columns",
            Self::ZipLimit(_) => "limit.zip",
            Self::Workbook(_) => "file.workbook",
            Self::Encoding { .. } => "encoding.invalid",
            Self::MixedEncoding { .. } => "encoding.mixed",
            Self::UnknownEncoding(_) => "encoding.unknown",
            Self::NoTable => "table.none",
            Self::Changed => "file.changed",
            Self::Io(_) => "file.read",
        }
    }

    /// The line the refusal points at, where there is one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::LineTooLong { line, .. }
            | Self::TooManyColumns { line, .. }
            | Self::Encoding { line, .. }
            | Self::MixedEncoding { line, .. } => Some(*line),
            _ => None,
        }
    }
}
