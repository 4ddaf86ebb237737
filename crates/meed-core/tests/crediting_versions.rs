//! Several versions of a program in one period: each rules its days, and running totals carry on.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use meed_core::condition::SaleRef;
use meed_core::crediting::{AlertCode, BoundProgram, Calculation, ProgramVersion, Reason, Run, calculate};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Directory, Rep, Variable};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};
use proptest::prelude::*;

fn plan(rest: &str) -> Program {
    let text = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"quarterly\"\n{rest}");
    Program::parse(&text).unwrap_or_else(|findings| panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn people() -> Directory {
    let rep = |id: i64, name: &str, manager: Option<i64>| Rep {
        id: Id(id),
        name: name.into(),
        manager: manager.map(Id),
        variables: vec![Variable { name: "quota".into(), from: None, value: Exact::from(2_000 * id) }],
        active: true,
        ..Rep::default()
    };
    Directory::new(vec![rep(1, "R1", Some(3)), rep(2, "R2", Some(3)), rep(3, "R3", Some(4)), rep(4, "R4", None)], Vec::new())
}

fn sale(id: i64, day: Date, cents: i64, owner: &str) -> StoredSale {
    let at = day.to_zoned(TimeZone::UTC).expect("a day").timestamp();
    let sale = Sale { at, revenue: Some(Exact::new(cents, 2)), owners: [Some(owner.to_owned()), None, None], ..Sale::default() };
    StoredSale { id: Id(id), source: Id(1), unique_id: None, version: 1, sale }
}

fn quarter() -> Period {
    Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter")
}

const TIERS: &str =
    "[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"marginal\"\nbands = [{ to = 1000, rate = \"5%\" }, { rate = \"RATE\" }]\n";

fn tiered(rate: &str) -> Program {
    plan(&format!("[[rule]]\nid = \"commission\"\n{}", TIERS.replace("RATE", rate)))
}

#[test]
fn a_change_in_the_middle_keeps_the_running_total_and_the_credits_name_their_version() {
    let (old, new) = (tiered("8%"), tiered("10%"));
    let versions = [
        ProgramVersion { program: &old, number: 1, from: None },
        ProgramVersion { program: &new, number: 2, from: Some(date(2026, 2, 15)) },
    ];
    let (directory, period) = (people(), quarter());
    let bound = BoundProgram::with_versions(&new, &versions, &directory, &period);
    let sales =
        [sale(1, date(2026, 1, 10), 90_000, "R1"), sale(2, date(2026, 2, 14), 30_000, "R1"), sale(3, date(2026, 2, 15), 10_000, "R1")];
    let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
    let credits = calculation.explain(Id(1)).expect("explained").credits;
    let found: Vec<_> = credits.iter().map(|credit| (credit.version, credit.before.normalize(), credit.amount.normalize())).collect();
    // 900 at 5%; 100 at 5% and 200 at 8%; then 100 at the new version's 10%, because the total stands at 1,200.
    assert_eq!(found, [(Some(1), 0.into(), 45.into()), (Some(1), 900.into(), 21.into()), (Some(2), 1_200.into(), 10.into())]);
    assert!(credits[2].arithmetic().ends_with("version 2"), "{}", credits[2].arithmetic());
    assert_eq!(bound.rule(credits[2].rule).map(|rule| rule.id.as_str()), Some("commission"));
    let single = BoundProgram::new(&old, &directory, &period);
    assert_eq!(calculate(&single, sales.iter().map(SaleRef::from)).credits(Id(1))[0].version, None);
}

#[test]
fn retroactive_tiers_of_a_new_version_do_not_reprice_what_the_old_one_paid() {
    let whole = |rate: &str| plan(&format!("[[rule]]\nid = \"commission\"\n{}", TIERS.replace("RATE", rate).replace("marginal", "whole")));
    let (old, new) = (whole("8%"), whole("10%"));
    let versions = [
        ProgramVersion { program: &old, number: 1, from: None },
        ProgramVersion { program: &new, number: 2, from: Some(date(2026, 2, 1)) },
    ];
    let (directory, period) = (people(), quarter());
    let bound = BoundProgram::with_versions(&new, &versions, &directory, &period);
    let sales = [sale(1, date(2026, 1, 10), 150_000, "R1"), sale(2, date(2026, 2, 1), 10_000, "R1")];
    let amounts: Vec<Exact> =
        calculate(&bound, sales.iter().map(SaleRef::from)).credits(Id(1)).iter().map(|credit| credit.amount.normalize()).collect();
    assert_eq!(amounts, [120.into(), 10.into()], "8% of 1,500, then 10% of 100 only");
}

#[test]
fn a_later_version_replaces_what_earlier_ones_say_from_its_day_on() {
    let flat = |rate: &str| plan(&format!("[[rule]]\nid = \"commission\"\nrate = \"{rate}\""));
    let (one, two, three) = (flat("1%"), flat("2%"), flat("3%"));
    let (directory, period) = (people(), quarter());
    let sales: Vec<_> = (1..=3).map(|month| sale(i64::from(month), date(2026, month, 10), 10_000, "R1")).collect();
    let amounts = |versions: &[ProgramVersion<'_>]| -> Vec<String> {
        let bound = BoundProgram::with_versions(&one, versions, &directory, &period);
        let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
        calculation.credits(Id(1)).iter().map(|credit| credit.amount.normalize().to_string()).collect()
    };
    let version = |program, number, from| ProgramVersion { program, number, from };
    let (february, march) = (Some(date(2026, 2, 1)), Some(date(2026, 3, 1)));
    assert_eq!(amounts(&[version(&one, 1, None), version(&two, 2, february), version(&three, 3, march)]), ["1", "2", "3"]);
    assert_eq!(amounts(&[version(&one, 1, None), version(&two, 2, march), version(&three, 3, february)]), ["1", "3", "3"]);
    assert_eq!(amounts(&[version(&one, 1, None), version(&two, 2, march), version(&three, 3, None)]), ["3", "3", "3"]);
    assert_eq!(amounts(&[version(&two, 2, february)]), ["2", "2"], "before its first version a program credits nothing");
}

#[test]
fn a_version_in_another_currency_is_left_out_and_an_alert_says_so() {
    let old = Program::parse("name = \"Plan\"\ncurrency = \"EUR\"\nperiod = \"quarterly\"\n[[rule]]\nid = \"commission\"\nrate = \"1%\"");
    let (old, new) = (old.expect("a plan"), plan("[[rule]]\nid = \"commission\"\nrate = \"1%\""));
    let versions = [
        ProgramVersion { program: &old, number: 1, from: None },
        ProgramVersion { program: &new, number: 2, from: Some(date(2026, 2, 1)) },
    ];
    let (directory, period) = (people(), quarter());
    let bound = BoundProgram::with_versions(&new, &versions, &directory, &period);
    let sales = [sale(1, date(2026, 1, 10), 10_000, "R1"), sale(2, date(2026, 2, 10), 10_000, "R1")];
    let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
    assert_eq!(calculation.alerts().iter().map(|alert| alert.code).collect::<Vec<_>>(), [AlertCode::VersionIgnored]);
    assert_eq!(calculation.not_credited().iter().map(|not| (not.sale, not.reason)).collect::<Vec<_>>(), [(Id(1), Reason::OutsideValidity)]);
    let verdict = bound.verdict(SaleRef::from(&sales[0]));
    assert_eq!(verdict.rules[0].refused[0].text, "the sale is of 2026-01-10, version 2 of the plan is valid later");
}

#[test]
fn a_rule_may_continue_another_inside_one_document() {
    let program = plan(
        "quota = 10000\n[[rule]]\nid = \"commission\"\nvalid_until = 2026-02-14\ncap = 100\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"marginal\"\nbands = [{ to = 1000, rate = \"5%\" }, { rate = \"8%\" }]\n\n[[rule]]\nid = \"from-february\"\ncontinues = \"commission\"\nvalid_from = 2026-02-15\ncap = 100\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"marginal\"\nbands = [{ to = 1000, rate = \"5%\" }, { rate = \"10%\" }]\n\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"sale\" }",
    );
    let (directory, period) = (people(), quarter());
    let bound = BoundProgram::new(&program, &directory, &period);
    let sales = [
        sale(1, date(2026, 1, 10), 90_000, "R1"),
        sale(2, date(2026, 2, 14), 30_000, "R1"),
        sale(3, date(2026, 2, 15), 10_000, "R1"),
        sale(4, date(2026, 3, 15), 900_000, "R1"),
    ];
    let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
    let found: Vec<_> = calculation
        .credits(Id(1))
        .iter()
        .map(|credit| (credit.rule_id.clone(), credit.before.normalize(), credit.amount.normalize()))
        .collect();
    // Like a change of versions; the cap of 100 is one for both.
    let expected = [("commission", 0, 45), ("commission", 900, 21), ("from-february", 1_200, 10), ("from-february", 1_300, 24)];
    assert_eq!(found, expected.map(|(rule, before, amount)| (rule.to_owned(), Exact::from(before), Exact::from(amount))));
    assert_eq!(calculation.attainment(Id(1)).and_then(|attainment| attainment.percent()), Some(103.into()), "both count");
    assert_eq!(calculation.reward(Id(3)).map(|reward| reward.minor), Some(10_300), "the override builds on both");
}

/// A plan with everything that keeps a total: tiers, limits, overrides in both ways.
fn everything_plan(accumulate: &str, mode: &str, on_sales: bool, limits: &str) -> Program {
    let group = if accumulate == "group" { "group = \"month\"" } else { "" };
    let base = if on_sales { "sales" } else { "commission" };
    plan(&format!(
        r#"
quota = {{ variable = "quota" }}
[[rule]]
id = "commission"
{limits}
[rule.tiers]
accumulate = "{accumulate}"
{group}
mode = "{mode}"
unit = "percent_of_quota"
bands = [{{ to = 50, rate = "1%" }}, {{ to = 100, rate = "4%" }}, {{ rate = "2%" }}]

[[rule]]
id = "override"
override = {{ base = "{base}", of = ["commission"], once_per = "sale", levels = [{{ rate = "10%" }}, {{ rate = "2.5%" }}] }}

[[rule]]
id = "team"
when = 'sale.revenue > 100'
override = {{ base = "{base}", of = ["commission"], once_per = "sale" }}
cap = 40
tiers = {{ accumulate = "accumulated", mode = "marginal", bands = [{{ to = 500, rate = "1%" }}, {{ rate = "2%" }}] }}
"#
    ))
}

fn drawn() -> impl Strategy<Value = Vec<StoredSale>> {
    let one = (0i64..90, -200_000i64..600_000, prop::sample::select(vec!["R1", "R2", "R1 || R2", "R2||R3||R4"]));
    prop::collection::vec(one, 0..30).prop_map(|all| {
        let day = |number: i64| date(2026, 1, 1).checked_add(jiff::Span::new().days(number)).expect("a day");
        all.into_iter().zip(1i64..).map(|((number, cents, owner), id)| sale(id, day(number), cents, owner)).collect()
    })
}

/// Rewards and credits without the names of versions.
fn summary(calculation: &Calculation<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for reward in calculation.rewards() {
        all.push(format!("{} {} {} {:?}", reward.rep, reward.exact.normalize(), reward.minor, reward.attainment));
        for credit in calculation.explain(reward.rep).expect("explained").credits {
            let pieces: Exact = credit.pieces.iter().map(|piece| piece.amount).sum();
            assert_eq!(pieces, credit.amount, "{}", credit.arithmetic());
            all.push(format!("{} {} {} {}", credit.sale, credit.rule_id, credit.before.normalize(), credit.amount.normalize()));
        }
    }
    all.extend(calculation.not_credited().iter().map(|not| format!("{} {:?} {}", not.sale, not.reason, not.detail)));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn cutting_a_period_into_equal_versions_changes_nothing(
        sales in drawn(), cuts in prop::collection::vec(0i64..90, 0..4),
        accumulate in prop::sample::select(vec!["transaction", "group", "accumulated"]), mode in prop::sample::select(vec!["marginal", "whole"]),
        on_sales in any::<bool>(), limits in prop::sample::select(vec!["", "cap = 60", "floor = 10\ncap = 90", "cap_per_sale = 15"]),
    ) {
        let program = everything_plan(accumulate, mode, on_sales, limits);
        let (directory, period) = (people(), quarter());
        let mut days: Vec<Date> = cuts.iter().map(|number| date(2026, 1, 1).checked_add(jiff::Span::new().days(*number)).expect("a day")).collect();
        days.sort_unstable();
        let mut versions = vec![ProgramVersion { program: &program, number: 1, from: None }];
        versions.extend(days.iter().zip(2u32..).map(|(day, number)| ProgramVersion { program: &program, number, from: Some(*day) }));
        let whole = BoundProgram::new(&program, &directory, &period);
        let cut = BoundProgram::with_versions(&program, &versions, &directory, &period);
        let whole = calculate(&whole, sales.iter().map(SaleRef::from));
        let cut = calculate(&cut, sales.iter().map(SaleRef::from));
        prop_assert_eq!(summary(&cut), summary(&whole));
    }

    #[test]
    fn com_036_no_order_cut_or_number_of_threads_shows_across_versions(
        (sales, shuffled) in drawn().prop_flat_map(|sales| (Just(sales.clone()), Just(sales).prop_shuffle())), cut in 0usize..30, day in 0i64..90, threads in 1usize..4,
    ) {
        let (old, new) = (everything_plan("accumulated", "marginal", true, "cap = 60"), everything_plan("accumulated", "whole", false, ""));
        let from = Some(date(2026, 1, 1).checked_add(jiff::Span::new().days(day)).expect("a day"));
        let versions = [ProgramVersion { program: &old, number: 1, from: None }, ProgramVersion { program: &new, number: 2, from }];
        let (directory, period) = (people(), quarter());
        let bound = BoundProgram::with_versions(&new, &versions, &directory, &period);
        let plain = calculate(&bound, sales.iter().map(SaleRef::from));
        let cut = cut.min(shuffled.len());
        let mut first = Run::new(&bound);
        first.feed(shuffled[cut..].iter().map(SaleRef::from));
        let mut second = Run::new(&bound);
        second.feed(shuffled[..cut].iter().map(SaleRef::from));
        first.merge(second);
        let other = first.finish_with(threads, &|jobs| std::thread::scope(|scope| jobs.into_iter().for_each(|job| drop(scope.spawn(job)))));
        prop_assert_eq!(summary(&other), summary(&plain));
        prop_assert_eq!(other.rewards(), plain.rewards());
    }
}
