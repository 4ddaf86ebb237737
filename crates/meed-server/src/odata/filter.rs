//! `$filter`: comparisons joined by `and`, `or` and `not`, with functions on texts. Anything else is refused with its place.

use std::cmp::Ordering;

use super::value::Value;

/// Longest expression, and how deep it may nest.
const LENGTH_MAX: usize = 4_000;
const DEPTH_MAX: usize = 60;

/// A condition on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Operand, Operator, Operand),
    Text(Search, Operand, Operand),
    /// A property that is true or false by itself.
    Truth(Operand),
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// Place of the property.
    Property(usize),
    Literal(Value),
    Lower(Box<Self>),
    Upper(Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Contains,
    StartsWith,
    EndsWith,
}

impl Operand {
    fn value(&self, row: &[Value]) -> Value {
        match self {
            Self::Property(place) => row.get(*place).cloned().unwrap_or(Value::Null),
            Self::Literal(value) => value.clone(),
            Self::Lower(inner) => fold(inner.value(row), str::to_lowercase),
            Self::Upper(inner) => fold(inner.value(row), str::to_uppercase),
        }
    }
}

fn fold(value: Value, change: fn(&str) -> String) -> Value {
    match value {
        Value::Text(text) => Value::Text(change(&text)),
        other => other,
    }
}

impl Filter {
    /// Whether a row passes. Nothing equals only nothing, and is neither more nor less than anything.
    pub(super) fn passes(&self, row: &[Value]) -> bool {
        match self {
            Self::And(a, b) => a.passes(row) && b.passes(row),
            Self::Or(a, b) => a.passes(row) || b.passes(row),
            Self::Not(inner) => !inner.passes(row),
            Self::Truth(operand) => operand.value(row) == Value::Truth(true),
            Self::Text(search, whole, part) => match (whole.value(row), part.value(row)) {
                (Value::Text(whole), Value::Text(part)) => match search {
                    Search::Contains => whole.contains(&part),
                    Search::StartsWith => whole.starts_with(&part),
                    Search::EndsWith => whole.ends_with(&part),
                },
                _ => false,
            },
            Self::Compare(a, operator, b) => {
                let (a, b) = (a.value(row), b.value(row));
                let order = if a == Value::Null && b == Value::Null { Some(Ordering::Equal) } else { a.compare(&b) };
                match operator {
                    Operator::Eq => order == Some(Ordering::Equal),
                    Operator::Ne => order != Some(Ordering::Equal),
                    Operator::Gt => order == Some(Ordering::Greater),
                    Operator::Lt => order == Some(Ordering::Less),
                    Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)) && a != Value::Null,
                    Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)) && a != Value::Null,
                }
            }
        }
    }

    /// Reads an expression on properties of these names.
    pub(super) fn parse(text: &str, properties: &[&str]) -> Result<Self, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("a filter has at most {LENGTH_MAX} characters"));
        }
        let mut parser = Parser { text, at: 0, depth: 0, properties };
        let filter = parser.any_of()?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(parser.wrong("expected `and`, `or` or the end"));
        }
        Ok(filter)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    properties: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong(&self, what: &str) -> String {
        let near: String = self.rest().chars().take(20).collect();
        format!("{what} at character {}{}", self.at + 1, if near.is_empty() { String::new() } else { format!(": `{near}`") })
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// A word that stands alone.
    fn word(&mut self, word: &str) -> bool {
        self.blanks();
        let ends = |after: Option<char>| after.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_'));
        if self.rest().starts_with(word) && ends(self.rest()[word.len()..].chars().next()) {
            self.at += word.len();
            return true;
        }
        false
    }

    fn sign(&mut self, sign: char) -> bool {
        self.blanks();
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len_utf8() } else { 0 };
        is_there
    }

    fn any_of(&mut self) -> Result<Filter, String> {
        let mut left = self.all_of()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Filter, String> {
        let mut left = self.one()?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("a filter nests at most {DEPTH_MAX} deep"));
        }
        let found = self.one_inside();
        self.depth -= 1;
        found
    }

    fn one_inside(&mut self) -> Result<Filter, String> {
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.sign('(') {
            let inner = self.any_of()?;
            return if self.sign(')') { Ok(inner) } else { Err(self.wrong("expected `)`")) };
        }
        for (name, search) in [("contains", Search::Contains), ("startswith", Search::StartsWith), ("endswith", Search::EndsWith)] {
            if self.word(name) {
                let (whole, part) = self.pair()?;
                return Ok(Filter::Text(search, whole, part));
            }
        }
        let left = self.operand()?;
        let operators = [
            ("eq", Operator::Eq),
            ("ne", Operator::Ne),
            ("gt", Operator::Gt),
            ("ge", Operator::Ge),
            ("lt", Operator::Lt),
            ("le", Operator::Le),
        ];
        for (word, operator) in operators {
            if self.word(word) {
                return Ok(Filter::Compare(left, operator, self.operand()?));
            }
        }
        match left {
            Operand::Property(_) => Ok(Filter::Truth(left)),
            _ => Err(self.wrong("expected one of `eq`, `ne`, `gt`, `ge`, `lt`, `le`")),
        }
    }

    fn pair(&mut self) -> Result<(Operand, Operand), String> {
        if !self.sign('(') {
            return Err(self.wrong("expected `(`"));
        }
        let whole = self.operand()?;
        if !self.sign(',') {
            return Err(self.wrong("expected `,`"));
        }
        let part = self.operand()?;
        if self.sign(')') { Ok((whole, part)) } else { Err(self.wrong("expected `)`")) }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        for (name, make) in [("tolower", Operand::Lower as fn(Box<Operand>) -> Operand), ("toupper", Operand::Upper)] {
            if self.word(name) {
                if !self.sign('(') {
                    return Err(self.wrong("expected `(`"));
                }
                let inner = self.operand()?;
                return if self.sign(')') { Ok(make(Box::new(inner))) } else { Err(self.wrong("expected `)`")) };
            }
        }
        self.blanks();
        if self.rest().starts_with('\'') {
            return self.quoted();
        }
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '\'')).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() {
            return Err(self.wrong("expected a property or a value"));
        }
        let operand = match word {
            "null" => Operand::Literal(Value::Null),
            "true" => Operand::Literal(Value::Truth(true)),
            "false" => Operand::Literal(Value::Truth(false)),
            _ => match self.properties.iter().position(|known| *known == word) {
                Some(place) => Operand::Property(place),
                None => Operand::Literal(literal(word).ok_or_else(|| self.wrong("there is no such property or value"))?),
            },
        };
        self.at += end;
        Ok(operand)
    }

    /// `'O''Neil'`.
    fn quoted(&mut self) -> Result<Operand, String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c != '\'' {
                text.push(c);
            } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                text.push('\'');
                chars.next();
            } else {
                self.at += at + 1;
                return Ok(Operand::Literal(Value::Text(text)));
            }
        }
        Err(self.wrong("a text without its end"))
    }
}

