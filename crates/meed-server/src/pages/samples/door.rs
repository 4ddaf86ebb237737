//! Sign-in, refusals and confirmations.

use super::{chrome, drawn, fact, s};
use crate::pages::auth::{LoginPage, SignInProblem, WelcomePage};
use crate::pages::errors::{ConfirmPage, ErrorPage};
use crate::pages::{Chrome, FormErrors, Nav};

fn outside() -> Chrome {
    Chrome { user: None, ..chrome(Nav::None, "/login") }
}

fn login(problem: Option<SignInProblem>) -> LoginPage {
    LoginPage {
        chrome: outside(),
        email: if problem.is_some() { s("ines@halden.example") } else { String::new() },
        next: s("/imports/new"),
        problem,
    }
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let welcome = WelcomePage {
        chrome: outside(),
        token: "wel_7Qx".into(),
        email: s("ines@halden.example"),
        name: s("Ines Albrecht"),
        errors: FormErrors::none(),
    };
    let refused = WelcomePage {
        errors: FormErrors(vec![
            ("password".into(), "Use at least 8 characters from three of the four kinds.".into()),
            ("password_again".into(), "The two passwords differ.".into()),
        ]),
        ..welcome.clone()
    };
    let undo = ConfirmPage {
        chrome: chrome(Nav::Imports, "/imports/imp_1/undo"),
        title: s("Undo the import of orders-march.csv?"),
        text: "The sales that it brought are taken back and the open periods are calculated again. Released figures never change.".into(),
        facts: vec![fact("New sales taken back", "1,702"), fact("Changed sales put back", "38"), fact("Source", "Webshop")],
        action: "/imports/imp_1/undo".into(),
        fields: vec![("version".into(), s("7"))],
        button: "Undo this import".into(),
        danger: true,
        cancel: "/imports/imp_1".into(),
    };
    vec![
        drawn("login", &login(None)),
        drawn("login-wrong", &login(Some(SignInProblem::Wrong))),
        drawn("login-locked", &login(Some(SignInProblem::Locked("in 15 minutes".into())))),
        drawn("login-expired", &login(Some(SignInProblem::LinkExpired))),
        drawn("login-ended", &login(Some(SignInProblem::SessionEnded))),
        drawn("welcome", &welcome),
        drawn("welcome-refused", &refused),
        drawn("confirm-undo", &undo),
        drawn("error-404", &ErrorPage::of(chrome(Nav::None, "/x"), 404)),
        drawn("error-500", &ErrorPage { code: "store.unavailable".into(), ..ErrorPage::of(chrome(Nav::None, "/x"), 500) }),
        drawn("error-403-outside", &ErrorPage { back: "/login".into(), ..ErrorPage::of(outside(), 403) }),
    ]
}
