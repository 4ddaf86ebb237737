//! Enquiries from the statement to the change that put it right, announcements, and the leaderboard.

use axum::http::StatusCode;
use meed_app::documents::RepDocument;
use meed_app::{Role, people, releases};
use meed_core::id::Kind;

use crate::support::company::company;
use crate::support::site;

#[tokio::test]
async fn com_056_an_enquiry_goes_from_the_statement_to_the_change_that_fixed_it() {
    let site = site().await;
    let company = company(&site).await;
    let mut mara = site.person(Role::Payee, Some(company.rep)).await;
    let rep = company.rep.text(Kind::Rep);
    let statement = mara.get(&format!("/statements/{rep}/2026-01")).await;
    let ask = statement.between("class=\"button\" href=\"/enquiries/new", "\"").replace("&#38;", "&").replace("&amp;", "&");
    let form = mara.get(&format!("/enquiries/new{ask}")).await;
    assert!(form.says("<option value=\"2026-01\" selected>") && !form.says("Tunde"), "{}", form.body);
    let wrong = mara.post("/enquiries", &[("subject", "Missing order"), ("text", "")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.says("text-error") && wrong.says("Missing order"), "{}", wrong.body);
    // Order 13017 names somebody whom nobody knows.
    let fields = [("subject", "Missing order"), ("text", "I sold it on the 18th."), ("reference", "23-12345-13017"), ("period", "2026-01")];
    let sent = mara.post("/enquiries", &fields).await;
    let place = sent.location().to_owned();
    assert!(place.starts_with("/enquiries/enq_"), "{}", sent.body);
    let own = mara.get(&place).await;
    assert!(own.says("I sold it on the 18th.") && !own.says("Sales that may be meant"), "{}", own.body);
    // The operator sees the sale and what is the matter with it.
    let mut operator = site.operator().await;
    assert!(operator.get("/enquiries").await.says("Missing order"));
    let page = operator.get(&place).await;
    for text in ["Sales that may be meant", "23-12345-13017", "“Unbekannt”, which is nobody’s alias", "does not credit it"] {
        let plain = page.body.replace("&#39;", "’");
        assert!(plain.contains(text), "{text}\n{}", page.body);
    }
    let refused = operator.post(&place, &[("text", "x"), ("status", "resolved"), ("fix", "the alias")]).await;
    assert!(refused.says("fix-error"), "{}", refused.body);
    let (app, ctx) = (&site.app, &site.ctx());
    let mut document: RepDocument = people::rep(app, ctx, company.rep).await.expect("Mara").document;
    document.aliases.push("Unbekannt".into());
    people::put_rep(app, ctx, Some(company.rep), &document).await.expect("saved");
    operator.post(&place, &[("text", "Your alias was missing."), ("status", "resolved"), ("fix", &rep)]).await;
    let done = operator.get(&place).await;
    assert!(done.says("Resolved") && done.says(&format!("href=\"/reps/{rep}\"")), "{}", done.body);
    assert!(done.says("names the payee as"), "{}", done.body);
    let told = mara.get(&place).await;
    assert!(told.says("Put right") && told.says("Your alias was missing.") && !told.says("href=\"/reps/"), "{}", told.body);
    // A word of the payee opens it again.
    mara.post(&place, &[("text", "Thank you, and the one after it?")]).await;
    assert!(operator.get("/enquiries").await.says("Open"));
    // Somebody else's enquiry does not exist.
    let config = app.configuration(site.workspace).await.expect("the configuration");
    let ada = config.directory.reps().iter().find(|rep| rep.name == "Ada Reyes").expect("Ada").id;
    let mut stranger = site.person(Role::Payee, Some(ada)).await;
    assert_eq!(stranger.get(&place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.post(&place, &[("text", "me too")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.post("/enquiries", &[("subject", "a"), ("text", "b"), ("payee", &rep)]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn announcements_are_told_by_tag_and_while_they_hold() {
    let site = site().await;
    let company = company(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let mut document: RepDocument = people::rep(app, ctx, company.rep).await.expect("Mara").document;
    document.tags = vec!["Field".into()];
    people::put_rep(app, ctx, Some(company.rep), &document).await.expect("saved");
    let mut operator = site.operator().await;
    operator.get("/announcements").await;
    let wrong = operator.post("/announcements", &[("title", "Contest"), ("from", "2026-04-10"), ("until", "2026-04-01")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.says("until-error"), "{}", wrong.body);
    for (title, tags, from, until) in [
        ("Contest for the field", "field", "2026-04-01", "2026-04-30"),
        ("For the office", "office", "", ""),
        ("Long over", "", "", "2026-03-31"),
        ("Not yet", "", "2026-04-02", ""),
        ("For everybody", "", "", ""),
    ] {
        let fields = [("title", title), ("text", "Read this."), ("tags", tags), ("from", from), ("until", until)];
        assert_eq!(operator.post("/announcements", &fields).await.location(), "/announcements", "{title}");
    }
    let list = operator.get("/announcements").await;
    assert!(list.says("Shown now") && list.says("Over") && list.says("Later"), "{}", list.body);
    let mut mara = site.person(Role::Payee, Some(company.rep)).await;
    let home = mara.get("/statements").await;
    for (title, is_told) in
        [("Contest for the field", true), ("For the office", false), ("Long over", false), ("Not yet", false), ("For everybody", true)]
    {
        assert_eq!(home.says(title), is_told, "{title}\n{}", home.body);
    }
    let id = list.between("action=\"/announcements/ann_", "/remove").to_owned();
    operator.post(&format!("/announcements/ann_{id}/remove"), &[]).await;
    assert!(!mara.get("/statements").await.says("For everybody"));
}

#[tokio::test]
async fn the_leaderboard_opens_where_the_workspace_wants_it_and_shows_no_money() {
    let site = site().await;
    let company = company(&site).await;
    let mut mara = site.person(Role::Payee, Some(company.rep)).await;
    let off = mara.get("/leaderboard").await;
    assert!(off.status == StatusCode::NOT_FOUND && !mara.get("/statements").await.says("/leaderboard"), "{}", off.body);
    let mut operator = site.operator().await;
    assert!(operator.get("/leaderboard").await.says("February 2026"));
    operator.get("/settings").await;
    operator.post("/settings", &[("visible_from", "credits"), ("details", "yes"), ("leaderboard", "yes")]).await;
    let on = mara.get("/leaderboard").await;
    assert!(on.says("January 2026") && !on.says("February 2026"), "credits of February are not released\n{}", on.body);
    assert!(on.says("Tunde Okafor") && on.says("class=\"self\"") && !on.says("EUR"), "{}", on.body);
    releases::release_credits(&site.app, &site.ctx(), company.program, "2026-02").await.expect("credits released");
    assert!(mara.get("/leaderboard").await.says("February 2026"));
    // Their own credits as a file, unless the workspace keeps it.
    let file = format!("/statements/{}/2026-01/credits.csv", company.rep.text(Kind::Rep));
    assert_eq!(mara.get(&file).await.status, StatusCode::NOT_FOUND, "export was not ticked");
    operator.get("/settings").await;
    operator.post("/settings", &[("visible_from", "credits"), ("details", "yes"), ("export", "yes")]).await;
    let taken = mara.get(&file).await;
    assert!(taken.says("Plan,Period,Date,Sale,Rule,Credited,Rate,Credit,Currency\r\n") && taken.says("field-revenue"), "{}", taken.body);
    operator.get("/settings").await;
    let words = [("visible_from", "credits"), ("statement_word", "Pay slips"), ("attainment_word", "Progress")];
    operator.post("/settings", &words).await;
    assert!(mara.get("/statements").await.says("<h1>Pay slips</h1>"));
    let bare = mara.get(&format!("/statements/{}/2026-01", company.rep.text(Kind::Rep))).await;
    assert!(!bare.says("class=\"credit\"") && !bare.says("credits.csv") && bare.says("Total January 2026"), "{}", bare.body);
    assert!(bare.says("<dt>Progress</dt>") && bare.says(">Pay slips</a>"), "{}", bare.body);
}
