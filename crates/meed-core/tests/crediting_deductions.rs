//! Deductions of what earlier periods were paid (`commissions.md` §4.5, behaviour 42), as documents with their tests.

use meed_core::program::Program;

/// Everything comes out as the document expects.
fn passes(text: &str) {
    let program = Program::parse(text).unwrap_or_else(|findings| panic!("{findings:?}"));
    for result in program.run_tests() {
        assert!(result.passed(), "{}: {:?}\n{}", result.name, result.differences, result.workings.join("\n"));
    }
}

fn monthly(head: &str, rules: &str, test: &str) -> String {
    format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{head}\n{rules}\n[[test]]\n{test}")
}

const RETRO: &str = "[[rule]]\nid = \"base\"\ntiers = { accumulate = \"accumulated\", mode = \"retroactive\", bands = [{ to = 1000, rate = \"5%\" }, { rate = \"10%\" }] }\n";

/// A month with one sale of Ana's, and what it must pay.
fn month(number: u8, revenue: i64, rest: &str) -> String {
    format!(
        "[[test.periods]]\nperiod = \"2026-{number:02}\"\nsales = [{{ owner = \"Ana\", day = 2026-{number:02}-15, revenue = {revenue} }}]\n{rest}\n"
    )
}

#[test]
fn com_042_by_default_what_was_released_of_the_span_is_deducted() {
    let periods = [
        month(1, 800, "expect = { Ana = 40 }"),
        month(2, 400, "expect = { Ana = 80 }\nlines = { Ana = { commission = 120, deduction = -40 } }"),
        month(3, 100, "expect = { Ana = 10 }\nlines = { Ana = { commission = 130, deduction = -120 } }"),
        month(4, 100, "expect = { Ana = 10 }\nlines = { Ana = { commission = 140, deduction = -130 } }"),
    ];
    passes(&monthly("deduct = { from = \"year\" }", RETRO, &periods.concat()));
}

#[test]
fn com_042_what_was_only_calculated_is_no_deduction() {
    let periods = [
        month(1, 800, "expect = { Ana = 40 }"),
        month(2, 400, "released = false\nexpect = { Ana = 80 }\nlines = { Ana = { commission = 120, deduction = -40 } }"),
        month(3, 100, "expect = { Ana = 90 }\nlines = { Ana = { commission = 130, deduction = -40 } }"),
    ];
    passes(&monthly("deduct = { from = \"year\" }", RETRO, &periods.concat()));
}

#[test]
fn com_042_the_three_options_by_quarter_by_half_year_and_none() {
    let fourth = [5, 14];
    let of = |head: &str, april: [i64; 2], july: [i64; 2]| {
        // April and July are the first months of a quarter, July of a half year: the span begins anew there.
        let line = |[paid, earned]: [i64; 2]| {
            let deduction = if paid == earned { String::new() } else { format!(", deduction = {}", paid - earned) };
            format!("expect = {{ Ana = {paid} }}\nlines = {{ Ana = {{ commission = {earned}{deduction} }} }}")
        };
        let flat = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n";
        let periods = [
            month(1, 80, "expect = { Ana = 4 }"),
            month(2, 100, &format!("expect = {{ Ana = {} }}", if head.contains("nothing") { 9 } else { 5 })),
        ];
        let later = [month(4, 100, &line(april)), month(7, 140, &line(july))];
        passes(&monthly(head, flat, &(periods.concat() + &later.concat())));
    };
    of("deduct = { from = \"quarter\" }", [5, 5], [7, 7]);
    of("deduct = { from = \"half_year\" }", fourth, [7, 7]);
    of("deduct = { from = \"year\" }", fourth, [7, 21]);
    // Nothing is deducted: each period pays the whole span.
    of("deduct = { from = \"year\", what = \"nothing\" }", [14, 14], [21, 21]);
}

