//! The import wizard over HTTP: files as they come, mappings by hand, and files that are no tables.

use axum::http::StatusCode;

use crate::support::{Visitor, site};

const FILE: &[u8] = b"Order No,Order Date,Sales Rep,Amount,Currency,Customer\n\
A-1,2026-01-10,Dana Reyes,1000.10,EUR,Aurora\n\
A-2,2026-01-11,Dana Reyes,2000.00,EUR,Borealis\n\
A-3,2026-01-12,Lee Moss,50.00,EUR,Cirrus\n\
A-4,2026-02-30,Dana Reyes,1.00,EUR,=HYPERLINK(1)\n";

/// The id in `/imports/{id}/…`.
fn import_of(location: &str) -> String {
    location.split('/').nth(2).expect("an import").to_owned()
}

async fn import(operator: &mut Visitor, source: &str, file: &str, bytes: &[u8]) -> String {
    let sent = operator.upload(source, "Orders", file, bytes).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let id = import_of(sent.location());
    operator.post(&format!("/imports/{id}/run"), &[]).await;
    id
}

#[tokio::test]
async fn a_file_is_tried_before_it_is_stored_and_refused_rows_can_be_downloaded() {
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("new", "Orders", "orders.csv", FILE).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let id = import_of(sent.location());
    let mapping = operator.get(&format!("/imports/{id}/mapping")).await;
    for text in ["Order Date", "Dana Reyes", "4 rows", "header on <b>line 1</b>", "value=\"date\" data-places=\"1\" selected"] {
        assert!(mapping.says(text), "{text}");
    }
    let preview = operator.get(&format!("/imports/{id}/preview")).await;
    for text in ["Would be new", "Import 3 sales", "3,050.10", "date.impossible", "Borealis"] {
        assert!(preview.says(text), "{text}\n{}", preview.body);
    }
    assert_eq!(preview.between("Would be new</dt><dd>", "<"), "3");
    assert_eq!(preview.between("<dt>Known already</dt><dd>", "<"), "0");
    let started = operator.post(&format!("/imports/{id}/run"), &[]).await;
    assert_eq!(started.location(), format!("/imports/{id}/progress"));
    let result = operator.result_of(&id).await;
    // A page that still waits is told where to go.
    let part = operator.get(&format!("/imports/{id}/progress/part")).await;
    assert_eq!(part.header("hx-redirect"), format!("/imports/{id}"));
    assert!(part.says("100%") && !part.says("<html"), "{}", part.body);
    assert!(result.says("Done, with rejects") && result.says("3,050.10"), "{}", result.body);
    let rejects = operator.get(&format!("/imports/{id}/rejects.csv")).await;
    assert!(rejects.bytes.starts_with("\u{feff}Line,Column,Value,Code,Error,Order No,".as_bytes()));
    assert!(rejects.says("\"'=HYPERLINK(1)\""), "{}", rejects.body);
    assert_eq!(rejects.header("content-disposition"), "attachment; filename=\"orders-rejects.csv\"");
    // Sent twice, the run is what it was.
    assert_eq!(operator.post(&format!("/imports/{id}/run"), &[]).await.location(), format!("/imports/{id}"));
}

#[tokio::test]
async fn a_layout_that_was_imported_before_needs_no_mapping_and_changes_nothing_twice() {
    let site = site().await;
    let mut operator = site.operator().await;
    let first = import(&mut operator, "new", "orders.csv", FILE).await;
    operator.result_of(&first).await;
    let page = operator.get("/imports/new").await;
    let source = page.between("<option value=\"src_", "\"").to_owned();
    let sent = operator.upload(&format!("src_{source}"), "", "orders again.csv", FILE).await;
    assert!(sent.location().ends_with("/preview"), "{}", sent.location());
    let preview = operator.get(sent.location()).await;
    assert_eq!(preview.between("<dt>Known already</dt><dd>", "<"), "3");
    let mapping = operator.get(&sent.location().replace("preview", "mapping")).await;
    assert!(mapping.says("Same layout as <strong>orders.csv"), "{}", mapping.body);
}

#[tokio::test]
async fn com_010_columns_are_put_elsewhere_and_the_five_errors_are_told_apart() {
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("new", "Orders", "orders.csv", FILE).await;
    let to = format!("/imports/{}/mapping", import_of(sent.location()));
    let good = [
        ("target_0", "unique_id"),
        ("target_1", "date"),
        ("target_2", "owner"),
        ("target_3", "revenue"),
        ("target_4", "currency"),
        ("target_5", "customer_name"),
    ];
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut fields = good.to_vec();
        for (name, value) in changes {
            fields.iter_mut().filter(|(known, _)| known == name).for_each(|field| field.1 = value);
        }
        fields.push(("action", "preview"));
        fields
    };
    for (changes, code) in [
        (vec![("target_1", "")], "mapping.no_date"),
        (vec![("target_2", "")], "mapping.no_credit"),
        (vec![("target_5", "owner")], "mapping.duplicate"),
    ] {
        let refused = operator.post(&to, &with(&changes)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
        assert!(refused.says(code), "{code}\n{}", refused.body);
    }
    let none: Vec<_> = good.iter().map(|(name, _)| (*name, "")).collect();
    assert!(operator.post(&to, &none).await.says("mapping.none"));
    let accepted = operator.post(&to, &with(&[("target_5", "territory")])).await;
    assert!(accepted.location().ends_with("/preview"), "{}", accepted.body);
    let mapping = operator.get(&to).await;
    assert!(mapping.says("Your choice"), "{}", mapping.body);
}

