//! Decisions about values that need the whole file: decimal signs, order of day and month, currencies.

use super::answers::KnownYears;
use super::survey::Survey;
use super::{Reading, Warning};
use crate::hints::Hints;
use crate::mapping::Target;
use crate::rows::{ColumnReading, YearlessColumn};
use crate::values::cell::CellKind;
use crate::values::currency::{self, Sign};
use crate::values::profile::Profile;
use crate::values::{DateOrder, DecimalMark, date, yearless};

/// What is said where nothing tells day and month apart.
const AMBIGUOUS: &str = "day and month could be either way round; month-first was taken";

/// The decimal sign of the file: what its columns prove, else what is known or likely.
pub(super) fn decimal(reading: &Reading, profiles: &[Profile], hints: &Hints) -> Option<DecimalMark> {
    proven_decimal(profiles).or(hints.decimal).or(hints.remembered.as_ref().and_then(|m| m.decimal)).or_else(|| likely_decimal(reading))
}

fn proven_decimal(profiles: &[Profile]) -> Option<DecimalMark> {
    let numeric = || profiles.iter().filter(|p| p.numbers() >= 600);
    let points: u64 = numeric().map(|p| p.point.0).sum();
    let commas: u64 = numeric().map(|p| p.comma.0).sum();
    match points.cmp(&commas) {
        std::cmp::Ordering::Greater => Some(DecimalMark::Point),
        std::cmp::Ordering::Less => Some(DecimalMark::Comma),
        std::cmp::Ordering::Equal => None,
    }
}

/// Weak hints: a semicolon between cells, or a header in a language that writes commas.
fn likely_decimal(reading: &Reading) -> Option<DecimalMark> {
    if reading.workbook.is_some() {
        return Some(DecimalMark::Point);
    }
    if reading.dialect.delimiter == ';' || is_continental(&reading.structure.headers) {
        return Some(DecimalMark::Comma);
    }
    None
}

/// Whether the headers are in German, French, Spanish, Portuguese, Italian or Dutch.
fn is_continental(headers: &[String]) -> bool {
    const WORDS: &[&str] = &[
        "datum",
        "betrag",
        "menge",
        "kunde",
        "rechnung",
        "bestellung",
        "umsatz",
        "artikel",
        "preis",
        "montant",
        "client",
        "facture",
        "commande",
        "quantite",
        "produit",
        "fecha",
        "importe",
        "cantidad",
        "cliente",
        "precio",
        "pedido",
        "valor",
        "quantidade",
        "importo",
        "quantita",
        "prezzo",
        "ordine",
        "bedrag",
        "klant",
        "aantal",
        "prijs",
        "factuur",
        "data",
        "prix",
        "wahrung",
        "devise",
    ];
    let hits = headers.iter().flat_map(|h| crate::mapping::words::tokens(h)).filter(|t| WORDS.iter().any(|w| t.contains(w))).count();
    hits >= 2
}

