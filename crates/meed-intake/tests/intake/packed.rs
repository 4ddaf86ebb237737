//! Packed files: what is in them comes out, and nothing comes out of a bomb.

use std::io::{Cursor, Write};

use meed_intake::{IntakeError, Limits, Packing, packing, unpack};

const TEXT: &[u8] = b"Order No,Date,Amount\nA-1,2026-03-04,10.00\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn open(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, IntakeError> {
    let mut file = Cursor::new(bytes);
    let Some(packing) = packing(&mut file)? else { return Ok(None) };
    let mut out = Vec::new();
    unpack(&mut file, packing, &mut out, limits)?;
    Ok(Some(out))
}

#[test]
fn gzip_and_a_zip_of_one_file_are_opened() {
    let limits = Limits::default();
    assert_eq!(open(&gzip(TEXT), &limits).unwrap().unwrap(), TEXT);
    let two = [gzip(&TEXT[..10]), gzip(&TEXT[10..])].concat();
    assert_eq!(open(&two, &limits).unwrap().unwrap(), TEXT, "gzip in several pieces");
    assert_eq!(open(&zip(&[("sales.csv", TEXT)]), &limits).unwrap().unwrap(), TEXT);
    let from_a_desk = zip(&[("__MACOSX/._sales.csv", b"x"), ("out/.DS_Store", b"x"), ("out/sales.csv", TEXT)]);
    assert_eq!(open(&from_a_desk, &limits).unwrap().unwrap(), TEXT, "litter does not count");
    assert_eq!(packing(&mut Cursor::new(zip(&[("a.csv", TEXT), ("b.csv", TEXT)]))).unwrap(), None, "which of two?");
    assert_eq!(packing(&mut Cursor::new(TEXT)).unwrap(), None);
    assert_eq!(packing(&mut Cursor::new(gzip(TEXT))).unwrap(), Some(Packing::Gzip));
}

#[test]
fn bombs_and_broken_archives_are_refused() {
    let zeros = vec![b'0'; 8 << 20];
    for bomb in [gzip(&zeros), zip(&[("sales.csv", &zeros)])] {
        assert_eq!(open(&bomb, &Limits::default()).unwrap_err().code(), "limit.zip", "more than a hundred times its size");
    }
    let small = Limits { unpacked_bytes: 20, ..Limits::default() };
    assert_eq!(open(&gzip(TEXT), &small).unwrap_err().code(), "limit.zip");
    for whole in [gzip(TEXT), zip(&[("sales.csv", TEXT)])] {
        let mut broken = whole.clone();
        let middle = if whole.starts_with(b"PK") { 45 } else { whole.len() / 2 };
        broken[middle] ^= 0x55;
        assert_eq!(open(&broken, &Limits::default()).unwrap_err().code(), "file.archive", "a checksum that does not fit");
    }
    let cut = gzip(TEXT);
    assert_eq!(open(&cut[..cut.len() - 6], &Limits::default()).unwrap_err().code(), "file.archive", "cut off");
}
