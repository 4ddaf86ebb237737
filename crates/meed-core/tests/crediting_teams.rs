//! Teams: credited by fields or through their reps, rolled up, paid to managers and members; against a slow model.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::tz::TimeZone;
use meed_core::condition::SaleRef;
use meed_core::crediting::{AlertCode, BoundProgram, Calculation, History, Listed, PieceKind, Reason, Run, calculate};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Directory, Enrollment, Membership, Rep, Team, Variable};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};
use proptest::prelude::*;

fn plan(rest: &str) -> Program {
    let text = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{rest}");
    Program::parse(&text).unwrap_or_else(|findings| panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn number(name: &str, value: i64) -> Variable {
    Variable { name: name.into(), from: None, value: value.into() }
}

fn always(team: i64) -> Membership {
    Membership { team: Id(team), from: None, until: None }
}

fn rep(id: i64, name: &str, teams: &[i64]) -> Rep {
    let memberships = teams.iter().map(|team| always(*team)).collect();
    Rep { id: Id(id), name: name.into(), memberships, active: true, ..Rep::default() }
}

fn team(id: i64, name: &str, manager: Option<i64>, parent: Option<i64>) -> Team {
    Team { id: Id(id), name: name.into(), manager: manager.map(Id), parent: parent.map(Id), ..Team::default() }
}

fn sale(id: i64, cents: i64, owner: &str, territory: &str) -> StoredSale {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let at = "2026-01-15T12:00:00Z".parse().expect("a timestamp");
    let sale =
        Sale { at, revenue: Some(Exact::new(cents, 2)), owners: [text(owner), None, None], territory: text(territory), ..Sale::default() };
    StoredSale { id: Id(id), source: Id(1), unique_id: None, version: 1, sale }
}

fn january() -> Period {
    Period::parse("2026-01", &TimeZone::UTC).expect("a month")
}

fn with<T>(program: &Program, directory: &Directory, sales: &[StoredSale], check: impl FnOnce(&Calculation<'_>) -> T) -> T {
    let period = january();
    let bound = BoundProgram::new(program, directory, &period);
    check(&calculate(&bound, sales.iter().map(SaleRef::from)))
}

fn exact(text: &str) -> Exact {
    text.parse().expect("a decimal")
}

fn earned(calculation: &Calculation<'_>) -> BTreeMap<i64, String> {
    let rewards = calculation.rewards().iter().filter(|reward| !reward.exact.is_zero());
    rewards.map(|reward| (reward.rep.0, reward.exact.normalize().to_string())).collect()
}

fn of(all: &[(i64, &str)]) -> BTreeMap<i64, String> {
    all.iter().map(|(rep, amount)| (*rep, (*amount).to_owned())).collect()
}

#[test]
fn com_030_members_share_by_salary_and_a_missing_salary_credits_nobody_and_says_whose() {
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"100%\"\ncredit = { fallback = { fields = [\"territory\"], to = \"members\", weight = \"salary\" } }",
    );
    let with_salary = |id: i64, name: &str, values: Vec<Variable>| Rep { variables: values, ..rep(id, name, &[50]) };
    // The raise of February does not count yet (behaviour 32).
    let raise = Variable { from: Some(date(2026, 2, 1)), ..number("salary", 99) };
    let reps = vec![with_salary(1, "Ana", vec![number("salary", 1), raise]), with_salary(2, "Bo", vec![number("salary", 2)])];
    let directory = Directory::new(reps.clone(), vec![team(50, "West", None, None)]);
    with(&program, &directory, &[sale(1, 10_000, "", "west")], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "33.333333333333"), (2, "66.666666666667")]));
        let split = calculation.credits(Id(2))[0].split.clone().expect("divided");
        assert_eq!((split.whole, split.share), (100.into(), exact("0.666666666667")));
    });
    let mut reps = reps;
    reps[1].variables.clear();
    with(&program, &Directory::new(reps, vec![team(50, "West", None, None)]), &[sale(1, 10_000, "", "west")], |calculation| {
        assert!(calculation.rewards().is_empty());
        let not: Vec<_> = calculation.not_credited().into_iter().map(|not| (not.reason.code(), not.detail)).collect();
        assert_eq!(not, [("weight_missing", "Bo".to_owned())]);
        assert_eq!(calculation.alerts()[0].code, AlertCode::VariableMissing);
        assert!(calculation.alerts()[0].text.starts_with("Bo has no usable variable"), "{}", calculation.alerts()[0]);
    });
}