/// Decides how every column is read and says what is in doubt.
pub(super) fn values(reading: &mut Reading, survey: &Survey<'_>, hints: &Hints) {
    let profiles = &survey.profiles;
    let file_decimal = decimal(reading, profiles, hints);
    let proven = proven_decimal(profiles).is_some() || hints.decimal.is_some();
    let (file_order, assumed) = file_order(reading, survey, hints);
    let mut readings = Vec::with_capacity(profiles.len());
    for (i, profile) in profiles.iter().enumerate() {
        let header = reading.structure.headers[i].clone();
        let name = reading.names[i].clone();
        let target = reading.columns.get(i).and_then(|c| c.target);
        let mut own = ColumnReading { name, ..ColumnReading::default() };
        own.decimal = column_decimal(profile, file_decimal.unwrap_or(DecimalMark::Point));
        let mapped_number = target.is_some_and(Target::is_number) || reading.companions.unit_price == Some(i);
        if mapped_number {
            let open = profile.open.0 + profile.open.1;
            if own.decimal.is_none() {
                let text = format!(
                    "`{}` writes decimals with a point (line {}) and with a comma (line {}); cells that could be either are not loaded",
                    own.name, profile.point.1, profile.comma.1
                );
                reading.warnings.push(Warning::new("number.mixed", Some(profile.point.1.max(profile.comma.1)), text));
            } else if open > 0 && profile.decimal().is_none() && !proven {
                let mark = own.decimal.map_or('.', DecimalMark::sign);
                let text = format!("`{}` could be read with a point or a comma for decimals; `{mark}` was taken", own.name);
                reading.warnings.push(Warning::new("number.decimal_ambiguous", Some(profile.open.2), text));
            }
        }
        own.order = profile.order();
        if profile.day_first.0 > 0 && profile.month_first.0 > 0 {
            conflict(reading, &own.name, target, profile.day_first.1, profile.month_first.1);
        } else if own.order.is_none() && profile.open_dates.0 > 0 {
            own.order = file_order;
            if target == Some(Target::Date)
                && let Some((code, why)) = &assumed
            {
                reading.warnings.push(Warning::new(code, Some(profile.open_dates.1), format!("`{}`: {why}", own.name)));
            }
        }
        own.yearless = yearless_of(profile);
        if own.yearless.is_some() && own.order.is_none() {
            own.order = yearless_order(reading, survey, hints, i, file_order);
        }
        own.offset = header_zone(&header);
        own.currency = currency::in_header(&header).and_then(|s| meaning(s, hints));
        readings.push(own);
    }
    let of_date = reading.column_of(Target::Date);
    reading.date_order = match of_date {
        Some(c) => Some(readings[c].order.or(profiles[c].named_order()).unwrap_or(DateOrder::YearFirst)),
        None => file_order,
    };
    let money = reading.columns.iter().find(|c| c.target == Some(Target::Revenue)).map(|c| c.index);
    reading.decimal = money.and_then(|c| readings[c].decimal).or(file_decimal).or(Some(DecimalMark::Point));
    reading.readings = readings;
    years(reading, survey, hints);
    signs(reading, profiles, hints);
}

fn conflict(reading: &mut Reading, name: &str, target: Option<Target>, day: u64, month: u64) {
    if target.is_some_and(Target::is_date) {
        let text = format!("`{name}` is day-first on line {day} and month-first on line {month}");
        reading.warnings.push(Warning::new("date.order_conflict", Some(day.max(month)), text));
    }
}

/// Whether days without a year stand in the column, as texts or as numbers.
fn yearless_of(profile: &Profile) -> Option<YearlessColumn> {
    let days = &profile.yearless;
    let compact = days.is_compact() && profile.numbers() + profile.share(&[CellKind::Code]) >= 900;
    let cells = if compact { days.cells.0 } else { days.cells.0 - days.compact };
    (cells > 0).then_some(YearlessColumn { line: days.cells.1, compact, mostly: cells * 2 >= profile.filled })
}

/// The order of day and month where no date with a year decides it: the days themselves, else what is known or likely.
fn yearless_order(
    reading: &mut Reading,
    survey: &Survey<'_>,
    hints: &Hints,
    column: usize,
    of_file: Option<DateOrder>,
) -> Option<DateOrder> {
    let days = &survey.profiles[column].yearless;
    let target = reading.columns.get(column).and_then(|c| c.target);
    let name = reading.names[column].clone();
    match (days.day_first.0, days.month_first.0) {
        (0, 0) => {}
        (_, 0) => return Some(DateOrder::DayFirst),
        (0, _) => return Some(DateOrder::MonthFirst),
        _ => {
            conflict(reading, &name, target, days.day_first.1, days.month_first.1);
            return None;
        }
    }
    let known = hints.date_order.or(hints.remembered.as_ref().and_then(|m| m.date_order)).filter(|o| *o != DateOrder::YearFirst);
    // The bookkeeping format writes day and month as four digits.
    let is_bookkeeping = reading.structure.titles.iter().any(|(_, t)| t.starts_with("EXTF") || t.starts_with("DTVF"));
    let known = known.or(is_bookkeeping.then_some(DateOrder::DayFirst)).or(of_file);
    if known.is_some() || days.open.0 == 0 {
        return known;
    }
    let (order, code, why) = match by_place(reading, survey, hints) {
        Some((order, why)) => (order, "date.order_assumed", why),
        None => (DateOrder::MonthFirst, "date.order_ambiguous", AMBIGUOUS.to_owned()),
    };
    if target == Some(Target::Date) {
        reading.warnings.push(Warning::new(code, Some(days.open.1), format!("`{name}`: {why}")));
    }
    Some(order)
}

