//! Why a condition does not hold: the first part that fails, with the values it saw.

use super::eval::{Context, eval, truth};
use super::node::{Function, Node};
use super::value::Value;

/// The part of a condition that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The part, as an expression: `sale.status == "won"`.
    pub part: String,
    /// What it read, with the values found: (`sale.status`, `'open'`).
    pub values: Vec<(String, String)>,
    /// A sentence: `sale.status is 'open', must be 'won'`.
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
    let shown = |node: &Node| eval(node, context).map_or_else(|error| error.to_string(), |value| value.to_string());
    match node {
        Node::Compare(comparison, a, b) => {
            let (comparison, a, b) = if matches!(**a, Node::Constant(_)) { (comparison.mirrored(), b, a) } else { (*comparison, a, b) };
            let other = if matches!(**b, Node::Constant(_)) { String::new() } else { format!("{b}, which is ") };
            format!("{a} is {}, {} {other}{}", shown(a), comparison.demand(), shown(b))
        }
        Node::In(item, list) => match &**list {
            Node::List(_) => format!("{item} is {}, must be one of {}", shown(item), shown(list)),
            other => format!("{other} is {}, must contain {}", or_none(shown(other)), shown(item)),
        },
        Node::Has(inner) => format!("{inner} is missing"),
        Node::Call(function @ (Function::StartsWith | Function::EndsWith | Function::Contains), _, arguments) if arguments.len() == 2 => {
            let verb = match function {
                Function::StartsWith => "start with",
                Function::EndsWith => "end with",
                _ => "contain",
            };
            format!("{} is {}, must {verb} {}", arguments[0], shown(&arguments[0]), shown(&arguments[1]))
        }
        Node::Matches(inner, pattern, _) => format!("{inner} is {}, must match '{pattern}'", shown(inner)),
        Node::Constant(Value::Truth(false)) => "the condition is always false".to_owned(),
        _ => {
            let seen = values.iter().map(|(name, value)| format!("{name} is {value}")).collect::<Vec<_>>().join(", ");
            if seen.is_empty() { format!("`{node}` does not hold") } else { format!("`{node}` does not hold: {seen}") }
        }
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { "empty".to_owned() } else { text }
}
