//! A streaming decoder: raw bytes in, UTF-8 out, with an error instead of a replacement character.

use super::{Encoding, Kind, codepages};

/// Turns the bytes of one file into UTF-8, chunk by chunk.
pub(crate) struct Decoder {
    encoding: Encoding,
    state: Option<encoding_rs::Decoder>,
}

/// A byte that does not fit, as an offset into the chunk that was given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) u64);

impl Decoder {
    pub(crate) fn new(encoding: &Encoding) -> Self {
        let state = match encoding.0 {
            Kind::Utf16Le => Some(encoding_rs::UTF_16LE.new_decoder_without_bom_handling()),
            Kind::Utf16Be => Some(encoding_rs::UTF_16BE.new_decoder_without_bom_handling()),
            Kind::Other(other) => Some(other.new_decoder_without_bom_handling()),
            Kind::Utf8 | Kind::Ibm850 | Kind::Ibm437 => None,
        };
        Self { encoding: encoding.clone(), state }
    }

    /// Whether the bytes pass through unchanged.
    pub(crate) fn is_utf8(&self) -> bool {
        self.encoding.0 == Kind::Utf8
    }

    /// Appends the text of `raw` to `out`. `last` says that no more bytes follow.
    pub(crate) fn push(&mut self, raw: &[u8], last: bool, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let table = match self.encoding.0 {
            Kind::Utf8 => {
                out.extend_from_slice(raw);
                return Ok(());
            }
            Kind::Ibm850 => Some(&codepages::IBM_850),
            Kind::Ibm437 => Some(&codepages::IBM_437),
            _ => None,
        };
        if let Some(table) = table {
            let mut utf8 = [0; 4];
            for byte in raw {
                out.extend_from_slice(codepages::char_of(table, *byte).encode_utf8(&mut utf8).as_bytes());
            }
            return Ok(());
        }
        let Some(state) = &mut self.state else { return Ok(()) };
        let mut read = 0;
        loop {
            let room = state.max_utf8_buffer_length_without_replacement(raw.len() - read).unwrap_or(raw.len() * 3 + 16);
            let start = out.len();
            out.resize(start + room, 0);
            let (result, took, wrote) = state.decode_to_utf8_without_replacement(&raw[read..], &mut out[start..], last);
            out.truncate(start + wrote);
            read += took;
            match result {
                encoding_rs::DecoderResult::InputEmpty => return Ok(()),
                encoding_rs::DecoderResult::OutputFull => {}
                encoding_rs::DecoderResult::Malformed(bad, after) => {
                    let back = usize::from(bad) + usize::from(after);
                    return Err(Malformed(read.saturating_sub(back) as u64));
                }
            }
        }
    }
}
