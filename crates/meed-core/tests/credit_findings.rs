//! Documents whose crediting side is refused: who is credited, who is paid, what is measured.

use meed_core::program::{Finding, Program};

const HEAD: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n";
const RULE: &str = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n";

/// The document is HEAD followed by `rest`; lines are counted from the whole.
#[track_caller]
fn refused(rest: &str, line: u32, code: &str, words: &str) {
    let text = format!("{HEAD}{rest}");
    let found: Vec<Finding> = Program::parse(&text).err().unwrap_or_default();
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    let hit = found.iter().any(|finding| finding.line == line && finding.code.code() == code && finding.text.contains(words));
    assert!(hit, "wanted line {line} {code} `{words}`, found {shown:#?} in\n{text}");
    assert_eq!(found.len(), 1, "one mistake, one finding: {shown:#?}");
}

#[test]
fn a_team_is_never_paid_itself() {
    let team = "credit = { owners = [\"owner1\"], to = \"team\" }";
    refused(&format!("{RULE}{team}"), 4, "missing_key", "a team is not paid itself");
    refused(&format!("{RULE}assign = \"self\"\n{team}"), 7, "conflict", "a team is not paid itself");
    let by_field = "credit = { teams = { fields = [\"territory\"], to = \"team\" } }";
    refused(&format!("{RULE}{by_field}"), 4, "missing_key", "needs `assign`");
    refused(&format!("{RULE}credit = {{ roll_up = true }}"), 7, "conflict", "give `to = \"team\"`");
    assert!(Program::parse(&format!("{HEAD}{RULE}assign = \"team_manager\"\n{team}")).is_ok());
}

#[test]
fn what_assign_says_is_checked() {
    refused(&format!("{RULE}assign = \"boss\""), 7, "bad_value", "`team_members`");
    refused(&format!("{RULE}assign = {{ percent = 50 }}"), 7, "missing_key", "needs `to`");
    refused(&format!("{RULE}assign = {{ to = \"manager\", percent = 0 }}"), 7, "bad_value", "more than 0");
    refused(&format!("{RULE}assign = {{ to = \"manager\", weight = \"salary\" }}"), 7, "conflict", "nobody shares here");
    refused(&format!("{RULE}assign = {{ to = \"manager\", share = 5 }}"), 7, "unknown_key", "`share` is not a key");
    let over = "[[rule]]\nid = \"over\"\nrate = \"1%\"\nassign = \"manager\"\noverride = { base = \"sales\", once_per = \"sale\" }";
    refused(&format!("{RULE}{over}"), 10, "conflict", "an override pays the managers themselves");
}

#[test]
fn shares_and_weights_are_checked() {
    let share = |share: &str| format!("{RULE}credit = {{ owners = [{{ field = \"owner1\", share = {share} }}] }}");
    refused(&share("\"0%\""), 7, "bad_value", "a percentage");
    refused(&share("{ percent = 'sale.status' }"), 7, "condition_wrong_type", "must result in a number");
    refused(&share("{ percent = 'var(\"x\")' }"), 7, "conflict", "reads the sale only");
    refused(&share("{ percent = '1', of = 1 }"), 7, "unknown_key", "`of` is not a key");
    let fallback = |rest: &str| format!("{RULE}credit = {{ fallback = {{ fields = [\"territory\"], {rest} }} }}");
    refused(&fallback("to = \"manager\", weight = \"salary\""), 7, "conflict", "nobody shares here");
    refused(&fallback("to = \"members\", weight = \"\""), 7, "bad_value", "names a variable");
    refused(&fallback("to = \"everybody\""), 7, "bad_value", "`members`, `manager`, `team`");
}

#[test]
fn what_is_measured_is_checked() {
    refused(&format!("attainment = {{ metric = \"speed\" }}\n{RULE}"), 4, "bad_value", "`increase`");
    refused(&format!("attainment = {{ counts = [\"bse\"] }}\n{RULE}"), 4, "unknown_rule", "did you mean `base`?");
    refused(&format!("attainment = {{ counts = [{{ rule = \"base\", weight = 0 }}] }}\n{RULE}"), 4, "bad_value", "counts nothing");
    refused(&format!("attainment = {{ counts = [{{ weight = 2 }}] }}\n{RULE}"), 4, "missing_key", "needs `rule`");
    refused(&format!("attainment = {{ counts = [\"base\", \"base\"] }}\n{RULE}"), 4, "conflict", "counted twice");
    let twice = format!("quota = {{ amount = 5, counts = [\"base\"] }}\nattainment = {{ counts = [\"base\"] }}\n{RULE}");
    refused(&twice, 5, "conflict", "not in both");
    let over = "[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"commission\", once_per = \"sale\" }";
    refused(&format!("attainment = {{ counts = [\"base\", \"over\"] }}\n{RULE}{over}"), 4, "conflict", "not commission");
}

#[test]
fn variables_and_enrollment_are_checked() {
    refused(&format!("enrollment = \"maybe\"\n{RULE}"), 4, "bad_value", "`required`");
    refused(&format!("variables = {{ a = [{{ from = 2026-01-01 }}] }}\n{RULE}"), 4, "missing_key", "needs `value`");
    refused(
        &format!("variables = {{ a = [{{ value = 1, from = 2026-01-01 }}, {{ value = 2, from = 2026-01-01 }}] }}\n{RULE}"),
        4,
        "conflict",
        "two values from the same day",
    );
    refused("[[rule]]\nid = \"base\"\nrate = { percent = { variable = \"x\", of = \"boss\" } }", 6, "bad_value", "`beneficiary`");
    refused("[[rule]]\nid = \"base\"\nrate = { percent = { of = \"team\" } }", 6, "missing_key", "needs `variable`");
    refused(&format!("{RULE}when = 'team_vr(\"x\") > 1'"), 7, "condition_unknown_function", "did you mean `team_var`?");
    let test = |rest: &str| format!("{RULE}[[test]]\nexpect = {{ A = 1 }}\n{rest}");
    refused(&test("reps = [{ name = \"A\", enrolled = \"soon\" }]"), 9, "bad_value", "a date");
    refused(&test("reps = [{ name = \"A\", teams = [{ from = 2026-01-01 }] }]"), 9, "missing_key", "needs `team`");
    refused(&test("teams = [{ name = \"T\", above = \"U\" }]"), 9, "unknown_key", "`above` is not a key");
    refused(&test("previous = 5"), 9, "wrong_type", "a table");
}

#[test]
fn a_rule_continues_one_that_ends_before_it_and_measures_the_same() {
    let two = |before: &str, after: &str| {
        format!("[[rule]]\nid = \"a\"\nrate = \"5%\"\n{before}\n[[rule]]\nid = \"b\"\nrate = \"6%\"\n{after}\n")
    };
    let (ends, begins) = ("valid_until = 2026-02-14", "valid_from = 2026-02-15");
    assert!(Program::parse(&format!("{HEAD}{}", two(ends, &format!("{begins}\ncontinues = \"a\"")))).is_ok());
    refused(&two("", &format!("continues = \"a\"\n{begins}")), 11, "conflict", "give `a` a `valid_until`");
    refused(&two(ends, "continues = \"a\"\nvalid_from = 2026-02-14"), 11, "conflict", "give `a` a `valid_until`");
    refused(&two(ends, &format!("continues = \"c\"\n{begins}")), 11, "unknown_rule", "there is no rule `c`");
    refused(&two("continues = \"b\"", begins), 7, "conflict", "a rule continues one before it");
    refused(&two(ends, &format!("continues = \"a\"\nbasis = \"profit\"\n{begins}")), 11, "conflict", "measures something else");
}
