//! What is refused when a document with draws, bonuses, limits and deferred payments is saved: line, code, reason.

use meed_core::program::Program;

/// The findings of a document that begins with a rule on line 4 and goes on with `rest` from line 8 on.
fn findings(head: &str, rest: &str) -> Vec<String> {
    let text = format!("name = \"P\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{head}\n[[rule]]\nid = \"base\"\nrate = \"10%\"\n{rest}");
    match Program::parse(&text) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(|finding| format!("{} {}", finding.line, finding.code.code())).collect(),
    }
}

#[test]
fn every_mistake_has_its_line_and_code() {
    for (head, rest, expected) in [
        ("draw = { amount = 5 }", "", "4 missing_key"),
        ("draw = { amount = -5, recoverable = true }", "", "4 bad_value"),
        ("draw = { amount = 5, recoverable = false, limit = 3 }", "", "4 conflict"),
        ("draw = { amount = 5, recoverable = true, from = 2026-03-01, until = 2026-01-31 }", "", "4 validity_reversed"),
        ("draw = { amount = 5, recoverable = true, when = 'sale.revenue > 5' }", "", "4 condition_unknown_field"),
        ("draw = { amount = 5, recoverable = true, when = 'result.earnd > 5' }", "", "4 condition_unknown_field"),
        ("guarantee = { amount = 5, recoverable = true }", "", "4 unknown_key"),
        ("payout = { cap = 5, floor = 6 }", "", "4 conflict"),
        ("payout = { decelerate = { above = 5 } }", "", "4 missing_key"),
        ("deduct = { from = \"month\" }", "", "4 bad_value"),
        ("deduct = { from = \"year\" }\nmeasure_from = \"year\"", "", "5 conflict"),
        ("", "[[bonus]]\nid = \"b\"", "8 missing_key"),
        ("", "[[bonus]]\nid = \"b\"\namount = 5\nformula = '1'", "11 conflict"),
        ("", "[[bonus]]\nid = \"b\"\namount = 5\nat = \"100%\"", "11 quota_missing"),
        ("", "[[bonus]]\nid = \"b\"\namount = 5\nwhen = 'count(\"nobody\") > 1'", "11 unknown_rule"),
        ("quota = 5", "[[bonus]]\nid = \"b\"\ncurve = { target = 5, threshold = \"50%\" }", "10 missing_key"),
        (
            "quota = 5",
            "[[bonus]]\nid = \"b\"\ncurve = { target = 5, points = [{ at = \"80%\", pays = \"1%\" }, { at = \"50%\", pays = \"2%\" }] }",
            "10 tier_overlap",
        ),
        ("", "[[multiplier]]\nfactor = 2\nof = [\"nobody\"]", "10 unknown_rule"),
        ("", "[[holdback]]\nid = \"h\"\nshare = \"120%\"\nuntil = { periods = 1 }", "10 bad_value"),
        ("", "[[holdback]]\nid = \"h\"\nshare = \"20%\"\nuntil = { periods = 1, days = 3 }", "11 conflict"),
        ("", "[[instalments]]\nparts = [\"50%\", \"40%\"]", "9 bad_value"),
        ("", "[[instalments]]\nparts = 1", "9 bad_value"),
        ("", "[[clawback]]\nid = \"c\"\nshare = \"50%\"", "8 missing_key"),
        ("", "[[clawback]]\nid = \"c\"\non = 'sale.revenue'", "10 condition_wrong_type"),
        ("", "[[clawback]]\nid = \"c\"\non = 'sale.other_date1'\nterm = { weeks = 3 }", "11 unknown_key"),
        ("quota = { amount = 5, ramp = [\"50%\"] }", "", "4 conflict"),
        (
            "",
            "[[holdback]]\nid = \"h\"\nshare = \"60%\"\nuntil = { periods = 1 }\n[[holdback]]\nid = \"i\"\nshare = \"60%\"\nuntil = { days = 9 }",
            "8 conflict",
        ),
        ("deduct = { from = \"year\" }", "[[instalments]]\nparts = 2\n[[clawback]]\nid = \"c\"\non = 'sale.other_date1'", "10 conflict"),
        ("deduct = { from = \"year\" }", "deductible = false\n[[clawback]]\nid = \"c\"\non = 'sale.other_date1'", "9 conflict"),
        ("measure_from = \"year\"\npayout = { cap = 5 }", "[[bonus]]\nid = \"b\"\namount = 5", "5 conflict"),
        (
            "",
            "assign = \"manager\"\n[[rule]]\nid = \"o\"\nrate = \"1%\"\noverride = { base = \"commission\", once_per = \"credit\" }\n[[multiplier]]\nfactor = 2",
            "5 conflict",
        ),
        ("measure_from = \"year\"", "[[bonus]]\nid = \"b\"\nformula = 'earned(\"base\")'", "8 conflict"),
    ] {
        let found = findings(head, rest);
        assert!(found.iter().any(|finding| finding == expected), "{head} {rest}: {found:?}, not {expected}");
    }
}

#[test]
fn results_of_a_period_are_not_asked_of_a_sale() {
    let text =
        "name = \"P\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n[[rule]]\nid = \"base\"\nrate = \"10%\"\nwhen = 'result.attainment > 5'";
    let found = Program::parse(text).expect_err("refused");
    assert_eq!((found[0].line, found[0].code.code()), (7, "condition_unknown_field"));
    assert!(found[0].text.contains("not for a single sale"), "{}", found[0].text);
}
