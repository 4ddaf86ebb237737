//! The plan editor with its form beside the text, what-if, and two versions beside each other.

use axum::http::StatusCode;
use meed_core::id::Kind;

use crate::support::company::company;
use crate::support::site;

#[tokio::test]
async fn a_figure_is_turned_in_the_form_checked_compared_and_saved() {
    let site = site().await;
    let company = company(&site).await;
    let mut operator = site.operator().await;
    let program = format!("/programs/{}", company.program.text(Kind::Program));
    let form = operator.get(&format!("{program}/edit")).await;
    for text in ["field-revenue", "bands 2 rate", "value=\"5.5%\"", "line 18"] {
        assert!(form.says(text), "{text}\n{}", form.body);
    }
    let document = meed_app::programs::versions(&site.app, &site.ctx(), company.program).await.expect("versions")[0].document.text.clone();
    let index = form.between("bands 2 rate", "name=\"knob_was_").split("name=\"knob_").nth(1).and_then(|rest| rest.split('"').next());
    let index = index.expect("a number").to_owned();
    let (knob, was) = (format!("knob_{index}"), format!("knob_was_{index}"));
    let turned = |value: &'static str, action: &'static str| {
        vec![
            ("document", document.clone()),
            (knob.as_str(), value.to_owned()),
            (was.as_str(), "5.5%".to_owned()),
            ("action", action.to_owned()),
        ]
    };
    let send = async |visitor: &mut crate::support::Visitor, path: String, fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        visitor.post(&path, &fields).await
    };
    // A figure that is none goes back to its field, what was typed with it.
    let wrong = send(&mut operator, program.clone(), turned("lots", "check")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.says(&format!("{knob}-error")) && wrong.says("value=\"lots\""), "{}", wrong.body);
    // The plan's own example fails with the new rate; what-if says what it would cost all the same.
    let checked = send(&mut operator, program.clone(), turned("9%", "check")).await;
    assert!(checked.says("does not come out") || checked.says("do not come out"), "{}", checked.body);
    let mut question = turned("9%", "compare");
    question.extend([("from", "2026-01".to_owned()), ("until", "2026-03".to_owned())]);
    let answer = send(&mut operator, format!("{program}/what-if"), question.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    for text in ["Winners and losers", "Gains", "of what is paid now", "rate = &#34;9%&#34;", "no longer come out"] {
        assert!(answer.says(text), "{text}\n{}", answer.body);
    }
    question.push(("only", company.rep.text(Kind::Rep)));
    let sales = send(&mut operator, format!("{program}/what-if"), question).await;
    assert!(sales.says("Mara Quill, sale by sale") && sales.says("href=\"/sales/sale_"), "{}", sales.body);
    let versions = meed_app::programs::versions(&site.app, &site.ctx(), company.program).await.expect("versions").len();
    assert_eq!(versions, 1, "nothing is saved");
    // With the example brought along it is saved, and compared with what was before.
    let saved = document.replace("5.5%", "9%").replace("2387.50", "2912.50");
    let done = operator.post(&program, &[("document", &saved), ("note", "Raised the second tier"), ("action", "save")]).await;
    assert_eq!(done.location(), program, "{}", done.body);
    let compared = operator.get(&format!("{program}/compare")).await;
    for text in [
        "2 lines came and 2 lines went",
        "<del>  { to = 45000, rate = &#34;5.5%&#34; },</del>",
        "<ins>  { to = 45000, rate = &#34;9%&#34; },</ins>",
        "v2: Raised the second tier",
    ] {
        assert!(compared.says(text), "{text}\n{}", compared.body);
    }
    assert!(operator.get(&program).await.says(&format!("{program}/compare")));
    let broken = operator.post(&format!("{program}/what-if"), &[("document", "name = "), ("from", "2026-01")]).await;
    assert!(broken.status == StatusCode::UNPROCESSABLE_ENTITY && broken.says("Lines to look at"), "{}", broken.body);
}
