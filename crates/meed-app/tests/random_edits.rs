//! Random edits of sales, plans, teams, figures, rates and releases, calculated at any time in between, end in the books that
//! one calculation at the end gives (`commissions.md` behaviour 37), on every engine.

mod random;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crate::random::Random;
use meed_app::documents::{MembershipDocument, RepDocument, TeamDocument, VariableDocument};
use meed_app::{App, AppOptions, Context, Secrets, calculations, people, programs, rates, releases, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::sale::Sale;
use meed_store::{EngineOptions, PostgresOptions, SqliteOptions, Store, StoreOptions, testing};

const REPS: [&str; 4] = ["Ana", "Bo", "Cy", "Max"];
const TEAMS: [&str; 3] = ["North", "South", "America"];
const MONTHS: [&str; 4] = ["2026-01", "2026-02", "2026-03", "2026-04"];

/// The plan in three texts: the later ones rule from a day inside a month.
fn plan(version: usize) -> (String, Option<&'static str>) {
    let (own, team, over, from) = [
        ("[{ to = 1000, rate = \"3%\" }, { to = 4000, rate = \"5%\" }, { rate = \"7.5%\" }]", "1%", "1%", None),
        ("[{ to = 1500, rate = \"4%\" }, { rate = \"6%\" }]", "2%", "1.5%", Some("2026-02-13")),
        ("[{ to = 500, rate = \"2%\" }, { rate = \"9%\" }]", "0.5%", "2%", Some("2026-03-20")),
    ][version];
    let text = format!(
        r#"
name = "Everything"
currency = "USD"
period = "monthly"
quota = {{ variable = "quota" }}
deduct = {{ from = "quarter", negative = "carry" }}
payout = {{ cap = 900 }}
draw = {{ amount = 40, recoverable = true, when = "rep.name == 'Bo'" }}

[[rule]]
id = "own"
when = "sale.status != 'void'"
tiers = {{ accumulate = "accumulated", mode = "retroactive", bands = {own} }}

[[rule]]
id = "team"
credit = {{ owners = ["owner1"], to = "team", roll_up = true }}
assign = {{ to = "team_members", percent = 50 }}
tiers = {{ accumulate = "accumulated", mode = "marginal", bands = [{{ to = 2000, rate = "{team}" }}, {{ rate = "3%" }}] }}

[[rule]]
id = "over"
when = 'var("coached") == 1'
rate = "{over}"
override = {{ base = "sales", of = ["own"], once_per = "sale" }}

[[rule]]
id = "spiff"
when = "sale.revenue > 2500"
amount = 5
deductible = false

[[bonus]]
id = "target"
at = "100%"
amount = 25

[[clawback]]
id = "exit"
of = ["own"]
on = "sale.other_date1"
share = "40%"
"#
    );
    (text, from)
}

#[derive(Clone)]
enum Edit {
    Sale(Box<SaleInput>),
    /// The next version of the plan rules.
    Plan,
    /// A rep belongs to a team from a day on, or to none, with a quota.
    Rep {
        name: &'static str,
        team: Option<&'static str>,
        from: Option<&'static str>,
        quota: i64,
        coached: bool,
    },
    Rate {
        day: &'static str,
        rate: &'static str,
    },
}

fn edit(random: &mut Random) -> Edit {
    match random.below(12) {
        0 => Edit::Plan,
        1 | 2 => {
            let team = if random.below(4) == 0 { None } else { Some(random.of(&TEAMS)) };
            let from = random.of(&[None, Some("2026-02-10"), Some("2026-03-31")]);
            let quota = i64::try_from(random.below(4)).expect("small") * 900;
            Edit::Rep { name: random.of(&REPS), team, from, quota, coached: random.below(2) == 0 }
        }
        3 => Edit::Rate { day: random.of(&["2026-01-01", "2026-02-20", "2026-03-05"]), rate: random.of(&["1.08", "1.25", "0.9"]) },
        _ => Edit::Sale(Box::new(sale(random))),
    }
}

fn sale(random: &mut Random) -> SaleInput {
    let mut sale = Sale {
        at: format!("2026-0{}-{:02}T12:00:00Z", 1 + random.below(4), 1 + random.below(28)).parse().expect("a time"),
        revenue: Some(Exact::new(i64::try_from(random.below(400_000)).expect("small") - 60_000, 2)),
        status: Some(random.of(&["paid", "paid", "paid", "void"]).into()),
        currency: random.of(&[None, None, Some("EUR")]).map(|code| code.parse().expect("a currency")),
        ..Sale::default()
    };
    sale.owners[0] = Some(random.of(&["Ana", "Bo", "Cy", "Ana || Bo"]).into());
    sale.other_date[0] = random.of(&[None, None, None, Some("2026-03-15"), Some("2026-04-02")]).map(str::to_owned);
    let unique_id = Some(format!("S-{}", random.below(18)));
    SaleInput { unique_id, content: SaleContent::Full(Box::new(sale)), original: None, line: None }
}

struct Books {
    app: Arc<App>,
    ctx: Context,
    source: Id,
    program: Id,
    versions: usize,
    reps: BTreeMap<&'static str, Id>,
    teams: BTreeMap<&'static str, Id>,
    schema: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

async fn books(on_postgres: bool) -> Books {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().expect("a folder");
    let mut schema = None;
    let engine = if on_postgres {
        let url = std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server; ./test starts one");
        let name = format!("edits_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let _ = testing::drop_schema(&url, &name).await;
        testing::create_schema(&url, &name).await.expect("a schema");
        schema = Some((url.clone(), name.clone()));
        EngineOptions::Postgres(PostgresOptions { url, schema: Some(name), writers: 2 })
    } else {
        EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None })
    };
    let time = Arc::new(AtomicI64::new(1_785_000_000_000_000));
    let clock: meed_store::Clock = Arc::new(move || time.fetch_add(1_000, Ordering::SeqCst));
    let store = Store::open(StoreOptions { engine, readers: 3, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
    let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
    let (mut reps, mut teams) = (BTreeMap::new(), BTreeMap::new());
    for name in REPS {
        reps.insert(
            name,
            people::put_rep(&app, &ctx, None, &RepDocument { name: name.into(), ..RepDocument::default() }).await.expect("a rep"),
        );
    }
    for name in ["America", "North", "South"] {
        let (parent, manager) = (teams.get("America").map(|id: &Id| id.0), reps.get("Max").map(|id| id.0));
        let document = TeamDocument { name: name.into(), parent, manager, ..TeamDocument::default() };
        teams.insert(name, people::put_team(&app, &ctx, None, &document).await.expect("a team"));
    }
    let source = sources::ensure(&app, &ctx, "Shop").await.expect("a source");
    let (program, ..) = programs::apply(&app, &ctx, &plan(0).0, "").await.expect("a plan");
    Books { app, ctx, source, program, versions: 1, reps, teams, schema, _folder: folder }
}

impl Books {
    async fn apply(&mut self, edit: &Edit) {
        let (app, ctx) = (&self.app, &self.ctx);
        match edit {
            Edit::Sale(input) => drop(sales::record(app, ctx, self.source, vec![(**input).clone()]).await.expect("recorded")),
            Edit::Plan if self.versions < 3 => {
                let (text, from) = plan(self.versions);
                let from = from.map(|day| day.parse().expect("a day"));
                programs::apply_from(app, ctx, &text, "", from).await.expect("a version");
                self.versions += 1;
            }
            Edit::Plan => {}
            Edit::Rep { name, team, from, quota, coached } => {
                let membership = |team: &&str| MembershipDocument { team: self.teams[*team].0, from: from.map(str::to_owned), until: None };
                let variable = |name: &str, value: i64| VariableDocument { name: name.into(), from: None, value: value.to_string() };
                let document = RepDocument {
                    name: (*name).into(),
                    // Max leads the teams: as a member of one he would stand above himself.
                    memberships: team.iter().filter(|_| *name != "Max").map(membership).collect(),
                    variables: vec![variable("quota", *quota), variable("coached", i64::from(*coached))],
                    ..RepDocument::default()
                };
                people::put_rep(app, ctx, Some(self.reps[name]), &document).await.expect("changed");
            }
            Edit::Rate { day, rate } => {
                let sheet = format!("from,to,day,rate\nEUR,USD,{day},{rate}\n");
                rates::load(app, ctx, Cursor::new(sheet.into_bytes()), None, false).await.expect("loaded");
            }
        }
    }

    async fn calculate(&self, month: &str) {
        calculations::calculate(&self.app, &self.ctx, self.program, month).await.expect("a calculation");
    }

    /// Calculates the months in order, releasing each of the first `released` when those before it are.
    async fn settle(&self, released: usize) {
        for (place, month) in MONTHS.iter().enumerate() {
            self.calculate(month).await;
            let is_released = releases::period(&self.app, &self.ctx, self.program, month).await.expect("a period").release.is_some();
            if place < released && !is_released {
                releases::release(&self.app, &self.ctx, self.program, month, None).await.expect("a release");
            }
        }
    }

    /// Sum of what is posted, by month, rep and line, wherever it was booked.
    async fn posted(&self) -> BTreeMap<(i64, &'static str, String, i64), i64> {
        let workspace = self.ctx.workspace;
        let rewards = self.app.store().read(move |r| r.rewards_page(workspace, None, 100_000)).await.expect("rewards");
        let mut sums = BTreeMap::new();
        for reward in rewards {
            let name = self.reps.iter().find(|(_, id)| **id == reward.owner.id).map_or("?", |(name, _)| *name);
            // Sales have other ids in other books.
            let line = format!("{}:{}", reward.kind, reward.line.split(":sale_").next().unwrap_or_default());
            *sums.entry((reward.cell_day, name, line, reward.due_day)).or_insert(0) += reward.amount;
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }

    async fn close(self) {
        let report = self.app.store().verify(None).await.expect("verified");
        assert!(report.differences.is_empty(), "{:?}", report.differences);
        let app = self.app;
        tokio::task::spawn_blocking(move || app.store().close()).await.expect("the store closes");
        if let Some((url, schema)) = self.schema {
            testing::drop_schema(&url, &schema).await.expect("the schema goes");
        }
    }
}

async fn edits_end_alike(on_postgres: bool, seeds: std::ops::RangeInclusive<u64>) {
    for seed in seeds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let edits: Vec<Edit> = (0..45).map(|_| edit(&mut random)).collect();
        let (mut often, mut once) = (books(on_postgres).await, books(on_postgres).await);
        // One keeps its calculations in memory, the other reads everything.
        often.app.keep_calculations();
        let mut released = 0;
        for edit in &edits {
            often.apply(edit).await;
            match random.below(9) {
                0 | 1 => often.calculate(random.of(&MONTHS)).await,
                2 => drop(calculations::refresh(&often.app, &often.ctx).await.expect("refreshed")),
                3 if released < 2 => {
                    released += 1;
                    often.settle(released).await;
                }
                _ => {}
            }
        }
        often.settle(released).await;
        for edit in &edits {
            once.apply(edit).await;
        }
        once.settle(released).await;
        let (a, b) = (often.posted().await, once.posted().await);
        assert_eq!(a, b, "seed {seed}");
        assert!(a.len() > 10, "seed {seed} posts something: {a:?}");
        often.close().await;
        once.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_random_edits_end_alike_on_sqlite() {
    edits_end_alike(false, 1..=6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_random_edits_end_alike_on_postgres() {
    edits_end_alike(true, 11..=13).await;
}
