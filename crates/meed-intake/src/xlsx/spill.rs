//! Text that stays in memory while it is small and goes to a file without a name once it is not.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

/// Bytes that are held before they go to a file.
const HELD: usize = 8 << 20;

/// Text being written.
pub(super) struct Spill {
    held: Vec<u8>,
    file: Option<File>,
    size: u64,
}

/// Text to read.
pub(crate) enum Text {
    Held(Cursor<Vec<u8>>),
    File(File),
}

impl Spill {
    pub(super) fn new() -> Self {
        Self { held: Vec::new(), file: None, size: 0 }
    }

    /// Bytes written so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        self.size += bytes.len() as u64;
        if self.held.len() >= HELD { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }

    /// The text from its start.
    pub(super) fn finish(mut self) -> io::Result<Text> {
        if self.file.is_some() {
            self.flush()?;
        }
        Ok(match self.file {
            None => Text::Held(Cursor::new(self.held)),
            Some(mut file) => {
                file.seek(SeekFrom::Start(0))?;
                Text::File(file)
            }
        })
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Held(text) => text.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

impl Seek for Text {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Held(text) => text.seek(to),
            Self::File(file) => file.seek(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_from_memory_and_from_a_file() {
        for size in [10, HELD * 2 + 7] {
            let mut spill = Spill::new();
            let piece: Vec<u8> = (0..=255).collect();
            while spill.size() < size as u64 {
                spill.push(&piece).unwrap();
            }
            let written = spill.size();
            let mut text = spill.finish().unwrap();
            assert_eq!(matches!(text, Text::File(_)), size > HELD);
            assert_eq!(text.seek(SeekFrom::End(0)).unwrap(), written);
            text.seek(SeekFrom::Start(written - 256)).unwrap();
            let mut back = vec![0; 256];
            text.read_exact(&mut back).unwrap();
            assert_eq!(back, piece);
        }
    }
}
