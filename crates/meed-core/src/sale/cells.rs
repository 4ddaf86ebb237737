//! The stored form of a sale's original columns: the count, then each text with its length in front.

use super::UnpackError;

/// Packs cells. No separator can collide with their content.
pub fn pack_cells<T: AsRef<str>>(cells: &[T]) -> Vec<u8> {
    let mut out = Vec::with_capacity(cells.iter().map(|c| c.as_ref().len() + 2).sum::<usize>() + 4);
    put_length(&mut out, cells.len());
    for cell in cells {
        put_length(&mut out, cell.as_ref().len());
        out.extend_from_slice(cell.as_ref().as_bytes());
    }
    out
}

/// Reads what [`pack_cells`] wrote.
pub fn unpack_cells(bytes: &[u8]) -> Result<Vec<String>, UnpackError> {
    let mut reader = Reader { bytes, at: 0 };
    let count = reader.length()?;
    let mut cells = Vec::with_capacity(count.min(4096));
    for _ in 0..count {
        cells.push(reader.text()?);
    }
    if reader.at == bytes.len() { Ok(cells) } else { Err(UnpackError { at: reader.at }) }
}

fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or_default());
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn length(&mut self) -> Result<usize, UnpackError> {
        let mut value = 0usize;
        for shift in (0..56).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(UnpackError { at: self.at })?;
            self.at += 1;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(UnpackError { at: self.at })
    }

    fn text(&mut self) -> Result<String, UnpackError> {
        let length = self.length()?;
        let error = UnpackError { at: self.at };
        let end = self.at.checked_add(length).ok_or(error)?;
        let bytes = self.bytes.get(self.at..end).ok_or(error)?;
        self.at = end;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn com_060_original_cells_come_back_untouched(cells in prop::collection::vec(".{0,300}", 0..20)) {
            prop_assert_eq!(unpack_cells(&pack_cells(&cells)).expect("what was packed"), cells);
        }

        #[test]
        fn damaged_cells_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpack_cells(&bytes);
        }
    }
}
