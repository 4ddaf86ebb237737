//! Keys derived from the master key: keyed hashes, sealed values, and tokens.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::Aead;
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
    sealed: [u8; 32],
}

/// What a sealed value begins with.
const SEALED: &str = "sealed:1:";
/// Bytes of the random number that each sealed value has of its own.
const NONCE: usize = 24;

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
            sealed: mac(master, b"sealed values"),
        }
    }

    /// Seals a text, so that the database alone does not reveal it. Each time another result.
    pub fn seal(&self, plain: &str) -> AppResult<String> {
        let mut nonce = [0u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| AppError::bug("the system gives no random numbers"))?;
        let cipher = XChaCha20Poly1305::new(&self.sealed.into());
        let body = cipher.encrypt(&nonce.into(), plain.as_bytes()).map_err(|_| AppError::bug("a value cannot be sealed"))?;
        Ok(format!("{SEALED}{}{}", hex(&nonce), hex(&body)))
    }

    /// Whether a stored text is a sealed value.
    #[must_use]
    pub fn is_sealed(stored: &str) -> bool {
        stored.starts_with(SEALED)
    }

    /// The text of a sealed value; a text that was never sealed as it is.
    pub fn open(&self, stored: &str) -> AppResult<String> {
        let Some(sealed) = stored.strip_prefix(SEALED) else { return Ok(stored.to_owned()) };
        let damaged = || AppError::bug("a sealed value cannot be opened: it is damaged, or was sealed under another master key");
        let bytes = unhex(sealed).ok_or_else(damaged)?;
        let (nonce, body) = bytes.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let cipher = XChaCha20Poly1305::new(&self.sealed.into());
        let plain = cipher.decrypt(&(*nonce).into(), body).map_err(|_| damaged())?;
        String::from_utf8(plain).map_err(|_| damaged())
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
        is_hmac(&self.tokens, signed, signature)
    }

    /// The fingerprint of a command's content.
    #[must_use]
    pub fn fingerprint(&self, content: &[u8]) -> [u8; 32] {
        mac(&self.fingerprints, content)
    }
}

/// Whether a signature is the HMAC-SHA-256 of what was signed; takes the same time for every wrong one.
pub(crate) fn is_hmac(key: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(key).is_ok_and(|mut mac| {
        mac.update(signed);
        mac.verify_slice(signature).is_ok()
    })
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

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// A fresh secret of 160 bits in 32 characters, safe in URLs.
pub fn token() -> AppResult<String> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| AppError::bug("the system gives no random numbers"))?;
    Ok(bytes.iter().map(|b| char::from(ALPHABET[usize::from(b & 31)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_values_open_under_their_own_key_only_and_never_look_alike() {
        let secrets = Secrets::new(&[7; 32]);
        let (one, two) = (secrets.seal("85000").expect("sealed"), secrets.seal("85000").expect("sealed"));
        assert_ne!(one, two);
        assert!(!one.contains("85000"));
        assert_eq!(secrets.open(&one).expect("opened"), "85000");
        assert_eq!(secrets.open("85000").expect("never sealed"), "85000");
        assert!(Secrets::new(&[8; 32]).open(&one).is_err());
        let damaged = format!("{}0", &one[..one.len() - 1]);
        assert!(damaged == one || secrets.open(&damaged).is_err());
        assert!(secrets.open("sealed:1:00").is_err());
    }
}
