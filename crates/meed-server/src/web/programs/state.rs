//! The state of a program: what it stops, and where it may go from here.

use axum::extract::{Path, State};
use meed_app::ProgramEntry;
use meed_app::programs::{Move, ProgramState, set_state};
use meed_core::id::Kind;

use super::super::answer::{Answer, Trouble, form_errors};
use super::super::flash;
use super::super::form::{Posted, id};
use super::super::shown::day_text;
use super::super::visit::Visit;
use crate::ServerState;
use crate::pages::programs::{StateCard, StateMove};
use crate::pages::{Badge, Tone};

/// A state as people read it.
pub(super) fn badge(entry: &ProgramEntry, today: jiff::civil::Date) -> Badge {
    match entry.state {
        ProgramState::Draft => Badge::new("Draft", Tone::Info),
        ProgramState::Active => super::status(&entry.program, today),
        ProgramState::Paused => Badge::new("Paused", Tone::Warn),
        ProgramState::Completed => Badge::new("Completed", Tone::Neutral),
        ProgramState::Archived => Badge::new("Archived", Tone::Neutral),
    }
}

/// What the state of a program means, and the moves that it allows.
pub(super) fn card(entry: &ProgramEntry, is_calculated: bool) -> StateCard {
    let text = match entry.state {
        ProgramState::Draft => "Never calculated and not shown to payees. Try it with what-if, then set it active.".to_owned(),
        ProgramState::Active => "Calculated by hand, and again by itself when facts change.".to_owned(),
        ProgramState::Paused => "Not calculated until it is active again. What was calculated can be released and paid.".to_owned(),
        ProgramState::Completed => {
            let day = entry.closes.map(day_text).unwrap_or_default();
            format!("Its last period ended on {day}. Earlier periods are kept right, and what was held back comes due.")
        }
        ProgramState::Archived => "Put away: not calculated, without new versions.".to_owned(),
    };
    let moves = entry.state.next().iter().filter(|to| **to != ProgramState::Draft || !is_calculated);
    let button = |to: ProgramState| match to {
        ProgramState::Draft => "Back to draft",
        ProgramState::Active => "Set active",
        ProgramState::Paused => "Pause",
        ProgramState::Completed => "Complete",
        ProgramState::Archived => "Archive",
    };
    let moved = |to: &ProgramState| StateMove {
        to: to.word().to_owned(),
        button: button(*to).to_owned(),
        asks_period: *to == ProgramState::Completed,
    };
    StateCard { from: entry.state.word().to_owned(), text, moves: moves.map(moved).collect() }
}

pub(super) async fn send(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let program = id(&text, Kind::Program)?;
    let to = ProgramState::from_word(form.text("to"));
    let to = to.ok_or_else(|| Trouble::unreadable("value_invalid", "say which state the program gets"))?;
    let last_period = form.filled("last_period").map(str::to_owned);
    let wanted = Move { to, last_period, from: ProgramState::from_word(form.text("from")) };
    let here = format!("/programs/{text}");
    match set_state(&state.app, &visit.ctx, program, &wanted).await {
        Ok(_) => {
            let said = match to {
                ProgramState::Draft => "It is a draft again.",
                ProgramState::Active => "It is active: periods are calculated.",
                ProgramState::Paused => "It is paused: nothing of it is calculated.",
                ProgramState::Completed => "It is completed: it takes no new period.",
                ProgramState::Archived => "It is put away.",
            };
            Ok(flash::see_other(&state, &here, Tone::Good, said))
        }
        Err(error) => {
            let errors = form_errors(error, &[])?;
            let said = errors.0.first().map(|(_, said)| said.clone()).unwrap_or_default();
            Ok(flash::see_other(&state, &here, Tone::Bad, &said))
        }
    }
}