#[test]
fn com_031_from_rep_to_team_and_up_to_the_teams_above() {
    let program = plan(
        "quota = { variable = \"quota\" }\n[[rule]]\nid = \"team\"\nrate = \"10%\"\nassign = \"team_manager\"\ncredit = { owners = [\"owner1\"], to = \"team\", roll_up = true }",
    );
    let mut west = team(50, "West", Some(8), Some(60));
    west.variables = vec![number("quota", 300)];
    let teams = vec![west, team(51, "East", Some(9), Some(60)), team(60, "America", Some(10), None)];
    let reps = vec![
        rep(1, "Ana", &[50]),
        rep(2, "Bo", &[50]),
        rep(3, "Cy", &[51]),
        rep(4, "Dee", &[]),
        rep(8, "Max", &[]),
        rep(9, "Mia", &[]),
        rep(10, "Eva", &[]),
    ];
    let directory = Directory::new(reps, teams);
    // Two of three parts belong to West, one to East, and all of it to America, once.
    with(&program, &directory, &[sale(1, 10_000, "Ana||Cy||Bo", ""), sale(2, 5_000, "Dee", "")], |calculation| {
        assert_eq!(earned(calculation), of(&[(8, "6.666666666667"), (9, "3.333333333333"), (10, "10")]));
        let teams: Vec<_> =
            calculation.teams().iter().map(|team| (team.team.0, team.credits, team.attainment.value.normalize().to_string())).collect();
        assert_eq!(teams, [(50, 1, "66.666666666667".to_owned()), (51, 1, "33.333333333333".to_owned()), (60, 1, "100".to_owned())]);
        assert_eq!(calculation.attainment(Id(50)).and_then(|a| a.percent()), Some(exact("22.2222")));
        let not: Vec<_> = calculation.not_credited().into_iter().map(|not| (not.sale.0, not.reason.code(), not.detail)).collect();
        assert_eq!(not, [(2, "no_team", "Dee".to_owned())]);
        let credit = &calculation.explain(Id(8)).expect("explained").credits[0];
        assert_eq!(credit.assigned.as_ref().map(|assigned| (assigned.from, assigned.from_name.as_str())), Some((Id(50), "West")));
        assert!(credit.arithmetic().starts_with("100.00 ÷ 3 × 2 = 66.666666666667; "), "{}", credit.arithmetic());
        assert_eq!(calculation.credits_of_sale(Id(1)).iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [8, 50, 9, 51, 10, 60]);
    });
    let full = plan(
        "[[rule]]\nid = \"team\"\nrate = \"10%\"\nassign = \"team_manager\"\ncredit = { owners = [\"owner1\"], split = \"full\", to = \"team\" }",
    );
    with(&full, &directory, &[sale(1, 10_000, "Ana||Cy||Bo", "")], |calculation| {
        assert_eq!(earned(calculation), of(&[(8, "10"), (9, "10")]), "a team is credited once, however many of its reps sold");
    });
}

#[test]
fn com_032_members_and_managers_are_those_of_the_last_day() {
    let program = plan(
        "[[rule]]\nid = \"team\"\nrate = \"10%\"\nassign = \"team_members\"\ncredit = { teams = { fields = [\"territory\"], to = \"team\" } }",
    );
    let dated = |id: i64, name: &str, from, until| {
        let membership = Membership { team: Id(50), from, until };
        Rep { memberships: vec![membership], ..rep(id, name, &[]) }
    };
    let mut gone = rep(4, "Dee", &[50]);
    gone.active = false;
    let reps = vec![
        dated(1, "Ana", None, Some(date(2026, 2, 1))),
        dated(2, "Bo", None, Some(date(2026, 1, 31))),
        dated(3, "Cy", Some(date(2026, 1, 31)), None),
        gone,
    ];
    let directory = Directory::new(reps, vec![team(50, "West", None, None)]);
    with(&program, &directory, &[sale(1, 10_000, "", "West")], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "5"), (3, "5")]));
    });
}

