//! Currency signs and codes in cells and headers.

use std::str::FromStr;

use meed_core::money::Unit;

/// A currency as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign<'a> {
    /// An ISO code in any case.
    Code(&'a str),
    /// A sign that means one currency.
    Certain(&'static str),
    /// A sign that several currencies share.
    Shared(&'a str),
}

/// Signs that name one currency.
const CERTAIN: &[(&str, &str)] = &[
    ("€", "EUR"),
    ("£", "GBP"),
    ("US$", "USD"),
    ("CA$", "CAD"),
    ("C$", "CAD"),
    ("A$", "AUD"),
    ("AU$", "AUD"),
    ("NZ$", "NZD"),
    ("HK$", "HKD"),
    ("S$", "SGD"),
    ("MX$", "MXN"),
    ("R$", "BRL"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Ft", "HUF"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₩", "KRW"),
    ("₪", "ILS"),
    ("₫", "VND"),
    ("₱", "PHP"),
    ("฿", "THB"),
    ("₦", "NGN"),
    ("лв", "BGN"),
    ("lei", "RON"),
    ("JP¥", "JPY"),
    ("CN¥", "CNY"),
    ("円", "JPY"),
    ("元", "CNY"),
    ("Euro", "EUR"),
];

/// Signs that several currencies share: settled by the currency column, the header, the source, or a question.
const SHARED: &[&str] = &["$", "kr", "kr.", "¥", "Fr.", "Fr", "Rs", "Rs.", "R"];

/// Names of currencies, as records of CRM systems spell them.
const NAMES: &[(&str, &str)] = &[
    ("us dollar", "USD"),
    ("united states dollar", "USD"),
    ("u.s. dollar", "USD"),
    ("dollar us", "USD"),
    ("us-dollar", "USD"),
    ("canadian dollar", "CAD"),
    ("australian dollar", "AUD"),
    ("new zealand dollar", "NZD"),
    ("pound sterling", "GBP"),
    ("british pound", "GBP"),
    ("swiss franc", "CHF"),
    ("schweizer franken", "CHF"),
    ("japanese yen", "JPY"),
    ("swedish krona", "SEK"),
    ("norwegian krone", "NOK"),
    ("danish krone", "DKK"),
    ("indian rupee", "INR"),
    ("mexican peso", "MXN"),
    ("brazilian real", "BRL"),
    ("polish zloty", "PLN"),
    ("euros", "EUR"),
];

/// The currency that the text is, if it is one.
pub(crate) fn sign(text: &str) -> Option<Sign<'_>> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']'));
    if is_code(text) {
        return Some(Sign::Code(text));
    }
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(Sign::Certain(code));
    }
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    if let Some((_, code)) = CERTAIN.iter().find(|(s, _)| s.eq_ignore_ascii_case(text) || *s == text) {
        return Some(Sign::Certain(code));
    }
    if let Some(shared) = SHARED.iter().find(|s| s.eq_ignore_ascii_case(text)) {
        return Some(Sign::Shared(shared.trim_end_matches('.')));
    }
    None
}

/// Whether the text is an ISO 4217 code in any case.
pub(crate) fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic()) && Unit::from_str(text).is_ok_and(|u| u != Unit::POINTS)
}

/// Whether the character may begin or end a currency sign.
pub(crate) fn is_sign_char(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₺' | '₴' | '₩' | '₪' | '₫' | '₱' | '฿' | '₦')
}

/// The currency named in a header such as `Subtotal ($)` or `Amount EUR`.
pub(crate) fn in_header(header: &str) -> Option<Sign<'_>> {
    if let (Some(open), Some(close)) = (header.rfind(['(', '[']), header.rfind([')', ']']))
        && open < close
        && let Some(found) = sign(&header[open + 1..close])
    {
        return Some(found);
    }
    let last = header.split_whitespace().last()?;
    match sign(last)? {
        // In plain words only an upper-case code counts: `all` and `try` are words too.
        Sign::Code(code) if code.bytes().all(|b| b.is_ascii_uppercase()) && header.len() > 3 => Some(Sign::Code(code)),
        Sign::Certain(code) if !last.is_ascii() => Some(Sign::Certain(code)),
        Sign::Shared("$") => Some(Sign::Shared("$")),
        _ => None,
    }
}

/// The ISO code of a currency as people write it: a code, a sign that means one currency, or a shared sign such as `$`
/// that `shared` settles. `None` where it stays unknown.
#[must_use]
pub fn currency_code(text: &str, shared: &std::collections::BTreeMap<String, String>) -> Option<String> {
    match sign(text)? {
        Sign::Code(code) => Some(code.to_ascii_uppercase()),
        Sign::Certain(code) => Some(code.to_owned()),
        Sign::Shared(sign) => shared.get(sign).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_codes_are_told_apart() {
        assert_eq!(sign("€"), Some(Sign::Certain("EUR")));
        assert_eq!(sign("usd"), Some(Sign::Code("usd")));
        assert_eq!(sign("$"), Some(Sign::Shared("$")));
        assert_eq!(sign("kg"), None);
        assert_eq!(in_header("Subtotal ($)"), Some(Sign::Shared("$")));
        assert_eq!(in_header("Betrag EUR"), Some(Sign::Code("EUR")));
        assert_eq!(in_header("Select all"), None);
    }
}
