//! The master key: 32 bytes that open the embedded database and seal every secret.
//!
//! It comes from `MEED_KEY`, from a key file, or is made beside the data on the first start. It is never made where data
//! is already there: a new key would lock the old data away, or make every API key and password link worthless.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::StorageSettings;
use crate::failure::Failure;

/// The master key and where it came from.
pub(crate) struct MasterKey {
    pub(crate) bytes: [u8; 32],
    /// The file that was made for it just now.
    pub(crate) made: Option<PathBuf>,
}

/// Whether a key may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyMaking {
    /// The first start: there is no data yet.
    Allowed,
    /// Data is there, or the command does not begin anything.
    Refused,
}

impl MasterKey {
    /// Takes the key from the environment or its file, or makes one.
    pub(crate) fn find(storage: &StorageSettings, making: KeyMaking) -> Result<Self, Failure> {
        if let Some(bytes) = storage.key {
            return Ok(Self { bytes, made: None });
        }
        let path = storage.key_path();
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let bytes = read_key(&text).ok_or_else(|| {
                    Failure::fault("key_unreadable", "the file does not hold 32 bytes as 64 hex digits or in base64")
                        .at(path.display().to_string())
                })?;
                Ok(Self { bytes, made: None })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && making == KeyMaking::Allowed => {
                let bytes = random_key()?;
                write_key_file(&path, &bytes)?;
                Ok(Self { bytes, made: Some(path) })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Failure::fault("key_missing", "the data is there, but the key that opens it is not").at(path.display().to_string()))
            }
            Err(error) => Err(Failure::file(&path, &error)),
        }
    }
}

/// 32 random bytes.
fn random_key() -> Result<[u8; 32], Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Failure::fault("no_random_numbers", e.to_string()))?;
    Ok(bytes)
}

/// Writes a key that only its owner can read. A file that is there already is left alone.
fn write_key_file(path: &Path, key: &[u8; 32]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| Failure::file(path, &e))?;
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect();
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| Failure::file(path, &e))
}

/// Reads 64 hex digits, or 32 bytes in base64 with either alphabet, padded or not.
pub(crate) fn read_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bytes = if text.len() == 64 { hex(text)? } else { base64(text.trim_end_matches('='))? };
    bytes.try_into().ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    Some(digits?.chunks(2).filter_map(|pair| Some((pair.first()? << 4) | pair.get(1)?)).collect())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(33);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_hex_and_base64() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
        let key = read_key(hex).expect("hex");
        assert_eq!((key[1], key[31]), (1, 0xff));
        assert_eq!(read_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8="), Some(key));
        assert_eq!(read_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8\n"), Some(key));
        assert_eq!(read_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv"), None);
        assert_eq!(read_key("short"), None);
        assert_eq!(read_key(&hex.replace('0', "g")), None);
    }

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("folder");
        let storage = StorageSettings::for_testing(&folder.path().join("data"));
        assert!(MasterKey::find(&storage, KeyMaking::Refused).is_err());
        let made = MasterKey::find(&storage, KeyMaking::Allowed).expect("made");
        let path = made.made.clone().expect("a new file");
        let again = MasterKey::find(&storage, KeyMaking::Allowed).expect("found");
        assert_eq!((made.bytes, again.made), (again.bytes, None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("file").permissions().mode() & 0o777, 0o600);
        }
        assert!(write_key_file(&path, &[0; 32]).is_err());
    }
}
