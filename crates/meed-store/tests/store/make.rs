//! Builders: sales, targets and submissions with few words.

use jiff::Timestamp;
use meed_core::command::{
    Actor, CellTargets, Command, Identity, NewStatement, PayByHand, Payment, PostRewards, PutRecord, PutRecords, RecordKind, RecordSales,
    Refused, Release, Reply, RewardRow, SaleContent, SaleInput, SaleOutcome, Target, day_number,
};
use meed_core::id::Id;
use meed_core::ledger::{Account, Owner, Purpose};
use meed_core::money::{Exact, Unit};
use meed_core::sale::{NumberField, Sale, SalePatch};
use meed_store::{Answer, Priority, Store, StoreError, Submission};

/// A source of sales.
pub(crate) const TILL: Id = Id(501);
pub(crate) const PLAN: Id = Id(601);
pub(crate) const PLAN_VERSION: Id = Id(602);

pub(crate) fn usd() -> Unit {
    "USD".parse().expect("a currency")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn day(text: &str) -> i64 {
    day_number(text.parse().expect("a date"))
}

pub(crate) fn exact(text: &str) -> Exact {
    text.parse().expect("a decimal")
}

/// A sale with some revenue.
pub(crate) fn sale(time: &str, revenue: &str) -> Sale {
    Sale { at: at(time), revenue: Some(exact(revenue)), currency: Some(usd()), ..Sale::default() }
}

pub(crate) fn row(unique_id: Option<&str>, sale: Sale) -> SaleInput {
    SaleInput { unique_id: unique_id.map(str::to_owned), content: SaleContent::Full(Box::new(sale)), original: None, line: None }
}

/// What a JSON body says about the revenue, and the time if it names one.
pub(crate) fn patch(unique_id: &str, time: Option<&str>, revenue: &str) -> SaleInput {
    let mut patch = SalePatch::default();
    if let Some(time) = time {
        patch.set_at(at(time));
    }
    patch.set_number(NumberField::Revenue, Some(exact(revenue)));
    SaleInput { unique_id: Some(unique_id.to_owned()), content: SaleContent::Patch(Box::new(patch)), original: None, line: None }
}

pub(crate) fn record(sales: Vec<SaleInput>) -> RecordSales {
    RecordSales::new(TILL, sales)
}

/// A submission without an identity.
pub(crate) fn plain(command: impl Command + 'static) -> Submission {
    Submission {
        actor: Actor("user:1".to_owned()),
        key: None,
        subject: "a test".to_owned(),
        command: Box::new(command),
        identity: None,
        priority: Priority::Interactive,
    }
}

/// A submission under an idempotency key. The byte stands for the content.
pub(crate) fn keyed(command: impl Command + 'static, key: &str, content: u8) -> Submission {
    let identity = Identity { source: TILL, key: key.to_owned(), fingerprint: [content; 32], render };
    Submission { identity: Some(identity), ..plain(command) }
}

fn render(result: &Result<Reply, Refused>) -> String {
    match result {
        Ok(reply) => format!("{reply:?}"),
        Err(refused) => format!("refused {}", refused.code),
    }
}

/// The answer as the keyed caller would be given it, now or later.
pub(crate) fn rendered(answer: &Answer) -> String {
    match answer {
        Answer::Decided(result) => render(result),
        Answer::Replayed(text) => text.clone(),
    }
}

pub(crate) async fn decided(store: &Store, workspace: Id, submission: Submission) -> Result<Reply, Refused> {
    match store.submit(workspace, submission).await.expect("the store answers") {
        Answer::Decided(result) => result,
        Answer::Replayed(text) => panic!("replayed: {text}"),
    }
}

pub(crate) async fn done(store: &Store, workspace: Id, command: impl Command + 'static) -> Reply {
    decided(store, workspace, plain(command)).await.expect("not refused")
}

pub(crate) async fn refused(store: &Store, workspace: Id, command: impl Command + 'static) -> String {
    decided(store, workspace, plain(command)).await.expect_err("refused").code.into_owned()
}

/// Outcomes as text: `created 1`, `updated 2`, `refused date_missing`.
pub(crate) async fn recorded(store: &Store, workspace: Id, sales: Vec<SaleInput>) -> Vec<String> {
    outcomes(done(store, workspace, record(sales)).await)
}

pub(crate) fn outcomes(reply: Reply) -> Vec<String> {
    let Reply::Sales(outcomes) = reply else { panic!("{reply:?}") };
    let text = |outcome| match outcome {
        SaleOutcome::Recorded { version, change, .. } => format!("{} {version}", change.word()),
        SaleOutcome::Refused(refused) => format!("refused {}", refused.code),
    };
    outcomes.into_iter().map(text).collect()
}

/// Id and version of each record that a command wrote.
pub(crate) fn ids(reply: Reply) -> Vec<(Id, i32)> {
    match reply {
        Reply::Records(ids) => ids,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn put(store: &Store, workspace: Id, put: PutRecord) -> (Id, i32) {
    ids(done(store, workspace, PutRecords::one("record.put", put)).await)[0]
}

/// Rewards of a month of [`PLAN`], in cents.
pub(crate) async fn post(store: &Store, workspace: Id, month: &str, targets: &[(Owner, i64)]) -> Result<Reply, Refused> {
    let config_version = store.read(move |reader| Ok(reader.head(workspace)?.expect("a workspace").config_version)).await.expect("read");
    decided(store, workspace, plain(posting(month, targets, config_version))).await
}

pub(crate) fn posting(month: &str, targets: &[(Owner, i64)], config_version: i64) -> PostRewards {
    let first: jiff::civil::Date = format!("{month}-01").parse().expect("a month");
    let later = (1..=6).map(|months| day_number(first.saturating_add(jiff::Span::new().months(months)))).collect();
    let target = |(owner, cents): &(Owner, i64)| {
        let explanation = format!("{{\"steps\":[\"{cents} cents\"]}}");
        Target::commission(*owner, day_number(first), *cents, Exact::new(*cents, 2).to_string(), explanation)
    };
    posting_lines(month, targets.iter().map(target).collect(), later, config_version)
}

/// Posts lines of any kind.
pub(crate) fn posting_lines(month: &str, targets: Vec<Target>, later_days: Vec<i64>, config_version: i64) -> PostRewards {
    let cell_day = day(&format!("{month}-01"));
    PostRewards {
        calculation: Id(777),
        record: PutRecord::upsert(RecordKind::Calculation, format!("{PLAN}:{month}"), format!("{{\"targets\":{}}}", targets.len())),
        program: PLAN,
        version: PLAN_VERSION,
        unit: usd(),
        config_version,
        cells: vec![CellTargets { cell_day, later_days, period_end: at(&format!("{month}-28T23:00:00Z")), targets }],
    }
}

/// The release of all that is booked in a month, as somebody reviewed it just now.
pub(crate) async fn releasing(store: &Store, workspace: Id, month: &str) -> Release {
    let booked_day = day(&format!("{month}-01"));
    let rows = store.read(move |reader| reader.rewards_booked(workspace, PLAN, booked_day)).await.expect("read");
    let mut statements: Vec<NewStatement> = Vec::new();
    for row in rows {
        match statements.iter_mut().find(|statement| statement.owner == row.owner) {
            Some(statement) => statement.rewards.push(row.id),
            None => statements.push(NewStatement { owner: row.owner, rewards: vec![row.id], body: format!("{{\"month\":\"{month}\"}}") }),
        }
    }
    Release {
        program: PLAN,
        booked_day,
        period_end: at(&format!("{month}-28T23:00:00Z")),
        unit: usd(),
        body: format!("{{\"month\":\"{month}\"}}"),
        statements,
        along: Vec::new(),
    }
}

pub(crate) async fn release(store: &Store, workspace: Id, month: &str) -> Id {
    let command = releasing(store, workspace, month).await;
    match done(store, workspace, command).await {
        Reply::Released { id, .. } => id,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn paying(release: Id, month: &str, payees: &[Owner]) -> PayByHand {
    PayByHand {
        release,
        release_version: 1,
        program: PLAN,
        booked_day: day(&format!("{month}-01")),
        payments: payees.iter().map(|owner| Payment { owner: *owner, unit: usd() }).collect(),
        paid_at: at("2026-05-04T09:00:00Z"),
        body: "{\"method\":\"payroll\"}".to_owned(),
    }
}

/// Posted balances of an owner, those that are not 0, by purpose.
pub(crate) async fn balances(store: &Store, workspace: Id, owner: Owner) -> Vec<(Purpose, i64)> {
    let accounts = store.read(move |reader| reader.accounts_of(workspace, owner)).await.expect("read");
    shown(&accounts)
}

pub(crate) fn shown(accounts: &[Account]) -> Vec<(Purpose, i64)> {
    let mut shown: Vec<_> =
        accounts.iter().map(|account| (account.key.purpose, account.posted())).filter(|(_, balance)| *balance != 0).collect();
    shown.sort_unstable_by_key(|(purpose, _)| purpose.code());
    shown
}

pub(crate) async fn rewards(store: &Store, workspace: Id, owner: Owner) -> Vec<RewardRow> {
    store.read(move |reader| reader.rewards_of(workspace, owner)).await.expect("read")
}

/// Sends all at once and waits for every answer.
pub(crate) async fn all_at_once(
    store: &std::sync::Arc<Store>,
    workspace: Id,
    submissions: impl IntoIterator<Item = Submission>,
) -> Vec<Result<Answer, StoreError>> {
    let tasks: Vec<_> = submissions
        .into_iter()
        .map(|submission| {
            let store = std::sync::Arc::clone(store);
            tokio::spawn(async move { store.submit(workspace, submission).await })
        })
        .collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.expect("a sender"));
    }
    answers
}