#[test]
fn com_042_rewards_that_are_not_deductible_are_left_out() {
    let rules = "[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"spiff\"\nlabel = \"SPIFF\"\namount = 7\ndeductible = false\n\
                 [[bonus]]\nid = \"badge\"\namount = 50\ndeductible = false\n[[bonus]]\nid = \"target\"\nwhen = 'credited(\"base\") >= 1500'\namount = 100\n";
    let periods = [
        month(1, 1000, "expect = { Ana = 157 }\nlines = { Ana = { commission = 107, bonus = 50 } }"),
        // The commission of the base rule is 200 by now, and 100 was paid; each SPIFF is paid with its own sale, the badge anew.
        month(2, 1000, "expect = { Ana = 257 }\nlines = { Ana = { commission = 207, bonus = 150, deduction = -100 } }"),
        month(
            3,
            0,
            "adjust = [{ rep = \"Ana\", label = \"Fair\", amount = 11 }]\nexpect = { Ana = 68 }\nlines = { Ana = { commission = 207, bonus = 150, deduction = -300, adjustment = 11 } }",
        ),
        month(4, 0, "expect = { Ana = 57 }\nlines = { Ana = { commission = 207, bonus = 150, deduction = -300 } }"),
    ];
    passes(&monthly("deduct = { from = \"year\" }", rules, &periods.concat()));
}

#[test]
fn com_042_a_negative_result_is_paid_or_carried_until_it_is_made_good() {
    let periods = |third: &str, fourth: &str, fifth: &str| {
        [
            month(1, 800, "expect = { Ana = 40 }"),
            month(2, 400, "expect = { Ana = 80 }"),
            month(3, -300, third),
            month(4, 1000, fourth),
            month(5, 600, fifth),
        ]
        .concat()
    };
    let paid = periods(
        "expect = { Ana = -75 }\nlines = { Ana = { commission = 45, deduction = -120 } }",
        "expect = { Ana = 100 }",
        "expect = { Ana = 60 }",
    );
    passes(&monthly("deduct = { from = \"quarter\" }", RETRO, &paid));
    passes(&monthly("deduct = { from = \"quarter\", negative = \"pay\" }", RETRO, &paid));
    let carried = periods(
        "expect = { Ana = 0 }\nlines = { Ana = { commission = 45, deduction = -120, carried = 75 } }",
        "expect = { Ana = 25 }\nlines = { Ana = { commission = 100, carried = -75 } }",
        "expect = { Ana = 60 }\nlines = { Ana = { commission = 160, deduction = -100 } }",
    );
    passes(&monthly("deduct = { from = \"quarter\", negative = \"carry\" }", RETRO, &carried));
}

#[test]
fn com_042_what_is_carried_is_made_good_bit_by_bit_within_a_span_and_over_its_end() {
    let flat = "[[rule]]\nid = \"base\"\nrate = \"10%\"\n";
    let periods = [
        month(2, 1000, "expect = { Ana = 100 }"),
        month(3, -3000, "expect = { Ana = 0 }\nlines = { Ana = { commission = -200, deduction = -100, carried = 300 } }"),
        month(4, 1000, "expect = { Ana = 0 }\nlines = { Ana = { commission = 100, carried = -100 } }"),
        month(5, 500, "expect = { Ana = 0 }\nlines = { Ana = { commission = 150, deduction = -100, carried = -50 } }"),
        month(6, 4000, "expect = { Ana = 250 }\nlines = { Ana = { commission = 550, deduction = -150, carried = -150 } }"),
    ];
    passes(&monthly("deduct = { from = \"quarter\", negative = \"carry\" }", flat, &periods.concat()));
}

#[test]
fn deductions_that_contradict_themselves_are_refused() {
    let code = |text: &str| match Program::parse(text) {
        Ok(_) => panic!("accepted"),
        Err(findings) => findings.iter().map(|finding| (finding.line, finding.code.code())).collect::<Vec<_>>(),
    };
    let rule = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n";
    assert_eq!(
        code(&monthly("deduct = { from = \"year\", what = \"nothing\", negative = \"carry\" }", rule, "expect = {}")),
        [(4, "conflict")]
    );
    assert_eq!(code(&monthly("deduct = { from = \"year\", what = \"all\" }", rule, "expect = {}")), [(4, "bad_value")]);
    assert_eq!(code(&monthly("deduct = { what = \"released\" }", rule, "expect = {}")), [(4, "missing_key")]);
    let held = format!("{rule}deductible = false\n[[holdback]]\nid = \"h\"\nshare = \"20%\"\nuntil = {{ periods = 1 }}\n");
    assert_eq!(code(&monthly("deduct = { from = \"year\" }", &held, "expect = {}")), [(9, "conflict")]);
}
