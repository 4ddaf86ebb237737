//! Documents that are refused: every finding at once, each with its line, code and a way out.

use meed_core::program::{Finding, Program};
use proptest::prelude::*;

const HEAD: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n";
const RULE: &str = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n";

fn findings(text: &str) -> Vec<Finding> {
    Program::parse(text).err().unwrap_or_default()
}

/// The document is HEAD followed by `rest`; lines are counted from the whole.
#[track_caller]
fn refused(rest: &str, line: u32, code: &str, words: &str) {
    let text = format!("{HEAD}{rest}");
    let found = findings(&text);
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    let hit = found.iter().any(|finding| finding.line == line && finding.code.code() == code && finding.text.contains(words));
    assert!(hit, "wanted line {line} {code} `{words}`, found {shown:#?} in\n{text}");
    assert_eq!(found.len(), 1, "one mistake, one finding: {shown:#?}");
}

fn tiers(bands: &str) -> String {
    format!("[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"marginal\"\n{bands}\n")
}

#[test]
fn com_039_tiers_with_gaps_or_overlaps_are_refused_at_save() {
    refused(
        &tiers("bands = [\n{ to = 499.99, rate = \"25%\" },\n{ from = 500, rate = \"30%\" }]"),
        11,
        "tier_gap",
        "gap from 499.99 to 500",
    );
    refused(
        &tiers("bands = [\n{ to = 500, rate = \"25%\" },\n{ from = 499, rate = \"30%\" }]"),
        11,
        "tier_overlap",
        "overlap from 499 to 500",
    );
    refused(&tiers("bands = [\n{ from = 100, to = 500, rate = \"25%\" },\n{ rate = \"30%\" }]"), 10, "tier_gap", "starts at 0");
    refused(&tiers("bands = [\n{ to = 500, rate = \"25%\" },\n{ to = 500, rate = \"30%\" }]"), 11, "tier_bounds", "ends at 500");
    refused(&tiers("bands = [\n{ rate = \"25%\" },\n{ rate = \"30%\" }]"), 10, "missing_key", "only the last band may be open");
    refused(&tiers("bands = []"), 6, "missing_key", "bands");
    let whole = tiers("bands = [{ to = 500, rate = \"25%\" }]").replace("marginal", "whole");
    refused(&whole, 9, "tier_bounds", "every total needs a tier");
}

#[test]
fn what_changes_the_result_is_never_assumed() {
    refused("[[rule]]\nid = \"base\"\n[rule.tiers]\nmode = \"whole\"\nbands = [{ rate = \"1%\" }]", 6, "missing_key", "accumulate");
    refused("[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"transaction\"\nbands = [{ rate = \"1%\" }]", 6, "missing_key", "mode");
    let over = |inner: &str| format!("{RULE}[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = {{ {inner} }}");
    refused(&over("once_per = \"sale\""), 10, "missing_key", "base");
    refused(&over("base = \"sales\""), 10, "missing_key", "once_per");
    refused("[[rule]]\nid = \"base\"\nrate = 5", 6, "rate_needs_percent", "\"5%\"");
    refused("[[rule]]\nid = \"base\"", 4, "missing_key", "rate");
}

#[test]
fn unknown_keys_are_refused_with_line_and_neighbour() {
    refused(&format!("curency = \"USD\"\n{RULE}"), 4, "unknown_key", "did you mean `currency`?");
    refused("[[rule]]\nid = \"base\"\nraet = \"5%\"\nrate = \"5%\"", 6, "unknown_key", "did you mean `rate`?");
    refused(&tiers("bands = [{ too = 5, rate = \"1%\" }]"), 9, "unknown_key", "did you mean `to`?");
    refused(&format!("{RULE}credit = {{ owners = [\"ownr1\"] }}"), 7, "bad_value", "did you mean `owner1`?");
    refused(&format!("{RULE}[[test]]\nexpect = {{ A = 1 }}\nsales = [{{ revnue = 5 }}]"), 9, "unknown_key", "did you mean `revenue`?");
}

#[test]
fn an_empty_document_is_told_everything_that_it_needs() {
    let codes: Vec<&str> = findings("").iter().map(|finding| finding.code.code()).collect();
    assert_eq!(codes, ["missing_key", "missing_key", "missing_key", "no_rules"]);
}

