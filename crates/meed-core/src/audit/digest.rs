//! The digest of what a command wrote: SHA-256 over length-prefixed fields, so that no two lists of fields are alike.

use sha2::{Digest as _, Sha256};

use crate::id::Id;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Version of the encoding. A later one would be verified beside this one, never instead of it.
pub(super) const VERSION: u8 = 1;

/// Collects fields. Each is its length as four bytes, big end first, then its bytes; numbers are eight bytes, big end
/// first; an absent value is a field of length 0.
#[derive(Clone)]
pub struct Digest(Sha256);

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// An empty digest, opened by the version byte.
    #[must_use]
    pub fn new() -> Self {
        let mut hasher = Sha256::new();
        hasher.update([VERSION]);
        Self(hasher)
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u32::try_from(bytes.len()).expect("a field of the journal is far below 4 GB");
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Adds a number.
    pub fn int(&mut self, number: i64) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    /// Adds an id.
    pub fn id(&mut self, id: Id) -> &mut Self {
        self.int(id.0)
    }

    /// Adds a number or its absence.
    pub fn maybe_int(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.int(number),
            None => self.bytes(&[]),
        }
    }

    /// Adds an id or its absence.
    pub fn maybe_id(&mut self, id: Option<Id>) -> &mut Self {
        self.maybe_int(id.map(|id| id.0))
    }

    /// Adds a hash.
    pub fn hash(&mut self, hash: &Hash) -> &mut Self {
        self.bytes(hash)
    }

    /// The hash over everything added.
    #[must_use]
    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(build: impl FnOnce(&mut Digest)) -> Hash {
        let mut digest = Digest::new();
        build(&mut digest);
        digest.finish()
    }

    #[test]
    fn fields_cannot_be_cut_differently() {
        let one = digest(|d| {
            d.text("ab").text("c");
        });
        let other = digest(|d| {
            d.text("a").text("bc");
        });
        assert_ne!(one, other);
        let absent = digest(|d| {
            d.maybe_int(None).int(1);
        });
        let present = digest(|d| {
            d.int(1).maybe_int(None);
        });
        assert_ne!(absent, present);
    }

    #[test]
    fn the_encoding_is_fixed() {
        // SHA-256 of 01 | 00000008 | 000000000000002a | 00000002 | "ok", computed with another implementation.
        let hash = digest(|d| {
            d.int(42).text("ok");
        });
        let first = [0x04, 0x6a, 0x57, 0x63, 0xaa, 0xf3, 0xe3, 0xc1];
        assert_eq!(hash[..8], first);
    }
}
