//! Keys derived from the master key, keyed hashes, and tokens.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{AppError, AppResult};

/// Keys for hashes. A stolen database without the master key reveals no API key and no session.
#[derive(Clone)]
pub struct Secrets {
    api_keys: [u8; 32],
    sessions: [u8; 32],
    fingerprints: [u8; 32],
    tokens: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Derives one key per use from the master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            api_keys: mac(master, b"api keys"),
            sessions: mac(master, b"sessions"),
            fingerprints: mac(master, b"fingerprints"),
            tokens: mac(master, b"till tokens"),
        }
    }

    /// The stored form of an API key.
    #[must_use]
    pub fn hash_api_key(&self, key: &str) -> String {
        hex(&mac(&self.api_keys, key.as_bytes()))
    }

    /// The stored form of a session or sign-in token.
    #[must_use]
    pub fn hash_session(&self, token: &str) -> String {
        hex(&mac(&self.sessions, token.as_bytes()))
    }

    /// The signature of a till's token.
    #[must_use]
    pub fn sign_token(&self, signed: &[u8]) -> [u8; 32] {
        mac(&self.tokens, signed)
    }

    /// Whether a token carries its signature; takes the same time for every wrong one.
    #[must_use]
    pub fn is_signed(&self, signed: &[u8], signature: &[u8]) -> bool {
        Hmac::<Sha256>::new_from_slice(&self.tokens).is_ok_and(|mut mac| {
            mac.update(signed);
            mac.verify_slice(signature).is_ok()
        })
    }

    /// The fingerprint of a command's content.
    #[must_use]
    pub fn fingerprint(&self, content: &[u8]) -> [u8; 32] {
        mac(&self.fingerprints, content)
    }
}

fn mac(key: &[u8; 32], data: &[u8]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; an all-zero answer would still match nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// Lower-case hex.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A fresh secret of 160 bits in 32 characters, safe in URLs.
pub fn token() -> AppResult<String> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| AppError::bug("the system gives no random numbers"))?;
    Ok(bytes.iter().map(|b| char::from(ALPHABET[usize::from(b & 31)])).collect())
}
