//! What each role may open, send and see.

use axum::http::{Method, StatusCode};
use meed_app::documents::VariableDocument;
use meed_app::people::{put_rep, rep};
use meed_app::{Role, releases};
use meed_core::id::{Id, Kind};
use meed_server::web::access::{RULES, Who, who};

use crate::support::company::{Company, company};
use crate::support::{Site, Visitor, site};

/// The address of a route with ids of the company.
fn address(route: &str, company: &Company) -> String {
    let id = match route.split('/').nth(1).unwrap_or_default() {
        "imports" => company.waiting.text(Kind::Import),
        "sales" => company.sale.text(Kind::Sale),
        "sources" => company.source.text(Kind::Source),
        "reps" => company.rep.text(Kind::Rep),
        "teams" => company.team.text(Kind::Team),
        "programs" => company.program.text(Kind::Program),
        "calculations" => company.february.text(Kind::Calculation),
        _ => "usr_0000000000001".to_owned(),
    };
    route.replace("{id}", &id).replace("{payee}", &company.rep.text(Kind::Rep)).replace("{period}", "2026-01")
}

async fn everybody(site: &Site, company: &Company) -> Vec<(Role, Visitor)> {
    let sven = rep_called(site, "Sven Holm").await;
    vec![
        (Role::Admin, site.operator().await),
        (Role::Limited, site.person(Role::Limited, None).await),
        (Role::LimitedNoPlans, site.person(Role::LimitedNoPlans, None).await),
        (Role::Manager, site.person(Role::Manager, Some(sven)).await),
        (Role::Payee, site.person(Role::Payee, Some(company.rep)).await),
        (Role::Cashier, site.person(Role::Cashier, None).await),
    ]
}

async fn rep_called(site: &Site, name: &str) -> Id {
    let config = site.app.configuration(site.workspace).await.expect("the configuration");
    config.directory.reps().iter().find(|rep| rep.name == name).expect(name).id
}

/// Routes that end what the test goes on with.
const AT_THE_END: [&str; 2] = ["/logout", "/preferences/side"];

#[tokio::test]
async fn com_051_every_page_and_form_opens_for_those_it_is_meant_for_and_nobody_else() {
    let site = site().await;
    let company = company(&site).await;
    for (role, mut visitor) in everybody(&site, &company).await {
        let home = if role == Role::Cashier { "/till" } else { "/statements" };
        for (route, ..) in RULES.iter().filter(|(route, ..)| !AT_THE_END.contains(route)) {
            let path = address(route, &company);
            for method in [Method::GET, Method::POST] {
                let rule = who(route, &method);
                if rule == Who::Nobody {
                    continue;
                }
                // The token of a page that this role may open.
                visitor.get(home).await;
                let answer = if method == Method::GET { visitor.get(&path).await } else { visitor.post(&path, &[]).await };
                let is_refused = answer.status == StatusCode::FORBIDDEN;
                let at = format!("{method} {path} as {role:?}: {}", answer.status);
                if route == &"/" && role.is_of_rep() {
                    assert_eq!(answer.location(), "/statements", "{at}");
                } else if route == &"/" && role == Role::Cashier {
                    assert_eq!(answer.location(), "/till", "{at}");
                } else if rule.includes(role) {
                    assert!(!is_refused, "{at}\n{}", answer.body);
                    assert!(!answer.status.is_server_error(), "{at}\n{}", answer.body);
                } else {
                    assert!(is_refused, "{at}");
                    assert!(
                        ["read_only", "payee_only", "line_only", "till_only"].iter().any(|code| answer.says(code)),
                        "{at}\n{}",
                        answer.body
                    );
                }
            }
        }
        visitor.get(home).await;
        assert_eq!(visitor.post("/logout", &[]).await.status, StatusCode::SEE_OTHER, "{role:?}");
    }
}

