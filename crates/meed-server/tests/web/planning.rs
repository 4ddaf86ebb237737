//! Projections, enrollment, figures from a sheet, versions from a day on, and calculating again from a chosen period.

use axum::http::StatusCode;
use meed_core::id::Kind;

use crate::support::company::company;
use crate::support::site;

#[tokio::test]
async fn com_057_a_projection_is_made_and_repeats_with_its_key() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let path = format!("/programs/{}/projection", company.program.text(Kind::Program));
    assert!(operator.get(&path).await.says("No projection was made"));
    let first = operator.post(&path, &[("period", "2026-03"), ("from", "2026-03-16")]).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    for text in ["if it goes on like this", "Mara Quill", "So far", "Projected", "Made before"] {
        assert!(first.says(text), "{text}\n{}", first.body);
    }
    let key = first.between("key <code>", "</code>").to_owned();
    let again = operator.post(&path, &[("period", "2026-03"), ("from", "2026-03-16"), ("key", &key)]).await;
    let table = |answer: &crate::support::Answer| answer.between("id=\"h-payees\"", "</section>").to_owned();
    assert_eq!(table(&first), table(&again));
    for (fields, error) in [
        (vec![("period", "2026-03"), ("from", "2026-05-01")], "from-error"),
        (vec![("period", "2026-03"), ("from", "2026-03-16"), ("key", "no!")], "key-error"),
        (vec![("period", "2026-03"), ("from", "2026-03-02")], "Too few"),
    ] {
        let refused = operator.post(&path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.says(error) || refused.body.to_lowercase().contains(&error.to_lowercase()), "{error}\n{}", refused.body);
    }
}

#[tokio::test]
async fn reps_are_enrolled_and_an_enrollment_ends() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let path = format!("/programs/{}/enrollment", company.program.text(Kind::Program));
    assert!(operator.get(&path).await.says("takes everybody"));
    let rep = company.rep.text(Kind::Rep);
    let refused = operator.post(&path, &[("day", "2026-03-01"), ("action", "enroll")]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.says("rep-error"), "{}", refused.body);
    let refused = operator.post(&path, &[("rep", &rep), ("day", "soon"), ("action", "enroll")]).await;
    assert!(refused.says("day-error"), "{}", refused.body);
    operator.post(&path, &[("rep", &rep), ("day", "2026-03-01"), ("action", "enroll")]).await;
    let page = operator.get(&path).await;
    assert!(page.says("Enrolled") && page.says("from 1 Mar 2026"), "{}", page.body);
    operator.post(&path, &[("rep", &rep), ("day", "2026-06-01"), ("action", "end")]).await;
    assert!(operator.get(&path).await.says("from 1 Mar 2026 until 31 May 2026"));
}

#[tokio::test]
async fn figures_from_a_sheet_are_looked_at_and_then_written() {
    let site = site().await;
    let _ = company(&site).await;
    let mut operator = site.operator().await;
    assert!(operator.get("/people").await.says("/people/variables"));
    operator.get("/people/variables").await;
    let sheet = "who,name,value,from\nMara Quill,quota,50000,2026-04-01\nNorth,quota,200000,\nNobody,quota,1,\n";
    let seen = operator.post_sheet("/people/variables", &[("action", "preview")], sheet).await;
    for text in ["What would happen", "who_unknown", "Write 2 figures"] {
        assert!(seen.says(text), "{text}\n{}", seen.body);
    }
    assert!(!operator.get("/audit").await.says("rep.saved") || !operator.get("/people").await.says("quota"));
    let kept = seen.between("name=\"kept\" value=\"", "\"").to_owned();
    let done = operator.post_sheet("/people/variables", &[("action", "apply"), ("kept", &kept)], "").await;
    assert_eq!(done.location(), "/people", "{}", done.body);
    assert!(operator.get("/people").await.says("2 figures are written"));
    let again = operator.post_sheet("/people/variables", &[("action", "preview"), ("pasted", sheet)], "").await;
    assert!(again.says("Known already") && !again.says("Write "), "{}", again.body);
    let refused = operator.post_sheet("/people/variables", &[("action", "preview")], "").await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.says("file-error"), "{}", refused.body);
}

