//! What periods pay where several terms meet: nothing is paid twice, and no more is taken back than was paid.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use meed_core::condition::SaleRef;
use meed_core::crediting::{BoundProgram, Change, HELD_DAY, Run, calculate};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Directory, Rep};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};
use proptest::prelude::*;

/// Everything comes out as the document expects.
fn passes(head: &str, rest: &str, test: &str) {
    let text = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{head}\n[[rule]]\nid = \"c\"\n{rest}\n[[test]]\n{test}");
    let program = Program::parse(&text).unwrap_or_else(|findings| panic!("{findings:?}\n{text}"));
    for result in program.run_tests() {
        assert!(result.passed(), "{:?}\n{text}\n{}", result.differences, result.workings.join("\n"));
    }
}

/// A month without sales, or with these of Ana's.
fn month(number: u8, revenues: &[i64], rest: &str) -> String {
    let sale = |revenue: &i64| format!("{{ owner = \"Ana\", day = 2026-{number:02}-10, revenue = {revenue} }}");
    let sales: Vec<String> = revenues.iter().map(sale).collect();
    format!("[[test.periods]]\nperiod = \"2026-{number:02}\"\nsales = [{}]\n{rest}\n", sales.join(", "))
}

const CLAWBACK: &str = "[[clawback]]\nid = \"x\"\non = 'sale.other_date1'\n";

/// One sale of January, cancelled on 5 March; what January, February and March pay.
fn cancelled(revenue: i64, [january, february, march]: [&str; 3]) -> String {
    format!(
        "[[test.periods]]\nperiod = \"2026-01\"\nsales = [{{ owner = \"Ana\", unique_id = \"S\", revenue = {revenue} }}]\nexpect = {{ Ana = {january} }}\n\
         [[test.periods]]\nperiod = \"2026-02\"\nexpect = {{ Ana = {february} }}\n\
         [[test.periods]]\nperiod = \"2026-03\"\nsales = [{{ owner = \"Ana\", unique_id = \"S\", revenue = {revenue}, other_date1 = 2026-03-05 }}]\n\
         expect = {{ Ana = {march} }}\nwithheld = {{ Ana = 0 }}\n\
         [[test.periods]]\nperiod = \"2026-04\"\nexpect = {{ Ana = 0 }}\n"
    )
}

#[test]
fn com_045_a_clawback_takes_back_what_limits_gates_and_multipliers_left_of_the_sale() {
    let rate = format!("rate = \"10%\"\n{CLAWBACK}");
    passes("payout = { cap = 500 }", &rate, &cancelled(10_000, ["500", "0", "-500"]));
    passes("payout = { cap_per_year = 500 }", &rate, &cancelled(10_000, ["500", "0", "-500"]));
    passes("payout = { decelerate = { above = 1000, counts = \"50%\" } }", &rate, &cancelled(16_000, ["1300", "0", "-1300"]));
    // What a floor adds is not the sale's.
    passes("payout = { floor = 150 }", &rate, &cancelled(1_000, ["150", "0", "-100"]));
    passes("quota = 20000", &format!("rate = \"10%\"\ngate = \"80%\"\n{CLAWBACK}"), &cancelled(10_000, ["0", "0", "0"]));
    let kicker = format!("rate = \"10%\"\n[[multiplier]]\nlevels = [{{ from = \"100%\", factor = 2 }}]\n{CLAWBACK}");
    passes("quota = 1000", &kicker, &cancelled(1_000, ["200", "0", "-200"]));
    passes("quota = 1000\npayout = { cap = 150 }", &kicker, &cancelled(1_000, ["150", "0", "-150"]));
    // Two clawbacks of one sale take it back once.
    let twice = format!("rate = \"10%\"\n{CLAWBACK}[[clawback]]\nid = \"y\"\nshare = \"60%\"\non = 'sale.other_date1'\n");
    passes("", &twice, &cancelled(1_000, ["100", "0", "-100"]));
}

#[test]
fn com_045_a_cap_is_shared_by_the_sales_of_the_period() {
    let sale = |id: &str, rest: &str| format!("{{ owner = \"Ana\", unique_id = \"{id}\", day = 2026-01-10, revenue = 6000{rest} }}");
    let test = format!(
        "[[test.periods]]\nperiod = \"2026-01\"\nsales = [{}, {}]\nexpect = {{ Ana = 500 }}\n[[test.periods]]\nperiod = \"2026-02\"\nsales = [{}]\nexpect = {{ Ana = -250 }}",
        sale("A", ""),
        sale("B", ""),
        sale("A", ", other_date1 = 2026-02-05")
    );
    passes("payout = { cap = 500 }", &format!("rate = \"10%\"\n{CLAWBACK}"), &test);
}

