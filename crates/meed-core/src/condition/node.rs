//! The compiled tree of a condition, and its text form.

use std::fmt;

use super::fields::{PERIOD, PeriodField, REP, RESULT, RULE_RESULTS, RepField, ResultField, SALE, SaleField};
use super::value::{Type, Value};
use super::vocabulary::Fact;
use crate::program::Whose;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Functions. Each may also be called as a method of its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Lower,
    Upper,
    Trim,
    StartsWith,
    EndsWith,
    Contains,
    Size,
    Number,
    Min,
    Max,
    Abs,
    Round,
    Floor,
    Ceil,
    /// An amount of the sale's currency in the program's.
    Converted,
    Date(DatePart),
}

/// Parts of a date. The `Get…` family counts as the CEL standard does; the plain one as people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatePart {
    Year,
    Quarter,
    Month,
    MonthFromZero,
    DayOfMonth,
    DayOfMonthFromZero,
    /// Monday is 1.
    Weekday,
    /// Sunday is 0.
    WeekdayFromSunday,
    Hour,
}

pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) function: Function,
    pub(super) arguments: &'static [&'static [Type]],
    pub(super) result: Type,
}

const TEXT: &[Type] = &[Type::Text];
const NUMBER: &[Type] = &[Type::Number];
const DATED: &[Type] = &[Type::Day, Type::Instant];