#[test]
fn a_key_of_the_plan_below_a_table_is_told_where_it_belongs() {
    refused(&format!("{RULE}quota = 1000"), 7, "unknown_key", "write it above the first table");
    refused(&format!("{RULE}when = 'sale.stage == \"won\"'"), 7, "condition_unknown_field", "did you mean `status`?");
    refused(
        "guarantee = { amount = 5 }\ndraw = { amount = 5, recoverable = true }\n[[rule]]\nid = \"b\"\nrate = \"1%\"",
        4,
        "conflict",
        "a plan has",
    );
}

/// A test after one rule.
fn tested(inner: &str) -> String {
    format!("{RULE}[[test]]\n{inner}\n")
}

#[test]
fn names_in_tests_are_those_of_somebody() {
    let people = "reps = [{ name = \"Ana\", manager = \"Max\" }]\nsales = [{ owner = \"Ana\", revenue = 100 }]\n";
    refused(&tested(&format!("{people}expect = {{ Ana = 5, Anna = 0 }}")), 10, "unknown_name", "did you mean `ana`?");
    refused(&tested(&format!("{people}expect = {{ Ana = 5 }}\nowed = {{ Maxx = 0 }}")), 11, "unknown_name", "`Maxx`");
    refused(&tested(&format!("{people}expect = {{ Ana = 5 }}\nprevious = {{ Bob = 1 }}")), 11, "unknown_name", "`Bob`");
    let earns = "reps = [{ name = \"Ana\" }]\nsales = [{ owner = \"Ana\", revenue = 100, earns = { An = 0 } }]\nexpect = { Ana = 5 }";
    refused(&tested(earns), 9, "unknown_name", "`An`");
    let circle = people.replace("}]\nsales", "}, { name = \"Max\", manager = \"Ana\" }]\nsales");
    refused(&tested(&format!("{circle}expect = {{ Ana = 5 }}")), 8, "circle", "above their own manager");
    let teams = format!("{people}teams = [{{ name = \"A\", parent = \"B\" }}, {{ name = \"B\", parent = \"A\" }}]\nexpect = {{ Ana = 5 }}");
    refused(&tested(&teams), 10, "circle", "below itself");
    // Whoever sells in the test may be expected to earn nothing, listed or not.
    let stranger = people.replace("owner = \"Ana\"", "owner = \"Zoe\"");
    assert!(findings(&format!("{HEAD}{}", tested(&format!("{stranger}expect = {{ Ana = 0, Zoe = 0 }}")))).is_empty());
    assert!(findings(&format!("{HEAD}{}", tested("expect = { Ana = 0 }"))).is_empty(), "nobody is listed");
}

#[test]
fn periods_of_a_test_follow_each_other_and_adjust_what_is_there() {
    let period = |label: &str, rest: &str| {
        format!(
            "[[test.periods]]\nperiod = \"{label}\"\nsales = [{{ owner = \"A\", unique_id = \"{label}\", revenue = 100 }}]\n{rest}expect = {{ A = 5 }}\n"
        )
    };
    refused(&tested(&format!("{}{}", period("2026-02", ""), period("2026-01", ""))), 13, "period_order", "2026-01 stands after 2026-02");
    refused(&tested(&format!("{}{}", period("2026-02", ""), period("2026-02", ""))), 13, "period_order", "each once");
    let adjusted = |rep: &str, sale: &str| format!("adjust = [{{ rep = \"{rep}\", label = \"x\", amount = 5, sale = \"{sale}\" }}]\n");
    refused(&tested(&period("2026-01", &adjusted("A", "2026-1"))), 11, "unknown_name", "did you mean `2026-01`?");
    refused(&tested(&period("2026-01", &adjusted("B", "2026-01"))), 11, "unknown_name", "`B`");
    let later = format!("{}{}", period("2026-01", &adjusted("A", "2026-02")), period("2026-02", ""));
    refused(&tested(&later), 11, "unknown_name", "by then");
}

/// The warnings of HEAD followed by `rest`, which can be used.
#[track_caller]
fn warned(rest: &str, line: u32, code: &str, words: &str) {
    let program = Program::parse(&format!("{HEAD}{rest}")).expect("a plan");
    let shown: Vec<String> = program.warnings.iter().map(ToString::to_string).collect();
    let [found] = program.warnings.as_slice() else { panic!("one warning: {shown:#?}") };
    assert_eq!((found.line, found.code.code()), (line, code), "{shown:?}");
    assert!(found.text.contains(words), "{shown:?}");
}

