//! A look at the text before the parser sees it: nesting is limited, and `var(` becomes a name the grammar allows.

use super::{ConditionCode, ConditionError};

/// Longest condition in bytes.
const MAX_BYTES: usize = 2_000;
/// Deepest nesting of brackets, conditionals and signs together.
const MAX_DEPTH: usize = 24;
/// What `var` becomes: CEL reserves the word, so a name of equal length stands in and positions stay true.
pub(super) const VARIABLE_CALL: &str = "v_r";

/// Checks length and depth, and returns the text for the parser with all positions unchanged.
pub(super) fn prepare(source: &str) -> Result<String, ConditionError> {
    let refuse = |at: usize, text: &str| Err(ConditionError { code: ConditionCode::TooComplex, at, text: text.into() });
    if source.len() > MAX_BYTES {
        return refuse(0, &format!("is longer than {MAX_BYTES} bytes"));
    }
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let (mut depth, mut questions, mut signs, mut at) = (0usize, 0usize, 0usize, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => {
                at = after_text(bytes, at);
                signs = 0;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |end| at + end);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'?' => questions += 1,
            b'!' | b'-' => signs += 1,
            b if b.is_ascii_alphabetic() || *b == b'_' => {
                let end = bytes[at..].iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').map_or(bytes.len(), |len| at + len);
                let is_call = bytes[end..].iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'(');
                if &bytes[at..end] == b"var" && is_call {
                    out[at..end].copy_from_slice(VARIABLE_CALL.as_bytes());
                }
                signs = 0;
                at = end;
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => signs = 0,
        }
        if depth + questions + signs > MAX_DEPTH {
            return refuse(at, &format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        at += 1;
    }
    String::from_utf8(out).map_err(|_| ConditionError { code: ConditionCode::Unreadable, at: 0, text: "is not UTF-8 text".into() })
}

/// The position after the text literal that starts at `at`; the end of the source where it is not closed.
fn after_text(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let triple = bytes.get(at + 1) == Some(&quote) && bytes.get(at + 2) == Some(&quote);
    let raw = at > 0 && matches!(bytes[at - 1], b'r' | b'R');
    let width = if triple { 3 } else { 1 };
    let mut at = at + width;
    while at < bytes.len() {
        if bytes[at] == b'\\' && !raw {
            at += 2;
        } else if bytes[at..].len() >= width && bytes[at..at + width].iter().all(|b| *b == quote) {
            return at + width;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_call_is_renamed_and_positions_stay() {
        assert_eq!(prepare("var('var(') + variant").expect("fine"), "v_r('var(') + variant");
        assert_eq!(prepare("x.var == \"var(\" // var(").expect("fine"), "x.var == \"var(\" // var(");
    }

    #[test]
    fn deep_nesting_is_refused_before_it_reaches_the_parser() {
        for text in ["(".repeat(30), "!".repeat(30), "- ".repeat(30), "a?b:".repeat(30), "[".repeat(5_000)] {
            assert_eq!(prepare(&text).map_err(|e| e.code), Err(ConditionCode::TooComplex), "{text}");
        }
        assert!(prepare(&format!("'{}'", "(".repeat(500))).is_ok(), "brackets inside text do not count");
    }
}