#[test]
fn com_045_a_clawback_first_cancels_what_was_not_paid_yet() {
    let with = |terms: &str| format!("rate = \"10%\"\n{terms}{CLAWBACK}");
    let parts = "[[instalments]]\nparts = 4\n";
    passes("", &with(parts), &cancelled(10_000, ["250", "250", "-500"]));
    let held = "[[holdback]]\nid = \"h\"\nshare = \"20%\"\nuntil = { periods = 6 }\n";
    passes("", &with(held), &cancelled(10_000, ["800", "0", "-800"]));
    passes("payout = { cap = 500 }", &with(held), &cancelled(10_000, ["400", "0", "-400"]));
    passes("", &with(&format!("{held}{parts}")), &cancelled(10_000, ["200", "200", "-400"]));
    let open = "[[holdback]]\nid = \"h\"\nshare = \"50%\"\nuntil = { day = 'sale.other_date2' }\n";
    passes("", &with(open), &cancelled(10_000, ["500", "0", "-500"]));
    let days = "[[holdback]]\nid = \"h\"\nshare = \"50%\"\nuntil = { days = 90 }\n";
    passes("", &with(days), &cancelled(10_000, ["500", "0", "-500"]));
}

#[test]
fn com_045_a_clawback_in_part_stops_the_next_payments_until_it_is_made_good() {
    let terms = format!("rate = \"10%\"\n[[instalments]]\nparts = 5\n{CLAWBACK}share = \"30%\"\n");
    let test = "[[test.periods]]\nperiod = \"2026-01\"\nsales = [{ owner = \"Ana\", unique_id = \"S\", revenue = 10000 }]\nexpect = { Ana = 200 }\n\
                [[test.periods]]\nperiod = \"2026-02\"\nsales = [{ owner = \"Ana\", unique_id = \"S\", revenue = 10000, other_date1 = 2026-02-05 }]\n\
                expect = { Ana = 200 }\nwithheld = { Ana = 300 }\n\
                [[test.periods]]\nperiod = \"2026-03\"\nexpect = { Ana = 0 }\nlines = { Ana = { instalment = 200, clawback = -200 } }\n\
                [[test.periods]]\nperiod = \"2026-04\"\nexpect = { Ana = 100 }\n[[test.periods]]\nperiod = \"2026-05\"\nexpect = { Ana = 200 }";
    passes("", &terms, test);
}

#[test]
fn com_042_what_is_withheld_or_paid_in_parts_is_deducted_once() {
    let held = "rate = \"10%\"\n[[holdback]]\nid = \"h\"\nshare = \"50%\"\nuntil = { periods = 1 }\n";
    let once = [
        month(1, &[1000], "expect = { Ana = 50 }\nwithheld = { Ana = 50 }"),
        month(2, &[], "expect = { Ana = 50 }\nwithheld = { Ana = 0 }"),
        month(3, &[], "expect = { Ana = 0 }"),
        month(4, &[], "expect = { Ana = 0 }"),
        month(12, &[], "expect = { Ana = 0 }"),
    ];
    for span in ["quarter", "half_year", "year"] {
        passes(&format!("deduct = {{ from = \"{span}\" }}"), held, &once.concat());
    }
    let each = [
        month(1, &[1000], "expect = { Ana = 50 }"),
        month(2, &[1000], "expect = { Ana = 100 }"),
        month(3, &[-400], "expect = { Ana = 30 }\nwithheld = { Ana = -20 }"),
        month(4, &[], "expect = { Ana = -20 }\nwithheld = { Ana = 0 }"),
    ];
    passes("deduct = { from = \"year\" }", held, &each.concat());
    let parts = "rate = \"10%\"\n[[instalments]]\nparts = 2\n";
    let halves = [
        month(1, &[1000], "expect = { Ana = 50 }"),
        month(2, &[600], "expect = { Ana = 80 }\nwithheld = { Ana = 30 }"),
        month(3, &[], "expect = { Ana = 30 }\nwithheld = { Ana = 0 }"),
    ];
    passes("deduct = { from = \"quarter\" }", parts, &halves.concat());
    let days = "rate = \"10%\"\n[[holdback]]\nid = \"h\"\nshare = \"50%\"\nuntil = { days = 60 }\n";
    let later = [
        month(1, &[1000], "expect = { Ana = 50 }"),
        month(2, &[], "expect = { Ana = 0 }\nwithheld = { Ana = 50 }"),
        month(3, &[], "expect = { Ana = 50 }\nwithheld = { Ana = 0 }"),
        month(4, &[], "expect = { Ana = 0 }"),
    ];
    passes("deduct = { from = \"year\" }", days, &later.concat());
}

