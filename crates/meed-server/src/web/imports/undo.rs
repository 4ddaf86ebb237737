//! Taking an import back: what it would do, and doing it.

use axum::extract::{Path, State};
use meed_app::imports;
use meed_core::id::Kind;

use super::super::answer::{Answer, Trouble, page};
use super::super::flash;
use super::super::form::{Posted, id};
use super::super::visit::Visit;
use crate::ServerState;
use crate::pages::errors::ConfirmPage;
use crate::pages::shown::count;
use crate::pages::{Fact, Nav, Tone};

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let id = id(&text, Kind::Import)?;
    let import = imports::get(&state.app, &visit.ctx, id).await?;
    let back = format!("/imports/{text}");
    let would = match imports::undo_preview(&state.app, &visit.ctx, id).await {
        Ok(would) => would,
        Err(meed_app::AppError::Refused(refused)) => {
            return Ok(flash::see_other(&state, &back, Tone::Bad, &super::super::answer::sentence(&refused.text)));
        }
        Err(error) => return Err(error.into()),
    };
    let fact = |label: &str, value: u64| Fact { label: label.to_owned(), value: count(value), href: String::new() };
    page(&ConfirmPage {
        chrome: visit.chrome(Nav::Imports),
        title: format!("Undo the import of {}?", import.document.file_name),
        text: "Changed sales say again what they said before. New sales lose owner and amount, and nobody earns from them. \
               Both show in their history. Released figures never change: a difference goes to the open period."
            .to_owned(),
        facts: vec![fact("New sales taken back", would.brought), fact("Changed sales put back", would.changed)],
        action: format!("/imports/{text}/undo"),
        fields: Vec::new(),
        button: "Undo this import".to_owned(),
        danger: true,
        cancel: back,
    })
}

pub(super) async fn take_back(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    if form.text("confirm") != "yes" {
        return Err(Trouble::unreadable("confirmation_missing", "confirm that the import is to be undone"));
    }
    let back = format!("/imports/{text}");
    match imports::undo(&state.app, &visit.ctx, id(&text, Kind::Import)?).await {
        Ok(import) => {
            let said = format!("{} is taken back. Drop it again whenever you like.", import.document.file_name);
            Ok(flash::see_other(&state, &back, Tone::Good, &said))
        }
        Err(meed_app::AppError::Refused(refused)) => {
            Ok(flash::see_other(&state, &back, Tone::Bad, &super::super::answer::sentence(&refused.text)))
        }
        Err(error) => Err(error.into()),
    }
}
