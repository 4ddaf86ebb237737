//! The numbered behaviours of crediting and calculation, one by one.

use std::borrow::Cow;

use jiff::civil::date;
use jiff::tz::TimeZone;
use meed_core::condition::{Originals, SaleRef};
use meed_core::crediting::{AlertCode, BoundProgram, Calculation, PieceKind, Reason, Run, calculate};
use meed_core::id::Id;
use meed_core::money::{Exact, to_minor};
use meed_core::people::{Directory, Membership, Rep, Team, Variable};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};

fn plan(rest: &str) -> Program {
    let text = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{rest}");
    Program::parse(&text).unwrap_or_else(|findings| panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn exact(text: &str) -> Exact {
    text.parse().expect("a decimal")
}

fn rep(id: i64, name: &str) -> Rep {
    Rep { id: Id(id), name: name.into(), active: true, ..Rep::default() }
}

fn sale(id: i64, at: &str, revenue: &str, owner: &str) -> StoredSale {
    let owners = [(!owner.is_empty()).then(|| owner.to_owned()), None, None];
    let sale = Sale { at: at.parse().expect("a timestamp"), revenue: Some(exact(revenue)), owners, ..Sale::default() };
    StoredSale { id: Id(id), source: Id(1), unique_id: Some(format!("S-{id}")), version: 1, sale }
}

fn january(id: i64, revenue: &str, owner: &str) -> StoredSale {
    sale(id, "2026-01-15T12:00:00Z", revenue, owner)
}

fn with<T>(
    program: &Program,
    directory: &Directory,
    sales: &[StoredSale],
    check: impl FnOnce(&BoundProgram<'_>, &Calculation<'_>) -> T,
) -> T {
    let period = Period::parse("2026-01", &TimeZone::UTC).expect("a month");
    let bound = BoundProgram::new(program, directory, &period);
    let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
    check(&bound, &calculation)
}

fn minor(calculation: &Calculation<'_>, rep: i64) -> i64 {
    calculation.reward(Id(rep)).map_or(0, |reward| reward.minor)
}

const FLAT: &str = "[[rule]]\nid = \"base\"\nrate = \"10%\"";

#[test]
fn com_026_aliases_match_whatever_their_case_and_outer_blanks() {
    let mut ana = rep(1, "Ana Ruiz");
    ana.email = Some("ana@example.com".into());
    ana.aliases = vec!["AR-7".into()];
    let sales: Vec<_> =
        ["ana ruiz", "  ANA RUIZ ", "Ana@Example.com", "ar-7"].iter().zip(1..).map(|(owner, id)| january(id, "100", owner)).collect();
    with(&plan(FLAT), &Directory::new(vec![ana], vec![]), &sales, |_, calculation| {
        assert_eq!(minor(calculation, 1), 4_000);
        assert!(calculation.alerts().is_empty());
    });
}

#[test]
fn com_027_an_alias_of_two_credits_nobody_and_alerts_once_naming_both() {
    let (mut ana, mut bo) = (rep(1, "Ana"), rep(2, "Bo"));
    ana.aliases = vec!["west".into()];
    bo.aliases = vec!["WEST".into()];
    let sales = [january(2, "100", "West"), january(1, "100", " west "), january(3, "100", "Ana")];
    with(&plan(FLAT), &Directory::new(vec![ana, bo], vec![]), &sales, |bound, calculation| {
        assert_eq!((minor(calculation, 1), minor(calculation, 2)), (1_000, 0));
        let [alert] = calculation.alerts() else { panic!("one alert, not {:?}", calculation.alerts()) };
        assert_eq!((alert.code, alert.sales, alert.first_sale), (AlertCode::DuplicateAlias, 2, Some(Id(1))));
        assert_eq!(alert.reps, [Id(1), Id(2)]);
        assert_eq!(alert.text, "`west` is an alias of Ana and Bo: nobody is credited for it");
        let reasons: Vec<_> = calculation.not_credited().iter().map(|n| (n.sale, n.reason, n.detail.clone())).collect();
        assert_eq!(reasons, [(Id(1), Reason::DuplicateAlias, "west".into()), (Id(2), Reason::DuplicateAlias, "west".into())]);
        assert!(bound.verdict(SaleRef::from(&sales[0])).rules[0].refused[0].text.contains("Ana and Bo"));
    });
}

#[test]
fn com_028_no_match_is_recorded_for_the_sale_and_alerted_once() {
    let sales = [january(1, "100", "Nobody"), january(2, "100", "Nobody"), january(3, "100", ""), january(4, "100", "Ana||Nobody")];
    with(&plan(FLAT), &Directory::new(vec![rep(1, "Ana")], vec![]), &sales, |_, calculation| {
        let found: Vec<_> = calculation.not_credited().iter().map(|n| (n.sale.0, n.reason.code(), n.detail.clone())).collect();
        let nobody = |sale| (sale, "no_match", "Nobody".to_owned());
        assert_eq!(found, [nobody(1), nobody(2), (3, "no_owner", String::new()), nobody(4)]);
        let [alert] = calculation.alerts() else { panic!("one alert, not {:?}", calculation.alerts()) };
        assert_eq!((alert.code.code(), alert.sales, alert.subject.as_str()), ("no_match", 3, "Nobody"));
        assert_eq!(minor(calculation, 1), 500, "the part of an unknown owner does not go to the other");
    });
}

#[test]
fn com_029_several_owners_get_the_whole_or_equal_parts_by_plan() {
    let directory = || Directory::new(vec![rep(1, "Ana"), rep(2, "Bo"), rep(3, "Cy")], vec![]);
    let mut shared = january(1, "100.00", "Ana || Bo");
    shared.sale.owners[1] = Some("Cy".into());
    let rule = |split: &str| {
        plan(&format!("[[rule]]\nid = \"base\"\nrate = \"100%\"\ncredit = {{ owners = [\"owner1\", \"owner2\"], split = \"{split}\" }}"))
    };
    with(&rule("equal"), &directory(), &[shared.clone()], |_, calculation| {
        let parts: Vec<Exact> = calculation.rewards().iter().map(|reward| reward.exact).collect();
        assert_eq!(parts, [exact("33.333333333334"), exact("33.333333333333"), exact("33.333333333333")]);
        let credit = &calculation.explain(Id(2)).expect("explained").credits[0];
        assert!(credit.arithmetic().starts_with("100.00 ÷ 3 = 33.333333333333; "), "{}", credit.arithmetic());
    });
    with(&rule("full"), &directory(), &[shared], |_, calculation| {
        assert_eq!([1, 2, 3].map(|id| minor(calculation, id)), [10_000; 3]);
    });
    let twice = january(1, "100.00", "Ana || ana");
    with(&rule("equal"), &directory(), &[twice], |_, calculation| assert_eq!(minor(calculation, 1), 10_000));
}

#[test]
fn fields_may_have_shares_of_their_own() {
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"10%\"\ncredit = { owners = [{ field = \"owner1\", share = \"70%\" }, { field = \"owner2\", share = \"30%\" }] }",
    );
    let mut sale = january(1, "1000", "Ana||Bo");
    sale.sale.owners[1] = Some("Cy".into());
    with(&program, &Directory::new(vec![rep(1, "Ana"), rep(2, "Bo"), rep(3, "Cy")], vec![]), &[sale], |_, calculation| {
        assert_eq!([1, 2, 3].map(|id| minor(calculation, id)), [3_500, 3_500, 3_000]);
    });
}

#[test]
fn com_030_a_team_is_credited_when_no_owner_is_found() {
    let member = |id: i64, name: &str, from| {
        let membership = Membership { team: Id(50), from, until: None };
        Rep { memberships: vec![membership], ..rep(id, name) }
    };
    // Cy joins after the period, so he has no part (behaviour 32).
    let reps =
        vec![member(1, "Ana", None), member(2, "Bo", Some(date(2026, 1, 31))), member(3, "Cy", Some(date(2026, 2, 1))), rep(9, "Max")];
    let team = Team { id: Id(50), name: "West".into(), aliases: vec!["CA".into()], manager: Some(Id(9)), ..Team::default() };
    let directory = Directory::new(reps, vec![team]);
    let mut lost = january(1, "100.01", "");
    lost.sale.territory = Some("ca".into());
    let mut owned = january(2, "10", "Ana");
    owned.sale.territory = Some("CA".into());
    let rule = |to: &str| {
        plan(&format!("[[rule]]\nid = \"base\"\nrate = \"100%\"\ncredit = {{ fallback = {{ fields = [\"territory\"], to = \"{to}\" }} }}"))
    };
    with(&rule("members"), &directory, &[lost.clone(), owned.clone()], |_, calculation| {
        assert_eq!(calculation.rewards().iter().map(|r| r.exact).collect::<Vec<_>>(), [exact("60.005"), exact("50.005")]);
    });
    with(&rule("manager"), &directory, &[lost, owned], |_, calculation| {
        assert_eq!([1, 2, 3, 9].map(|id| minor(calculation, id)), [1_000, 0, 0, 10_001]);
    });
}

#[test]
fn com_032_variables_are_those_of_the_last_day_of_the_period() {
    let mut ana = rep(1, "Ana");
    let value = |from, value: i64| Variable { name: "rate".into(), from, value: value.into() };
    ana.variables = vec![value(None, 5), value(Some(date(2026, 1, 31)), 7), value(Some(date(2026, 2, 1)), 9)];
    let program = plan("[[rule]]\nid = \"base\"\nrate = { percent = { variable = \"rate\" } }");
    with(&program, &Directory::new(vec![ana], vec![]), &[january(1, "1000", "Ana")], |_, calculation| {
        assert_eq!(minor(calculation, 1), 7_000);
        let variables = calculation.explain(Id(1)).expect("explained").variables;
        assert_eq!((variables[0].value, variables[0].from), (Some(7.into()), Some(date(2026, 1, 31))));
    });
}

#[test]
fn com_033_a_manager_is_credited_once_per_sale_or_per_credit_as_configured() {
    let report = |id: i64, name: &str, manager: i64| Rep { manager: Some(Id(manager)), ..rep(id, name) };
    let directory =
        || Directory::new(vec![report(1, "Ana", 8), report(2, "Bo", 8), report(3, "Cy", 9), rep(8, "Max"), rep(9, "Mia")], vec![]);
    let program = |split: &str, base: &str, once: &str| {
        plan(&format!(
            "[[rule]]\nid = \"base\"\nrate = \"10%\"\ncredit = {{ split = \"{split}\" }}\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = {{ base = \"{base}\", once_per = \"{once}\" }}"
        ))
    };
    let sales = [january(1, "900", "Ana||Bo||Cy")];
    for (split, base, once, max, mia) in [
        // Full credits: the sale counts twice for Max, unless it is counted once per sale.
        ("full", "sales", "credit", 1_800, 900),
        ("full", "sales", "sale", 900, 900),
        ("full", "commission", "credit", 180, 90),
        ("full", "commission", "sale", 90, 90),
        // Equal parts: two thirds belong to Max in either case.
        ("equal", "sales", "credit", 600, 300),
        ("equal", "sales", "sale", 600, 300),
    ] {
        with(&program(split, base, once), &directory(), &sales, |_, calculation| {
            assert_eq!((minor(calculation, 8), minor(calculation, 9)), (max, mia), "{split} {base} {once}");
            let through: Vec<_> = calculation.credits(Id(9)).iter().map(|credit| credit.through).collect();
            assert_eq!(through, [Some(Id(3))]);
        });
    }
    with(&program("full", "sales", "sale"), &directory(), &sales, |_, calculation| {
        let counted: Vec<_> = calculation.not_credited().into_iter().map(|n| (n.reason.code(), n.detail)).collect();
        assert_eq!(counted, [("already_counted", "Bo".to_owned())]);
    });
}

#[test]
fn overrides_climb_levels_and_circles_end() {
    let report = |id: i64, name: &str, manager: i64| Rep { manager: Some(Id(manager)), ..rep(id, name) };
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"over\"\noverride = { base = \"sales\", once_per = \"credit\", levels = [{ rate = \"3%\" }, { rate = \"2%\" }, { rate = \"1%\" }] }",
    );
    let circle = Directory::new(vec![report(1, "Ana", 2), report(2, "Max", 3), report(3, "Mia", 1)], vec![]);
    with(&program, &circle, &[january(1, "1000", "Ana")], |_, calculation| {
        assert_eq!([1, 2, 3].map(|id| minor(calculation, id)), [10_000, 3_000, 2_000], "Ana is not her own manager's manager");
    });
    let mut gone = report(2, "Max", 3);
    gone.active = false;
    let directory = Directory::new(vec![report(1, "Ana", 2), gone, rep(3, "Mia")], vec![]);
    with(&program, &directory, &[january(1, "1000", "Ana")], |_, calculation| {
        assert_eq!([2, 3].map(|id| minor(calculation, id)), [0, 3_000], "who has left is passed over");
    });
}

