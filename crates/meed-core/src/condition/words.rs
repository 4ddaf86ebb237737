//! Conditions over a vocabulary as people say them: `line.family == "fish"` is: the family is “fish”.
//!
//! What has no words (formulas with functions, conditionals) stands there as it was written.

use super::node::{Comparison, Function, Node, Operation};
use super::value::Value;
use super::vocabulary::Fact;
use crate::money::Exact;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A condition as a sentence without a capital letter and a full stop.
pub(super) fn sentence(node: &Node) -> String {
    match node {
        Node::All(parts) => joined(parts, " and "),
        Node::Any(parts) => joined(parts, " or "),
        Node::Not(inner) => denied(inner),
        Node::Has(inner) => format!("{} is known", thing(inner)),
        Node::Compare(comparison, a, b) => compared(*comparison, a, b),
        Node::In(item, list) => among(item, list, true),
        Node::Matches(inner, pattern, _) => format!("{} matches the pattern “{pattern}”", thing(inner)),
        Node::Call(function, _, arguments) => match (function, arguments.as_slice()) {
            (Function::StartsWith, [a, b]) => format!("{} begins with {}", thing(a), thing(b)),
            (Function::EndsWith, [a, b]) => format!("{} ends with {}", thing(a), thing(b)),
            (Function::Contains, [a, b]) => format!("{} contains {}", thing(a), thing(b)),
            _ => node.to_string(),
        },
        other => thing(other),
    }
}

/// Parts in a row. What is joined otherwise inside stands in brackets.
fn joined(parts: &[Node], between: &str) -> String {
    parts.iter().map(bracketed).collect::<Vec<_>>().join(between)
}

/// A part of a greater whole: it can be told where it ends.
fn bracketed(node: &Node) -> String {
    match node {
        Node::All(_) | Node::Any(_) => format!("({})", sentence(node)),
        other => sentence(other),
    }
}

/// A condition that must not hold.
fn denied(node: &Node) -> String {
    match node {
        Node::Not(inner) => bracketed(inner),
        Node::Fact(fact) => fact.words().replacen(" is ", " is not ", 1),
        Node::Has(inner) => format!("{} is not known", thing(inner)),
        Node::Compare(Comparison::Equal, a, b) => compared(Comparison::NotEqual, a, b),
        Node::Compare(Comparison::NotEqual, a, b) => compared(Comparison::Equal, a, b),
        Node::In(item, list) => among(item, list, false),
        other => format!("it is not so that {}", bracketed(other)),
    }
}

fn compared(comparison: Comparison, a: &Node, b: &Node) -> String {
    if matches!(a, Node::Constant(_)) && !matches!(b, Node::Constant(_)) {
        return compared(comparison.mirrored(), b, a);
    }
    let is_equal = comparison == Comparison::Equal;
    match (comparison, b) {
        (Comparison::Equal | Comparison::NotEqual, Node::Constant(Value::Truth(truth))) => {
            return if is_equal == *truth { bracketed(a) } else { denied(a) };
        }
        (Comparison::Equal | Comparison::NotEqual, Node::Constant(Value::Null)) => {
            return format!("{} {}", thing(a), if is_equal { "is not known" } else { "is known" });
        }
        _ => {}
    }
    let of = fact_of(a);
    if let (Some("hour"), Node::Constant(Value::Number(hour))) = (of.map(Fact::name), b) {
        return clock(comparison, *hour);
    }
    let is_time = of.is_some_and(|fact| matches!(fact.name(), "day" | "weekday" | "month" | "time"));
    let (a, b) = (thing(a), as_of(b, of));
    match comparison {
        Comparison::Equal => format!("{a} is {b}"),
        Comparison::NotEqual => format!("{a} is not {b}"),
        Comparison::Less if is_time => format!("{a} is before {b}"),
        Comparison::LessOrEqual if is_time => format!("{a} is {b} or earlier"),
        Comparison::Greater if is_time => format!("{a} is after {b}"),
        Comparison::GreaterOrEqual if is_time => format!("{a} is {b} or later"),
        Comparison::Less => format!("{a} is below {b}"),
        Comparison::LessOrEqual => format!("{a} is at most {b}"),
        Comparison::Greater => format!("{a} is above {b}"),
        Comparison::GreaterOrEqual => format!("{a} is at least {b}"),
    }
}

/// Hours as the clock shows them: hour 14 lasts from 14:00 until 15:00.
fn clock(comparison: Comparison, hour: Exact) -> String {
    let (at, next) = (hour.normalize(), (hour + Exact::ONE).normalize());
    match comparison {
        Comparison::Equal => format!("it is between {at}:00 and {next}:00"),
        Comparison::NotEqual => format!("it is not between {at}:00 and {next}:00"),
        Comparison::Less => format!("it is before {at}:00"),
        Comparison::LessOrEqual => format!("it is before {next}:00"),
        Comparison::Greater => format!("it is {next}:00 or later"),
        Comparison::GreaterOrEqual => format!("it is {at}:00 or later"),
    }
}

