//! What is wrong is refused when a plan is saved, with line and reason, or flagged for each payee in the run; never a
//! silent zero.

use meed_core::condition::SaleRef;
use meed_core::crediting::{AlertCode, BoundProgram, Calculation, calculate};
use meed_core::id::Id;
use meed_core::people::{Directory, Rep, Variable};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};

const HEAD: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n";

#[test]
fn every_wrong_plan_is_refused_at_its_line_with_a_reason() {
    let rule = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n";
    let tiers = |bands: &str| {
        format!("[[rule]]\nid = \"base\"\ntiers = {{ accumulate = \"accumulated\", mode = \"marginal\", bands = {bands} }}\n")
    };
    let when = |text: &str| format!("[[rule]]\nid = \"base\"\nrate = \"5%\"\nwhen = '{text}'\n");
    let dear = vec!["sale.customer_name.matches(\"(a+)+(b+)+(c+)+\")"; 400].join(" || ");
    let nested = format!("{}true{}", "!(".repeat(300), ")".repeat(300));
    let cases: Vec<(&str, String, u32, &str, &str)> = vec![
        ("gap", tiers("[{ to = 499.99, rate = \"5%\" }, { from = 500, rate = \"6%\" }]"), 6, "tier_gap", "499.99"),
        ("overlap", tiers("[{ to = 500, rate = \"5%\" }, { from = 400, rate = \"6%\" }]"), 6, "tier_overlap", "400"),
        (
            "band that ends before it starts",
            tiers("[{ to = 500, rate = \"5%\" }, { to = 300, rate = \"6%\" }, { rate = \"7%\" }]"),
            6,
            "tier_bounds",
            "",
        ),
        ("unknown field", when("sale.revnue > 5"), 7, "condition_unknown_field", "revenue"),
        ("unknown key", format!("{rule}colour = \"red\"\n"), 7, "unknown_key", "colour"),
        ("too dear", when(&dear), 7, "condition_too_complex", ""),
        ("too deep", when(&nested), 7, "condition_too_complex", ""),
        ("no rate is 0", format!("exchange = {{ rates = {{ EUR = 0 }} }}\n{rule}"), 4, "bad_value", "more than 0"),
        ("no rate to itself", format!("exchange = {{ rates = {{ USD = 1 }} }}\n{rule}"), 4, "bad_value", "itself"),
        ("no such currency", format!("exchange = {{ rates = {{ EURO = 1 }} }}\n{rule}"), 4, "currency_unknown", "EURO"),
        ("no such word", format!("exchange = \"sometimes\"\n{rule}"), 4, "bad_value", "sale_day"),
        ("quota of zero", format!("quota = 0\n{rule}"), 4, "quota_not_positive", "more than 0"),
        ("quota below zero", format!("quota = {{ amount = -5 }}\n{rule}"), 4, "quota_not_positive", "more than 0"),
        (
            "plan that ends before it starts",
            format!("valid_from = 2026-02-01\nvalid_until = 2026-01-31\n{rule}"),
            5,
            "validity_reversed",
            "before",
        ),
        (
            "rule that ends before it starts",
            format!("{rule}valid_from = 2026-02-01\nvalid_until = 2026-01-31\n"),
            8,
            "validity_reversed",
            "before",
        ),
        (
            "draw that ends before it starts",
            format!("draw = {{ amount = 5, recoverable = true, from = 2026-02-01, until = 2026-01-31 }}\n{rule}"),
            4,
            "validity_reversed",
            "before",
        ),
        (
            "membership that ends before it starts",
            format!(
                "{rule}[[test]]\nexpect = {{}}\nreps = [{{ name = \"Ana\", teams = [{{ team = \"West\", from = 2026-02-01, until = 2026-01-31 }}] }}]\n"
            ),
            9,
            "validity_reversed",
            "after",
        ),
    ];
    for (name, text, line, code, part) in cases {
        let found = Program::parse(&format!("{HEAD}{text}")).err().unwrap_or_default();
        let hit = found.iter().find(|finding| finding.code.code() == code && finding.line == line);
        assert!(hit.is_some_and(|finding| finding.text.contains(part) && finding.column > 0), "{name}: {found:?}");
    }
}

fn people() -> Vec<Rep> {
    let rep = |id: i64, name: &str| Rep { id: Id(id), name: name.into(), active: true, ..Rep::default() };
    vec![rep(1, "Ana"), rep(2, "Bo")]
}

fn sale(id: i64, owner: &str, revenue: &str, quantity: &str) -> StoredSale {
    let sale = Sale {
        at: "2026-01-15T12:00:00Z".parse().expect("a time"),
        revenue: Some(revenue.parse().expect("a decimal")),
        quantity: Some(quantity.parse().expect("a decimal")),
        owners: [Some(owner.into()), None, None],
        ..Sale::default()
    };
    StoredSale { id: Id(id), source: Id(1), unique_id: None, version: 1, sale }
}