#[test]
fn what_a_rule_pays_goes_to_whom_it_is_assigned_and_nobody_is_an_alert() {
    let program = |assign: &str| plan(&format!("[[rule]]\nid = \"base\"\nrate = \"10%\"\nassign = {assign}"));
    let ana = Rep { manager: Some(Id(9)), ..rep(1, "Ana", &[50]) };
    let members = [
        Rep { variables: vec![number("salary", 3)], ..ana },
        Rep { variables: vec![number("salary", 1)], ..rep(2, "Bo", &[50]) },
        rep(8, "Max", &[]),
        rep(9, "Mia", &[]),
    ];
    let directory = |manager| Directory::new(members.to_vec(), vec![team(50, "West", manager, None)]);
    let sales = [sale(1, 10_000, "Ana", "")];
    for (assign, expected) in [
        ("\"self\"", vec![(1, "10")]),
        ("\"manager\"", vec![(9, "10")]),
        ("\"team_manager\"", vec![(8, "10")]),
        ("\"team_members\"", vec![(1, "5"), (2, "5")]),
        ("{ to = \"team_members\", weight = \"salary\", percent = 40 }", vec![(1, "3"), (2, "1")]),
        ("{ to = \"self\", percent = 150 }", vec![(1, "15")]),
    ] {
        with(&program(assign), &directory(Some(8)), &sales, |calculation| {
            assert_eq!(earned(calculation), of(&expected), "{assign}");
            check_sums(calculation);
        });
    }
    with(&program("\"manager\""), &directory(Some(8)), &sales, |calculation| {
        let own = &calculation.explain(Id(1)).expect("Ana has a statement that says where it went").credits[0];
        assert_eq!(
            own.pieces.iter().map(|piece| (piece.kind, piece.amount)).collect::<Vec<_>>(),
            [(PieceKind::Rated, 10.into()), (PieceKind::Assigned, (-10).into()),]
        );
    });
    with(&program("\"team_manager\""), &directory(None), &sales, |calculation| {
        assert!(calculation.reward(Id(1)).expect("flagged").flagged);
        assert_eq!(
            calculation.alerts()[0].text,
            "what Ana earns under rule `base` goes to `team_manager`, and there is nobody: it is paid to nobody"
        );
        assert_eq!(calculation.not_credited()[0].reason, Reason::NoRecipient);
    });
}

#[test]
fn an_override_stands_above_a_teams_credits_as_well() {
    let program = plan(
        "[[rule]]\nid = \"team\"\nrate = \"10%\"\nassign = \"team_members\"\ncredit = { owners = [\"owner1\"], to = \"team\" }\n[[rule]]\nid = \"over\"\noverride = { base = \"commission\", once_per = \"sale\", levels = [{ rate = \"10%\" }, { rate = \"1%\" }] }",
    );
    let max = Rep { manager: Some(Id(9)), ..rep(8, "Max", &[]) };
    let directory = Directory::new(vec![rep(1, "Ana", &[50]), max, rep(9, "Mia", &[])], vec![team(50, "West", Some(8), None)]);
    with(&program, &directory, &[sale(1, 10_000, "Ana", "")], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "10"), (8, "1"), (9, "0.1")]));
        assert_eq!(calculation.credits(Id(8))[0].through, Some(Id(50)));
        check_sums(calculation);
    });
}

