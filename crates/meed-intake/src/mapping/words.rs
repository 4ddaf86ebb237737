//! Headers as concepts: tokens are folded, put together to phrases, and compounds are taken apart, so that
//! `Invoice No.`, `InvoiceNumber`, `Rechnungsnummer` and `N° de facture` say the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::values::words::fold;

/// A concept of `data/words.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Concept(u16);

const WORDS: &str = include_str!("../../data/words.txt");

struct Lexicon {
    names: Vec<&'static str>,
    phrases: HashMap<String, Vec<Concept>>,
    stop: Concept,
    longest: usize,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon { names: Vec::new(), phrases: HashMap::new(), stop: Concept(u16::MAX), longest: 1 };
    for line in WORDS.lines() {
        let line = line.trim();
        let Some((name, words)) = line.split_once(':').filter(|_| !line.starts_with('#')) else { continue };
        // `customer+code` names both.
        let concepts: Vec<Concept> = name.trim().split('+').map(|n| lexicon.concept(n)).collect();
        for word in phrases(words) {
            lexicon.longest = lexicon.longest.max(word.split(' ').count());
            lexicon.phrases.entry(word).or_insert_with(|| concepts.clone());
        }
    }
    lexicon.stop = lexicon.concept("stop");
    lexicon
});

/// Splits a line of words; a phrase stands between quotes.
pub(super) fn phrases(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        if i % 2 == 1 {
            out.push(fold(part.trim()));
        } else {
            out.extend(part.split_whitespace().map(fold));
        }
    }
    out
}

impl Lexicon {
    fn concept(&mut self, name: &'static str) -> Concept {
        let at = self.names.iter().position(|n| *n == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        Concept(u16::try_from(at).unwrap_or(u16::MAX))
    }
}

impl Concept {
    /// The concept of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let at = LEXICON.names.iter().position(|n| *n == name)?;
        u16::try_from(at).ok().map(Self)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        LEXICON.names.get(usize::from(self.0)).copied().unwrap_or("")
    }
}

/// A header taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its concepts in order, each once.
    pub(crate) concepts: Vec<Concept>,
    /// Words that no concept names.
    pub(crate) unknown: usize,
    /// It carries a 1: the first of several, as in `Name 1`.
    pub(crate) first: bool,
    /// Folded tokens.
    pub(crate) tokens: Vec<String>,
}

impl Header {
    /// Whether a concept is in it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.concepts.iter().any(|c| c.name() == name)
    }

    /// Whether its concepts are exactly these.
    pub(crate) fn is(&self, names: &[&str]) -> bool {
        self.concepts.len() == names.len() && self.unknown == 0 && names.iter().all(|n| self.has(n))
    }
}

/// Takes a header apart.
pub(crate) fn parse(text: &str) -> Header {
    let tokens = tokens(text);
    let dotted = dotted(text);
    let mut header = Header { tokens: tokens.clone(), ..Header::default() };
    let mut at = 0;
    while at < tokens.len() {
        let longest = LEXICON.longest.min(tokens.len() - at);
        let hit = (1..=longest).rev().find_map(|n| LEXICON.phrases.get(&tokens[at..at + n].join(" ")).map(|c| (n, c)));
        if let Some((n, concepts)) = hit {
            for concept in concepts {
                header.add(*concept);
            }
            at += n;
            continue;
        }
        let shortened = || dotted.contains(&tokens[at]).then(|| abbreviated(&tokens[at])).flatten();
        match inflected(&tokens[at]).or_else(|| compound(&tokens[at])).or_else(|| genitive(&tokens[at])).or_else(shortened) {
            Some(parts) => parts.into_iter().for_each(|c| header.add(c)),
            None if tokens[at] == "1" => header.first = true,
            None => header.unknown += 1,
        }
        at += 1;
    }
    header
}

impl Header {
    fn add(&mut self, concept: Concept) {
        if concept != LEXICON.stop && !self.concepts.contains(&concept) {
            self.concepts.push(concept);
        }
    }
}

