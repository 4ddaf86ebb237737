//! Adjustments and clawbacks on the pages.

use axum::http::StatusCode;
use meed_app::releases;
use meed_core::id::Kind;

use crate::support::company::company;
use crate::support::site;

#[tokio::test]
async fn com_055_an_adjustment_is_made_on_a_credit_shown_on_the_statement_and_removed() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let list = operator.get("/adjustments").await;
    assert!(list.says("Trade fair in Hanover") && list.says("/adjustments/clawback"), "{}", list.body);
    // From a credit of the statement to the form, which knows what the sale earns.
    let statement = format!("/statements/{}/2026-02", company.rep.text(Kind::Rep));
    let page = operator.get(&statement).await;
    let link = format!("/adjustments/new{}", page.between("<a href=\"/adjustments/new", "\">Change its commission")).replace("&#38;", "&");
    let link = link.replace("&amp;", "&");
    let form = operator.get(&link).await;
    assert!(form.says("Earns by this sale now") && form.says("Mara Quill"), "{}", form.body);
    let sale = form.between("id=\"sale\" name=\"sale\" value=\"", "\"").to_owned();
    let (payee, program) = (company.rep.text(Kind::Rep), company.program.text(Kind::Program));
    let (once, back) = (form.between("name=\"once\" value=\"", "\"").to_owned(), statement.clone());
    assert!(form.says(&format!("name=\"back\" value=\"{statement}\"")), "{}", form.body);
    let fields = |label: &'static str, amount: &'static str| {
        vec![
            ("once", once.clone()),
            ("back", back.clone()),
            ("payee", payee.clone()),
            ("program", program.clone()),
            ("period", "2026-02".to_owned()),
            ("kind", "adjustment".to_owned()),
            ("label", label.to_owned()),
            ("sale", sale.clone()),
            ("amount", amount.to_owned()),
        ]
    };
    let send = async |visitor: &mut crate::support::Visitor, fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.post("/adjustments", &fields).await
    };
    for (label, amount, error) in
        [("", "-40.00", "label-error"), ("x", "1,5", "amount-error"), ("x", "", "amount-error"), ("x", "0", "amount-error")]
    {
        let refused = send(&mut operator, fields(label, amount)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{label} {amount}");
        assert!(refused.says(error), "{error}\n{}", refused.body);
    }
    let done = send(&mut operator, fields("Agreed discount", "-40.00")).await;
    assert_eq!(done.location(), statement, "{}", done.body);
    // Sent twice, it is made once.
    assert_eq!(send(&mut operator, fields("Agreed discount", "-40.00")).await.location(), statement);
    let page = operator.get(&statement).await;
    assert!(page.says("Agreed discount") && page.says("-40.00"), "{}", page.body);
    let list = operator.get("/adjustments").await;
    assert_eq!(list.body.matches("Agreed discount</td>").count() + list.body.matches(">Agreed discount<span").count(), 1, "{}", list.body);
    assert!(list.says("Counts") && list.says("Adjustment"), "{}", list.body);
    let none = operator.get("/adjustments?q=nobody+like+that").await;
    assert!(none.says("No adjustment matches"), "{}", none.body);
    let own = operator.get("/adjustments?q=agreed").await;
    let remove = format!("/adjustments/adj_{}", own.between("/adjustments/adj_", "\""));
    let asked = operator.get(&remove).await;
    assert!(asked.says("Remove this adjustment?") && asked.says("Agreed discount"), "{}", asked.body);
    operator.post(&remove, &[("confirm", "yes")]).await;
    assert!(!operator.get(&statement).await.says("<th scope=\"row\">Agreed discount"));
}