#[test]
fn who_has_not_enrolled_is_credited_nothing_and_an_alert_says_so() {
    let program = plan(
        "enrollment = \"required\"\n[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"sale\" }",
    );
    let enrolled = |from| vec![Enrollment { program: "PLAN ".into(), from, until: None }];
    let reps = vec![
        Rep { enrollments: enrolled(Some(date(2026, 1, 31))), manager: Some(Id(9)), ..rep(1, "Ana", &[]) },
        Rep { enrollments: enrolled(Some(date(2026, 2, 1))), ..rep(2, "Bo", &[]) },
        rep(9, "Max", &[]),
    ];
    with(&program, &Directory::new(reps, vec![]), &[sale(1, 10_000, "Ana", ""), sale(2, 10_000, "Bo", "")], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "10")]));
        let alerts: Vec<&str> = calculation.alerts().iter().map(|alert| alert.text.as_str()).collect();
        assert_eq!(
            alerts,
            ["Bo has not enrolled in Plan: nothing is credited to them", "Max has not enrolled in Plan: rule `over` pays them nothing",]
        );
        assert_eq!(calculation.not_credited().iter().map(|not| (not.sale.0, not.reason.code())).collect::<Vec<_>>(), [(2, "not_enrolled")]);
    });
}

#[test]
fn circles_of_managers_are_alerts_and_not_silent() {
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"over\"\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"sale\" }",
    );
    let below = |id: i64, name: &str, manager: i64| Rep { manager: Some(Id(manager)), ..rep(id, name, &[]) };
    let directory = Directory::new(vec![below(1, "Ana", 2), below(2, "Max", 3), below(3, "Mia", 2)], vec![]);
    with(&program, &directory, &[sale(1, 10_000, "Ana", "")], |calculation| {
        let alert = &calculation.alerts()[0];
        assert_eq!(
            (alert.code.code(), alert.text.as_str()),
            ("manager_cycle", "managers stand in a circle: Max → Mia → Max; it ends where it closes")
        );
        assert_eq!(alert.reps, [Id(2), Id(3)]);
    });
    with(&plan("[[rule]]\nid = \"base\"\nrate = \"10%\""), &directory, &[], |calculation| assert!(calculation.alerts().is_empty()));
}

#[test]
fn ranks_share_places_and_an_increase_needs_something_before() {
    let measured = |metric: &str| {
        plan(&format!(
            "attainment = {{ metric = \"{metric}\" }}\ntargets = {{ tags = [\"field\"] }}\n[[rule]]\nid = \"base\"\nrate = \"0%\""
        ))
    };
    let field = |id: i64, name: &str| Rep { tags: vec!["field".into()], ..rep(id, name, &[]) };
    let directory = Directory::new(vec![field(1, "Ana"), field(2, "Bo"), field(3, "Cy"), field(4, "Dee"), rep(5, "Eve", &[])], vec![]);
    let sales = [sale(1, 10_000, "Ana", ""), sale(2, 20_000, "Bo", ""), sale(3, 10_000, "Cy", "")];
    with(&measured("rank"), &directory, &sales, |calculation| {
        let places: Vec<_> = (1..=5).map(|id| calculation.attainment(Id(id)).and_then(|attainment| attainment.rank)).collect();
        assert_eq!(places, [Some(2), Some(1), Some(2), Some(4), None]);
    });
    let (program, period) = (measured("increase"), january());
    let history = History { attained: [(Id(1), 80.into()), (Id(3), Exact::ZERO)].into_iter().collect() };
    let bound = BoundProgram::new(&program, &directory, &period).with_history(&history);
    let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
    let reached: Vec<_> = (1..=3).map(|id| calculation.attainment(Id(id)).and_then(|attainment| attainment.reached())).collect();
    assert_eq!(reached, [Some(25.into()), None, None], "nothing before is no basis for a percentage");
}

