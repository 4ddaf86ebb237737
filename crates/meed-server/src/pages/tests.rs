//! What must hold for every page, checked on the samples: no unescaped text, one heading of the first rank, a label for
//! every field, the token in every form, nothing that the content security policy would refuse.

use askama::Template as _;

use super::samples::{self, all};
use super::*;

/// All tags of a page as (name, attributes), closing tags left out.
fn tags(html: &str) -> Vec<(String, String)> {
    html.split('<')
        .skip(1)
        .filter(|rest| !rest.starts_with(['/', '!']))
        .map(|rest| {
            let tag = rest.split('>').next().unwrap_or_default();
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            (name.to_owned(), attributes.to_owned())
        })
        .collect()
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = attributes.find(&format!("{name}=\"")).filter(|at| *at == 0 || attributes.as_bytes()[at - 1] == b' ')? + name.len() + 2;
    attributes[start..].split('"').next()
}

#[test]
fn every_sample_is_there() {
    assert!(all().len() > 70, "only {} pages", all().len());
    let mut names: Vec<_> = all().into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all().len(), "two samples share a name");
}

#[test]
fn no_text_of_a_person_reaches_the_page_unescaped() {
    samples::spice_with("\"'><script>alert(1)</script><img src=x onerror=y>&");
    let mut seen = 0;
    for (name, html) in all() {
        assert!(!html.contains("<script>"), "{name} lets a script through");
        assert!(!html.contains("<img src=x"), "{name} lets an element through");
        assert!(!html.contains("\"'>"), "{name} lets an attribute end");
        seen += html.matches("&#60;script&#62;").count() + html.matches("&lt;script&gt;").count();
    }
    assert!(seen > 1_000, "the spice is missing: {seen}");
    samples::spice_with("");
}

#[test]
fn every_page_has_one_first_heading_and_the_landmarks() {
    for (name, html) in all() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main ").count(), 1, "{name}");
        assert!(html.contains("<html lang=\"en\""), "{name}");
        assert!(html.contains("href=\"#main\""), "{name} has no skip link");
        for empty in ["\"></h1>", "\"></h2>", "<h1></h1>", "<h2></h2>", "<h3></h3>"] {
            assert!(!html.contains(empty), "{name} has an empty heading");
        }
    }
}

#[test]
fn every_field_has_a_label() {
    for (name, html) in all() {
        for (tag, attributes) in tags(&html) {
            let kind = attribute(&attributes, "type").unwrap_or("text");
            if !["input", "select", "textarea"].contains(&tag.as_str()) || kind == "hidden" {
                continue;
            }
            let id = attribute(&attributes, "id").unwrap_or_else(|| panic!("{name}: a {tag} without id: {attributes}"));
            assert!(html.contains(&format!("for=\"{id}\"")), "{name}: no label for {id}");
        }
    }
}

#[test]
fn every_id_is_used_once_and_every_reference_leads_somewhere() {
    for (name, html) in all() {
        let ids: Vec<String> = tags(&html).iter().filter_map(|(_, a)| attribute(a, "id").map(str::to_owned)).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{name}: id {id} twice");
        }
        for (_, attributes) in tags(&html) {
            for key in ["aria-describedby", "aria-labelledby", "for"] {
                for target in attribute(&attributes, key).unwrap_or_default().split_whitespace() {
                    assert!(ids.iter().any(|id| id == target), "{name}: {key} names {target}, which is not there");
                }
            }
        }
    }
}

#[test]
fn every_posted_form_carries_the_token() {
    for (name, html) in all() {
        for form in html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if !form.contains("method=\"post\"") {
                assert!(form.contains("method=\"get\""), "{name}: a form without method");
                continue;
            }
            assert!(form.contains("name=\"csrf\" value=\"csrf-token-of-the-sample\""), "{name}: a form without token");
        }
    }
}

#[test]
fn nothing_needs_a_looser_content_policy() {
    for (name, html) in all() {
        assert!(!html.contains("<style"), "{name}");
        for (tag, attributes) in tags(&html) {
            assert!(attribute(&attributes, "style").is_none(), "{name}: inline style on {tag}");
            assert!(!attributes.split_whitespace().any(|a| a.starts_with("on") && a.contains('=')), "{name}: inline handler on {tag}");
            if tag == "script" {
                assert!(attribute(&attributes, "src").is_some_and(|src| src.starts_with("/assets/")), "{name}: inline script");
            }
            if let Some(href) = attribute(&attributes, "href") {
                assert!(href.starts_with('/') || href.starts_with('#'), "{name}: {tag} leads to {href}");
            }
        }
    }
}

#[test]
fn elements_are_closed_in_order() {
    const VOID: [&str; 9] = ["input", "meta", "link", "img", "br", "hr", "rect", "line", "use"];
    for (name, html) in all() {
        let mut open: Vec<String> = Vec::new();
        for rest in html.split('<').skip(1).filter(|rest| !rest.starts_with('!')) {
            let tag = rest.split('>').next().unwrap_or_default();
            let word = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default().to_owned();
            if let Some(closed) = tag.strip_prefix('/') {
                if VOID.contains(&closed) {
                    continue;
                }
                assert_eq!(open.pop().as_deref(), Some(closed), "{name}: wrong order at </{closed}>");
            } else if !tag.ends_with('/') && !VOID.contains(&word.as_str())
                || word == "use" && !tag.ends_with('/') && rest.contains("</use")
            {
                open.push(word);
            }
        }
        assert!(open.is_empty(), "{name}: not closed: {open:?}");
    }
}

