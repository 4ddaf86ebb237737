//! What the values of a column say about a target: names beat nothing, values outrank names.

use super::target::Target;
use super::words::Header;
use crate::hints::Hints;
use crate::values::cell::CellKind;
use crate::values::profile::Profile;

/// Points for or against, or a refusal; with a reason in words.
pub(super) enum Verdict {
    /// The values cannot be of this target.
    Refused,
    /// Points to add, and why.
    Points(i32, String),
}

use Verdict::{Points, Refused};

/// Judges the values of a column for a target. `named` are the points of its name.
pub(super) fn judge(target: Target, header: &Header, profile: &Profile, hints: &Hints, named: i32) -> Verdict {
    if profile.is_empty() {
        if target == Target::UniqueId && profile.rows > 0 {
            return Refused;
        }
        let doubtful =
            target == Target::Status && (header.has("state") || header.has("type")) && !header.has("status") && !header.has("stage");
        return if doubtful { Refused } else { Points(-3, "no values to compare".into()) };
    }
    match target {
        Target::UniqueId => unique_id(header, profile),
        Target::Date => date(profile, named),
        Target::Revenue | Target::Profit | Target::UnitCost | Target::Tax => money(profile, named),
        Target::Quantity => quantity(profile),
        Target::Currency => currency(profile),
        Target::Status => status(header, profile),
        Target::CustomerName => customer_name(profile),
        Target::CustomerEmail => email(profile),
        Target::CustomerCode => customer_code(profile),
        Target::ProductCode => product_code(profile),
        Target::ProductName => product_name(profile),
        Target::Owner => owner(profile, hints),
        Target::Team => team(profile, hints),
        Target::Territory => territory(header, profile),
        Target::Coupon => coupon(profile),
        _ => Refused,
    }
}

fn of(profile: &Profile, share: i32) -> String {
    format!("{} of {} values", i64::from(share) * i64::try_from(profile.filled).unwrap_or(0) / 1000, profile.filled)
}

/// Share of values with a digit in them, estimated from kinds.
fn with_digits(profile: &Profile) -> i32 {
    let words = profile.words.len().max(1);
    let digits = profile.words.iter().filter(|w| w.bytes().any(|b| b.is_ascii_digit())).count();
    i32::try_from(digits * 1000 / words).unwrap_or(0)
}

