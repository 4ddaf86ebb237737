//! Folding of words, and the names of months and days in the languages that headers come in.

/// Lower case without accents; `ß` becomes `ss`.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        for c in c.to_lowercase() {
            match c {
                'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => out.push('a'),
                'ç' | 'ć' | 'č' => out.push('c'),
                'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => out.push('e'),
                'ì' | 'í' | 'î' | 'ï' | 'ı' => out.push('i'),
                'ñ' | 'ń' => out.push('n'),
                'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => out.push('o'),
                'ù' | 'ú' | 'û' | 'ü' | 'ů' => out.push('u'),
                'ý' | 'ÿ' => out.push('y'),
                'ł' => out.push('l'),
                'ś' | 'š' | 'ş' => out.push('s'),
                'ź' | 'ż' | 'ž' => out.push('z'),
                'ß' => out.push_str("ss"),
                'æ' => out.push_str("ae"),
                'œ' => out.push_str("oe"),
                // A combining accent after its letter.
                '\u{300}'..='\u{36f}' => {}
                other => out.push(other),
            }
        }
    }
    out
}

/// Folded month names; three or more letters of a full name are enough.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janner", "janvier", "enero", "janeiro", "gennaio", "januari"],
    &["february", "februar", "feber", "fevrier", "febrero", "fevereiro", "febbraio", "februari"],
    &["march", "marz", "maerz", "mars", "marzo", "marco", "maart", "mrz", "mrt"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maio", "maggio", "mei"],
    &["june", "juni", "juin", "junio", "junho", "giugno"],
    &["july", "juli", "juillet", "julio", "julho", "luglio"],
    &["august", "aout", "agosto", "augustus"],
    &["september", "septembre", "septiembre", "setembro", "settembre"],
    &["october", "oktober", "octobre", "octubre", "outubro", "ottobre"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "decembre", "diciembre", "dezembro", "dicembre"],
];

/// The month that a folded word names.
pub(crate) fn month(word: &str) -> Option<u32> {
    if word.len() < 3 || !word.is_ascii() {
        return None;
    }
    let at = MONTHS.iter().position(|names| names.iter().any(|n| n.starts_with(word)))?;
    u32::try_from(at + 1).ok()
}

const DAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "lunedi",
    "martedi",
    "mercoledi",
    "giovedi",
    "venerdi",
    "sabato",
    "domenica",
    "segunda",
    "terca",
    "quarta",
    "quinta",
    "sexta",
    "feira",
    "maandag",
    "dinsdag",
    "woensdag",
    "donderdag",
    "vrijdag",
    "zaterdag",
    "zondag",
    "thur",
    "tues",
];

/// Whether a folded word names a day of the week.
pub(crate) fn weekday(word: &str) -> bool {
    word.len() >= 2 && DAYS.iter().any(|d| d.starts_with(word) && (word.len() >= 3 || d.len() > 5))
}

/// Words with which a total row begins, in the header languages.
const TOTALS: &[&str] = &[
    "total",
    "totals",
    "totaux",
    "totale",
    "totali",
    "totaal",
    "totales",
    "totais",
    "subtotal",
    "subtotals",
    "sub-total",
    "sub total",
    "grand total",
    "sum",
    "summe",
    "summen",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "zwischensumme",
    "ergebnis",
    "endsumme",
    "sous-total",
    "sous total",
    "somme",
    "suma",
    "soma",
    "somma",
    "subtotale",
    "subtotaal",
    "eindtotaal",
    "report total",
    "overall",
    "insgesamt",
    "count",
    "records",
    "anzahl",
];

/// Whether the text is or begins with a total word: `Total for Mara Quill`, `Zwischensumme:`, `TOTAL`.
pub(crate) fn is_total(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.len() > 80 {
        return false;
    }
    if text.is_ascii() { is_total_folded(text) } else { is_total_folded(&fold(text)) }
}

/// The same for a text without accents, in any case; it allocates nothing, as it is asked for every row.
fn is_total_folded(text: &str) -> bool {
    let text = text.trim_end_matches([':', '.', ' ']);
    let Some(initial) = text.bytes().next().map(|b| b.to_ascii_lowercase()) else { return false };
    let begins = |word: &str| {
        word.as_bytes().first() == Some(&initial) && text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let word_total = TOTALS.iter().any(|word| {
        begins(word) && {
            let rest = &text[word.len()..];
            let word_ends = rest.is_empty() || rest.starts_with([' ', ':', '(', '-', '\u{a0}']);
            // `count` and `records` and the like only count alone or with a figure behind.
            let weak = matches!(*word, "count" | "records" | "anzahl" | "sum" | "overall" | "ergebnis");
            word_ends && (!weak || rest.trim_matches(|c: char| !c.is_alphabetic()).is_empty())
        }
    });
    let ends =
        |word: &str| text.len() > word.len() && text.get(text.len() - word.len()..).is_some_and(|end| end.eq_ignore_ascii_case(word));
    word_total || ends(" total") && text.split(' ').count() <= 6 || ends(" ergebnis")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_seven_languages() {
        for (word, number) in
            [("Mär", 3), ("Dez", 12), ("août", 8), ("juil", 7), ("juin", 6), ("ene", 1), ("out", 10), ("set", 9), ("giu", 6), ("mrt", 3)]
        {
            assert_eq!(month(&fold(word)), Some(number), "{word}");
        }
        assert!(
            is_total("Total for Mara Quill")
                && is_total("TOTAL")
                && is_total("Summe:")
                && is_total("Sous-total")
                && is_total("Mara Quill Total")
        );
        assert!(!is_total("Totally Spies") && !is_total("Countess") && !is_total("Summer Sale"));
    }
}
