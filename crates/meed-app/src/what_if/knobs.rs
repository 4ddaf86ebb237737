//! The figures of a plan's text, each with its place: what a form can turn without touching anything else.
//!
//! Reads the text as it is written, so that comments, order and layout stay. It understands enough of TOML to find every
//! number and percentage that is given to a name outside the plan's own tests; what it does not find stays for the text.

use std::ops::Range;

/// A figure in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// The rule or table that it belongs to; empty for the plan itself.
    pub group: String,
    /// What it is: `rate`, `bands 2 to`.
    pub label: String,
    /// The figure as it is written, without quotation marks: `5%`, `30000`.
    pub value: String,
    /// Line from 1.
    pub line: usize,
    /// Where the figure stands, in bytes, without quotation marks.
    place: Range<usize>,
}

/// A figure that is to be changed.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Which, in the order of [`knobs`].
    pub index: usize,
    /// What it was when the form was made.
    pub was: String,
    /// What it is to be.
    pub value: String,
}

/// The figures of a text, in order.
#[must_use]
pub fn knobs(text: &str) -> Vec<Knob> {
    Scan { text, at: 0, line: 1, group: String::new(), path: Vec::new(), in_test: false, found: Vec::new() }.run()
}

/// The text with some figures changed. Refuses, by index, what is not a figure, and a place that was changed in the text too.
pub fn turn(text: &str, turns: &[Turn]) -> Result<String, Vec<(usize, String)>> {
    let found = knobs(text);
    let mut wrong = Vec::new();
    let mut changes: Vec<(&Knob, String)> = Vec::new();
    for Turn { index, was, value } in turns.iter().filter(|turn| turn.was.trim() != turn.value.trim()) {
        let Some(knob) = found.get(*index).filter(|knob| knob.value == *was) else {
            wrong.push((*index, "this figure was changed in the text as well; change it there".to_owned()));
            continue;
        };
        match figure(value, was.ends_with('%')) {
            Some(figure) => changes.push((knob, figure)),
            None => wrong.push((*index, format!("`{}` is not a figure such as {was}", value.trim()))),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut out = text.to_owned();
    changes.sort_by_key(|(knob, _)| std::cmp::Reverse(knob.place.start));
    for (knob, figure) in changes {
        out.replace_range(knob.place.clone(), &figure);
    }
    Ok(out)
}

/// A figure as the text takes it: digits, one point, a sign in front, a percent sign where one stood.
fn figure(typed: &str, is_percent: bool) -> Option<String> {
    let plain = typed.trim().replace([',', ' ', '\u{a0}'], "");
    let number = plain.strip_suffix('%').unwrap_or(&plain);
    if !is_percent && plain.ends_with('%') || !is_number(number) {
        return None;
    }
    Some(if is_percent { format!("{number}%") } else { number.to_owned() })
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_') && !part.starts_with('_');
    all(whole) && all(fraction) && digits.len() <= 30
}

/// A bracket that is open, with the name it was given to and how many entries it has begun.
struct Open {
    bracket: char,
    name: String,
    entries: usize,
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    group: String,
    path: Vec<Open>,
    in_test: bool,
    found: Vec<Knob>,
}

impl Scan<'_> {
    fn run(mut self) -> Vec<Knob> {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            match c {
                '\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                '#' => self.skip_line(),
                '[' if self.path.is_empty() && name.is_empty() => self.header(),
                '[' | '{' => {
                    if let Some(open) = self.path.last_mut().filter(|open| open.bracket == '[') {
                        open.entries += 1;
                    }
                    self.path.push(Open { bracket: c, name: std::mem::take(&mut name), entries: 0 });
                    self.at += 1;
                }
                ']' | '}' => {
                    self.path.pop();
                    name.clear();
                    self.at += 1;
                }
                '"' | '\'' => self.string(c, &mut name),
                c if name.is_empty() && (c.is_ascii_alphabetic() || c == '_') => name = self.word(),
                c if c.is_ascii_digit() || matches!(c, '-' | '+') => self.number(&mut name),
                ',' => {
                    name.clear();
                    self.at += 1;
                }
                c if c.is_ascii_alphabetic() => {
                    // `true`, `false`: the value of a name that is no figure.
                    self.word();
                    name.clear();
                }
                c => self.at += c.len_utf8(),
            }
        }
        self.found
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_line(&mut self) {
        self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |end| self.at + end);
    }

    fn word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
        self.at += end.max(1);
        rest[..end].to_owned()
    }

    /// `[rule.tiers]`, `[[rule]]`: where the following names belong.
    fn header(&mut self) {
        let start = self.at;
        self.skip_line();
        let head = self.text[start..self.at].split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']).trim();
        self.in_test = head == "test" || head.starts_with("test.");
        if head == "rule" {
            "rule".clone_into(&mut self.group);
        } else if !head.starts_with("rule.") {
            head.clone_into(&mut self.group);
        }
    }

    fn string(&mut self, quote: char, name: &mut String) {
        let rest = &self.text[self.at..];
        let triple: String = [quote; 3].iter().collect();
        let (open, close) = if rest.starts_with(&triple) { (3, triple) } else { (1, quote.to_string()) };
        let inside = &rest[open..];
        let mut end = None;
        let mut escaped = false;
        for (at, c) in inside.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' && quote == '"' {
                escaped = true;
            } else if inside[at..].starts_with(&close) {
                end = Some(at);
                break;
            }
        }
        let end = end.unwrap_or(inside.len());
        let value = &inside[..end];
        let place = self.at + open..self.at + open + end;
        self.line += value.matches('\n').count();
        if name == "id" && self.path.is_empty() && self.group == "rule" {
            value.clone_into(&mut self.group);
        }
        if value.strip_suffix('%').is_some_and(is_number) {
            self.keep(name, value.to_owned(), place);
        }
        self.at = (self.at + open + end + close.len()).min(self.text.len());
        name.clear();
    }

    fn number(&mut self, name: &mut String) {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+' | ':'))).unwrap_or(rest.len()).max(1);
        let value = &rest[..end];
        // A day is no figure.
        if is_number(value) {
            self.keep(name, value.to_owned(), self.at..self.at + end);
        }
        self.at += end;
        name.clear();
    }

    fn keep(&mut self, name: &str, value: String, place: Range<usize>) {
        if self.in_test || (name.is_empty() && self.path.iter().all(|open| open.name.is_empty())) {
            return;
        }
        let mut parts: Vec<String> = Vec::new();
        for open in &self.path {
            if !open.name.is_empty() {
                parts.push(open.name.clone());
            }
            if open.bracket == '[' && open.entries > 0 {
                parts.push(open.entries.to_string());
            }
        }
        if !name.is_empty() {
            parts.push(name.to_owned());
        }
        self.found.push(Knob { group: self.group.clone(), label: parts.join(" ").replace('_', " "), value, line: self.line, place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"name = "Field 2026" # 12% of nothing
currency = "EUR"
quota = { amount = 40_000, per = "year" }
valid_from = 2026-01-01

[variables]
kicker = 1.5

[[rule]]
id = "own"
when = 'sale.revenue > 100 && sale.status != "10%"'
cap = 500

[rule.tiers]
bands = [
  { to = 30000, rate = "4%" }, # 5%
  { rate = "-7.25%" },
]

[[rule]]
id = "override"
override = { base = "sales", levels = [{ rate = "2%" }, { rate = "1%" }] }

[[test]]
period = "2026-01"
sales = [{ owner = "Ana", revenue = 50000 }]
expect = { Ana = 2387.50 }
"#;

    #[test]
    fn figures_are_found_with_their_places_and_tests_and_conditions_left_alone() {
        let found: Vec<String> = knobs(PLAN).iter().map(|k| format!("{} {}: {} = {}", k.line, k.group, k.label, k.value)).collect();
        assert_eq!(
            found,
            [
                "3 : quota amount = 40_000",
                "7 variables: kicker = 1.5",
                "12 own: cap = 500",
                "16 own: bands 1 to = 30000",
                "16 own: bands 1 rate = 4%",
                "17 own: bands 2 rate = -7.25%",
                "22 override: override levels 1 rate = 2%",
                "22 override: override levels 2 rate = 1%",
            ]
        );
    }

    #[test]
    fn turning_figures_changes_them_and_nothing_else() {
        let turn_of = |index, was: &str, value: &str| Turn { index, was: was.into(), value: value.into() };
        let turned =
            turn(PLAN, &[turn_of(5, "-7.25%", " 8 % "), turn_of(0, "40_000", "45,000"), turn_of(2, "500", "500")]).expect("turned");
        assert_eq!(turned, PLAN.replace("-7.25%", "8%").replace("40_000", "45000"));
        for (turn_it, word) in [
            (turn_of(2, "500", "5%"), "not a figure"),
            (turn_of(2, "500", "many"), "not a figure"),
            (turn_of(2, "500", ""), "not a figure"),
            (turn_of(2, "499", "600"), "in the text as well"),
            (turn_of(99, "1", "2"), "in the text as well"),
        ] {
            let wrong = turn(PLAN, &[turn_it]).expect_err(word);
            assert!(wrong[0].1.contains(word), "{wrong:?}");
        }
        assert_eq!(turn(PLAN, &[]).expect("nothing"), PLAN);
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        for text in ["", "[", "[[", "a = \"", "a = '''", "x = -", "= 5", "a = [1, 2", "é = 1\n\"ü\" = \"5%\"", "a.b = 3}}]]"] {
            let _ = knobs(text);
        }
    }
}
