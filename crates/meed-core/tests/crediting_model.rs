//! The engine against a second implementation that is slow and obvious, and against itself in other orders and cuts.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use meed_core::condition::SaleRef;
use meed_core::crediting::{BoundProgram, Calculation, Change, Explanation, Listed, Run, calculate};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Directory, Rep, Variable};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};
use proptest::prelude::*;

/// Bounds of the tiers in use, and their rates in percent; the last band is open.
const BOUNDS: [i64; 3] = [1_000, 3_000, 8_000];
const RATES: [i64; 4] = [1, 2, 5, 3];

fn plan(accumulate: &str, mode: &str, bound: &str, split: &str, override_base: &str, once_per: &str) -> Program {
    let group = if accumulate == "group" { "group = \"month\"" } else { "" };
    let text = format!(
        r#"
name = "Model"
currency = "USD"
period = "quarterly"
quota = {{ variable = "quota" }}

[[rule]]
id = "commission"
when = 'sale.status == "won"'
credit = {{ owners = ["owner1", "owner2"], split = "{split}" }}

[rule.tiers]
accumulate = "{accumulate}"
{group}
mode = "{mode}"
bound = "{bound}"
bands = [{{ to = 1000, rate = "1%" }}, {{ to = 3000, rate = "2%" }}, {{ to = 8000, rate = "5%" }}, {{ rate = "3%" }}]

[[rule]]
id = "override"
override = {{ base = "{override_base}", of = ["commission"], once_per = "{once_per}", levels = [{{ rate = "10%" }}, {{ rate = "2.5%" }}] }}

[[rule]]
id = "tiered_override"
when = 'sale.revenue > 100'
override = {{ base = "{override_base}", of = ["commission"], once_per = "{once_per}" }}
tiers = {{ accumulate = "accumulated", mode = "marginal", bands = [{{ to = 500, rate = "1%" }}, {{ rate = "2%" }}] }}
"#
    );
    Program::parse(&text).unwrap_or_else(|findings| panic!("{findings:?}"))
}

/// Reps 1 to 4 sell; 1 and 2 report to 5, 3 to 6; 5 and 6 report to 7; 4 reports to nobody.
fn directory() -> Directory {
    let rep = |id: i64, manager: Option<i64>| Rep {
        id: Id(id),
        name: format!("R{id}"),
        manager: manager.map(Id),
        variables: vec![Variable { name: "quota".into(), from: None, value: Exact::from(3_000 * id) }],
        active: true,
        ..Rep::default()
    };
    let reps = vec![rep(1, Some(5)), rep(2, Some(5)), rep(3, Some(6)), rep(4, None), rep(5, Some(7)), rep(6, Some(7)), rep(7, None)];
    Directory::new(reps, Vec::new())
}

fn manager(rep: i64) -> Option<i64> {
    match rep {
        1 | 2 => Some(5),
        3 => Some(6),
        5 | 6 => Some(7),
        _ => None,
    }
}

prop_compose! {
    fn sale()(
        day in 0i64..90, cents in -200_000i64..600_000, won in (0u8..5).prop_map(|draw| draw > 0), first in 0i64..6, second in 0i64..6, third in 0i64..6,
        unique in prop::option::of(0u32..40),
    ) -> StoredSale {
        let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
        let owner = |n: i64| if n == 0 { None } else { Some(format!("R{n}")) };
        let both = match (owner(first), owner(second)) {
            (Some(a), Some(b)) => Some(format!("{a} || {b}")),
            (a, b) => a.or(b),
        };
        let sale = Sale {
            at: start + jiff::SignedDuration::from_hours(24 * day),
            revenue: Some(Exact::new(cents, 2)),
            status: Some(if won { "won" } else { "lost" }.into()),
            owners: [both, owner(third), None],
            ..Sale::default()
        };
        StoredSale { id: Id(0), source: Id(1), unique_id: unique.map(|n| format!("U{n}")), version: 1, sale }
    }
}

fn numbered(mut sales: Vec<StoredSale>) -> Vec<StoredSale> {
    for (id, sale) in (1i64..).zip(&mut sales) {
        sale.id = Id(id);
    }
    sales
}

// ---- the model: every step by itself, over plain lists, in hundredths of a cent and finer through Exact ----

fn band(value: Exact, upper: bool) -> usize {
    BOUNDS.iter().position(|bound| if upper { value <= Exact::from(*bound) } else { value < Exact::from(*bound) }).unwrap_or(3)
}