#[test]
fn com_038_the_bound_rule_is_explicit_and_lower_inclusive_by_default() {
    let tiers = |bound: &str| {
        plan(&format!(
            "[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"whole\"\n{bound}\nbands = [{{ to = 1000, rate = \"5%\" }}, {{ rate = \"10%\" }}]"
        ))
    };
    let directory = || Directory::new(vec![rep(1, "Ana")], vec![]);
    for (bound, revenue, reward) in [
        ("", "1000", 10_000),
        ("bound = \"lower\"", "1000", 10_000),
        ("bound = \"upper\"", "1000", 5_000),
        ("bound = \"upper\"", "1000.01", 10_000),
        ("", "999.99", 5_000),
    ] {
        with(&tiers(bound), &directory(), &[january(1, revenue, "Ana")], |_, calculation| {
            assert_eq!(minor(calculation, 1), reward, "{bound} {revenue}");
        });
    }
}

#[test]
fn com_040_negative_attainment_falls_into_the_first_tier() {
    for (mode, reward) in [("marginal", -5_000), ("whole", -5_000)] {
        let program = plan(&format!(
            "quota = 1000\n[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"{mode}\"\nbands = [{{ to = 1000, rate = \"5%\" }}, {{ rate = \"10%\" }}]"
        ));
        let sales = [january(1, "1500", "Ana"), january(2, "-2500", "Ana")];
        with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &sales, |_, calculation| {
            assert_eq!(minor(calculation, 1), reward, "{mode}");
            assert_eq!(calculation.attainment(Id(1)).and_then(|a| a.percent()), Some((-100).into()));
        });
    }
}

