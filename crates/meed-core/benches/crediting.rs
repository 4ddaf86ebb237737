//! The pure cost of a calculation: one million sales, a thousand payees, quota tiers, splits and two override levels.
//!
//! `cargo bench -p meed-core` prints medians. Sales are prepared outside the measured part.

use jiff::tz::TimeZone;
use meed_core::condition::SaleRef;
use meed_core::crediting::{BoundProgram, Calculation, Change, Listed, Run};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::people::{Directory, Rep, Variable};
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::{Sale, StoredSale};

fn main() {
    divan::main();
}

const PLAN: &str = r#"
name = "Bench"
currency = "USD"
period = "quarterly"
quota = { variable = "quota" }

[[rule]]
id = "commission"
when = 'sale.status == "won" && sale.revenue > 0'
credit = { owners = ["owner1"], split = "equal" }

[rule.tiers]
accumulate = "accumulated"
mode = "marginal"
unit = "percent_of_quota"
bands = [{ to = 50, rate = "3%" }, { to = 100, rate = "5%" }, { to = 150, rate = "8%" }, { rate = "10%" }]

[[rule]]
id = "override"
override = { base = "commission", of = ["commission"], once_per = "sale", levels = [{ rate = "10%" }, { rate = "2%" }] }
"#;

const FLAT: &str = r#"
name = "Flat"
currency = "USD"
period = "quarterly"

[[rule]]
id = "commission"
rate = "5%"
"#;

/// A thousand reps below fifty managers below one head.
fn directory() -> Directory {
    let rep = |id: i64, manager: Option<i64>| Rep {
        id: Id(id),
        name: format!("Rep Number {id}"),
        email: Some(format!("rep{id}@example.com")),
        manager: manager.map(Id),
        variables: vec![Variable { name: "quota".into(), from: None, value: Exact::from(400_000 + id * 100) }],
        active: true,
        ..Rep::default()
    };
    let mut reps: Vec<Rep> = (1..=1_000).map(|id| rep(id, Some(2_000 + id % 50))).collect();
    reps.extend((0..50).map(|manager| rep(2_000 + manager, Some(3_000))));
    reps.push(rep(3_000, None));
    Directory::new(reps, Vec::new())
}

/// Sales with whole-day dates, so that ties go to the unique id; every tenth is shared by two reps.
fn sales(count: i64, shuffled: bool) -> Vec<StoredSale> {
    let day = 86_400;
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
    let mut all: Vec<StoredSale> = (0..count)
        .map(|n| {
            let spread = n.wrapping_mul(2_654_435_761) % 1_000_003;
            let first = 1 + spread % 1_000;
            let owner = if n % 10 == 0 {
                format!("rep{first}@example.com || Rep Number {}", 1 + (spread / 7) % 1_000)
            } else {
                format!("Rep Number {first}")
            };
            let at = start + jiff::SignedDuration::from_secs(n * 89 / count * day);
            let sale = Sale {
                at,
                revenue: Some(Exact::new(1_000 + spread % 99_000, 2)),
                status: Some(if n % 20 == 0 { "open" } else { "won" }.into()),
                owners: [Some(owner), None, None],
                ..Sale::default()
            };
            StoredSale { id: Id(n + 1), source: Id(1), unique_id: Some(format!("INV-{n:08}")), version: 1, sale }
        })
        .collect();
    if shuffled {
        all.sort_by_key(|sale| sale.id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()));
    }
    all
}

fn calculate<'a>(bound: &'a BoundProgram<'a>, sales: &[StoredSale], threads: usize) -> Calculation<'a> {
    let mut runs: Vec<Run<'_>> = std::thread::scope(|scope| {
        let chunks = sales.chunks(sales.len().div_ceil(threads));
        let feed = |chunk: &[StoredSale]| {
            let mut run = Run::new(bound);
            run.feed(chunk.iter().map(SaleRef::from));
            run
        };
        let running: Vec<_> = chunks.map(|chunk| scope.spawn(move || feed(chunk))).collect();
        running.into_iter().map(|thread| thread.join().expect("a run")).collect()
    });
    let mut first = runs.remove(0);
    for run in runs {
        first.merge(run);
    }
    first.finish_with(threads, &|jobs| std::thread::scope(|scope| jobs.into_iter().for_each(|job| drop(scope.spawn(job)))))
}

