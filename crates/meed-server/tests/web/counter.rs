//! Loyalty pages without a browser: reviews of offline sales, wallets by hand, the cashier's till.

use axum::http::StatusCode;
use meed_app::Role;
use meed_app::loyalty::{participants, wallets};
use meed_core::id::Kind;

use crate::support::shop::{came_late, overspent, shop};
use crate::support::site;

#[tokio::test]
async fn what_a_till_did_offline_is_decided_on_its_page() {
    let site = site().await;
    let mut operator = site.operator().await;
    assert!(operator.get("/reviews").await.says("Nothing to decide"));
    let shop = shop(&site).await;
    overspent(&site, &shop).await;
    let overview = operator.get("/").await;
    assert!(overview.says("1 sale waits for a decision") && overview.says("href=\"/reviews\""), "{}", overview.body);
    let page = operator.get("/reviews").await;
    for text in ["Spent more than there was, and came late", "Anna Reed", "R-2000", "To decide", "Hafenstraße"] {
        assert!(page.says(text), "{text}\n{}", page.body);
    }
    let review = format!("/reviews/evt_{}", page.between("/reviews/evt_", "\""));
    let wrong = operator.post(&review, &[("decision", "recovered"), ("note", "")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.says("Say why."), "{}", wrong.body);
    assert!(operator.post(&review, &[("decision", ""), ("note", "x")]).await.says("Say who bears it."));
    let decided = operator.post(&review, &[("decision", "recovered"), ("note", "Phone and card")]).await;
    assert_eq!(decided.location(), "/reviews", "{}", decided.body);
    assert_eq!(operator.post(&review, &[("decision", "recovered"), ("note", "Phone and card")]).await.location(), "/reviews", "sent twice");
    assert!(operator.post(&review, &[("decision", "written_off"), ("note", "x")]).await.says("decided about this already"));
    assert!(operator.get("/reviews").await.says("Nothing to decide"));
    let all = operator.get("/reviews?show=all").await;
    assert!(all.says("Customer owes it") && all.says("Phone and card"), "{}", all.body);
    assert!(!operator.get("/").await.says("waits for a decision"));
    let wallet = wallets::read(&site.app, &site.ctx(), shop.anna, None).await.expect("a wallet").swap_remove(0);
    assert!(wallet.owed > 0, "{wallet:?}");
    let late = [came_late(&site, &shop, "R-2001").await, came_late(&site, &shop, "R-2002").await];
    let page = operator.get("/reviews").await;
    assert!(page.says("2 of these only came late") && page.says("5 days later"), "{}", page.body);
    let late = late.map(|id| id.text(Kind::Event));
    assert!(operator.post("/reviews", &[("late", &late[0]), ("note", "")]).await.says("Say why."));
    let accepted = operator.post("/reviews", &[("late", &late[0]), ("late", &late[1]), ("note", "Snow")]).await;
    assert_eq!(accepted.location(), "/reviews", "{}", accepted.body);
    let page = operator.get("/reviews").await;
    assert!(page.says("2 sales are accepted.") && page.says("Nothing to decide"), "{}", page.body);
}

#[tokio::test]
async fn a_wallet_is_worked_on_by_hand_from_the_page_of_its_owner() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let path = format!("/participants/{}", shop.anna.text(Kind::Participant));
    let balance = async || wallets::read(app, ctx, shop.anna, None).await.expect("a wallet").swap_remove(0).balance;
    let before = balance().await;
    let gift = [("token", "g1"), ("to", "4712"), ("transfer_amount", "1.50"), ("transfer_reason", "A gift")];
    assert!(operator.post(&format!("{path}/transfer"), &[("to", "nobody"), ("transfer_amount", "1")]).await.says("Nobody is known"));
    for _ in 0..2 {
        assert_eq!(operator.post(&format!("{path}/transfer"), &gift).await.location(), path);
    }
    assert_eq!(balance().await, before - 150, "sent twice, given once");
    let too_much = [("token", "g2"), ("to", "4712"), ("transfer_amount", "9999"), ("transfer_reason", "A gift")];
    assert!(operator.post(&format!("{path}/transfer"), &too_much).await.says("9999.00 EUR are needed"));
    let page = operator.get(&path).await;
    let lot = format!("lot_{}", page.between("value=\"lot_", "\""));
    let soon = [("token", "e1"), ("lot", &*lot), ("until", "2001-01-01"), ("extend_reason", "x")];
    assert!(operator.post(&format!("{path}/extend"), &soon).await.says("id=\"until-error\""));
    let later = [("token", "e2"), ("lot", &*lot), ("until", "2099-12-31"), ("extend_reason", "Goodwill")];
    assert_eq!(operator.post(&format!("{path}/extend"), &later).await.location(), path);
    assert!(operator.get(&path).await.says("31 Dec 2099"));
    let limit = [("kind", "debit"), ("per", "day"), ("limit_number", "2"), ("limit_amount", "20")];
    assert_eq!(operator.post(&format!("{path}/limits"), &limit).await.location(), path);
    assert!(operator.get(&path).await.says("2 times, 20.00 EUR a day"));
    operator.post(&format!("{path}/limits"), &[("kind", "debit"), ("per", "day")]).await;
    assert!(!operator.get(&path).await.says("2 times, 20.00 EUR a day"), "taken away again");
    let walked = [("token", "a1"), ("activity", "achievement"), ("reference", "Marathon 2026"), ("class", "marathon")];
    assert_eq!(operator.post(&format!("{path}/activities"), &walked).await.location(), path);
    assert!(operator.get(&path).await.says("Marathon 2026"));
    assert!(operator.post(&format!("{path}/erase"), &[("wallet", "forfeited")]).await.says("say that you are sure"));
    assert!(operator.post(&format!("{path}/erase"), &[("wallet", "empty"), ("sure", "yes")]).await.says("id=\"wallet-error\""));
    assert_eq!(operator.post(&format!("{path}/erase"), &[("wallet", "forfeited"), ("sure", "yes")]).await.location(), path);
    let left = operator.get(&path).await;
    assert!(!left.says("Anna Reed") && !left.says("Erase them"), "{}", left.body);
    let who = meed_app::loyalty::Who::Id(shop.anna);
    assert_eq!(participants::find(app, ctx, &who).await.expect("the books stand").participant.name, "");
}