#[test]
fn com_042_a_clawback_of_the_span_is_deducted_once() {
    passes("deduct = { from = \"year\" }", &format!("rate = \"10%\"\n{CLAWBACK}"), &cancelled(10_000, ["1000", "0", "-1000"]));
}

#[test]
fn com_042_a_cap_of_the_year_takes_nothing_back_of_what_is_deducted() {
    let months = [
        month(1, &[3000], "expect = { Ana = 300 }"),
        month(2, &[1000], "expect = { Ana = 100 }"),
        month(4, &[2000], "expect = { Ana = 100 }"),
        month(5, &[2000], "expect = { Ana = 0 }"),
    ];
    for span in ["quarter", "half_year", "year"] {
        passes(&format!("deduct = {{ from = \"{span}\" }}\npayout = {{ cap_per_year = 500 }}"), "rate = \"10%\"", &months.concat());
    }
}

#[test]
fn com_042_rewards_by_hand_are_not_deducted_whatever_they_are_called() {
    let periods = [
        month(1, &[1000], "adjust = [{ rep = \"Ana\", label = \"Fair\", amount = 11 }]\nexpect = { Ana = 111 }"),
        month(2, &[1000], "expect = { Ana = 100 }"),
    ];
    passes("deduct = { from = \"year\" }", "rate = \"10%\"", &periods.concat());
}

#[test]
fn a_bonus_that_is_measured_over_a_span_is_paid_once() {
    let at = "rate = \"2%\"\n[[bonus]]\nid = \"b\"\nat = \"100%\"\namount = 5000\n";
    let year = [
        month(10, &[11_000], "expect = { Ana = 220 }"),
        month(11, &[1_000], "expect = { Ana = 5020 }"),
        month(12, &[1_000], "expect = { Ana = 20 }"),
    ];
    passes("measure_from = \"year\"\nquota = { amount = 12000, per = \"year\" }", at, &year.concat());
    // Missed again as the quota to date grows: what was paid stays, and is not paid a second time.
    let to_date = [
        month(1, &[1_000], "expect = { Ana = 5020 }"),
        month(2, &[500], "expect = { Ana = 10 }\nattainment = { Ana = \"75%\" }"),
        month(3, &[1_500], "expect = { Ana = 30 }\nattainment = { Ana = \"100%\" }"),
    ];
    passes("measure_from = \"year\"\nquota = 1000", at, &to_date.concat());
    let curve = "rate = \"0%\"\n[[bonus]]\nid = \"b\"\ncurve = { target = 1200, accelerator = 1 }\n";
    let along =
        [month(1, &[1_000], "expect = { Ana = 100 }"), month(2, &[2_000], "expect = { Ana = 200 }"), month(3, &[], "expect = { Ana = 0 }")];
    passes("measure_from = \"year\"\nquota = { amount = 12000, per = \"year\" }", curve, &along.concat());
    let formula = "rate = \"0%\"\n[[bonus]]\nid = \"b\"\nformula = 'credited(\"c\") * 0.01'\n";
    passes(
        "measure_from = \"year\"",
        formula,
        &[month(1, &[1_000], "expect = { Ana = 10 }"), month(2, &[500], "expect = { Ana = 5 }")].concat(),
    );
}

#[test]
fn a_bonus_that_is_earned_anew_looks_at_the_sales_of_the_period() {
    let spiff = "rate = \"5%\"\n[[bonus]]\nid = \"b\"\nwhen = 'count(\"c\") >= 2 && earned(\"c\") > 10 && result.earned > 10'\namount = 50\ndeductible = false\n";
    for head in ["measure_from = \"quarter\"", "deduct = { from = \"quarter\" }"] {
        let months = [
            month(1, &[1000, 1000], "expect = { Ana = 150 }"),
            month(2, &[], "expect = { Ana = 0 }"),
            month(3, &[1000], "expect = { Ana = 50 }"),
            month(4, &[500, 500], "expect = { Ana = 100 }"),
        ];
        passes(head, spiff, &months.concat());
    }
}

