//! Rates of exchange on the books: loaded, used, frozen with the statement, exported (`commissions.md` behaviour 46); and
//! deductions of what was released (behaviour 42).

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use meed_app::documents::RepDocument;
use meed_app::{App, AppOptions, Context, Secrets, calculations, exports, people, programs, rates, releases, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::crediting::Listed;
use meed_core::id::Id;
use meed_core::sale::Sale;
use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

struct Books {
    app: Arc<App>,
    ctx: Context,
    source: Id,
    program: Id,
    ana: Id,
    _folder: tempfile::TempDir,
}

fn ana(currency: Option<&str>) -> RepDocument {
    RepDocument { name: "Ana".into(), currency: currency.map(str::to_owned), ..RepDocument::default() }
}

async fn books(head: &str, currency: Option<&str>) -> Books {
    let folder = tempfile::tempdir().expect("a folder");
    let time = Arc::new(AtomicI64::new(1_780_000_000_000_000));
    let clock: meed_store::Clock = Arc::new(move || time.fetch_add(1_000, Ordering::SeqCst));
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None });
    let store = Store::open(StoreOptions { engine, readers: 3, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
    let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
    let ana = people::put_rep(&app, &ctx, None, &ana(currency)).await.expect("a rep");
    let source = sources::ensure(&app, &ctx, "Shop").await.expect("a source");
    let plan = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{head}\n[[rule]]\nid = \"base\"\nrate = \"10%\"\n");
    let (program, ..) = programs::apply(&app, &ctx, &plan, "").await.expect("a plan");
    Books { app, ctx, source, program, ana, _folder: folder }
}

impl Books {
    async fn sale(&self, unique: &str, day: &str, revenue: &str, currency: Option<&str>) {
        let sale = Sale {
            at: format!("{day}T12:00:00Z").parse().expect("a time"),
            revenue: revenue.parse().ok(),
            currency: currency.map(|code| code.parse().expect("a currency")),
            owners: [Some("Ana".into()), None, None],
            ..Sale::default()
        };
        let input = SaleInput { unique_id: Some(unique.into()), content: SaleContent::Full(Box::new(sale)), original: None, line: None };
        sales::record(&self.app, &self.ctx, self.source, vec![input]).await.expect("recorded");
    }

    async fn load(&self, sheet: &str) -> meed_app::sheet::Loaded {
        rates::load(&self.app, &self.ctx, Cursor::new(sheet.as_bytes().to_vec()), None, false).await.expect("loaded")
    }

    async fn calculate(&self, month: &str) -> calculations::CalculationEntry {
        let id = calculations::calculate(&self.app, &self.ctx, self.program, month).await.expect("a calculation");
        calculations::get(&self.app, &self.ctx, id).await.expect("it is there")
    }

    async fn release(&self, month: &str) -> i64 {
        releases::release(&self.app, &self.ctx, self.program, month, None).await.expect("a release").document.total
    }

    async fn booked(&self, month: &str) -> i64 {
        releases::period(&self.app, &self.ctx, self.program, month).await.expect("a period").total()
    }

    async fn is_verified(&self) {
        let report = self.app.store().verify(None).await.expect("verified");
        assert!(report.differences.is_empty(), "{:?}", report.differences);
    }

