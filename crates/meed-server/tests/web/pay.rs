//! From sales to payroll over HTTP: people, plan, calculation, statement, release, files, payment.

use axum::http::StatusCode;

use crate::support::{PASSWORD, Site, Visitor, site};

pub(crate) const PLAN: &str = r#"name = "Field sales"
kind = "commission"
currency = "EUR"
period = "monthly"
quota = 2000

[[rule]]
id = "base"
label = "Commission"
when = "sale.status != 'refunded'"
basis = "revenue"

[rule.tiers]
accumulate = "accumulated"
mode = "marginal"
bands = [
  { to = 2000, rate = "5%" },
  { rate = "7.5%" },
]

[[test]]
name = "accelerator"
period = "2026-01"
sales = [{ owner = "Ana", revenue = 3000 }]
expect = { Ana = 175 }
"#;

const FILE: &[u8] = b"Order No,Order Date,Sales Rep,Amount,Currency,Customer,Status,Note\n\
A-1,2026-01-10,Dana Reyes,1000.10,EUR,Aurora,paid,first\n\
A-2,2026-01-11,dana reyes ,2000.00,EUR,Borealis,paid,second\n\
A-3,2026-01-12,Nobody,50.00,EUR,Cirrus,paid,third\n\
A-4,2026-01-13,Lee Moss,300.00,EUR,Cirrus,refunded,fourth\n\
A-5,2026-01-14,Lee Moss,800.00,EUR,=1+1,paid,fifth\n";

/// A workspace with two reps, a plan and the sales of January.
pub(crate) async fn january(site: &Site) -> Visitor {
    let mut operator = site.operator().await;
    let sent = operator.upload("new", "Orders", "orders.csv", FILE).await;
    let id = sent.location().split('/').nth(2).expect("an import").to_owned();
    let accepted = operator.post(&format!("/imports/{id}/run"), &[]).await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER, "{}", accepted.body);
    operator.result_of(&id).await;
    for (name, email) in [("Dana Reyes", "dana@halden.example"), ("Lee Moss", "")] {
        let fields = [("name", name), ("email", email), ("aliases", ""), ("active", "yes"), ("external_id", "P-1")];
        let saved = operator.post("/reps", &fields).await;
        assert_eq!(saved.location(), "/people", "{}", saved.body);
    }
    let saved = operator.post("/programs", &[("document", PLAN), ("note", "first"), ("action", "save")]).await;
    assert!(saved.location().starts_with("/programs/prog_"), "{}", saved.body);
    operator
}

