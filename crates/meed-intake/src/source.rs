//! What the records are read from: the file itself, or the text of a worksheet.

use std::io::{self, Read, Seek, SeekFrom};

use crate::xlsx::Text;

/// A file, or text in memory that stands for it.
pub(crate) enum Source<R> {
    /// The file as it is.
    File(R),
    /// The table of a workbook as delimited text.
    Sheet(Text),
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Sheet(sheet) => sheet.read(buffer),
        }
    }
}

impl<R: Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Sheet(sheet) => sheet.seek(to),
        }
    }
}
