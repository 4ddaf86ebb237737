//! The order of decisions of `file-intake.md` 2.1: byte order mark, NUL pattern, strict UTF-8 over the whole file, then
//! a detector with a prior for files about money.

use std::io::{Read, Seek, SeekFrom};

use super::{Encoding, letters::plausibility};
use crate::error::IntakeError;

/// What was found out about the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// The encoding.
    pub(crate) encoding: Encoding,
    /// Bytes of the byte order mark.
    pub(crate) bom: u64,
    /// Confidence per mille.
    pub(crate) confidence: i32,
    /// Why.
    pub(crate) reason: String,
    /// The next best encoding, with a piece of text as both read it.
    pub(crate) runner_up: Option<(Encoding, String, String)>,
    /// Offset of the first byte that breaks UTF-8 in a file that is otherwise UTF-8.
    pub(crate) broken: Option<u64>,
    /// Bytes of the file.
    pub(crate) size: u64,
}

const CHUNK: usize = 256 * 1024;
const EVIDENCE: usize = 256 * 1024;

/// Whole-file counts.
#[derive(Default)]
struct Counts {
    multi: u64,
    invalid: u64,
    first_invalid: Option<u64>,
    high: u64,
    money: u64,
    nul_even: u64,
    nul_odd: u64,
    first_nul: Option<u64>,
    pound_850: u64,
    euro_15: u64,
    evidence: Vec<u8>,
    size: u64,
}

/// Examines all bytes from the start. The reader is left anywhere.
pub(crate) fn detect<R: Read + Seek>(reader: &mut R, chosen: Option<&str>) -> Result<Scan, IntakeError> {
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(4096);
    reader.by_ref().take(4096).read_to_end(&mut head)?;
    let bom = byte_order_mark(&head);
    let chosen = match chosen {
        Some(name) => Some(Encoding::from_name(name).ok_or_else(|| IntakeError::UnknownEncoding(name.into()))?),
        None => None,
    };
    reader.seek(SeekFrom::Start(0))?;
    let counts = count(reader)?;
    let found = |encoding, bom, confidence, reason: &str| Scan {
        encoding,
        bom,
        confidence,
        reason: reason.into(),
        runner_up: None,
        broken: None,
        size: counts.size,
    };
    if let Some(encoding) = chosen {
        let bom = bom.as_ref().filter(|(e, _)| *e == encoding).map_or(0, |(_, n)| *n);
        let mut scan = found(encoding, bom, 1000, "chosen by a person");
        scan.broken = counts.first_invalid.filter(|_| scan.encoding == Encoding::UTF_8);
        return Ok(scan);
    }
    if let Some((encoding, length)) = bom {
        let mut scan = found(encoding, length, 1000, "byte order mark");
        scan.broken = counts.first_invalid.filter(|_| scan.encoding == Encoding::UTF_8);
        return Ok(scan);
    }
    if let Some(encoding) = nul_pattern(&counts)? {
        return Ok(found(encoding, 0, 950, "zero bytes stand on every second place"));
    }
    if counts.high == 0 {
        return Ok(found(Encoding::UTF_8, 0, 1000, "plain ASCII"));
    }
    if counts.invalid == 0 {
        return Ok(found(Encoding::UTF_8, 0, 1000, "every byte of the file is valid UTF-8"));
    }
    legacy(reader, &counts)
}

fn byte_order_mark(head: &[u8]) -> Option<(Encoding, u64)> {
    if head.starts_with(&[0xEF, 0xBB, 0xBF]) {
        Some((Encoding::UTF_8, 3))
    } else if head.starts_with(&[0xFF, 0xFE]) {
        Some((Encoding::UTF_16_LE, 2))
    } else if head.starts_with(&[0xFE, 0xFF]) {
        Some((Encoding::UTF_16_BE, 2))
    } else {
        None
    }
}

/// UTF-16 where zero bytes fall (almost) only on odd or on even offsets; other zero bytes in number mean a binary file.
fn nul_pattern(counts: &Counts) -> Result<Option<Encoding>, IntakeError> {
    let nuls = counts.nul_even + counts.nul_odd;
    if nuls == 0 {
        return Ok(None);
    }
    if nuls * 5 >= counts.size {
        if counts.nul_odd * 50 >= nuls * 49 {
            return Ok(Some(Encoding::UTF_16_LE));
        }
        if counts.nul_even * 50 >= nuls * 49 {
            return Ok(Some(Encoding::UTF_16_BE));
        }
    }
    if nuls * 100 > counts.size {
        return Err(IntakeError::Binary { offset: counts.first_nul.unwrap_or(0) });
    }
    Ok(None)
}

