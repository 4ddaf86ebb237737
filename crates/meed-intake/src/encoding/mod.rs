//! Bytes to text: which encoding a file has, and a reader that turns it into UTF-8 without losing a byte.

mod codepages;
mod decode;
mod detect;
mod letters;

use serde::{Deserialize, Serialize};

pub(crate) use decode::Decoder;
pub(crate) use detect::{Scan, detect, place};

/// A text encoding by its lower-case name, such as `utf-8`, `windows-1252`, `macintosh` or `ibm850`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Encoding(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Utf8,
    Utf16Le,
    Utf16Be,
    Ibm850,
    Ibm437,
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(Kind::Utf8);
    pub(crate) const UTF_16_LE: Self = Self(Kind::Utf16Le);
    pub(crate) const UTF_16_BE: Self = Self(Kind::Utf16Be);
    pub(crate) const IBM_850: Self = Self(Kind::Ibm850);
    pub(crate) const IBM_437: Self = Self(Kind::Ibm437);
    pub(crate) const WINDOWS_1252: Self = Self(Kind::Other(encoding_rs::WINDOWS_1252));
    pub(crate) const MACINTOSH: Self = Self(Kind::Other(encoding_rs::MACINTOSH));
    pub(crate) const ISO_8859_15: Self = Self(Kind::Other(encoding_rs::ISO_8859_15));

    pub(crate) fn of(encoding: &'static encoding_rs::Encoding) -> Self {
        Self(Kind::Other(encoding))
    }

    /// The encoding of that name or label.
    pub fn from_name(name: &str) -> Option<Self> {
        let folded = name.trim().to_ascii_lowercase();
        Some(match folded.as_str() {
            "utf-8" | "utf8" | "ascii" | "us-ascii" => Self::UTF_8,
            "utf-16le" | "utf-16" => Self::UTF_16_LE,
            "utf-16be" => Self::UTF_16_BE,
            "ibm850" | "cp850" => Self::IBM_850,
            "ibm437" | "cp437" => Self::IBM_437,
            other => Self(Kind::Other(encoding_rs::Encoding::for_label(other.as_bytes())?)),
        })
    }

    /// Lower-case name.
    pub fn name(&self) -> String {
        match self.0 {
            Kind::Utf8 => "utf-8".into(),
            Kind::Utf16Le => "utf-16le".into(),
            Kind::Utf16Be => "utf-16be".into(),
            Kind::Ibm850 => "ibm850".into(),
            Kind::Ibm437 => "ibm437".into(),
            Kind::Other(encoding) => encoding.name().to_ascii_lowercase(),
        }
    }

    /// Bytes that this text had in the file, or `None` where that cannot be said without decoding again.
    pub(crate) fn raw_len(&self, text: &[u8]) -> Option<u64> {
        let chars = || text.iter().filter(|b| (**b & 0xC0) != 0x80).count() as u64;
        match self.0 {
            Kind::Utf8 => Some(text.len() as u64),
            // A character of four UTF-8 bytes is a surrogate pair in UTF-16.
            Kind::Utf16Le | Kind::Utf16Be => Some(2 * (chars() + text.iter().filter(|b| **b >= 0xF0).count() as u64)),
            Kind::Ibm850 | Kind::Ibm437 => Some(chars()),
            Kind::Other(encoding) => encoding.is_single_byte().then(chars),
        }
    }

    /// Decodes a short piece for comparison; bytes that do not fit become `None`.
    pub(crate) fn decode_piece(&self, bytes: &[u8]) -> Option<String> {
        match self.0 {
            Kind::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Kind::Ibm850 => Some(codepages::decode(&codepages::IBM_850, bytes)),
            Kind::Ibm437 => Some(codepages::decode(&codepages::IBM_437, bytes)),
            Kind::Utf16Le => encoding_rs::UTF_16LE.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into),
            Kind::Utf16Be => encoding_rs::UTF_16BE.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into),
            Kind::Other(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into),
        }
    }
}

impl TryFrom<String> for Encoding {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("unknown encoding `{name}`"))
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.name()
    }
}
