//! Coming in, staying in, and what is refused at the door.

use axum::http::StatusCode;

use crate::support::{EMAIL, PASSWORD, Visitor, site};

async fn sign_in(visitor: &mut Visitor, password: &str) -> crate::support::Answer {
    visitor.get("/login").await;
    visitor.post("/login", &[("email", EMAIL), ("password", password), ("next", "/imports")]).await
}

#[tokio::test]
async fn visitors_without_a_session_are_sent_to_the_door_and_back() {
    let site = site().await;
    let mut visitor = site.visitor();
    let sent = visitor.get("/imports?before=imp_1&x=%26").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(sent.location(), "/login?next=%2Fimports%3Fbefore%3Dimp_1%26x%3D%2526");
    let form = visitor.get(sent.location()).await;
    assert!(form.says("name=\"next\" value=\"/imports?before=imp_1&#38;x=%26\""), "{}", form.body);
    // A form that would change something is not sent again after the sign-in.
    assert_eq!(visitor.post("/calculations", &[]).await.location(), "/login");
    for header in ["content-security-policy", "referrer-policy", "x-content-type-options", "x-frame-options", "x-request-id"] {
        assert!(!form.header(header).is_empty(), "{header}");
    }
    assert_eq!(form.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_one_time_link_works_once() {
    let site = site().await;
    let link = site.link().await;
    let mut visitor = site.visitor();
    assert!(visitor.get(&link).await.says(EMAIL));
    let weak = [("name", "Ines"), ("password", "abc"), ("password_again", "abc")];
    let refused = visitor.post(&link, &weak).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.says("at least 8 characters"));
    let differ = [("name", "Ines"), ("password", PASSWORD), ("password_again", "Aurora-2027")];
    assert!(visitor.post(&link, &differ).await.says("not the same password"));
    let good = [("name", "Ines"), ("password", PASSWORD), ("password_again", PASSWORD)];
    assert_eq!(visitor.post(&link, &good).await.location(), "/");
    assert_eq!(visitor.get("/").await.status, StatusCode::OK);
    let mut other = site.visitor();
    let again = other.get(&link).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.says("This link no longer works"));
    other.get("/login").await;
    assert_eq!(other.post(&link, &good).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_one_time_link_ends_after_half_an_hour() {
    let site = site().await;
    let link = site.link().await;
    site.pass(31 * 60);
    assert_eq!(site.visitor().get(&link).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn five_wrong_passwords_lock_for_fifteen_minutes() {
    let site = site().await;
    site.operator().await;
    let mut visitor = site.visitor();
    for _ in 0..5 {
        let refused = sign_in(&mut visitor, "Wrong-2026").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(refused.says("E-mail or password is wrong"));
    }
    let locked = sign_in(&mut visitor, PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(locked.says("Try again in 15 minutes"));
    site.pass(15 * 60 + 1);
    let entered = sign_in(&mut visitor, PASSWORD).await;
    assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/imports"));
}

#[tokio::test]
async fn a_session_ends_by_the_clock_and_by_signing_out() {
    let site = site().await;
    let mut operator = site.operator().await;
    let mut other = operator.clone();
    site.pass(13 * 24 * 3600);
    assert_eq!(operator.get("/").await.status, StatusCode::OK);
    site.pass(24 * 3600 + 1);
    let sent = operator.get("/imports").await;
    assert_eq!(sent.location(), "/login?next=%2Fimports");
    assert!(operator.get(sent.location()).await.says("Your session has ended"));
    sign_in(&mut other, PASSWORD).await;
    other.get("/").await;
    let kept = other.cookies.clone();
    assert_eq!(other.post("/logout", &[]).await.location(), "/login");
    // The cookie of a session that was ended opens nothing any more.
    other.cookies = kept;
    assert_eq!(other.get("/").await.location(), "/login");
}

#[tokio::test]
async fn forms_without_the_right_token_are_refused_everywhere() {
    let site = site().await;
    let mut operator = site.operator().await;
    let id = "imp_0000000000001";
    let calc = "calc_0000000000001";
    let paths = [
        "/logout".to_owned(),
        "/preferences/theme".to_owned(),
        "/preferences/side".to_owned(),
        format!("/imports/{id}/mapping"),
        format!("/imports/{id}/run"),
        format!("/imports/{id}/discard"),
        "/calculations".to_owned(),
        format!("/calculations/{calc}/recalculate"),
        format!("/calculations/{calc}/release"),
        format!("/calculations/{calc}/pay"),
        format!("/calculations/{calc}/withdraw"),
        format!("/calculations/{calc}/reverse"),
        format!("/calculations/{calc}/delete"),
        "/approvals".to_owned(),
        "/users".to_owned(),
        "/users/usr_0000000000001/role".to_owned(),
        "/users/usr_0000000000001/link".to_owned(),
        "/users/usr_0000000000001/remove".to_owned(),
        "/settings".to_owned(),
        "/enquiries".to_owned(),
        "/enquiries/enq_0000000000001".to_owned(),
        "/announcements".to_owned(),
        "/announcements/ann_0000000000001".to_owned(),
        "/announcements/ann_0000000000001/remove".to_owned(),
        "/programs/prog_0000000000001/what-if".to_owned(),
        "/reps".to_owned(),
        "/reps/rep_0000000000001".to_owned(),
        "/reps/rep_0000000000001/invite".to_owned(),
        "/teams".to_owned(),
        "/teams/team_0000000000001".to_owned(),
        "/programs".to_owned(),
        "/programs/prog_0000000000001".to_owned(),
        "/keys".to_owned(),
        "/keys/key_0000000000001/revoke".to_owned(),
        "/sources".to_owned(),
        "/sources/src_0000000000001".to_owned(),
        "/sources/src_0000000000001/forget".to_owned(),
    ];
    for path in &paths {
        for body in ["", "csrf=", "csrf=0000000000000000000000000000000a"] {
            let refused = operator.post_raw(path, body).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} with `{body}`");
            assert!(refused.says("csrf_mismatch"), "{path}");
        }
    }
    // The upload compares the token before it keeps a byte.
    let refused = operator.upload_parts(&[("source", "new"), ("source_name", "Shop")], "a.csv", b"a,b\n1,2\n").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!site.app.files().exists());
    // Somebody else's token is no better than none.
    let mut guest = site.visitor();
    guest.get("/login").await;
    let foreign = guest.csrf.clone();
    assert_eq!(operator.post_raw("/logout", &format!("csrf={foreign}")).await.status, StatusCode::FORBIDDEN);
    let mut stranger = site.visitor();
    stranger.get("/login").await;
    let body = format!("csrf={foreign}&email={EMAIL}&password={PASSWORD}");
    assert_eq!(stranger.post_raw("/login", &body).await.status, StatusCode::FORBIDDEN, "signing in for somebody else");
}

#[tokio::test]
async fn colours_and_side_are_remembered_and_sides_hold_separate_data() {
    let site = site().await;
    let mut operator = site.operator().await;
    let chosen = operator.post("/preferences/theme", &[("theme", "dark"), ("back", "/imports")]).await;
    assert_eq!(chosen.location(), "/imports");
    assert!(operator.get("/imports").await.says("data-theme=\"dark\""));
    assert_eq!(operator.post("/preferences/theme", &[("theme", "dark"), ("back", "//evil.example")]).await.location(), "/");
    let uploaded = operator.upload("new", "Shop", "orders.csv", b"Order,Date,Rep,Amount\n1,2026-03-01,Ana,5.00\n").await;
    assert_eq!(uploaded.status, StatusCode::SEE_OTHER, "{}", uploaded.body);
    operator.post("/preferences/side", &[("side", "sandbox"), ("back", "/imports")]).await;
    let sandbox = operator.get("/imports").await;
    assert!(sandbox.says("Sandbox: separate data") && !sandbox.says("orders.csv"));
    // What exists on one side does not exist on the other.
    assert_eq!(operator.get(uploaded.location()).await.status, StatusCode::NOT_FOUND);
    operator.post("/preferences/side", &[("side", "live"), ("back", "/imports")]).await;
    assert!(operator.get("/imports").await.says("orders.csv"));
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_with_a_request_id() {
    let site = site().await;
    let mut operator = site.operator().await;
    let unknown = site.visitor().get("/nowhere").await;
    assert!(unknown.status == StatusCode::NOT_FOUND && unknown.says("Nothing here") && !unknown.says("Sign out"));
    assert!(!unknown.header("content-security-policy").is_empty());
    assert!(operator.get("/nowhere").await.says("Sign out"));
    for path in ["/imports/imp_0000000000001", "/imports/nonsense", "/calculations/calc_zzzzzzzzzzzzz"] {
        let missing = operator.get(path).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        assert!(missing.says("Nothing here") && missing.says(missing.header("x-request-id")), "{path}");
    }
    for path in ["/merchants", "/schemes", "/preferences/side"] {
        let form = operator.get(path).await;
        assert_eq!((form.status, form.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "{path}");
        assert!(form.says("has no page of its own") && form.says("Sign out"), "{path}");
    }
}