#[tokio::test]
async fn com_055_a_sheet_is_looked_at_with_its_errors_and_then_made_once() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    operator.get("/adjustments/sheet").await;
    let program = company.program.text(Kind::Program);
    let sheet = "who,kind,amount,label\nMara Quill,bonus,250.00,Trade fair\nNobody,bonus,1.00,x\n";
    let fields = |action: &'static str| [("once", "form-1"), ("program", program.as_str()), ("period", "2026-02"), ("action", action)];
    let seen = operator.post_sheet("/adjustments/sheet", &fields("preview"), sheet).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    for text in ["What would happen", "Trade fair", "250.00", "Rows that cannot be used", "is nobody who is paid", "Make the entry"] {
        assert!(seen.says(text), "{text}\n{}", seen.body);
    }
    assert!(!operator.get("/adjustments").await.says("Trade fair<"), "looking writes nothing");
    // The file is kept; only its name goes back.
    let kept = seen.between("name=\"kept\" value=\"", "\"").to_owned();
    let mut again = fields("apply").to_vec();
    again.push(("kept", &kept));
    for _ in 0..2 {
        let done = operator.post_sheet("/adjustments/sheet", &again, "").await;
        assert_eq!(done.location(), "/adjustments", "{}", done.body);
    }
    let list = operator.get("/adjustments").await;
    assert_eq!(list.body.matches("Trade fair<span").count(), 1, "{}", list.body);
    for (sheet, text) in [("", "Choose a sheet"), ("a,b\n1,2\n", "there is no column for")] {
        let refused = operator.post_sheet("/adjustments/sheet", &fields("preview"), sheet).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.says(text), "{text}\n{}", refused.body);
    }
}

#[tokio::test]
async fn com_044_sales_are_clawed_back_from_a_pasted_list_and_the_payee_sees_which() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let program = company.program.text(Kind::Program);
    // A sale of January, which is released; taken back in February.
    let january = format!("/statements/{}/2026-01", company.rep.text(Kind::Rep));
    let before = operator.get(&january).await;
    let sale = format!("23-12345-{}", before.between(">23-12345-", " ·"));
    operator.get("/adjustments/clawback").await;
    let fields = |action: &'static str, how: &'static str| {
        vec![
            ("once", "form-2".to_owned()),
            ("program", program.clone()),
            ("period", "2026-02".to_owned()),
            ("how", how.to_owned()),
            ("label", "Cancelled".to_owned()),
            ("pasted", format!("{sale}\n23-0")),
            ("action", action.to_owned()),
        ]
    };
    let send = async |visitor: &mut crate::support::Visitor, fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.post_sheet("/adjustments/clawback", &fields, "").await
    };
    let refused = send(&mut operator, fields("preview", "share")).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.says("share-error"), "{}", refused.body);
    let refused = send(&mut operator, fields("preview", "term")).await;
    assert!(refused.says("months-error"), "{}", refused.body);
    let seen = send(&mut operator, fields("preview", "full")).await;
    for text in ["What would happen", "Mara Quill", "in January 2026", "there is no sale “23-0”", "sale_unknown"] {
        assert!(seen.says(text) || seen.body.to_lowercase().contains(text), "{text}\n{}", seen.body);
    }
    let done = send(&mut operator, fields("apply", "full")).await;
    assert_eq!(done.location(), "/adjustments", "{}", done.body);
    let list = operator.get("/adjustments").await;
    assert!(list.says("Clawback") && list.says(&sale) && list.says("in January 2026"), "{}", list.body);
    // The sale's own page says so, too.
    let page = operator.get(&format!("/sales/{}", list.between("href=\"/sales/", "\""))).await;
    let taken = page.between("Changed or taken back by hand", "</table>");
    for text in ["Mara Quill", "Cancelled", "in January 2026", "February 2026", "-"] {
        assert!(taken.contains(text), "{text}\n{taken}");
    }
    // The released statement stays; February takes it back and names the sale, for the payee too.
    assert_eq!(operator.get(&january).await.between("statement-total", "</p>"), before.between("statement-total", "</p>"));
    releases::release_credits(&site.app, &site.ctx(), company.program, "2026-02").await.expect("credits released");
    let mut mara = site.person(meed_app::Role::Payee, Some(company.rep)).await;
    let february = mara.get(&format!("/statements/{}/2026-02", company.rep.text(Kind::Rep))).await;
    let step = february.between("<th scope=\"row\">Cancelled</th>", "</tr>");
    assert!(step.contains(&sale) && !step.contains("href"), "{step}");
    assert_eq!(mara.get("/adjustments").await.status, StatusCode::FORBIDDEN);
}
