//! Reading an offer's document.

use jiff::civil::Date;

use super::{Award, Class, EvaluationMethod, Expiry, Occasion, Offer, Rate, Repeats, Scope, Terms, Window};
use crate::condition::{Condition, Over, Want};
use crate::loyalty::basket::ActivityKind;
use crate::loyalty::event::SpendMethod;
use crate::loyalty::sight::{BASKET, kind_of_condition};
use crate::money::{Exact, Rounding, Unit};
use crate::people::fold_alias;
use crate::program::reader::{DOCUMENT, Findings, Table, exact};
use crate::program::{Code, Finding};

/// Largest document in bytes.
const MAX_BYTES: usize = 1 << 16;
/// Longest time that an offer counts over or an award lives, in days: a century.
const DAYS_MAX: i64 = 36_525;

/// Most classes of activities that one offer tells apart.
const CLASSES_MAX: usize = 50;

/// What an offer may fire on.
const CLASSES: [&str; 11] = [
    "purchase",
    "amount",
    "number",
    "quantity",
    "sign_up",
    "lottery",
    "referral",
    "achievement",
    "financial_achievement",
    "social_media",
    "web",
];

const KEYS: &[&str] = &[
    "kind",
    "name",
    "description",
    "scheme",
    "class",
    "condition",
    "from",
    "to",
    "at_least",
    "within",
    "chance",
    "classifications",
    "needs",
    "evaluation",
    "latest_evaluation",
    "valid",
    "occasion",
    "stacks",
    "repeats",
    "uses_max",
    "budget",
    "award",
    "spend",
];

pub(super) fn parse(text: &str) -> Result<Offer, Vec<Finding>> {
    let (root, mut findings) = Findings::read(text, MAX_BYTES)?;
    let table = Table::new(root.get_ref(), 0, DOCUMENT);
    let offer = offer(&table, &mut findings);
    match offer {
        Some(offer) if findings.is_empty() => Ok(offer),
        _ => Err(findings.finish()),
    }
}