    /// The cells of a row of a file, by the names of some columns.
    fn cells(csv: &[u8], row: usize, names: &[&str]) -> Vec<String> {
        let text = String::from_utf8(csv.to_vec()).expect("text");
        let lines: Vec<Vec<&str>> = text.trim_start_matches('\u{feff}').lines().map(|line| line.split(',').collect()).collect();
        names.iter().map(|name| lines[row][lines[0].iter().position(|have| have == name).expect("a column")].to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_046_rates_are_loaded_used_frozen_and_exported_with_both_currencies() {
    let books = books("", Some("EUR")).await;
    books.sale("A-1", "2026-01-10", "1000", Some("EUR")).await;
    let before = books.calculate("2026-01").await;
    let codes: Vec<&str> = before.document.alerts.iter().map(|alert| alert.code.as_str()).collect();
    assert_eq!(codes, ["rate_missing", "rate_missing"], "of the sale, and of what Ana is paid in");
    let payees = calculations::payees(&books.app, &books.ctx, &before).await.expect("payees");
    assert!(payees[0].flagged && payees[0].amount == 0, "flagged, not absent");

    let loaded = books.load("Currency,Date,Rate\nEUR,2026-01-01,1.08\nEUR,2026-01-31,1.2\nXXQ,2026-01-01,1\n").await;
    assert_eq!((loaded.rows, loaded.created, loaded.errors.len()), (3, 2, 1));
    assert_eq!((loaded.errors[0].line, loaded.errors[0].column, loaded.errors[0].code.as_ref()), (4, "from", "currency_unknown"));
    assert!(calculations::is_due(&books.app, &books.ctx, &before).await.expect("asked"), "a new rate makes open periods due");
    assert_eq!(books.load("from,to,rate,day\nEUR,USD,1.08,2026-01-01\n").await.unchanged, 1);

    let after = books.calculate("2026-01").await;
    assert!(after.document.alerts.is_empty(), "{:?}", after.document.alerts);
    let payee = &calculations::payees(&books.app, &books.ctx, &after).await.expect("payees")[0];
    let paid = payee.paid_in.as_ref().expect("in euros");
    assert_eq!((payee.amount, paid.amount, paid.currency.as_str(), payee.flagged), (10_800, 9_000, "EUR", false), "108 ÷ 1.2");
    let credits = exports::credits_csv(&books.app, &books.ctx, &after).await.expect("credits");
    let names = ["Commission", "Commission Currency", "Sale Currency", "Sale Amount", "Exchange Rate"];
    assert_eq!(Books::cells(&credits, 1, &names), ["108", "USD", "EUR", "1000", "1.08"]);
    let rewards = exports::rewards_csv(&books.app, &books.ctx, &after).await.expect("rewards");
    let names = ["Reward Value", "Reward Value Currency", "Beneficiary Value", "Beneficiary Value Currency"];
    assert_eq!(Books::cells(&rewards, 1, &names), ["108.00", "USD", "90.00", "EUR"]);

    assert_eq!(books.release("2026-01").await, 10_800);
    // Neither another rate nor another currency moves what is released; both count from the next run on.
    books.load("from,to,rate,day\nEUR,USD,2,2026-01-31\nUSD,GBP,0.8,2026-02-01\n").await;
    people::put_rep(&books.app, &books.ctx, Some(books.ana), &ana(Some("GBP"))).await.expect("changed");
    let (frozen, entry) =
        releases::statement(&books.app, &books.ctx, books.program, "2026-01", books.ana, Listed::All).await.expect("a statement");
    let paid = frozen.paid_in.expect("in euros");
    assert_eq!((paid.amount, paid.currency.as_str(), paid.rate.rate.as_str()), (9_000, "EUR", "0.8333333333"));
    assert_eq!((frozen.rewards[0].amount, frozen.rewards[0].paid_in), (10_800, Some(9_000)));
    let converted = frozen.credits[0].converted.as_ref().expect("converted");
    assert_eq!(
        (converted.currency.as_str(), converted.amount.as_deref(), converted.rate.rate_day.as_deref()),
        ("EUR", Some("1000"), Some("2026-01-01"))
    );
    assert!(entry.is_some());
    let rewards = exports::rewards_csv(&books.app, &books.ctx, &after).await.expect("rewards");
    assert_eq!(Books::cells(&rewards, 1, &names), ["108.00", "USD", "90.00", "EUR"]);
    books.sale("A-2", "2026-02-10", "500", None).await;
    books.calculate("2026-02").await;
    let open =
        releases::current_statement(&books.app, &books.ctx, books.program, "2026-02", books.ana, Listed::All).await.expect("a statement");
    assert_eq!(open.paid_in.map(|paid| (paid.amount, paid.currency)), Some((4_000, "GBP".to_owned())));
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_are_listed_set_and_removed_and_the_wrong_ones_refused() {
    let books = books("", None).await;
    let (app, ctx) = (&books.app, &books.ctx);
    let rate = |from: &str, to: &str, day: &str, rate: &str| rates::RateEntry {
        from: from.parse().expect("a currency"),
        to: to.parse().expect("a currency"),
        day: day.parse().expect("a day"),
        rate: rate.parse().expect("a decimal"),
    };
    rates::put(app, ctx, &rate("EUR", "USD", "2026-02-01", "1.1")).await.expect("set");
    rates::put(app, ctx, &rate("EUR", "USD", "2026-01-01", "1.05")).await.expect("set");
    rates::put(app, ctx, &rate("EUR", "USD", "2026-02-01", "1.2")).await.expect("replaced");
    rates::put(app, ctx, &rate("EUR", "GBP", "2026-01-01", "0.9")).await.expect("set");
    let list = rates::list(app, ctx).await.expect("listed");
    let shown: Vec<String> = list.iter().map(|r| format!("{} {} {} {}", r.from, r.to, r.day, r.rate)).collect();
    assert_eq!(shown, ["EUR GBP 2026-01-01 0.9", "EUR USD 2026-01-01 1.05", "EUR USD 2026-02-01 1.2"]);
    let refused = rates::put(app, ctx, &rate("EUR", "USD", "2026-02-01", "0")).await.expect_err("no rate is 0");
    assert!(refused.to_string().contains("more than 0"), "{refused}");
    let pair = (list[0].from, list[0].to);
    rates::remove(app, ctx, pair, list[0].day).await.expect("removed");
    rates::remove(app, ctx, pair, list[0].day).await.expect_err("it is gone");
    assert_eq!(rates::list(app, ctx).await.expect("listed").len(), 2);
    let dry = rates::load(app, ctx, Cursor::new(b"from,rate,day\nGBP,1.3,2026-01-01\n".to_vec()), None, true).await.expect("looked at");
    assert_eq!((dry.created, rates::list(app, ctx).await.expect("listed").len()), (1, 2), "a dry run writes nothing");
    let wrong = people::put_rep(app, ctx, Some(books.ana), &ana(Some("EURO"))).await.expect_err("no currency");
    assert!(wrong.to_string().contains("ISO 4217"), "{wrong}");
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_042_only_what_was_released_is_deducted_and_a_release_makes_later_periods_due() {
    let books = books("deduct = { from = \"year\" }", None).await;
    books.sale("A-1", "2026-01-10", "1000", None).await;
    books.sale("A-2", "2026-02-10", "500", None).await;
    books.calculate("2026-01").await;
    let february = books.calculate("2026-02").await;
    assert_eq!((books.booked("2026-01").await, books.booked("2026-02").await), (10_000, 15_000), "January is not released yet");
    assert!(!calculations::is_due(&books.app, &books.ctx, &february).await.expect("asked"));
    assert_eq!(books.release("2026-01").await, 10_000);
    assert!(calculations::is_due(&books.app, &books.ctx, &february).await.expect("asked"));
    let stale = releases::release(&books.app, &books.ctx, books.program, "2026-02", None).await.expect_err("it would pay January again");
    assert!(stale.to_string().contains("calculate and review again"), "{stale}");
    calculations::refresh(&books.app, &books.ctx).await.expect("refreshed");
    assert_eq!(books.booked("2026-02").await, 5_000);
    assert_eq!(books.release("2026-02").await, 5_000);
    // A late sale of January: the difference is January's, and deducted from March on.
    books.sale("A-3", "2026-01-20", "200", None).await;
    books.sale("A-4", "2026-03-10", "100", None).await;
    books.calculate("2026-01").await;
    books.calculate("2026-02").await;
    books.calculate("2026-03").await;
    assert_eq!(books.booked("2026-03").await, 3_000, "20 of January and 10 of March");
    books.is_verified().await;
}
