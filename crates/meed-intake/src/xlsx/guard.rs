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
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|e| IntakeError::Workbook(e.to_string()))?;
        claimed = claimed.saturating_add(member.size());
        if claimed > allowed {
            return Err(IntakeError::ZipLimit(format!("it claims more than {allowed} bytes")));
        }
        // What is claimed may be a lie: count what really comes out.
        let room = allowed - unpacked + 1;
        let got = std::io::copy(&mut member.take(room), &mut std::io::sink()).map_err(|e| IntakeError::Workbook(e.to_string()))?;
        unpacked += got;
        if unpacked > allowed {
            return Err(IntakeError::ZipLimit(format!("it unpacks to more than {allowed} bytes")));
        }
    }
    reader.seek(SeekFrom::Start(0))?;
    Ok(())
}