/// The year of days that are written without one, where the lines above the table state it.
fn years(reading: &mut Reading, survey: &Survey<'_>, hints: &Hints) {
    if reading.readings.iter().all(|column| column.yearless.is_none()) {
        return;
    }
    reading.year_proposed = hints.file_name.as_deref().and_then(|name| yearless::in_name(name, hints.today));
    let Some((years, line)) = yearless::stated(&reading.structure.titles, hints.today) else { return };
    let Some(of_sale) = reading.column_of(Target::Date) else { return };
    let day_first = reading.readings[of_sale].order != Some(DateOrder::MonthFirst);
    if survey.profiles[of_sale].yearless.can_be(years, day_first, hints.today) {
        reading.years = Some(KnownYears { years, line: Some(line) });
    }
}

/// The sign that the column proves; the file's sign where it proves none; nothing where it uses both.
fn column_decimal(profile: &Profile, file: DecimalMark) -> Option<DecimalMark> {
    match (profile.point.0, profile.comma.0) {
        (0, 0) => Some(file),
        (0, _) => Some(DecimalMark::Comma),
        (_, 0) => Some(DecimalMark::Point),
        _ => None,
    }
}

/// The order for columns that leave it open, and what to say about it.
fn file_order(reading: &Reading, survey: &Survey<'_>, hints: &Hints) -> (Option<DateOrder>, Option<(&'static str, String)>) {
    let profiles = &survey.profiles;
    if let Some(order) = profiles.iter().find_map(Profile::order) {
        return (Some(order), None);
    }
    if let Some(order) = hints.date_order.or(hints.remembered.as_ref().and_then(|m| m.date_order)).filter(|o| *o != DateOrder::YearFirst) {
        return (Some(order), None);
    }
    if profiles.iter().all(|p| p.open_dates.0 == 0) {
        return (None, None);
    }
    if let Some(order) = plausible(profiles, hints) {
        return (Some(order), None);
    }
    if let Some((order, why)) = by_place(reading, survey, hints) {
        return (Some(order), Some(("date.order_assumed", why)));
    }
    (Some(DateOrder::MonthFirst), Some(("date.order_ambiguous", AMBIGUOUS.to_owned())))
}

/// No sale lies far in the future, and exports are usually in order of time.
fn plausible(profiles: &[Profile], hints: &Hints) -> Option<DateOrder> {
    let ordered = |pairs: &[(u32, u32, i32)], day_first: bool| {
        let keys: Vec<(i32, u32, u32)> = pairs.iter().map(|(a, b, y)| if day_first { (*y, *b, *a) } else { (*y, *a, *b) }).collect();
        keys.windows(2).all(|w| w[0] <= w[1]) || keys.windows(2).all(|w| w[0] >= w[1])
    };
    for profile in profiles.iter().filter(|p| p.pairs.len() >= 2) {
        if let Some(today) = hints.today {
            let limit = (i32::from(today.year()), u32::try_from(today.month()).unwrap_or(12) + 1);
            let beyond = |day_first: bool| {
                profile.pairs.iter().any(|(a, b, y)| {
                    let year = if *y < 100 { y + 2000 } else { *y };
                    (year, if day_first { *b } else { *a }) > limit
                })
            };
            match (beyond(true), beyond(false)) {
                (true, false) => return Some(DateOrder::MonthFirst),
                (false, true) => return Some(DateOrder::DayFirst),
                _ => {}
            }
        }
        let distinct = profile.pairs.iter().collect::<std::collections::HashSet<_>>().len();
        if distinct >= 5 {
            match (ordered(&profile.pairs, true), ordered(&profile.pairs, false)) {
                (true, false) => return Some(DateOrder::DayFirst),
                (false, true) => return Some(DateOrder::MonthFirst),
                _ => {}
            }
        }
    }
    None
}