#[test]
fn a_floor_of_a_measured_plan_needs_credits_of_the_period() {
    let months =
        [month(1, &[5000], "expect = { Ana = 500 }"), month(2, &[], "expect = { Ana = 0 }"), month(3, &[500], "expect = { Ana = 100 }")];
    passes("measure_from = \"year\"\npayout = { floor = 100 }", "rate = \"10%\"", &months.concat());
}

#[test]
fn a_quota_to_date_is_the_sum_of_its_months() {
    let tiers = "tiers = { accumulate = \"accumulated\", mode = \"marginal\", unit = \"percent_of_quota\", bands = [{ to = 100, rate = \"5%\" }, { rate = \"10%\" }] }";
    let reps = |values: &str| format!("reps = [{{ name = \"Ana\", variables = {{ quota = [{values}] }} }}]\n");
    let head = "measure_from = \"year\"\nquota = { variable = \"quota\" }";
    let raised = [
        month(3, &[3000], "expect = { Ana = 150 }\nattainment = { Ana = \"100%\" }"),
        month(4, &[2500], "expect = { Ana = 150 }\nattainment = { Ana = \"110%\" }"),
    ];
    passes(head, tiers, &(reps("{ value = 1000 }, { from = 2026-04-01, value = 2000 }") + &raised.concat()));
    let joiner = month(4, &[1200], "expect = { Ana = 70 }\nattainment = { Ana = \"120%\" }");
    passes(head, tiers, &(reps("{ from = 2026-04-01, value = 1000 }") + &joiner));
    // A quota of the year in equal parts to date, a third of which does not divide.
    let yearly = "measure_from = \"year\"\nquota = { amount = 100, per = \"year\", against = \"to_date\" }";
    passes(yearly, tiers, &month(12, &[100], "expect = { Ana = 5 }\nattainment = { Ana = \"100%\" }"));
    // It ramps month by month: 500 and 750 and 1,000.
    let ramp = "measure_from = \"year\"\nquota = { variable = \"quota\", ramp = [\"50%\", \"75%\", \"100%\"] }";
    let months = month(5, &[2250], "expect = { Ana = 112.50 }\nattainment = { Ana = \"100%\" }");
    passes(ramp, tiers, &(reps("{ from = 2026-03-01, value = 1000 }") + &months));
    let retro = tiers.replace("marginal", "retroactive");
    let deducted = [month(1, &[1000], "expect = { Ana = 100 }"), month(2, &[3000], "expect = { Ana = 300 }")];
    let head = "deduct = { from = \"quarter\" }\nquota = { variable = \"quota\" }";
    passes(head, &retro, &(reps("{ value = 1000 }, { from = 2026-02-01, value = 3000 }") + &deducted.concat()));
}

const OVERRIDE: &str = "[[rule]]\nid = \"o\"\noverride = { base = \"commission\", of = [\"c\"], once_per = \"credit\", levels = [{ rate = \"10%\" }, { rate = \"5%\" }] }\n";

fn team(revenue: i64, expect: &str) -> String {
    format!(
        "period = \"2026-01\"\nreps = [{{ name = \"Ana\", manager = \"Max\" }}, {{ name = \"Max\", manager = \"Eva\" }}, {{ name = \"Eva\" }}]\n\
         sales = [{{ owner = \"Ana\", revenue = {revenue}, day = 2026-01-10 }}, {{ owner = \"Max\", revenue = 100, day = 2026-01-11 }}]\nexpect = {{ {expect} }}"
    )
}

#[test]
fn com_028_an_override_on_commission_follows_what_the_rep_is_paid() {
    let gated = format!("rate = \"10%\"\ngate = \"80%\"\n{OVERRIDE}");
    passes("quota = 1000", &gated, &team(500, "Ana = 0"));
    passes("quota = 1000", &gated, &team(900, "Ana = 90, Max = 9, Eva = 4.50"));
    let kicker = format!("rate = \"10%\"\n{OVERRIDE}[[multiplier]]\nof = [\"c\"]\nlevels = [{{ from = \"100%\", factor = 2 }}]\n");
    // Max is below the quota: his own 10 are not doubled, and Eva has 10% of them beside 5% of Ana's 200.
    passes("quota = 1000", &kicker, &team(1000, "Ana = 200, Max = 30, Eva = 11"));
    // What Max earns by the override doubles his own commission, and Eva's override follows that, too.
    let raised = format!("rate = \"10%\"\n{OVERRIDE}[[multiplier]]\nof = [\"c\"]\nwhen = 'earned(\"o\") > 4'\nfactor = 2\n");
    passes("", &raised, &team(500, "Ana = 50, Max = 25, Eva = 4.50"));
}