fn offer(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Offer> {
    table.only(KEYS, findings);
    if table.word("kind", &[("reward", ())], findings).is_none() && !table.has("kind") {
        table.missing("kind", "`kind = \"reward\"`", findings);
    }
    let name = required_text(table, "name", "what people call the offer", findings);
    let scheme = required_text(table, "scheme", "name or code of the scheme that it belongs to", findings);
    let class = class(table, findings);
    let condition = condition(table, "condition", findings);
    let valid = valid(table, findings);
    let occasion = table.get("occasion").and_then(|item| window(&Table::of(item, "occasion", findings)?, findings));
    let stacks = table.truth("stacks", findings).unwrap_or(false);
    let repeats = repeats(table, findings);
    let uses_max = table.number("uses_max", findings).and_then(|number| count(table, "uses_max", number, findings));
    let budget =
        table.word("budget", &[("none", (false, false)), ("whole", (true, false)), ("rest", (true, true))], findings).unwrap_or_default();
    let award = match table.get("award") {
        Some(item) => award(&Table::of(item, "award", findings)?, findings),
        None => {
            table.missing("award", "what is given: `[award]` with `amount`, `percent`, `each` and `per`, or `percent_of_awards`", findings);
            None
        }
    };
    let spend = match table.get("spend") {
        Some(item) => terms(&Table::of(item, "spend", findings)?, findings),
        None => Some(Terms { method: SpendMethod::OnRequest, condition: None, rank: 0, expiry: Expiry::Never }),
    };
    let evaluation = evaluation(table, spend.as_ref(), findings);
    Some(Offer {
        name: name?,
        description: table.text("description", findings).map(str::to_owned),
        scheme: scheme?,
        class: class?,
        condition,
        valid,
        occasion,
        award: award?,
        spend: spend?,
        stacks,
        repeats: repeats?,
        evaluation,
        uses_max,
        has_budget: budget.0,
        grants_rest: budget.1,
        draw_key: [0; 32],
    })
}

/// With the purchase, or by a run behind it.
fn evaluation(table: &Table<'_, '_>, spend: Option<&Terms>, findings: &mut Findings<'_>) -> EvaluationMethod {
    let latest = table.date("latest_evaluation", findings);
    let is_batch = table.word("evaluation", &[("interactive", false), ("batch", true)], findings).unwrap_or(false);
    if !is_batch {
        if table.has("latest_evaluation") {
            let text = "`latest_evaluation` is the last day of runs; it goes with `evaluation = \"batch\"`";
            findings.add(table.place("latest_evaluation"), Code::Conflict, text);
        }
        return EvaluationMethod::Interactive;
    }
    if spend.is_some_and(|terms| terms.method == SpendMethod::Instant) {
        let text = "an award that is spent on its own purchase must be known at the till: evaluate it interactively";
        findings.add(table.place("evaluation"), Code::Conflict, text);
    }
    EvaluationMethod::Batch { latest }
}

/// The classes that count, folded, and whether it takes one of every one.
fn classifications(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> (Vec<String>, bool) {
    let mut classes: Vec<String> = Vec::new();
    for item in table.list("classifications") {
        match item.get_ref().as_str().map(fold_alias) {
            Some(class) if !class.is_empty() && !classes.contains(&class) => classes.push(class),
            _ => findings.add(table.place("classifications"), Code::BadValue, "`classifications` are texts, each of them once"),
        }
    }
    if classes.len() > CLASSES_MAX {
        findings.add(table.place("classifications"), Code::BadValue, format!("at most {CLASSES_MAX} classifications can be told apart"));
    }
    let needs_all = table.word("needs", &[("any", false), ("all", true)], findings).unwrap_or(false);
    if table.has("needs") && classes.is_empty() {
        findings.add(table.place("needs"), Code::Conflict, "`needs` goes with `classifications`: one of any, or of all of them");
    }
    if needs_all && table.has("at_least") {
        findings.add(table.place("at_least"), Code::Conflict, "an offer for all of some classes counts each of them once");
    }
    (classes, needs_all)
}

fn required_text(table: &Table<'_, '_>, key: &str, what: &str, findings: &mut Findings<'_>) -> Option<String> {
    match table.text(key, findings).map(str::trim) {
        Some(text) if (1..=200).contains(&text.chars().count()) => Some(text.to_owned()),
        Some(_) => {
            findings.add(table.place(key), Code::BadValue, format!("`{key}` has 1 to 200 characters"));
            None
        }
        None if table.has(key) => None,
        None => {
            table.missing(key, what, findings);
            None
        }
    }
}

fn class(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Class> {
    let word = if table.has("class") { table.word("class", &CLASSES.map(|w| (w, w)), findings)? } else { "purchase" };
    let allowed: &[&str] = match word {
        "purchase" => &["from", "to"],
        "amount" => &["from", "within"],
        "sign_up" => &[],
        "number" | "quantity" => &["at_least", "within"],
        "lottery" => &["from", "at_least", "within", "chance"],
        _ => &["from", "to", "at_least", "within", "classifications", "needs"],
    };
    for key in ["from", "to", "at_least", "within", "chance", "classifications", "needs"] {
        if table.has(key) && !allowed.contains(&key) {
            findings.add(table.place(key), Code::Conflict, format!("`{key}` has no meaning for an offer of class `{word}`"));
        }
    }
    let within_days = within(table, findings);
    let threshold = |key: &str, findings: &mut Findings<'_>| match table.number(key, findings) {
        Some(number) if number > Exact::ZERO => Some(number),
        Some(_) => {
            findings.add(table.place(key), Code::BadValue, format!("`{key}` must be above 0"));
            None
        }
        None if table.has(key) => None,
        None => {
            table.missing(key, "the threshold at which it fires", findings);
            None
        }
    };
    if word == "lottery" {
        return lottery(table, within_days, findings);
    }
    Some(match word {
        "purchase" => {
            let (from, to) = bounds(table, findings);
            Class::Purchase { from, to }
        }
        "amount" => Class::Amount { from: threshold("from", findings)?, within_days },
        "number" => Class::Number { at_least: threshold("at_least", findings)?, within_days },
        "quantity" => Class::Quantity { at_least: threshold("at_least", findings)?, within_days },
        "sign_up" => Class::SignUp,
        other => {
            let (from, to) = bounds(table, findings);
            let at_least = if table.has("at_least") { Some(threshold("at_least", findings)?) } else { None };
            let (classifications, needs_all) = classifications(table, findings);
            if within_days.is_some() && at_least.is_none() && !needs_all {
                let text = "`within` goes with `at_least` or `needs = \"all\"`: so often, or all of them, within so many days";
                findings.add(table.place("within"), Code::Conflict, text);
            }
            let kind = ActivityKind::from_name(other)?;
            Class::Activity { kind, from, to, at_least, within_days, classifications, needs_all }
        }
    })
}

/// From and to, both inclusive.
fn bounds(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> (Exact, Option<Exact>) {
    let from = table.number("from", findings).unwrap_or_default();
    let to = table.number("to", findings);
    if to.is_some_and(|to| to < from) {
        findings.add(table.place("to"), Code::BadValue, "`to` must not be below `from`");
    }
    (from, to)
}

fn lottery(table: &Table<'_, '_>, within_days: Option<i64>, findings: &mut Findings<'_>) -> Option<Class> {
    let is_amount = table.has("from");
    if is_amount && table.has("at_least") {
        findings.add(table.place("at_least"), Code::Conflict, "a draw is for an amount (`from`) or a number of purchases (`at_least`)");
    }
    let threshold = if is_amount { table.number("from", findings)? } else { table.number("at_least", findings).unwrap_or(Exact::ONE) };
    if threshold <= Exact::ZERO {
        findings.add(table.place(if is_amount { "from" } else { "at_least" }), Code::BadValue, "the threshold of a draw must be above 0");
    }
    if !table.has("chance") {
        table.missing("chance", "how many draws win, such as \"5%\"", findings);
        return None;
    }
    let place = table.place("chance");
    let chance = percent(table, "chance", findings)?;
    if chance <= Exact::ZERO || chance > Exact::ONE_HUNDRED {
        findings.add(place, Code::BadValue, "`chance` is above 0% and at most 100%");
        return None;
    }
    let prizes = chance / Exact::ONE_HUNDRED * Exact::from(Class::DRAWS);
    Some(Class::Lottery { is_amount, threshold, within_days, prizes: u64::try_from(prizes.round()).unwrap_or(Class::DRAWS) })
}

fn within(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<i64> {
    let text = table.text("within", findings)?;
    let days = match span(text) {
        Some((days, 0)) => Some(i64::from(days)),
        _ => None,
    };
    if days.is_none() {
        findings.add(
            table.place("within"),
            Code::BadValue,
            format!("`within` must be a number of days or weeks such as \"30 days\", not \"{text}\""),
        );
    }
    days
}

/// `30 days`, `2 weeks`, `3 months`, `1 year` as (days, months).
fn span(text: &str) -> Option<(i32, i32)> {
    let (number, word) = text.trim().split_once(' ')?;
    let number: i32 = number.parse().ok()?;
    let span = match word.trim().trim_end_matches('s') {
        "day" => (number, 0),
        "week" => (number.checked_mul(7)?, 0),
        "month" => (0, number),
        "year" => (0, number.checked_mul(12)?),
        _ => return None,
    };
    (number > 0 && i64::from(span.0) <= DAYS_MAX && span.1 <= 1_200).then_some(span)
}

fn condition(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Condition> {
    let source = table.text(key, findings)?;
    match Condition::compile_over(source, Want::Truth, Over::Facts(&BASKET)) {
        Ok(condition) => Some(condition),
        Err(error) => {
            findings.add(table.place(key) + 1 + error.at, Code::Condition(error.code), format!("`{key}`: {}", error.text));
            None
        }
    }
}

fn valid(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Vec<(Option<Date>, Option<Date>)> {
    let mut ranges = Vec::new();
    for item in table.list("valid") {
        let Some(range) = Table::of(item, "valid", findings) else { continue };
        range.only(&["from", "until"], findings);
        let (from, until) = (range.date("from", findings), range.date("until", findings));
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            findings.add(range.at, Code::ValidityReversed, "a range of validity must not end before it starts");
        }
        ranges.push((from, until));
    }
    ranges
}

fn window(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Window> {
    table.only(&["day", "before", "after"], findings);
    let days = [
        ("birthday", Occasion::Birthday),
        ("name_day", Occasion::NameDay),
        ("christmas", Occasion::Christmas),
        ("easter", Occasion::Easter),
    ];
    let occasion = table.word("day", &days, findings);
    if occasion.is_none() && !table.has("day") {
        table.missing("day", "`birthday`, `name_day`, `christmas` or `easter`", findings);
    }
    let mut days = |key: &str| match table.number(key, findings) {
        Some(number) => count(table, key, number, findings).filter(|days| *days <= 180),
        None => Some(0),
    };
    let (before, after) = (days("before"), days("after"));
    Some(Window { occasion: occasion?, before: before?, after: after? })
}

fn count(table: &Table<'_, '_>, key: &str, number: Exact, findings: &mut Findings<'_>) -> Option<i64> {
    let whole = i64::try_from(number).ok().filter(|whole| Exact::from(*whole) == number && *whole >= 0);
    if whole.is_none() {
        findings.add(table.place(key), Code::BadValue, format!("`{key}` must be a whole number, not {number}"));
    }
    whole
}

fn repeats(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Repeats> {
    let Some(text) = table.text("repeats", findings) else {
        return if table.has("repeats") { None } else { Some(Repeats::Always) };
    };
    let found = match text.trim() {
        "always" => Some(Repeats::Always),
        "once" => Some(Repeats::Once),
        other => other.strip_prefix("once per ").and_then(span).map(|(days, months)| Repeats::OncePer { days, months }),
    };
    if found.is_none() {
        let text = format!("`repeats` is \"always\", \"once\" or such as \"once per 7 days\", not \"{text}\"");
        findings.add(table.place("repeats"), Code::BadValue, text);
    }
    found
}

fn award(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Award> {
    table.only(
        &["amount", "percent", "each", "per", "percent_of_awards", "unit", "scope", "basis", "max", "rounding", "pending", "unit_cost"],
        findings,
    );
    let rate = rate(table, findings);
    let unit = unit(table, findings);
    let scope = table.word("scope", &[("transaction", Scope::Transaction), ("item", Scope::Item)], findings).unwrap_or(Scope::Transaction);
    let on_paid = table.word("basis", &[("total", false), ("paid", true)], findings).unwrap_or(false);
    let roundings = [("half_up", Rounding::HalfUp), ("half_even", Rounding::HalfEven), ("down", Rounding::Down), ("up", Rounding::Up)];
    let rounding = table.word("rounding", &roundings, findings).unwrap_or_default();
    let max = table.number("max", findings);
    let unit_cost = table.number("unit_cost", findings);
    for (key, number) in [("max", max), ("unit_cost", unit_cost)] {
        if number.is_some_and(|number| number <= Exact::ZERO) {
            findings.add(table.place(key), Code::BadValue, format!("`{key}` must be above 0"));
        }
    }
    if unit_cost.is_some() && unit != Some(Unit::POINTS) {
        findings.add(table.place("unit_cost"), Code::Conflict, "`unit_cost` is for points: add `unit = \"points\"`");
    }
    let pending_days = match table.text("pending", findings) {
        None => 0,
        Some(text) => match span(text) {
            Some((days, 0)) => i64::from(days),
            _ => {
                findings.add(table.place("pending"), Code::BadValue, format!("`pending` must be such as \"14 days\", not \"{text}\""));
                0
            }
        },
    };
    let rate = rate?;
    if scope == Scope::Item && matches!(rate, Rate::OfAwards(_)) {
        findings.add(table.place("scope"), Code::Conflict, "a percentage of other awards is given once per purchase");
    }
    Some(Award { rate, unit, scope, on_paid, max, rounding, pending_days, unit_cost })
}

fn rate(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Rate> {
    let kinds = ["amount", "percent", "each", "percent_of_awards"];
    let given: Vec<&str> = kinds.into_iter().filter(|key| table.has(key)).collect();
    let [kind] = given.as_slice() else {
        let text =
            format!("an award is exactly one of `amount`, `percent`, `each` with `per`, `percent_of_awards`; {} are given", given.len());
        findings.add(table.at, Code::Conflict, text);
        return None;
    };
    let number = match *kind {
        "percent" | "percent_of_awards" => percent(table, kind, findings)?,
        _ => table.number(kind, findings)?,
    };
    if number <= Exact::ZERO {
        findings.add(table.place(kind), Code::BadValue, format!("`{kind}` must be above 0"));
        return None;
    }
    if *kind != "each" && table.has("per") {
        findings.add(table.place("per"), Code::Conflict, "`per` goes with `each`");
    }
    Some(match *kind {
        "amount" => Rate::Fixed(number),
        "percent" => Rate::Percent(number),
        "percent_of_awards" => Rate::OfAwards(number),
        _ => match table.number("per", findings) {
            Some(per) if per > Exact::ZERO => Rate::Each { amount: number, per },
            Some(_) => {
                findings.add(table.place("per"), Code::BadValue, "`per` must be above 0");
                return None;
            }
            None => {
                if !table.has("per") {
                    table.missing("per", "the step of the counted amount: `each = 1` and `per = 10` give 1 for every full 10", findings);
                }
                return None;
            }
        },
    })
}

fn percent(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Exact> {
    let text = table.text(key, findings)?;
    let number = text.trim().strip_suffix('%').and_then(|digits| exact(digits.trim()));
    if number.is_none() {
        findings.add(table.place(key), Code::RateNeedsPercent, format!("`{key}` must be a percentage such as \"5%\", not \"{text}\""));
    }
    number
}

fn unit(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Unit> {
    match table.text("unit", findings)? {
        "points" => Some(Unit::POINTS),
        "money" => None,
        other => {
            findings.add(table.place("unit"), Code::BadValue, format!("`unit` is \"money\" or \"points\", not \"{other}\""));
            None
        }
    }
}

fn terms(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Terms> {
    table.only(&["method", "condition", "expires"], findings);
    let methods = [
        ("on_request", SpendMethod::OnRequest),
        ("instant", SpendMethod::Instant),
        ("voucher", SpendMethod::Voucher),
        ("automatic", SpendMethod::Automatic),
    ];
    let method = table.word("method", &methods, findings).unwrap_or(SpendMethod::OnRequest);
    let condition = condition(table, "condition", findings);
    let mut kinds: Vec<u8> = condition.iter().flat_map(Condition::facts).map(|fact| kind_of_condition(fact.root, fact.field)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    // A lot without a rank may be used anywhere, so a condition counts that asks about nothing.
    let rank = kinds.len().max(usize::from(condition.is_some()));
    let expiry = match table.text("expires", findings) {
        None => Expiry::Never,
        Some(text) => expiry(text).unwrap_or_else(|| {
            let text = format!(
                "`expires` is \"never\", such as \"30 days\", \"3 months\", \"end of month\", \"end of year + 1\", or a date, not \"{text}\""
            );
            findings.add(table.place("expires"), Code::BadValue, text);
            Expiry::Never
        }),
    };
    Some(Terms { method, condition, rank: i16::try_from(rank).unwrap_or(i16::MAX), expiry })
}

fn expiry(text: &str) -> Option<Expiry> {
    let text = text.trim();
    let later = |rest: &str| match rest.trim() {
        "" => Some(0),
        rest => rest.strip_prefix('+')?.trim().parse::<u16>().ok().filter(|n| *n <= 100).map(i32::from),
    };
    match text {
        "never" => Some(Expiry::Never),
        _ if text.starts_with("end of month") => later(&text["end of month".len()..]).map(Expiry::EndOfMonth),
        _ if text.starts_with("end of year") => later(&text["end of year".len()..]).map(Expiry::EndOfYear),
        _ => match span(text) {
            Some((days, 0)) => Some(Expiry::Days(days)),
            Some((_, months)) => Some(Expiry::Months(months)),
            None => text.parse().ok().map(Expiry::On),
        },
    }
}