#[test]
fn figures_are_those_of_the_team_the_plan_or_the_rep_below() {
    let ana = Rep { variables: vec![number("rate", 20)], manager: Some(Id(9)), ..rep(1, "Ana", &[50]) };
    let bo = Rep { manager: Some(Id(9)), ..rep(2, "Bo", &[50]) };
    let mut america = team(60, "America", None, None);
    america.variables = vec![number("rate", 7)];
    let teams = vec![team(50, "West", None, Some(60)), america];
    let directory = Directory::new(vec![ana, bo, rep(9, "Max", &[])], teams);
    let head = "variables = { rate = [{ value = 1 }, { from = 2026-01-20, value = 3 }, { from = 2026-02-01, value = 4 }] }\n";
    for (of_whom, ana, bo) in [("beneficiary", "20", "3"), ("team", "7", "7"), ("plan", "3", "3"), ("credited", "20", "3")] {
        let program = plan(&format!("{head}[[rule]]\nid = \"base\"\nrate = {{ percent = {{ variable = \"rate\", of = \"{of_whom}\" }} }}"));
        with(&program, &directory, &[sale(1, 10_000, "Ana", ""), sale(2, 10_000, "Bo", "")], |calculation| {
            assert_eq!(earned(calculation), of(&[(1, ana), (2, bo)]), "{of_whom}");
        });
    }
    let formula = plan(&format!(
        "{head}[[rule]]\nid = \"base\"\nbasis = {{ formula = 'team_var(\"rate\") * 100 + plan_var(\"rate\") * 10 + var(\"rate\")' }}\nrate = {{ each = 1 }}"
    ));
    with(&formula, &directory, &[sale(1, 1, "Ana||Bo", "")], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "375"), (2, "366.5")]));
    });
    // An override whose rate stands on the reps below: 20% of Ana's sale and 3% of Bo's, in order and with a cap.
    for (limit, max) in [("", "23"), ("cap = 21", "21")] {
        let program = plan(&format!(
            "{head}[[rule]]\nid = \"base\"\nrate = \"0%\"\n[[rule]]\nid = \"over\"\n{limit}\nrate = {{ percent = {{ variable = \"rate\", of = \"credited\" }} }}\noverride = {{ base = \"sales\", once_per = \"sale\" }}"
        ));
        with(&program, &directory, &[sale(1, 10_000, "Ana", ""), sale(2, 10_000, "Bo", "")], |calculation| {
            assert_eq!(earned(calculation), of(&[(9, max)]), "{limit}");
            check_sums(calculation);
        });
    }
}

#[test]
fn a_share_from_the_sale_without_a_value_credits_nobody_and_says_so() {
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"10%\"\ncredit = { owners = [{ field = \"owner1\", share = { percent = 'sale.other_numeric1 / sale.quantity' } }] }",
    );
    let directory = Directory::new(vec![rep(1, "Ana", &[])], vec![]);
    let part = |id: i64, percent: Option<i64>, quantity: i64| {
        let mut sale = sale(id, 10_000, "Ana", "");
        sale.sale.other_numeric[0] = percent.map(Exact::from);
        sale.sale.quantity = Some(quantity.into());
        sale
    };
    with(&program, &directory, &[part(1, Some(50), 1), part(2, None, 1), part(3, Some(50), 0)], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "5")]));
        assert_eq!(
            calculation.not_credited().iter().map(|not| (not.sale.0, not.reason.code())).collect::<Vec<_>>(),
            [(2, "share_missing"), (3, "condition_error")]
        );
        assert_eq!(calculation.alerts().iter().map(|alert| alert.code).collect::<Vec<_>>(), [AlertCode::ConditionError]);
    });
}

#[test]
fn an_overrides_condition_without_an_answer_is_an_alert_and_names_the_sale() {
    let program = plan(
        "[[rule]]\nid = \"base\"\nrate = \"10%\"\n[[rule]]\nid = \"over\"\nwhen = 'sale.revenue / sale.quantity > 1'\nrate = \"1%\"\noverride = { base = \"sales\", once_per = \"sale\" }",
    );
    let ana = Rep { manager: Some(Id(9)), ..rep(1, "Ana", &[]) };
    let mut none = sale(1, 10_000, "Ana", "");
    none.sale.quantity = Some(Exact::ZERO);
    with(&program, &Directory::new(vec![ana, rep(9, "Max", &[])], vec![]), &[none], |calculation| {
        assert_eq!(earned(calculation), of(&[(1, "10")]));
        assert_eq!(
            calculation.alerts()[0].text,
            "rule `over` has no answer for some sales: `sale.revenue / sale.quantity` divides by zero"
        );
        assert_eq!(
            calculation.not_credited().iter().map(|not| (not.sale.0, not.rule, not.reason)).collect::<Vec<_>>(),
            [(1, 1, Reason::ConditionError)]
        );
    });
}