fn percent(value: Exact, rate: i64) -> Exact {
    twelve(value * Exact::from(rate) / Exact::from(100))
}

fn twelve(value: Exact) -> Exact {
    value.round_dp_with_strategy(12, rust_decimal::RoundingStrategy::MidpointNearestEven)
}

fn tier_total(value: Exact, whole: bool, upper: bool) -> Exact {
    if whole {
        return percent(value, RATES[band(value, upper)]);
    }
    if value < Exact::ZERO {
        return percent(value, RATES[0]);
    }
    let mut sum = Exact::ZERO;
    let mut from = Exact::ZERO;
    for (index, rate) in RATES.iter().enumerate() {
        let to = BOUNDS.get(index).map_or(value.max(from), |bound| Exact::from(*bound));
        let covered = value.min(to) - from;
        if covered > Exact::ZERO {
            sum += percent(covered, *rate);
        }
        from = to;
    }
    sum
}

struct ModelCredit {
    order: usize,
    rep: i64,
    basis: Exact,
    share: Exact,
    amount: Exact,
}

fn model_owners(sale: &Sale) -> Vec<(Option<i64>, usize)> {
    let mut names: Vec<String> = Vec::new();
    for field in sale.owners.iter().flatten() {
        for name in field.split("||") {
            let name = name.trim().to_owned();
            // R5 exists as a manager and may own sales too; everybody in R1 to R7 is known.
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let count = names.len();
    names.into_iter().map(|name| (name[1..].parse().ok(), count)).collect()
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    accumulate: &'static str,
    whole: bool,
    upper: bool,
    full: bool,
    on_sales: bool,
    per_sale: bool,
}

fn model(sales: &[StoredSale], settings: Settings) -> BTreeMap<i64, Exact> {
    let mut ordered: Vec<&StoredSale> = sales.iter().collect();
    ordered.sort_by(|a, b| {
        (a.sale.at, a.unique_id.clone().unwrap_or_default(), a.id).cmp(&(b.sale.at, b.unique_id.clone().unwrap_or_default(), b.id))
    });
    let mut credits: Vec<ModelCredit> = Vec::new();
    for (order, stored) in ordered.iter().enumerate() {
        if stored.sale.status.as_deref() != Some("won") {
            continue;
        }
        let whole = stored.sale.revenue.expect("revenue");
        let owners = model_owners(&stored.sale);
        let mut left = whole;
        for (place, (rep, count)) in owners.iter().enumerate() {
            let parts = Exact::from(*count);
            let basis = if settings.full {
                whole
            } else {
                // The first parts take the last units that do not divide.
                let unit = Exact::new(1, 12);
                let floor = (whole / parts).round_dp_with_strategy(12, rust_decimal::RoundingStrategy::ToZero);
                let missing = ((whole - floor * parts) / unit).abs();
                let extra = if Exact::from(place) < missing { unit } else { Exact::ZERO };
                if whole < Exact::ZERO { floor - extra } else { floor + extra }
            };
            left -= basis;
            let share = if settings.full { Exact::ONE } else { Exact::ONE / parts };
            if let Some(rep) = rep {
                credits.push(ModelCredit { order, rep: *rep, basis, share, amount: Exact::ZERO });
            }
        }
        if !settings.full && !owners.is_empty() {
            assert_eq!(left, Exact::ZERO, "the parts sum to the whole");
        }
    }
    pay(&mut credits, &ordered, settings);
    let mut rewards: BTreeMap<i64, Exact> = BTreeMap::new();
    for credit in &credits {
        *rewards.entry(credit.rep).or_default() += credit.amount;
    }
    for (rate, level) in [(100, 0), (25, 1)] {
        for (_, manager, base) in raised(&credits, level, settings) {
            *rewards.entry(manager).or_default() += twelve(base * Exact::from(rate) / Exact::from(1_000));
        }
    }
    let mut running: BTreeMap<i64, (Exact, Exact)> = BTreeMap::new();
    for (order, manager, base) in raised(&credits, 0, settings) {
        if ordered[order].sale.revenue.expect("revenue") <= Exact::from(100) {
            continue;
        }
        let (total, earned) = running.entry(manager).or_default();
        *total += base;
        let low = twelve(total.min(&mut Exact::from(500)).to_owned() / Exact::from(100));
        let high = twelve((*total - Exact::from(500)).max(Exact::ZERO) * Exact::from(2) / Exact::from(100));
        *rewards.entry(manager).or_default() += low + high - *earned;
        *earned = low + high;
    }
    rewards
}

fn pay(credits: &mut [ModelCredit], ordered: &[&StoredSale], settings: Settings) {
    for rep in 1..=7 {
        let mine: Vec<usize> = (0..credits.len()).filter(|index| credits[*index].rep == rep).collect();
        let month = |index: usize| ordered[credits[index].order].sale.at.to_zoned(TimeZone::UTC).month();
        let months: Vec<i8> = mine.iter().map(|index| month(*index)).collect();
        let bases: Vec<Exact> = mine.iter().map(|index| credits[*index].basis).collect();
        for (position, index) in mine.iter().enumerate() {
            let same = |other: usize| settings.accumulate == "accumulated" || months[other] == months[position];
            let before: Exact = (0..position).filter(|other| same(*other)).map(|other| bases[other]).sum();
            let amount = match settings.accumulate {
                "transaction" => tier_total(bases[position], settings.whole, settings.upper),
                "group" if settings.whole => {
                    let sum: Exact = (0..mine.len()).filter(|other| same(*other)).map(|other| bases[other]).sum();
                    percent(bases[position], RATES[band(sum, settings.upper)])
                }
                _ => {
                    tier_total(before + bases[position], settings.whole, settings.upper)
                        - tier_total(before, settings.whole, settings.upper)
                }
            };
            credits[*index].amount = amount;
        }
    }
}

/// (place of the sale, manager, base) for each override credit of a level.
fn raised(credits: &[ModelCredit], level: usize, settings: Settings) -> Vec<(usize, i64, Exact)> {
    let mut all = Vec::new();
    let mut used: BTreeMap<(usize, i64), Exact> = BTreeMap::new();
    for credit in credits {
        let direct = manager(credit.rep);
        let Some(above) = (if level == 0 { direct } else { direct.and_then(manager) }) else { continue };
        let base = if settings.on_sales { credit.basis } else { credit.amount };
        if settings.per_sale && settings.full {
            // Every full credit stands for the whole sale, so only the first below a manager counts.
            if used.insert((credit.order, above), credit.share).is_some() {
                continue;
            }
        }
        all.push((credit.order, above, base));
    }
    all
}

fn rewards(calculation: &Calculation<'_>) -> BTreeMap<i64, Exact> {
    calculation.rewards().iter().filter(|reward| !reward.exact.is_zero()).map(|reward| (reward.rep.0, reward.exact.normalize())).collect()
}

/// Everything a calculation says, as one text.
fn everything(calculation: &Calculation<'_>) -> String {
    let explained = calculation.rewards().iter().filter_map(|reward| calculation.explain(reward.rep));
    let explanations: Vec<String> = explained.map(|e| format!("{} {:?} {:?}", e.explanation_json(), e.reached, e.through)).collect();
    format!("{:?}\n{}\n{:?}\n{:?}", calculation.rewards(), explanations.join("\n"), calculation.not_credited(), calculation.alerts())
}

fn settings() -> impl Strategy<Value = Settings> {
    let accumulate = prop::sample::select(vec!["transaction", "group", "accumulated"]);
    (accumulate, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>())
        .prop_map(|(accumulate, whole, upper, full, on_sales, per_sale)| Settings { accumulate, whole, upper, full, on_sales, per_sale })
}

fn program(settings: Settings) -> Program {
    let word = |yes: bool, a: &'static str, b: &'static str| if yes { a } else { b };
    plan(
        settings.accumulate,
        word(settings.whole, "whole", "marginal"),
        word(settings.upper, "upper", "lower"),
        word(settings.full, "full", "equal"),
        word(settings.on_sales, "sales", "commission"),
        word(settings.per_sale, "sale", "credit"),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn com_034_the_engine_and_the_model_agree(sales in prop::collection::vec(sale(), 0..40), settings in settings()) {
        let sales = numbered(sales);
        let (program, directory) = (program(settings), directory());
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
        let expected: BTreeMap<i64, Exact> = model(&sales, settings).into_iter().filter(|(_, sum)| !sum.is_zero()).map(|(rep, sum)| (rep, sum.normalize())).collect();
        prop_assert_eq!(rewards(&calculation), expected);
    }

    #[test]
    fn com_036_no_order_cut_or_number_of_threads_changes_a_byte(
        (sales, shuffled) in prop::collection::vec(sale(), 0..60).prop_map(numbered).prop_flat_map(|sales| (Just(sales.clone()), Just(sales).prop_shuffle())),
        cuts in prop::collection::vec(0usize..60, 0..4), threads in 1usize..5, settings in settings(),
    ) {
        let (program, directory) = (program(settings), directory());
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let plain = calculate(&bound, sales.iter().map(SaleRef::from));
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(shuffled.len())).collect();
        cuts.extend([0, shuffled.len()]);
        cuts.sort_unstable();
        let mut merged = Run::new(&bound);
        for pair in cuts.windows(2) {
            let mut run = Run::new(&bound);
            run.feed(shuffled[pair[0]..pair[1]].iter().map(SaleRef::from));
            merged.merge(run);
        }
        prop_assert_eq!(everything(&merged.finish_with(threads, &|jobs| std::thread::scope(|scope| jobs.into_iter().for_each(|job| drop(scope.spawn(job)))))), everything(&plain));
    }

    #[test]
    fn com_037_a_kept_calculation_with_changes_equals_a_full_one(
        sales in prop::collection::vec(sale(), 0..40),
        rounds in prop::collection::vec(prop::collection::vec((0u8..5, 0usize..60, sale(), 0u8..6), 0..6), 1..5), settings in settings(),
    ) {
        let mut sales = numbered(sales);
        let (program, directory) = (program(settings), directory());
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let mut run = Run::new(&bound);
        run.feed(sales.iter().map(SaleRef::from));
        let mut kept = run.finish_to_keep(2, &|jobs| jobs.into_iter().for_each(|job| job())).keep().expect("it is made to be kept");
        let mut next = 1_000;
        for round in rounds {
            let mut gone = Vec::new();
            let mut changed = Vec::new();
            for (action, at, mut new, stranger) in round {
                if stranger == 0 {
                    new.sale.owners[0] = Some("Nobody".to_owned());
                }
                if action == 0 || sales.is_empty() {
                    new.id = Id(next);
                    next += 1;
                    changed.push(new.id);
                    sales.push(new);
                    continue;
                }
                let at = at % sales.len();
                if action == 1 {
                    gone.push(sales.remove(at).id);
                } else {
                    new.id = sales[at].id;
                    changed.push(new.id);
                    sales[at] = new;
                }
            }
            let put = changed.iter().filter_map(|id| sales.iter().find(|sale| sale.id == *id)).map(|sale| Change::Put(SaleRef::from(sale)));
            let changes: Vec<Change<'_>> = put.chain(gone.iter().copied().map(Change::Gone)).collect();
            let resumed = kept.resume(&bound, changes).expect("there is room");
            prop_assert_eq!(resumed.sales(), sales.len());
            prop_assert_eq!(everything(&resumed), everything(&calculate(&bound, sales.iter().map(SaleRef::from))));
            kept = resumed.keep().expect("it can be kept again");
        }
    }

    #[test]
    fn com_035_the_explained_pieces_sum_to_the_credits_and_these_to_the_reward(sales in prop::collection::vec(sale(), 0..40), settings in settings()) {
        let sales = numbered(sales);
        let (program, directory) = (program(settings), directory());
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let calculation = calculate(&bound, sales.iter().map(SaleRef::from));
        for reward in calculation.rewards() {
            let explanation = calculation.explain(reward.rep).expect("an explanation");
            let credits: Exact = explanation.credits.iter().map(|credit| credit.amount).sum();
            prop_assert_eq!(credits, reward.exact);
            prop_assert_eq!(explanation.credits.len() as u64, reward.credits);
            prop_assert_eq!(meed_core::money::to_minor(credits, program.currency, program.rounding), Ok(reward.minor));
            for credit in &explanation.credits {
                let pieces: Exact = credit.pieces.iter().map(|piece| piece.amount).sum();
                prop_assert_eq!(pieces, credit.amount, "{}", credit.arithmetic());
            }
        }
    }

    #[test]
    fn com_035_pages_of_credits_are_all_credits_and_say_the_same_sums(
        sales in prop::collection::vec(sale(), 0..30), settings in settings(), size in 1usize..12,
    ) {
        let sales = numbered(sales);
        let (program, directory) = (program(settings), directory());
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let folded = calculate(&bound, sales.iter().map(SaleRef::from));
        let mut run = Run::new(&bound);
        run.feed(sales.iter().map(SaleRef::from));
        // One that is kept finds plain overrides without folding them, and says the same.
        let kept = run.finish_to_keep(1, &|jobs| jobs.into_iter().for_each(|job| job()));
        for (calculation, rep) in [&folded, &kept].into_iter().flat_map(|c| c.rewards().iter().map(move |reward| (c, reward.rep))) {
            let whole = calculation.explain(rep).expect("an explanation");
            prop_assert_eq!(&whole, &folded.explain(rep).expect("an explanation"));
            let part = |listed| calculation.explain_part(rep, listed).expect("an explanation");
            prop_assert_eq!(whole.credit_count, whole.credits.len());
            let distinct: std::collections::BTreeSet<Id> = whole.credits.iter().map(|credit| credit.sale).collect();
            prop_assert_eq!(whole.sale_count, distinct.len());
            let of_others = whole.credits.iter().filter(|credit| credit.through.is_some());
            prop_assert_eq!(whole.through.iter().map(|sum| sum.credits).sum::<usize>(), of_others.clone().count());
            prop_assert_eq!(whole.through.iter().map(|sum| sum.amount).sum::<Exact>(), of_others.map(|credit| credit.amount).sum::<Exact>());
            let mut from = 0;
            while from <= whole.credits.len() {
                let page = part(Listed::Slice { from, count: size });
                prop_assert_eq!(page.first, from);
                prop_assert_eq!(&page.credits[..], &whole.credits[from..(from + size).min(whole.credits.len())]);
                let without = |e: &Explanation| Explanation { credits: Vec::new(), first: 0, ..e.clone() };
                prop_assert_eq!(without(&page), without(&whole));
                from += size;
            }
            for sale in distinct {
                let place = whole.credits.iter().position(|credit| credit.sale == sale).expect("it is there");
                let page = part(Listed::PageOf { sale, count: size });
                prop_assert_eq!(page.first, place / size * size);
                prop_assert!(page.credits.iter().any(|credit| credit.sale == sale));
                let own: Vec<_> = whole.credits.iter().filter(|credit| credit.sale == sale).cloned().collect();
                prop_assert_eq!(part(Listed::OfSale(sale)).credits, own);
            }
            prop_assert!(part(Listed::OfSale(Id(9_999))).credits.is_empty());
        }
    }

    #[test]
    fn splitting_a_sale_changes_no_marginal_running_total(sales in prop::collection::vec(sale(), 1..20), at in 0usize..20, part in -300_000i64..300_000) {
        let mut sales = numbered(sales);
        let settings = Settings { accumulate: "accumulated", whole: false, upper: false, full: true, on_sales: true, per_sale: false };
        let (program, directory) = (program(settings), directory());
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let reps_only = |calculation: &Calculation<'_>| -> BTreeMap<i64, Exact> {
            let own = |rep: i64| calculation.credits(Id(rep)).iter().filter(|credit| credit.rule_id == "commission").map(|credit| credit.amount).sum::<Exact>();
            (1..=7).map(|rep| (rep, own(rep).normalize())).collect()
        };
        let whole = reps_only(&calculate(&bound, sales.iter().map(SaleRef::from)));
        let index = at % sales.len();
        let mut rest = sales[index].clone();
        let revenue = rest.sale.revenue.expect("revenue");
        sales[index].sale.revenue = Some(Exact::new(part, 2));
        rest.sale.revenue = Some(revenue - Exact::new(part, 2));
        rest.id = Id(9_999);
        sales.push(rest);
        prop_assert_eq!(reps_only(&calculate(&bound, sales.iter().map(SaleRef::from))), whole);
    }

    #[test]
    fn com_029_equal_parts_of_a_sale_sum_to_the_whole(cents in -10_000_000i64..10_000_000, owners in 1usize..7) {
        let program = Program::parse("name = \"p\"\ncurrency = \"USD\"\nperiod = \"quarterly\"\n[[rule]]\nid = \"r\"\nrate = \"100%\"").expect("a plan");
        let directory = directory();
        let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
        let bound = BoundProgram::new(&program, &directory, &period);
        let names: Vec<String> = (1..=owners).map(|n| format!("R{n}")).collect();
        let sale = Sale { at: period.start(), revenue: Some(Exact::new(cents, 2)), owners: [Some(names.join("||")), None, None], ..Sale::default() };
        let sale = StoredSale { id: Id(1), source: Id(1), unique_id: None, version: 1, sale };
        let calculation = calculate(&bound, [SaleRef::from(&sale)]);
        let amounts: Vec<Exact> = calculation.rewards().iter().map(|reward| reward.exact).collect();
        prop_assert_eq!(amounts.len(), owners);
        prop_assert_eq!(amounts.iter().sum::<Exact>(), Exact::new(cents, 2));
        let spread = amounts.iter().max().expect("one") - amounts.iter().min().expect("one");
        prop_assert!(spread <= Exact::new(1, 12), "parts differ by one last unit at most");
    }
}