#[test]
fn what_is_rarely_meant_is_warned_of_and_can_be_used() {
    warned("[[rule]]\nid = \"base\"\nrate = \"500%\"", 6, "rate_unusual", "more than the whole");
    warned("[[rule]]\nid = \"base\"\nrate = \"-5%\"", 6, "rate_unusual", "loses by it");
    let bounds = "unit = \"percent_of_quota\"\nbands = [{ to = 1, rate = \"1%\" }, { to = 1.5, rate = \"2%\" }, { rate = \"3%\" }]";
    warned(&format!("quota = 100\n{}", tiers(bounds)), 11, "bounds_small", "`to = 150`");
    warned(&format!("{RULE}when = 'sale.status.lower() == \"Won\"'"), 7, "comparison_constant", "lower case");
    let shares = "credit = { owners = [{ field = \"owner1\", share = \"70%\" }, { field = \"owner2\", share = \"50%\" }] }";
    warned(&format!("{RULE}{shares}"), 7, "shares_over_whole", "120%");
    let late = "period = \"2026-01\"\nsales = [{ owner = \"A\", day = 2026-02-01, revenue = 100 }]\nexpect = {}";
    warned(&tested(late), 9, "period_order", "ends on 2026-01-31");
    let given_back = "guarantee = { amount = 500 }\n[[clawback]]\nid = \"c\"\non = 'sale.other_date1'\nwithin = { days = 90 }\n";
    warned(&format!("{given_back}{RULE}"), 4, "undone", "given back");
    let quiet = Program::parse(&format!("{HEAD}{RULE}when = 'sale.status.lower() == \"won\" && sale.coupon.upper() != \"X1\"'"));
    assert!(quiet.expect("a plan").warnings.is_empty());
}

#[test]
fn conditions_point_at_the_place_inside_the_text() {
    let text = format!("{HEAD}{RULE}when = 'sale.revnue > 5'\n");
    let found = findings(&text);
    assert_eq!((found[0].line, found[0].column, found[0].code.code()), (7, 13, "condition_unknown_field"), "{found:?}");
    let text = format!("{HEAD}{RULE}when = '''\nsale.revenue > 5\n  && sale.status = \"x\"'''\n");
    let found = findings(&text);
    assert_eq!((found[0].line, found[0].code.code()), (9, "condition_unreadable"), "{found:?}");
}

#[test]
fn values_are_checked_where_they_stand() {
    refused(&format!("rounding = \"sideways\"\n{RULE}"), 4, "bad_value", "`half_up`");
    refused(&format!("valid_from = 2026-02-01\nvalid_until = 2026-01-31\n{RULE}"), 5, "validity_reversed", "lies before");
    refused(&format!("quota = 0\n{RULE}"), 4, "quota_not_positive", "more than 0");
    refused(&format!("quota = {{ amount = 5, counts = [\"bse\"] }}\n{RULE}"), 4, "unknown_rule", "did you mean `base`?");
    refused(&format!("{RULE}{RULE}"), 7, "duplicate_rule", "`base` is used twice");
    refused(&tiers("unit = \"percent_of_quota\"\nbands = [{ rate = \"1%\" }]"), 9, "quota_missing", "need a `quota`");
    refused("[[rule]]\nid = \"base\"\nrate = { pay = 5 }", 6, "missing_key", "quota");
    refused("[[rule]]\nid = \"base\"\nrate = { pay = 5, quota = 0 }", 6, "quota_not_positive", "more than 0");
    refused("[[rule]]\nid = \"base\"\nrate = \"5%\"\namount = 3", 7, "conflict", "too much");
    refused("[[rule]]\nid = \"ba se\"\nrate = \"5%\"", 5, "bad_value", "letters, digits");
    refused(&format!("{RULE}cap = -1"), 7, "bad_value", "negative");
    refused(&format!("{RULE}cap = 1\nfloor = 2"), 8, "conflict", "above `cap`");
    refused(&format!("targets = {{}}\n{RULE}"), 4, "missing_key", "names nobody");
    refused(&format!("variables = {{ a = 1.00000000000000000000000000001 }}\n{RULE}"), 4, "bad_value", "28 digits");
    refused(&format!("variables = {{ a = nan }}\n{RULE}"), 4, "bad_value", "decimal number");
    refused(&tiers("group = \"month\"\nbands = [{ rate = \"1%\" }]"), 9, "conflict", "accumulate = \"group\"");
    refused(&tiers("bands = [{ to = 5, amount = 3 }, { rate = \"1%\" }]"), 9, "conflict", "interpolated");
    refused("rule = 5", 4, "wrong_type", "double brackets");
    refused("", 1, "no_rules", "at least one");
    assert_eq!(
        findings("name = \"x\"\ncurrency = \"XXX\"\nperiod = \"monthly\"\n[[rule]]\nid = \"a\"\nrate = \"1%\"")[0].code.code(),
        "currency_unknown"
    );
}

