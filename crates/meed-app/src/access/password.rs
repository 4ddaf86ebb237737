//! Passwords: at least 8 characters with 3 of 4 classes, kept as Argon2id hashes (`commissions.md` §6).

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};

use crate::error::{AppError, AppResult};

/// Refuses a weak password with what is missing.
pub fn check_strength(password: &str) -> AppResult<()> {
    let classes = [
        password.chars().any(char::is_lowercase),
        password.chars().any(char::is_uppercase),
        password.chars().any(|c| c.is_ascii_digit()),
        password.chars().any(|c| !c.is_alphanumeric()),
    ];
    let met = classes.iter().filter(|met| **met).count();
    if password.chars().count() < 8 || met < 3 {
        let text = "use at least 8 characters, with three of: small letters, capital letters, digits, other signs";
        return Err(AppError::invalid("password_weak", "password", text));
    }
    if password.len() > 256 {
        return Err(AppError::invalid("password_long", "password", "use at most 256 characters"));
    }
    Ok(())
}

/// Hashes a password. Takes tens of milliseconds on purpose: call it where blocking is allowed.
pub fn hash(password: &str) -> AppResult<String> {
    let hash =
        Argon2::default().hash_password(password.as_bytes()).map_err(|e| AppError::bug(&format!("a password cannot be hashed: {e}")))?;
    Ok(hash.to_string())
}

/// Whether the password fits the hash.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_and_hashes_verify() {
        for weak in ["Ab1!", "abcdefgh", "abcdefg1", "ABCDEFG1"] {
            assert!(check_strength(weak).is_err(), "{weak}");
        }
        assert!(check_strength("Abcdefg1").is_ok());
        let stored = hash("Abcdefg1").expect("a hash");
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("Abcdefg1", &stored));
        assert!(!verify("Abcdefg2", &stored));
    }
}
