//! Small values that many pages show: amounts, badges, links, form errors, pagers.

use std::fmt::{self, Display, Write as _};

use askama::filters::HtmlSafe;

use super::markup::{Markup, escape, local};

/// How a badge, message or check is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// No judgement.
    #[default]
    Neutral,
    /// Done, right, passed.
    Good,
    /// Needs a look.
    Warn,
    /// Wrong or refused.
    Bad,
    /// Worth knowing.
    Info,
}

impl Tone {
    /// The class name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

/// An amount of money as people read it: grouped digits, then the currency code. Written as a `<data>` element whose
/// value is the plain decimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    plain: String,
    shown: String,
    currency: String,
}

impl Amount {
    /// From minor units: `Amount::minor(123_450, 2, "EUR")` shows `1,234.50 EUR`. `exponent` is the number of decimals of
    /// the currency (ISO 4217), 0 for JPY.
    pub fn minor(minor: i64, exponent: u32, currency: &str) -> Self {
        let places = usize::try_from(exponent).unwrap_or(0);
        let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if minor < 0 { "-" } else { "" };
        let plain = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        Self::exact(&plain, currency)
    }

    /// From a decimal text such as `-1234.5678`, kept to its last digit.
    pub fn exact(decimal: &str, currency: &str) -> Self {
        Self { plain: decimal.to_owned(), shown: grouped(decimal), currency: currency.to_owned() }
    }

    /// The plain decimal, without grouping and currency.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// Digits with grouping, without the currency.
    pub fn digits(&self) -> &str {
        &self.shown
    }

    /// The currency code; may be empty.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.plain.starts_with('-')
    }

    /// Digits and currency as plain text, for titles and chart labels.
    pub fn text(&self) -> String {
        if self.currency.is_empty() { self.shown.clone() } else { format!("{} {}", self.shown, self.currency) }
    }
}

impl Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.is_negative() { "money negative" } else { "money" };
        write!(f, "<data class=\"{class}\" value=\"{}\">{}", escape(&self.plain), escape(&self.shown))?;
        if !self.currency.is_empty() {
            write!(f, "\u{a0}<span class=\"currency\">{}</span>", escape(&self.currency))?;
        }
        f.write_str("</data>")
    }
}

impl HtmlSafe for Amount {}

/// Groups the whole part of a decimal text by threes; leaves other texts alone.
pub fn grouped(decimal: &str) -> String {
    let (sign, rest) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return decimal.to_owned();
    }
    let mut out = String::from(sign);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(fraction) = fraction {
        let _ = write!(out, ".{fraction}");
    }
    out
}

/// A count with grouped digits. Templates pass whole numbers by value or by reference, hence the wide bound.
pub fn count(n: impl Display) -> String {
    grouped(&n.to_string())
}

/// The id of a field's hint; empty where there is none.
pub fn hint_id(field: &str, hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("{field}-hint") }
}

/// A word in a small coloured pill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Badge {
    /// The word.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

impl Badge {
    /// A badge.
    pub fn new(text: &str, tone: Tone) -> Self {
        Self { text: text.to_owned(), tone }
    }
}

impl Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span class=\"badge {}\">{}</span>", self.tone.code(), escape(&self.text))
    }
}

impl HtmlSafe for Badge {}

/// A link inside the site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What is read.
    pub text: String,
    /// Path and query on this site.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(text: &str, href: &str) -> Self {
        Self { text: text.to_owned(), href: href.to_owned() }
    }
}

impl Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.href.is_empty() {
            return write!(f, "{}", escape(&self.text));
        }
        write!(f, "<a href=\"{}\">{}</a>", escape(local(&self.href)), escape(&self.text))
    }
}

impl HtmlSafe for Link {}

/// A headline number of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// What it counts.
    pub label: String,
    /// The number, formatted.
    pub value: String,
    /// Currency or unit; may be empty.
    pub unit: String,
    /// A short remark under it; may be empty.
    pub note: String,
    /// The entries behind it; empty when there are none.
    pub href: String,
}

/// A labelled value of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// Name of the field.
    pub label: String,
    /// Its value.
    pub value: String,
    /// The entries behind it; may be empty.
    pub href: String,
}

/// One value before and after a change. `None` is shown as a dash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Name of the field.
    pub field: String,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

/// Something that wants attention, with a place to deal with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// How serious.
    pub tone: Tone,
    /// One line.
    pub title: String,
    /// What it means and what to do; may be empty.
    pub text: String,
    /// Where to deal with it; may be empty.
    pub href: String,
    /// When it was noticed; may be empty.
    pub when: String,
}

/// A suggested next action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextStep {
    /// What to do, as an imperative.
    pub title: String,
    /// Why, in one sentence.
    pub text: String,
    /// Where.
    pub href: String,
    /// Already done.
    pub done: bool,
}

/// One option of a select, radio group or checkbox group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Value that the form sends.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A remark; may be empty.
    pub note: String,
    /// Chosen now.
    pub selected: bool,
}

impl Choice {
    /// A choice without a remark.
    pub fn new(value: &str, label: &str, selected: bool) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), note: String::new(), selected }
    }
}

/// Addresses of the neighbouring pages of a list. Keyset paging: no page numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// Towards the start of the list.
    pub newer: Option<String>,
    /// Towards its end.
    pub older: Option<String>,
}

impl Pager {
    /// Whether there is another page.
    pub fn any(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}

/// What was wrong with a posted form, by field name. The name `""` stands for the form as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormErrors(pub Vec<(String, String)>);

impl FormErrors {
    /// No errors.
    pub fn none() -> Self {
        Self::default()
    }

    /// One error.
    pub fn one(field: &str, text: &str) -> Self {
        Self(vec![(field.to_owned(), text.to_owned())])
    }

    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether anything is wrong with one of these fields, written with blanks between.
    pub fn names(&self, fields: &str) -> bool {
        self.0.iter().any(|(name, _)| fields.split(' ').any(|field| field == name))
    }

    fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str())
    }

    /// Attributes for the input of `field`: nothing, or the marks that tie it to its message. `hint` is the id of its hint or
    /// empty.
    pub fn attrs(&self, field: &str, hint: &str) -> Markup {
        let wrong = self.of(field).is_some();
        let mut ids = Vec::new();
        if !hint.is_empty() {
            ids.push(hint.to_owned());
        }
        if wrong {
            ids.push(format!("{field}-error"));
        }
        let mut out = String::new();
        if wrong {
            out.push_str(" aria-invalid=\"true\"");
        }
        if !ids.is_empty() {
            let _ = write!(out, " aria-describedby=\"{}\"", escape(&ids.join(" ")));
        }
        Markup::trusted(out)
    }

    /// The message under the input of `field`, or nothing.
    pub fn message(&self, field: &str) -> Markup {
        Markup::trusted(
            self.of(field)
                .map_or_else(String::new, |text| format!("<p class=\"field-error\" id=\"{}-error\">{}</p>", escape(field), escape(text))),
        )
    }

    /// The box above a form that lists everything that is wrong, or nothing.
    pub fn summary(&self) -> Markup {
        if self.0.is_empty() {
            return Markup::default();
        }
        let mut out =
            String::from("<div class=\"notice bad\" role=\"alert\"><p class=\"notice-title\">Please correct the following.</p><ul>");
        for (field, text) in &self.0 {
            if field.is_empty() {
                let _ = write!(out, "<li>{}</li>", escape(text));
            } else {
                let _ = write!(out, "<li><a href=\"#{}\">{}</a></li>", escape(field), escape(text));
            }
        }
        out.push_str("</ul></div>");
        Markup::trusted(out)
    }
}
