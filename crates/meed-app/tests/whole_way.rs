//! The whole way on the embedded database: file, plan, calculation, release, late sale, payment, files for payroll.

use std::sync::Arc;

use jiff::Timestamp;
use meed_app::documents::RepDocument;
use meed_app::{App, AppOptions, Context, Secrets, calculations, exports, imports, people, programs, releases, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::id::Id;
use meed_core::sale::Sale;
use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

const PLAN: &str = r#"
name = "Reps"
kind = "commission"
currency = "EUR"
period = "monthly"

[[rule]]
id = "base"
when = "sale.revenue > 0"
basis = "revenue"
rate = "5%"
"#;

const FILE: &str = "Order No,Order Date,Sales Rep,Amount,Currency,Customer\n\
A-1,2026-01-10,Dana Reyes,1000.10,EUR,Aurora\n\
A-2,2026-01-11,dana reyes ,2000.00,EUR,Borealis\n\
A-3,2026-01-12,Nobody,50.00,EUR,Cirrus\n\
A-4,2026-01-32,Dana Reyes,1.00,EUR,Cirrus\n\
A-5,2026-02-03,Lee Moss,300.00,EUR,Aurora\n";

struct Setup {
    app: Arc<App>,
    ctx: Context,
    _folder: tempfile::TempDir,
}

async fn setup() -> Setup {
    let folder = tempfile::tempdir().expect("a folder");
    let start: Timestamp = "2026-04-01T12:00:00Z".parse().expect("a time");
    let clock: meed_store::Clock = Arc::new(move || start.as_microsecond());
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: Some([7; 32]) });
    let store = Store::open(StoreOptions { engine, readers: 4, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
    let workspace = workspaces::create(&app, "main", "Main", "live", "Europe/Berlin", "EUR").await.expect("a workspace");
    Setup { app, ctx: Context::system(workspace), _folder: folder }
}

async fn rep(setup: &Setup, name: &str) -> Id {
    people::put_rep(&setup.app, &setup.ctx, None, &RepDocument { name: name.into(), ..RepDocument::default() }).await.expect("a rep")
}

#[tokio::test(flavor = "multi_thread")]
async fn com_053_a_file_becomes_payable_commissions_and_a_release_ends_automatic_runs() {
    let setup = setup().await;
    let (app, ctx) = (&setup.app, &setup.ctx);
    let dana = rep(&setup, "Dana Reyes").await;
    rep(&setup, "Lee Moss").await;
    let source = sources::ensure(app, ctx, "Orders").await.expect("a source");
    let upload = imports::store_file(app.files(), FILE.as_bytes(), 1 << 30).expect("a file");
    let import = imports::upload(app, ctx, source, "orders.csv", &upload).await.expect("an upload");

    let tried = imports::dry_run(app, ctx, import).await.expect("a dry run");
    assert_eq!((tried.counts.created, tried.counts.failed), (4, 1), "{tried:?}");
    let done = imports::run(app, ctx, import, |_| ()).await.expect("an import");
    assert_eq!(done.document.counts.created, 4, "{:?}", done.document);
    assert_eq!(done.document.counts.failed, 1);
    assert_eq!(done.document.counts.revenue.get("EUR").map(String::as_str), Some("3350.10"));
    let rejects = imports::rejects(app, ctx, import).await.expect("rejects");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].line, 5);

    let (program, _, is_new) = programs::apply(app, ctx, PLAN, "first").await.expect("a plan");
    assert!(is_new);
    let calculation = calculations::calculate(app, ctx, program, "2026-01").await.expect("a calculation");
    let entry = calculations::get(app, ctx, calculation).await.expect("it is there");
    assert_eq!(entry.document.total, 15_001, "150.005 rounds half up");
    let again = calculations::calculate(app, ctx, program, "2026-01").await.expect("again");
    let again = calculations::get(app, ctx, again).await.expect("it is there");
    assert_eq!((again.document.changed, &again.document.digest), (0, &entry.document.digest), "running twice posts nothing");

    let explained = calculations::statement(app, ctx, program, "2026-01", dana).await.expect("explained").expect("Dana earned");
    assert_eq!(explained.credits.len(), 2);
    let released = releases::release(app, ctx, program, "2026-01", None).await.expect("a release");
    assert_eq!(released.document.total, 15_001);
    assert!(releases::release(app, ctx, program, "2026-01", None).await.is_err(), "a period is released once");

    // A late sale for January is booked in February and names its origin.
    let late = Sale {
        at: "2026-01-20T10:00:00Z".parse().expect("a time"),
        currency: "EUR".parse().ok(),
        revenue: "100".parse().ok(),
        owners: [Some("Dana Reyes".into()), None, None],
        ..Sale::default()
    };
    let input = SaleInput { unique_id: Some("A-9".into()), content: SaleContent::Full(Box::new(late)), original: None, line: None };
    sales::record(app, ctx, source, vec![input]).await.expect("recorded");
    let calculation = calculations::calculate(app, ctx, program, "2026-01").await.expect("a calculation");
    let entry = calculations::get(app, ctx, calculation).await.expect("it is there");
    assert_eq!((entry.document.changed, entry.document.carried), (1, 1));
    let february = releases::period(app, ctx, program, "2026-02").await.expect("february");
    let danas = february.payees.iter().find(|p| p.owner.id == dana).expect("Dana has a difference");
    assert_eq!(danas.carried, vec![("2026-01".to_owned(), 500)]);

    // com_053: what is released is not calculated by itself any more; what is open is.
    let refreshed = calculations::refresh(app, ctx).await.expect("refreshed");
    assert!(refreshed.is_empty(), "January is released and nothing else was calculated");
    let open = calculations::calculate(app, ctx, program, "2026-02").await.expect("a calculation");
    assert!(calculations::refresh(app, ctx).await.expect("refreshed").is_empty(), "nothing changed since");
    let fresh = Sale {
        at: "2026-02-20T10:00:00Z".parse().expect("a time"),
        revenue: "10".parse().ok(),
        owners: [Some("Lee Moss".into()), None, None],
        ..Sale::default()
    };
    let input = SaleInput { unique_id: Some("A-10".into()), content: SaleContent::Full(Box::new(fresh)), original: None, line: None };
    sales::record(app, ctx, source, vec![input]).await.expect("recorded");
    let refreshed = calculations::refresh(app, ctx).await.expect("refreshed");
    assert_eq!(refreshed.len(), 1);
    assert_ne!(refreshed[0], open);

    releases::pay_by_hand(app, ctx, released.id, &[], "2026-02-05", "run 7").await.expect("paid");
    let january = releases::period(app, ctx, program, "2026-01").await.expect("january");
    assert_eq!(january.state(), "paid");

    let rewards = String::from_utf8(exports::rewards_csv(app, ctx, &entry).await.expect("a file")).expect("text");
    assert!(rewards.starts_with("\u{feff}Plan,Calculation,Calculation Start"), "{rewards}");
    let credits = String::from_utf8(exports::credits_csv(app, ctx, &entry).await.expect("a file")).expect("text");
    assert!(credits.contains("dana reyes") && credits.contains("A-2") && credits.contains("5.00%"), "{credits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reps_are_written_together_or_not_at_all() {
    let setup = setup().await;
    let (app, ctx) = (&setup.app, &setup.ctx);
    let document = |name: &str| RepDocument { name: name.into(), ..RepDocument::default() };
    let lines = || async { meed_app::audit::page(app, ctx, None, 100).await.expect("lines").len() };
    let before = lines().await;
    let many: Vec<_> = (0..500).map(|i| (None, document(&format!("Rep {i}")))).collect();
    let ids = people::put_reps(app, ctx, &many).await.expect("reps");
    assert_eq!((ids.len(), lines().await), (500, before + 1), "one command for all of them");

    let astray = RepDocument { manager: Some(7), ..document("Astray") };
    assert!(people::put_reps(app, ctx, &[(None, document("Fine")), (None, astray)]).await.is_err());
    assert_eq!(people::reps(app, ctx).await.expect("reps").len(), 500, "the good one is not written either");

    // Neither change closes a circle, both together do.
    let under = |name: &str, manager: Id| RepDocument { manager: Some(manager.0), ..document(name) };
    let circle = [(Some(ids[0]), under("Rep 0", ids[1])), (Some(ids[1]), under("Rep 1", ids[0]))];
    assert!(people::put_reps(app, ctx, &circle).await.is_err());
}
