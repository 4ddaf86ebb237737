//! Why a condition does not hold: the first part that fails, with the values it saw.

use super::eval::{Context, eval, truth};
use super::node::{Function, Node};
use super::value::Value;
use super::words;

/// The part of a condition that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The part, as an expression: `sale.status == "won"`.
    pub part: String,
    /// What it read, with the values found: (`sale.status`, `'open'`).
    pub values: Vec<(String, String)>,
    /// A sentence: `sale.status is 'open', must be 'won'`. Facts of a vocabulary go by their words.
    pub text: String,
}

/// `None` when the condition holds.
pub(super) fn why_not(root: &Node, context: &Context<'_>) -> Option<Failed> {
    if let Node::All(parts) = root {
        return parts.iter().find_map(|part| why_not(part, context));
    }
    let failure = match truth(root, context) {
        Ok(true) => return None,
        Ok(false) => None,
        Err(error) => Some(error.to_string()),
    };
    let values = readings(root, context);
    let text = failure.unwrap_or_else(|| sentence(root, context, &values));
    Some(Failed { part: root.to_string(), values, text })
}

/// Everything that the part reads, once each, in reading order.
fn readings(node: &Node, context: &Context<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(node, context, &mut found);
    found
}

fn collect(node: &Node, context: &Context<'_>, found: &mut Vec<(String, String)>) {
    if node.is_reading() {
        let name = node.to_string();
        if !found.iter().any(|(known, _)| *known == name) {
            let value = eval(node, context).map_or_else(|error| error.to_string(), |value| value.to_string());
            found.push((name, value));
        }
    }
    for child in node.children() {
        collect(child, context, found);
    }
}

fn sentence(node: &Node, context: &Context<'_>, values: &[(String, String)]) -> String {
    let of = |node: &Node, beside: &Node| match eval(node, context) {
        Ok(value) => words::fact_of(beside).map_or_else(|| value.to_string(), |fact| words::value(&value, Some(fact))),
        Err(error) => error.to_string(),
    };
    let shown = |node: &Node| of(node, node);
    match node {
        Node::Compare(comparison, a, b) => {
            let (comparison, a, b) = if matches!(**a, Node::Constant(_)) { (comparison.mirrored(), b, a) } else { (*comparison, a, b) };
            let other = if matches!(**b, Node::Constant(_)) { String::new() } else { format!("{}, which is ", named(b)) };
            format!("{} is {}, {} {other}{}", named(a), shown(a), comparison.demand(), of(b, a))
        }
        Node::In(item, list) => match &**list {
            Node::List(_) => format!("{} is {}, must be one of {}", named(item), shown(item), of(list, item)),
            other => format!("{} is {}, must contain {}", named(other), or_none(shown(other)), of(item, other)),
        },
        Node::Has(inner) => format!("{} is missing", named(inner)),
        Node::Call(function @ (Function::StartsWith | Function::EndsWith | Function::Contains), _, arguments) if arguments.len() == 2 => {
            let verb = match function {
                Function::StartsWith => "start with",
                Function::EndsWith => "end with",
                _ => "contain",
            };
            format!("{} is {}, must {verb} {}", named(&arguments[0]), shown(&arguments[0]), of(&arguments[1], &arguments[0]))
        }
        Node::Matches(inner, pattern, _) => format!("{} is {}, must match '{pattern}'", named(inner), shown(inner)),
        Node::Constant(Value::Truth(false)) => "the condition is always false".to_owned(),
        other if other.any(&|node| matches!(node, Node::Fact(_))) => {
            let seen = seen_facts(other, context);
            let text = format!("it is not so that {}", words::sentence(other));
            if seen.is_empty() { text } else { format!("{text}: {seen}") }
        }
        _ => {
            let seen = values.iter().map(|(name, value)| format!("{name} is {value}")).collect::<Vec<_>>().join(", ");
            if seen.is_empty() { format!("`{node}` does not hold") } else { format!("`{node}` does not hold: {seen}") }
        }
    }
}

/// What a part is called: facts of a vocabulary by their words, all else as it was written.
fn named(node: &Node) -> String {
    if words::fact_of(node).is_some() { words::thing(node) } else { node.to_string() }
}

/// The facts that a part reads, with the values found. What is true or false is said by the part itself.
fn seen_facts(node: &Node, context: &Context<'_>) -> String {
    let mut facts = Vec::new();
    super::vocabulary::collect(node, &mut facts);
    let seen = facts.iter().filter_map(|fact| match eval(&Node::Fact(*fact), context).ok()? {
        Value::Truth(_) => None,
        value => Some(format!("{} is {}", fact.words(), words::value(&value, Some(fact)))),
    });
    seen.collect::<Vec<_>>().join(", ")
}

fn or_none(text: String) -> String {
    if text.is_empty() { "empty".to_owned() } else { text }
}
