//! Means of identification: what names a participant at the till. Their document is a record's body.

use serde::{Deserialize, Serialize};

use super::Damaged;
use crate::id::Id;

/// A means of identification. Its folded code is the record's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Means {
    /// Whose.
    pub participant: Id,
    /// What it is: card, phone, e-mail, number …
    pub kind: String,
    /// As it was given.
    pub code: String,
    /// Whether it identifies anyone.
    pub is_effective: bool,
    /// Keyed hash of its pass code, where it has one.
    pub pass_code: Option<String>,
    /// Default brand of the payment medium, where the means is one.
    pub payment_brand: Option<String>,
    /// Default type of the payment medium.
    pub payment_type: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    participant: i64,
    kind: String,
    code: String,
    #[serde(default)]
    blocked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_brand: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_type: Option<String>,
}

impl Means {
    /// Reads a record's body.
    pub fn read(body: &str) -> Result<Self, Damaged> {
        let stored: Stored = serde_json::from_str(body).map_err(|_| Damaged)?;
        Ok(Self {
            participant: Id(stored.participant),
            kind: stored.kind,
            code: stored.code,
            is_effective: !stored.blocked,
            pass_code: stored.pass_code,
            payment_brand: stored.payment_brand,
            payment_type: stored.payment_type,
        })
    }

    /// Writes a record's body.
    #[must_use]
    pub fn write(&self) -> String {
        let stored = Stored {
            participant: self.participant.0,
            kind: self.kind.clone(),
            code: self.code.clone(),
            blocked: !self.is_effective,
            pass_code: self.pass_code.clone(),
            payment_brand: self.payment_brand.clone(),
            payment_type: self.payment_type.clone(),
        };
        serde_json::to_string(&stored).expect("text and numbers always become JSON")
    }
}

/// The code as it is compared: without white space and case; without dashes and parentheses, too, unless it is an e-mail
/// address, where they make a difference.
#[must_use]
pub fn fold_code(code: &str) -> String {
    let is_address = code.contains('@');
    let counts = |c: &char| !c.is_whitespace() && (is_address || !matches!(c, '-' | '(' | ')'));
    code.chars().filter(counts).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::fold_code;

    #[test]
    fn codes_are_compared_as_people_write_them() {
        assert_eq!(fold_code("+49 (170) 123-45"), fold_code("+4917012345"));
        assert_eq!(fold_code(" Ann@Example.com"), "ann@example.com");
        assert_ne!(fold_code("a-b@example.com"), fold_code("ab@example.com"));
    }
}