const fn signature(name: &'static str, function: Function, arguments: &'static [&'static [Type]], result: Type) -> Signature {
    Signature { name, function, arguments, result }
}

pub(super) const FUNCTIONS: [Signature; 29] = [
    signature("lower", Function::Lower, &[TEXT], Type::Text),
    signature("lowerAscii", Function::Lower, &[TEXT], Type::Text),
    signature("upper", Function::Upper, &[TEXT], Type::Text),
    signature("upperAscii", Function::Upper, &[TEXT], Type::Text),
    signature("trim", Function::Trim, &[TEXT], Type::Text),
    signature("startsWith", Function::StartsWith, &[TEXT, TEXT], Type::Truth),
    signature("endsWith", Function::EndsWith, &[TEXT, TEXT], Type::Truth),
    signature("contains", Function::Contains, &[TEXT, TEXT], Type::Truth),
    signature("size", Function::Size, &[&[Type::Text, Type::List]], Type::Number),
    signature("number", Function::Number, &[&[Type::Text, Type::Number]], Type::Number),
    signature("double", Function::Number, &[&[Type::Text, Type::Number]], Type::Number),
    signature("min", Function::Min, &[NUMBER, NUMBER], Type::Number),
    signature("max", Function::Max, &[NUMBER, NUMBER], Type::Number),
    signature("abs", Function::Abs, &[NUMBER], Type::Number),
    signature("round", Function::Round, &[NUMBER, NUMBER], Type::Number),
    signature("floor", Function::Floor, &[NUMBER], Type::Number),
    signature("ceil", Function::Ceil, &[NUMBER], Type::Number),
    signature("converted", Function::Converted, &[NUMBER], Type::Number),
    signature("year", Function::Date(DatePart::Year), &[DATED], Type::Number),
    signature("quarter", Function::Date(DatePart::Quarter), &[DATED], Type::Number),
    signature("month", Function::Date(DatePart::Month), &[DATED], Type::Number),
    signature("dayOfMonth", Function::Date(DatePart::DayOfMonth), &[DATED], Type::Number),
    signature("weekday", Function::Date(DatePart::Weekday), &[DATED], Type::Number),
    signature("getFullYear", Function::Date(DatePart::Year), &[DATED], Type::Number),
    signature("getMonth", Function::Date(DatePart::MonthFromZero), &[DATED], Type::Number),
    signature("getDate", Function::Date(DatePart::DayOfMonth), &[DATED], Type::Number),
    signature("getDayOfMonth", Function::Date(DatePart::DayOfMonthFromZero), &[DATED], Type::Number),
    signature("getDayOfWeek", Function::Date(DatePart::WeekdayFromSunday), &[DATED], Type::Number),
    signature("getHours", Function::Date(DatePart::Hour), &[DATED], Type::Number),
];

/// Names that are read apart from [`FUNCTIONS`], for suggestions.
pub(super) const SPECIAL_FUNCTIONS: [&str; 11] =
    ["var", "team_var", "plan_var", "manager_var", "has", "matches", "date", "timestamp", "credited", "earned", "count"];

#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Value<'static>),
    Sale(SaleField),
    Fact(Fact),
    Original(Box<str>),
    Rep(RepField),
    Variable(Box<str>),
    VariableOf(Whose, Box<str>),
    /// Whoever gets an override.
    Manager(RepField),
    ManagerVariable(Box<str>),
    Period(PeriodField),
    Result(ResultField, Option<Box<str>>),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Has(Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Calculate(Operation, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    If(Box<[Node; 3]>),
    In(Box<Node>, Box<Node>),
    List(Vec<Node>),
    Call(Function, &'static str, Vec<Node>),
    Matches(Box<Node>, Box<str>, regex_lite::Regex),
}

impl Node {
    /// The children, in reading order.
    pub(super) fn children(&self) -> Vec<&Node> {
        match self {
            Self::Constant(_)
            | Self::Sale(_)
            | Self::Fact(_)
            | Self::Original(_)
            | Self::Rep(_)
            | Self::Variable(_)
            | Self::VariableOf(..)
            | Self::Manager(_)
            | Self::ManagerVariable(_)
            | Self::Period(_)
            | Self::Result(..) => Vec::new(),
            Self::Not(a) | Self::Has(a) | Self::Negate(a) | Self::Matches(a, _, _) => vec![a],
            Self::All(all) | Self::Any(all) | Self::List(all) | Self::Call(_, _, all) => all.iter().collect(),
            Self::Compare(_, a, b) | Self::Calculate(_, a, b) | Self::In(a, b) => vec![a, b],
            Self::If(three) => three.iter().collect(),
        }
    }

    /// Whether any node of the tree passes the test.
    pub(super) fn any(&self, test: &dyn Fn(&Node) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.any(test))
    }

    /// The names of the variables in the tree, in reading order.
    pub(super) fn variables(&self) -> Vec<(Option<Whose>, String)> {
        match self {
            Self::Variable(name) => vec![(None, name.to_string())],
            Self::VariableOf(whose, name) => vec![(Some(*whose), name.to_string())],
            other => other.children().into_iter().flat_map(Node::variables).collect(),
        }
    }

    /// The ids of the rules whose results are read, in reading order.
    pub(super) fn rules(&self) -> Vec<String> {
        match self {
            Self::Result(_, Some(rule)) => vec![rule.to_string()],
            other => other.children().into_iter().flat_map(Node::rules).collect(),
        }
    }

    /// Whether this is a value that a reason should show: a field, a variable, an original column.
    pub(super) const fn is_reading(&self) -> bool {
        matches!(
            self,
            Self::Sale(_)
                | Self::Fact(_)
                | Self::Original(_)
                | Self::Rep(_)
                | Self::Variable(_)
                | Self::VariableOf(..)
                | Self::Manager(_)
                | Self::ManagerVariable(_)
                | Self::Period(_)
                | Self::Result(..)
        )
    }

    fn strength(&self) -> u8 {
        match self {
            Self::Has(inner) if matches!(**inner, Self::Original(_)) => 3,
            Self::If(_) => 0,
            Self::Any(_) => 1,
            Self::All(_) => 2,
            Self::Compare(..) | Self::In(..) => 3,
            Self::Calculate(Operation::Add | Operation::Subtract, ..) => 4,
            Self::Calculate(..) => 5,
            Self::Not(_) | Self::Negate(_) => 6,
            _ => 7,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, outer: u8) -> fmt::Result {
        if self.strength() < outer { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

struct Inner<'a>(&'a Node, u8);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, self.1)
    }
}

fn joined(f: &mut fmt::Formatter<'_>, nodes: &[Node], between: &str, strength: u8) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        write!(f, "{}{}", if index == 0 { "" } else { between }, Inner(node, strength))?;
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(Value::Text(text)) => f.write_str(&quoted(text)),
            Self::Constant(Value::Null) => f.write_str("null"),
            Self::Constant(Value::Day(day)) => write!(f, "date(\"{day}\")"),
            Self::Constant(Value::Instant(at)) => write!(f, "timestamp(\"{at}\")"),
            Self::Constant(value) => write!(f, "{value}"),
            Self::Sale(field) => write!(f, "sale.{}", SALE.iter().find(|(_, known)| known == field).map_or("?", |(name, _)| name)),
            Self::Fact(fact) => write!(f, "{fact}"),
            Self::Original(column) => write!(f, "sale.original[{}]", quoted(column)),
            Self::Rep(field) => write!(f, "rep.{}", REP.iter().find(|(_, known)| known == field).map_or("?", |(name, _)| name)),
            Self::Manager(field) => write!(f, "manager.{}", REP.iter().find(|(_, known)| known == field).map_or("?", |(name, _)| name)),
            Self::ManagerVariable(name) => write!(f, "manager_var({})", quoted(name)),
            Self::Variable(name) => write!(f, "var({})", quoted(name)),
            Self::VariableOf(whose, name) => write!(f, "{}_var({})", whose.name(), quoted(name)),
            Self::Period(field) => write!(f, "period.{}", PERIOD.iter().find(|(_, known)| known == field).map_or("?", |(name, _)| name)),
            Self::Result(field, None) => {
                write!(f, "result.{}", RESULT.iter().find(|(_, known)| known == field).map_or("?", |(name, _)| name))
            }
            Self::Result(field, Some(rule)) => {
                let name = RULE_RESULTS.iter().find(|(_, known)| known == field).map_or("?", |(name, _)| name);
                write!(f, "{name}({})", quoted(rule))
            }
            Self::Not(inner) => write!(f, "!{}", Inner(inner, 7)),
            Self::Negate(inner) => write!(f, "-{}", Inner(inner, 7)),
            Self::All(nodes) => joined(f, nodes, " && ", 3),
            Self::Any(nodes) => joined(f, nodes, " || ", 2),
            Self::Has(inner) if matches!(**inner, Self::Original(_)) => write!(f, "{inner} != null"),
            Self::Has(inner) => write!(f, "has({inner})"),
            Self::Compare(comparison, a, b) => write!(f, "{} {} {}", Inner(a, 4), comparison.symbol(), Inner(b, 4)),
            Self::Calculate(operation, a, b) => {
                let strength = self.strength();
                write!(f, "{} {} {}", Inner(a, strength), operation.symbol(), Inner(b, strength + 1))
            }
            Self::If(three) => write!(f, "{} ? {} : {}", Inner(&three[0], 1), Inner(&three[1], 1), Inner(&three[2], 0)),
            Self::In(a, b) => write!(f, "{} in {}", Inner(a, 4), Inner(b, 4)),
            Self::List(nodes) => {
                f.write_str("[")?;
                joined(f, nodes, ", ", 0)?;
                f.write_str("]")
            }
            Self::Call(_, name, arguments) => {
                write!(f, "{name}(")?;
                joined(f, arguments, ", ", 0)?;
                f.write_str(")")
            }
            Self::Matches(inner, pattern, _) => write!(f, "matches({inner}, {})", quoted(pattern)),
        }
    }
}

impl Comparison {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// `must be …` of a reason.
    pub(super) const fn demand(self) -> &'static str {
        match self {
            Self::Equal => "must be",
            Self::NotEqual => "must not be",
            Self::Less => "must be less than",
            Self::LessOrEqual => "must be at most",
            Self::Greater => "must be more than",
            Self::GreaterOrEqual => "must be at least",
        }
    }

    /// The comparison with its sides exchanged.
    pub(super) const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

impl Operation {
    const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