fn count<R: Read>(reader: &mut R) -> Result<Counts, IntakeError> {
    let mut counts = Counts::default();
    let mut buffer = vec![0; CHUNK];
    let mut kept = 0;
    loop {
        let got = reader.read(&mut buffer[kept..])?;
        let last = got == 0;
        let filled = kept + got;
        let start = counts.size - kept as u64;
        counts.size += got as u64;
        let data = &buffer[..filled];
        let used = scan_chunk(data, start, last, &mut counts);
        buffer.copy_within(used..filled, 0);
        kept = filled - used;
        if last {
            return Ok(counts);
        }
    }
}

/// Counts one chunk and says how many bytes were dealt with: the rest may be a character cut in half.
fn scan_chunk(data: &[u8], start: u64, last: bool, counts: &mut Counts) -> usize {
    let mut used = 0;
    let mut rest = data;
    loop {
        match simdutf8::compat::from_utf8(rest) {
            Ok(text) => {
                if !text.is_ascii() {
                    counts.multi += text.bytes().filter(|b| *b >= 0xC0).count() as u64;
                }
                used += rest.len();
                break;
            }
            Err(error) => {
                counts.multi += rest[..error.valid_up_to()].iter().filter(|b| **b >= 0xC0).count() as u64;
                let Some(length) = error.error_len() else {
                    if !last {
                        used += error.valid_up_to();
                        break;
                    }
                    counts.invalid += 1;
                    counts.first_invalid.get_or_insert(start + (used + error.valid_up_to()) as u64);
                    used = data.len();
                    break;
                };
                counts.invalid += 1;
                counts.first_invalid.get_or_insert(start + (used + error.valid_up_to()) as u64);
                used += error.valid_up_to() + length;
                rest = &data[used..];
            }
        }
    }
    count_bytes(&data[..used], start, counts);
    used
}

fn count_bytes(data: &[u8], start: u64, counts: &mut Counts) {
    if data.is_ascii() && !data.contains(&0) {
        return;
    }
    for (i, &byte) in data.iter().enumerate() {
        if byte == 0 {
            counts.first_nul.get_or_insert(start + i as u64);
            if (start + i as u64).is_multiple_of(2) {
                counts.nul_even += 1;
            } else {
                counts.nul_odd += 1;
            }
        } else if byte >= 0x80 {
            counts.high += 1;
            let before = i.checked_sub(1).map_or(b' ', |j| data[j]);
            let after = data.get(i + 1).copied().unwrap_or(b' ');
            let digit = before.is_ascii_digit()
                || after.is_ascii_digit()
                || (before == b' ' && i >= 2 && data[i - 2].is_ascii_digit())
                || (after == b' ' && data.get(i + 2).is_some_and(u8::is_ascii_digit));
            if digit || matches!(byte, 0xA3 | 0x80 | 0xB0 | 0xB7 | 0xA0) {
                counts.money += 1;
            }
            counts.pound_850 += u64::from(byte == 0x9C && digit);
            counts.euro_15 += u64::from(byte == 0xA4 && digit);
            if counts.evidence.len() < EVIDENCE {
                let from = i.saturating_sub(8);
                let to = (i + 9).min(data.len());
                counts.evidence.extend_from_slice(&data[from..to]);
                counts.evidence.push(b'\n');
            }
        }
    }
}

fn legacy<R: Read + Seek>(reader: &mut R, counts: &Counts) -> Result<Scan, IntakeError> {
    let first = counts.first_invalid.unwrap_or(0);
    let sequences = counts.multi + counts.invalid;
    let mut scan = Scan {
        encoding: Encoding::WINDOWS_1252,
        bom: 0,
        confidence: 900,
        reason: String::new(),
        runner_up: None,
        broken: None,
        size: counts.size,
    };
    if counts.multi > 0 && counts.multi * 5 >= sequences * 4 {
        scan.encoding = Encoding::UTF_8;
        scan.broken = Some(first);
        scan.confidence = 800;
        scan.reason = format!("{} characters are valid UTF-8, {} bytes are not", counts.multi, counts.invalid);
        return Ok(scan);
    }
    if counts.money == counts.high {
        scan.reason = "every non-ASCII byte is a money sign or stands beside a digit".into();
        if counts.euro_15 == counts.high {
            scan.encoding = Encoding::ISO_8859_15;
            scan.confidence = 700;
        } else if counts.pound_850 == counts.high {
            scan.encoding = Encoding::IBM_850;
            scan.confidence = 700;
        }
        return Ok(scan);
    }
    let guess = guess(reader)?;
    if guess.is_single_byte() && counts.multi > 0 && counts.multi * 5 >= sequences {
        let (line, column) = place(reader, first)?;
        return Err(IntakeError::MixedEncoding { offset: first, line, column });
    }
    choose(&mut scan, guess, &counts.evidence);
    Ok(scan)
}

