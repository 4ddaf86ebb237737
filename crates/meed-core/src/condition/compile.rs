//! From text to the compiled tree: parsed as CEL, then names, types and cost are checked.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::Parser;
use std::borrow::Cow;

use super::fields::{PERIOD, REP, RESULT, RULE_RESULTS, SALE};
use super::nearest::suggestion;
use super::node::{Comparison, FUNCTIONS, Function, Node, Operation, SPECIAL_FUNCTIONS};
use super::scan::{VARIABLE_CALL, prepare};
use super::value::{Type, Value};
use super::{ConditionCode, ConditionError, Over, Want};
use crate::program::Whose;

/// Deepest tree that is kept; evaluation recurses this deep at most.
const MAX_TREE: usize = 48;
/// Dearest condition, in steps: a field or an operator is one step, a text function five, a pattern fifty.
const MAX_COST: usize = 1_500;
/// The grammar's parser is generous with its stack, so it gets one of its own.
const PARSER_STACK: usize = 32 << 20;

type Typed = (Node, Type);

/// Compiles `source`, which must result in what is wanted.
pub(super) fn compile(source: &str, want: Want, over: Over) -> Result<Node, ConditionError> {
    let prepared = prepare(source)?;
    let worker = std::thread::Builder::new().stack_size(PARSER_STACK);
    let parsed = std::thread::scope(|scope| {
        let running = worker.spawn_scoped(scope, || parse_and_build(source, &prepared, want, over));
        running.ok().and_then(|thread| thread.join().ok())
    });
    parsed.unwrap_or_else(|| Err(ConditionError { code: ConditionCode::Unreadable, at: 0, text: "cannot be read".into() }))
}

fn parse_and_build(source: &str, prepared: &str, want: Want, over: Over) -> Result<Node, ConditionError> {
    let (tree, info) = Parser::new().parse_with_source_info(prepared).map_err(|errors| syntax_error(source, &errors))?;
    let mut builder = Builder { source, info: &info, over, cost: 0 };
    let (node, found) = builder.build(&tree, 0)?;
    let wanted: &[Type] = match want {
        Want::Truth => &[Type::Truth],
        Want::Number => &[Type::Number],
        Want::Text => &[Type::Text],
        Want::Day => &[Type::Day],
        Want::Names => &[Type::Text, Type::List],
    };
    if !wanted.contains(&found) && found != Type::Null {
        let wanted: Vec<&str> = wanted.iter().map(|kind| kind.name()).collect();
        return Err(ConditionError {
            code: ConditionCode::WrongType,
            at: 0,
            text: format!("must result in {}, not {}", wanted.join(" or "), found.name()),
        });
    }
    Ok(node)
}

/// The first complaint of the parser, in our words and at its byte.
fn syntax_error(source: &str, errors: &cel::ParseErrors) -> ConditionError {
    let Some(first) = errors.errors.first() else {
        return ConditionError { code: ConditionCode::Unreadable, at: 0, text: "cannot be read".into() };
    };
    let line = usize::try_from(first.pos.0.max(1)).unwrap_or(1);
    let column = usize::try_from(first.pos.1.max(1)).unwrap_or(1);
    let start: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let at = source[start..].char_indices().nth(column - 1).map_or(source.len(), |(offset, _)| start + offset);
    let at = at.min(source.len());
    let rest = source.get(at..).unwrap_or_default();
    let text = if rest.trim().is_empty() {
        "ends too early".to_owned()
    } else if rest.starts_with('=') && !rest.starts_with("==") {
        "has a single `=`; write `==` to compare".to_owned()
    } else {
        format!("cannot be read from `{}` on", rest.chars().take(20).collect::<String>())
    };
    ConditionError { code: ConditionCode::Unreadable, at, text }
}

struct Builder<'a> {
    source: &'a str,
    info: &'a SourceInfo,
    over: Over,
    cost: usize,
}

