//! Reading who is credited and who is paid: `credit` and `assign` of a rule.

use toml::de::DeValue;

use super::finding::Code;
use super::reader::{Findings, Item, Table, condition, text};
use super::{Assign, AssignTo, CreditTo, Crediting, Figure, OwnerField, OwnersFrom, Rate, Share, Split, TeamCredit, TeamShare};
use crate::condition::nearest::suggestion;
use crate::condition::{TextField, Want, text_field, text_field_names};
use crate::money::Exact;

/// Reads `credit`; without it the first owner field is credited.
pub(super) fn crediting(rule: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Crediting> {
    let first_owner = || vec![OwnerField { from: OwnersFrom::Field(TextField::Owner(0)), share: None }];
    let Some(item) = rule.get("credit") else {
        let (split, to) = (Split::Equal, CreditTo::Rep);
        return Some(Crediting { owners: first_owner(), split, to, teams: None, fallback: None, roll_up: false });
    };
    let table = Table::of(item, "`credit`", findings)?;
    table.only(&["owners", "split", "to", "teams", "fallback", "roll_up"], findings);
    let teams = team_credit(&table, "teams", findings);
    let fallback = team_credit(&table, "fallback", findings);
    let owners = if table.has("owners") {
        table.list("owners").into_iter().filter_map(|item| owner_field(item, findings)).collect()
    } else if table.has("teams") {
        Vec::new()
    } else {
        first_owner()
    };
    if owners.is_empty() && table.list("owners").is_empty() && !table.has("teams") {
        findings.add(table.at, Code::MissingKey, "`credit` names nobody: give `owners` or `teams`");
    }
    check_shares(&table, &owners, findings);
    let split = table.word("split", &[("full", Split::Full), ("equal", Split::Equal)], findings).unwrap_or(Split::Equal);
    let to = table.word("to", &[("rep", CreditTo::Rep), ("team", CreditTo::Team)], findings).unwrap_or(CreditTo::Rep);
    let roll_up = table.truth("roll_up", findings).unwrap_or(false);
    let crediting = Crediting { owners, split, to, teams, fallback, roll_up };
    if roll_up && !crediting.credits_teams() {
        findings.add(table.place("roll_up"), Code::Conflict, "`roll_up` credits the teams above a team: give `to = \"team\"` as well");
    }
    Some(crediting)
}

fn check_shares(table: &Table<'_, '_>, owners: &[OwnerField], findings: &mut Findings<'_>) {
    let shares = owners.iter().filter(|owner| owner.share.is_some()).count();
    if shares == 0 {
        return;
    }
    if shares != owners.len() {
        findings.add(table.place("owners"), Code::Conflict, "give every owner field a `share`, or none of them");
    }
    for (index, owner) in owners.iter().enumerate() {
        let OwnersFrom::Field(field) = owner.from else { continue };
        if owners[..index].iter().any(|before| matches!(before.from, OwnersFrom::Field(known) if known == field)) {
            findings.add(table.place("owners"), Code::Conflict, "an owner field is named twice");
        }
    }
}

fn owner_field(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<OwnerField> {
    if let DeValue::String(_) = item.get_ref() {
        return Some(OwnerField { from: OwnersFrom::Field(sale_field(item, "owners", findings)?), share: None });
    }
    let table = Table::of(item, "an owner field", findings)?;
    table.only(&["field", "formula", "share"], findings);
    if table.has("field") && table.has("formula") {
        findings.add(table.place("formula"), Code::Conflict, "owners come from a `field` or from a `formula`, not from both");
    }
    let share = match table.get("share") {
        Some(item) => Some(share(item, findings)?),
        None if table.has("formula") => None,
        None => {
            table.missing("share", "a percentage such as \"70%\"", findings);
            return None;
        }
    };
    if let Some(item) = table.get("formula") {
        let formula = condition(item, "formula", Want::Names, findings)?;
        if formula.uses_rep() {
            let text = "the formula that names owners reads the sale only, not `rep` or `var`: there is nobody yet";
            findings.add(item.span().start, Code::Conflict, text);
        }
        return Some(OwnerField { from: OwnersFrom::Formula(formula), share });
    }
    let Some(item) = table.get("field") else {
        table.missing("field", "a field such as \"owner2\", or `formula` with one that names the owners", findings);
        return None;
    };
    Some(OwnerField { from: OwnersFrom::Field(sale_field(item, "field", findings)?), share })
}

/// A percentage, or a formula that makes one of the sale.
fn share(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<Share> {
    if let DeValue::Table(_) = item.get_ref() {
        let table = Table::of(item, "`share`", findings)?;
        table.only(&["percent"], findings);
        let Some(item) = table.get("percent") else {
            table.missing("percent", "a formula of the sale such as 'sale.other_numeric1', where 70 means 70%", findings);
            return None;
        };
        let formula = condition(item, "percent", Want::Number, findings)?;
        if formula.uses_rep() {
            findings.add(item.span().start, Code::Conflict, "the formula of a `share` reads the sale only, not `rep` or `var`");
        }
        return Some(Share::Percent(formula));
    }
    match super::reader::rate(item, "share", true, findings)? {
        Rate::Percent(Figure::Literal(percent)) if percent > Exact::ZERO && percent <= Exact::ONE_THOUSAND => {
            Some(Share::Literal(percent / Exact::ONE_HUNDRED))
        }
        _ => {
            findings.add(item.span().start, Code::BadValue, "`share` is a percentage such as \"70%\"");
            None
        }
    }
}

fn sale_field(item: &Item<'_>, key: &str, findings: &mut Findings<'_>) -> Option<TextField> {
    let name = text(item, key, findings)?;
    let field = text_field(name);
    if field.is_none() {
        let hint = suggestion(name, text_field_names());
        findings.add(item.span().start, Code::BadValue, format!("`{name}` is not a text field of a sale{hint}"));
    }
    field
}

fn team_credit(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<TeamCredit> {
    let table = Table::of(table.get(key)?, key, findings)?;
    table.only(&["fields", "to", "weight"], findings);
    if !table.has("fields") {
        table.missing("fields", "the fields that name teams, such as [\"territory\"]", findings);
    }
    if !table.has("to") {
        table.missing("to", "\"members\", \"manager\" or \"team\"", findings);
    }
    let fields: Vec<_> = table.list("fields").into_iter().filter_map(|item| sale_field(item, "fields", findings)).collect();
    let words = [("members", TeamShare::Members), ("manager", TeamShare::Manager), ("team", TeamShare::Team)];
    let to = table.word("to", &words, findings)?;
    let weight = weight(&table, to == TeamShare::Members, findings);
    (!fields.is_empty()).then_some(TeamCredit { fields, to, weight })
}

/// The variable by which members share.
fn weight(table: &Table<'_, '_>, members: bool, findings: &mut Findings<'_>) -> Option<String> {
    let weight = table.text("weight", findings)?;
    if !members {
        findings.add(table.place("weight"), Code::Conflict, "`weight` says how members share, and nobody shares here");
    }
    if weight.trim().is_empty() {
        findings.add(table.place("weight"), Code::BadValue, "`weight` names a variable of the members, such as \"salary\"");
    }
    Some(weight.to_owned())
}

const ASSIGN: [(&str, AssignTo); 4] = [
    ("self", AssignTo::Credited),
    ("manager", AssignTo::Manager),
    ("team_manager", AssignTo::TeamManager),
    ("team_members", AssignTo::TeamMembers),
];

/// Reads `assign`: a word, or a table with a percentage.
pub(super) fn assign(rule: &Table<'_, '_>, crediting: Option<&Crediting>, findings: &mut Findings<'_>) -> Option<Assign> {
    let teams = crediting.is_some_and(Crediting::credits_teams);
    let Some(item) = rule.get("assign") else {
        if teams {
            let what = "a team is not paid itself: \"team_manager\" or \"team_members\"";
            rule.missing("assign", what, findings);
        }
        return None;
    };
    let assign = if let DeValue::String(_) = item.get_ref() {
        Assign { to: rule.word("assign", &ASSIGN, findings)?, factor: Exact::ONE, weight: None }
    } else {
        let table = Table::of(item, "`assign`", findings)?;
        table.only(&["to", "percent", "weight"], findings);
        if !table.has("to") {
            table.missing("to", "\"self\", \"manager\", \"team_manager\" or \"team_members\"", findings);
        }
        let to = table.word("to", &ASSIGN, findings)?;
        let percent = table.number("percent", findings).unwrap_or(Exact::ONE_HUNDRED);
        if percent <= Exact::ZERO || percent > Exact::ONE_THOUSAND {
            findings.add(table.place("percent"), Code::BadValue, "`percent` is more than 0 and at most 1000; 50 means half");
        }
        let weight = weight(&table, to == AssignTo::TeamMembers, findings);
        Assign { to, factor: percent / Exact::ONE_HUNDRED, weight }
    };
    if rule.has("override") {
        findings.add(item.span().start, Code::Conflict, "an override pays the managers themselves; it has no `assign`");
    }
    if teams && assign.to == AssignTo::Credited {
        findings.add(item.span().start, Code::Conflict, "a team is not paid itself: \"team_manager\" or \"team_members\"");
    }
    (assign.to != AssignTo::Credited || assign.factor != Exact::ONE).then_some(assign)
}