#[tokio::test]
async fn a_cashier_sells_and_sees_nothing_else() {
    let site = site().await;
    let shop = shop(&site).await;
    let mut cashier = site.person(Role::Cashier, None).await;
    assert_eq!(cashier.get("/").await.location(), "/till");
    let till = cashier.get("/till?code=4711").await;
    assert!(till.says("Anna Reed") && !till.says("/till/settings") && !till.says("href=\"/participants"), "{}", till.body);
    let sold = cashier.post("/till/preview", &[("who", "4711"), ("code", "4711"), ("add", "BREAD"), ("do", "add")]).await;
    assert!(sold.says("Rye bread"), "{}", sold.body);
    let receipt = format!("/till/receipts/{}", shop.purchase.text(Kind::Purchase));
    let seen = cashier.get(&receipt).await;
    assert!(seen.says("R-1009") && !seen.says("href=\"/participants"), "{}", seen.body);
    for path in ["/participants", "/settlement", "/reviews", "/statements", "/till/settings", "/sales", "/users"] {
        let refused = cashier.get(path).await;
        assert!(refused.status == StatusCode::FORBIDDEN && refused.says("till_only"), "{path}: {}", refused.body);
    }
}

#[tokio::test]
async fn what_the_wallet_cannot_pay_is_to_pay_in_money_still() {
    let site = site().await;
    shop(&site).await;
    let mut operator = site.operator().await;
    operator.get("/till?code=4711").await;
    let basket = [("code", "4711"), ("product1", "BREAD"), ("price1", "4.50"), ("paid_by", "cash"), ("do", "look")];
    let asked = |spend: &'static str| basket.into_iter().chain([("spend", spend)]).collect::<Vec<_>>();
    let due = async |operator: &mut crate::support::Visitor, spend: &'static str| {
        let page = operator.post("/till/preview", &asked(spend)).await;
        (page.between("id=\"due\"><data class=\"money\" value=\"", "\"").to_owned(), page)
    };
    let (sum, page) = due(&mut operator, "1").await;
    assert!(sum == "3.50" && !page.says("spend-error"), "{sum}: {}", page.body);
    let (sum, page) = due(&mut operator, "999").await;
    assert!(sum == "4.50" && page.between("id=\"spend-error\">", "<").contains("does not pay that much"), "{sum}: {}", page.body);
    for wrong in ["-5", "a lot"] {
        let (sum, page) = due(&mut operator, wrong).await;
        assert!(sum == "4.50" && page.between("id=\"spend-error\">", "<").contains("such as 12.50"), "{sum}: {}", page.body);
    }
    let sold = operator.post("/till/sell", &asked("999")).await;
    assert_eq!(sold.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sold.body);
}

#[tokio::test]
async fn a_code_of_somebody_else_is_refused_at_its_field() {
    let site = site().await;
    shop(&site).await;
    let mut operator = site.operator().await;
    operator.get("/participants").await;
    for (field, other) in [("card", "phone"), ("phone", "card")] {
        let page = operator.post("/participants", &[("name", "Ben"), (field, "4711"), (other, "0815")]).await;
        let place = format!("id=\"{field}-error\">");
        assert!(page.says(&place) && page.between(&place, "<").contains("Somebody else"), "{field}: {}", page.body);
    }
}

