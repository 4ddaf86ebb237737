//! People, programs, keys, sources and the audit log over HTTP.

use axum::http::StatusCode;

use crate::pay::{PLAN, january};
use crate::support::site;

#[tokio::test]
async fn reps_and_teams_are_added_changed_and_refused() {
    let site = site().await;
    let mut operator = site.operator().await;
    let refused = operator.post("/reps", &[("name", " "), ("email", "a@b.example")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.says("id=\"name-error\"") && refused.says("value=\"a@b.example\""), "{}", refused.body);
    operator.post("/teams", &[("name", "North"), ("aliases", "DE\nAT\nDE")]).await;
    let people = operator.get("/people").await;
    let north = format!("team_{}", people.between("/teams/team_", "\""));
    let fields = [
        ("name", "Mara Quill"),
        ("email", "mara@halden.example"),
        ("aliases", "MQ\r\n mara.quill \r\n\r\nMQ"),
        ("active", "yes"),
        ("team_0", &north),
        ("member_from_0", "2026-01-01"),
        ("member_until_0", "2026-06-30"),
        ("variables", "quota = 100,000\nquota = 120000 from 2026-04-01"),
        ("tags", "field, senior"),
    ];
    let saved = operator.post("/reps", &fields).await;
    assert_eq!(saved.location(), "/people", "{}", saved.body);
    let people = operator.get("/people").await;
    assert!(people.says("Mara Quill is saved") && people.says("mara.quill"));
    let mara = format!("rep_{}", people.between("/reps/rep_", "\""));
    let form = operator.get(&format!("/reps/{mara}")).await;
    for text in ["MQ\nmara.quill<", "value=\"2026-06-30\"", "quota = 100000\nquota = 120000 from 2026-04-01", "value=\"field, senior\""] {
        assert!(form.says(text), "{text}\n{}", form.body);
    }
    let wrong = operator.post(&format!("/reps/{mara}"), &[("name", "Mara Quill"), ("variables", "quota: many")]).await;
    assert!(wrong.says("id=\"variables-error\""), "{}", wrong.body);
    let own = operator.post(&format!("/reps/{mara}"), &[("name", "Mara Quill"), ("manager", &mara), ("active", "yes")]).await;
    assert!(own.says("id=\"manager-error\""), "{}", own.body);
    let circle = operator.post(&format!("/teams/{north}"), &[("name", "North"), ("parent", &north)]).await;
    assert!(circle.says("id=\"parent-error\""), "{}", circle.body);
    // An alias of two is told on the list and on both forms.
    operator.post("/reps", &[("name", "Max Quast"), ("aliases", "mq"), ("active", "yes")]).await;
    let form = operator.get(&format!("/reps/{mara}")).await;
    assert!(operator.get("/people").await.says("“mq” belongs to") && form.says("“mq” belongs to"), "{}", form.body);
}

#[tokio::test]
async fn a_document_is_checked_with_line_numbers_and_examples_before_it_is_saved() {
    let site = site().await;
    let mut operator = site.operator().await;
    assert!(operator.get("/programs/new").await.says("Sales commission"));
    let checked = operator.post("/programs", &[("document", PLAN), ("action", "check")]).await;
    assert_eq!(checked.status, StatusCode::OK);
    assert!(checked.says("accelerator") && checked.says("Pass") && checked.says("5% up to 2,000"), "{}", checked.body);
    let broken = PLAN.replace("rate = \"7.5%\"", "rate = \"7.5\"");
    let wrong = operator.post("/programs", &[("document", &broken), ("action", "check")]).await;
    assert!(wrong.says("Line 18") && wrong.says("7.5"), "{}", wrong.body);
    let untrue = PLAN.replace("Ana = 175", "Ana = 176");
    let refused = operator.post("/programs", &[("document", &untrue), ("action", "save")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.says("Fail") && refused.says("176"), "{}", refused.body);
    assert!(operator.get("/programs").await.says("No program") || !operator.get("/programs").await.says("Field sales"));
    let crlf = PLAN.replace('\n', "\r\n");
    let saved = operator.post("/programs", &[("document", &crlf), ("note", "first"), ("action", "save")]).await;
    let program = saved.location().to_owned();
    let shown = operator.get(&program).await;
    for text in ["Field sales", "v1", "first", "Tiers of Commission", "2,000.00 a period", "sale.status != &#39;refunded&#39;"] {
        assert!(shown.says(text), "{text}\n{}", shown.body);
    }
    let second = PLAN.replace("7.5%", "8%").replace("Ana = 175", "Ana = 180");
    operator.post(&program, &[("document", &second), ("note", "raised"), ("action", "save")]).await;
    assert!(operator.get(&program).await.says("v2"));
    let old = operator.get(&format!("{program}?version=1")).await;
    assert!(old.says("Replaced") && old.says("7.5%"), "{}", old.body);
    let other = PLAN.replace("name = \"Field sales\"", "name = \"Another\"");
    let refused = operator.post(&program, &[("document", &other), ("action", "save")]).await;
    assert!(refused.says("Keep its name"), "{}", refused.body);
    assert_eq!(operator.get(&format!("{program}?version=9")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn com_066_a_key_is_shown_once_and_stops_when_it_is_revoked() {
    let site = site().await;
    let mut operator = site.operator().await;
    let nothing = operator.post("/keys", &[("label", "ERP")]).await;
    assert!(nothing.says("id=\"scope-error\"") && nothing.says("value=\"ERP\""), "{}", nothing.body);
    let made = operator.post("/keys", &[("label", "ERP"), ("scope", "read"), ("scope", "sales")]).await;
    assert_eq!(made.status, StatusCode::OK);
    let secret = format!("mk_{}", made.between("mk_", "<"));
    assert!(meed_app::access::keys::authenticate(&site.app, &secret).await.is_ok());
    let list = operator.get("/keys").await;
    assert!(list.says("ERP") && !list.says(&secret));
    let key = format!("key_{}", list.between("/keys/key_", "/"));
    assert!(operator.get(&format!("/keys/{key}/revoke")).await.says("Revoke the key"));
    assert_eq!(operator.post(&format!("/keys/{key}/revoke"), &[]).await.status, StatusCode::BAD_REQUEST);
    operator.post(&format!("/keys/{key}/revoke"), &[("confirm", "yes")]).await;
    assert!(operator.get("/keys").await.says("“ERP” is revoked"));
    assert!(meed_app::access::keys::authenticate(&site.app, &secret).await.is_err());
    assert_eq!(operator.get(&format!("/keys/{key}/revoke")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_source_keeps_its_settings_and_the_layouts_it_has_learned() {
    let site = site().await;
    let mut operator = january(&site).await;
    let list = operator.get("/sources").await;
    let source = format!("src_{}", list.between("<a href=\"/sources/src_", "\""));
    let page = operator.get(&format!("/sources/{source}")).await;
    assert!(page.says("Order No, Order Date, Sales Rep and 5 more") && page.says("/app/Api/UploadCsv?config="), "{}", page.body);
    let fields = [("name", "Orders"), ("currency", "eurs"), ("time_zone", "Europe/Berlin"), ("date_order", "ymd")];
    assert!(operator.post(&format!("/sources/{source}"), &fields).await.says("id=\"currency-error\""));
    let fields = [("name", "Orders"), ("currency", "chf"), ("time_zone", "Mars/Base"), ("date_order", "ymd")];
    assert!(operator.post(&format!("/sources/{source}"), &fields).await.says("id=\"time_zone-error\""));
    let fields = [("name", "Orders"), ("currency", "chf"), ("time_zone", "Europe/Zurich"), ("date_order", "dmy")];
    assert_eq!(operator.post(&format!("/sources/{source}"), &fields).await.location(), format!("/sources/{source}"));
    let page = operator.get(&format!("/sources/{source}")).await;
    assert!(page.says("value=\"CHF\"") && page.says("value=\"dmy\" selected"));
    let hash = page.between("name=\"layout\" value=\"", "\"").to_owned();
    operator.post(&format!("/sources/{source}/forget"), &[("layout", &hash)]).await;
    assert!(operator.get(&format!("/sources/{source}")).await.says("None yet"));
    let taken = operator.post("/sources", &[("name", "orders")]).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", taken.location());
}

#[tokio::test]
async fn com_058_the_log_tells_who_did_what_and_can_be_filtered() {
    let site = site().await;
    let mut operator = january(&site).await;
    let log = operator.get("/audit").await;
    for text in ["Ines Albrecht", "saved the rep", "Dana Reyes", "applied the plan", "completed the import of", "orders.csv"] {
        assert!(log.says(text), "{text}\n{}", log.body);
    }
    let reps = operator.get("/audit?what=rep.saved").await;
    assert!(reps.says("Lee Moss") && !reps.says("<strong>Ines Albrecht</strong> applied the plan"));
    assert!(operator.get("/audit?who=key%3Akey_1").await.says("No entry matches"));
}

#[tokio::test]
async fn every_page_of_an_empty_workspace_opens() {
    let site = site().await;
    let mut operator = site.operator().await;
    for path in [
        "/",
        "/imports",
        "/imports/new",
        "/sales",
        "/people",
        "/reps/new",
        "/teams/new",
        "/programs",
        "/programs/new",
        "/calculations",
        "/statements",
        "/exports",
        "/keys",
        "/sources",
        "/sources/new",
        "/audit",
    ] {
        let page = operator.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}\n{}", page.body);
        assert!(page.says("</html>"), "{path}");
    }
}
