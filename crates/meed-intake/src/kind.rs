//! The kind of file by its leading bytes, before anything else (`file-intake.md` section 1).

use crate::error::IntakeError;

/// What is opened, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Text in some encoding.
    Text,
    /// A zip archive: a workbook or not is seen inside.
    Zip,
}

/// Names the kind, or refuses it by name.
pub(crate) fn of(head: &[u8]) -> Result<FileKind, IntakeError> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return Ok(FileKind::Zip);
    }
    for (magic, name) in [
        (&b"\x89PNG"[..], "PNG"),
        (b"\xFF\xD8\xFF", "JPEG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"\0\0\x01\0", "icon"),
    ] {
        if starts(magic) {
            return Err(IntakeError::Image(name));
        }
    }
    if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Err(IntakeError::Image("WebP"));
    }
    if starts(b"BM") && head.get(6..10) == Some(&[0; 4]) {
        return Err(IntakeError::Image("BMP"));
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Err(IntakeError::Image("HEIC or video"));
    }
    if starts(b"%PDF-") {
        return Err(IntakeError::Pdf);
    }
    for (magic, name) in [
        (&b"\x1F\x8B"[..], "gzip"),
        (b"BZh", "bzip2"),
        (b"\xFD7zXZ\0", "xz"),
        (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
        (b"Rar!\x1A\x07", "RAR"),
        (b"\x28\xB5\x2F\xFD", "Zstandard"),
    ] {
        if starts(magic) {
            return Err(IntakeError::Archive(name));
        }
    }
    if starts(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Err(IntakeError::OldSpreadsheet("the old Excel (XLS)"));
    }
    if starts(b"SQLite format 3\0") || starts(b"\x7FELF") || starts(b"MZ\x90\0") || starts(b"PAR1") {
        return Err(IntakeError::Binary { offset: 0 });
    }
    markup(head)?;
    Ok(FileKind::Text)
}

fn markup(head: &[u8]) -> Result<(), IntakeError> {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let text = text.trim_ascii_start();
    let lower: Vec<u8> = text.iter().take(16).map(u8::to_ascii_lowercase).collect();
    if lower.starts_with(b"<!doctype") || lower.starts_with(b"<html") || lower.starts_with(b"<table") {
        return Err(IntakeError::Markup("HTML"));
    }
    if lower.starts_with(b"<?xml") {
        return Err(IntakeError::Markup("XML"));
    }
    if lower.starts_with(b"{\\rtf") {
        return Err(IntakeError::Markup("RTF"));
    }
    let json = lower.starts_with(b"{\"")
        || lower.starts_with(b"[{")
        || (lower.first() == Some(&b'{') && lower.get(1).is_some_and(u8::is_ascii_whitespace));
    if json {
        return Err(IntakeError::Markup("JSON"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_tables_are_refused_by_name() {
        for (head, code) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "file.image"),
            (b"%PDF-1.7", "file.pdf"),
            (b"\x1f\x8b\x08\0", "file.archive"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "file.spreadsheet_format"),
            (b"<!DOCTYPE html>", "file.markup"),
            (b"{\"a\":1}", "file.markup"),
        ] {
            assert_eq!(of(head).unwrap_err().code(), code);
        }
        assert_eq!(of(b"PK\x03\x04").unwrap(), FileKind::Zip);
        assert_eq!(of(b"a,b\n").unwrap(), FileKind::Text);
        assert_eq!(of(b"").unwrap(), FileKind::Text);
    }
}