impl Builder<'_> {
    fn at(&self, id: u64) -> usize {
        self.info.offset_for(id).map_or(0, |(start, _)| start as usize)
    }

    fn refuse<T>(&self, id: u64, code: ConditionCode, text: String) -> Result<T, ConditionError> {
        Err(ConditionError { code, at: self.at(id), text })
    }

    fn spend(&mut self, id: u64, steps: usize) -> Result<(), ConditionError> {
        self.cost += steps;
        if self.cost > MAX_COST {
            return self.refuse(id, ConditionCode::TooComplex, format!("costs more than {MAX_COST} steps to evaluate"));
        }
        Ok(())
    }

    fn build(&mut self, expr: &IdedExpr, depth: usize) -> Result<Typed, ConditionError> {
        if depth > MAX_TREE {
            return self.refuse(expr.id, ConditionCode::TooComplex, format!("is nested deeper than {MAX_TREE} levels"));
        }
        self.spend(expr.id, 1)?;
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr.id, literal),
            Expr::Ident(name) => self.bare_name(expr.id, name),
            Expr::Select(select) => self.select(expr.id, select),
            Expr::List(list) => {
                let mut nodes = Vec::with_capacity(list.elements.len());
                let mut first = None;
                for element in &list.elements {
                    let (node, kind) = self.build(element, depth + 1)?;
                    if !matches!(node, Node::Constant(_)) {
                        return self.refuse(element.id, ConditionCode::WrongType, "a list holds literal values only".into());
                    }
                    if *first.get_or_insert(kind) != kind {
                        return self.refuse(element.id, ConditionCode::WrongType, "a list holds values of one type".into());
                    }
                    nodes.push(node);
                }
                Ok((Node::List(nodes), Type::List))
            }
            Expr::Call(call) => self.call(expr.id, call, depth),
            Expr::Comprehension(_) => self.refuse(
                expr.id,
                ConditionCode::UnknownFunction,
                "`all`, `exists`, `map` and `filter` are not available; use `in`".into(),
            ),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.refuse(expr.id, ConditionCode::Unreadable, "maps and messages are not available".into())
            }
        }
    }

    fn literal(&self, id: u64, literal: &LiteralValue) -> Result<Typed, ConditionError> {
        let number = |text: &str| {
            text.parse()
                .or_else(|_| crate::money::Exact::from_scientific(text))
                .map(|number| (Node::Constant(Value::Number(number)), Type::Number))
        };
        Ok(match literal {
            LiteralValue::Null => (Node::Constant(Value::Null), Type::Null),
            LiteralValue::Boolean(truth) => (Node::Constant(Value::Truth(*truth.inner())), Type::Truth),
            LiteralValue::String(text) => (Node::Constant(Value::Text(Cow::Owned(text.inner().to_owned()))), Type::Text),
            LiteralValue::Int(whole) => (Node::Constant(Value::Number((*whole.inner()).into())), Type::Number),
            LiteralValue::UInt(whole) => (Node::Constant(Value::Number((*whole.inner()).into())), Type::Number),
            LiteralValue::Double(binary) => {
                // The digits as written, not the binary value that the parser made of them.
                let (start, stop) = self.info.offset_for(id).unwrap_or_default();
                let digits = self.source.get(start as usize..=stop as usize).unwrap_or_default();
                let sign = if binary.inner().is_sign_negative() && !digits.starts_with('-') { "-" } else { "" };
                let digits = if digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
                match number(&format!("{sign}{digits}")) {
                    Ok(typed) => typed,
                    Err(_) => return self.refuse(id, ConditionCode::BadLiteral, format!("`{digits}` cannot be kept exactly")),
                }
            }
            LiteralValue::Bytes(_) => return self.refuse(id, ConditionCode::BadLiteral, "bytes are not available".into()),
        })
    }

    fn bare_name<T>(&self, id: u64, name: &str) -> Result<T, ConditionError> {
        if let Over::Facts(vocabulary) = self.over {
            return self.refuse(id, ConditionCode::UnknownField, vocabulary.about_name(name));
        }
        let text = match name {
            "sale" | "rep" | "manager" | "period" | "result" => {
                format!(
                    "`{name}` needs a field, such as `{name}.{}`",
                    match name {
                        "sale" => "revenue",
                        "rep" | "manager" => "name",
                        "period" => "label",
                        _ => "attainment",
                    }
                )
            }
            _ if SALE.iter().any(|(known, _)| *known == name) => format!("`{name}` is not known; did you mean `sale.{name}`?"),
            _ => format!("`{name}` is not known{}", suggestion(name, ["sale", "rep", "period", "result"])),
        };
        self.refuse(id, ConditionCode::UnknownField, text)
    }

    fn select(&mut self, id: u64, select: &SelectExpr) -> Result<Typed, ConditionError> {
        let (node, kind) = self.field(id, select)?;
        Ok(if select.test { (Node::Has(Box::new(node)), Type::Truth) } else { (node, kind) })
    }

    fn field(&mut self, id: u64, select: &SelectExpr) -> Result<Typed, ConditionError> {
        let name = select.field.as_str();
        if let (Over::Facts(vocabulary), Expr::Ident(root)) = (self.over, &select.operand.expr) {
            return match vocabulary.find(root, name) {
                Ok((fact, kind)) => Ok((Node::Fact(fact), kind)),
                Err(text) => self.refuse(id, ConditionCode::UnknownField, text),
            };
        }
        match &select.operand.expr {
            Expr::Ident(root) if root == "sale" && self.over == Over::Result => {
                let text = "a condition over the whole period reads `result`, `rep` and `period`, not a single sale";
                self.refuse(id, ConditionCode::UnknownField, text.into())
            }
            Expr::Ident(root) if root == "sale" && self.over == Over::Person => {
                let text = "what holds for the whole period reads `rep`, `period` and variables, not a single sale";
                self.refuse(id, ConditionCode::UnknownField, text.into())
            }
            Expr::Ident(root) if root == "result" => self.result(id, name),
            Expr::Ident(root) if root == "sale" => match SALE.iter().find(|(known, _)| *known == name) {
                Some(("original", _)) => {
                    self.refuse(id, ConditionCode::UnknownField, "`sale.original` needs a column: `sale.original[\"Column name\"]`".into())
                }
                Some((_, field)) => Ok((Node::Sale(*field), field.result())),
                None => {
                    let hint = suggestion(name, SALE.iter().map(|(known, _)| *known));
                    self.refuse(id, ConditionCode::UnknownField, format!("`sale.{name}` is not a field of a sale{hint}"))
                }
            },
            Expr::Ident(root) if root == "manager" => {
                self.over_manager(id)?;
                if let Some((_, field)) = REP.iter().find(|(known, _)| *known == name) {
                    return Ok((Node::Manager(*field), field.result()));
                }
                let hint = suggestion(name, REP.iter().map(|(known, _)| *known));
                let text = format!("`manager.{name}` is not a field of a rep{hint}; variables are read with `manager_var(\"{name}\")`");
                self.refuse(id, ConditionCode::UnknownField, text)
            }
            Expr::Ident(root) if root == "rep" => {
                if let Some((_, field)) = REP.iter().find(|(known, _)| *known == name) {
                    return Ok((Node::Rep(*field), field.result()));
                }
                let hint = suggestion(name, REP.iter().map(|(known, _)| *known));
                let text = format!("`rep.{name}` is not a field of a rep{hint}; variables are read with `var(\"{name}\")`");
                self.refuse(id, ConditionCode::UnknownField, text)
            }
            Expr::Ident(root) if root == "period" => {
                if let Some((_, field)) = PERIOD.iter().find(|(known, _)| *known == name) {
                    return Ok((Node::Period(*field), field.result()));
                }
                let hint = suggestion(name, PERIOD.iter().map(|(known, _)| *known));
                self.refuse(id, ConditionCode::UnknownField, format!("`period.{name}` is not a field of a period{hint}"))
            }
            Expr::Ident(other) => self.bare_name(select.operand.id, other),
            Expr::Select(inner) if is_original(inner) => self.original(id, name),
            _ => self.refuse(id, ConditionCode::UnknownField, format!("`.{name}` cannot be read here")),
        }
    }

    fn result(&self, id: u64, name: &str) -> Result<Typed, ConditionError> {
        self.over_result(id)?;
        if let Some((_, field)) = RESULT.iter().find(|(known, _)| *known == name) {
            return Ok((Node::Result(*field, None), Type::Number));
        }
        let hint = suggestion(name, RESULT.iter().map(|(known, _)| *known));
        self.refuse(id, ConditionCode::UnknownField, format!("`result.{name}` is not a result of a period{hint}"))
    }

    /// Whoever gets an override is known to its own condition alone.
    fn over_manager(&self, id: u64) -> Result<(), ConditionError> {
        if self.over == Over::Override {
            return Ok(());
        }
        let text = "`manager` is whoever gets an override: only the `when` of an override reads it; `rep.manager` is the name of the rep's";
        self.refuse(id, ConditionCode::UnknownField, text.into())
    }

    /// An original column, where a single sale is looked at.
    fn original(&self, id: u64, column: &str) -> Result<Typed, ConditionError> {
        match self.over {
            Over::Sale | Over::Override => Ok((Node::Original(column.into()), Type::Text)),
            Over::Result | Over::Person => {
                let text = "what holds for the whole period reads no original columns: those are of a single sale";
                self.refuse(id, ConditionCode::UnknownField, text.into())
            }
            Over::Facts(_) => self.refuse(id, ConditionCode::UnknownField, format!("`.{column}` cannot be read here")),
        }
    }

    /// Results of a period are known when it is over; a condition on a sale cannot ask for them.
    fn over_result(&self, id: u64) -> Result<(), ConditionError> {
        if self.over == Over::Result {
            return Ok(());
        }
        let text = match self.over {
            Over::Person => "results of the whole period are not known before its quota is",
            _ => "results of the whole period are for bonuses, multipliers and draws, not for a single sale",
        };
        self.refuse(id, ConditionCode::UnknownField, text.into())
    }

    fn call(&mut self, id: u64, call: &CallExpr, depth: usize) -> Result<Typed, ConditionError> {
        let name = call.func_name.as_str();
        match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR => self.logic(name, &call.args, depth),
            operators::LOGICAL_NOT => {
                let node = self.truth(&call.args[0], depth)?;
                Ok((Node::Not(Box::new(node)), Type::Truth))
            }
            operators::NEGATE => {
                let node = self.expect(&call.args[0], depth, &[Type::Number])?;
                Ok((Node::Negate(Box::new(node)), Type::Number))
            }
            operators::CONDITIONAL => self.conditional(id, &call.args, depth),
            operators::INDEX => self.index(id, &call.args),
            operators::IN => self.membership(id, &call.args, depth),
            operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO => {
                self.arithmetic(id, name, &call.args, depth)
            }
            operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS => self.comparison(id, name, &call.args, depth),
            _ => self.function(id, name, call, depth),
        }
    }

    fn truth(&mut self, expr: &IdedExpr, depth: usize) -> Result<Node, ConditionError> {
        self.expect(expr, depth, &[Type::Truth])
    }

    fn expect(&mut self, expr: &IdedExpr, depth: usize, allowed: &[Type]) -> Result<Node, ConditionError> {
        let (node, found) = self.build(expr, depth + 1)?;
        if found == Type::Null || allowed.contains(&found) {
            return Ok(node);
        }
        let wanted = allowed.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ");
        self.refuse(expr.id, ConditionCode::WrongType, format!("`{node}` is {}, but {wanted} is needed", found.name()))
    }

    fn logic(&mut self, name: &str, arguments: &[IdedExpr], depth: usize) -> Result<Typed, ConditionError> {
        let all = name == operators::LOGICAL_AND;
        let mut flat = Vec::new();
        for argument in arguments {
            match self.truth(argument, depth)? {
                Node::All(inner) if all => flat.extend(inner),
                Node::Any(inner) if !all => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Ok((if all { Node::All(flat) } else { Node::Any(flat) }, Type::Truth))
    }

    fn conditional(&mut self, id: u64, arguments: &[IdedExpr], depth: usize) -> Result<Typed, ConditionError> {
        let test = self.truth(&arguments[0], depth)?;
        let (then, a) = self.build(&arguments[1], depth + 1)?;
        let (otherwise, b) = self.build(&arguments[2], depth + 1)?;
        if a != b && a != Type::Null && b != Type::Null {
            return self.refuse(
                id,
                ConditionCode::WrongType,
                format!("both results must be of one type, not {} and {}", a.name(), b.name()),
            );
        }
        Ok((Node::If(Box::new([test, then, otherwise])), if a == Type::Null { b } else { a }))
    }

    fn index(&self, id: u64, arguments: &[IdedExpr]) -> Result<Typed, ConditionError> {
        match (&arguments[0].expr, &arguments[1].expr) {
            (Expr::Select(select), Expr::Literal(LiteralValue::String(column)))
                if !matches!(self.over, Over::Facts(_)) && is_original(select) =>
            {
                self.original(id, column.inner())
            }
            _ if matches!(self.over, Over::Facts(_)) => {
                self.refuse(id, ConditionCode::UnknownField, "brackets are not available here".into())
            }
            _ => self.refuse(id, ConditionCode::UnknownField, "brackets are for `sale.original[\"Column name\"]` only".into()),
        }
    }

    fn membership(&mut self, id: u64, arguments: &[IdedExpr], depth: usize) -> Result<Typed, ConditionError> {
        let (item, kind) = self.build(&arguments[0], depth + 1)?;
        let list = self.expect(&arguments[1], depth, &[Type::List])?;
        if let Node::List(nodes) = &list
            && let Some(Node::Constant(first)) = nodes.first()
            && kind != Type::Null
            && kind.name() != first.type_name()
        {
            return self.refuse(
                id,
                ConditionCode::WrongType,
                format!("`{item}` is {}, but the list holds {}", kind.name(), first.type_name()),
            );
        }
        Ok((Node::In(Box::new(item), Box::new(list)), Type::Truth))
    }

    fn arithmetic(&mut self, id: u64, name: &str, arguments: &[IdedExpr], depth: usize) -> Result<Typed, ConditionError> {
        let (a, left) = self.build(&arguments[0], depth + 1)?;
        let (b, right) = self.build(&arguments[1], depth + 1)?;
        let operation = match name {
            operators::ADD => Operation::Add,
            operators::SUBSTRACT => Operation::Subtract,
            operators::MULTIPLY => Operation::Multiply,
            operators::DIVIDE => Operation::Divide,
            _ => Operation::Remainder,
        };
        let kind = match (left, right) {
            (Type::Text, Type::Text) if operation == Operation::Add => Type::Text,
            (Type::Number | Type::Null, Type::Number | Type::Null) => Type::Number,
            _ => {
                let text = format!("`{a}` is {} and `{b}` is {}: they cannot be combined", left.name(), right.name());
                return self.refuse(id, ConditionCode::WrongType, text);
            }
        };
        if matches!(operation, Operation::Divide | Operation::Remainder) && matches!(&b, Node::Constant(Value::Number(n)) if n.is_zero()) {
            return self.refuse(id, ConditionCode::BadLiteral, "divides by zero".into());
        }
        Ok((Node::Calculate(operation, Box::new(a), Box::new(b)), kind))
    }

    fn comparison(&mut self, id: u64, name: &str, arguments: &[IdedExpr], depth: usize) -> Result<Typed, ConditionError> {
        let (mut a, mut left) = self.build(&arguments[0], depth + 1)?;
        let (mut b, mut right) = self.build(&arguments[1], depth + 1)?;
        // A date beside a text literal: the literal is read as a date.
        (b, right) = self.dated(left, b, right, arguments[1].id)?;
        (a, left) = self.dated(right, a, left, arguments[0].id)?;
        let comparison = match name {
            operators::EQUALS => Comparison::Equal,
            operators::NOT_EQUALS => Comparison::NotEqual,
            operators::LESS => Comparison::Less,
            operators::LESS_EQUALS => Comparison::LessOrEqual,
            operators::GREATER => Comparison::Greater,
            _ => Comparison::GreaterOrEqual,
        };
        if left != right && left != Type::Null && right != Type::Null {
            let hint =
                if matches!((&a, &b), (Node::Original(_), _) | (_, Node::Original(_))) && (left == Type::Number || right == Type::Number) {
                    "; original columns are text: use `number(…)`"
                } else {
                    ""
                };
            let text = format!("`{a}` is {} and `{b}` is {}: they cannot be compared{hint}", left.name(), right.name());
            return self.refuse(id, ConditionCode::WrongType, text);
        }
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if left == Type::List || right == Type::List || ordered && (left == Type::Truth || right == Type::Truth) {
            return self.refuse(id, ConditionCode::WrongType, format!("{} cannot be compared like this", left.name()));
        }
        Ok((Node::Compare(comparison, Box::new(a), Box::new(b)), Type::Truth))
    }

    fn dated(&self, beside: Type, node: Node, kind: Type, id: u64) -> Result<Typed, ConditionError> {
        match (&node, beside) {
            (Node::Constant(Value::Text(text)), Type::Day) => self.date(id, text),
            (Node::Constant(Value::Text(text)), Type::Instant) => self.instant(id, text),
            _ => Ok((node, kind)),
        }
    }

    fn date(&self, id: u64, text: &str) -> Result<Typed, ConditionError> {
        match text.parse() {
            Ok(day) => Ok((Node::Constant(Value::Day(day)), Type::Day)),
            Err(_) => self.refuse(id, ConditionCode::BadLiteral, format!("`{text}` is not a date; write `2026-01-31`")),
        }
    }

    fn instant(&self, id: u64, text: &str) -> Result<Typed, ConditionError> {
        match text.parse() {
            Ok(at) => Ok((Node::Constant(Value::Instant(at)), Type::Instant)),
            Err(_) => self.refuse(id, ConditionCode::BadLiteral, format!("`{text}` is not an instant; write `2026-01-31T12:00:00Z`")),
        }
    }

    fn function(&mut self, id: u64, name: &str, call: &CallExpr, depth: usize) -> Result<Typed, ConditionError> {
        let arguments: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        let literal = |index: usize| match arguments.get(index).map(|argument| &argument.expr) {
            Some(Expr::Literal(LiteralValue::String(text))) => Some(text.inner().to_owned()),
            _ => None,
        };
        match name {
            VARIABLE_CALL | "team_var" | "plan_var" | "manager_var" | "date" | "timestamp" => {
                let shown = if name == VARIABLE_CALL { "var" } else { name };
                let (Some(text), 1) = (literal(0), arguments.len()) else {
                    return self.refuse(id, ConditionCode::WrongType, format!("`{shown}` takes one text literal"));
                };
                match name {
                    "date" => self.date(id, &text),
                    "timestamp" => self.instant(id, &text),
                    "team_var" => Ok((Node::VariableOf(Whose::Team, text.into()), Type::Number)),
                    "manager_var" => self.over_manager(id).map(|()| (Node::ManagerVariable(text.into()), Type::Number)),
                    "plan_var" => Ok((Node::VariableOf(Whose::Plan, text.into()), Type::Number)),
                    _ => Ok((Node::Variable(text.into()), Type::Number)),
                }
            }
            "credited" | "earned" | "count" => {
                self.over_result(id)?;
                let (Some(rule), 1) = (literal(0), arguments.len()) else {
                    return self.refuse(id, ConditionCode::WrongType, format!("`{name}` takes the id of a rule as text literal"));
                };
                let field = RULE_RESULTS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
                let field = field.unwrap_or(super::ResultField::Count);
                Ok((Node::Result(field, Some(rule.into())), Type::Number))
            }
            "matches" => {
                self.spend(id, 50)?;
                let (Some(pattern), 2) = (literal(1), arguments.len()) else {
                    return self.refuse(id, ConditionCode::WrongType, "`matches` takes a text and a literal pattern".into());
                };
                let inner = self.expect(arguments[0], depth, &[Type::Text])?;
                match regex_lite::RegexBuilder::new(&pattern).size_limit(1 << 16).nest_limit(20).build() {
                    Ok(regex) => Ok((Node::Matches(Box::new(inner), pattern.into(), regex), Type::Truth)),
                    Err(_) => self.refuse(id, ConditionCode::BadLiteral, format!("`{pattern}` is not a pattern that can be used")),
                }
            }
            _ => self.plain_function(id, name, &arguments, depth),
        }
    }

    fn plain_function(&mut self, id: u64, name: &str, arguments: &[&IdedExpr], depth: usize) -> Result<Typed, ConditionError> {
        let Some(signature) = FUNCTIONS.iter().find(|signature| signature.name == name) else {
            let known = FUNCTIONS.iter().map(|signature| signature.name).chain(SPECIAL_FUNCTIONS);
            return self.refuse(id, ConditionCode::UnknownFunction, format!("`{name}` is not a function{}", suggestion(name, known)));
        };
        let wanted = signature.arguments;
        // `round(x)` rounds to a whole number.
        let least = if signature.function == Function::Round { 1 } else { wanted.len() };
        if arguments.len() < least || arguments.len() > wanted.len() {
            let text = format!("`{name}` takes {least} argument{}, not {}", if least == 1 { "" } else { "s" }, arguments.len());
            return self.refuse(id, ConditionCode::WrongType, text);
        }
        self.spend(id, 5)?;
        let mut nodes = Vec::with_capacity(arguments.len());
        for (argument, allowed) in arguments.iter().zip(wanted) {
            nodes.push(self.expect(argument, depth, allowed)?);
        }
        Ok((Node::Call(signature.function, signature.name, nodes), signature.result))
    }
}

fn is_original(select: &SelectExpr) -> bool {
    select.field == "original" && !select.test && matches!(&select.operand.expr, Expr::Ident(root) if root == "sale")
}
