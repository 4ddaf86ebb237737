//! Programs: the list, one program in words and pictures, and its editor.

mod diff;
mod edit;
mod enrollment;
mod list;
mod one;
mod projection;
mod state;
mod what_if;
mod words;

use axum::Router;
use axum::routing::{get, post};
use meed_core::crediting::{ExampleResult, shown};
use meed_core::program::{Example, Program};

use crate::ServerState;
use crate::pages::programs::PlanTest;
use crate::pages::{Badge, Tone};

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/programs", get(list::show).post(edit::add))
        .route("/programs/new", get(edit::blank))
        .route("/programs/{id}", get(one::show).post(edit::save))
        .route("/programs/{id}/edit", get(edit::show))
        .route("/programs/{id}/state", post(state::send))
        .route("/programs/{id}/what-if", get(what_if::ask).post(what_if::compare))
        .route("/programs/{id}/projection", get(projection::ask).post(projection::project))
        .route("/programs/{id}/enrollment", get(enrollment::show).post(enrollment::send))
        .route("/programs/{id}/compare", get(what_if::versions_page))
}

/// How a document's own examples came out. Where one passes, what was stated is what was computed.
fn tests(program: &Program, results: &[ExampleResult]) -> Vec<PlanTest> {
    let test = |(example, result): (&Example, &ExampleResult)| {
        let details: Vec<String> = result.differences.iter().map(ToString::to_string).collect();
        let (expected, got) = match result.differences.first() {
            Some(difference) => (difference.expected.clone(), difference.found.clone()),
            None => (stated(example), stated(example)),
        };
        PlanTest { name: result.name.clone(), passed: result.passed(), expected, got, detail: details.join("; ") }
    };
    program.examples.iter().zip(results).map(test).collect()
}

/// What an example states, cut where it names many.
fn stated(example: &Example) -> String {
    let all = example.expected.rewards.as_deref().unwrap_or_default();
    let mut parts: Vec<String> = all.iter().take(2).map(|(name, amount)| format!("{name} {}", shown(*amount))).collect();
    if all.len() > parts.len() {
        parts.push(format!("{} more", all.len() - parts.len()));
    }
    parts.join(", ")
}

/// `6 of 6 pass`.
fn tests_badge(program: &Program) -> Badge {
    let results = program.run_tests();
    let passed = results.iter().filter(|result| result.passed()).count();
    match results.len() {
        0 => Badge::new("No examples", Tone::Neutral),
        all if passed == all => Badge::new(&format!("{passed} of {all} pass"), Tone::Good),
        all => Badge::new(&format!("{} of {all} fail", all - passed), Tone::Bad),
    }
}

/// Whether a program takes sales today.
fn status(program: &Program, today: jiff::civil::Date) -> Badge {
    match (program.valid_from, program.valid_until) {
        (Some(from), _) if today < from => Badge::new("Not yet", Tone::Info),
        (_, Some(until)) if today > until => Badge::new("Ended", Tone::Neutral),
        _ => Badge::new("Active", Tone::Good),
    }
}