fn unique_id(header: &Header, p: &Profile) -> Verdict {
    // `R1001` is an order number as much as an amount in rand: letters and whole digits, without a blank.
    let prefixed = p.words.iter().all(|w| {
        let digits = w.trim_start_matches(|c: char| c.is_ascii_lowercase());
        digits.len() < w.len() && digits.len() >= 3 && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let money = if prefixed { 0 } else { p.share(&[CellKind::Money]) };
    // `12/03/2026` is an invoice number as much as a day, where the header says so.
    let numbered = header.has("number") && ["invoice", "order", "document"].iter().any(|c| header.has(c)) && p.all_distinct();
    let days = if numbered { 0 } else { p.share(&[CellKind::Date]) };
    let bad = money + days + p.share(&[CellKind::Email, CellKind::Bool, CellKind::Percent, CellKind::Url]);
    if bad > 300 || p.share(&[CellKind::Decimal]) > 500 || p.average_length() > 48 {
        return Refused;
    }
    let digits = with_digits(p);
    if digits < 500 {
        return if header.has("id") || header.has("number") { Points(-8, "values have no digits".into()) } else { Refused };
    }
    if p.filled >= 10 && p.distinct() * 4 < p.filled && p.same_as_above * 4 < p.filled {
        return Points(-25, "values repeat".into());
    }
    let says_id = ["id", "number", "reference", "code", "key", "record"].iter().any(|c| header.has(c));
    if header.unknown > 0 && !says_id && p.share(&[CellKind::Integer]) > 500 && p.longest < 5 {
        return Refused;
    }
    // Small counting numbers under a bare name (`No.`, `#`) are row numbers.
    let missing = 10 - i32::try_from(p.filled * 10 / p.rows.max(1)).unwrap_or(0);
    if p.all_distinct() {
        Points(3 - missing, format!("{} distinct values", p.filled))
    } else {
        Points(1 - missing, "ids repeat per line".into())
    }
}

fn date(p: &Profile, named: i32) -> Verdict {
    let share = p.dates();
    if share >= 700 {
        return Points(i32::from(p.timed > 0), format!("{} are dates", of(p, share)));
    }
    if named >= 85 && p.share(&[CellKind::Integer, CellKind::Decimal]) >= 900 && p.samples.iter().all(|s| numeric_date(s)) {
        return Points(-4, "numbers that are days of a calendar".into());
    }
    let faulty = p.no_year + p.count(CellKind::SheetError);
    if named >= 90 && share > 0 && (faulty + p.count(CellKind::Date)) * 2 >= p.filled {
        return Points(-6, format!("only {} are dates", of(p, share)));
    }
    if named >= 85 && p.no_year > 0 && (p.no_year + p.count(CellKind::Date)) * 10 >= p.filled * 7 {
        return Points(-2, "days without a year".into());
    }
    if named >= 90 && p.share(&[CellKind::Integer, CellKind::Code]) >= 900 && p.samples.iter().all(|s| day_and_month(s)) {
        return Points(-25, "days without a year".into());
    }
    Refused
}

/// `0403`: day and month of a year that is named elsewhere.
fn day_and_month(text: &str) -> bool {
    let Some((day, month)) = text.len().checked_sub(2).filter(|n| (1..=2).contains(n)).and_then(|n| text.split_at_checked(n)) else {
        return false;
    };
    let within = |text: &str, most: u8| text.parse::<u8>().is_ok_and(|n| (1..=most).contains(&n));
    within(day, 31) && within(month, 12)
}

fn numeric_date(text: &str) -> bool {
    let Some(number) = crate::values::number::scan(text) else { return false };
    crate::values::date::scan(text).is_some()
        || number.value(Some(crate::values::DecimalMark::Point)).ok().and_then(crate::values::date::from_number).is_some()
}

fn money(p: &Profile, named: i32) -> Verdict {
    let share = p.numbers() + p.share(&[CellKind::SheetError]);
    if share < 700 {
        return Refused;
    }
    if p.share(&[CellKind::Integer]) == 1000 && p.average_length() >= 9 && !p.words.iter().any(|w| w.contains([',', '.', ' ', '\''])) {
        return Refused;
    }
    let amounts = p.share(&[CellKind::Decimal, CellKind::Money]);
    if p.share(&[CellKind::Integer]) == 1000 && p.words.iter().all(|w| w == "0" || w == "1") {
        return Points(if named >= 94 { -14 } else { -30 }, "values look like yes and no".into());
    }
    Points(i32::from(amounts >= 500), format!("{} are amounts", of(p, p.numbers())))
}

fn quantity(p: &Profile) -> Verdict {
    let with_unit = |w: &String| crate::values::number::without_unit(w).len() < w.len();
    if p.filled > 0 && p.wordy == 0 && !p.words.is_empty() && p.words.iter().all(with_unit) {
        return Points(0, "values are counts with their unit".into());
    }
    if p.numbers() < 700 || p.share(&[CellKind::Money]) > 100 {
        return Refused;
    }
    Points(i32::from(p.share(&[CellKind::Integer]) >= 700), format!("{} are counts", of(p, p.numbers())))
}

fn currency(p: &Profile) -> Verdict {
    let codes = p.share(&[CellKind::CurrencyCode]);
    if codes >= 700 {
        return Points(3, format!("{} are currency codes", of(p, codes)));
    }
    let signs = p.words.iter().filter(|w| crate::values::currency::sign(w).is_some()).count();
    if signs > 0 && signs == p.words.len() { Points(0, "currency signs".into()) } else { Refused }
}

/// Words with which systems name the state of a sale.
const STATES: &[&str] = &[
    "paid",
    "unpaid",
    "open",
    "closed",
    "won",
    "lost",
    "complete",
    "completed",
    "pending",
    "processing",
    "cancelled",
    "canceled",
    "refund",
    "refunded",
    "void",
    "voided",
    "draft",
    "sent",
    "due",
    "overdue",
    "shipped",
    "delivered",
    "fulfilled",
    "active",
    "invoiced",
    "confirmed",
    "done",
    "sale",
    "posted",
    "authorized",
    "captured",
    "succeeded",
    "failed",
    "returned",
    "partial",
    "approved",
    "accepted",
    "rejected",
    "new",
    "submitted",
    "bezahlt",
    "offen",
    "abgeschlossen",
    "storniert",
    "gewonnen",
    "verloren",
    "versendet",
    "erledigt",
    "geliefert",
    "entwurf",
    "paye",
    "payee",
    "annule",
    "annulee",
    "termine",
    "livre",
    "facture",
    "gagne",
    "perdu",
    "pagado",
    "pagada",
    "cerrado",
    "ganado",
    "perdido",
    "cancelado",
    "completado",
    "pendiente",
    "pago",
    "concluido",
    "fechado",
    "ganho",
    "pagato",
    "chiuso",
    "vinto",
    "annullato",
    "evaso",
    "betaald",
    "gesloten",
    "geannuleerd",
    "afgerond",
    "settled",
    "negotiation",
    "proposal",
    "contract",
    "order",
    "invoice",
    "payment",
    "verkauf",
    "ruckerstattung",
    "rechnung",
    "gutschrift",
    "vente",
    "remboursement",
    "avoir",
    "venta",
    "devolucion",
    "reembolso",
    "rimborso",
    "vendita",
    "verkoop",
    "terugbetaling",
    "renewal",
    "cancellation",
    "betald",
    "skickad",
    "zaplacona",
    "nowa",
    "nowe",
    "anulowane",
    "wyslane",
    "faktura",
    "korekta",
    "korygujaca",
    "storno",
    "ruckgabe",
    "zahlung",
];

/// Whether most words of a column name the state of a sale.
pub(super) fn names_states(p: &Profile) -> bool {
    let hits = p.words.iter().filter(|w| w.split(|c: char| !c.is_alphanumeric()).any(|part| STATES.contains(&part))).count();
    hits > 0 && hits * 2 >= p.words.len()
}

/// Words with which systems name kinds of sales.
const KINDS: &[&str] = &[
    "sale",
    "sales",
    "order",
    "invoice",
    "refund",
    "return",
    "credit memo",
    "credit note",
    "sales receipt",
    "receipt",
    "payment",
    "charge",
    "chargeback",
    "purchase",
    "verkauf",
    "ruckerstattung",
    "erstattung",
    "rechnung",
    "gutschrift",
    "retoure",
    "storno",
    "vente",
    "remboursement",
    "facture",
    "avoir",
    "venta",
    "devolucion",
    "reembolso",
    "factura",
    "venda",
    "vendita",
    "rimborso",
    "fattura",
    "verkoop",
    "terugbetaling",
    "factuur",
    "transfer",
    "bestellung",
    "commande",
    "pedido",
    "ordine",
    "bestelling",
    "encomenda",
];

/// Whether every word of a column is a kind of sale, and one is not money that only moves.
pub(super) fn names_kinds_of_sale(p: &Profile) -> bool {
    let moves = |w: &String| matches!(w.as_str(), "payment" | "transfer" | "charge");
    !p.words.is_empty() && p.words.iter().all(|w| KINDS.contains(&w.as_str())) && !p.words.iter().all(moves)
}

fn status(header: &Header, p: &Profile) -> Verdict {
    // `State` is a state of a country as often as a state of a sale: the words decide.
    let doubtful = (header.has("state") || header.has("type") || header.has("won")) && !header.has("status") && !header.has("stage");
    if doubtful && !names_states(p) {
        // In Spanish and Portuguese the word is the usual one for a status, unless provinces stand below it.
        let places = p.words.iter().all(|w| w.len() <= 2) || p.share(&[CellKind::Country]) > 500;
        return if header.tokens.iter().any(|t| t == "estado") && !places { Points(-6, "values are words".into()) } else { Refused };
    }
    let bad = p.numbers() + p.share(&[CellKind::Date, CellKind::Email, CellKind::Url, CellKind::Money, CellKind::Percent]);
    if bad > 300 || p.average_length() > 40 {
        return Refused;
    }
    let points = if p.filled >= 8 && p.all_distinct() {
        -30
    } else if p.share(&[CellKind::Bool]) > 700 {
        -20
    } else {
        0
    };
    Points(points, format!("{} distinct words", p.distinct()))
}

fn wordless(p: &Profile, limit: i32) -> bool {
    p.numbers() + p.share(&[CellKind::Date, CellKind::Url, CellKind::Bool, CellKind::Time, CellKind::Percent]) > limit
}

fn customer_name(p: &Profile) -> Verdict {
    if wordless(p, 400) || p.share(&[CellKind::Email]) > 500 || p.average_length() > 70 {
        return Refused;
    }
    if p.share(&[CellKind::Code]) > 600 {
        return Points(-24, "values look like codes".into());
    }
    Points(0, "values are names".into())
}

fn email(p: &Profile) -> Verdict {
    let share = p.share(&[CellKind::Email]);
    if share < 700 { Refused } else { Points(1, format!("{} are e-mail addresses", of(p, share))) }
}

fn customer_code(p: &Profile) -> Verdict {
    let bad = p.share(&[CellKind::Date, CellKind::Decimal, CellKind::Money, CellKind::Url, CellKind::Bool, CellKind::Percent]);
    if bad > 300 || p.share(&[CellKind::Email]) > 500 || p.average_length() > 48 {
        return Refused;
    }
    if p.words.iter().all(|w| is_bank_account(w)) {
        return Refused;
    }
    if p.wordy * 2 > p.filled || (p.share(&[CellKind::Text]) > 600 && with_digits(p) < 300 && p.samples.iter().any(|s| s.contains(' '))) {
        return Points(-24, "values look like names".into());
    }
    Points(0, "values are codes".into())
}

/// An IBAN: country, two check digits, and up to thirty letters and digits.
fn is_bank_account(word: &str) -> bool {
    let text: Vec<u8> = word.bytes().filter(|b| *b != b' ').collect();
    (15..=34).contains(&text.len())
        && text[..2].iter().all(u8::is_ascii_alphabetic)
        && text[2..4].iter().all(u8::is_ascii_digit)
        && text.iter().all(u8::is_ascii_alphanumeric)
}

fn product_code(p: &Profile) -> Verdict {
    let bad = p.share(&[CellKind::Date, CellKind::Money, CellKind::Url, CellKind::Bool, CellKind::Email, CellKind::Percent]);
    if bad > 300 || p.average_length() > 48 {
        return Refused;
    }
    if p.longest <= 2 && p.share(&[CellKind::Integer]) > 900 {
        return Points(-20, "small counting numbers".into());
    }
    if p.wordy * 2 > p.filled { Points(-24, "values are descriptions".into()) } else { Points(0, "values are codes".into()) }
}

fn product_name(p: &Profile) -> Verdict {
    if wordless(p, 400) || p.share(&[CellKind::Email, CellKind::CurrencyCode]) > 300 {
        return Refused;
    }
    if p.share(&[CellKind::Code]) > 700 {
        return Points(-16, "values look like codes".into());
    }
    Points(0, "values are texts".into())
}

fn owner(p: &Profile, hints: &Hints) -> Verdict {
    if p.owners * 2 > p.filled && !hints.owners.is_empty() {
        return Points(20, format!("{} of {} values are known reps", p.owners, p.filled));
    }
    if wordless(p, 400) || p.average_length() > 60 {
        return Refused;
    }
    Points(0, "values are names".into())
}

fn team(p: &Profile, hints: &Hints) -> Verdict {
    if p.teams * 2 > p.filled && !hints.teams.is_empty() {
        return Points(20, format!("{} of {} values are known teams", p.teams, p.filled));
    }
    if wordless(p, 400) || p.share(&[CellKind::Email]) > 300 || p.average_length() > 60 {
        return Refused;
    }
    Points(0, "values are names".into())
}

fn territory(header: &Header, p: &Profile) -> Verdict {
    if header.is(&["state"]) && names_states(p) {
        return Refused;
    }
    if wordless(p, 300) || p.share(&[CellKind::Email]) > 300 || p.average_length() > 60 {
        return Refused;
    }
    let share = p.share(&[CellKind::Country]);
    if share >= 700 { Points(3, format!("{} are countries", of(p, share))) } else { Points(0, "values are places".into()) }
}

fn coupon(p: &Profile) -> Verdict {
    let bad =
        p.share(&[CellKind::Decimal, CellKind::Money, CellKind::Date, CellKind::Percent, CellKind::Email, CellKind::Bool, CellKind::Url]);
    if bad > 300 || p.share(&[CellKind::Integer]) > 500 {
        return Refused;
    }
    Points(0, "values are codes".into())
}

/// What the values say where the name says nothing: the target and its points.
pub(super) fn by_values_alone(target: Target, header: &Header, p: &Profile, hints: &Hints) -> Option<(i32, String)> {
    if p.is_empty() {
        return None;
    }
    // A word that is not known is still a name: amounts below `Version` are no revenue.
    let position =
        |t: &String| matches!(t.as_str(), "column" | "spalte" | "field" | "feld" | "colonne" | "columna" | "coluna" | "kolom" | "unnamed");
    let unnamed = header.tokens.iter().all(|t| position(t) || t.bytes().all(|b| b.is_ascii_digit()) || t.len() == 1);
    match target {
        Target::Territory if p.share(&[CellKind::Country]) >= 900 => {
            Some((78, format!("{} are countries", of(p, p.share(&[CellKind::Country])))))
        }
        Target::Currency if p.share(&[CellKind::CurrencyCode]) >= 950 => {
            Some((78, format!("{} are currency codes", of(p, p.share(&[CellKind::CurrencyCode])))))
        }
        Target::CustomerEmail if p.share(&[CellKind::Email]) >= 900 && p.owners == 0 => Some((64, "values are e-mail addresses".into())),
        Target::Owner if !hints.owners.is_empty() && p.owners * 10 >= p.filled * 8 => {
            Some((90, format!("{} of {} values are known reps", p.owners, p.filled)))
        }
        Target::Team if !hints.teams.is_empty() && p.teams * 10 >= p.filled * 8 => {
            Some((90, format!("{} of {} values are known teams", p.teams, p.filled)))
        }
        Target::Date if unnamed && p.dates() >= 900 => Some((62, "values are dates".into())),
        Target::Revenue if unnamed && p.share(&[CellKind::Money, CellKind::Decimal]) >= 900 => Some((60, "values are amounts".into())),
        Target::UniqueId if unnamed && p.filled >= 3 && p.all_distinct() && p.share(&[CellKind::Code]) >= 900 => {
            Some((60, "values are distinct codes".into()))
        }
        _ => None,
    }
}
