//! One-time codes: each identifies a participant for minutes, and authorises one sale. Their document is a record's body.

use serde::{Deserialize, Serialize};

use super::Damaged;
use crate::id::Id;

/// A one-time code. Its folded code is the record's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneTimeCode {
    /// Whom it identifies.
    pub participant: Id,
    /// Until when, microseconds UTC.
    pub expires_us: i64,
    /// Whether it was used up.
    pub is_used: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    participant: i64,
    expires_us: i64,
    #[serde(default)]
    used: bool,
}

impl OneTimeCode {
    /// Reads a record's body.
    pub fn read(body: &str) -> Result<Self, Damaged> {
        let stored: Stored = serde_json::from_str(body).map_err(|_| Damaged)?;
        Ok(Self { participant: Id(stored.participant), expires_us: stored.expires_us, is_used: stored.used })
    }

    /// Writes a record's body.
    #[must_use]
    pub fn write(&self) -> String {
        let stored = Stored { participant: self.participant.0, expires_us: self.expires_us, used: self.is_used };
        serde_json::to_string(&stored).expect("numbers always become JSON")
    }

    /// Whether it still identifies anyone.
    #[must_use]
    pub const fn is_good(&self, now_us: i64) -> bool {
        !self.is_used && now_us < self.expires_us
    }
}
