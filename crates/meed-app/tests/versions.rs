//! Plans change in the middle of a period; variables come from a sheet; circles of managers are refused.

use std::io::Cursor;
use std::sync::Arc;

use meed_app::documents::{MembershipDocument, RepDocument, TeamDocument};
use meed_app::people::load_variables;
use meed_app::sheet::DecimalSign;
use meed_app::{App, AppError, AppOptions, Context, Secrets, calculations, people, programs, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::sale::Sale;
use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

const PLAN: &str = r#"
name = "Quarter"
currency = "USD"
period = "quarterly"
quota = { variable = "quota" }
attainment = { metric = "increase" }

[[rule]]
id = "commission"
tiers = { accumulate = "accumulated", mode = "marginal", bands = [{ to = 1000, rate = "5%" }, { rate = "8%" }] }
"#;

struct Desk {
    app: Arc<App>,
    ctx: Context,
    _folder: tempfile::TempDir,
}

async fn desk() -> Desk {
    let folder = tempfile::tempdir().expect("a folder");
    let clock: meed_store::Clock = Arc::new(|| 1_775_000_000_000_000);
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None });
    let store = Store::open(StoreOptions { engine, readers: 3, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
    let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
    Desk { app, ctx, _folder: folder }
}

impl Desk {
    async fn rep(&self, name: &str) -> Id {
        people::put_rep(&self.app, &self.ctx, None, &RepDocument { name: name.into(), ..RepDocument::default() }).await.expect("a rep")
    }

    async fn sell(&self, days: &[(&str, i64)]) {
        let source = sources::ensure(&self.app, &self.ctx, "Shop").await.expect("a source");
        let inputs = days.iter().zip(1..).map(|((day, revenue), number)| {
            let at = format!("{day}T12:00:00Z").parse().expect("a time");
            let owners = [Some("Ana".to_owned()), None, None];
            let sale = Sale { at, revenue: Some(Exact::from(*revenue)), owners, ..Sale::default() };
            let unique_id = Some(format!("S-{number}"));
            SaleInput { unique_id, content: SaleContent::Full(Box::new(sale)), original: None, line: None }
        });
        sales::record(&self.app, &self.ctx, source, inputs.collect()).await.expect("sales");
    }
}

fn code(error: &AppError) -> &str {
    match error {
        AppError::Refused(refused) => &refused.code,
        other => panic!("a refusal, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_from_a_day_on_leaves_the_sales_before_it_and_carries_the_total_on() {
    let desk = desk().await;
    let (app, ctx) = (&desk.app, &desk.ctx);
    let ana = desk.rep("Ana").await;
    let (program, first, _) = programs::apply(app, ctx, PLAN, "").await.expect("a plan");
    let changed = PLAN.replace("8%", "10%");
    let from = Some(jiff::civil::date(2026, 5, 15));
    let (_, second, is_new) = programs::apply_from(app, ctx, &changed, "more from May on", from).await.expect("a version");
    assert!(is_new && first != second);
    assert!(!programs::apply_from(app, ctx, &changed, "", from).await.expect("the same again").2);
    desk.sell(&[("2026-03-10", 400), ("2026-05-14", 1_200), ("2026-05-15", 100)]).await;
    let calculation = calculations::calculate(app, ctx, program, "2026-Q2").await.expect("a calculation");
    let calculation = calculations::get(app, ctx, calculation).await.expect("it");
    assert_eq!((calculation.document.ruled_by(), calculation.document.version_number), ([1, 2].as_slice(), 2));
    assert_eq!(calculation.document.version, second.0);
    // The quarter before knows only the version that ruled it, not the newest.
    let earlier = calculations::calculate(app, ctx, program, "2026-Q1").await.expect("a calculation");
    let earlier = calculations::get(app, ctx, earlier).await.expect("it");
    assert_eq!((earlier.document.ruled_by(), earlier.document.version_number, earlier.document.version), ([1].as_slice(), 1, first.0));
    // 1,000 at 5%, 200 at 8%, and 100 at the new 10%.
    assert_eq!(calculation.document.total, 7_600);
    let explanation = calculations::statement(app, ctx, program, "2026-Q2", ana).await.expect("read").expect("a statement");
    assert_eq!(explanation.credits.iter().map(|credit| credit.version).collect::<Vec<_>>(), [Some(1), Some(2)]);
    // 1,300 after 400: what was attained before is found anew.
    assert_eq!(explanation.attainment.reached().map(|increase| increase.to_string()), Some("225".to_owned()));
    // A text without a day replaces all versions.
    programs::apply(app, ctx, &PLAN.replace("8%", "5%"), "").await.expect("a correction");
    let calculation = calculations::calculate(app, ctx, program, "2026-Q2").await.expect("a calculation");
    assert_eq!(calculations::get(app, ctx, calculation).await.expect("it").document.total, 6_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_loaded_from_a_sheet_row_by_row() {
    let desk = desk().await;
    let (app, ctx) = (&desk.app, &desk.ctx);
    let ana = desk.rep("Ana").await;
    let north = people::put_team(app, ctx, None, &TeamDocument { name: "North".into(), ..TeamDocument::default() }).await.expect("a team");
    let sheet = "Rep;Variable;Value;Effective date\nana;quota;60.000,50;2026-04-01\nNorth;quota;500000;\nNobody;quota;5;\nAna;rate;viel;\nAna;rate;7;soon\n";
    let load = |text: &str, sign, dry| load_variables(app, ctx, Cursor::new(text.as_bytes().to_vec()), sign, dry);
    let tried = load(sheet, Some(DecimalSign::Comma), true).await.expect("tried");
    assert!(people::rep(app, ctx, ana).await.expect("Ana").document.variables.is_empty(), "a dry run writes nothing");
    let done = load(sheet, Some(DecimalSign::Comma), false).await.expect("loaded");
    assert_eq!(tried, done, "a dry run says exactly what is done");
    assert_eq!((done.rows, done.created, done.changed, done.unchanged), (5, 2, 0, 0));
    let errors: Vec<_> = done.errors.iter().map(|error| (error.line, error.column, error.code.as_ref())).collect();
    assert_eq!(errors, [(4, "who", "who_unknown"), (5, "value", "number_unreadable"), (6, "from", "date_unreadable")]);
    let variables = people::rep(app, ctx, ana).await.expect("Ana").document.variables;
    assert_eq!((variables[0].value.as_str(), variables[0].from.as_deref()), ("60000.5", Some("2026-04-01")));
    assert_eq!(people::team(app, ctx, north).await.expect("North").document.variables[0].value, "500000");
    let again = load("who,name,value,from\nAna,quota,60000.50,2026-04-01\nNorth,quota,600000,\n", None, false).await.expect("loaded");
    assert_eq!((again.created, again.changed, again.unchanged), (0, 1, 1));
    assert_eq!(code(&load("a,b\n1,2\n", None, false).await.expect_err("no columns")), "columns_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn circles_of_managers_are_refused_also_by_way_of_teams() {
    let desk = desk().await;
    let (app, ctx) = (&desk.app, &desk.ctx);
    let (ana, bo) = (desk.rep("Ana").await, desk.rep("Bo").await);
    let led = |name: &str, manager: Id| TeamDocument { name: name.into(), manager: Some(manager.0), ..TeamDocument::default() };
    let north = people::put_team(app, ctx, None, &led("North", ana)).await.expect("a team");
    let south = people::put_team(app, ctx, None, &led("South", bo)).await.expect("a team");
    let member = |name: &str, team: Id, from: Option<&str>| RepDocument {
        name: name.into(),
        memberships: vec![MembershipDocument { team: team.0, from: from.map(str::to_owned), until: None }],
        ..RepDocument::default()
    };
    people::put_rep(app, ctx, Some(bo), &member("Bo", north, None)).await.expect("Bo is in Ana's team");
    let refused =
        people::put_rep(app, ctx, Some(ana), &member("Ana", south, Some("2026-12-01"))).await.expect_err("a circle from December on");
    assert_eq!(code(&refused), "manager_cycle");
    let below = TeamDocument { parent: Some(south.0), ..led("North", ana) };
    people::put_team(app, ctx, Some(north), &below).await.expect("below South");
    let refused = people::put_team(app, ctx, Some(south), &TeamDocument { parent: Some(north.0), ..led("South", bo) }).await;
    assert_eq!(code(&refused.expect_err("a circle of teams")), "team_cycle");
}