/// Invariant 8: pieces sum to credits, credits to rewards.
fn check_sums(calculation: &Calculation<'_>) {
    for reward in calculation.rewards() {
        let explanation = calculation.explain(reward.rep).expect("explained");
        assert_eq!(explanation.credits.iter().map(|credit| credit.amount).sum::<Exact>(), reward.exact, "{explanation}");
        assert_eq!(explanation.credits.len() as u64, reward.credits, "{explanation}");
        for credit in &explanation.credits {
            assert_eq!(credit.pieces.iter().map(|piece| piece.amount).sum::<Exact>(), credit.amount, "{}", credit.arithmetic());
        }
        let page = |from| calculation.explain_part(reward.rep, Listed::Slice { from, count: 2 }).expect("explained").credits;
        let pages: Vec<_> = (0..explanation.credits.len()).step_by(2).flat_map(page).collect();
        assert_eq!(pages, explanation.credits, "pages are the whole");
    }
}

// ---- a slow model: every sale and every team by itself ----

/// R1 and R2 are in T50, R3 in T51, R4 in both; T50 and T51 stand below T60, which R9 leads; R8 leads T50.
fn company() -> Directory {
    let weighted = |id: i64, teams: &[i64]| Rep { variables: vec![number("salary", id)], ..rep(id, &format!("R{id}"), teams) };
    let reps =
        vec![weighted(1, &[50]), weighted(2, &[50]), weighted(3, &[51]), weighted(4, &[50, 51]), weighted(8, &[]), weighted(9, &[60])];
    let mut top = team(60, "T60", Some(9), None);
    top.aliases = vec!["US".into()];
    Directory::new(reps, vec![team(50, "T50", Some(8), Some(60)), team(51, "T51", None, Some(60)), top])
}

const TEAMS_OF: [(i64, &[i64]); 4] = [(1, &[50]), (2, &[50]), (3, &[51]), (4, &[50, 51])];
const MEMBERS: [(i64, &[i64]); 3] = [(50, &[1, 2, 4]), (51, &[3, 4]), (60, &[9])];

fn manager_of(team: i64) -> Option<i64> {
    [(50, 8), (60, 9)].iter().find(|(known, _)| *known == team).map(|(_, manager)| *manager)
}