#[test]
fn single_refunds_fall_into_the_first_tier_or_mirror_the_sale() {
    for (refunds, reward) in [("", 9_000), ("refunds = \"mirror\"", 0)] {
        let program = plan(&format!(
            "[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"transaction\"\nmode = \"whole\"\n{refunds}\nbands = [{{ to = 1000, rate = \"4%\" }}, {{ rate = \"10%\" }}]"
        ));
        let sales = [january(1, "1500", "Ana"), january(2, "-1500", "Ana")];
        with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &sales, |_, calculation| assert_eq!(minor(calculation, 1), reward));
    }
}

#[test]
fn com_041_the_last_instant_of_the_last_local_day_still_counts() {
    let zone = TimeZone::get("America/New_York").expect("a bundled zone");
    let period = Period::parse("2026-03", &zone).expect("a month");
    let (program, directory) = (plan(FLAT), Directory::new(vec![rep(1, "Ana")], vec![]));
    let bound = BoundProgram::new(&program, &directory, &period);
    let sales = [
        sale(1, "2026-03-01T04:59:59.999999999Z", "1", "Ana"),
        sale(2, "2026-03-01T05:00:00Z", "10", "Ana"),
        sale(3, "2026-04-01T03:59:59.999999999Z", "100", "Ana"),
        sale(4, "2026-04-01T04:00:00Z", "1000", "Ana"),
    ];
    let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
    assert_eq!(minor(&calculation, 1), 1_100);
    assert_eq!(bound.verdict(SaleRef::from(&sales[3])).rules[0].refused[0].text, "the sale of 2026-04-01 lies outside 2026-03");
}