/// Who is flagged, and the codes of the alerts, where Ana's sale is in question and Bo's is not.
fn run(text: &str, people: Vec<Rep>, look: impl FnOnce(&Calculation<'_>)) {
    let program = Program::parse(&format!("{HEAD}{text}")).unwrap_or_else(|findings| panic!("{findings:?}"));
    let (directory, period) = (Directory::new(people, vec![]), Period::parse("2026-01", &jiff::tz::TimeZone::UTC).expect("a period"));
    let bound = BoundProgram::new(&program, &directory, &period);
    let sales = [sale(1, "Ana", "100", "0"), sale(2, "Bo", "100", "1")];
    look(&calculate(&bound, sales.iter().map(SaleRef::from)));
}

fn flagged(calculation: &Calculation<'_>) -> Vec<(i64, bool)> {
    calculation.rewards().iter().map(|reward| (reward.rep.0, reward.flagged)).collect()
}

#[test]
fn what_divides_by_zero_flags_the_payee_wherever_it_stands() {
    let rule = "[[rule]]\nid = \"base\"\n";
    for text in [
        format!("{rule}rate = \"5%\"\nwhen = 'sale.revenue / sale.quantity > 1'\n"),
        format!("{rule}rate = \"5%\"\nwhen = 'rep.name != \"x\" && sale.revenue / sale.quantity > 1'\n"),
        format!("{rule}rate = \"5%\"\nbasis = {{ formula = 'sale.revenue / sale.quantity' }}\n"),
        format!("{rule}rate = \"5%\"\n[[rule.multiplier]]\nfactor = 2\nwhen = 'sale.revenue / sale.quantity > 1'\n"),
        format!("{rule}tiers = {{ by = 'sale.revenue / sale.quantity', bands = [{{ to = 5, rate = \"5%\" }}, {{ rate = \"6%\" }}] }}\n"),
        format!(
            "{rule}rate = \"5%\"\n[[holdback]]\nid = \"h\"\nshare = \"20%\"\nuntil = {{ when = 'sale.revenue / sale.quantity > 1' }}\n"
        ),
        format!("{rule}rate = \"5%\"\n[[clawback]]\nid = \"c\"\non = 'sale.other_date1'\nwhen = 'sale.revenue / sale.quantity > 1'\n"),
    ] {
        run(&text, people(), |calculation| {
            assert_eq!(flagged(calculation), [(1, true), (2, false)], "{text}");
            let [alert] = calculation.alerts() else { panic!("one alert: {text} {:?}", calculation.alerts()) };
            let told = (alert.code, alert.reps.as_slice(), alert.sales, alert.first_sale);
            assert_eq!(told, (AlertCode::ConditionError, [Id(1)].as_slice(), 1, Some(Id(1))), "{text}");
            assert!(alert.text.contains("divides by zero") && alert.text.ends_with("it concerns Ana"), "{}", alert.text);
        });
    }
}

#[test]
fn a_bonus_that_divides_by_zero_is_told_also_of_who_sold_nothing() {
    let text = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n[[bonus]]\nid = \"mbo\"\nformula = '100 / var(\"goals\")'\n";
    let mut people = people();
    people.push(Rep { id: Id(3), name: "Cy".into(), active: true, ..Rep::default() });
    for (rep, goals) in people.iter_mut().zip([4, 0, 0]) {
        rep.variables.push(Variable { name: "goals".into(), from: None, value: goals.into() });
    }
    run(text, people, |calculation| {
        assert_eq!(flagged(calculation), [(1, false), (2, true), (3, true)]);
        assert!(calculation.alerts().iter().all(|alert| alert.code == AlertCode::ConditionError));
    });
}

#[test]
fn a_quota_of_zero_flags_whoever_needs_it() {
    let zero = |quota: i64| {
        let mut people = people();
        for (rep, value) in people.iter_mut().zip([quota, 100]) {
            rep.variables.push(Variable { name: "quota".into(), from: None, value: value.into() });
        }
        people
    };
    let quota = "quota = { variable = \"quota\" }\n[[rule]]\nid = \"base\"\n";
    for quota_value in [0, -5] {
        for rest in [
            "tiers = { accumulate = \"accumulated\", mode = \"marginal\", unit = \"percent_of_quota\", bands = [{ rate = \"5%\" }] }\n",
            "tiers = { by = \"attainment\", bands = [{ to = 100, rate = \"5%\" }, { rate = \"6%\" }] }\n",
            "rate = { pay = 5, quota = { variable = \"quota\" } }\n",
            "rate = \"5%\"\ngate = \"50%\"\n",
            "rate = \"5%\"\n[[bonus]]\nid = \"b\"\namount = 5\nat = \"50%\"\n",
            "rate = \"5%\"\n[[bonus]]\nid = \"b\"\ncurve = { target = 5, accelerator = 1 }\n",
            "rate = \"5%\"\n[[multiplier]]\nlevels = [{ from = \"50%\", factor = 2 }]\n",
        ] {
            run(&format!("{quota}{rest}"), zero(quota_value), |calculation| {
                assert_eq!(flagged(calculation), [(1, true), (2, false)], "{rest}");
                assert!(calculation.alerts().iter().any(|alert| alert.code == AlertCode::QuotaMissing && alert.reps == [Id(1)]), "{rest}");
            });
        }
    }
}

#[test]
fn managers_in_a_circle_are_told_and_the_calculation_ends() {
    let mut people = people();
    people[0].manager = Some(Id(2));
    people[1].manager = Some(Id(1));
    let text = "[[rule]]\nid = \"base\"\nrate = \"5%\"\n[[rule]]\nid = \"over\"\noverride = { base = \"commission\", once_per = \"sale\", levels = [{ rate = \"10%\" }, { rate = \"5%\" }] }\n";
    run(text, people, |calculation| {
        let [alert] = calculation.alerts() else { panic!("one alert") };
        assert_eq!((alert.code, alert.reps.as_slice()), (AlertCode::ManagerCircle, [Id(1), Id(2)].as_slice()));
        assert_eq!(calculation.rewards().iter().map(|reward| reward.minor).collect::<Vec<_>>(), [550, 550], "each one level up, not round");
    });
}
