//! Quotas and owners by formula, and an increase over periods of one example: documents with their own tests, and what is
//! refused.

use meed_core::program::Program;

const HEAD: &str = "name = \"P\"\ncurrency = \"USD\"\nperiod = \"quarterly\"\n";

/// Where the examples of a document differ from what they expect, and their alerts.
fn outcome(rest: &str) -> (Vec<String>, Vec<String>) {
    let text = format!("{HEAD}{rest}");
    let program = Program::parse(&text)
        .unwrap_or_else(|findings| panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    let results = program.run_tests();
    assert!(!results.is_empty(), "the document has a test");
    let differences = results.iter().flat_map(|result| result.differences.iter().map(ToString::to_string)).collect();
    (differences, results.iter().flat_map(|result| result.alerts.clone()).collect())
}

fn passes(rest: &str) {
    assert_eq!(outcome(rest).0, Vec::<String>::new());
}

/// The line and code of each finding.
fn findings(rest: &str) -> Vec<String> {
    match Program::parse(&format!("{HEAD}{rest}")) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.iter().map(|finding| format!("{} {}", finding.line, finding.code.code())).collect(),
    }
}

const BY_QUOTA: &str = "
variables = { uplift = 1.5 }
[[rule]]
id = \"r\"
[rule.tiers]
accumulate = \"accumulated\"
mode = \"marginal\"
unit = \"percent_of_quota\"
bands = [{ to = 100, rate = \"5%\" }, { rate = \"10%\" }]
";

#[test]
fn com_032_a_quota_by_formula_reads_variables_and_facts_of_the_rep_on_the_day() {
    // 2,000 × 1.5 = 3,000, halved for whoever learns: 5% up to it, 10% above.
    let quota = "quota = { formula = '(\"learns\" in rep.tags ? 0.5 : 1) * var(\"base\") * var(\"uplift\")' }\n";
    let test = "
[[test]]
reps = [
  { name = \"Ana\", variables = { base = 2000 } },
  { name = \"Bo\", variables = { base = 2000 }, tags = [\"learns\"] },
]
[[test.periods]]
period = \"2026-Q1\"
sales = [{ owner = \"Ana\", revenue = 4000 }, { owner = \"Bo\", revenue = 4000 }]
expect = { Ana = 250, Bo = 325 }
attainment = { Ana = \"133.33%\", Bo = \"266.67%\" }
";
    passes(&format!("{quota}{BY_QUOTA}{test}"));
}

#[test]
fn com_032_a_quota_by_formula_of_a_span_is_that_of_each_of_its_periods() {
    // January to March at 1,000, then 3,000 from April on: 4,000 of the year so far.
    let head = "measure_from = \"year\"\nquota = { formula = 'var(\"base\") * 1', against = \"to_date\" }\n";
    let test = "
[[rule]]
id = \"r\"
rate = \"0%\"
[[test]]
reps = [{ name = \"Ana\", variables = { base = [{ value = 1000, from = 2026-01-01 }, { value = 3000, from = 2026-04-01 }] } }]
[[test.periods]]
period = \"2026-Q1\"
sales = [{ owner = \"Ana\", revenue = 500 }]
attainment = { Ana = \"50%\" }
expect = { Ana = 0 }
[[test.periods]]
period = \"2026-Q2\"
sales = [{ owner = \"Ana\", revenue = 2500, day = 2026-04-02 }]
attainment = { Ana = \"75%\" }
expect = { Ana = 0 }
";
    passes(&format!("{head}{test}"));
}

#[test]
fn com_032_a_quota_without_an_answer_pays_nothing_and_says_whose() {
    let test = "
[[test]]
reps = [{ name = \"Ana\", variables = { base = 2000, parts = 0 } }]
sales = [{ owner = \"Ana\", revenue = 4000 }]
expect = { Ana = 0 }
";
    let (differences, alerts) = outcome(&format!("quota = {{ formula = 'var(\"base\") / var(\"parts\")' }}\n{BY_QUOTA}{test}"));
    assert_eq!(differences, Vec::<String>::new());
    assert!(alerts.iter().any(|alert| alert.contains("the quota of Ana has no answer") && alert.contains("divides by zero")), "{alerts:?}");
}

#[test]
fn a_quota_by_formula_is_refused_where_it_reads_what_is_not_known_yet() {
    for (quota, expected) in [
        ("quota = { formula = 'sale.revenue' }", "4 condition_unknown_field"),
        ("quota = { formula = 'result.earned' }", "4 condition_unknown_field"),
        ("quota = { formula = 'number(sale.original[\"Quota\"])' }", "4 condition_unknown_field"),
        ("quota = { formula = 'rep.name' }", "4 condition_wrong_type"),
        ("quota = { formula = 'var(\"base\")', variable = \"base\" }", "4 conflict"),
        ("quota = { formula = 'var(\"base\")', ramp = [\"50%\"] }", "4 conflict"),
    ] {
        let found = findings(&format!("{quota}\n[[rule]]\nid = \"r\"\nrate = \"1%\"\n"));
        assert_eq!(found, vec![expected.to_owned()], "{quota}");
    }
}

#[test]
fn com_026_owners_by_formula_are_a_name_several_or_a_list() {
    let rule = "
[[rule]]
id = \"r\"
rate = \"10%\"
[rule.credit]
owners = [{ formula = 'sale.other_text1 == \"house\" ? \"Ana||Bo\" : sale.owner2' }]
split = \"equal\"
[[rule]]
id = \"watch\"
rate = \"1%\"
[rule.credit]
owners = [{ formula = 'sale.status == \"DE\" ? [\"Ana\", \"Cy\"] : [\"Cy\"]' }]
split = \"full\"
[[test]]
sales = [
  { owner = \"X\", revenue = 1000, other_text1 = \"house\", status = \"DE\" },
  { owner = \"X\", owner2 = \"Cy\", revenue = 500, status = \"FR\" },
]
reps = [{ name = \"Ana\" }, { name = \"Bo\" }, { name = \"Cy\" }, { name = \"X\" }]
expect = { Ana = 60, Bo = 50, Cy = 65 }
";
    passes(rule);
}

#[test]
fn com_029_owners_by_formula_take_shares_like_fields() {
    let rule = "
[[rule]]
id = \"r\"
rate = \"10%\"
[rule.credit]
owners = [{ field = \"owner1\", share = \"70%\" }, { formula = 'sale.quantity > 1 ? \"Bo\" : null', share = \"30%\" }]
[[test]]
sales = [{ owner = \"Ana\", revenue = 1000, quantity = 2 }, { owner = \"Ana\", revenue = 1000, quantity = 1 }]
reps = [{ name = \"Ana\" }, { name = \"Bo\" }]
expect = { Ana = 140, Bo = 30 }
";
    passes(rule);
}

#[test]
fn owners_by_formula_are_refused_where_they_cannot_name_anybody() {
    for (owners, expected) in [
        ("[{ formula = 'sale.revenue' }]", "6 condition_wrong_type"),
        ("[{ formula = 'rep.name' }]", "6 conflict"),
        ("[{ formula = 'sale.owner2', field = \"owner1\" }]", "6 conflict"),
        ("[{ formula = 'sale.ownr2' }]", "6 condition_unknown_field"),
        ("[{ field = \"owner1\" }]", "6 missing_key"),
    ] {
        let found = findings(&format!("[[rule]]\nid = \"r\"\ncredit = {{ owners = {owners} }}\nrate = \"1%\"\n"));
        assert_eq!(found, vec![expected.to_owned()], "{owners}");
    }
}

const GROWTH: &str = "
attainment = { metric = \"increase\" }
[[rule]]
id = \"r\"
rate = \"0%\"
[[bonus]]
id = \"g\"
formula = 'max(0, result.attainment) * 10'
";

#[test]
fn an_increase_over_periods_of_an_example_is_measured_by_their_sales() {
    let test = "
[[test]]
previous = { A = 80000 }
[[test.periods]]
period = \"2026-Q1\"
sales = [{ owner = \"A\", revenue = 100000 }]
expect = { A = 250 }
attainment = { A = \"25%\" }
[[test.periods]]
period = \"2026-Q2\"
sales = [{ owner = \"A\", revenue = 150000 }]
expect = { A = 500 }
attainment = { A = \"50%\" }
[[test.periods]]
period = \"2026-Q3\"
sales = [{ owner = \"A\", revenue = 75000 }]
expect = { A = 0 }
attainment = { A = \"-50%\" }
";
    passes(&format!("{GROWTH}{test}"));
}

#[test]
fn an_increase_over_nothing_says_so() {
    let test = "
[[test]]
sales = [{ owner = \"A\", revenue = 100000 }]
expect = { A = 0 }
";
    let (differences, alerts) = outcome(&format!("{GROWTH}{test}"));
    assert_eq!(differences, Vec::<String>::new());
    assert!(alerts.iter().any(|alert| alert.contains("nothing was attained in the period before")), "{alerts:?}");
}

const MANAGED: &str = "
[[rule]]
id = \"r\"
rate = \"5%\"
[[rule]]
id = \"o\"
when = 'sale.revenue >= manager_var(\"least\") && !(\"away\" in manager.tags) && manager.name != rep.name'
override = { base = \"sales\", once_per = \"credit\", levels = [{ rate = \"10%\" }, { rate = \"1%\" }] }
";

#[test]
fn com_033_the_condition_of_an_override_reads_whoever_gets_it_level_by_level() {
    let test = "
[[test]]
reps = [
  { name = \"Ana\", manager = \"Max\" },
  { name = \"Bo\", manager = \"Mia\" },
  { name = \"Max\", manager = \"Eva\", variables = { least = 500 } },
  { name = \"Mia\", manager = \"Eva\", variables = { least = 500 }, tags = [\"away\"] },
  { name = \"Eva\", variables = { least = 2000 } },
]
sales = [{ owner = \"Ana\", revenue = 1000 }, { owner = \"Ana\", revenue = 3000 }, { owner = \"Bo\", revenue = 4000 }]
expect = { Ana = 200, Bo = 200, Max = 400, Eva = 70 }
";
    passes(&format!("{MANAGED}{test}"));
}

#[test]
fn com_033_a_kept_calculation_asks_for_the_manager_again() {
    use meed_core::condition::SaleRef;
    use meed_core::crediting::{BoundProgram, Change, Run, calculate};
    use meed_core::id::Id;
    use meed_core::people::{Directory, Rep, Variable};
    use meed_core::period::Period;
    use meed_core::sale::{Sale, StoredSale};

    let program = Program::parse(&format!("{HEAD}{MANAGED}")).expect("a plan");
    let rep = |id: i64, name: &str, manager: Option<i64>, least: i64| Rep {
        id: Id(id),
        name: name.into(),
        manager: manager.map(Id),
        variables: vec![Variable { name: "least".into(), from: None, value: least.into() }],
        active: true,
        ..Rep::default()
    };
    let directory = Directory::new(vec![rep(1, "Ana", Some(2), 0), rep(2, "Max", Some(3), 500), rep(3, "Eva", None, 2_000)], Vec::new());
    let period = Period::parse("2026-Q1", &jiff::tz::TimeZone::UTC).expect("a quarter");
    let bound = BoundProgram::new(&program, &directory, &period);
    let sale = |id: i64, revenue: i64| {
        let sale = Sale { at: period.start(), revenue: Some(revenue.into()), owners: [Some("Ana".into()), None, None], ..Sale::default() };
        StoredSale { id: Id(id), source: Id(1), unique_id: None, version: 1, sale }
    };
    let before = [sale(1, 1_000), sale(2, 3_000)];
    let after = [sale(1, 2_500), sale(2, 400)];
    let mut run = Run::new(&bound);
    run.feed(before.iter().map(SaleRef::from));
    let kept = run.finish_to_keep(1, &|jobs| jobs.into_iter().for_each(|job| job())).keep().expect("it is kept");
    let resumed = kept.resume(&bound, after.iter().map(|sale| Change::Put(SaleRef::from(sale)))).expect("there is room");
    let full = calculate(&bound, after.iter().map(SaleRef::from));
    assert_eq!(resumed.rewards(), full.rewards());
    assert_eq!(resumed.not_credited(), full.not_credited());
    let paid: Vec<i64> = full.rewards().iter().map(|reward| reward.minor).collect();
    assert_eq!(paid, [14_500, 25_000, 2_500]);
}

#[test]
fn the_manager_is_known_to_the_condition_of_an_override_alone() {
    for (rule, expected) in [
        ("when = 'manager.name == \"Max\"'\nrate = \"1%\"", "6 condition_unknown_field"),
        ("when = 'manager_var(\"x\") > 1'\nrate = \"1%\"", "6 condition_unknown_field"),
        ("basis = { formula = 'manager_var(\"x\")' }\nrate = \"1%\"", "6 condition_unknown_field"),
    ] {
        let found = findings(&format!("[[rule]]\nid = \"r\"\n{rule}\n"));
        assert_eq!(found, vec![expected.to_owned()], "{rule}");
    }
}
