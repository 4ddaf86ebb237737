//! Evaluation over exact decimals.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use super::facts::SaleRef;
use super::fields::{PeriodField, RepField, SaleField};
use super::node::{Comparison, DatePart, Function, Node, Operation};
use super::value::Value;
use crate::money::Exact;
use crate::people::{Beneficiary, Directory, team_variable_on, variable_on};
use crate::period::Period;
use crate::program::Whose;

/// Longest text that an expression may build.
const MAX_TEXT: usize = 10_000;

/// What an expression sees.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The sale.
    pub sale: SaleRef<'a>,
    /// The period of the calculation; gives the zone for days.
    pub period: &'a Period,
    /// The rep in question, where there is one.
    pub rep: Option<RepContext<'a>>,
}

/// The rep (or team) in question and where their variables come from.
#[derive(Clone, Copy)]
pub struct RepContext<'a> {
    /// The rep, or the team; a team has variables, but none of the fields of a rep.
    pub rep: Beneficiary<'a>,
    /// Where teams and managers are found.
    pub directory: &'a Directory,
    /// Variables of the program: they hold where the rep has none of that name.
    pub defaults: &'a BTreeMap<String, Exact>,
    /// Whoever gets an override on what the rep is credited.
    pub manager: Option<Beneficiary<'a>>,
}

/// An expression that has no answer for this sale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// Division or remainder by zero.
    #[error("`{0}` divides by zero")]
    DivisionByZero(String),
    /// A result beyond 28 digits.
    #[error("`{0}` leaves the range that can be kept exactly")]
    Overflow(String),
    /// A text that grows too long.
    #[error("`{0}` builds a text of more than 10,000 bytes")]
    TextTooLong(String),
    /// The sale's original columns were not offered.
    #[error("`{0}` needs the original columns of the sale")]
    NoOriginals(String),
}

impl EvalError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DivisionByZero(_) => "division_by_zero",
            Self::Overflow(_) => "amount_overflow",
            Self::TextTooLong(_) => "text_too_long",
            Self::NoOriginals(_) => "originals_missing",
        }
    }
}

pub(super) fn truth(node: &Node, context: &Context<'_>) -> Result<bool, EvalError> {
    match node {
        Node::All(parts) => {
            for part in parts {
                if !truth(part, context)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Node::Any(parts) => {
            for part in parts {
                if truth(part, context)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Node::Not(inner) => Ok(!truth(inner, context)?),
        other => Ok(matches!(eval(other, context)?, Value::Truth(true))),
    }
}

pub(super) fn eval<'a>(node: &'a Node, context: &Context<'a>) -> Result<Value<'a>, EvalError> {
    Ok(match node {
        Node::Constant(value) => borrowed(value),
        Node::Sale(field) => sale_field(*field, context),
        Node::Fact(fact) => context.sale.facts.fact(fact.root, fact.field),
        Node::Original(column) => {
            let originals = context.sale.originals.ok_or_else(|| EvalError::NoOriginals(node.to_string()))?;
            originals.original(column).map_or(Value::Null, Value::Text)
        }
        Node::Rep(field) => context.rep.map_or(Value::Null, |rep| rep_field(*field, rep, context.period.last_day())),
        Node::Manager(field) => managing(context).map_or(Value::Null, |manager| rep_field(*field, manager, context.period.last_day())),
        Node::ManagerVariable(name) => {
            managing(context).and_then(|manager| own_variable(name, manager, context)).map_or(Value::Null, Value::Number)
        }
        Node::Variable(name) => variable(name, context).map_or(Value::Null, Value::Number),
        Node::Result(field, rule) => context.sale.facts.result(*field, rule.as_deref()).map_or(Value::Null, Value::Number),
        Node::VariableOf(whose, name) => variable_of(*whose, name, context).map_or(Value::Null, Value::Number),
        Node::Period(PeriodField::FirstDay) => Value::Day(context.period.first_day()),
        Node::Period(PeriodField::LastDay) => Value::Day(context.period.last_day()),
        Node::Period(PeriodField::Label) => Value::Text(Cow::Owned(context.period.label())),
        Node::All(_) | Node::Any(_) | Node::Not(_) => Value::Truth(truth(node, context)?),
        Node::Has(inner) => Value::Truth(eval(inner, context)? != Value::Null),
        Node::Compare(comparison, a, b) => Value::Truth(compare(*comparison, &eval(a, context)?, &eval(b, context)?)),
        Node::Calculate(operation, a, b) => calculate(node, *operation, eval(a, context)?, eval(b, context)?)?,
        Node::Negate(inner) => match eval(inner, context)? {
            Value::Number(number) => Value::Number(-number),
            _ => Value::Null,
        },
        Node::If(three) => eval(if truth(&three[0], context)? { &three[1] } else { &three[2] }, context)?,
        Node::In(item, list) => {
            let item = eval(item, context)?;
            match &**list {
                Node::List(nodes) => Value::Truth(nodes.iter().any(|node| matches!(node, Node::Constant(value) if *value == item))),
                other => Value::Truth(matches!(eval(other, context)?, Value::List(items) if items.contains(&item))),
            }
        }
        Node::List(nodes) => Value::List(nodes.iter().map(|node| eval(node, context)).collect::<Result<_, _>>()?),
        Node::Call(function, _, arguments) => call(node, *function, arguments, context)?,
        Node::Matches(inner, _, regex) => match eval(inner, context)? {
            Value::Text(text) => Value::Truth(regex.is_match(&text)),
            _ => Value::Truth(false),
        },
    })
}

fn borrowed<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        other => other.clone(),
    }
}

fn sale_field<'a>(field: SaleField, context: &Context<'a>) -> Value<'a> {
    let facts = context.sale.facts;
    let text = |text: Option<&'a str>| text.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)));
    match field {
        SaleField::At => Value::Instant(facts.at()),
        SaleField::Day => Value::Day(context.period.zone().to_datetime(facts.at()).date()),
        SaleField::Currency => facts.currency().map_or(Value::Null, |unit| Value::Text(Cow::Owned(unit.code().to_owned()))),
        SaleField::UniqueId => text(context.sale.unique_id),
        SaleField::Number(field) => facts.number(field).map_or(Value::Null, Value::Number),
        SaleField::Text(field) => text(facts.text(field)),
        SaleField::OtherDate(index) => {
            let text = facts.text(super::TextField::OtherDate(index)).unwrap_or_default();
            // A timestamp counts by its own day.
            text.get(..10).and_then(|day| day.parse().ok()).map_or(Value::Null, Value::Day)
        }
    }
}

