//! One program: its rules in words, tiers drawn, examples, document and versions.

use std::collections::HashMap;

use axum::extract::{Path, State};
use meed_app::access::actor_names;
use meed_app::calculations;
use meed_app::programs::{Version, versions};
use meed_core::id::{Id, Kind};
use meed_core::program::Program;

use super::super::answer::{Answer, Trouble, page};
use super::super::form::{Asked, id};
use super::super::shown::{counted, day_text, iso_day, setting};
use super::super::visit::Visit;
use super::state::{badge, card};
use super::tests;
use super::words::{facts, rules};
use crate::ServerState;
use crate::pages::programs::{ProgramPage, VersionRow, document_lines};
use crate::pages::{Badge, Nav, Tone};

/// Calculations that are looked through for the versions they froze.
const CALCULATIONS: i64 = 200;

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let entry = setting.config.program(id(&text, Kind::Program)?)?;
    let all = versions(app, ctx, entry.id).await?;
    let wanted: Option<u32> = asked.filled("version").and_then(|number| number.parse().ok());
    let shown = match wanted {
        None => all.iter().find(|version| version.id == entry.version),
        Some(number) => all.iter().find(|version| version.document.number == number),
    };
    let shown = shown.ok_or_else(Trouble::not_found)?;
    let document = &shown.document.text;
    let program = Program::parse(document).map_err(|_| Trouble::from(meed_app::AppError::bug("a stored program cannot be read")))?;
    let is_old = shown.id != entry.version;
    let known = calculations::list(app, ctx, None, CALCULATIONS).await?;
    let is_calculated = known.iter().any(|calculation| calculation.document.program == entry.id.0);
    let used = used(&known, entry.id);
    let actors = actor_names(app, ctx).await?;
    let row = |version: &Version| VersionRow {
        number: version.document.number,
        when: setting.moment(version.document.created_us),
        who: actors.name(&version.document.created_by),
        note: version.document.note.clone(),
        applies: applies(version),
        used: used.get(&version.document.number).map_or_else(
            || "not calculated with".to_owned(),
            |count| format!("frozen in {}", counted(*count, "calculation", "calculations")),
        ),
        here: version.id == shown.id,
    };
    page(&ProgramPage {
        chrome: visit.chrome(Nav::Programs),
        id: text,
        name: program.name.clone(),
        status: if is_old { Badge::new("Replaced", Tone::Neutral) } else { badge(entry, setting.today()) },
        state: card(entry, is_calculated),
        version: format!("v{}", shown.document.number),
        old: is_old,
        facts: facts(&program, &setting.config.zone_name),
        rules: rules(&program),
        tests: tests(&program, &program.run_tests()),
        lines: document_lines(document, &[]),
        versions: all.iter().map(row).collect(),
    })
}

/// How many calculations each version ruled, by its number.
fn used(all: &[calculations::CalculationEntry], program: Id) -> HashMap<u32, u64> {
    let mut used = HashMap::new();
    for number in all.iter().filter(|one| one.document.program == program.0).flat_map(|one| one.document.ruled_by()) {
        *used.entry(*number).or_insert(0) += 1;
    }
    used
}

/// From which day a version's rules take sales.
fn applies(version: &Version) -> String {
    let own = || Program::parse(&version.document.text).ok().and_then(|program| program.valid_from).map(day_text);
    version.document.from.as_deref().map(iso_day).or_else(own).unwrap_or_default()
}