#[test]
fn validity_of_program_and_rule_is_counted_in_whole_local_days() {
    let program =
        plan("valid_from = 2026-01-10\nvalid_until = 2026-01-20\n[[rule]]\nid = \"base\"\nrate = \"10%\"\nvalid_until = 2026-01-15");
    let sales: Vec<_> = [9, 10, 15, 16, 21].iter().map(|day| sale(*day, &format!("2026-01-{day:02}T23:00:00Z"), "100", "Ana")).collect();
    with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &sales, |bound, calculation| {
        assert_eq!(calculation.credits(Id(1)).iter().map(|credit| credit.sale.0).collect::<Vec<_>>(), [10, 15]);
        let text = |index: usize| bound.verdict(SaleRef::from(&sales[index])).rules[0].refused[0].text.clone();
        assert_eq!(text(3), "the sale is of 2026-01-16, the rule is valid until 2026-01-15");
        assert_eq!(text(0), "the sale is of 2026-01-09, the plan is valid from 2026-01-10 until 2026-01-20");
    });
}

const TIERED: &str = "quota = { variable = \"quota\" }\n[[rule]]\nid = \"base\"\nwhen = 'sale.revenue > 0'\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"marginal\"\nunit = \"percent_of_quota\"\nbands = [{ to = 100, rate = \"5%\", label = \"base\" }, { rate = \"7.5%\", label = \"accelerated\" }]";