#[test]
fn a_bonus_is_for_targets_only() {
    let rules = "rate = \"10%\"\n[[rule]]\nid = \"o\"\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"sale\" }\n[[bonus]]\nid = \"b\"\namount = 7\n";
    let test = "period = \"2026-01\"\nreps = [{ name = \"Ana\", tags = [\"field\"], manager = \"Max\" }, { name = \"Max\" }, { name = \"Ida\", tags = [\"field\"] }]\n\
                sales = [{ owner = \"Ana\", revenue = 1000 }]\nexpect = { Ana = 107, Max = 10, Ida = 7 }";
    passes("targets = { tags = [\"field\"] }", rules, test);
}

fn sale(id: i64, owner: &str, revenue: i64, ended: Option<jiff::civil::Date>) -> StoredSale {
    let sale = Sale {
        at: "2026-01-10T12:00:00Z".parse().expect("a time"),
        revenue: Some(Exact::new(revenue, 2)),
        owners: [Some(owner.into()), None, None],
        other_date: [ended.map(|day| day.to_string()), None, None],
        ..Sale::default()
    };
    StoredSale { id: Id(id), source: Id(1), unique_id: None, version: 1, sale }
}

#[test]
fn com_037_an_override_follows_the_rep_in_a_kept_calculation() {
    let text = format!(
        "name = \"P\"\ncurrency = \"USD\"\nperiod = \"monthly\"\nquota = 1000\n[[rule]]\nid = \"c\"\nrate = \"10%\"\ngate = \"80%\"\n{OVERRIDE}[[multiplier]]\nlevels = [{{ from = \"100%\", factor = 2 }}]\n"
    );
    let program = Program::parse(&text).expect("a plan");
    let rep = |id: i64, name: &str, manager: Option<i64>| Rep {
        id: Id(id),
        name: name.into(),
        active: true,
        manager: manager.map(Id),
        ..Rep::default()
    };
    let directory = Directory::new(vec![rep(1, "Ana", Some(2)), rep(2, "Max", Some(3)), rep(3, "Eva", None)], vec![]);
    let period = Period::parse("2026-01", &TimeZone::UTC).expect("a month");
    let bound = BoundProgram::new(&program, &directory, &period);
    let mut run = Run::new(&bound);
    let first = [sale(1, "Ana", 70_000, None), sale(2, "Max", 90_000, None)];
    run.feed(first.iter().map(SaleRef::from));
    let calculation = run.finish_to_keep(2, &|jobs| jobs.into_iter().for_each(|job| job()));
    let mut rewards: Vec<(Id, i64)> = calculation.rewards().iter().map(|reward| (reward.rep, reward.minor)).collect();
    assert_eq!(rewards, [(Id(1), 0), (Id(2), 9_000), (Id(3), 900)]);
    let mut kept = calculation.keep().expect("it is made to be kept");
    for (cents, wanted) in [(85_000, [8_500, 9_850, 1_325]), (100_000, [20_000, 11_000, 1_900]), (70_000, [0, 9_000, 900])] {
        let all = [sale(1, "Ana", cents, None), sale(2, "Max", 90_000, None)];
        let resumed = kept.resume(&bound, [Change::Put(SaleRef::from(&all[0]))]).expect("there is room");
        rewards = resumed.rewards().iter().map(|reward| (reward.rep, reward.minor)).collect();
        assert_eq!(rewards, [(Id(1), wanted[0]), (Id(2), wanted[1]), (Id(3), wanted[2])]);
        let full = calculate(&bound, all.iter().map(SaleRef::from));
        for reward in full.rewards() {
            let credits: Exact = resumed.explain(reward.rep).expect("a reward").credits.iter().map(|credit| credit.amount).sum();
            assert_eq!(credits, reward.credited, "the credits shown are those that count");
            assert_eq!(Some(reward), resumed.reward(reward.rep));
        }
        kept = resumed.keep().expect("it can be kept again");
    }
}