/// Folded tokens of a header: split at blanks, punctuation, case changes and digits.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let text = without_rate(&without_subtraction(&without_currency(text).replace(['°', 'º', '№'], " ")));
    let mut out: Vec<String> = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = text.chars().collect();
    let flush = |current: &mut String, out: &mut Vec<String>| {
        if !current.is_empty() {
            out.push(fold(current));
            current.clear();
        }
    };
    // `MwSt` is one word although its case changes.
    let whole: Vec<bool> = whole_words(&chars);
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|j| chars.get(j)).copied();
        let after = chars.get(i + 1).copied();
        if c.is_alphanumeric() {
            let camel = c.is_uppercase()
                && before
                    .is_some_and(|b| b.is_lowercase() || (b.is_uppercase() && after.is_some_and(char::is_lowercase) && chars.len() > 3));
            let digit = before.is_some_and(|b| b.is_alphanumeric() && b.is_ascii_digit() != c.is_ascii_digit());
            // `SKUs`, `IDs`: a plural ending is no new word.
            let plural = camel && after == Some('s') && chars.get(i + 2).is_none_or(|n| !n.is_alphanumeric());
            if ((camel && !plural) || digit) && !whole[i] {
                flush(&mut current, &mut out);
            }
            current.push(c);
        } else {
            flush(&mut current, &mut out);
            if matches!(c, '#' | '%' | '?') {
                out.push(c.to_string());
            }
        }
    }
    flush(&mut current, &mut out);
    out.retain(|t| !is_currency_token(t));
    out
}

/// Which characters belong to a run of letters that is a known word as a whole.
fn whole_words(chars: &[char]) -> Vec<bool> {
    let mut out = vec![false; chars.len()];
    let mut start = 0;
    while start < chars.len() {
        let length = chars[start..].iter().take_while(|c| c.is_alphabetic()).count();
        if length > 2 {
            let word: String = chars[start..start + length].iter().collect();
            if LEXICON.phrases.contains_key(&fold(&word)) {
                out[start..start + length].fill(true);
            }
        }
        start += length.max(1);
    }
    out
}

/// `Quantity (- Refund)` is a quantity: what is taken away is no name of the column.
fn without_subtraction(text: &str) -> String {
    match (text.find("(-"), text.rfind(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &text[..open], &text[close + 1..]),
        _ => text.to_owned(),
    }
}

/// `Total (ARS)`: a currency in brackets is no word of the name.
fn without_currency(text: &str) -> &str {
    let Some((name, code)) = text.trim_end().strip_suffix(')').and_then(|t| t.rsplit_once('(')) else { return text };
    // In lower case only signs count: `(all)` is a word.
    let lower = code.is_ascii() && code.bytes().any(|b| b.is_ascii_lowercase());
    let is_currency = !lower && crate::values::currency::sign(code).is_some();
    if is_currency && !name.trim().is_empty() { name } else { text }
}

/// `VAT (20%)` is an amount of tax: the rate is part of its name.
fn without_rate(text: &str) -> String {
    let Some(at) = text.find('%') else { return text.to_owned() };
    let before = text[..at].trim_end();
    let kept = before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    if kept.len() == before.len() { text.to_owned() } else { format!("{kept}{}", &text[at + 1..]) }
}

fn is_currency_token(token: &str) -> bool {
    matches!(token, "usd" | "eur" | "gbp" | "aud" | "nzd" | "chf" | "jpy" | "sek" | "nok" | "dkk" | "pln" | "brl" | "mxn" | "inr")
}

/// A known word with an ending: `Käufers`, `Rechnungen`.
fn inflected(token: &str) -> Option<Vec<Concept>> {
    ["s", "es", "n", "en", "e"].iter().find_map(|ending| {
        let stem = token.strip_suffix(ending).filter(|s| s.len() >= 4)?;
        LEXICON.phrases.get(stem).cloned()
    })
}

/// A compound with an ending: `Rechnungspartners`.
fn genitive(token: &str) -> Option<Vec<Concept>> {
    token.strip_suffix('s').and_then(compound)
}

/// Words that end in a point, so that they may be shortened.
fn dotted(text: &str) -> Vec<String> {
    let mut parts: Vec<&str> = text.split('.').collect();
    parts.pop();
    let last = |part: &str| part.rsplit(|c: char| !c.is_alphabetic()).next().map(fold).unwrap_or_default();
    parts.into_iter().map(last).filter(|w| !w.is_empty()).collect()
}