#[tokio::test]
async fn com_051_payees_see_nothing_then_pending_then_confirmed_and_managers_their_line() {
    let site = site().await;
    let company = company(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let (sven, ada) = (rep_called(&site, "Sven Holm").await, rep_called(&site, "Ada Reyes").await);
    let mut mara = site.person(Role::Payee, Some(company.rep)).await;
    let mut boss = site.person(Role::Manager, Some(sven)).await;
    let statement = |rep: Id, period: &str| format!("/statements/{}/{period}", rep.text(Kind::Rep));
    // January is released, February calculated only.
    let list = mara.get("/statements").await;
    assert!(list.says("January 2026") && list.says("Confirmed") && !list.says("February 2026"), "{}", list.body);
    assert_eq!(mara.get(&statement(company.rep, "2026-02")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(boss.get(&statement(company.rep, "2026-02")).await.status, StatusCode::NOT_FOUND);
    releases::release_credits(app, ctx, company.program, "2026-02").await.expect("credits released");
    for visitor in [&mut mara, &mut boss] {
        assert!(visitor.get("/statements").await.says("Pending"));
        let page = visitor.get(&statement(company.rep, "2026-02")).await;
        assert!(page.says("Pending") && page.says("Not released yet"), "{}", page.body);
        // The line of somebody else, and links of the operator.
        assert_eq!(visitor.get(&statement(ada, "2026-01")).await.status, StatusCode::FORBIDDEN);
        assert!(!page.says("href=\"/sales/"), "{}", page.body);
    }
    let list = boss.get("/statements").await;
    assert!(list.says("Mara Quill") && list.says("Tunde Okafor") && !list.says("Ada Reyes"), "{}", list.body);
    assert!(!mara.get("/statements").await.says("Tunde Okafor"));
    releases::withdraw_credits(app, ctx, company.program, "2026-02").await.expect("withdrawn");
    assert_eq!(mara.get(&statement(company.rep, "2026-02")).await.status, StatusCode::NOT_FOUND);
    releases::release(app, ctx, company.program, "2026-02", None).await.expect("released");
    assert!(mara.get(&statement(company.rep, "2026-02")).await.says("Confirmed"));
    let list = mara.get("/statements").await;
    assert!(list.says("February 2026") && list.says("Confirmed"));
}

#[tokio::test]
async fn com_051_rewards_may_be_kept_back_until_they_are_confirmed_and_credited_sales_still_show() {
    let site = site().await;
    let company = company(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let mut operator = site.operator().await;
    operator.get("/settings").await;
    operator.post("/settings", &[("visible_from", "rewards"), ("details", "yes"), ("export", "yes"), ("leaderboard", "yes")]).await;
    releases::release_credits(app, ctx, company.program, "2026-02").await.expect("credits released");
    let mut mara = site.person(Role::Payee, Some(company.rep)).await;
    let list = mara.get("/statements").await;
    assert!(list.says("February 2026") && list.says("Pending") && list.says("shown once confirmed"), "{}", list.body);
    let path = format!("/statements/{}/2026-02", company.rep.text(Kind::Rep));
    let page = mara.get(&path).await;
    assert!(page.says("23-12345-") && page.says("What they earn is shown once"), "{}", page.body);
    // What the operator sees of it.
    let whole = operator.get(&path).await;
    let total = whole.between("class=\"total\"><dt>Total", "</dd>").rsplit("value=\"").next().and_then(|rest| rest.split('"').next());
    let total = total.expect("a total").to_owned();
    assert!(!page.says(&format!("value=\"{total}\"")) && whole.says(&format!("value=\"{total}\"")), "{total}");
    for hidden in ["Attainment", "Rates and how far", "steps-table"] {
        assert!(!page.says(hidden), "{hidden}\n{}", page.body);
    }
    let file = mara.get(&format!("{path}/credits.csv")).await;
    let row = file.body.lines().nth(1).expect("a credit").to_owned();
    assert!(row.ends_with(",,,EUR"), "no rate, no credit: {row}");
    assert!(!mara.get("/leaderboard").await.says("February 2026"));
    releases::release(app, ctx, company.program, "2026-02", None).await.expect("released");
    assert!(mara.get(&path).await.says(&format!("value=\"{total}\"")));
    assert!(mara.get("/leaderboard").await.says("February 2026"));
}

#[tokio::test]
async fn com_051_salaries_are_sealed_at_rest_masked_and_for_full_administrators_only() {
    let site = site().await;
    let company = company(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let mut document = rep(app, ctx, company.rep).await.expect("Mara").document;
    document.variables.push(VariableDocument { name: "salary".into(), from: None, value: "61847".into() });
    put_rep(app, ctx, Some(company.rep), &document).await.expect("saved");
    let path = format!("/reps/{}", company.rep.text(Kind::Rep));
    assert!(site.operator().await.get(&path).await.says("salary = 61847"));
    let mut limited = site.person(Role::Limited, None).await;
    let page = limited.get(&path).await;
    assert!(page.says("salary = ***") && !page.says("61847"), "{}", page.body);
    for path in ["/audit", "/people"] {
        assert!(!limited.get(path).await.says("61847"), "{path}");
    }
    // What is calculated with is the salary itself; what is stored is not.
    let config = app.configuration(site.workspace).await.expect("the configuration");
    let known = &config.directory.rep(company.rep).expect("Mara").variables;
    assert!(known.iter().any(|variable| variable.name == "salary" && variable.value.to_string() == "61847"));
    let (workspace, id) = (site.workspace, company.rep);
    let kind = meed_core::command::RecordKind::Rep;
    let versions = app.store().read(move |r| r.record_versions(workspace, kind, id)).await.expect("versions");
    assert!(versions.iter().all(|record| !record.body.contains("61847")) && versions.iter().any(|r| r.body.contains("sealed:1:")));
    // Saving what was shown changes nothing; a key without the scope of an administrator changes no salary either.
    let before = versions.len();
    put_rep(app, ctx, Some(company.rep), &document).await.expect("saved again");
    let plans = meed_app::Context { scopes: vec![meed_app::Scope::Plans], ..ctx.clone() };
    let masked = rep(app, &plans, company.rep).await.expect("Mara").document;
    put_rep(app, &plans, Some(company.rep), &masked).await.expect("saved masked");
    let after = app.store().read(move |r| r.record_versions(workspace, kind, id)).await.expect("versions");
    assert_eq!(after.len(), before);
    let mut greedy = masked;
    greedy.variables.iter_mut().for_each(|v| v.value = "1".into());
    let refused = put_rep(app, &plans, Some(company.rep), &greedy).await.expect_err("refused");
    assert!(refused.to_string().contains("salaries"), "{refused}");
}

#[tokio::test]
async fn com_052_managers_approve_their_line_and_never_themselves() {
    let site = site().await;
    let company = company(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let mut operator = site.operator().await;
    let (sven, ada) = (rep_called(&site, "Sven Holm").await, rep_called(&site, "Ada Reyes").await);
    let program = company.program.text(Kind::Program);
    operator.get("/settings").await;
    operator.post("/settings", &[("visible_from", "credits"), ("details", "yes"), ("approved", &program)]).await;
    let mut boss = site.person(Role::Manager, Some(sven)).await;
    assert!(boss.get("/approvals").await.says("Nothing waits"), "credits are not released");
    releases::release_credits(app, ctx, company.program, "2026-02").await.expect("credits released");
    let page = boss.get("/approvals").await;
    assert!(page.says("Mara Quill") && page.says("Waits") && !page.says("Ada Reyes"), "{}", page.body);
    let mara = company.rep.text(Kind::Rep);
    let fields = |rep: &str, action: &str| {
        [("program", program.clone()), ("period", "2026-02".to_owned()), ("rep", rep.to_owned()), ("action", action.to_owned())]
    };
    let send = async |visitor: &mut Visitor, rep: &str, action: &str| {
        let fields = fields(rep, action);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.post("/approvals", &fields).await
    };
    assert_eq!(send(&mut boss, &mara, "approve").await.location(), "/approvals");
    assert!(boss.get("/approvals").await.says("Approved"));
    assert_eq!(send(&mut boss, &ada.text(Kind::Rep), "approve").await.status, StatusCode::FORBIDDEN, "another line");
    let own = send(&mut boss, &sven.text(Kind::Rep), "approve").await;
    assert!(own.status == StatusCode::FORBIDDEN && own.says("own statement"), "{}", own.body);
    // The rewards file tells, and the release waits for the rest.
    let calculation = format!("/calculations/{}", company.february.text(Kind::Calculation));
    let file = operator.get(&format!("{calculation}/rewards.csv")).await;
    let line = file.body.lines().find(|line| line.contains("Mara Quill")).expect("Mara").to_owned();
    assert!(line.contains("Credits released,Mara Quill,,Not required,Approved,"), "{line}");
    assert!(file.body.lines().any(|line| line.contains("Ada Reyes,,Not required,Pending,")), "{}", file.body);
    operator.get(&format!("{calculation}/release")).await;
    let refused = operator.post(&format!("{calculation}/release"), &[("confirm", "yes"), ("acknowledged", "yes")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.says("not approved"), "{}", refused.body);
    operator.get("/approvals").await;
    send(&mut operator, "", "approve_all").await;
    operator.get(&format!("{calculation}/release")).await;
    let done = operator.post(&format!("{calculation}/release"), &[("confirm", "yes"), ("acknowledged", "yes")]).await;
    assert!(done.location().ends_with("/released"), "{}", done.body);
    let late = send(&mut boss, &mara, "withdraw").await;
    assert!(late.says("no longer change"), "{}", late.body);
}

#[tokio::test]
async fn com_051_roles_change_at_once_and_one_full_administrator_stays() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let mut limited = site.person(Role::Limited, None).await;
    let page = operator.get("/users").await;
    assert!(page.says("Limited administrator") && page.says("you"), "{}", page.body);
    let ids: Vec<String> = page.body.match_indices("/users/usr_").map(|(at, _)| page.body[at + 7..at + 24].to_owned()).collect();
    let own = page.body.split("role-").nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned();
    let other = ids.iter().find(|id| **id != own).expect("the other").clone();
    let refused = operator.post(&format!("/users/{own}/role"), &[("role", "limited")]).await;
    assert!(refused.says("only full administrator"), "{}", refused.body);
    assert_eq!(limited.get("/keys").await.status, StatusCode::FORBIDDEN);
    operator.get("/users").await;
    operator.post(&format!("/users/{other}/role"), &[("role", "admin")]).await;
    assert_eq!(limited.get("/keys").await.status, StatusCode::OK);
    operator.post(&format!("/users/{other}/role"), &[("role", "payee")]).await;
    assert_eq!(limited.get("/keys").await.status, StatusCode::OK, "an administrator has no rep");
    operator.get("/users").await;
    operator.post(&format!("/users/{other}/remove"), &[("confirm", "yes")]).await;
    assert_eq!(limited.get("/people").await.location(), "/login?next=%2Fpeople");
    assert!(operator.get("/audit").await.says("limited"));
    let invited = operator.get("/users").await;
    assert!(!invited.says("limited@halden.example"), "{}", invited.body);
    let _ = company;
}