#[test]
fn com_028_a_manager_is_flagged_where_what_the_rep_is_paid_is_not_known() {
    let text = format!(
        "name = \"P\"\ncurrency = \"USD\"\nperiod = \"monthly\"\nquota = {{ variable = \"quota\" }}\n[[rule]]\nid = \"c\"\nrate = \"10%\"\ngate = \"80%\"\n{OVERRIDE}"
    );
    let program = Program::parse(&text).expect("a plan");
    let rep = |id: i64, name: &str, manager: Option<i64>| Rep {
        id: Id(id),
        name: name.into(),
        active: true,
        manager: manager.map(Id),
        ..Rep::default()
    };
    let directory = Directory::new(vec![rep(1, "Ana", Some(2)), rep(2, "Max", None)], vec![]);
    let period = Period::parse("2026-01", &TimeZone::UTC).expect("a month");
    let bound = BoundProgram::new(&program, &directory, &period);
    let calculation = calculate(&bound, [SaleRef::from(&sale(1, "Ana", 70_000, None))]);
    let found: Vec<(Id, i64, bool)> = calculation.rewards().iter().map(|reward| (reward.rep, reward.minor, reward.flagged)).collect();
    assert_eq!(found, [(Id(1), 0, true), (Id(2), 0, true)]);
}

proptest! {
    /// Whatever stands between a sale and what is paid: when all sales end, all of it is taken back, and nothing is paid later.
    #[test]
    fn com_045_cancelled_sales_leave_nothing(
        revenues in prop::collection::vec(1i64..900_000, 1..5),
        quota in prop::option::of(1_000i64..20_000),
        limit in 0usize..4,
        parts in prop::option::of(2usize..6),
        held in 0usize..4,
        ended in 0i64..6,
    ) {
        let limit = ["", "payout = { cap = 321 }\n", "payout = { decelerate = { above = 100, counts = \"37%\" } }\n", "payout = { cap_per_year = 77 }\n"][limit];
        let mut text = format!("name = \"P\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{limit}");
        text += &quota.map_or_else(String::new, |quota| format!("quota = {quota}\n"));
        text += "[[rule]]\nid = \"c\"\nrate = \"10%\"\n[[rule]]\nid = \"d\"\nrate = \"1.7%\"\n";
        if quota.is_some() {
            text += "gate = \"60%\"\n[[multiplier]]\nof = [\"c\"]\nlevels = [{ from = \"50%\", factor = 0.7 }, { from = \"100%\", factor = 1.3 }]\n";
        }
        text += &parts.map_or_else(String::new, |parts| format!("[[instalments]]\nof = [\"c\"]\nparts = {parts}\n"));
        let until = ["", "{ periods = 2 }", "{ days = 75 }", "{ day = 'sale.other_date2' }"][held];
        if held > 0 {
            text += &format!("[[holdback]]\nid = \"h\"\nshare = \"30%\"\nuntil = {until}\n");
        }
        text += CLAWBACK;
        let program = Program::parse(&text).unwrap_or_else(|findings| panic!("{findings:?}\n{text}"));
        let directory = Directory::new(vec![Rep { id: Id(1), name: "Ana".into(), active: true, ..Rep::default() }], vec![]);
        let period = Period::parse("2026-01", &TimeZone::UTC).expect("a month");
        let bound = BoundProgram::new(&program, &directory, &period);
        let event = jiff::civil::date(2026, 1, 20).checked_add(jiff::Span::new().months(ended)).expect("a day");
        let sales: Vec<StoredSale> = (1..).zip(&revenues).map(|(id, revenue)| sale(id, "Ana", *revenue, Some(event))).collect();
        let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
        let reward = calculation.reward(Id(1)).expect("a reward");
        let steps: Exact = reward.steps.iter().map(|step| step.amount).sum();
        prop_assert_eq!(steps, Exact::new(reward.minor, 2), "the steps sum to what is paid: {:?}", reward.steps);
        let mut by_day: BTreeMap<i64, i64> = BTreeMap::new();
        for line in &reward.lines {
            *by_day.entry(line.due_day).or_default() += line.minor;
        }
        // Each sale and part is rounded once; alone, a sale leaves not a cent.
        let most = if revenues.len() == 1 && held == 0 { 0 } else { 4 * i64::try_from(revenues.len()).expect("few") };
        prop_assert!(by_day.values().sum::<i64>().abs() <= most, "{by_day:?}\n{text}");
        let on = meed_core::command::day_number(jiff::civil::date(event.year(), event.month(), 1));
        for (day, minor) in by_day.range(on + 1..=HELD_DAY) {
            prop_assert!(minor.abs() <= most, "{day} pays {minor} after the event: {:?}\n{text}", reward.lines);
        }
    }
}