#[test]
fn com_048_a_run_again_from_the_same_plan_gives_the_same_bytes() {
    let mut ana = rep(1, "Ana");
    ana.variables = vec![Variable { name: "quota".into(), from: None, value: 1_000.into() }];
    let directory = Directory::new(vec![ana], vec![]);
    let sales = [january(1, "600.10", "Ana"), january(2, "700.20", "Ana"), january(3, "-5", "Ana")];
    let bytes = |program: &Program| {
        with(program, &directory, &sales, |_, calculation| calculation.explain(Id(1)).expect("explained").explanation_json())
    };
    assert_eq!(bytes(&plan(TIERED)), bytes(&plan(TIERED)));
    insta::assert_snapshot!(bytes(&plan(TIERED)), @r#"{"program":"Plan","period":"2026-01","rep":"rep_0000000000001","rep_name":"Ana","currency":"USD","reward_minor":7252,"exact":"72.5225","rounding":"-0.0025","attainment":{"value":"1300.3","quota":"1000","percent":"130.03"},"variables":[{"name":"quota","value":"1000","from":null,"own":true}],"credits":[{"sale":"sale_0000000000001","unique_id":"S-1","at":"2026-01-15T12:00:00Z","rule":"base","level":0,"place":0,"measure":"revenue","basis":"600.1","split":null,"through":null,"before":"0","amount":"30.005","pieces":[{"kind":"rated","tier":0,"tier_label":"base","basis":"600.1","rate":{"percent":"5"},"amount":"30.005"}]},{"sale":"sale_0000000000002","unique_id":"S-2","at":"2026-01-15T12:00:00Z","rule":"base","level":0,"place":0,"measure":"revenue","basis":"700.2","split":null,"through":null,"before":"600.1","amount":"42.5175","pieces":[{"kind":"rated","tier":0,"tier_label":"base","basis":"399.9","rate":{"percent":"5"},"amount":"19.995"},{"kind":"rated","tier":1,"tier_label":"accelerated","basis":"300.3","rate":{"percent":"7.5"},"amount":"22.5225"}]}],"credited":"72.5225","steps":[{"kind":"credits","label":"base","inputs":[["credits","2"],["revenue","1,300.30"]],"amount":"72.5225"},{"kind":"rounding","label":"Rounding","inputs":[],"amount":"-0.0025"}],"lines":[{"kind":"commission","name":"","label":"Commission","due_day":20454,"exact":"72.5225","minor":7252,"sale":null}]}"#);
}

#[test]
fn com_049_every_reward_answers_why() {
    let mut ana = rep(1, "Ana");
    ana.variables = vec![Variable { name: "quota".into(), from: Some(date(2025, 7, 1)), value: 1_000.into() }];
    let sales = [january(1, "600", "Ana"), january(2, "700", "Ana")];
    with(&plan(TIERED), &Directory::new(vec![ana], vec![]), &sales, |_, calculation| {
        let explanation = calculation.explain(Id(1)).expect("explained");
        insta::assert_snapshot!(explanation.to_string(), @"
        Ana · Plan · 2026-01
          S-1 [base]: 600.00 at 5% = 30.00
          S-2 [base]: 400.00 at 5% = 20.00 + 300.00 at 7.5% = 22.50; total 42.50; blended 6.0714%
          attainment 1,300.00 of 1,000.00 = 130%
          quota = 1000
          reward 72.50 USD
        ");
        assert_eq!(
            explanation.credits[1].pieces.iter().map(|piece| piece.tier_label.as_deref()).collect::<Vec<_>>(),
            [Some("base"), Some("accelerated")]
        );
        assert_eq!(explanation.variables[0].from, Some(date(2025, 7, 1)));
    });
}

#[test]
fn com_049_the_blended_line_of_two_tiers_reads_as_people_say_it() {
    let program = plan(
        "[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"transaction\"\nmode = \"marginal\"\nbands = [{ to = 1000, rate = \"1%\" }, { to = 5000, rate = \"2%\" }]",
    );
    with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &[january(1, "2500", "Ana")], |_, calculation| {
        let line = calculation.explain(Id(1)).expect("explained").credits[0].arithmetic();
        assert_eq!(line, "1,000.00 at 1% = 10.00 + 1,500.00 at 2% = 30.00; total 40.00; blended 1.6%");
    });
}

#[test]
fn com_049_a_whole_amount_tier_shows_what_earlier_sales_gain() {
    let program = plan(
        "[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"whole\"\nbands = [{ to = 100000, rate = \"6%\" }, { rate = \"8%\" }]",
    );
    let sales = [january(1, "90000", "Ana"), january(2, "20000", "Ana")];
    with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &sales, |_, calculation| {
        let explanation = calculation.explain(Id(1)).expect("explained");
        let second = &explanation.credits[1];
        assert_eq!(
            second.pieces.iter().map(|p| (p.kind, p.amount)).collect::<Vec<_>>(),
            [(PieceKind::Rated, 1_600.into()), (PieceKind::Retroactive, 1_800.into())]
        );
        assert_eq!(explanation.minor, 880_000);
    });
}

#[test]
fn led_033_a_stored_explanation_recomputes_to_the_same_integer_after_the_rules_were_edited() {
    let mut ana = rep(1, "Ana");
    ana.variables = vec![Variable { name: "quota".into(), from: None, value: 900.into() }];
    let directory = Directory::new(vec![ana], vec![]);
    let sales = [january(1, "333.33", "Ana"), january(2, "777.77", "Ana")];
    let version = plan(TIERED);
    let stored = with(&version, &directory, &sales, |_, calculation| calculation.explain(Id(1)).expect("explained"));
    let edited = plan(&TIERED.replace("7.5%", "9%"));
    let after = with(&edited, &directory, &sales, |_, calculation| minor(calculation, 1));
    assert_ne!(after, stored.minor, "the edit changes what a new run pays");
    let again = with(&version, &directory, &sales, |_, calculation| minor(calculation, 1));
    assert_eq!(again, stored.minor);
    let from_pieces: Exact = stored.credits.iter().flat_map(|credit| &credit.pieces).map(|piece| piece.amount).sum();
    assert_eq!(to_minor(from_pieces, stored.currency, version.rounding), Ok(stored.minor));
}