/// Currency, zone and language of the file.
fn by_place(reading: &Reading, survey: &Survey<'_>, hints: &Hints) -> Option<(DateOrder, String)> {
    let texts = || survey.footers.iter().chain(&reading.structure.titles).map(|(_, t)| t.as_str());
    let american = texts().any(|t| (4..=10).any(|h| t.contains(&format!("GMT-{h:02}:00")) || t.contains(&format!("GMT-{h:02}00"))));
    if american {
        return Some((DateOrder::MonthFirst, "the time zone in the footer is American, so months come first".into()));
    }
    let zones = |p: &Profile| p.words.iter().any(|w| matches!(w.as_str(), "pst" | "pdt" | "est" | "edt" | "cdt" | "mdt"));
    if survey.profiles.iter().any(zones)
        || hints.zone.as_deref().is_some_and(|z| {
            z.starts_with("US/") || z == "America/New_York" || z == "America/Los_Angeles" || z == "America/Chicago" || z == "America/Denver"
        })
    {
        return Some((DateOrder::MonthFirst, "the time zone is American, so months come first".into()));
    }
    if is_continental(&reading.structure.headers) {
        return Some((DateOrder::DayFirst, "the language of the header writes days first".into()));
    }
    let column = reading.columns.iter().find(|c| c.target == Some(Target::Currency)).map(|c| c.index);
    let words: Vec<String> = column.map(|c| survey.profiles[c].words.clone()).unwrap_or_default();
    let code = match words.as_slice() {
        [one] => Some(one.to_ascii_uppercase()),
        [] => hints.currency.clone(),
        _ => None,
    };
    let pounds_or_euros = survey.profiles.iter().any(|p| p.samples.iter().any(|s| s.contains(['€', '£'])));
    match code.as_deref() {
        Some("USD") => Some((DateOrder::MonthFirst, "the currency is USD, so months come first".into())),
        Some(code) => Some((DateOrder::DayFirst, format!("the currency is {code}, so days come first"))),
        None if pounds_or_euros => Some((DateOrder::DayFirst, "the amounts are in pounds or euros, so days come first".into())),
        None => None,
    }
}

/// The offset that a header such as `Created date (UTC)` names.
fn header_zone(header: &str) -> Option<i32> {
    let tokens = crate::mapping::words::tokens(header);
    let named = tokens.iter().find(|t| matches!(t.as_str(), "utc" | "gmt" | "pst" | "pdt" | "est" | "edt" | "cet" | "cest"))?;
    date::zone_offset(named)
}

fn meaning(sign: Sign<'_>, hints: &Hints) -> Option<String> {
    match sign {
        Sign::Code(code) => Some(code.to_ascii_uppercase()),
        Sign::Certain(code) => Some(code.to_owned()),
        Sign::Shared(sign) => shared(sign, hints),
    }
}

/// What a shared sign means at this source: its map of signs, or its currency where that uses the sign.
fn shared(sign: &str, hints: &Hints) -> Option<String> {
    if let Some(code) = hints.symbols.get(sign) {
        return Some(code.to_ascii_uppercase());
    }
    let users: &[&str] = match sign {
        "$" => &["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "TWD"],
        "kr" => &["SEK", "NOK", "DKK", "ISK"],
        "¥" => &["JPY", "CNY"],
        "Fr" => &["CHF", "XAF", "XOF"],
        "Rs" => &["INR", "PKR", "LKR", "NPR"],
        "R" => &["ZAR"],
        _ => &[],
    };
    assumed(hints).filter(|code| users.contains(&code.as_str()))
}

/// The currency of amounts that name none.
fn assumed(hints: &Hints) -> Option<String> {
    hints.currency.as_ref().or(hints.default_currency.as_ref()).map(|code| code.to_ascii_uppercase())
}

/// Settles shared signs in money columns, or warns where a mapped one stays open (`com_015`).
fn signs(reading: &mut Reading, profiles: &[Profile], hints: &Hints) {
    let has_column = reading.column_of(Target::Currency).is_some();
    let mut warned: Vec<String> = Vec::new();
    for (i, profile) in profiles.iter().enumerate() {
        let mut seen: Vec<String> = profile.signs.iter().map(|(s, _)| s.clone()).collect();
        if let Some(Sign::Shared(sign)) = currency::in_header(&reading.structure.headers[i]) {
            seen.push(sign.to_owned());
        }
        let is_money = reading.columns.get(i).and_then(|c| c.target).is_some_and(Target::is_money);
        for sign in seen {
            if let Some(code) = shared(&sign, hints) {
                if !reading.signs.iter().any(|(known, _)| *known == sign) {
                    reading.signs.push((sign, code));
                }
                continue;
            }
            if is_money && !has_column && !warned.contains(&sign) {
                let text = format!("`{sign}` is the sign of several currencies; set the currency of the source");
                reading.warnings.push(Warning::new("currency.ambiguous", reading.first_line, text));
                warned.push(sign.clone());
            }
            // To take the amounts for the assumed currency all the same would change them without a word.
            if assumed(hints).is_some() {
                reading.unsettled.push((i, sign));
            }
        }
    }
}
