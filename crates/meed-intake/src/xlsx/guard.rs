//! Looks into the archive before anything is parsed: what it claims to unpack to, and what it really does.

use std::io::{Read, Seek, SeekFrom};

use crate::error::IntakeError;
use crate::hints::Limits;

/// Refuses archives that are no workbook, have too many members or unpack to too much.
pub(super) fn check<R: Read + Seek>(reader: &mut R, limits: &Limits) -> Result<(), IntakeError> {
    let size = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(0))?;
    let mut archive = zip::ZipArchive::new(&mut *reader).map_err(|e| IntakeError::Workbook(e.to_string()))?;
    if archive.len() as u64 > limits.members {
        return Err(IntakeError::ZipLimit(format!("{} members, the limit is {}", archive.len(), limits.members)));
    }
    let names: Vec<String> = archive.file_names().filter_map(Result::ok).map(std::borrow::Cow::into_owned).collect();
    let has = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    if has("mimetype") && has("content.xml") {
        return Err(IntakeError::OldSpreadsheet("OpenDocument (ODS)"));
    }
    if has("xl/workbook.bin") {
        return Err(IntakeError::OldSpreadsheet("binary Excel (XLSB)"));
    }
    if !has("xl/workbook.xml") {
        let word = names.iter().any(|n| n.starts_with("word/") || n.starts_with("ppt/"));
        return Err(if word {
            IntakeError::Markup("Word or PowerPoint")
        } else {
            IntakeError::Several(names.iter().filter(|n| !n.ends_with('/')).count())
        });
    }
    let allowed = limits.unpacked_bytes.min(size.saturating_mul(limits.unpacked_ratio).max(1 << 20));
    let mut claimed: u64 = 0;
    let mut unpacked: u64 = 0;
    let mut buffer = vec![0; 64 * 1024];
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|e| IntakeError::Workbook(e.to_string()))?;
        let kind = Kind::of(&member.name().map_or_else(|_| String::new(), |name| name.to_lowercase()));
        claimed = claimed.saturating_add(member.size());
        if claimed > allowed {
            return Err(IntakeError::ZipLimit(format!("it claims more than {allowed} bytes")));
        }
        // What is claimed may be a lie: count what really comes out.
        let mut member = member.take(allowed - unpacked + 1);
        let (mut got, mut piece) = (0_u64, 0_u64);
        loop {
            let count = member.read(&mut buffer).map_err(|e| IntakeError::Workbook(e.to_string()))?;
            if count == 0 {
                break;
            }
            got += count as u64;
            kind.check(got, &mut piece, &buffer[..count], limits)?;
        }
        unpacked += got;
        if unpacked > allowed {
            return Err(IntakeError::ZipLimit(format!("it unpacks to more than {allowed} bytes")));
        }
    }
    reader.seek(SeekFrom::Start(0))?;
    Ok(())
}

/// What reading a member of a workbook costs.
enum Kind {
    /// A sheet is read as a stream; what is held is one piece between two tags.
    Sheet,
    /// Texts, styles and lists are held while the workbook is read.
    Held,
    /// Pictures and the like are not read.
    Ignored,
}

impl Kind {
    fn of(name: &str) -> Self {
        if name.starts_with("xl/worksheets/") && !name.contains("_rels") {
            Self::Sheet
        } else if matches!(name.rsplit_once('.'), Some((_, "xml" | "rels"))) {
            Self::Held
        } else {
            Self::Ignored
        }
    }

    /// Looks at the next bytes of a member of which `got` bytes have come. `piece` counts bytes since the last cell or row.
    fn check(&self, got: u64, piece: &mut u64, bytes: &[u8], limits: &Limits) -> Result<(), IntakeError> {
        match self {
            Self::Held if got > limits.held_bytes => Err(IntakeError::ZipLimit(format!(
                "its texts take more than {} bytes, which would have to be held in memory; save the sheet as CSV",
                limits.held_bytes
            ))),
            Self::Held | Self::Ignored => Ok(()),
            Self::Sheet => {
                let mut last = 0;
                for tag in memchr::memchr_iter(b'<', bytes) {
                    *piece += (tag - last) as u64;
                    longest(*piece, limits)?;
                    last = tag;
                    // A text of several runs is one text, held as a whole.
                    if !is_run(&bytes[tag + 1..]) {
                        *piece = 0;
                    }
                }
                *piece += (bytes.len() - last) as u64;
                longest(*piece, limits)
            }
        }
    }
}

/// Whether a tag belongs to a text of several runs: `<r>`, `<rPr>`, `<t>` and their ends, but not `<row>`.
fn is_run(tag: &[u8]) -> bool {
    let name = tag.strip_prefix(b"/").unwrap_or(tag);
    matches!(name.first(), Some(b'r' | b't')) && !name.starts_with(b"row")
}

fn longest(piece: u64, limits: &Limits) -> Result<(), IntakeError> {
    if piece <= limits.line_bytes {
        return Ok(());
    }
    Err(IntakeError::ZipLimit(format!("a cell of it has more than {} bytes", limits.line_bytes)))
}
