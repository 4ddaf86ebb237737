//! Draws, what is paid later and what is taken back, on the books: posted, released, changed late, adjusted, verified.

use std::sync::Arc;

use meed_app::adjustments::{self, ClawbackAsk, ClawbackRow, NewAdjustment, Once, Standing};
use meed_app::documents::RepDocument;
use meed_app::{App, AppOptions, Context, Secrets, calculations, exports, people, programs, releases, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::crediting::{Listed, RewardKind};
use meed_core::id::Id;
use meed_core::program::Length;
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

async fn books(rest: &str) -> Books {
    let folder = tempfile::tempdir().expect("a folder");
    let clock: meed_store::Clock = Arc::new(|| 1_780_000_000_000_000);
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None });
    let store = Store::open(StoreOptions { engine, readers: 3, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
    let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
    let ana = people::put_rep(&app, &ctx, None, &RepDocument { name: "Ana".into(), ..RepDocument::default() }).await.expect("a rep");
    let source = sources::ensure(&app, &ctx, "Shop").await.expect("a source");
    let plan = format!("name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n{rest}\n[[rule]]\nid = \"base\"\nrate = \"10%\"\n");
    let (program, ..) = programs::apply(&app, &ctx, &plan, "").await.expect("a plan");
    Books { app, ctx, source, program, ana, _folder: folder }
}

impl Books {
    async fn sale(&self, unique: &str, day: &str, revenue: &str, cancelled: Option<&str>) {
        let mut sale = Sale {
            at: format!("{day}T12:00:00Z").parse().expect("a time"),
            revenue: revenue.parse().ok(),
            owners: [Some("Ana".into()), None, None],
            ..Sale::default()
        };
        sale.other_date[0] = cancelled.map(str::to_owned);
        let content = SaleContent::Full(Box::new(sale));
        let input = SaleInput { unique_id: Some(unique.into()), content, original: None, line: None };
        sales::record(&self.app, &self.ctx, self.source, vec![input]).await.expect("recorded");
    }

    async fn calculate(&self, month: &str) {
        calculations::calculate(&self.app, &self.ctx, self.program, month).await.expect("a calculation");
    }

    async fn release(&self, month: &str) -> i64 {
        releases::release(&self.app, &self.ctx, self.program, month, None).await.expect("a release").document.total
    }

    /// The sums of a month's lines by kind, in cents.
    async fn lines(&self, month: &str) -> Vec<(&'static str, i64)> {
        let booked = releases::period(&self.app, &self.ctx, self.program, month).await.expect("a period");
        let rows: Vec<_> = booked.payees.iter().flat_map(|payee| &payee.rewards).collect();
        let sum = |kind: RewardKind| rows.iter().filter(|row| row.kind == kind).map(|row| row.amount).sum::<i64>();
        RewardKind::ALL.into_iter().map(|kind| (kind.word(), sum(kind))).filter(|(_, sum)| *sum != 0).collect()
    }

    async fn is_verified(&self) {
        let report = self.app.store().verify(None).await.expect("verified");
        assert!(report.differences.is_empty(), "{:?}", report.differences);
    }

    async fn adjust(&self, month: &str, kind: &str, amount: Option<&str>, sale: Option<Id>) -> Id {
        let new = NewAdjustment {
            program: self.program,
            period: month.into(),
            rep: self.ana,
            kind: kind.into(),
            amount: amount.map(|amount| amount.parse().expect("an amount")),
            label: "By hand".into(),
            sale,
            ..NewAdjustment::default()
        };
        adjustments::add(&self.app, &self.ctx, &new).await.expect("an adjustment").id
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_043_a_draw_is_advanced_owed_repaid_and_cleared_on_the_books() {
    let books = books("draw = { amount = 500, recoverable = true }").await;
    books.sale("A-1", "2026-01-10", "3200", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-01").await, [("commission", 32_000), ("draw_advance", 18_000)]);
    assert_eq!(books.release("2026-01").await, 50_000, "the advance is paid with its period");
    books.sale("A-2", "2026-02-10", "6000", None).await;
    books.calculate("2026-02").await;
    assert_eq!(books.lines("2026-02").await, [("commission", 60_000), ("draw_repayment", -10_000)]);
    // January earned more after all: less was advanced, and February repays less of it.
    books.sale("A-3", "2026-01-20", "1000", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-02").await, [("commission", 70_000), ("draw_advance", -10_000), ("draw_repayment", -8_000)]);
    assert_eq!(books.release("2026-02").await, 52_000, "60,000 + 10,000 − 10,000 − 8,000");
    books.calculate("2026-03").await;
    assert_eq!(books.lines("2026-03").await, [("draw_advance", 50_000)], "no sale: the whole draw");
    books.is_verified().await;
    books.release("2026-03").await;
    books.calculate("2026-04").await;
    books.adjust("2026-04", "clear_draw", None, None).await;
    let cleared = [("draw_advance", 50_000), ("draw_repayment", -50_000), ("draw_cleared", 50_000)];
    assert_eq!(books.lines("2026-04").await, cleared, "what was owed is cleared; April advances anew");
    books.calculate("2026-04").await;
    assert_eq!(books.lines("2026-04").await, cleared, "running twice posts nothing");
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_045_what_is_withheld_is_pending_until_its_period_is_released() {
    let rest = "[[holdback]]\nid = \"paid\"\nshare = \"50%\"\nuntil = { day = 'sale.other_date1' }\n";
    let books = books(rest).await;
    books.sale("A-1", "2026-01-10", "1000", None).await;
    books.sale("A-2", "2026-01-11", "1000", Some("2026-02-05")).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-01").await, [("commission", 10_000)]);
    assert_eq!(books.lines("2026-02").await, [("holdback", 5_000)]);
    books.is_verified().await;
    assert_eq!(books.release("2026-01").await, 10_000);
    // The customer of the first sale pays in February, too.
    books.sale("A-1", "2026-01-10", "1000", Some("2026-02-20")).await;
    books.calculate("2026-01").await;
    books.calculate("2026-02").await;
    assert_eq!(books.lines("2026-02").await, [("holdback", 10_000)]);
    assert_eq!(books.release("2026-02").await, 10_000);
    books.is_verified().await;
    let statement =
        releases::statement(&books.app, &books.ctx, books.program, "2026-01", books.ana, Listed::All).await.expect("a statement").0;
    assert_eq!(statement.later.iter().map(|line| line.amount).sum::<i64>(), 10_000, "the frozen statement tells what is outstanding");
    assert!(statement.steps.iter().any(|step| step.kind == "withheld"), "{:?}", statement.steps);
}

#[tokio::test(flavor = "multi_thread")]
async fn com_060_withheld_parts_stand_beside_the_estimate_in_the_credits_file() {
    let books = books("[[holdback]]\nid = \"paid\"\nshare = \"40%\"\nuntil = { day = 'sale.other_date1' }\n").await;
    books.sale("A-1", "2026-01-10", "1000", None).await;
    books.sale("A-2", "2026-01-11", "333.33", Some("2026-01-20")).await;
    books.calculate("2026-01").await;
    let file = async || {
        let calculation = calculations::latest(&books.app, &books.ctx).await.expect("calculations").remove(0);
        let bytes = exports::credits_csv(&books.app, &books.ctx, &calculation).await.expect("a file");
        let text = String::from_utf8(bytes).expect("text");
        let cut = |line: &str| line.trim_start_matches('\u{feff}').split(',').map(str::to_owned).collect::<Vec<_>>();
        text.lines().map(cut).collect::<Vec<_>>()
    };
    let header = ["Beneficiary", "Revenue", "Split", "Commission", "Commission Currency", "Commission Rate", "Commission Details"];
    let estimate = ["Est. Commission", "Est. Commission Currency", "Est. Commission Rate", "Est. Commission Details"];
    let check = |rows: &[Vec<String>]| {
        assert_eq!(rows[0][..7], header);
        let place = rows[0].iter().position(|name| name == "Added By").expect("a column") + 1;
        assert_eq!(rows[0][place..place + 4], estimate);
        // W28's kind: what is estimated less what is paid is what is owed still.
        assert_eq!(rows[1][1..7], ["1000", "", "60", "USD", "6.00%", "base (40.00% withheld)"]);
        assert_eq!(rows[1][place..place + 4], ["100", "USD", "10.00%", "base"]);
        // The customer of the second paid in January: nothing of it is withheld.
        assert_eq!((rows[2][3].as_str(), rows[2][place].as_str()), ("33.333", "33.333"));
    };
    let open = file().await;
    check(&open);
    books.release("2026-01").await;
    assert_eq!(file().await, open, "the same once it is frozen");
    // A plan that withholds nothing has no estimate.
    let plain = self::books("").await;
    plain.sale("A-1", "2026-01-10", "1000", None).await;
    plain.calculate("2026-01").await;
    let calculation = calculations::latest(&plain.app, &plain.ctx).await.expect("calculations").remove(0);
    let text = String::from_utf8(exports::credits_csv(&plain.app, &plain.ctx, &calculation).await.expect("a file")).expect("text");
    assert!(!text.contains("Est.") && text.contains(",100,USD,10.00%,base,"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn com_044_a_clawback_is_an_entry_of_its_own_period_and_names_its_sale() {
    let rest = "[[clawback]]\nid = \"exit\"\non = 'sale.other_date1'\nshare = \"50%\"\n";
    let books = books(rest).await;
    books.sale("A-1", "2026-01-10", "100000", None).await;
    books.calculate("2026-01").await;
    books.release("2026-01").await;
    books.sale("A-1", "2026-01-10", "100000", Some("2026-03-05")).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-01").await, [("commission", 1_000_000)], "the released period stays");
    assert_eq!(books.lines("2026-03").await, [("clawback", -500_000)]);
    let booked = releases::period(&books.app, &books.ctx, books.program, "2026-03").await.expect("march");
    assert!(booked.payees[0].rewards[0].line.starts_with("exit:sale_"), "{}", booked.payees[0].rewards[0].line);
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_055_an_adjustment_survives_a_run_and_one_of_a_sale_lapses_with_its_credit() {
    let books = books("").await;
    books.sale("A-1", "2026-01-10", "1000", None).await;
    books.calculate("2026-01").await;
    let sale = sales::one_by_unique_id(&books.app, &books.ctx, books.source, "A-1").await.expect("a sale").sale.stored.id;
    books.adjust("2026-01", "bonus", Some("25"), None).await;
    let changed = books.adjust("2026-01", "adjustment", Some("-40"), Some(sale)).await;
    assert_eq!(books.lines("2026-01").await, [("commission", 10_000), ("bonus", 2_500), ("adjustment", -4_000)]);
    let calculation = calculations::latest(&books.app, &books.ctx).await.expect("calculations").remove(0);
    let csv = String::from_utf8(exports::rewards_csv(&books.app, &books.ctx, &calculation).await.expect("a file")).expect("text");
    assert!(csv.contains(",Bonus,By hand 2026-01,25.00,USD"), "{csv}");
    // The sale is gone for Ana: the change of its commission lapses, the bonus stays.
    books.sale("A-1", "2026-02-10", "1000", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-01").await, [("bonus", 2_500)]);
    adjustments::remove(&books.app, &books.ctx, changed).await.expect("removed");
    assert_eq!(adjustments::list(&books.app, &books.ctx, books.program).await.expect("listed").len(), 1);
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_044_a_sale_is_taken_back_by_hand_in_a_later_period_and_never_more_than_it_earned() {
    let books = books("").await;
    books.sale("A-1", "2026-01-10", "100000", None).await;
    books.sale("A-2", "2026-01-11", "333.33", None).await;
    books.calculate("2026-01").await;
    books.release("2026-01").await;
    books.calculate("2026-03").await;
    let ask = |share: &str, term: Option<u32>| ClawbackAsk {
        program: books.program,
        period: "2026-03".into(),
        share: meed_app::sheet::percent(share).expect("a share"),
        term: term.map(Length::Months),
        on: "2026-03-15".parse().ok(),
        label: "Cancelled".into(),
    };
    let row = |line: u64, sale: &str| ClawbackRow { line, sale: sale.into(), ..ClawbackRow::default() };
    let (app, ctx) = (&books.app, &books.ctx);
    // W22: 10,000 earned, a clause of 50%.
    let rows = adjustments::clawback(app, ctx, &ask("50%", None), &[row(1, "A-1"), row(2, "B-9")]).await.expect("looked at");
    let (first, second) = (rows[0].made.as_ref().expect("a clawback"), rows[1].made.as_ref().expect_err("unknown"));
    assert_eq!((first.amount, first.origin_period.as_deref(), second.code.as_ref()), (-500_000, Some("2026-01"), "sale_unknown"));
    assert_eq!(books.lines("2026-03").await, [], "looking writes nothing");
    adjustments::add_many(app, ctx, vec![first.clone()], None).await.expect("made");
    assert_eq!(books.lines("2026-01").await, [("commission", 1_003_333)], "the released period stays");
    assert_eq!(books.lines("2026-03").await, [("clawback", -500_000)]);
    // The statement of March names the sale.
    let statement = releases::current_statement(app, ctx, books.program, "2026-03", books.ana, Listed::All).await.expect("a statement");
    let step = statement.steps.iter().find(|step| step.label == "Cancelled").expect("its step");
    assert!(step.inputs.iter().any(|(name, value)| name == "sale" && value.starts_with("sale_")), "{step:?}");
    // 12 months, of which three have begun by 15 March: 9/12 of what is left would be more than is left.
    let rows = adjustments::clawback(app, ctx, &ask("100%", Some(12)), &[row(1, "A-1"), row(2, "A-2")]).await.expect("looked at");
    assert_eq!(rows[0].made.as_ref().expect_err("too much").code, "clawback_exceeds");
    assert_eq!(rows[1].made.as_ref().expect("9/12 of 33.333").amount, -2_500, "24.99975 rounds to 25.00");
    // By hand, without an amount: all that is left.
    let sale = sales::one_by_unique_id(app, ctx, books.source, "A-1").await.expect("a sale").sale.stored.id;
    books.adjust("2026-03", "clawback", None, Some(sale)).await;
    assert_eq!(books.lines("2026-03").await, [("clawback", -1_000_000)]);
    let rows = adjustments::clawback(app, ctx, &ask("100%", None), &[row(1, "A-1")]).await.expect("looked at");
    assert_eq!(rows[0].made.as_ref().expect_err("nothing is left").code, "clawback_exceeds");
    // A period before the sale.
    let early = ClawbackAsk { period: "2025-12".into(), ..ask("100%", None) };
    let rows = adjustments::clawback(app, ctx, &early, &[row(1, "A-1")]).await.expect("looked at");
    assert_eq!(rows[0].made.as_ref().expect_err("before the sale").code, "clawback_before_sale");
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_055_a_sheet_of_adjustments_names_its_wrong_rows_and_is_made_once() {
    let books = books("").await;
    books.sale("A-1", "2026-01-10", "1000", None).await;
    books.calculate("2026-01").await;
    let sheet = "Rep,Kind,Amount,Label,Sale,To\n\
        Ana,bonus,25.50,Trade fair,,\n\
        Ana,,,Agreed,A-1,75.00\n\
        Nobody,bonus,1.00,x,,\n\
        Ana,bonus,0.001,Too fine,,\n\
        Ana,clawback,5.00,Wrong way,,\n\
        Ana,bonus,much,x,,\n\
        Ana,bonus,1.00,,,\n\
        Ana,,-1.00,x,A-7,\n";
    let (app, ctx) = (&books.app, &books.ctx);
    let read = async || {
        let file = std::io::Cursor::new(sheet.as_bytes());
        adjustments::sheet_rows(app, ctx, books.program, "2026-01", file, None).await.expect("a sheet")
    };
    let rows = read().await;
    let made: Vec<_> = rows.iter().filter_map(|row| row.made.as_ref().ok()).cloned().collect();
    let errors: Vec<(u64, &str, &str)> =
        rows.iter().filter_map(|row| row.made.as_ref().err()).map(|e| (e.line, e.column, e.code.as_ref())).collect();
    assert_eq!(made.iter().map(|document| document.amount).collect::<Vec<_>>(), [2_550, -2_500], "100.00 becomes 75.00");
    let expected = [
        (4, "who", "who_unknown"),
        (5, "amount", "amount_invalid"),
        (6, "amount", "amount_invalid"),
        (7, "amount", "number_unreadable"),
        (8, "label", "label_invalid"),
        (9, "sale", "sale_unknown"),
    ];
    assert_eq!(errors, expected);
    let once = Once::new(app, "form 1", sheet.as_bytes());
    let first = adjustments::add_many(app, ctx, made.clone(), Some(&once)).await.expect("made");
    let again = adjustments::repeated(app, ctx, Some(&once)).await.expect("known").expect("made before");
    let ids = |made: &adjustments::Made| made.entries.iter().map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!((ids(&first), again.is_repeated), (ids(&again), true));
    let race = adjustments::add_many(app, ctx, made, Some(&once)).await.expect("answered");
    assert!(race.is_repeated && ids(&race) == ids(&first), "two at once make one");
    let other = Once::new(app, "form 1", b"something else");
    assert!(adjustments::repeated(app, ctx, Some(&other)).await.expect_err("refused").to_string().contains("something else"));
    assert_eq!(books.lines("2026-01").await, [("commission", 10_000), ("bonus", 2_550), ("adjustment", -2_500)]);
    let entries = adjustments::list(app, ctx, books.program).await.expect("listed");
    let standings = adjustments::standings(app, ctx, &entries).await.expect("standings");
    assert!(entries.iter().all(|entry| standings[&entry.id] == Standing::Counts));
    // The sale moves to another month: its change lapses.
    books.sale("A-1", "2026-02-10", "1000", None).await;
    books.calculate("2026-01").await;
    let standings = adjustments::standings(app, ctx, &entries).await.expect("standings");
    let words: Vec<&str> = entries.iter().map(|entry| standings[&entry.id].word()).collect();
    assert_eq!(words, ["counts", "lapsed"]);
    adjustments::remove_many(app, ctx, &entries).await.expect("removed");
    assert_eq!(books.lines("2026-01").await, []);
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_045_the_overview_shows_neither_what_is_held_nor_a_period_to_come_as_the_latest() {
    let rest = "[[instalments]]\nparts = 8\n[[holdback]]\nid = \"paid\"\nshare = \"50%\"\nuntil = { day = 'sale.other_date1' }\n";
    let books = books(rest).await;
    books.sale("A-1", "2026-01-10", "1000", None).await;
    books.calculate("2026-01").await;
    let seen = meed_app::overview::overview(&books.app, &books.ctx).await.expect("an overview");
    let today = meed_core::command::day_number("2026-05-28".parse().expect("the clock of these tests"));
    assert!(seen.latest_day.is_some_and(|day| day <= today), "{seen:?}");
    assert!(seen.by_period.keys().all(|day| *day < today + 400), "{seen:?}");
    assert!(seen.by_period.len() > 4, "instalments of the periods to come are there: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn com_043_one_draw_is_fed_by_several_plans() {
    let books = books("draw = { amount = 500, recoverable = true, plans = [\"SPIFF\", \"Gone\"] }").await;
    let spiff = "name = \"Spiff\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n[[rule]]\nid = \"spiff\"\nrate = \"5%\"\n";
    let (spiff, ..) = programs::apply(&books.app, &books.ctx, spiff, "").await.expect("a plan");
    let calculate_spiff = || calculations::calculate(&books.app, &books.ctx, spiff, "2026-01");
    books.sale("A-1", "2026-01-10", "2000", None).await;
    calculate_spiff().await.expect("a calculation");
    books.calculate("2026-01").await;
    assert_eq!(
        books.lines("2026-01").await,
        [("commission", 20_000), ("draw_advance", 20_000)],
        "200 here, 100 of the SPIFF, 200 advanced"
    );
    let latest = || async {
        let all = calculations::latest(&books.app, &books.ctx).await.expect("calculations");
        all.into_iter().find(|calculation| calculation.document.program == books.program.0).expect("one of this plan")
    };
    let before = latest().await;
    let alerts: Vec<&str> = before.document.alerts.iter().map(|alert| alert.code.as_str()).collect();
    assert_eq!(alerts, ["plan_uncounted"], "there is no plan called Gone");
    books.sale("A-2", "2026-01-11", "1000", None).await;
    calculate_spiff().await.expect("a calculation");
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-01").await, [("commission", 30_000), ("draw_advance", 5_000)]);
    assert_eq!(books.release("2026-01").await, 35_000);
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_043_a_draw_is_shared_in_one_currency_and_one_length_of_period() {
    let books = books("draw = { amount = 500, recoverable = true, plans = [\"Spiff\", \"Other\"] }").await;
    let plan = |name: &str, currency: &str, period: &str, rest: &str| {
        format!("name = \"{name}\"\ncurrency = \"{currency}\"\nperiod = \"{period}\"\n{rest}\n[[rule]]\nid = \"spiff\"\nrate = \"5%\"\n")
    };
    let apply = async |text: String| programs::apply(&books.app, &books.ctx, &text, "").await.map_err(|error| error.to_string());
    let refused = apply(plan("spiff", "EUR", "monthly", "")).await.expect_err("another currency");
    assert!(refused.contains("pays in EUR, that one in USD"), "{refused}");
    let refused = apply(plan("Spiff", "USD", "quarterly", "")).await.expect_err("other periods");
    assert!(refused.contains("this plan is quarterly, that one monthly"), "{refused}");
    apply(plan("Spiff", "USD", "monthly", "")).await.expect("alike");
    apply(plan("Free", "EUR", "quarterly", "")).await.expect("it shares nothing");
    let shares = "draw = { amount = 5, recoverable = true, plans = [\"free\"] }";
    let refused = apply(plan("Third", "USD", "quarterly", shares)).await.expect_err("it names one in another currency");
    assert!(refused.contains("`Free`"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn com_045_a_clawback_cancels_the_instalments_that_are_not_paid_yet() {
    let books = books("[[instalments]]\nparts = 3\n[[clawback]]\nid = \"exit\"\non = 'sale.other_date1'\n").await;
    books.sale("A-1", "2026-01-10", "9000", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.release("2026-01").await, 30_000);
    books.sale("A-1", "2026-01-10", "9000", Some("2026-02-05")).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-02").await, [("instalment", 30_000), ("clawback", -60_000)]);
    assert_eq!(books.lines("2026-03").await, [("instalment", 30_000), ("clawback", -30_000)]);
    books.calculate("2026-02").await;
    assert_eq!(books.release("2026-02").await, -30_000, "what January paid; nothing follows");
    books.is_verified().await;
    // The cancellation was a mistake: what was taken back is paid, and the last part comes as it was promised.
    books.sale("A-1", "2026-01-10", "9000", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-03").await, [("instalment", 30_000), ("clawback", 60_000)]);
    books.is_verified().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measured_bonus_is_booked_once_also_when_it_was_earned_earlier_than_was_known() {
    let books = books("measure_from = \"year\"\nquota = 1000\n[[bonus]]\nid = \"target\"\nat = \"100%\"\namount = 500\n").await;
    books.sale("A-1", "2026-01-10", "800", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.release("2026-01").await, 8_000);
    books.sale("A-2", "2026-02-10", "1200", None).await;
    books.calculate("2026-02").await;
    let reached = [("commission", 12_000), ("bonus", 50_000)];
    assert_eq!(books.lines("2026-02").await, reached);
    // With a late sale January had reached it: the bonus is January's, and February has none of its own.
    books.sale("A-3", "2026-01-20", "200", None).await;
    books.calculate("2026-01").await;
    assert_eq!(books.lines("2026-02").await, [("commission", 14_000), ("bonus", 50_000)]);
    assert_eq!(books.release("2026-02").await, 64_000);
    books.calculate("2026-03").await;
    assert_eq!(books.lines("2026-03").await, []);
    books.is_verified().await;
}
