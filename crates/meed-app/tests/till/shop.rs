//! A shop on an engine: stores, products, offers and customers, with few words.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use meed_app::loyalty::participants::{MeansInput, ParticipantView};
use meed_app::loyalty::purchases::{PurchaseInput, PurchaseView, RefundInput};
use meed_app::loyalty::spends::SpendInput;
use meed_app::loyalty::wallets::WalletView;
use meed_app::loyalty::{
    self, MerchantDocument, ProductDocument, SchemeDocument, TillSettingsDocument, UnitDocument, Who, offers, participants, products,
    purchases, records, spends, wallets,
};
use meed_app::{App, AppError, AppOptions, Context, Secrets, workspaces};
use meed_core::id::Id;
use meed_core::loyalty::{Basket, Line, Participant, RefundDone, RefundLine, SpendAsk, SpendDone};
use meed_core::money::{Exact, Unit};
use meed_store::{EngineOptions, PostgresOptions, SqliteOptions, Store, StoreOptions, testing};

/// Runs each function on every engine, with `verify` behind it.
macro_rules! on_every_engine {
    ($($name:ident),* $(,)?) => {
        on_every_engine!(@engine sqlite: $($name),*);
        on_every_engine!(@engine sqlite_encrypted: $($name),*);
        on_every_engine!(@engine postgres: $($name),*);
    };
    (@engine $engine:ident: $($name:ident),*) => {
        mod $engine {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let shop = $crate::shop::Shop::$engine().await;
                    super::$name(&shop).await;
                    shop.close().await;
                }
            )*
        }
    };
}

/// Where the clock stands: Friday, 2026-04-10 12:00 UTC.
pub(crate) const NOON: &str = "2026-04-10T12:00:00Z";

pub(crate) struct Shop {
    pub(crate) app: Arc<App>,
    pub(crate) ctx: Context,
    pub(crate) unit: Id,
    pub(crate) source: Id,
    now_us: Arc<AtomicI64>,
    receipts: AtomicU32,
    options: EngineOptions,
    schema: Option<(String, String)>,
    folder: tempfile::TempDir,
}

impl Shop {
    pub(crate) async fn sqlite() -> Self {
        Self::in_file(None).await
    }

    pub(crate) async fn sqlite_encrypted() -> Self {
        Self::in_file(Some([7; 32])).await
    }