#[test]
fn led_034_one_cent_three_ways_and_a_hundred_three_ways_sum_exactly() {
    let program = plan("[[rule]]\nid = \"base\"\nrate = \"100%\"");
    for revenue in ["0.01", "100.00"] {
        let directory = Directory::new(vec![rep(3, "Cy"), rep(1, "Ana"), rep(2, "Bo")], vec![]);
        with(&program, &directory, &[january(1, revenue, "Cy||Ana||Bo")], |_, calculation| {
            let parts: Vec<Exact> = [3, 1, 2].iter().map(|id| calculation.reward(Id(*id)).expect("a reward").exact).collect();
            assert_eq!(parts.iter().sum::<Exact>(), exact(revenue));
            assert!(parts[0] > parts[1] && parts[1] == parts[2], "the first named takes the last unit: {parts:?}");
        });
    }
}

#[test]
fn a_false_condition_names_its_failing_part_and_others_are_credited() {
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"10%\"\nwhen = 'sale.revenue > 50 && sale.status == \"won\"'\n[[rule]]\nid = \"spiff\"\namount = 25\nwhen = 'sale.revenue > 50'",
    );
    let mut open = january(1, "100", "Ana");
    open.sale.status = Some("open".into());
    with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &[open.clone()], |bound, calculation| {
        assert_eq!(minor(calculation, 1), 2_500);
        let verdict = bound.verdict(SaleRef::from(&open));
        assert_eq!(verdict.rules[0].to_string(), "base: sale.status is 'open', must be 'won';");
        assert_eq!(verdict.rules[0].refused[0].failed.as_ref().map(|failed| failed.part.as_str()), Some("sale.status == \"won\""));
        assert_eq!(verdict.rules[1].to_string(), "spiff: Ana is credited 100.00;");
        let not = calculation.not_credited();
        assert_eq!((not.len(), not[0].rule, not[0].reason), (1, 0, Reason::Condition));
        assert_eq!(
            calculation.credits_of_sale(Id(1)).iter().map(|(rep, credit)| (rep.0, credit.rule_id.as_str())).collect::<Vec<_>>(),
            [(1, "spiff")]
        );
    });
}

#[test]
fn a_sale_in_another_currency_is_alerted_and_never_counted_as_if_it_were_not() {
    let mut foreign = january(1, "100", "Ana");
    foreign.sale.currency = Some("EUR".parse().expect("a unit"));
    let mut own = january(2, "100", "Ana");
    own.sale.currency = Some("USD".parse().expect("a unit"));
    with(&plan(FLAT), &Directory::new(vec![rep(1, "Ana")], vec![]), &[foreign, own], |_, calculation| {
        assert_eq!(minor(calculation, 1), 1_000);
        let [alert] = calculation.alerts() else { panic!("one alert") };
        let text = "there is no rate of exchange from EUR to USD for 2026-01-15: sales in EUR are not credited; it concerns Ana";
        assert_eq!((alert.text.as_str(), alert.reps.as_slice()), (text, [Id(1)].as_slice()));
        assert_eq!(calculation.not_credited()[0].reason, Reason::RateMissing);
        assert!(calculation.reward(Id(1)).is_some_and(|reward| reward.flagged));
    });
}

#[test]
fn a_missing_quota_or_variable_is_flagged_and_not_a_silent_zero() {
    let directory = || Directory::new(vec![rep(1, "Ana")], vec![]);
    with(&plan(TIERED), &directory(), &[january(1, "100", "Ana")], |_, calculation| {
        let reward = calculation.reward(Id(1)).expect("flagged, not absent");
        assert!(reward.flagged && reward.credits == 0);
        assert_eq!(calculation.alerts()[0].text, "Ana has no quota above 0 for 2026-01: rule `base` pays nothing");
        assert_eq!(calculation.not_credited()[0].reason, Reason::PayUnknown);
        assert!(calculation.explain(Id(1)).expect("explained").credits.is_empty());
    });
    let program = plan("[[rule]]\nid = \"base\"\namount = { variable = \"bonus\" }\n[[rule]]\nid = \"flat\"\nrate = \"1%\"");
    with(&program, &directory(), &[january(1, "100", "Ana")], |_, calculation| {
        assert_eq!((minor(calculation, 1), calculation.alerts()[0].code), (100, AlertCode::VariableMissing), "the other rule still pays");
    });
}

