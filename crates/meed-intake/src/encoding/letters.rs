//! How much a decoded text looks like writing: the tie-break between single-byte encodings.

/// Letters that European texts in Latin script are full of.
const COMMON: &str = "äöüßéèêëàâçîïôûùœæñóíúáãõòìøåÄÖÜÉÀÈÇÑÓÍÚÁØÅ";

/// Scores decoded text by its non-ASCII characters and what stands beside them: above zero looks like writing.
pub(super) fn plausibility(text: &str) -> i64 {
    let chars: Vec<char> = text.chars().collect();
    let mut score = 0;
    for (i, &c) in chars.iter().enumerate() {
        if c.is_ascii() {
            continue;
        }
        let before = i.checked_sub(1).and_then(|j| chars.get(j)).copied().unwrap_or(' ');
        let after = chars.get(i + 1).copied().unwrap_or(' ');
        score += one(before, c, after);
    }
    score
}

fn one(before: char, c: char, after: char) -> i64 {
    let near_digit = before.is_ascii_digit() || after.is_ascii_digit() || (before == ' ' && after.is_ascii_digit());
    let in_word = before.is_alphabetic() || after.is_alphabetic();
    if c.is_control() {
        return -8;
    }
    if c.is_alphabetic() {
        // A capital after a small letter (`MŸller`) is what a wrong table produces.
        if c.is_uppercase() && before.is_lowercase() {
            return -4;
        }
        if near_digit {
            return -3;
        }
        // A small accented letter before a capital one is as odd.
        if c.is_lowercase() && after.is_uppercase() {
            return -1;
        }
        return if COMMON.contains(c) { 3 } else { 1 };
    }
    match c {
        '£' | '€' | '¥' if near_digit || after == ' ' || before == ' ' => 4,
        '£' | '€' | '¥' => -2,
        '\u{a0}' | '°' | '·' | '’' | '–' | '—' | '“' | '”' | '®' | '©' | '™' | '½' | '²' | '³' | 'º' | 'ª' | '×' | '«' | '»' | '…'
        | '•' => 1 - 4 * i64::from(before.is_alphabetic() && after.is_alphabetic() && c != '’'),
        _ if in_word || near_digit => -4,
        _ => -2,
    }
}