#[tokio::test]
async fn settlement_reaches_back_as_far_as_there_are_purchases() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    let page = operator.get("/settlement").await;
    assert!(page.says("10 purchases") && !page.says("These and all older ones"), "{}", page.body);
    let older = operator.get(&format!("/settlement?before={}", shop.purchase.text(Kind::Purchase))).await;
    assert!(older.says("9 purchases") && older.says("Previous"), "{}", older.body);
    let before = shop.purchase.text(Kind::Purchase);
    let settled = operator.post("/settlement", &[("before", &before), ("do", "page")]).await;
    assert_eq!(settled.location(), "/settlement");
    let page = operator.get("/settlement").await;
    assert!(page.says("9 purchases are settled.") && page.says("for 1 purchase"), "{}", page.body);
}

#[tokio::test]
async fn a_rep_and_a_participant_are_linked_on_a_page_and_their_statement_shows_both() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    operator.post("/reps", &[("name", "Anna Reed"), ("external_id", "4711"), ("active", "yes")]).await;
    assert!(operator.get("/parties").await.says("Nobody has two roles yet"));
    let wrong = operator.post("/parties", &[("rep", "Nobody"), ("participant", "0000"), ("reason", "x")]).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.says("goes by this"), "{}", wrong.body);
    let silent = operator.post("/parties", &[("rep", "anna reed"), ("participant", "4711"), ("reason", "")]).await;
    assert!(silent.says("id=\"reason-error\""), "{}", silent.body);
    let linked = operator.post("/parties", &[("rep", "anna reed"), ("participant", "4711"), ("reason", "Shops here")]).await;
    let party = linked.location().to_owned();
    assert!(party.starts_with("/parties/rep_"), "{}", linked.body);
    let page = operator.get(&party).await;
    for text in ["They are one party now.", "Shops here", "Participant: available", "Owed by them", "All roles"] {
        assert!(page.says(text), "{text}\n{}", page.body);
    }
    let same = operator.get(&format!("/parties/{}", shop.anna.text(Kind::Participant))).await;
    assert!(same.says("Shops here"));
    assert!(operator.get(&format!("{party}?from=2001-01-02&until=2001-01-01")).await.says("lies before the first"));
    assert!(operator.get("/parties").await.says("Shops here"));
    assert_eq!(operator.post(&format!("{party}/unlink"), &[]).await.location(), "/parties");
    assert!(operator.get("/parties").await.says("Nobody has two roles yet"));
    assert_eq!(operator.get("/parties/sale_0000000000001").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_tier_is_set_and_offers_are_evaluated_from_their_pages() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    assert!(!operator.get("/offers").await.says("behind the tills"));
    let text = "kind = \"reward\"\nname = \"Night\"\nscheme = \"club\"\nevaluation = \"batch\"\n[award]\namount = 1\n";
    meed_app::loyalty::offers::apply(app, ctx, text, "").await.expect("an offer");
    assert!(operator.get("/offers").await.says("Next run"));
    assert_eq!(operator.post("/offers/evaluation", &[]).await.location(), "/offers");
    let after = operator.get("/offers").await;
    assert!(after.says("purchases were evaluated.") && after.says("Last run"), "{}", after.body);
    let path = format!("/participants/{}", shop.anna.text(Kind::Participant));
    let document = meed_app::loyalty::records::till_settings(app, ctx).await.expect("settings");
    let gold = meed_app::loyalty::TierDocument { code: "gold".into(), name: "Gold".into(), color: None, threshold: "1000000".into() };
    let document = meed_app::loyalty::TillSettingsDocument { tiers: vec![gold], ..document };
    meed_app::loyalty::records::put_till_settings(app, ctx, document, None).await.expect("settings");
    let refused = operator.post(&format!("{path}/tier"), &[("tier", "gold"), ("tier_reason", "")]).await;
    assert!(refused.says("id=\"tier_reason-error\""), "{}", refused.body);
    let set = [("token", "t1"), ("tier", "gold"), ("tier_until", "2099-12-31"), ("tier_reason", "A friend")];
    assert_eq!(operator.post(&format!("{path}/tier"), &set).await.location(), path);
    let page = operator.get(&path).await;
    for text in ["The tier is set.", "Tier by hand", "gold, at least", "A friend", "none → Gold"] {
        assert!(page.says(text), "{text}\n{}", page.body);
    }
    let settings = operator.post("/till/settings", &[("evaluation_hour", "24")]).await;
    assert!(settings.says("id=\"evaluation_hour-error\""), "{}", settings.body);
    let settings = operator.post("/till/settings", &[("minimum_spend", "5"), ("maximum_spend", "4.99")]).await;
    assert!(settings.says("id=\"maximum_spend-error\"") && settings.says("is below the least"), "{}", settings.body);
}