#[test]
fn amounts_beyond_the_range_are_flagged_and_nothing_panics() {
    let vast = "79228162514264337593543950335";
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"150%\"\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"credit\" }",
    );
    let ana = Rep { manager: Some(Id(9)), ..rep(1, "Ana") };
    let directory = Directory::new(vec![ana, rep(9, "Max")], vec![]);
    let sales = [january(1, vast, "Ana"), january(2, vast, "Ana||Max"), january(3, "5", "Max")];
    with(&program, &directory, &sales, |bound, calculation| {
        assert!(calculation.alerts().iter().any(|alert| alert.code == AlertCode::AmountOverflow));
        assert_eq!(minor(calculation, 1), 0);
        let mut backwards = Run::new(bound);
        backwards.feed(sales.iter().rev().map(SaleRef::from));
        let backwards = backwards.finish_on(2);
        assert_eq!(
            (backwards.rewards(), backwards.alerts(), backwards.not_credited()),
            (calculation.rewards(), calculation.alerts(), calculation.not_credited())
        );
    });
}

#[test]
fn com_047_caps_and_floors_limit_what_a_rule_pays_and_say_so() {
    let directory = || Directory::new(vec![rep(1, "Ana")], vec![]);
    let sales = [january(1, "1000", "Ana"), january(2, "3000", "Ana"), january(3, "-3500", "Ana")];
    for (limits, credits) in [
        ("cap = 250", ["100", "150", "-200"]),
        ("cap_per_sale = 120", ["100", "120", "-120"]),
        ("floor = 130", ["130", "270", "-270"]),
        ("cap = 150\nfloor = 120", ["120", "30", "-30"]),
    ] {
        let program = plan(&format!("[[rule]]\nid = \"base\"\nrate = \"10%\"\n{limits}"));
        with(&program, &directory(), &sales, |_, calculation| {
            let explanation = calculation.explain(Id(1)).expect("explained");
            let amounts: Vec<Exact> = explanation.credits.iter().map(|credit| credit.amount).collect();
            assert_eq!(amounts, credits.map(exact), "{limits}");
            for credit in &explanation.credits {
                assert_eq!(credit.pieces.iter().map(|piece| piece.amount).sum::<Exact>(), credit.amount, "{limits}");
            }
        });
    }
}

#[test]
fn targets_limit_whose_sales_count_and_managers_still_earn_overrides() {
    let program = plan(
        "targets = { tags = [\"field\"], reps = [\"bo\"], teams = [\"West\"] }\n[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"sale\" }",
    );
    let ana = Rep { tags: vec!["Field".into()], manager: Some(Id(9)), ..rep(1, "Ana") };
    let cy = Rep { memberships: vec![Membership { team: Id(50), from: None, until: Some(date(2026, 1, 31)) }], ..rep(3, "Cy") };
    let directory =
        Directory::new(vec![ana, rep(2, "Bo"), cy, rep(9, "Max")], vec![Team { id: Id(50), name: "West".into(), ..Team::default() }]);
    let sales: Vec<_> = ["Ana", "Bo", "Cy", "Max"].iter().zip(1..).map(|(owner, id)| january(id, "100", owner)).collect();
    with(&program, &directory, &sales, |bound, calculation| {
        assert_eq!([1, 2, 3, 9].map(|id| minor(calculation, id)), [1_000, 1_000, 0, 100]);
        assert_eq!(bound.verdict(SaleRef::from(&sales[2])).rules[0].refused[0].text, "Cy is not a target of the plan");
    });
    let wrong = plan("targets = { reps = [\"Nobody\"] }\n[[rule]]\nid = \"base\"\nrate = \"10%\"");
    with(&wrong, &directory, &[], |_, calculation| assert_eq!(calculation.alerts()[0].code, AlertCode::UnknownTarget));
}

struct Arr;

impl Originals for Arr {
    fn original(&self, column: &str) -> Option<Cow<'_, str>> {
        (column == "ARR").then(|| "2400".into())
    }
}

#[test]
fn com_016_a_rule_may_read_original_columns_and_a_rep_dependent_condition_is_asked_per_rep() {
    let program = plan(
        "[[rule]]\nid = \"arr\"\nbasis = { formula = 'number(sale.original[\"ARR\"]) / 12 * var(\"weight\")' }\nwhen = '\"senior\" in rep.tags'\nrate = \"10%\"\n[variables]\nweight = 2",
    );
    assert!(program.uses_originals());
    let senior = Rep { tags: vec!["senior".into()], ..rep(1, "Ana") };
    let directory = Directory::new(vec![senior, rep(2, "Bo")], vec![]);
    let period = Period::parse("2026-01", &TimeZone::UTC).expect("a month");
    let bound = BoundProgram::new(&program, &directory, &period);
    let sale = january(1, "1", "Ana||Bo");
    let calculation = calculate(&bound, [SaleRef::from(&sale).with_originals(&Arr)]);
    assert_eq!((minor(&calculation, 1), minor(&calculation, 2)), (2_000, 0));
    let verdict = bound.verdict(SaleRef::from(&sale).with_originals(&Arr));
    assert_eq!(verdict.rules[0].refused[0].text, "rep.tags is empty, must contain 'senior'");
}