fn bench(bencher: divan::Bencher<'_, '_>, plan: &str, shuffled: bool, threads: usize) {
    let program = Program::parse(plan).expect("a plan");
    let directory = directory();
    let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
    let bound = BoundProgram::new(&program, &directory, &period);
    let sales = sales(1_000_000, shuffled);
    bencher.bench_local(|| calculate(&bound, &sales, threads).rewards().len());
}

#[divan::bench(sample_count = 5, sample_size = 1, args = [1, 2])]
fn tiers_splits_two_overrides_in_order(bencher: divan::Bencher<'_, '_>, threads: usize) {
    bench(bencher, PLAN, false, threads);
}

#[divan::bench(sample_count = 5, sample_size = 1, args = [1, 2])]
fn tiers_splits_two_overrides_shuffled(bencher: divan::Bencher<'_, '_>, threads: usize) {
    bench(bencher, PLAN, true, threads);
}

#[divan::bench(sample_count = 5, sample_size = 1, args = [1, 2])]
fn flat_rate_in_order(bencher: divan::Bencher<'_, '_>, threads: usize) {
    bench(bencher, FLAT, false, threads);
}

/// The plan of `meed bench calculate`.
const SHARED: &str = include_str!("../../meed/src/bench/calculate.toml");

/// Ten reps report to each tenth one, and these to each hundredth.
fn line() -> Directory {
    let rep = |n: i64| Rep {
        id: Id(n + 1),
        name: format!("Rep {n:04}"),
        manager: (n % 100 != 0).then(|| Id(if n % 10 == 0 { n - n % 100 } else { n - n % 10 } + 1)),
        variables: vec![Variable { name: "quota".into(), from: None, value: Exact::from(3_000_000) }],
        active: true,
        ..Rep::default()
    };
    Directory::new((0..1_000).map(rep).collect(), Vec::new())
}

fn shared_sale(n: i64) -> StoredSale {
    let at: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
    let owner = match n % 2 {
        0 => format!("Rep {:04}", n * 31 % 1_000),
        _ => format!("Rep {:04} || Rep {:04}", n * 31 % 1_000, (n * 31 + 1) % 1_000),
    };
    let sale = Sale {
        at: at + jiff::SignedDuration::from_hours(24 * (n % 3 * 30 + n / 3 % 28)),
        revenue: Some(Exact::new(1_000 + n * 7_919 % 500_000, 2)),
        owners: [Some(owner), None, None],
        ..Sale::default()
    };
    StoredSale { id: Id(n + 1), source: Id(1), unique_id: Some(format!("ORD-{n:08}")), version: 1, sale }
}

/// One changed sale, and the last page of the statement: of a rep, a manager of ten, one of a hundred.
#[divan::bench(sample_count = 50, sample_size = 1, args = [511, 510, 500])]
fn a_changed_sale_and_a_page(bencher: divan::Bencher<'_, '_>, who: i64) {
    let program = Program::parse(SHARED).expect("a plan");
    let directory = line();
    let period = Period::parse("2026-Q1", &TimeZone::UTC).expect("a quarter");
    let bound = BoundProgram::new(&program, &directory, &period);
    let sales: Vec<StoredSale> = (0..1_000_000).map(shared_sale).collect();
    let mut run = Run::new(&bound);
    run.feed(sales.iter().map(SaleRef::from));
    let kept = run.finish_to_keep(1, &|jobs| jobs.into_iter().for_each(|job| job())).keep();
    let mut kept = std::cell::Cell::new(kept);
    let mut changed = shared_sale(0);
    changed.id = Id(2_000_000);
    changed.sale.owners[0] = Some(format!("Rep {who:04}"));
    let mut cents = 100;
    bencher.bench_local(|| {
        cents += 1;
        changed.sale.revenue = Some(Exact::new(cents, 2));
        let calculation = kept.take().expect("kept").resume(&bound, [Change::Put(SaleRef::from(&changed))]).expect("room");
        let page = calculation.explain_part(Id(who + 1), Listed::Slice { from: 0, count: 50 }).expect("an explanation");
        kept.set(calculation.keep());
        page.credit_count
    });
    kept.get_mut().take();
}