#[tokio::test]
async fn a_period_is_calculated_again_from_an_earlier_one_and_changed_commissions_may_be_forgotten() {
    let site = site().await;
    let company = company(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let explained = meed_app::calculations::statement(app, ctx, company.program, "2026-02", company.rep).await.expect("explained");
    let sale = explained.expect("a statement").credits[0].sale;
    let new = meed_app::adjustments::NewAdjustment {
        program: company.program,
        period: "2026-02".into(),
        rep: company.rep,
        kind: "adjustment".into(),
        amount: Some(meed_core::money::Exact::from(5)),
        label: "Agreed".into(),
        sale: Some(sale),
        ..Default::default()
    };
    meed_app::adjustments::add(app, ctx, &new).await.expect("an adjustment");
    let mut operator = site.operator().await;
    let newest = meed_app::calculations::latest(app, ctx).await.expect("calculations");
    let february = newest.iter().find(|c| c.document.period == "2026-02").expect("February").id;
    let page = operator.get(&format!("/calculations/{}", february.text(Kind::Calculation))).await;
    for text in ["Calculate again from", "Forget 1 changed commission", "By team", "South and Alpine countries", "value=\"2026-01\""] {
        assert!(page.says(text), "{text}\n{}", page.body);
    }
    let before = meed_app::calculations::list(app, ctx, None, 50).await.expect("calculations").len();
    let path = format!("/calculations/{}/recalculate", february.text(Kind::Calculation));
    let done = operator.post(&path, &[("from", "2026-01"), ("forget", "yes")]).await;
    let after = operator.get(done.location()).await;
    assert!(!after.says("Forget 1"), "{}", after.body);
    let all = meed_app::calculations::list(app, ctx, None, 50).await.expect("calculations");
    let made: Vec<&str> = all[..all.len() - before].iter().map(|c| c.document.period.as_str()).collect();
    assert_eq!(made, ["2026-02", "2026-01", "2026-02"], "after the adjustment went, then January and February, newest first");
    let refused = operator.post(&path, &[("from", "2026-03")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
}

#[tokio::test]
async fn com_048_a_version_rules_from_the_day_that_the_editor_names() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let program = format!("/programs/{}", company.program.text(Kind::Program));
    let text = meed_app::programs::versions(&site.app, &site.ctx(), company.program).await.expect("versions")[0].document.text.clone();
    let changed = text.replace("5.5%", "6%").replace("2387.50", "2462.50");
    assert!(operator.get(&format!("{program}/edit")).await.says("Rules from"));
    let refused = operator.post(&program, &[("document", &changed), ("rules_from", "soon"), ("action", "save")]).await;
    assert!(refused.says("rules_from-error"), "{}", refused.body);
    let saved = operator.post(&program, &[("document", &changed), ("rules_from", "2026-02-15"), ("action", "save")]).await;
    assert_eq!(saved.location(), program, "{}", saved.body);
    assert!(operator.get(&program).await.says("applies from 15 Feb 2026"));

    // What was sold before that day is explained by the tiers that ruled then, and each period names the versions that do.
    let rep = company.rep.text(Kind::Rep);
    let january = operator.get(&format!("/statements/{rep}/2026-01")).await;
    assert!(january.says("v1 ") && !january.says("v2 ·"), "{}", january.body);
    meed_app::calculations::calculate(&site.app, &site.ctx(), company.program, "2026-01").await.expect("calculated again");
    let history = operator.get(&program).await;
    assert!(history.says("frozen in") && history.says("not calculated with"), "{}", history.body);
    let old = history.body.split("<tr").find(|row| row.contains("?version=1")).expect("the row of version 1");
    assert!(old.contains("frozen in"), "version 1 ruled January: {old}");
    let february = operator.get(&format!("/statements/{rep}/2026-02")).await;
    assert!(february.says("v1, v2"), "{}", february.body);
    let credits: Vec<&str> = february.body.split("<details").skip(1).filter(|credit| credit.contains("/sales/sale_")).collect();
    let (first, last) = (credits.first().expect("a credit"), credits.last().expect("a credit"));
    assert!(first.contains("5.5%") && !first.contains(">6%"), "{first}");
    assert!(last.contains(">6%") && !last.contains("5.5%"), "{last}");
    let sale = first.split("/sales/").nth(1).and_then(|rest| rest.split('"').next()).expect("a sale");
    let sale = operator.get(&format!("/sales/{sale}")).await;
    assert!(sale.says("5.5%") && sale.says("v1") && !sale.body.contains(">6%"), "{}", sale.body);
}