#[test]
fn groups_are_days_weeks_months_or_what_a_formula_says_and_merge_by_name() {
    let group = |group: &str| {
        plan(&format!(
            "[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"group\"\ngroup = '{group}'\nmode = \"whole\"\nbands = [{{ to = 200, rate = \"1%\" }}, {{ rate = \"10%\" }}]"
        ))
    };
    let on = |id: i64, day: &str, customer: &str| {
        let mut sale = sale(id, &format!("2026-01-{day}T10:00:00Z"), "100", "Ana");
        sale.sale.customer_code = Some(customer.into());
        sale
    };
    // 5 January 2026 is a Monday.
    let sales = [on(1, "04", "a"), on(2, "05", "b"), on(3, "05", "a"), on(4, "11", "c")];
    let directory = Directory::new(vec![rep(1, "Ana")], vec![]);
    for (name, reward) in [("day", 2_200), ("week", 3_100), ("month", 4_000), ("sale.customer_code", 2_200)] {
        let program = group(name);
        with(&program, &directory, &sales, |bound, calculation| {
            assert_eq!(minor(calculation, 1), reward, "{name}");
            let mut merged = Run::new(bound);
            for sale in sales.iter().rev() {
                let mut run = Run::new(bound);
                run.feed_one(SaleRef::from(sale));
                merged.merge(run);
            }
            assert_eq!(minor(&merged.finish(), 1), reward, "{name}");
        });
    }
}

#[test]
fn a_condition_without_an_answer_is_an_alert() {
    let program = plan("[[rule]]\nid = \"base\"\nwhen = 'sale.revenue / sale.quantity > 1'\nrate = \"10%\"");
    let mut none = january(1, "100", "Ana");
    none.sale.quantity = Some(Exact::ZERO);
    with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &[none], |_, calculation| {
        assert_eq!(
            calculation.alerts()[0].text,
            "rule `base` has no answer for some sales: `sale.revenue / sale.quantity` divides by zero; it concerns Ana"
        );
    });
}

#[test]
fn rounding_modes_apply_once_to_the_reward() {
    for (mode, reward) in [("half_up", 2), ("half_even", 2), ("down", 1), ("up", 2)] {
        let program = plan(&format!("rounding = \"{mode}\"\n[[rule]]\nid = \"base\"\nrate = \"50%\""));
        // 0.005 + 0.01 = 0.015: rounded one by one, the first would already be a cent.
        let sales = [january(1, "0.01", "Ana"), january(2, "0.02", "Ana")];
        with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), &sales, |_, calculation| {
            assert_eq!(minor(calculation, 1), reward, "{mode}");
        });
    }
}

#[test]
fn com_036_at_one_instant_the_unique_id_and_then_the_record_id_settle_which_deal_crosses() {
    let program = plan(
        "[[rule]]\nid = \"base\"\n[rule.tiers]\naccumulate = \"accumulated\"\nmode = \"marginal\"\nbands = [{ to = 100, rate = \"0%\" }, { rate = \"10%\" }]",
    );
    let named = |id: i64, unique: Option<&str>| {
        let mut sale = january(id, "100", "Ana");
        sale.unique_id = unique.map(str::to_owned);
        sale
    };
    let order = |sales: &[StoredSale]| {
        with(&program, &Directory::new(vec![rep(1, "Ana")], vec![]), sales, |_, calculation| {
            let credits = calculation.credits(Id(1));
            assert!(
                credits[0].amount.is_zero() && credits[1..].iter().all(|credit| credit.amount == 10.into()),
                "the first is below the tier"
            );
            credits.iter().map(|credit| credit.sale.0).collect::<Vec<_>>()
        })
    };
    // The ids stand in the order 1, 2, 3: only the unique id can turn it round.
    assert_eq!(order(&[named(1, Some("B")), named(2, Some("A"))]), [2, 1]);
    let long = |end: &str| format!("2026/INVOICE/00000000/{end}");
    assert_eq!(order(&[named(1, Some(&long("12345678-2"))), named(2, Some(&long("12345678-10"))), named(3, Some(&long("0")))]), [3, 2, 1]);
    assert_eq!(order(&[named(2, Some("A")), named(3, None), named(1, Some("A"))]), [3, 1, 2]);
}
