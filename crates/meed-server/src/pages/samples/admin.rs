//! Keys and audit.

use super::{chrome, drawn, link, s, texts};
use crate::pages::audit::{AuditPage, AuditRow};
use crate::pages::keys::{KeyCreatedPage, KeyRow, KeysPage};
use crate::pages::{Badge, Change, Choice, FormErrors, Nav, Pager, Tone};

pub(crate) fn scopes() -> Vec<Choice> {
    [
        ("sales.write", "Send sales", "Create and update sales, upload files", true),
        ("sales.read", "Read sales", "", false),
        ("results.read", "Read results", "Credits, rewards, statements", false),
        ("admin", "Everything", "Programs, releases, keys", false),
    ]
    .map(|(value, label, note, selected)| Choice { note: note.into(), ..Choice::new(value, label, selected) })
    .to_vec()
}

pub(crate) fn keys(errors: FormErrors) -> KeysPage {
    let row = |id: &str, label: &str, prefix: &str, scopes: &[&str], last: &str, status: Badge, active| KeyRow {
        id: id.into(),
        label: s(label),
        prefix: prefix.into(),
        scopes: texts(scopes),
        created: s("4 Jan 2026 by Ines Albrecht"),
        last_used: last.into(),
        status,
        active,
    };
    KeysPage {
        chrome: chrome(Nav::Keys, "/keys"),
        rows: vec![
            row("key_1", "ERP nightly", "meed_live_7Qx…", &["Send sales"], "2 minutes ago", Badge::new("Active", Tone::Good), true),
            row(
                "key_2",
                "BI warehouse",
                "meed_live_m0B…",
                &["Read sales", "Read results"],
                "yesterday",
                Badge::new("Active", Tone::Good),
                true,
            ),
            row("key_3", "Old shop plug-in", "meed_live_aa4…", &["Send sales"], "never", Badge::new("Revoked", Tone::Neutral), false),
        ],
        label: String::new(),
        scopes: scopes(),
        errors,
    }
}

fn audit() -> AuditPage {
    let row = |number, when: &str, who: &str, what: &str, object, changes| AuditRow {
        number,
        when: when.into(),
        who: s(who),
        what: what.into(),
        object,
        changes,
        hash: "9f3c 51d0 77ab".into(),
        request_id: "req_01jq4x8z3e".into(),
    };
    AuditPage {
        chrome: chrome(Nav::Audit, "/audit"),
        chain: Badge::new("Chain intact", Tone::Good),
        chain_note: "1,204 entries, checked today 08:12".into(),
        who: vec![Choice::new("", "Everybody", true), Choice::new("usr_1", &s("Ines Albrecht"), false)],
        what: vec![Choice::new("", "Everything", true), Choice::new("release", "Releases", false)],
        sign_ins: false,
        active: false,
        rows: vec![
            row(
                1_204,
                "2 Apr 2026, 09:14:03",
                "Ines Albrecht",
                "released",
                link("Field sales 2026, March", "/calculations/calc_9"),
                vec![Change { field: "status".into(), before: Some("calculated".into()), after: Some("released".into()) }],
            ),
            row(
                1_203,
                "2 Apr 2026, 09:02:40",
                "Ines Albrecht",
                "changed the rep",
                link("Jack Smith", "/reps/rep_5"),
                vec![
                    Change {
                        field: "aliases".into(),
                        before: Some(s("Jack Smith, J. Smith")),
                        after: Some(s("Jack Smith, jack@halden.example")),
                    },
                    Change { field: "manager".into(), before: None, after: Some(s("Sven Holm")) },
                ],
            ),
            row(1_202, "2 Apr 2026, 08:02:11", "Key ERP nightly", "imported", link("Umsätze Q1 Süd.csv", "/imports/imp_8"), Vec::new()),
        ],
        pager: Pager { newer: None, older: Some("/audit?before=1202".into()) },
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let created = KeyCreatedPage {
        chrome: chrome(Nav::Keys, "/keys"),
        label: s("ERP nightly"),
        secret: "meed_live_7QxW2mD0rT5kYb8ZcVn4hJpLs9aGfE3u".into(),
        scopes: texts(&["Send sales"]),
        example: s(
            "curl -H 'X-ApiKey: meed_live_7QxW2…' \\\n     -d '{\"date\":\"2026-04-02\",\"uniqueId\":\"A-1\",\"revenue\":120.50}' \\\n     https://meed.halden.example/app/Api/CreateTransaction",
        ),
    };
    vec![
        drawn("keys", &keys(FormErrors::none())),
        drawn(
            "keys-refused",
            &keys(FormErrors(vec![("label".into(), "Say what the key is for.".into()), ("scope".into(), "Choose at least one.".into())])),
        ),
        drawn("key-created", &created),
        drawn("audit", &audit()),
        drawn(
            "audit-broken",
            &AuditPage {
                chain: Badge::new("Chain broken at 1,201", Tone::Bad),
                chain_note: "Entry 1,201 does not hash to what 1,202 names".into(),
                ..audit()
            },
        ),
    ]
}
