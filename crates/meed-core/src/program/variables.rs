//! Reading variables with their days, and figures that name them.

use toml::de::DeValue;

use super::finding::Code;
use super::reader::{Findings, Item, Table, number};
use super::{Figure, Whose};
use crate::people::Variable;

/// Reads a table of variables: `{ quota = 5, rate = [{ value = 5 }, { from = 2026-04-01, value = 6 }] }`.
pub(super) fn variables(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Vec<Variable> {
    let Some(inner) = table.get(key).and_then(|item| Table::of(item, key, findings)) else { return Vec::new() };
    let mut all = Vec::new();
    for (name, _, item) in inner.entries() {
        match item.get_ref() {
            DeValue::Array(items) => {
                let from_here = all.len();
                for item in items {
                    let Some(variable) = dated(item, name, findings) else { continue };
                    if all[from_here..].iter().any(|other: &Variable| other.from == variable.from) {
                        findings.add(item.span().start, Code::Conflict, format!("`{name}` has two values from the same day"));
                    }
                    all.push(variable);
                }
            }
            DeValue::Table(_) => all.extend(dated(item, name, findings)),
            _ => all.extend(number(item, name, findings).map(|value| Variable { name: name.to_owned(), from: None, value })),
        }
    }
    all
}

fn dated(item: &Item<'_>, name: &str, findings: &mut Findings<'_>) -> Option<Variable> {
    let table = Table::of(item, name, findings)?;
    table.only(&["value", "from"], findings);
    if !table.has("value") {
        table.missing("value", "the number that holds from that day", findings);
    }
    let from = table.date("from", findings);
    Some(Variable { name: name.to_owned(), from, value: table.number("value", findings)? })
}

/// Reads `variable` and `of` of a figure.
pub(super) fn named(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Figure> {
    let words = [
        ("beneficiary", None),
        (Whose::Credited.name(), Some(Whose::Credited)),
        (Whose::Team.name(), Some(Whose::Team)),
        (Whose::Plan.name(), Some(Whose::Plan)),
    ];
    let of = table.word("of", &words, findings).flatten();
    let name = table.text("variable", findings)?.to_owned();
    Some(match of {
        None => Figure::Variable(name),
        Some(whose) => Figure::VariableOf(whose, name),
    })
}
