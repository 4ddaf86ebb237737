//! Vocabularies: names over other facts than those of a plain sale, such as a basket at the till.

use std::fmt;

use super::nearest::suggestion;
use super::node::{Comparison, Node};
use super::value::{Type, Value};

/// What a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactType {
    /// True or false.
    Truth,
    /// An exact decimal.
    Number,
    /// Text.
    Text,
    /// A civil day.
    Day,
    /// A list of texts.
    List,
}

impl FactType {
    const fn kind(self) -> Type {
        match self {
            Self::Truth => Type::Truth,
            Self::Number => Type::Number,
            Self::Text => Type::Text,
            Self::Day => Type::Day,
            Self::List => Type::List,
        }
    }
}

/// A field of a root: name, type, and what people call it.
type Field = (&'static str, FactType, &'static str);

/// The roots and their fields: `line.brand` is field `brand` of root `line`.
#[derive(Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// What is described, as messages say it: `a basket`.
    pub subject: &'static str,
    /// Each root with its fields.
    pub roots: &'static [(&'static str, &'static [Field])],
}

/// A fact by its place in a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Place of the root.
    pub root: usize,
    /// Place of the field within its root.
    pub field: usize,
    names: (&'static str, &'static str),
    words: &'static str,
}

impl Fact {
    /// What people call it: `the family`; of what is true or false a sentence: `it is the customer’s birthday`.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        self.words
    }

    /// The field's name without its root.
    pub(super) const fn name(&self) -> &'static str {
        self.names.1
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.names.0, self.names.1)
    }
}

impl Vocabulary {
    /// The fact with this name and its type, or what is wrong with the name.
    pub(super) fn find(&self, root: &str, name: &str) -> Result<(Fact, Type), String> {
        let at = self.roots.iter().position(|(known, _)| *known == root).ok_or_else(|| self.about_name(root))?;
        let (root, fields) = self.roots[at];
        let field = fields.iter().position(|(known, ..)| *known == name);
        let field = field.ok_or_else(|| {
            let hint = suggestion(name, fields.iter().map(|(known, ..)| *known));
            format!("`{root}.{name}` is not a field of {}{hint}", self.subject)
        })?;
        let (name, kind, words) = fields[field];
        Ok((Fact { root: at, field, names: (root, name), words }, kind.kind()))
    }

    /// What is wrong with a name that stands alone.
    pub(super) fn about_name(&self, name: &str) -> String {
        if let Some((root, fields)) = self.roots.iter().find(|(root, _)| *root == name) {
            let example = fields.first().map_or("", |(field, ..)| field);
            return format!("`{root}` needs a field, such as `{root}.{example}`");
        }
        let beside = self.roots.iter().find(|(_, fields)| fields.iter().any(|(field, ..)| *field == name));
        match beside {
            Some((root, _)) => format!("`{name}` is not known; did you mean `{root}.{name}`?"),
            None => format!("`{name}` is not known{}", suggestion(name, self.roots.iter().map(|(root, _)| *root))),
        }
    }
}

pub(super) fn collect(node: &Node, facts: &mut Vec<Fact>) {
    if let Node::Fact(fact) = node
        && !facts.contains(fact)
    {
        facts.push(*fact);
    }
    for child in node.children() {
        collect(child, facts);
    }
}

/// The parts that must all hold and compare a text fact with literals.
pub(super) fn demands(root: &Node) -> Vec<(Fact, Vec<String>)> {
    let parts = match root {
        Node::All(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    parts.iter().filter_map(demand).collect()
}

fn demand(part: &Node) -> Option<(Fact, Vec<String>)> {
    let literal = |node: &Node| match node {
        Node::Constant(Value::Text(text)) => Some(text.to_string()),
        _ => None,
    };
    match part {
        Node::Compare(Comparison::Equal, a, b) => match (&**a, &**b) {
            (Node::Fact(fact), other) | (other, Node::Fact(fact)) => Some((*fact, vec![literal(other)?])),
            _ => None,
        },
        Node::In(item, list) => match (&**item, &**list) {
            (Node::Fact(fact), Node::List(items)) => Some((*fact, items.iter().map(literal).collect::<Option<_>>()?)),
            _ => None,
        },
        _ => None,
    }
}