fn literal(word: &str) -> Option<Value> {
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        let number = || crate::api::wire::Number::read(word).map(Value::Number);
        let day = || word.parse().ok().filter(|_| word.len() == 10).map(Value::Day);
        let moment = || word.parse().ok().map(Value::Moment);
        return day().or_else(number).or_else(moment);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROPERTIES: &[&str] = &["Name", "Amount", "Active", "Date"];

    fn row(name: &str, amount: &str, is_active: bool, date: &str) -> Vec<Value> {
        vec![Value::text(name), Value::number(amount), Value::Truth(is_active), date.parse().map_or(Value::Null, Value::Moment)]
    }

    #[test]
    fn com_067_filters_keep_the_rows_they_mean() {
        let rows =
            [row("Ana", "10.5", true, "2026-03-01T00:00:00Z"), row("O'Neil", "-3", false, "2026-03-02T12:00:00Z"), row("Bo", "", true, "")];
        for (text, wanted) in [
            ("Amount gt 0", "Ana"),
            ("Amount ge -3 and Amount le 10.50", "Ana,O'Neil"),
            ("Amount eq 10.50", "Ana"),
            ("Amount eq null", "Bo"),
            ("Amount ne null", "Ana,O'Neil"),
            ("not (Amount gt 0)", "O'Neil,Bo"),
            ("Name eq 'O''Neil'", "O'Neil"),
            ("contains(Name,'n')", "Ana"),
            ("startswith(tolower(Name), 'o')", "O'Neil"),
            ("endswith(Name,'o') or Name eq 'Ana'", "Ana,Bo"),
            ("Active and Amount lt 20", "Ana"),
            ("Active eq false", "O'Neil"),
            ("Date ge 2026-03-02", "O'Neil"),
            ("Date lt 2026-03-02T00:00:00Z", "Ana"),
            ("Name gt 'B' and not contains(Name, 'Neil')", "Bo"),
            ("Amount gt 0 or Active eq false and Name eq 'nobody'", "Ana"),
            ("( ( Name eq 'Ana' ) )", "Ana"),
        ] {
            let filter = Filter::parse(text, PROPERTIES).expect(text);
            let names: Vec<&str> = rows
                .iter()
                .filter(|row| filter.passes(row))
                .map(|row| if let Value::Text(name) = &row[0] { name.as_str() } else { "" })
                .collect();
            assert_eq!(names.join(","), wanted, "{text}");
        }
    }

    #[test]
    fn com_067_what_is_no_filter_is_refused_with_its_place() {
        let deep = "(".repeat(200);
        for (text, word) in [
            ("", "expected a property"),
            ("Amount", ""),
            ("Amount gt", "expected a property"),
            ("Nome eq 'Ana'", "no such property"),
            ("Amount gt 1 1", "expected `and`"),
            ("Name eq 'Ana", "without its end"),
            ("contains(Name 'n')", "expected `,`"),
            ("(Amount gt 1", "expected `)`"),
            ("'a'", "expected one of"),
            (deep.as_str(), "nests at most"),
        ] {
            match Filter::parse(text, PROPERTIES) {
                Ok(_) => assert!(word.is_empty(), "{text}"),
                Err(said) => assert!(!word.is_empty() && said.contains(word), "{text}: {said}"),
            }
        }
    }
}