#[test]
fn assets_are_served_under_hashed_names_only() {
    for name in ["meed.css", "meed.js", "htmx.js", "mark.svg", "icons.svg"] {
        let url = asset_url(name);
        let path = url.strip_prefix("/assets/").unwrap();
        assert_ne!(path, name, "{name} has no hash");
        let (_, bytes) = asset(path).unwrap();
        assert!(!bytes.is_empty());
        assert!(asset(name).is_none());
    }
    assert!(asset("../Cargo.toml").is_none());
}

#[test]
fn every_icon_of_the_pages_is_drawn() {
    let sprite = asset(asset_url("icons.svg").strip_prefix("/assets/").unwrap()).unwrap().1;
    let sprite = std::str::from_utf8(sprite).unwrap();
    for (name, html) in all() {
        for use_ in html.split("icons-").skip(1) {
            let icon = use_.split('"').next().unwrap_or_default().split('#').nth(1).unwrap_or_default();
            assert!(sprite.contains(&format!("<symbol id=\"{icon}\"")), "{name}: icon {icon} is missing");
        }
    }
}

#[test]
fn amounts_group_their_digits_and_keep_their_decimals() {
    let shown = |amount: Amount| amount.text();
    assert_eq!(shown(Amount::minor(123_450, 2, "EUR")), "1,234.50 EUR");
    assert_eq!(shown(Amount::minor(-7, 2, "EUR")), "-0.07 EUR");
    assert_eq!(shown(Amount::minor(1_234_567, 0, "JPY")), "1,234,567 JPY");
    assert_eq!(shown(Amount::minor(1_234, 3, "KWD")), "1.234 KWD");
    assert_eq!(shown(Amount::minor(i64::MIN, 2, "EUR")), "-92,233,720,368,547,758.08 EUR");
    assert_eq!(shown(Amount::exact("-1234.56789", "EUR")), "-1,234.56789 EUR");
    assert_eq!(shown(Amount::exact("not a number", "")), "not a number");
    assert_eq!(
        Amount::minor(-123_450, 2, "EUR").to_string(),
        "<data class=\"money negative\" value=\"-1234.50\">-1,234.50\u{a0}<span class=\"currency\">EUR</span></data>"
    );
}

#[test]
fn links_stay_on_the_site() {
    for bad in ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://evil.example", "data:text/html,x"] {
        assert!(Link::new("x", bad).to_string().contains("href=\"#\""), "{bad}");
    }
    assert_eq!(Link::new("a & b", "/sales?q=a&b").to_string(), "<a href=\"/sales?q=a&amp;b\">a &amp; b</a>");
    assert_eq!(Link::new("plain", "").to_string(), "plain");
}

#[test]
fn com_010_the_five_mapping_errors_can_be_told_apart() {
    use mapping::MappingError::*;
    let errors = [
        NoFieldMappings,
        TooManyFields { mapped: 3, limit: 2 },
        DuplicateMappings { target: "Revenue".into(), columns: vec!["A".into(), "B".into()] },
        CannotDate,
        CannotCredit,
    ];
    for (i, a) in errors.iter().enumerate() {
        for b in &errors[i + 1..] {
            assert!(a.code() != b.code() && a.title() != b.title() && a.text() != b.text());
        }
    }
    assert!(errors[2].text().contains("A and B"));
}

#[test]
fn a_payee_sees_neither_the_operator_s_places_nor_links_to_sales() {
    let html = all().into_iter().find(|(name, _)| *name == "statement-payee").unwrap().1;
    for place in ["/imports", "/keys", "/audit", "/programs", "/people", "/preferences/side"] {
        assert!(!html.contains(&format!("href=\"{place}\"")) && !html.contains(&format!("action=\"{place}\"")), "{place}");
    }
    assert!(!html.contains("href=\"/sales/") && !html.contains("href=\"/imports/"), "links that the payee may not follow");
    assert!(html.contains("My statements"));
}

#[test]
fn progress_asks_again_until_it_is_done() {
    let running = imports::ImportProgress { id: "imp_1".into(), percent: 10, ..imports::ImportProgress::default() };
    assert!(running.render().unwrap().contains("hx-get=\"/imports/imp_1/progress/part\""));
    let done = imports::ImportProgress { finished: true, ..running };
    let html = done.render().unwrap();
    assert!(!html.contains("hx-get") && html.contains("href=\"/imports/imp_1\""));
    assert!(html.contains("hx-swap-oob") && html.contains("Import done."));
}

#[test]
fn a_release_with_a_forbidding_check_cannot_be_sent() {
    let page = |name: &str| all().into_iter().find(|(n, _)| *n == name).unwrap().1;
    assert!(page("release-forbidden").contains("<button class=\"primary\" disabled>"));
    assert!(page("release").contains("name=\"acknowledged\""));
    assert!(!page("release-bare").contains("name=\"acknowledged\""));
}

#[test]
fn themes_survive_their_codes() {
    for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
        assert_eq!(Theme::from_code(theme.code()), theme);
    }
    assert_eq!(Theme::from_code("\"><x"), Theme::Auto);
}

#[test]
fn unused_columns_of_a_wide_file_are_folded_but_still_sent() {
    let html = all().into_iter().find(|(name, _)| *name == "mapping-wide").unwrap().1;
    assert!(html.contains("33 more columns are not used"));
    for index in 0..40 {
        assert_eq!(html.matches(&format!("name=\"target_{index}\"")).count(), 1, "column {index}");
    }
}
