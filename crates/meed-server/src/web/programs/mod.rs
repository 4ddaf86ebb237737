//! Programs: the list, one program in words and pictures, and its editor.

mod edit;
mod list;
mod one;
mod words;

use axum::Router;
use axum::routing::get;
use meed_core::crediting::ExampleResult;
use meed_core::program::Program;

use crate::ServerState;
use crate::pages::programs::PlanTest;
use crate::pages::{Badge, Tone};

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/programs", get(list::show).post(edit::add))
        .route("/programs/new", get(edit::blank))
        .route("/programs/{id}", get(one::show).post(edit::save))
        .route("/programs/{id}/edit", get(edit::show))
}

/// How a document's own examples came out.
fn tests(examples: &[ExampleResult]) -> Vec<PlanTest> {
    let test = |example: &ExampleResult| {
        let first = example.differences.first();
        let details: Vec<String> = example.differences.iter().map(ToString::to_string).collect();
        PlanTest {
            name: example.name.clone(),
            passed: example.passed(),
            expected: first.map(|difference| difference.expected.clone()).unwrap_or_default(),
            got: first.map(|difference| difference.found.clone()).unwrap_or_default(),
            detail: details.join("; "),
        }
    };
    examples.iter().map(test).collect()
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