fn rep_field<'a>(field: RepField, context: RepContext<'a>, day: Date) -> Value<'a> {
    let Beneficiary::Rep(rep) = context.rep else { return Value::Null };
    let text = |text: Option<&'a str>| text.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)));
    match field {
        RepField::Name => text(Some(&rep.name)),
        RepField::Email => text(rep.email.as_deref()),
        RepField::ExternalId => text(rep.external_id.as_deref()),
        RepField::Tags => Value::List(rep.tags.iter().map(|tag| Value::Text(Cow::Borrowed(tag.as_str()))).collect()),
        RepField::Teams => {
            let held = rep.memberships.iter().filter(|membership| membership.holds_on(day));
            let teams = held.filter_map(|membership| context.directory.team(membership.team));
            Value::List(teams.map(|team| Value::Text(Cow::Borrowed(team.name.as_str()))).collect())
        }
        RepField::Manager => text(rep.manager.and_then(|id| context.directory.rep(id)).map(|manager| manager.name.as_str())),
    }
}

/// The rep's variable on the last day of the period, else the program's.
fn variable(name: &str, context: &Context<'_>) -> Option<Exact> {
    own_variable(name, context.rep?, context)
}

fn own_variable(name: &str, of: RepContext<'_>, context: &Context<'_>) -> Option<Exact> {
    variable_on(of.rep.variables(), name, context.period.last_day()).or_else(|| of.defaults.get(name).copied())
}

/// The manager, as whose own facts are read.
fn managing<'a>(context: &Context<'a>) -> Option<RepContext<'a>> {
    let rep = context.rep?;
    Some(RepContext { rep: rep.manager?, manager: None, ..rep })
}

/// The variable of the rep's team or of the program, on the last day of the period.
fn variable_of(whose: Whose, name: &str, context: &Context<'_>) -> Option<Exact> {
    let rep = context.rep?;
    match whose {
        Whose::Credited => variable(name, context),
        Whose::Team => team_variable_on(rep.directory, rep.rep, name, context.period.last_day()),
        Whose::Plan => rep.defaults.get(name).copied(),
    }
}

fn compare(comparison: Comparison, a: &Value<'_>, b: &Value<'_>) -> bool {
    match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        _ => {
            let ordering = match (a, b) {
                (Value::Number(a), Value::Number(b)) => a.cmp(b),
                (Value::Text(a), Value::Text(b)) => a.cmp(b),
                (Value::Day(a), Value::Day(b)) => a.cmp(b),
                (Value::Instant(a), Value::Instant(b)) => a.cmp(b),
                _ => return false,
            };
            match comparison {
                Comparison::Less => ordering == Ordering::Less,
                Comparison::LessOrEqual => ordering != Ordering::Greater,
                Comparison::Greater => ordering == Ordering::Greater,
                _ => ordering != Ordering::Less,
            }
        }
    }
}