/// Takes the detector's answer unless another single-byte table reads far more like writing.
fn choose(scan: &mut Scan, guess: &'static encoding_rs::Encoding, evidence: &[u8]) {
    scan.encoding = Encoding::of(guess);
    scan.confidence = 800;
    scan.reason = format!("character pairs fit {}", scan.encoding.name());
    if !guess.is_single_byte() {
        return;
    }
    let mut readings: Vec<(i64, Encoding)> = Vec::new();
    let mut candidates = vec![scan.encoding.clone()];
    if guess == encoding_rs::WINDOWS_1252 || scan.encoding.decode_piece(evidence).is_some_and(|t| t.chars().any(char::is_control)) {
        candidates.extend([Encoding::WINDOWS_1252, Encoding::MACINTOSH, Encoding::IBM_850, Encoding::IBM_437]);
    }
    for candidate in candidates {
        if !readings.iter().any(|(_, e)| *e == candidate) {
            let score = candidate.decode_piece(evidence).map_or(i64::MIN, |t| plausibility(&t.replace('\n', " ")));
            readings.push((score, candidate));
        }
    }
    let own = readings[0].0;
    readings.sort_by_key(|r| std::cmp::Reverse(r.0));
    let best = readings[0].clone();
    if best.1 != scan.encoding && best.0 > own.saturating_mul(3) / 2 && best.0 > own + 4 {
        scan.reason = format!("letters read as {} make words, as {} they do not", best.1.name(), scan.encoding.name());
        scan.confidence = 600;
        scan.runner_up = Some((scan.encoding.clone(), String::new(), String::new()));
        scan.encoding = best.1;
    } else if let Some(other) = readings.iter().find(|r| r.1 != scan.encoding && r.0 > 0 && r.0 * 4 > own * 3) {
        scan.confidence = 650;
        scan.runner_up = Some((other.1.clone(), String::new(), String::new()));
    }
    if let Some((other, mine, theirs)) = &mut scan.runner_up {
        let piece = evidence.split(|b| *b == b'\n').next().unwrap_or_default();
        *mine = scan.encoding.decode_piece(piece).unwrap_or_default();
        *theirs = other.decode_piece(piece).unwrap_or_default();
    }
}

/// chardetng over the lines that hold non-ASCII bytes, at most 4 MiB of them.
fn guess<R: Read + Seek>(reader: &mut R) -> Result<&'static encoding_rs::Encoding, IntakeError> {
    const FEED: usize = 4 << 20;
    reader.seek(SeekFrom::Start(0))?;
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let mut buffer = vec![0; CHUNK];
    let mut fed = 0;
    let mut half_line = false;
    loop {
        let got = reader.read(&mut buffer)?;
        if got == 0 || fed > FEED {
            break;
        }
        for line in buffer[..got].split_inclusive(|b| *b == b'\n') {
            if half_line || !line.is_ascii() {
                detector.feed(line, false);
                fed += line.len();
            }
            // A multi-byte character may continue in the next chunk only after a line that was fed.
            half_line = !line.is_ascii() && !line.ends_with(b"\n");
        }
    }
    detector.feed(&[], true);
    Ok(detector.guess(None, chardetng::Utf8Detection::Deny))
}

/// Line and column (characters, both from 1) of an offset.
pub(crate) fn place<R: Read + Seek>(reader: &mut R, offset: u64) -> Result<(u64, u64), IntakeError> {
    reader.seek(SeekFrom::Start(0))?;
    let (mut line, mut column) = (1, 1);
    let mut buffer = vec![0; CHUNK];
    let mut left = offset;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let got = reader.read(&mut buffer[..want])?;
        if got == 0 {
            break;
        }
        for byte in &buffer[..got] {
            if *byte == b'\n' {
                line += 1;
                column = 1;
            } else if byte & 0xC0 != 0x80 {
                column += 1;
            }
        }
        left -= got as u64;
    }
    Ok((line, column))
}