    async fn in_file(key: Option<[u8; 32]>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key });
        Self::over(engine, folder, None).await
    }

    pub(crate) async fn postgres() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server; ./test starts one");
        let schema = format!("till_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let _ = testing::drop_schema(&url, &schema).await;
        testing::create_schema(&url, &schema).await.expect("a schema");
        let engine = EngineOptions::Postgres(PostgresOptions { url: url.clone(), schema: Some(schema.clone()), writers: 2 });
        Self::over(engine, tempfile::tempdir().expect("a folder"), Some((url, schema))).await
    }

    async fn over(engine: EngineOptions, folder: tempfile::TempDir, schema: Option<(String, String)>) -> Self {
        let noon: jiff::Timestamp = NOON.parse().expect("a time");
        let now_us = Arc::new(AtomicI64::new(noon.as_microsecond()));
        let app = open(&engine, &now_us, folder.path()).await;
        let workspace = workspaces::create(&app, "shop", "Shop", "live", "Europe/Berlin", "EUR").await.expect("a workspace");
        let ctx = Context::system(workspace);
        let source = meed_app::sources::ensure(&app, &ctx, "Till").await.expect("a source");
        let scheme = SchemeDocument { name: "Club".into(), code: "club".into(), ..SchemeDocument::default() };
        records::put(&app, &ctx, None, &scheme).await.expect("a scheme");
        let unit = UnitDocument { name: "High Street".into(), code: "high".into(), group: Some("north".into()), ..UnitDocument::default() };
        let unit = records::put(&app, &ctx, None, &unit).await.expect("a unit");
        let rows = [("bread", "bakery"), ("milk", "dairy"), ("wine", "drinks"), ("bag", "other")];
        let rows =
            rows.map(|(code, family)| ProductDocument { code: code.into(), family: Some(family.into()), ..ProductDocument::default() });
        products::synchronise(&app, &ctx, rows.to_vec()).await.expect("products");
        Self { app, ctx, unit, source, now_us, receipts: AtomicU32::new(0), options: engine, schema, folder }
    }

    /// Another process that serves the same database.
    pub(crate) async fn beside(&self) -> Arc<App> {
        open(&self.options, &self.now_us, self.folder.path()).await
    }

    /// Changes stored rows behind the server's back.
    pub(crate) async fn tamper(&self, text: &str) {
        testing::run_as_owner(&self.options, text).await.expect("the owner may do anything");
    }

    /// From now on a batch fails that changes an account or a lot twice, or until it is said otherwise.
    pub(crate) async fn insist_on_single_changes(&self, is_wanted: bool) {
        for table in ["account", "lot"] {
            let done = if is_wanted {
                testing::note_each_change_once(&self.options, table).await
            } else {
                testing::forget_changes(&self.options, table).await
            };
            done.expect("the owner may do anything");
        }
    }

    /// The differences that verify prints.
    pub(crate) async fn differences(&self) -> Vec<String> {
        let report = self.app.verify(None).await.expect("verify reads the books");
        report.differences.iter().map(ToString::to_string).collect()
    }

    /// The engine, for a second shop beside this one.
    pub(crate) fn engine(&self) -> &'static str {
        if self.schema.is_some() { "postgres" } else { "sqlite" }
    }

    pub(crate) async fn close(self) {
        self.must_verify().await;
        let app = self.app;
        tokio::task::spawn_blocking(move || app.store().close()).await.expect("the store closes");
        if let Some((url, schema)) = self.schema {
            testing::drop_schema(&url, &schema).await.expect("the schema goes");
        }
    }

    pub(crate) async fn must_verify(&self) {
        let report = self.app.verify(None).await.expect("verify reads the books");
        let differences: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
        assert_eq!(differences, Vec::<String>::new(), "verify prints no difference");
    }

    pub(crate) fn pass_days(&self, days: i64) {
        self.now_us.fetch_add(days * 86_400_000_000, Ordering::SeqCst);
    }

    pub(crate) fn pass_millis(&self, millis: i64) {
        self.now_us.fetch_add(millis * 1_000, Ordering::SeqCst);
    }

    pub(crate) fn pass_minutes(&self, minutes: i64) {
        self.now_us.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.app.now()
    }

    pub(crate) async fn offer(&self, text: &str) -> Id {
        let text = format!("kind = \"reward\"\nscheme = \"club\"\n{text}");
        offers::apply(&self.app, &self.ctx, &text, "").await.expect("an offer").0
    }

    pub(crate) async fn settings(&self, document: TillSettingsDocument) {
        records::put(&self.app, &self.ctx, None, &document).await.expect("settings");
    }

    pub(crate) async fn merchant(&self, document: MerchantDocument) -> Id {
        records::put(&self.app, &self.ctx, None, &document).await.expect("a merchant")
    }

    pub(crate) async fn customer(&self, name: &str) -> ParticipantView {
        self.person(Participant { name: name.to_owned(), ..Participant::default() }).await
    }

    pub(crate) async fn person(&self, participant: Participant) -> ParticipantView {
        let means = MeansInput { kind: "card".into(), code: format!("card-{}", participant.name), ..MeansInput::default() };
        participants::create(&self.app, &self.ctx, participant, vec![means]).await.expect("a participant")
    }

    /// A basket of (product, cents), now.
    pub(crate) async fn basket(&self, lines: &[(&str, i64)]) -> Basket {
        let config = self.app.fresh_till_config(self.ctx.workspace).await.expect("a configuration");
        let line = |(code, total): &(&str, i64)| {
            let product = config.products.by_code(code).expect("a product");
            Line { net: *total, total: *total, quantity: Exact::ONE, ..product.line() }
        };
        Basket {
            at: self.now(),
            unit: self.unit,
            terminal: None,
            lines: lines.iter().map(line).collect(),
            reference: format!("R{:05}", self.receipts.fetch_add(1, Ordering::SeqCst)),
            system: None,
            system_reference: None,
            classification: None,
            payment_brand: None,
            payment_type: None,
            payment_medium: None,
            promo_code: None,
            description: None,
            extra: std::collections::BTreeMap::new(),
        }
    }

    pub(crate) fn input(&self, who: Id, basket: Basket) -> PurchaseInput {
        PurchaseInput {
            who: Who::Id(who),
            basket,
            source: self.source,
            identity: None,
            spend: None,
            is_offline: false,
            price_token: None,
            is_undated: false,
        }
    }

    pub(crate) async fn buy(&self, who: Id, lines: &[(&str, i64)]) -> PurchaseView {
        let basket = self.basket(lines).await;
        self.create(self.input(who, basket)).await.expect("a purchase")
    }

    pub(crate) async fn create(&self, input: PurchaseInput) -> Result<PurchaseView, String> {
        purchases::create(&self.app, &self.ctx, input).await.map_err(|error| code(&error))
    }

    pub(crate) async fn spend(&self, purchase: Id, amount: Option<i64>) -> Result<SpendDone, String> {
        let ask = SpendAsk { amount, ..SpendAsk::default() };
        let input = SpendInput { who: None, purchase, ask, source: self.source, identity: None, at: None, is_offline: false };
        spends::create(&self.app, &self.ctx, input).await.map_err(|error| code(&error))
    }

    pub(crate) async fn refund(&self, purchase: Id, lines: &[(u32, i64)]) -> Result<RefundDone, String> {
        let lines = lines.iter().map(|(line, amount)| RefundLine { line: *line, amount: Some(*amount), quantity: None }).collect();
        let input = RefundInput { source: self.source, identity: None, lines, at: None, note: None };
        purchases::refund(&self.app, &self.ctx, purchase, input).await.map_err(|error| code(&error))
    }

    pub(crate) async fn cancel(&self, purchase: Id) -> Result<RefundDone, String> {
        purchases::cancel(&self.app, &self.ctx, purchase, None, None).await.map_err(|error| code(&error))
    }

    pub(crate) async fn top_up(&self, who: Id, amount: i64) {
        let input = wallets::AdjustInput {
            who: Who::Id(who),
            unit: eur(),
            amount,
            is_top_up: true,
            expires: None,
            reason: "paid in".into(),
            source: self.source,
            identity: None,
        };
        wallets::adjust(&self.app, &self.ctx, input).await.expect("a top-up");
    }

    pub(crate) async fn wallet(&self, who: Id) -> WalletView {
        wallets::read(&self.app, &self.ctx, who, None).await.expect("a wallet").swap_remove(0)
    }

    pub(crate) async fn points(&self, who: Id) -> WalletView {
        wallets::read(&self.app, &self.ctx, who, None).await.expect("a wallet").swap_remove(1)
    }

    pub(crate) async fn balance(&self, who: Id) -> i64 {
        self.wallet(who).await.balance
    }
}

async fn open(engine: &EngineOptions, now_us: &Arc<AtomicI64>, folder: &std::path::Path) -> Arc<App> {
    let ticking = Arc::clone(now_us);
    let clock: meed_store::Clock = Arc::new(move || ticking.load(Ordering::SeqCst));
    let store = Store::open(StoreOptions { engine: engine.clone(), readers: 4, clock: Arc::clone(&clock) }).await.expect("a store");
    App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.join("files") })
}

pub(crate) fn eur() -> Unit {
    "EUR".parse().expect("a currency")
}

/// The stable code of a refusal.
pub(crate) fn code(error: &AppError) -> String {
    match error {
        AppError::Refused(refused) => refused.code.to_string(),
        other => panic!("{other}"),
    }
}

/// What a purchase was awarded in money.
pub(crate) fn awarded(view: &PurchaseView) -> i64 {
    view.done.standing.awarded(eur())
}

pub(crate) use loyalty::wallets::AdjustInput;

/// A lot to extend.
pub(crate) fn extension(who: Id, lot: Id, expires: Option<jiff::Timestamp>, reason: &str) -> wallets::ExtendInput {
    wallets::ExtendInput { who: Who::Id(who), lot, expires, reason: reason.into(), identity: None }
}
