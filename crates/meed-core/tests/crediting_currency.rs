//! Sales in other currencies and payees who are paid in one (`commissions.md` behaviour 46).

use meed_core::condition::SaleRef;
use meed_core::crediting::{AlertCode, BoundProgram, Calculation, Change, Reason, Run, calculate};
use meed_core::id::Id;
use meed_core::money::{Exact, Rates, Unit};
use meed_core::people::{Directory, Rep};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};

fn plan(rest: &str) -> Program {
    let text = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{rest}");
    Program::parse(&text).unwrap_or_else(|findings| panic!("{findings:?}"))
}

const FLAT: &str = "[[rule]]\nid = \"base\"\nrate = \"10%\"\n";

fn unit(code: &str) -> Unit {
    code.parse().expect("a currency")
}

fn exact(text: &str) -> Exact {
    text.parse().expect("a decimal")
}

fn rep(id: i64, name: &str, manager: Option<i64>, currency: Option<&str>) -> Rep {
    Rep { id: Id(id), name: name.into(), manager: manager.map(Id), currency: currency.map(unit), active: true, ..Rep::default() }
}

fn sale(id: i64, owner: &str, day: u8, (revenue, currency): (&str, Option<&str>)) -> StoredSale {
    let sale = Sale {
        at: format!("2026-01-{day:02}T12:00:00Z").parse().expect("a time"),
        revenue: Some(exact(revenue)),
        currency: currency.map(unit),
        owners: [Some(owner.into()), None, None],
        ..Sale::default()
    };
    StoredSale { id: Id(id), source: Id(1), unique_id: Some(format!("S-{id}")), version: 1, sale }
}

fn rates(all: &[(&str, &str, &str, &str)]) -> Rates {
    let mut rates = Rates::new(Some(unit("USD")));
    for (from, to, day, rate) in all {
        rates.put((unit(from), unit(to)), day.parse().expect("a day"), exact(rate)).expect("a rate");
    }
    rates
}

fn january() -> Period {
    Period::parse("2026-01", &jiff::tz::TimeZone::UTC).expect("a period")
}