fn among(item: &Node, list: &Node, is_in: bool) -> String {
    match list {
        Node::List(items) => {
            let of = fact_of(item);
            let all: Vec<String> = items.iter().map(|node| as_of(node, of)).collect();
            match (all.as_slice(), is_in) {
                ([only], true) => format!("{} is {only}", thing(item)),
                ([only], false) => format!("{} is not {only}", thing(item)),
                ([most @ .., last], true) => format!("{} is {} or {last}", thing(item), most.join(", ")),
                (all, _) => format!("{} is none of {}", thing(item), all.join(", ")),
            }
        }
        other => format!("{} {} {}", thing(other), if is_in { "include" } else { "do not include" }, thing(item)),
    }
}

/// What is spoken of.
pub(super) fn thing(node: &Node) -> String {
    match node {
        Node::Fact(fact) => fact.words().to_owned(),
        Node::Constant(constant) => value(constant, None),
        Node::Call(Function::Lower | Function::Upper | Function::Trim, _, arguments) if arguments.len() == 1 => thing(&arguments[0]),
        Node::Calculate(operation, a, b) => {
            let word = match operation {
                Operation::Add => "plus",
                Operation::Subtract => "minus",
                Operation::Multiply => "times",
                Operation::Divide => "divided by",
                Operation::Remainder => return node.to_string(),
            };
            format!("{} {word} {}", thing(a), thing(b))
        }
        other => other.to_string(),
    }
}

/// The fact that a node is, whatever is done with its letters.
pub(super) fn fact_of(node: &Node) -> Option<&Fact> {
    match node {
        Node::Fact(fact) => Some(fact),
        Node::Call(Function::Lower | Function::Upper | Function::Trim, _, arguments) => arguments.first().and_then(fact_of),
        _ => None,
    }
}

fn as_of(node: &Node, of: Option<&Fact>) -> String {
    if let Node::Constant(constant) = node { value(constant, of) } else { thing(node) }
}

/// A value, as one of a fact: weekdays and months by their names.
pub(super) fn value(of_value: &Value<'_>, of: Option<&Fact>) -> String {
    let named = |names: &[&str], number: &Exact| {
        let place = usize::try_from(number.trunc().mantissa()).ok().and_then(|number| number.checked_sub(1));
        place.and_then(|place| names.get(place).map(|name| (*name).to_owned()))
    };
    match of_value {
        Value::Null => "not known".to_owned(),
        Value::Truth(truth) => if *truth { "so" } else { "not so" }.to_owned(),
        Value::Text(text) => format!("“{text}”"),
        Value::Day(day) => day.strftime("%-d %B %Y").to_string(),
        Value::Number(number) => {
            let number = number.normalize();
            let name = match of.map(Fact::name) {
                Some("weekday") => named(&WEEKDAYS, &number),
                Some("month") => named(&MONTHS, &number),
                _ => None,
            };
            name.unwrap_or_else(|| number.to_string())
        }
        Value::List(items) if items.is_empty() => "empty".to_owned(),
        Value::List(items) => items.iter().map(|item| value(item, of)).collect::<Vec<_>>().join(", "),
        Value::Instant(at) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::condition::{Condition, Over, Want};
    use crate::loyalty::BASKET;

    #[test]
    fn conditions_are_said_in_words() {
        for (source, words) in [
            ("line.family == 'fish'", "the family is “fish”"),
            ("'fish' != line.family.lower()", "the family is not “fish”"),
            ("line.family in ['fish', 'meat', 'fruit']", "the family is “fish”, “meat” or “fruit”"),
            ("!(line.family in ['fish', 'meat'])", "the family is none of “fish”, “meat”"),
            ("'vegan' in line.categories", "the categories include “vegan”"),
            ("sale.hour >= 14 && sale.hour < 17", "it is 14:00 or later and it is before 17:00"),
            ("sale.weekday in [6, 7] || sale.month == 12", "the weekday is Saturday or Sunday or the month is December"),
            ("17 > sale.hour", "it is before 17:00"),
            ("sale.weekday >= 6", "the weekday is Saturday or later"),
            ("sale.day < date('2026-05-01')", "the day is before 1 May 2026"),
            ("sale.total >= 50.00 && !customer.company", "the total of the purchase is at least 50 and the customer is not a company"),
            ("customer.birthday == true", "it is the customer’s birthday"),
            ("sale.promo_code == null", "the promo code is not known"),
            ("has(sale.promo_code)", "the promo code is known"),
            ("line.product.startsWith('W-')", "the product begins with “W-”"),
            ("line.total / line.quantity > 3", "the total of the line divided by the quantity of the line is above 3"),
            (
                "line.brand == 'A' && (line.family == 'x' || sale.unit == 'y')",
                "the brand is “A” and (the family is “x” or the store is “y”)",
            ),
            (
                "!(line.brand == 'A' && line.family == 'x') && sale.unit == 'y'",
                "it is not so that (the brand is “A” and the family is “x”) and the store is “y”",
            ),
            (
                "!!(line.brand == 'A' || line.family == 'x') && sale.unit == 'y'",
                "(the brand is “A” or the family is “x”) and the store is “y”",
            ),
            (
                "(line.brand == 'A' || line.family == 'x') == true && sale.unit == 'y'",
                "(the brand is “A” or the family is “x”) and the store is “y”",
            ),
            ("round(line.total, 0) == 3", "round(line.total, 0) is 3"),
        ] {
            let condition = Condition::compile_over(source, Want::Truth, Over::Facts(&BASKET)).expect(source);
            assert_eq!(condition.words(), words, "{source}");
        }
    }
}
