//! Conditions and formulas of programs, written in CEL (Common Expression Language).
//!
//! A condition is parsed and checked once, when its program is: names must be known, types must fit, and its cost is
//! limited. It is evaluated over exact decimals. What a sale lacks is null: null equals only null, every other
//! comparison with it is false, and arithmetic with it is null, so a missing value never raises an error by itself.

mod compile;
mod eval;
mod explain;
pub(crate) mod facts;
mod fields;
pub(crate) mod nearest;
mod node;
mod scan;
mod value;
mod vocabulary;
mod words;

pub use crate::sale::{NumberField, TextField};
pub use eval::{Context, EvalError, RepContext};
pub use explain::Failed;
pub use facts::{Originals, SaleFacts, SaleRef};
pub use fields::ResultField;
pub(crate) use fields::{text_field, text_field_names};
pub use value::Value;
pub use vocabulary::{Fact, FactType, Vocabulary};

use node::Node;

use crate::money::Exact;

/// What an expression must result in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// True or false: a condition.
    Truth,
    /// A number: a formula.
    Number,
    /// Text: a group.
    Text,
    /// A day: when something is due.
    Day,
    /// Names of people: a text, or a list of texts.
    Names,
}

/// What an expression looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// One sale.
    Sale,
    /// One sale that credited somebody, and the manager who gets an override on it.
    Override,
    /// The credits of a whole period.
    Result,
    /// Somebody and their variables, before anything is credited.
    Person,
    /// Other facts, by a vocabulary of their own.
    Facts(&'static Vocabulary),
}

/// Why an expression is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionCode {
    /// Not an expression.
    Unreadable,
    /// A field that does not exist.
    UnknownField,
    /// A function that does not exist.
    UnknownFunction,
    /// Types that do not fit together.
    WrongType,
    /// A literal (number, date, pattern) that cannot be used.
    BadLiteral,
    /// Too long, too deep or too dear.
    TooComplex,
}

impl ConditionCode {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "condition_unreadable",
            Self::UnknownField => "condition_unknown_field",
            Self::UnknownFunction => "condition_unknown_function",
            Self::WrongType => "condition_wrong_type",
            Self::BadLiteral => "condition_bad_literal",
            Self::TooComplex => "condition_too_complex",
        }
    }
}

/// An expression that cannot be used, with the place that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {text}")]
pub struct ConditionError {
    /// The kind.
    pub code: ConditionCode,
    /// Byte offset inside the expression.
    pub at: usize,
    /// What is wrong, for people.
    pub text: String,
}

/// A compiled condition or formula.
#[derive(Clone, Debug)]
pub struct Condition {
    root: Node,
    source: Box<str>,
    uses_originals: bool,
    uses_rep: bool,
    uses_manager: bool,
    uses_money: bool,
}

impl Condition {
    /// Compiles `source`, which must result in what is wanted.
    pub fn compile(source: &str, want: Want) -> Result<Self, ConditionError> {
        Self::compile_over(source, want, Over::Sale)
    }

    /// Compiles an expression over a sale or over the results of a period.
    pub fn compile_over(source: &str, want: Want, over: Over) -> Result<Self, ConditionError> {
        let root = compile::compile(source, want, over)?;
        let uses_originals = root.any(&|node| matches!(node, Node::Original(_)));
        let uses_manager = root.any(&|node| matches!(node, Node::Manager(_) | Node::ManagerVariable(_)));
        let uses_rep = uses_manager || root.any(&|node| matches!(node, Node::Rep(_) | Node::Variable(_) | Node::VariableOf(..)));
        let uses_money = root.any(&|node| match node {
            Node::Sale(field) => field.is_money(),
            Node::Call(function, ..) => *function == node::Function::Converted,
            _ => false,
        });
        Ok(Self { root, source: source.trim().into(), uses_originals, uses_rep, uses_manager, uses_money })
    }

    /// The text as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The condition as people say it: the family is “fish”. Only facts of a [`Vocabulary`] have words; the rest stands there as
    /// it was written.
    #[must_use]
    pub fn words(&self) -> String {
        words::sentence(&self.root)
    }

    /// Whether original columns are read, so that the caller must offer them.
    #[must_use]
    pub const fn uses_originals(&self) -> bool {
        self.uses_originals
    }

    /// Whether the answer depends on the rep, and not on the sale alone.
    #[must_use]
    pub const fn uses_rep(&self) -> bool {
        self.uses_rep
    }

    /// Whether the answer depends on the manager who gets an override.
    #[must_use]
    pub const fn uses_manager(&self) -> bool {
        self.uses_manager
    }

    /// Whether amounts of money of the sale are read, which must be converted where it is in another currency.
    #[must_use]
    pub const fn uses_money(&self) -> bool {
        self.uses_money
    }

    /// Whether it reads what was earned in the period.
    pub(crate) fn reads_earned(&self) -> bool {
        self.root.any(&|node| matches!(node, Node::Result(ResultField::Earned, _)))
    }

    /// The names of the variables that are read, and whose they are where that is said.
    pub fn variables(&self) -> Vec<(Option<crate::program::Whose>, String)> {
        self.root.variables()
    }

    /// The facts of a vocabulary that are read, each once.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        vocabulary::collect(&self.root, &mut facts);
        facts
    }

    /// What a text fact must be one of, or the condition does not hold: what an index of conditions can go by.
    #[must_use]
    pub fn demands(&self) -> Vec<(Fact, Vec<String>)> {
        vocabulary::demands(&self.root)
    }

    /// Whether the condition holds. Null does not hold.
    pub fn holds(&self, context: &Context<'_>) -> Result<bool, EvalError> {
        eval::truth(&self.root, context)
    }

    /// The number that a formula results in; `None` for null.
    pub fn number(&self, context: &Context<'_>) -> Result<Option<Exact>, EvalError> {
        match eval::eval(&self.root, context)? {
            Value::Number(number) => Ok(Some(number)),
            _ => Ok(None),
        }
    }

    /// The day that a formula results in; `None` for null.
    pub fn day(&self, context: &Context<'_>) -> Result<Option<jiff::civil::Date>, EvalError> {
        match eval::eval(&self.root, context)? {
            Value::Day(day) => Ok(Some(day)),
            _ => Ok(None),
        }
    }

    /// The ids of the rules whose results are read.
    #[must_use]
    pub fn rules(&self) -> Vec<String> {
        self.root.rules()
    }

    /// The text that a group formula results in; `None` for null.
    pub fn text(&self, context: &Context<'_>) -> Result<Option<String>, EvalError> {
        match eval::eval(&self.root, context)? {
            Value::Text(text) => Ok(Some(text.into_owned())),
            _ => Ok(None),
        }
    }

    /// The names that a formula results in, as one text in which `||` stands between them; `None` for null.
    pub fn names(&self, context: &Context<'_>) -> Result<Option<String>, EvalError> {
        Ok(match eval::eval(&self.root, context)? {
            Value::Text(text) => Some(text.into_owned()),
            Value::List(items) => {
                let names: Vec<&str> =
                    items.iter().filter_map(|item| if let Value::Text(text) = item { Some(&**text) } else { None }).collect();
                Some(names.join("||"))
            }
            _ => None,
        })
    }

    /// The first part that does not hold, with the values it saw; `None` when the condition holds.
    #[must_use]
    pub fn why_not(&self, context: &Context<'_>) -> Option<Failed> {
        explain::why_not(&self.root, context)
    }
}

#[cfg(test)]
mod tests;
