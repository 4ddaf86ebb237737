//! Files that arrive packed: gzip, and a zip with a single file in it. One level deep; what comes out is a file of its own.

use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::error::IntakeError;
use crate::hints::Limits;

/// Bytes that even the smallest packed file may unpack to.
const UNPACKED_LEAST: u64 = 1 << 20;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip.
    Gzip,
    /// A zip archive; the number of its only member.
    Zip(usize),
}

/// How the file is packed, if it is. A workbook is a zip archive with many members and no packed file.
pub fn packing<R: Read + Seek>(reader: &mut R) -> Result<Option<Packing>, IntakeError> {
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut head)?;
    reader.seek(SeekFrom::Start(0))?;
    if head.starts_with(b"\x1F\x8B") {
        return Ok(Some(Packing::Gzip));
    }
    if head != b"PK\x03\x04" {
        return Ok(None);
    }
    // What is no archive after all is refused by name where the file is read.
    let Ok(mut archive) = zip::ZipArchive::new(&mut *reader) else { return Ok(None) };
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let Ok(member) = archive.by_index_raw(index) else { return Ok(None) };
        let name = member.name().map_or_else(|_| String::new(), |name| name.to_string());
        let is_litter = name.starts_with("__MACOSX/") || name.ends_with(".DS_Store");
        if !member.is_dir() && !is_litter {
            files.push(index);
        }
    }
    drop(archive);
    reader.seek(SeekFrom::Start(0))?;
    Ok(match files.as_slice() {
        [only] => Some(Packing::Zip(*only)),
        _ => None,
    })
}

/// Unpacks a file as a stream. More than the limits allow is refused, whatever the archive claims.
pub fn unpack<R: Read + Seek>(reader: &mut R, packing: Packing, out: &mut impl Write, limits: &Limits) -> Result<(), IntakeError> {
    let size = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(0))?;
    let allowed = limits.unpacked_bytes.min(size.saturating_mul(limits.unpacked_ratio).max(UNPACKED_LEAST));
    let got = match packing {
        Packing::Gzip => copy(flate2::read::MultiGzDecoder::new(io::BufReader::new(reader)), out, allowed)?,
        Packing::Zip(index) => {
            let mut archive = zip::ZipArchive::new(io::BufReader::new(reader)).map_err(|e| IntakeError::Packed(e.to_string()))?;
            let member = archive.by_index(index).map_err(|e| IntakeError::Packed(e.to_string()))?;
            copy(member, out, allowed)?
        }
    };
    if got > allowed { Err(IntakeError::ZipLimit(format!("it unpacks to more than {allowed} bytes"))) } else { Ok(()) }
}

/// Copies one byte more than allowed at most. What fails while unpacking is the archive's fault, what fails while writing
/// is not.
fn copy(from: impl Read, out: &mut impl Write, allowed: u64) -> Result<u64, IntakeError> {
    let mut from = from.take(allowed + 1);
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        let count = from.read(&mut buffer).map_err(|e| IntakeError::Packed(e.to_string()))?;
        if count == 0 {
            return Ok(total);
        }
        out.write_all(&buffer[..count])?;
        total += count as u64;
    }
}
