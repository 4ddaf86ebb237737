//! Conditions as people write them.

use proptest::prelude::*;

use super::*;
use crate::id::Id;
use crate::people::Beneficiary;
use crate::period::Period;
use crate::sale::Sale;
use std::borrow::Cow;
use std::collections::BTreeMap;

struct Columns;

impl Originals for Columns {
    fn original(&self, column: &str) -> Option<Cow<'_, str>> {
        match column {
            "ARR" => Some("1200.50".into()),
            "Größe" => Some("XL".into()),
            _ => None,
        }
    }
}

fn sale() -> Sale {
    Sale {
        at: "2026-03-31T23:30:00Z".parse().expect("a timestamp"),
        revenue: Some("250.10".parse().expect("a decimal")),
        status: Some("open".into()),
        product_code: Some("SUP-12".into()),
        other_date: [Some("2026-05-01T10:00:00Z".into()), None, None],
        ..Sale::default()
    }
}

fn with_context<T>(run: impl FnOnce(&Context<'_>) -> T) -> T {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a bundled zone");
    let period = Period::parse("2026-04", &zone).expect("a month");
    let sale = sale();
    let mut rep = crate::people::Rep { id: Id(7), name: "Dana".into(), tags: vec!["field".into()], active: true, ..Default::default() };
    rep.variables.push(crate::people::Variable { name: "quota".into(), from: None, value: 100.into() });
    let directory = crate::people::Directory::new(vec![rep.clone()], vec![]);
    let defaults = BTreeMap::from([("kicker".to_owned(), "1.5".parse().expect("a decimal"))]);
    let sale = SaleRef { id: Id(1), unique_id: Some("U-1"), facts: &sale, originals: Some(&Columns) };
    run(&Context {
        sale,
        period: &period,
        rep: Some(RepContext { rep: Beneficiary::Rep(&rep), directory: &directory, defaults: &defaults, manager: None }),
    })
}

fn holds(source: &str) -> bool {
    let condition = Condition::compile(source, Want::Truth).unwrap_or_else(|error| panic!("{source}: {error}"));
    let printed = condition.root.to_string();
    let again = Condition::compile(&printed, Want::Truth).unwrap_or_else(|error| panic!("{printed}: {error}"));
    with_context(|context| {
        let answer = condition.holds(context).expect("an answer");
        assert_eq!(again.holds(context), Ok(answer), "the printed form means the same: {printed}");
        assert_eq!(condition.why_not(context).is_none(), answer, "{source}");
        answer
    })
}

#[test]
fn com_016_mapped_fields_and_original_columns_answer_side_by_side() {
    for source in [
        "sale.revenue == 250.1",
        "sale.revenue + 0.1 + 0.2 == 250.4",
        "sale.revenue > 250 && sale.revenue < 2.5e3",
        "sale.status == \"open\" || sale.status == \"won\"",
        "sale.status in ['open', 'won'] && !(sale.status in ['lost'])",
        "number(sale.original[\"ARR\"]) > 1200",
        "sale.original.ARR == '1200.50' && sale.original[\"Größe\"].lower() == 'xl'",
        "sale.original[\"Nothing\"] == null && !has(sale.original.Nothing)",
        "rep.name == 'Dana' && 'field' in rep.tags && size(rep.teams) == 0",
        "var('quota') == 100 && var(\"kicker\") * 2 == 3 && var('none') == null",
        "sale.product_code.startsWith('SUP') && sale.product_code.endsWith('12') && contains(sale.product_code, '-')",
        "sale.product_code.matches('^[A-Z]{3}-[0-9]+$')",
        "upper(sale.status) == 'OPEN' && size(sale.status) == 4",
        "sale.revenue > 100 ? true : false",
        "sale.unique_id == 'U-1'",
        "-sale.revenue < -250.0 && sale.revenue % 100 == 50.1 && sale.revenue / 2 == 125.05",
        "max(sale.revenue, 300) == 300 && min(1, 2) == 1 && abs(-3) == 3 && round(2.345, 2) == 2.35 && round(2.5) == 3",
        "(sale.revenue - 50.1) * 2 == 400",
        "100 - (50 - 25) == 75 && 100 / (10 / 5) == 50",
    ] {
        assert!(holds(source), "{source}");
    }
}

#[test]
fn com_041_days_are_days_of_the_zone() {
    for source in [
        "sale.day == date('2026-04-01') && sale.day >= '2026-04-01'",
        "sale.at < timestamp('2026-04-01T00:00:00Z')",
        "month(sale.day) == 4 && year(sale.at) == 2026 && sale.day.weekday() == 3 && quarter(sale.day) == 2",
        "sale.at.getMonth() == 3 && sale.at.getHours() == 1 && sale.day.getDayOfWeek() == 3",
        "sale.other_date1 == date('2026-05-01') && sale.other_date2 == null",
        "sale.day >= period.first_day && sale.day <= period.last_day && period.label == '2026-04'",
    ] {
        assert!(holds(source), "{source}");
    }
}

#[test]
fn what_is_missing_is_null_and_compares_safely() {
    for source in [
        "sale.profit > 0",
        "sale.profit <= 0",
        "sale.profit - 5 < 0",
        "sale.territory.startsWith('D')",
        "lower(sale.territory) == 'de'",
        "has(sale.profit)",
        "sale.territory in ['DE']",
        "matches(sale.territory, '.*')",
    ] {
        assert!(!holds(source), "{source}");
    }
    assert!(holds("sale.profit == null && sale.territory != 'DE'"));
}

#[test]
fn refusals_name_the_code_the_place_and_a_neighbour() {
    for (source, code, at, words) in [
        ("sale.revnue > 5", "condition_unknown_field", 4, "did you mean `revenue`?"),
        ("revenue > 5", "condition_unknown_field", 0, "did you mean `sale.revenue`?"),
        ("rep.quota > 5", "condition_unknown_field", 3, "var(\"quota\")"),
        ("sale.status == 5", "condition_wrong_type", 12, "`sale.status` is text and `5` is a number"),
        ("sale.original['ARR'] > 5", "condition_wrong_type", 21, "number(…)"),
        ("sale.revenue && true", "condition_wrong_type", 4, "true or false is needed"),
        ("sale.revenue + sale.status == 3", "condition_wrong_type", 13, "cannot be combined"),
        ("sale.revenue", "condition_wrong_type", 0, "must result in true or false"),
        ("lowr(sale.status) == 'x'", "condition_unknown_function", 4, "did you mean `lower`?"),
        ("sale.status = 'won'", "condition_unreadable", 12, "write `==`"),
        ("sale.revenue > ", "condition_unreadable", 15, "ends too early"),
        ("", "condition_unreadable", 0, "ends too early"),
        ("sale.revenue / 0 > 1", "condition_bad_literal", 13, "divides by zero"),
        ("sale.day > 'soon'", "condition_bad_literal", 11, "not a date"),
        ("sale.status.matches('(')", "condition_bad_literal", 19, "pattern"),
        ("sale.status.matches(sale.coupon)", "condition_wrong_type", 19, "literal pattern"),
        ("[1, 'a'] == null", "condition_wrong_type", 4, "one type"),
        ("sale.status in [1]", "condition_wrong_type", 12, "the list holds a number"),
        ("rep.tags.exists(t, t == 'x')", "condition_unknown_function", 15, "not available"),
        ("size(sale.status, 2) == 1", "condition_wrong_type", 4, "takes 1 argument"),
    ] {
        let error = Condition::compile(source, Want::Truth).expect_err(source);
        assert_eq!((error.code.code(), error.at), (code, at), "{source}: {error}");
        assert!(error.text.contains(words), "{source}: {error}");
    }
}

#[test]
fn conditions_that_cost_too_much_are_refused() {
    let dear = vec!["sale.status.matches('a')"; 40].join(" || ");
    let long = vec!["sale.revenue > 1"; 200].join(" || ");
    let deep = vec!["1"; 200].join("+") + " > 0";
    for source in [dear, long, deep, "(".repeat(5_000)] {
        assert_eq!(Condition::compile(&source, Want::Truth).map_err(|error| error.code).err(), Some(ConditionCode::TooComplex));
    }
}

#[test]
fn a_false_condition_names_its_first_failing_part_with_the_values() {
    for (source, text) in [
        ("sale.revenue > 100 && sale.status == 'won'", "sale.status is 'open', must be 'won'"),
        ("sale.revenue >= 1000.00", "sale.revenue is 250.10, must be at least 1000.00"),
        ("1000 <= sale.revenue", "sale.revenue is 250.10, must be at least 1000"),
        ("sale.status in ['won', 'closed']", "sale.status is 'open', must be one of 'won', 'closed'"),
        ("sale.profit > 0", "sale.profit is missing, must be more than 0"),
        ("sale.revenue > var('quota') * 3", "sale.revenue is 250.10, must be more than var(\"quota\") * 3, which is 300"),
        ("sale.product_code.startsWith('HW')", "sale.product_code is 'SUP-12', must start with 'HW'"),
        ("has(sale.profit)", "sale.profit is missing"),
        ("'inside' in rep.tags", "rep.tags is 'field', must contain 'inside'"),
        (
            "sale.status == 'won' || sale.revenue > 900",
            "`sale.status == \"won\" || sale.revenue > 900` does not hold: sale.status is 'open', sale.revenue is 250.10",
        ),
        ("!(sale.status == 'open')", "`!(sale.status == \"open\")` does not hold: sale.status is 'open'"),
    ] {
        let condition = Condition::compile(source, Want::Truth).unwrap_or_else(|error| panic!("{source}: {error}"));
        let failed = with_context(|context| condition.why_not(context)).expect(source);
        assert_eq!(failed.text, text, "{source}");
    }
}

#[test]
fn an_error_while_evaluating_is_an_answer_with_a_code() {
    let condition = Condition::compile("sale.revenue / (sale.revenue - 250.10) > 1", Want::Truth).expect("compiles");
    let error = with_context(|context| condition.holds(context)).expect_err("divides by zero");
    assert_eq!(error.code(), "division_by_zero");
    let vast = Condition::compile("sale.revenue * 79228162514264337593543950335.0 > 1", Want::Truth).expect("compiles");
    assert_eq!(with_context(|context| vast.holds(context)).expect_err("too large").code(), "amount_overflow");
}

proptest! {
    #[test]
    fn no_text_makes_the_compiler_panic(source in ".{0,60}") {
        let _ = Condition::compile(&source, Want::Truth);
    }

    #[test]
    fn no_mixture_of_words_makes_the_compiler_panic(words in prop::collection::vec(prop::sample::select(vec![
        "sale.revenue", "sale", ".", "rep.tags", "var(", ")", "(", "'x'", "\"", "0.1", "-", "!", "&&", "||", "==", "in", "[", "]", ",", "?", ":", "has(", "matches(", "sale.original[", "{", "}", "1e999", "null", "\\", "\n", "é",
    ]), 0..14)) {
        let source = words.join(" ");
        if let Ok(condition) = Condition::compile(&source, Want::Truth) {
            with_context(|context| { let _ = condition.holds(context); let _ = condition.why_not(context); });
        }
    }

    #[test]
    fn decimal_literals_are_read_by_their_digits(whole in 0u32..1_000_000, fraction in 0u64..1_000_000_000_000) {
        let digits = format!("{whole}.{fraction:012}");
        let formula = Condition::compile(&digits, Want::Number).expect("a number");
        let exact: Exact = digits.parse().expect("a decimal");
        prop_assert_eq!(with_context(|context| formula.number(context)), Ok(Some(exact)));
    }
}