/// A known word that is cut short: `Vertriebsmitarb.`, `Fakt.menge`. All words that begin so must mean the same.
fn abbreviated(token: &str) -> Option<Vec<Concept>> {
    if token.len() < 4 {
        return None;
    }
    let mut begun = LEXICON.phrases.iter().filter(|(phrase, _)| phrase.starts_with(token) && !phrase.contains(' ')).map(|(_, c)| c);
    let first = begun.next()?;
    begun.all(|c| c == first).then(|| first.clone())
}

/// Takes a compound apart into known words, the fewest possible; linking letters may stand between them.
fn compound(token: &str) -> Option<Vec<Concept>> {
    if token.len() < 5 || !token.is_ascii() || token.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    // The best way to the end of each prefix: number of parts and the concepts.
    let mut best: Vec<Option<(usize, Vec<Concept>)>> = vec![None; token.len() + 1];
    best[0] = Some((0, Vec::new()));
    for start in 0..token.len() {
        let Some((parts, concepts)) = best[start].clone() else { continue };
        for end in start + 2..=token.len() {
            let piece = &token[start..end];
            let last = end == token.len();
            if piece.len() < 3 && !(last && matches!(piece, "nr" | "id" | "no")) {
                continue;
            }
            let Some(found) = LEXICON.phrases.get(piece).filter(|c| !c.contains(&LEXICON.stop)) else { continue };
            let mut next = concepts.clone();
            next.extend(found);
            let links: &[&str] = if last { &[""] } else { &["", "s", "n", "en", "es", "e"] };
            for link in links {
                let to = end + link.len();
                if to <= token.len() && token[end..to] == **link && (to < token.len() || link.is_empty()) {
                    // Among equals the one with the longer beginning: `transaktion|code`, not `trans|aktionscode`.
                    let better = best[to].as_ref().is_none_or(|(n, _)| parts < *n);
                    if better {
                        best[to] = Some((parts + 1, next.clone()));
                    }
                }
            }
        }
    }
    best[token.len()].take().map(|(_, concepts)| concepts).filter(|c| !c.is_empty())
}

/// Whether a cell reads like a column name: it names a concept and is short.
pub(crate) fn is_header_like(cell: &str) -> bool {
    if cell.len() > 80 {
        return false;
    }
    let header = parse(cell);
    !header.concepts.is_empty() && header.tokens.len() <= 8 && header.unknown <= header.concepts.len()
}

/// A header in the form in which layouts are compared: folded tokens joined by blanks.
pub(crate) fn normalise(text: &str) -> String {
    tokens(text).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        parse(text).concepts.iter().map(|c| c.name()).collect()
    }

    #[test]
    fn headers_of_several_languages_say_the_same() {
        for text in [
            "Invoice Number",
            "InvoiceNumber",
            "invoice_no",
            "Invoice #",
            "Rechnungsnummer",
            "Rechnungs-Nr.",
            "N° de facture",
            "Número de factura",
            "Numero fattura",
            "Factuurnummer",
        ] {
            let mut found = names(text);
            found.sort_unstable();
            assert_eq!(found, ["invoice", "number"], "{text}");
        }
        assert_eq!(names("POAddressLine1"), ["po", "address", "line"]);
        assert_eq!(names("Verkauft am"), ["sale", "at"]);
        assert_eq!(names("Name des Käufers"), ["name", "customer"]);
        assert_eq!(names("Vertriebsmitarbeiter"), ["owner"]);
        assert_eq!(names("Lineitem quantity"), ["line", "quantity"]);
        assert!(is_header_like("Qty") && !is_header_like("Mara Quill"));
    }

    #[test]
    fn no_word_stands_under_two_concepts() {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for line in WORDS.lines().filter(|l| !l.starts_with('#')) {
            let Some((name, words)) = line.split_once(':') else { continue };
            for word in phrases(words) {
                if let Some(other) = seen.insert(word.clone(), name) {
                    assert_eq!(other, name, "`{word}` stands under {other} and {name}");
                }
            }
        }
    }
}