fn with(program: &Program, people: Vec<Rep>, rates: &Rates, sales: &[StoredSale], look: impl FnOnce(&Calculation<'_>)) {
    let (directory, period) = (Directory::new(people, vec![]), january());
    let bound = BoundProgram::new(program, &directory, &period).with_rates(rates);
    look(&calculate(&bound, sales.iter().map(SaleRef::from)));
}

fn earned(calculation: &Calculation<'_>, rep: i64) -> i64 {
    calculation.reward(Id(rep)).map_or(0, |reward| reward.minor)
}

#[test]
fn com_046_a_sale_is_converted_at_the_rate_of_its_day_and_the_credit_keeps_both_currencies() {
    let rates = rates(&[("EUR", "USD", "2026-01-01", "1.08"), ("EUR", "USD", "2026-01-20", "1.1")]);
    let sales = [sale(1, "Ana", 19, ("1000", Some("EUR"))), sale(2, "Ana", 20, ("1000", Some("EUR"))), sale(3, "Ana", 21, ("50", None))];
    with(&plan(FLAT), vec![rep(1, "Ana", None, None)], &rates, &sales, |calculation| {
        assert_eq!(earned(calculation, 1), 10_800 + 11_000 + 500);
        assert!(calculation.alerts().is_empty() && !calculation.rewards()[0].flagged);
        let explanation = calculation.explain(Id(1)).expect("explained");
        let shown: Vec<_> = explanation.credits.iter().map(|credit| credit.converted.map(|converted| converted.to_string())).collect();
        let first = "1,000.00 EUR at 1 EUR = 1.08 USD of 2026-01-01 = 1,080.00 USD";
        let second = "1,000.00 EUR at 1 EUR = 1.1 USD of 2026-01-20 = 1,100.00 USD";
        assert_eq!(shown, [Some(first.to_owned()), Some(second.to_owned()), None]);
        assert_eq!(explanation.credits[0].arithmetic(), format!("{first}; 1,080.00 at 10% = 108.00"));
        let json = explanation.credits[0].explanation_json();
        assert!(
            json.contains("\"converted\":{\"from\":\"EUR\",\"to\":\"USD\",\"rate\":\"1.08\",\"day\":\"2026-01-01\",\"amount\":\"1000\"}"),
            "{json}"
        );
    });
}

#[test]
fn com_046_a_missing_rate_flags_the_payee_and_the_manager_and_is_no_silent_zero() {
    let text = "[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"count\"\nbasis = \"count\"\nrate = 3\n\
                [[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"sales\", of = [\"base\"], once_per = \"sale\" }\n";
    let people = vec![rep(1, "Ana", Some(2), None), rep(2, "Max", None, None), rep(3, "Bo", None, None)];
    let rates = rates(&[("EUR", "USD", "2026-01-10", "1.08")]);
    let sales = [sale(1, "Ana", 9, ("1000", Some("EUR"))), sale(2, "Ana", 10, ("1000", Some("EUR"))), sale(3, "Bo", 10, ("100", None))];
    with(&plan(text), people, &rates, &sales, |calculation| {
        let flagged: Vec<(i64, i64, bool)> = calculation.rewards().iter().map(|r| (r.rep.0, r.minor, r.flagged)).collect();
        assert_eq!(flagged, [(1, 10_800 + 600, true), (2, 1_080, true), (3, 1_000 + 300, false)]);
        let [alert] = calculation.alerts() else { panic!("one alert: {:?}", calculation.alerts()) };
        assert_eq!(
            (alert.code, alert.reps.as_slice(), alert.sales, alert.first_sale),
            (AlertCode::RateMissing, [Id(1)].as_slice(), 1, Some(Id(1)))
        );
        let missed: Vec<_> = calculation.not_credited().into_iter().map(|miss| (miss.sale, miss.rule, miss.reason, miss.detail)).collect();
        assert_eq!(missed, [(Id(1), 0, Reason::RateMissing, "EUR".to_owned())]);
        let verdict = calculation.bound().verdict(SaleRef::from(&sales[0]));
        assert_eq!(
            verdict.rules[0].to_string(),
            "base: the sale is in EUR, and there is no rate of exchange from EUR to USD for 2026-01-09;"
        );
        assert_eq!(verdict.rules[1].to_string(), "count: Ana is credited 1.00;", "what does not read money needs no rate");
    });
}

#[test]
fn com_046_a_payee_with_nothing_else_is_still_there_and_flagged() {
    let sales = [sale(1, "Ana", 9, ("1000", Some("EUR")))];
    with(&plan(FLAT), vec![rep(1, "Ana", None, None)], &Rates::default(), &sales, |calculation| {
        let [reward] = calculation.rewards() else { panic!("one reward") };
        assert!(reward.flagged && reward.minor == 0 && reward.credits == 0);
    });
}

#[test]
fn conditions_and_formulas_read_converted_money_and_the_original_currency() {
    let text = "[[rule]]\nid = \"large\"\nwhen = 'sale.revenue >= 1050 && sale.currency == \"EUR\"'\namount = 7\n\
                [[rule]]\nid = \"net\"\nbasis = { formula = 'sale.revenue - converted(100)' }\nrate = \"10%\"\n\
                [[rule]]\nid = \"units\"\nbasis = { formula = 'sale.quantity * 2' }\nrate = 1\n";
    let rates = rates(&[("USD", "EUR", "2026-01-01", "0.8")]);
    let mut of = sale(1, "Ana", 5, ("1000", Some("EUR")));
    of.sale.quantity = Some(exact("3"));
    let mut unknown = sale(2, "Ana", 5, ("1000", Some("SEK")));
    unknown.sale.quantity = Some(exact("1"));
    with(&plan(text), vec![rep(1, "Ana", None, None)], &rates, &[of, unknown], |calculation| {
        // 1,000 EUR are 1,250 USD; 100 EUR are 125.
        let amounts: Vec<_> =
            calculation.credits(Id(1)).iter().map(|c| (c.sale.0, c.rule_id.clone(), c.amount.normalize().to_string())).collect();
        let of = |rule: &str, amount: &str| (1, rule.to_owned(), amount.to_owned());
        assert_eq!(amounts, [of("large", "7"), of("net", "112.5"), of("units", "6"), (2, "units".to_owned(), "2".to_owned())]);
        assert!(calculation.rewards()[0].flagged, "of SEK neither the condition nor the formula has an answer");
    });
}

#[test]
fn com_046_the_plan_may_fix_rates_use_those_of_the_last_day_and_refuse_old_ones() {
    let workspace = rates(&[("EUR", "USD", "2025-11-01", "1.3"), ("EUR", "USD", "2026-01-31", "1.2"), ("GBP", "USD", "2025-11-01", "1.5")]);
    let sales = [sale(1, "Ana", 5, ("1000", Some("EUR"))), sale(2, "Bo", 5, ("1000", Some("GBP")))];
    let people = || vec![rep(1, "Ana", None, None), rep(2, "Bo", None, None)];
    let of = |exchange: &str| {
        let mut found = (0, 0, 0);
        with(&plan(&format!("exchange = {exchange}\n{FLAT}")), people(), &workspace, &sales, |calculation| {
            found = (earned(calculation, 1), earned(calculation, 2), calculation.alerts().len());
        });
        found
    };
    assert_eq!(of("\"sale_day\""), (13_000, 15_000, 0));
    assert_eq!(of("\"period_end\""), (12_000, 15_000, 0));
    assert_eq!(of("{ rates = { EUR = 1.25 } }"), (12_500, 15_000, 0), "the plan's own first, the workspace's for others");
    assert_eq!(of("{ rates = { EUR = [{ value = 1 }, { from = 2026-01-05, value = 2 }] } }"), (20_000, 15_000, 0));
    assert_eq!(of("{ max_age_days = 30 }"), (0, 0, 2), "of November is too old");
    assert_eq!(of("{ on = \"period_end\", max_age_days = 30 }"), (12_000, 0, 1));
}

#[test]
fn com_046_a_payee_is_paid_in_their_own_currency_and_a_missing_rate_is_told_before_anything_is_earned() {
    let people = || {
        vec![
            rep(1, "Ana", None, Some("EUR")),
            rep(2, "Bo", None, Some("JPY")),
            rep(3, "Cy", None, Some("SEK")),
            rep(4, "Di", None, Some("USD")),
        ]
    };
    let rates = rates(&[("EUR", "USD", "2026-01-01", "1.25"), ("USD", "JPY", "2026-01-31", "150.5")]);
    let sales = [sale(1, "Ana", 5, ("1000.06", None)), sale(2, "Bo", 5, ("33.33", None)), sale(4, "Di", 5, ("10", None))];
    with(&plan(FLAT), people(), &rates, &sales, |calculation| {
        let paid = |rep: i64| calculation.reward(Id(rep)).and_then(|reward| reward.paid_in).map(|paid| (paid.minor, paid.conversion.to));
        assert_eq!(paid(1), Some((8_001, unit("EUR"))), "100.01 ÷ 1.25 = 80.008");
        assert_eq!(paid(2), Some((501, unit("JPY"))), "3.33 × 150.5 = 501.165; yen have no decimals");
        assert_eq!(paid(4), None, "the plan's own");
        let explained = calculation.explain(Id(1)).expect("explained").to_string();
        assert!(explained.ends_with("\n  paid in EUR: 80.01 (1 USD = 0.8 EUR of 2026-01-01)"), "{explained}");
        let [alert] = calculation.alerts() else { panic!("one alert: {:?}", calculation.alerts()) };
        let text = "there is no rate of exchange from USD to SEK for 2026-01-31: what Cy earns is not known in SEK";
        assert_eq!((alert.text.as_str(), alert.reps.as_slice()), (text, [Id(3)].as_slice()));
    });
    with(&plan(FLAT), people(), &rates, &[sale(1, "Cy", 5, ("10", None))], |calculation| {
        let reward = calculation.reward(Id(3)).expect("a reward");
        assert!(reward.flagged && reward.minor == 100 && reward.paid_in.is_none(), "it stands in the plan's currency");
    });
}

#[test]
fn com_037_a_changed_sale_in_another_currency_gives_what_a_full_calculation_gives() {
    let program = plan(FLAT);
    let rates = rates(&[("EUR", "USD", "2026-01-01", "1.1")]);
    let (directory, period) = (Directory::new(vec![rep(1, "Ana", None, None), rep(2, "Bo", None, None)], vec![]), january());
    let bound = BoundProgram::new(&program, &directory, &period).with_rates(&rates);
    let serial = &|jobs: Vec<meed_core::crediting::Job<'_>>| jobs.into_iter().for_each(|job| job());
    let mut now = vec![sale(1, "Ana", 3, ("100", Some("EUR"))), sale(2, "Bo", 4, ("100", Some("SEK"))), sale(3, "Bo", 5, ("100", None))];
    let mut run = Run::new(&bound);
    run.feed(now.iter().map(SaleRef::from));
    let mut kept = run.finish_to_keep(1, serial).keep().expect("kept");
    let edits = [
        sale(2, "Bo", 4, ("100", Some("EUR"))),
        sale(1, "Ana", 3, ("100", Some("SEK"))),
        sale(3, "Ana", 2, ("70", Some("EUR"))),
        sale(2, "Bo", 4, ("100", None)),
        sale(1, "Bo", 3, ("100", Some("EUR"))),
    ];
    for edit in edits {
        now.retain(|sale| sale.id != edit.id);
        now.push(edit.clone());
        let resumed = kept.resume(&bound, [Change::Put(SaleRef::from(&edit))]).expect("resumed");
        let full = calculate(&bound, now.iter().map(SaleRef::from));
        assert_eq!(resumed.rewards(), full.rewards());
        assert_eq!(resumed.alerts(), full.alerts());
        assert_eq!(resumed.not_credited(), full.not_credited());
        for rep in [Id(1), Id(2)] {
            assert_eq!(resumed.explain(rep), full.explain(rep));
        }
        kept = resumed.keep().expect("kept");
    }
}

#[test]
fn com_036_runs_are_merged_in_any_cut_with_the_same_conversions() {
    let program = plan(FLAT);
    let rates = rates(&[("EUR", "USD", "2026-01-01", "1.1"), ("GBP", "USD", "2026-01-01", "1.3")]);
    let (directory, period) = (Directory::new(vec![rep(1, "Ana", None, None)], vec![]), january());
    let bound = BoundProgram::new(&program, &directory, &period).with_rates(&rates);
    let codes = [Some("EUR"), Some("GBP"), None, Some("SEK")];
    let sales: Vec<StoredSale> =
        (0u8..12).map(|n| sale(i64::from(n) + 1, "Ana", 1 + (n * 7) % 28, ("100", codes[usize::from(n) % 4]))).collect();
    let whole = calculate(&bound, sales.iter().map(SaleRef::from));
    for cut in 0..sales.len() {
        let (low, high) = sales.split_at(cut);
        let (mut first, mut second) = (Run::new(&bound), Run::new(&bound));
        first.feed(high.iter().rev().map(SaleRef::from));
        second.feed(low.iter().map(SaleRef::from));
        first.merge(second);
        let merged = first.finish();
        assert_eq!((merged.rewards(), merged.alerts()), (whole.rewards(), whole.alerts()));
        assert_eq!(merged.explain(Id(1)), whole.explain(Id(1)));
    }
}