#[tokio::test]
async fn a_file_is_read_again_with_other_settings() {
    let site = site().await;
    let mut operator = site.operator().await;
    let file = b"Order;Date;Rep;Amount\n1;03/04/2026;Ana;1,50\n2;04/05/2026;Ana;2,50\n";
    let sent = operator.upload("new", "Orders", "orders.csv", file).await;
    let to = format!("/imports/{}/mapping", import_of(sent.location()));
    let before = operator.get(&to).await;
    assert!(before.says("value=\"mdy\" selected") || before.says("value=\"dmy\" selected"));
    let settings = [("action", "reread"), ("encoding", "windows-1252"), ("delimiter", "semicolon"), ("header_row", "1")];
    let mut fields = settings.to_vec();
    fields.extend([("date_order", "dmy"), ("decimal", "comma"), ("currency", "chf")]);
    let again = operator.post(&to, &fields).await;
    assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, to.as_str()));
    let after = operator.get(&to).await;
    for text in ["read again with your settings", "value=\"dmy\" selected", "value=\"comma\" selected", "value=\"windows-1252\" selected"] {
        assert!(after.says(text), "{text}\n{}", after.body);
    }
    assert!(!operator.get(&to).await.says("read again with your settings"), "a message is shown once");
}

#[tokio::test]
async fn files_that_are_no_tables_are_refused_on_the_form() {
    let site = site().await;
    let mut operator = site.operator().await;
    let wide = "x".repeat(3 << 20);
    for (name, bytes) in [
        ("empty.csv", &b""[..]),
        ("blank.csv", b"\n\n\n"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("paper.pdf", b"%PDF-1.7\n"),
        ("nothing.zip", b"PK\x03\x04garbage that is no archive"),
        ("nul.csv", b"a,b\0,c\n\0\0\0\0\0\0\0\0\0\0\0\0\n"),
        ("line.csv", wide.as_bytes()),
    ] {
        let refused = operator.upload("new", "Orders", name, bytes).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", refused.location());
        assert!(refused.says("id=\"file-error\""), "{name}\n{}", refused.body);
    }
    let unnamed = operator.upload("new", "", "a.csv", FILE).await;
    assert!(unnamed.says("id=\"source_name-error\"") && unnamed.status == StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = operator.upload("src_0000000000009", "", "a.csv", FILE).await;
    assert!(unknown.says("id=\"source-error\""), "{}", unknown.body);
}

#[tokio::test]
async fn a_file_of_no_named_source_goes_where_its_layout_came_from() {
    let site = site().await;
    let mut operator = site.operator().await;
    let first = operator.get("/imports/new").await;
    assert!(first.says("<option value=\"file\" selected>"), "nothing is chosen for the person\n{}", first.body);
    let sent = operator.upload("new", "Orders", "orders.csv", FILE).await;
    let id = import_of(sent.location());
    operator.post(&format!("/imports/{id}/mapping"), &[("action", "preview")]).await;
    operator.post(&format!("/imports/{id}/run"), &[]).await;
    operator.result_of(&id).await;

    let again = operator.upload("file", "", "whatever-2026-04.csv", FILE).await;
    let page = operator.get(again.location()).await;
    assert!(page.says("whatever-2026-04.csv") && page.says("Orders"), "the source of its layout\n{}", page.body);
    let other = operator.upload("file", "", "till-2026-04.csv", b"Receipt;Sold on;Total;Cashier\nR1;2026-04-02;10,00;Ana\n").await;
    let page = operator.get(other.location()).await;
    assert!(page.says("· till"), "a new source, called after the file\n{}", page.body);
}

#[tokio::test]
async fn an_import_is_undone_after_a_question() {
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("new", "Orders", "orders.csv", FILE).await;
    let id = import_of(sent.location());
    operator.post(&format!("/imports/{id}/mapping"), &[("action", "preview")]).await;
    operator.post(&format!("/imports/{id}/run"), &[]).await;
    assert!(operator.result_of(&id).await.says(&format!("/imports/{id}/undo")));
    let asked = operator.get(&format!("/imports/{id}/undo")).await;
    assert!(asked.says("Undo the import of orders.csv?") && asked.says("New sales taken back"), "{}", asked.body);
    assert_eq!(operator.post(&format!("/imports/{id}/undo"), &[]).await.status, StatusCode::BAD_REQUEST, "not without a yes");
    let done = operator.post(&format!("/imports/{id}/undo"), &[("confirm", "yes")]).await;
    let result = operator.get(done.location()).await;
    assert!(result.says("Undone") && result.says("is taken back") && !result.says("/undo\""), "{}", result.body);
    let again = operator.get(&format!("/imports/{id}/undo")).await;
    assert!(operator.get(again.location()).await.says("nothing to take back"));
}

#[tokio::test]
async fn com_015_dollars_are_asked_about_where_they_cannot_be_the_workspace_s_currency() {
    const DOLLARS: &[u8] =
        b"Order No,Order Date,Sales Rep,Amount\nA-1,2026-01-10,Dana,$100.00\nA-2,2026-01-11,Lee,$50.00\nTotal,,,$150.00\n";
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("file", "", "till.csv", DOLLARS).await;
    let id = import_of(sent.location());
    let asked = operator.get(&format!("/imports/{id}/mapping")).await;
    assert!(asked.says("One question") && asked.says("Which one is it?"), "{}", asked.body);
    let refused = operator.post(&format!("/imports/{id}/mapping"), &[("action", "preview")]).await;
    assert!(refused.says("mapping.currency"), "{}", refused.body);
    operator.post(&format!("/imports/{id}/mapping"), &[("action", "reread"), ("currency", "usd")]).await;
    let answered = operator.get(&format!("/imports/{id}/mapping")).await;
    assert!(!answered.says("Which one is it?") && answered.says("value=\"USD\""), "{}", answered.body);
    let tried = operator.get(&format!("/imports/{id}/preview")).await;
    assert!(tried.says("own total agrees: 150.00"), "{}", tried.body);
}

#[tokio::test]
async fn a_person_says_what_the_file_does_not_and_it_is_remembered() {
    const RECEIPTS: &[u8] = b"Receipt No,Date,Net Sales,Currency,Customer,Status\nR-1,2026-03-04,10.00,EUR,Aurora,Gewonnen\n\
R-2,2026-03-05,20.00,EUR,Borealis,Sonderfall\n";
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("file", "", "till-1.csv", RECEIPTS).await;
    let to = format!("/imports/{}/mapping", import_of(sent.location()));
    let asked = operator.get(&to).await;
    for text in ["Who sold everything in this file", "name=\"word_1\" value=\"Sonderfall\"", "value=\"won\" selected", "Please check"] {
        assert!(asked.says(text), "{text}\n{}", asked.body);
    }
    assert!(operator.post(&to, &[("action", "preview"), ("owner", "")]).await.says("mapping.no_credit"));
    let long = "x".repeat(301);
    assert!(operator.post(&to, &[("action", "preview"), ("owner", &long)]).await.says("up to 300 characters"));
    let said = [
        ("action", "preview"),
        ("owner", "Nobody Known"),
        ("target_5", "status"),
        ("status_column", "5"),
        ("word_0", "Gewonnen"),
        ("state_0", "won"),
        ("word_1", "Sonderfall"),
        ("state_1", "lost"),
    ];
    let accepted = operator.post(&to, &said).await;
    assert!(accepted.location().ends_with("/preview"), "{}", accepted.body);
    let tried = operator.get(accepted.location()).await;
    for text in ["All rows were sold by Nobody Known", "No rep is called “Nobody Known” yet", "“Sonderfall” is lost", "Import 2 sales"]
    {
        assert!(tried.says(text), "{text}\n{}", tried.body);
    }
    operator.post(&to.replace("mapping", "run"), &[]).await;
    operator.result_of(&import_of(&to)).await;
    let next = operator.upload("file", "", "till-2.csv", RECEIPTS).await;
    let again = operator.get(&format!("/imports/{}/mapping", import_of(next.location()))).await;
    assert!(again.says("value=\"Nobody Known\"") && again.says("value=\"lost\" selected"), "{}", again.body);
}

#[tokio::test]
async fn a_year_that_the_file_does_not_state_is_asked_for() {
    const DAYS: &[u8] = b"Belegdatum;Belegfeld;Umsatz;Kunde;Verkaeufer\n0403;RE1;10,50;Muster;Dana\n1503;RE2;11,50;Muster;Dana\n";
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("file", "", "journal.csv", DAYS).await;
    let to = format!("/imports/{}/mapping", import_of(sent.location()));
    let mapped = [("action", "preview"), ("target_0", "date"), ("target_2", "revenue"), ("target_4", "owner")];
    let refused = operator.post(&to, &mapped).await;
    assert!(refused.says("mapping.year") && refused.says("Year of the days in “Belegdatum”"), "{}", refused.body);
    let mut said = mapped.to_vec();
    said.push(("year", "2026"));
    let accepted = operator.post(&to, &said).await;
    assert!(operator.get(accepted.location()).await.says("15 Mar 2026"), "{}", accepted.body);
}

#[tokio::test]
async fn a_discarded_import_stores_nothing() {
    let site = site().await;
    let mut operator = site.operator().await;
    let sent = operator.upload("new", "Orders", "orders.csv", FILE).await;
    let id = import_of(sent.location());
    assert_eq!(operator.post(&format!("/imports/{id}/discard"), &[]).await.location(), "/imports");
    assert!(operator.get("/imports").await.says("was put away"));
    assert_eq!(operator.get(&format!("/imports/{id}/preview")).await.location(), format!("/imports/{id}"));
    assert!(operator.get(&format!("/imports/{id}")).await.says("Discarded"));
}
