//! Every plan under `examples/plans` passes its own tests.

use std::path::PathBuf;

use meed_core::program::Program;

fn plans() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder of example plans") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).expect("a readable plan")));
        }
    }
    found.sort();
    found
}

#[test]
fn com_034_every_worked_example_gives_the_stated_figures() {
    let plans = plans();
    let mut failures = Vec::new();
    for (name, text) in &plans {
        match Program::parse(text) {
            Err(findings) => failures.extend(findings.iter().map(|finding| format!("{name}: {finding}"))),
            Ok(program) => {
                assert!(!program.examples.is_empty(), "{name} carries no test");
                for result in program.run_tests() {
                    for difference in &result.differences {
                        failures.push(format!("{name}: {}: {difference}\n{}", result.name, result.workings.join("\n")));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for wanted in
        ["w1-", "w4-", "w6-", "w7-", "w9-", "w10-", "w13-", "w14-", "w16-", "w19-", "w18-", "w22-", "w24-", "w25-", "w28-", "w29-", "w33-"]
    {
        assert!(plans.iter().any(|(name, _)| name.starts_with(wanted)), "no plan for {wanted}");
    }
}

/// The complete documents among the examples of `docs/plans.md`, with the line where each starts.
fn documented() -> Vec<(usize, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/plans.md");
    let text = std::fs::read_to_string(path).expect("the page about plans");
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        match (&mut open, line) {
            (None, "```toml") => open = Some((number, String::new())),
            (Some(_), "```") => found.extend(open.take()),
            (Some((_, block)), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

#[test]
fn every_example_of_the_documentation_passes_its_tests() {
    let documented = documented();
    assert!(documented.len() > 20, "the page has its examples");
    let mut failures = Vec::new();
    for (line, text) in &documented {
        match Program::parse(text) {
            Err(findings) => failures.extend(findings.iter().map(|finding| format!("docs/plans.md:{line}: {finding}"))),
            Ok(program) => {
                for result in program.run_tests() {
                    let explained = result.workings.join("\n");
                    failures.extend(result.differences.iter().map(|difference| format!("docs/plans.md:{line}: {difference}\n{explained}")));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_wrong_expectation_fails_and_says_by_how_much() {
    let (_, text) = plans().into_iter().find(|(name, _)| name.starts_with("w9-")).expect("the accelerator");
    let program = Program::parse(&text.replace("expect = { Ana = 8250 }", "expect = { Ana = 8251 }")).expect("a program");
    let results = program.run_tests();
    assert!(results.iter().all(|result| !result.passed()));
    let first = results[0].differences[0].to_string();
    assert_eq!(first, "reward of Ana: expected 8251, found 8250.00");
}

#[test]
fn a_wrong_expectation_of_a_later_period_fails_and_names_it() {
    let (_, text) = plans().into_iter().find(|(name, _)| name.starts_with("w18-draw-recoverable")).expect("the draw");
    let wrong = text
        .replace("owed = { Ana = 800 }", "owed = { Ana = 900 }")
        .replace("commission = 6000, draw_repayment = -1000", "commission = 5000")
        .replace("expect = { Ana = 6200 }", "expect = { Bo = 6200 }\nwithheld = { Ana = 5 }");
    let results = Program::parse(&wrong).expect("a program").run_tests();
    let found: Vec<String> = results[0].differences.iter().map(ToString::to_string).collect();
    let expected = [
        "balance owed in 2026-02 of Ana: expected 900, found 800.00",
        "commission of Ana in 2026-02: expected 5000, found 6000.00",
        "draw_repayment of Ana in 2026-02: expected 0, found -1000.00",
        "reward in 2026-03 of Bo: expected 6200, found no such rep",
        "reward in 2026-03 of Ana: expected nothing, found 6200.00",
        "amount withheld in 2026-03 of Ana: expected 5, found 0.00",
    ];
    assert_eq!(found, expected);
}

fn differences(document: &str) -> Vec<String> {
    let results = Program::parse(document).expect("a program").run_tests();
    results.iter().flat_map(|result| result.differences.iter().map(ToString::to_string)).collect()
}

const HEAD: &str = "name = \"T\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n";

#[test]
fn an_example_that_expects_nobody_fails_when_somebody_earns() {
    let rule = format!("{HEAD}[[rule]]\nid = \"c\"\nrate = \"5%\"\n");
    let single = format!("{rule}[[test]]\nperiod = \"2026-01\"\nsales = [{{ owner = \"A\", revenue = 100 }}]\nexpect = {{}}\n");
    assert_eq!(differences(&single), ["reward of A: expected nothing, found 5.00"]);
    let period = "[[test]]\n[[test.periods]]\nperiod = \"2026-01\"\nsales = [{ owner = \"A\", revenue = 200 }]\nexpect = {}\n";
    assert_eq!(differences(&format!("{rule}{period}")), ["reward of A: expected nothing, found 10.00"]);
}

#[test]
fn a_failing_example_says_which_sale_was_left_out_and_why() {
    let text = format!(
        "{HEAD}[[rule]]\nid = \"c\"\nwhen = 'sale.status == \"won\"'\nrate = \"5%\"\n[[test]]\nperiod = \"2026-01\"\n\
         sales = [{{ owner = \"A\", revenue = 100, status = \"lost\", unique_id = \"S7\" }}]\nexpect = {{ A = 5 }}\n"
    );
    let results = Program::parse(&text).expect("a program").run_tests();
    let shown = results[0].workings.join("\n");
    assert!(shown.contains("sale S7, c:") && shown.contains("'lost'"), "{shown}");
    let unknown = text.replace("rate = \"5%\"", "amount = { variable = \"kiker\" }").replace("\"lost\"", "\"won\"");
    let results = Program::parse(&unknown).expect("a program").run_tests();
    assert!(results[0].alerts.iter().any(|alert| alert.contains("kiker")), "{:?}", results[0].alerts);
}

#[test]
fn who_sold_nothing_has_no_place_in_a_contest() {
    let text = format!(
        "{HEAD}attainment = {{ metric = \"rank\" }}\n[[rule]]\nid = \"r\"\nrate = \"0%\"\n[[bonus]]\nid = \"contest\"\nranks = [3000, 2000, 1000]\n\
         [[test]]\nperiod = \"2026-01\"\nreps = [{{ name = \"A\" }}, {{ name = \"B\" }}, {{ name = \"I\" }}]\n\
         sales = [{{ owner = \"A\", revenue = 90 }}, {{ owner = \"B\", revenue = 50 }}]\nexpect = {{ A = 3000, B = 2000 }}\n\
         [[test]]\nperiod = \"2026-01\"\nreps = [{{ name = \"A\" }}, {{ name = \"B\" }}]\nsales = []\nexpect = {{}}\n"
    );
    assert_eq!(differences(&text), Vec::<String>::new());
}

#[test]
fn a_sale_without_its_group_or_its_tier_is_not_credited() {
    let grouped = format!(
        "{HEAD}[[rule]]\nid = \"c\"\ntiers = {{ accumulate = \"group\", group = 'sale.customer_code', mode = \"whole\", \
         bands = [{{ to = 1000, rate = \"2%\" }}, {{ rate = \"5%\" }}] }}\n[[test]]\nperiod = \"2026-01\"\n\
         sales = [{{ owner = \"A\", revenue = 600 }}, {{ owner = \"A\", revenue = 700, customer_code = \"X\" }}]\nexpect = {{ A = 14 }}\n"
    );
    assert_eq!(differences(&grouped), Vec::<String>::new());
    let by = format!(
        "{HEAD}[[rule]]\nid = \"c\"\nbasis = \"profit\"\ntiers = {{ by = 'sale.profit / sale.revenue * 100', \
         bands = [{{ to = 20, rate = \"5%\" }}, {{ rate = \"10%\" }}] }}\n[[test]]\nperiod = \"2026-01\"\n\
         sales = [{{ owner = \"A\", revenue = 0, profit = 10 }}, {{ owner = \"A\", revenue = 100, profit = 30 }}]\nexpect = {{ A = 3 }}\n"
    );
    let results = Program::parse(&by).expect("a program").run_tests();
    assert!(results[0].passed(), "{:?}", results[0].differences);
    assert!(!results[0].alerts.is_empty(), "the division by zero is told");
}

#[test]
fn com_044_within_includes_its_last_day() {
    let sale = |owner: &str, cancelled: &str| {
        format!("{{ owner = \"{owner}\", day = 2026-01-15, unique_id = \"{owner}\", revenue = 1000{cancelled} }}")
    };
    let sales = |days: [&str; 3]| {
        let cancelled = days.map(|day| if day.is_empty() { String::new() } else { format!(", other_date1 = {day}") });
        [sale("A", &cancelled[0]), sale("B", &cancelled[1]), sale("C", &cancelled[2])].join(", ")
    };
    for (within, days) in
        [("months = 6", ["2026-07-14", "2026-07-15", "2026-07-16"]), ("days = 180", ["2026-07-13", "2026-07-14", "2026-07-15"])]
    {
        let text = format!(
            "{HEAD}[[rule]]\nid = \"c\"\nrate = \"10%\"\n[[clawback]]\nid = \"x\"\non = 'sale.other_date1'\nwithin = {{ {within} }}\n[[test]]\n\
             [[test.periods]]\nperiod = \"2026-01\"\nsales = [{}]\nexpect = {{ A = 100, B = 100, C = 100 }}\n\
             [[test.periods]]\nperiod = \"2026-07\"\nsales = [{}]\nexpect = {{ A = -100, B = -100 }}\n",
            sales(["", "", ""]),
            sales(days)
        );
        assert_eq!(differences(&text), Vec::<String>::new(), "{within}");
    }
}