/// Calculates January and answers the address of the calculation.
pub(crate) async fn calculate(operator: &mut Visitor) -> String {
    let form = operator.get("/calculations").await;
    let program = form.between("<option value=\"prog_", "\"").to_owned();
    let sent = operator.post("/calculations", &[("program", &format!("prog_{program}")), ("period", "2026-01")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    sent.location().to_owned()
}

#[tokio::test]
async fn com_049_a_cent_is_followed_from_the_statement_to_the_row_of_its_file() {
    let site = site().await;
    let mut operator = january(&site).await;
    let calculation = calculate(&mut operator).await;
    let shown = operator.get(&calculation).await;
    // 2,000.00 at 5 % and 1,000.10 at 7.5 % = 175.0075; 800.00 at 5 % = 40.
    for text in ["Dana Reyes", "175.01", "Lee Moss", "40.00", "215.01", "150%", "Nobody"] {
        assert!(shown.says(text), "{text}\n{}", shown.body);
    }
    let statement = shown.between("href=\"/statements/", "\"").to_owned();
    let statement = operator.get(&format!("/statements/{statement}")).await;
    for text in ["Dana Reyes", "January 2026", "Pending", "175.0075", "0.0025", "Aurora", "orders.csv, line 2", "Tier 0 – 2,000"] {
        assert!(statement.says(text), "{text}\n{}", statement.body);
    }
    let sale = statement.between("href=\"/sales/", "\"").to_owned();
    let sale = operator.get(&format!("/sales/{sale}")).await;
    for text in ["A-1", "orders.csv", "Order No", "first", "1,000.10", "Used as", "Dana Reyes", "Commission"] {
        assert!(sale.says(text), "{text}\n{}", sale.body);
    }
    let back = sale.between("href=\"/statements/", "\"").to_owned();
    let back = format!("/statements/{}", back.replace("&#38;", "&"));
    let (page, anchor) = back.split_once('#').expect("an anchor");
    assert!(operator.get(page).await.says(&format!("id=\"{anchor}\"")), "{back}");
}

#[tokio::test]
async fn a_sale_that_was_not_credited_says_why() {
    let site = site().await;
    let mut operator = january(&site).await;
    for (query, customer, reasons) in
        [("q=A-3", "Cirrus", ["matches no rep or team", "See people and teams"]), ("q=A-4", "Cirrus", ["sale.status", "refunded"])]
    {
        let list = operator.get(&format!("/sales?{query}")).await;
        assert!(list.says("Not credited") && list.says(customer), "{}", list.body);
        let sale = list.between("<a href=\"/sales/sale_", "\"").to_owned();
        let sale = operator.get(&format!("/sales/sale_{sale}")).await;
        assert!(sale.says("Nobody earned anything for this sale"));
        for reason in reasons {
            assert!(sale.says(reason), "{reason}\n{}", sale.body);
        }
    }
    let credited = operator.get("/sales?credited=yes").await;
    assert!(credited.says("A-1") && !credited.says("A-3") && !credited.says("A-4"));
    let missed = operator.get("/sales?credited=no").await;
    assert!(missed.says("A-3") && missed.says("A-4") && !missed.says("A-1"));
    let calculation = calculate(&mut operator).await;
    let shown = operator.get(&calculation).await;
    let link = shown.between("href=\"/sales?from=2026-01-01&#38;to=2026-01-31&#38;program=", "\"").replace("&#38;", "&");
    let by_reason = operator.get(&format!("/sales?from=2026-01-01&to=2026-01-31&program={link}")).await;
    assert_eq!(by_reason.status, StatusCode::OK);
    assert!(!by_reason.says("A-1"), "{}", by_reason.body);
}

#[tokio::test]
async fn com_054_a_released_period_is_exported_paid_and_never_changed_silently() {
    let site = site().await;
    let mut operator = january(&site).await;
    let calculation = calculate(&mut operator).await;
    let asked = operator.get(&format!("{calculation}/release")).await;
    assert!(asked.says("Nothing changed since this was calculated") && asked.says("name=\"acknowledged\""), "{}", asked.body);
    let refused = operator.post(&format!("{calculation}/release"), &[("confirm", "yes"), ("release_date", "2026-02-05")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "the alert wants a nod");
    let fields = [("confirm", "yes"), ("release_date", "2026-02-05"), ("acknowledged", "yes")];
    let released = operator.post(&format!("{calculation}/release"), &fields).await;
    assert_eq!(released.location(), format!("{calculation}/released"), "{}", released.body);
    assert!(operator.get(released.location()).await.says("215.01"));
    assert_eq!(operator.post(&format!("{calculation}/release"), &fields).await.location(), format!("{calculation}/released"));

    let rewards = operator.get(&format!("{calculation}/rewards.csv")).await;
    assert!(
        rewards.bytes.starts_with(
            "\u{feff}Plan,Calculation,Calculation Start,Calculation End,Calculation Status,Beneficiary,Beneficiary Tags,\
         Beneficiary Enrollment,Manager Approval,Reward Type,Reward Details,Reward Value,Reward Value Currency,\
         Beneficiary Value,Beneficiary Value Currency,Assignment %,Attainment Label,Attainment Difficulty,Attainment Value,\
         Attainment Threshold,Attainment Metric,Attainment Measurement"
                .as_bytes()
        )
    );
    assert_eq!(rewards.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(rewards.header("content-disposition"), "attachment; filename=\"field-sales-2026-01-rewards.csv\"");
    assert!(rewards.says("175.01") && rewards.says("Rewards released"));
    let credits = operator.get(&format!("{calculation}/credits.csv")).await;
    assert!(credits.says("\"'=1+1\"") && credits.says("Unique Id"), "{}", credits.body);

    // A late sale changes nothing that was released; its difference is booked in the open period and names its origin.
    let late = b"Order No,Order Date,Sales Rep,Amount,Currency,Customer,Status,Note\nA-9,2026-01-20,Dana Reyes,100.00,EUR,Late,paid,x\n";
    let page = operator.get("/imports/new").await;
    let source = format!("src_{}", page.between("<option value=\"src_", "\""));
    let sent = operator.upload(&source, "", "late.csv", late).await;
    let id = sent.location().split('/').nth(2).expect("an import").to_owned();
    operator.post(&format!("/imports/{id}/run"), &[]).await;
    operator.result_of(&id).await;
    assert!(operator.get(&calculation).await.says("Calculate again"));
    let again = operator.post(&format!("{calculation}/recalculate"), &[]).await;
    let shown = operator.get(again.location()).await;
    assert!(shown.says("posted to the open one") && shown.says("215.01"), "{}", shown.body);
    let dana = shown.between("href=\"/statements/", "/2026-01").to_owned();
    let frozen = operator.get(&format!("/statements/{dana}/2026-01")).await;
    assert!(frozen.says("Confirmed") && frozen.says("175.01") && !frozen.says("Late"), "{}", frozen.body);
    let open = operator.get(&format!("/statements/{dana}/2026-02")).await;
    assert!(open.says("From earlier periods") && open.says("January 2026") && open.says("7.50"), "{}", open.body);

    let asked = operator.get(&format!("{calculation}/pay")).await;
    let payee = format!("rep_{}", asked.between("name=\"payee\" value=\"rep_", "\""));
    let none = operator.post(&format!("{calculation}/pay"), &[("paid_on", "2026-02-06")]).await;
    assert!(none.says("Tick at least one payee"));
    let wrong = operator.post(&format!("{calculation}/pay"), &[("payee", &payee), ("paid_on", "31/02")]).await;
    assert!(wrong.says("id=\"paid_on-error\""), "{}", wrong.body);
    let paid = operator.post(&format!("{calculation}/pay"), &[("payee", &payee), ("paid_on", "2026-02-06"), ("reference", "run 7")]).await;
    assert_eq!(paid.location(), calculation, "{}", paid.body);
    let again = operator.post(&format!("{calculation}/pay"), &[("payee", &payee), ("paid_on", "2026-02-06")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody is paid twice: {}", again.location());
    assert!(operator.get("/exports").await.says("Released"));
}

#[tokio::test]
async fn a_payee_sees_their_own_released_statements_and_nothing_else() {
    let site = site().await;
    let mut operator = january(&site).await;
    let calculation = calculate(&mut operator).await;
    let people = operator.get("/people").await;
    let dana = format!("rep_{}", people.between("<a href=\"/reps/rep_", "\""));
    assert!(operator.get(&format!("/reps/{dana}")).await.says("Make a sign-in link"));
    let link = operator.post(&format!("/reps/{dana}/invite"), &[]).await;
    let link = format!("/welcome/{}", link.between("/welcome/", "<"));
    let mut payee = site.visitor();
    payee.get(&link).await;
    let entered = payee.post(&link, &[("name", "Dana"), ("password", PASSWORD), ("password_again", PASSWORD)]).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    assert_eq!(payee.get("/").await.location(), "/statements");
    // Calculated is not released: payees see nothing yet.
    let own = format!("/statements/{dana}/2026-01");
    assert!(payee.get("/statements").await.says("appears here as soon as the credits of a period are released"));
    assert_eq!(payee.get(&own).await.status, StatusCode::NOT_FOUND);
    let shown = operator.get(&calculation).await;
    let other =
        shown.body.match_indices("href=\"/statements/").map(|(at, _)| &shown.body[at + 6..at + 42]).find(|href| !href.contains(&dana));
    let other = other.and_then(|href| href.split('"').next()).expect("another payee").to_owned();
    operator.post(&format!("{calculation}/release"), &[("confirm", "yes"), ("acknowledged", "yes")]).await;
    assert!(payee.get("/statements").await.says("175.01"));
    let statement = payee.get(&own).await;
    assert!(statement.says("175.01") && statement.says("Aurora"), "{}", statement.body);
    assert!(!statement.says("href=\"/sales/") && !statement.says("href=\"/programs/") && !statement.says("href=\"/imports/"));
    for path in [other.as_str(), "/sales", "/people", "/imports", "/programs", "/calculations", "/keys", "/audit", "/exports", "/sources"] {
        let refused = payee.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/calculations", "/keys", "/reps", "/preferences/side"] {
        assert_eq!(payee.post(path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!operator.get(&format!("/reps/{dana}")).await.says("Make a sign-in link"), "they have a password");
}

#[tokio::test]
async fn com_050_somebody_is_released_with_the_others_and_paid_later() {
    let site = site().await;
    let mut operator = january(&site).await;
    let calculation = calculate(&mut operator).await;
    let asked = operator.get(&format!("{calculation}/release")).await;
    let payee = format!("rep_{}", asked.between("name=\"held\" value=\"rep_", "\""));
    let basis = [("confirm", "yes"), ("release_date", "2026-02-05"), ("acknowledged", "yes"), ("held", payee.as_str())];
    let nameless = operator.post(&format!("{calculation}/release"), &basis).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nameless.says("id=\"held_reason-error\"") && nameless.says("<details class=\"field\" open>"), "{}", nameless.body);
    let because = [&basis[..], &[("held_reason", "Account to be confirmed")]].concat();
    let released = operator.post(&format!("{calculation}/release"), &because).await;
    assert!(operator.get(released.location()).await.says("1 marked as unpaid"));
    let statement = operator.get(&format!("/statements/{payee}/2026-01")).await;
    assert!(statement.says("Not paid yet: Account to be confirmed"), "{}", statement.body);
    let paying = operator.get(&format!("{calculation}/pay")).await;
    assert!(paying.says("unpaid: Account to be confirmed") && !paying.says(&format!("value=\"{payee}\"")), "{}", paying.body);
    let forced = operator.post(&format!("{calculation}/pay"), &[("payee", &payee), ("paid_on", "2026-03-01")]).await;
    assert!(forced.says("is marked as unpaid"), "{}", forced.body);

    let terms = format!("{calculation}/terms");
    assert!(operator.get(&terms).await.says("Account to be confirmed"));
    assert!(operator.post(&terms, &[("action", "clear")]).await.says("Tick whom it is about"));
    assert!(operator.post(&terms, &[("action", "later"), ("payee", &payee)]).await.says("id=\"release_date-error\""));
    let later = [("action", "later"), ("payee", payee.as_str()), ("release_date", "2027-04-30")];
    assert_eq!(operator.post(&terms, &later).await.location(), terms);
    assert!(operator.get(&terms).await.says("from 30 Apr 2027"));
    let early = operator.post(&format!("{calculation}/pay"), &[("payee", &payee), ("paid_on", "2027-04-29")]).await;
    assert!(early.says("may be paid from 2027-04-30 on"), "{}", early.body);
    operator.post(&terms, &[("action", "clear"), ("payee", &payee)]).await;
    let paid = operator.post(&format!("{calculation}/pay"), &[("payee", &payee), ("paid_on", "2026-03-01")]).await;
    assert_eq!(paid.location(), calculation, "{}", paid.body);
}

#[tokio::test]
async fn com_050_a_plan_is_paused_completed_and_put_away_on_its_page() {
    let site = site().await;
    let mut operator = january(&site).await;
    let calculation = calculate(&mut operator).await;
    let programs = operator.get("/programs").await;
    let program = format!("/programs/prog_{}", programs.between("<a href=\"/programs/prog_", "\""));
    let page = operator.get(&program).await;
    assert!(page.says("Pause") && page.says("name=\"last_period\"") && !page.says("Back to draft"), "{}", page.body);
    let state = format!("{program}/state");
    assert_eq!(operator.post(&state, &[("from", "active"), ("to", "paused")]).await.location(), program);
    assert!(operator.get(&program).await.says("Not calculated until it is active again"));
    let stopped = operator.post(&format!("{calculation}/recalculate"), &[]).await;
    assert!(stopped.status != StatusCode::SEE_OTHER || operator.get(stopped.location()).await.says("paused"), "{}", stopped.body);
    operator.post(&state, &[("from", "active"), ("to", "completed")]).await;
    assert!(operator.get(&program).await.says("This plan is paused by now"), "what the page showed is not so any more");
    operator.post(&state, &[("from", "paused"), ("to", "completed")]).await;
    assert!(operator.get(&program).await.says("Its last period ended on 31 Jan 2026"));
    operator.post(&state, &[("from", "completed"), ("to", "archived")]).await;
    assert!(operator.get("/programs").await.says("Archived"));
}
