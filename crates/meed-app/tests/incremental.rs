//! Calculating after every edit gives the same books as calculating once at the end (`commissions.md` behaviour 37).

mod random;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::random::Random;
use meed_app::documents::RepDocument;
use meed_app::{App, AppOptions, Context, Secrets, calculations, people, programs, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::sale::Sale;
use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

const PLAN: &str = r#"
name = "Tiers"
kind = "commission"
currency = "USD"
period = "monthly"

[[rule]]
id = "tiers"
when = "sale.status != 'void'"
basis = "revenue"

[rule.tiers]
accumulate = "accumulated"
mode = "whole"
unit = "money"
bands = [{ from = "0", to = "1000", rate = "3%" }, { from = "1000", to = "5000", rate = "5%" }, { from = "5000", rate = "7.5%" }]

[[rule]]
id = "override"
override = { of = ["tiers"], base = "sales", once_per = "credit" }
rate = "1%"
"#;

/// Everything that looks back on earlier periods or pays in later ones.
const SETTLED: &str = r#"
name = "Settled"
currency = "USD"
period = "monthly"
quota = 2000
draw = { amount = 120, recoverable = true, when = "rep.name != 'Cy'" }
payout = { cap_per_year = 500 }

[[rule]]
id = "tiers"
when = "sale.status != 'void'"
tiers = { accumulate = "accumulated", mode = "retroactive", bands = [{ to = 1000, rate = "3%" }, { rate = "5%" }] }

[[rule]]
id = "override"
override = { of = ["tiers"], base = "sales", once_per = "credit" }
rate = "1%"

[[bonus]]
id = "target"
curve = { target = 100, threshold = "20%", accelerator = 2, cap = 150 }

[[holdback]]
id = "window"
of = ["tiers"]
share = "20%"
until = { days = 30 }

[[instalments]]
of = ["override"]
parts = 2

[[clawback]]
id = "void"
when = "sale.revenue > 1500"
on = "sale.day"
share = "50%"
"#;

const REPS: [&str; 3] = ["Ana", "Bo", "Cy"];
const MONTHS: [&str; 3] = ["2026-01", "2026-02", "2026-03"];

struct Books {
    app: Arc<App>,
    ctx: Context,
    source: Id,
    program: Id,
    names: BTreeMap<Id, &'static str>,
    _folder: tempfile::TempDir,
}

async fn books(plan: &str) -> Books {
    let folder = tempfile::tempdir().expect("a folder");
    let clock: meed_store::Clock = Arc::new(|| 1_775_000_000_000_000);
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None });
    let store = Store::open(StoreOptions { engine, readers: 3, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
    let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
    let mut names = BTreeMap::new();
    let mut manager = None;
    for name in REPS {
        let document = RepDocument { name: name.into(), manager, ..RepDocument::default() };
        let id = people::put_rep(&app, &ctx, None, &document).await.expect("a rep");
        manager = manager.or(Some(id.0));
        names.insert(id, name);
    }
    let source = sources::ensure(&app, &ctx, "Shop").await.expect("a source");
    let (program, ..) = programs::apply(&app, &ctx, plan, "").await.expect("a plan");
    Books { app, ctx, source, program, names, _folder: folder }
}

fn edit(random: &mut Random) -> SaleInput {
    let mut sale = Sale {
        at: format!("2026-0{}-{:02}T12:00:00Z", 1 + random.below(3), 1 + random.below(28)).parse().expect("a time"),
        revenue: Some(Exact::new(i64::try_from(random.below(400_000)).expect("small") - 40_000, 2)),
        status: Some(["paid", "void"][usize::from(random.below(5) == 0)].into()),
        ..Sale::default()
    };
    sale.owners[0] = Some(REPS[usize::try_from(random.below(3)).expect("small")].into());
    let unique_id = Some(format!("S-{}", random.below(15)));
    SaleInput { unique_id, content: SaleContent::Full(Box::new(sale)), original: None, line: None }
}

impl Books {
    async fn calculate(&self) {
        for month in MONTHS {
            calculations::calculate(&self.app, &self.ctx, self.program, month).await.expect("a calculation");
        }
    }

    /// Sum of what is posted, by month, rep and line.
    async fn posted(&self) -> BTreeMap<(i64, &'static str, String, i64), i64> {
        let workspace = self.ctx.workspace;
        let rewards = self.app.store().read(move |r| r.rewards_page(workspace, None, 10_000)).await.expect("rewards");
        let mut sums = BTreeMap::new();
        for reward in rewards {
            // Sales have other ids in other books.
            let line = format!("{}:{}", reward.kind, reward.line.split(":sale_").next().unwrap_or_default());
            *sums.entry((reward.cell_day, self.names[&reward.owner.id], line, reward.due_day)).or_insert(0) += reward.amount;
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_calculating_after_every_edit_equals_calculating_once() {
    edits_equal_one_calculation(PLAN, 1..=4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_draws_and_deferred_lines_do_not_depend_on_when_they_were_calculated() {
    edits_equal_one_calculation(SETTLED, 5..=8).await;
}

async fn edits_equal_one_calculation(plan: &str, seeds: std::ops::RangeInclusive<u64>) {
    for seed in seeds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let edits: Vec<SaleInput> = (0..40).map(|_| edit(&mut random)).collect();
        let (incremental, full) = (books(plan).await, books(plan).await);
        // Also against itself: one keeps its calculations in memory, the other reads everything each time.
        incremental.app.keep_calculations();
        for input in &edits {
            sales::record(&incremental.app, &incremental.ctx, incremental.source, vec![input.clone()]).await.expect("recorded");
            if random.below(3) == 0 {
                // In any order: what looks back is posted together with what it looks back on.
                let month = MONTHS[usize::try_from(random.below(3)).expect("small")];
                calculations::calculate(&incremental.app, &incremental.ctx, incremental.program, month).await.expect("a calculation");
            }
        }
        incremental.calculate().await;
        // The other books see the same edits in two calls and are calculated once.
        let (first, second) = edits.split_at(17);
        for part in [first, second] {
            sales::record(&full.app, &full.ctx, full.source, part.to_vec()).await.expect("recorded");
        }
        full.calculate().await;
        let (a, b) = (incremental.posted().await, full.posted().await);
        assert_eq!(a, b, "seed {seed}");
        assert!(!a.is_empty(), "seed {seed} posts something");
        assert!(incremental.app.store().verify(None).await.expect("verified").differences.is_empty(), "seed {seed}");
    }
}
