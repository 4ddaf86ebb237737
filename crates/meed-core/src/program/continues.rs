//! Rules that go on where another one ends: a change in the middle of a period inside one document.

use super::finding::Code;
use super::reader::Findings;
use super::{Override, Rule, Trigger};
use crate::condition::nearest::suggestion;

/// Turns the names in `continues` into indices, and lets overrides on the rule before build on the one after it, too.
pub(super) fn connect(
    rules: &mut [Rule],
    names: Vec<Option<(String, usize)>>,
    (ids, written): (&[String], &[String]),
    findings: &mut Findings<'_>,
) {
    for (index, name) in names.into_iter().enumerate() {
        let Some((name, at)) = name else { continue };
        match ids.iter().position(|id| *id == name) {
            Some(before) if before < index => {
                check(&rules[before], &rules[index], at, findings);
                rules[index].continues = Some(before);
            }
            Some(_) => findings.add(at, Code::Conflict, format!("`{name}` does not stand above this rule: a rule continues one before it")),
            None if written.contains(&name) => {}
            None => {
                let hint = suggestion(&name, ids.iter().map(String::as_str));
                findings.add(at, Code::UnknownRule, format!("there is no rule `{name}`{hint}"));
            }
        }
    }
    let before: Vec<Option<usize>> = rules.iter().map(|rule| rule.continues).collect();
    for rule in rules {
        if let Trigger::Override(Override { of, .. }) = &mut rule.trigger {
            for (index, continued) in before.iter().enumerate() {
                if continued.is_some_and(|continued| of.contains(&continued)) && !of.contains(&index) {
                    of.push(index);
                }
            }
        }
    }
}

fn check(before: &Rule, after: &Rule, at: usize, findings: &mut Findings<'_>) {
    let meets = before.valid_until.zip(after.valid_from).is_some_and(|(until, from)| until < from);
    if !meets {
        let text = format!(
            "a rule continues another from the day after its end: give `{}` a `valid_until` before the `valid_from` here",
            before.id
        );
        findings.add(at, Code::Conflict, text);
    }
    let kind = |rule: &Rule| matches!(rule.trigger, Trigger::Sale(_));
    if kind(before) != kind(after) || before.basis.name() != after.basis.name() || before.pays.len() != after.pays.len() {
        findings.add(at, Code::Conflict, format!("`{}` measures something else, so that its total cannot go on here", before.id));
    }
}
