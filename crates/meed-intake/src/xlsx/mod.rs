//! Workbooks: checked before they are opened, then one sheet as delimited text, so that everything else works as for
//! a text file.

mod guard;
mod sheet;
mod spill;

use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

use crate::error::IntakeError;
use crate::hints::Limits;
use crate::records::Dialect;

pub(crate) use spill::Text;

/// The text that a sheet becomes: cells between quotes where they need them.
pub(crate) const DIALECT: Dialect = Dialect::COMMA;

/// Which sheet was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sheet {
    /// Its name.
    pub(crate) name: String,
    /// The last row that was read, where rows far below it were not.
    #[serde(default)]
    pub(crate) cut_after: Option<u64>,
}

/// The table of a sheet as text. It is held in a file without a name once it is large.
pub(crate) struct SheetText {
    pub(crate) sheet: Sheet,
    /// Bytes of the text.
    pub(crate) size: u64,
    pub(crate) text: Text,
}

/// The table of a workbook as text: of the named sheet, or of the one that looks most like a table.
pub(crate) fn text_of<R: Read + Seek>(reader: &mut R, sheet: Option<&Sheet>, limits: &Limits) -> Result<SheetText, IntakeError> {
    guard::check(reader, limits)?;
    sheet::text(reader, sheet, limits)
}