#[test]
fn overrides_build_on_rules_that_credit_sales() {
    let over = |id: &str, inner: &str, rest: &str| {
        format!("{RULE}[[rule]]\nid = \"{id}\"\noverride = {{ base = \"commission\", once_per = \"sale\"{inner} }}\n{rest}")
    };
    refused(&over("over", ", of = [\"bas\"]", "rate = \"1%\""), 9, "unknown_rule", "did you mean `base`?");
    refused(&over("over", ", of = [\"over\"]", "rate = \"1%\""), 9, "conflict", "use `levels`");
    refused(&over("over", ", levels = [{ rate = \"1%\" }]", "rate = \"1%\""), 10, "conflict", "too much");
    refused(&over("over", "", "rate = \"1%\"\nbasis = \"profit\""), 11, "conflict", "takes its `basis`");
    let two = format!(
        "{RULE}[[rule]]\nid = \"two\"\nrate = \"1%\"\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = {{ base = \"sales\", once_per = \"sale\", of = [\"base\", \"two\"] }}"
    );
    refused(&two, 13, "conflict", "builds on one rule");
}

#[test]
fn all_findings_come_at_once_in_the_order_of_the_document() {
    let text = "nam = \"x\"\ncurrency = \"EURO\"\nperiod = \"weekly\"\n[[rule]]\nid = 5\nwhen = 'sale.x'\n[rule.tiers]\nmode = \"odd\"\n";
    let codes: Vec<(u32, &str)> = findings(text).iter().map(|finding| (finding.line, finding.code.code())).collect();
    assert_eq!(
        codes,
        [
            (1, "unknown_key"),
            (2, "currency_unknown"),
            (3, "bad_value"),
            (5, "wrong_type"),
            (6, "condition_unknown_field"),
            (7, "missing_key"),
            (7, "missing_key"),
            (8, "bad_value"),
        ]
    );
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    let found = findings("name = \"x\"\ncurrency = \n");
    assert_eq!((found[0].line, found[0].code.code()), (2, "syntax"), "{found:?}");
    assert_eq!(findings("name = \"a\"\nname = \"b\"\n")[0].code.code(), "syntax");
    assert_eq!(findings(&"#".repeat(2 << 20))[0].code.code(), "document_too_large");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,200}") {
        let _ = Program::parse(&text);
    }

    #[test]
    fn no_damaged_plan_makes_the_reader_or_its_tests_panic(cut in 0usize..900, len in 0usize..40, insert in "[\\[\\]{}=\"'0-9a-z.\n -]{0,6}") {
        let whole = format!("{HEAD}quota = {{ variable = \"q\", per = \"year\" }}\n[variables]\nq = 12000\n{}[[rule]]\nid = \"over\"\noverride = {{ base = \"sales\", once_per = \"sale\", levels = [{{ rate = \"4%\" }}] }}\n[[test]]\nname = \"t\"\nperiod = \"2026-01\"\nreps = [{{ name = \"Ana\", manager = \"Max\", variables = {{ q = 5 }} }}]\nsales = [{{ owner = \"Ana||Bo\", day = 2026-01-31, revenue = 1500.5, earns = {{ Ana = 5 }} }}]\nexpect = {{ Ana = 164 }}\nattainment = {{ Ana = \"66.67%\" }}\n", tiers("unit = \"percent_of_quota\"\nbands = [{ to = 1000, rate = \"1%\" }, { rate = { pay = 5, quota = 7 } }]"));
        let mut start = cut.min(whole.len());
        while !whole.is_char_boundary(start) { start -= 1; }
        let end = (start + len).min(whole.len());
        let mut damaged = whole[..start].to_owned();
        damaged.push_str(&insert);
        damaged.push_str(whole.get(end..).unwrap_or_default());
        if let Ok(program) = Program::parse(&damaged) {
            let _ = program.run_tests();
        }
    }
}