/// What each team is credited, sale by sale, in units of 1/12 of a cent so that every division here is exact.
fn model(sales: &[(i64, Vec<i64>)], full: bool, roll_up: bool) -> BTreeMap<i64, i64> {
    let mut credited: BTreeMap<i64, i64> = BTreeMap::new();
    for (cents, owners) in sales {
        let mut parts: BTreeMap<i64, i64> = BTreeMap::new();
        for owner in owners {
            let own = TEAMS_OF.iter().find(|(rep, _)| rep == owner).map_or(&[][..], |(_, teams)| *teams);
            for team in own {
                *parts.entry(*team).or_default() += 1;
            }
            if roll_up && !own.is_empty() {
                *parts.entry(60).or_default() += 1;
            }
        }
        let whole = cents * 12;
        let count = i64::try_from(owners.len()).expect("a few");
        for (team, part) in parts {
            *credited.entry(team).or_default() += if full { whole } else { whole / count * part };
        }
    }
    credited
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn com_031_teams_and_the_model_agree(
        sales in prop::collection::vec((-50_000i64..200_000, prop::sample::subsequence(vec![1i64, 2, 3, 4], 1..=4).prop_shuffle()), 0..15),
        full in any::<bool>(), roll_up in any::<bool>(), to_members in any::<bool>(), by_salary in any::<bool>(), threads in 1usize..4, cut in 0usize..15,
    ) {
        let split = if full { "full" } else { "equal" };
        let to = match (to_members, by_salary) { (false, _) => "{ to = \"team_manager\" }", (true, false) => "{ to = \"team_members\" }", (true, true) => "{ to = \"team_members\", weight = \"salary\" }" };
        let program = plan(&format!("[[rule]]\nid = \"team\"\nrate = \"10%\"\nassign = {to}\ncredit = {{ owners = [\"owner1\"], split = \"{split}\", to = \"team\", roll_up = {roll_up} }}"));
        let (directory, period) = (company(), january());
        let stored: Vec<StoredSale> = (1i64..).zip(&sales).map(|(id, (cents, owners))| {
            let names: Vec<String> = owners.iter().map(|owner| format!("R{owner}")).collect();
            sale(id, *cents, &names.join("||"), "")
        }).collect();
        let bound = BoundProgram::new(&program, &directory, &period);
        let calculation = calculate(&bound, stored.iter().map(SaleRef::from));
        check_sums(&calculation);

        let credited = model(&sales, full, roll_up);
        let tolerance = Exact::new(200, 12);
        for (team, twelfths) in &credited {
            let found = calculation.attainment(Id(*team)).expect("a team").value;
            let expected = Exact::from(*twelfths) / Exact::from(1_200);
            prop_assert!((found - expected).abs() <= tolerance, "team {}: {} instead of {}", team, found, expected);
        }
        let mut rewards: BTreeMap<i64, Exact> = BTreeMap::new();
        for (team, twelfths) in &credited {
            let amount = Exact::from(*twelfths) / Exact::from(12_000);
            if !to_members {
                if let Some(manager) = manager_of(*team) {
                    *rewards.entry(manager).or_default() += amount;
                }
                continue;
            }
            let members = MEMBERS.iter().find(|(known, _)| known == team).map_or(&[][..], |(_, members)| *members);
            let weight = |member: i64| if by_salary { Exact::from(member) } else { Exact::ONE };
            let sum: Exact = members.iter().map(|member| weight(*member)).sum();
            for member in members {
                *rewards.entry(*member).or_default() += amount * weight(*member) / sum;
            }
        }
        for id in [1i64, 2, 3, 4, 8, 9] {
            let found = calculation.reward(Id(id)).map_or(Exact::ZERO, |reward| reward.exact);
            let expected = rewards.get(&id).copied().unwrap_or_default();
            prop_assert!((found - expected).abs() <= tolerance, "R{}: {} instead of {}", id, found, expected);
        }
        // What the teams earned is what somebody is paid, to the last unit, unless there is nobody.
        let all: Exact = calculation.teams().iter().filter(|team| to_members || manager_of(team.team.0).is_some()).map(|team| team.earned).sum();
        prop_assert_eq!(calculation.rewards().iter().map(|reward| reward.exact).sum::<Exact>(), all);

        let cut = cut.min(stored.len());
        let mut backwards = Run::new(&bound);
        backwards.feed(stored[cut..].iter().rev().map(SaleRef::from));
        let mut rest = Run::new(&bound);
        rest.feed(stored[..cut].iter().map(SaleRef::from));
        backwards.merge(rest);
        let other = backwards.finish_with(threads, &|jobs| std::thread::scope(|scope| jobs.into_iter().for_each(|job| drop(scope.spawn(job)))));
        prop_assert_eq!(other.rewards(), calculation.rewards());
        prop_assert_eq!(other.teams(), calculation.teams());
        prop_assert_eq!((other.alerts(), other.not_credited()), (calculation.alerts(), calculation.not_credited()));
        let text = |calculation: &Calculation<'_>| calculation.rewards().iter().filter_map(|reward| calculation.explain(reward.rep)).map(|e| e.explanation_json()).collect::<Vec<_>>();
        prop_assert_eq!(text(&other), text(&calculation));
    }
}