fn calculate<'a>(node: &Node, operation: Operation, a: Value<'a>, b: Value<'a>) -> Result<Value<'a>, EvalError> {
    let (a, b) = match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a, b),
        (Value::Text(a), Value::Text(b)) => {
            if a.len() + b.len() > MAX_TEXT {
                return Err(EvalError::TextTooLong(node.to_string()));
            }
            return Ok(Value::Text(a + b));
        }
        _ => return Ok(Value::Null),
    };
    if b.is_zero() && matches!(operation, Operation::Divide | Operation::Remainder) {
        return Err(EvalError::DivisionByZero(node.to_string()));
    }
    let result = match operation {
        Operation::Add => a.checked_add(b),
        Operation::Subtract => a.checked_sub(b),
        Operation::Multiply => a.checked_mul(b),
        Operation::Divide => a.checked_div(b),
        Operation::Remainder => a.checked_rem(b),
    };
    result.map(Value::Number).ok_or_else(|| EvalError::Overflow(node.to_string()))
}

fn call<'a>(node: &'a Node, function: Function, arguments: &'a [Node], context: &Context<'a>) -> Result<Value<'a>, EvalError> {
    let Some(first) = arguments.first() else { return Ok(Value::Null) };
    let first = eval(first, context)?;
    let second = arguments.get(1).map(|argument| eval(argument, context)).transpose()?;
    Ok(match (function, first, second) {
        (Function::Lower, Value::Text(text), _) => Value::Text(Cow::Owned(text.to_lowercase())),
        (Function::Upper, Value::Text(text), _) => Value::Text(Cow::Owned(text.to_uppercase())),
        (Function::Trim, Value::Text(text), _) => Value::Text(Cow::Owned(text.trim().to_owned())),
        (Function::StartsWith, Value::Text(text), Some(Value::Text(part))) => Value::Truth(text.starts_with(&*part)),
        (Function::EndsWith, Value::Text(text), Some(Value::Text(part))) => Value::Truth(text.ends_with(&*part)),
        (Function::Contains, Value::Text(text), Some(Value::Text(part))) => Value::Truth(text.contains(&*part)),
        (Function::StartsWith | Function::EndsWith | Function::Contains, _, _) => Value::Truth(false),
        (Function::Size, Value::Text(text), _) => Value::Number(text.chars().count().into()),
        (Function::Size, Value::List(items), _) => Value::Number(items.len().into()),
        (Function::Size, _, _) => Value::Number(Exact::ZERO),
        (Function::Number, Value::Text(text), _) => text.trim().parse().map_or(Value::Null, Value::Number),
        (Function::Number, Value::Number(number), _) => Value::Number(number),
        (Function::Min, Value::Number(a), Some(Value::Number(b))) => Value::Number(a.min(b)),
        (Function::Max, Value::Number(a), Some(Value::Number(b))) => Value::Number(a.max(b)),
        (Function::Abs, Value::Number(number), _) => Value::Number(number.abs()),
        (Function::Floor, Value::Number(number), _) => Value::Number(number.floor()),
        (Function::Ceil, Value::Number(number), _) => Value::Number(number.ceil()),
        (Function::Converted, Value::Number(number), _) => context.sale.facts.converted(number).map_or(Value::Null, Value::Number),
        (Function::Round, Value::Number(number), places) => {
            let places = match places {
                Some(Value::Number(places)) => u32::try_from(places).map_err(|_| EvalError::Overflow(node.to_string()))?.min(28),
                _ => 0,
            };
            Value::Number(number.round_dp_with_strategy(places, rust_decimal::RoundingStrategy::MidpointAwayFromZero))
        }
        (Function::Date(part), Value::Day(day), _) => date_part(part, day.at(0, 0, 0, 0)),
        (Function::Date(part), Value::Instant(at), _) => date_part(part, context.period.zone().to_datetime(at)),
        _ => Value::Null,
    })
}

fn date_part<'a>(part: DatePart, at: DateTime) -> Value<'a> {
    let number = match part {
        DatePart::Year => i64::from(at.year()),
        DatePart::Quarter => i64::from((at.month() - 1) / 3 + 1),
        DatePart::Month => i64::from(at.month()),
        DatePart::MonthFromZero => i64::from(at.month() - 1),
        DatePart::DayOfMonth => i64::from(at.day()),
        DatePart::DayOfMonthFromZero => i64::from(at.day() - 1),
        DatePart::Weekday => i64::from(at.weekday().to_monday_one_offset()),
        DatePart::WeekdayFromSunday => i64::from(at.weekday().to_sunday_zero_offset()),
        DatePart::Hour => i64::from(at.hour()),
    };
    Value::Number(number.into())
}
