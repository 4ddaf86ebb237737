//! Things that a person names on the command line: a plan, a payee, a calculation.

use std::sync::Arc;

use meed_app::calculations::{self, CalculationEntry};
use meed_app::{App, Configuration, Context, ProgramEntry};
use meed_core::id::{Id, Kind};
use meed_core::people::{Match, Rep, fold_alias};
use meed_core::period::Period;

use crate::cli::PlanPeriod;
use crate::failure::Failure;

/// The plan with this name or id; the only one where none is named.
pub(crate) fn plan<'a>(config: &'a Configuration, name: Option<&str>) -> Result<&'a ProgramEntry, Failure> {
    let names = || config.programs.iter().map(|p| format!("\"{}\"", p.program.name)).collect::<Vec<_>>().join(", ");
    if config.programs.is_empty() {
        return Err(Failure::refused("plan_unknown", "there is no plan yet").advise("write one and apply it: `meed plan apply FILE`"));
    }
    let Some(name) = name else {
        return match config.programs.as_slice() {
            [one] => Ok(one),
            _ => Err(Failure::usage("plan_ambiguous", "there are several plans").advise(format!("name one with --plan: {}", names()))),
        };
    };
    let id = Id::parse(name, Kind::Program).ok();
    let folded = fold_alias(name);
    config
        .programs
        .iter()
        .find(|p| Some(p.id) == id || fold_alias(&p.program.name) == folded)
        .ok_or_else(|| Failure::refused("plan_unknown", format!("there is no plan \"{name}\"")).advise(format!("there are: {}", names())))
}

/// The payee with this name, alias, e-mail address, external id or id.
pub(crate) fn payee<'a>(config: &'a Configuration, name: &str) -> Result<&'a Rep, Failure> {
    if let Some(rep) = Id::parse(name, Kind::Rep).ok().and_then(|id| config.directory.rep(id)) {
        return Ok(rep);
    }
    match config.directory.find_rep(name) {
        Match::One(id) => config.directory.rep(id).ok_or_else(|| unknown_payee(name)),
        Match::Ambiguous(ids) => {
            let all: Vec<String> = ids.iter().map(|id| format!("{} ({})", config.rep_name(*id), id.text(Kind::Rep))).collect();
            Err(Failure::refused("payee_ambiguous", format!("\"{name}\" names several people"))
                .advise(format!("name one by id: {}", all.join(", "))))
        }
        // Somebody who left is found by name still.
        Match::Nobody => {
            let folded = fold_alias(name);
            config.directory.reps().iter().find(|r| fold_alias(&r.name) == folded).ok_or_else(|| unknown_payee(name))
        }
    }
}

fn unknown_payee(name: &str) -> Failure {
    Failure::refused("payee_unknown", format!("there is nobody called \"{name}\""))
        .advise("`meed people list` shows everybody with their aliases")
}

/// The period with this label, in the workspace's zone.
pub(crate) fn period(config: &Configuration, label: &str) -> Result<Period, Failure> {
    Period::parse(label, &config.zone).map_err(|_| {
        Failure::usage("period_invalid", format!("`{label}` is not a period"))
            .at("--period")
            .advise("write a month as 2026-03, a quarter as 2026-Q1")
    })
}

/// The plan and period of a command, checked against each other.
pub(crate) async fn plan_period(
    app: &App,
    ctx: &Context,
    wanted: &PlanPeriod,
) -> Result<(Arc<Configuration>, ProgramEntry, Period), Failure> {
    let config = app.configuration(ctx.workspace).await?;
    let period = period(&config, &wanted.period)?;
    let entry = plan(&config, wanted.plan.as_deref())?.clone();
    if entry.program.cadence != period.cadence() {
        let reason = format!(
            "the plan \"{}\" is {}; `{}` is another kind of period",
            entry.program.name,
            entry.program.cadence.name(),
            wanted.period
        );
        return Err(Failure::refused("period_cadence", reason).at("--period"));
    }
    Ok((config, entry, period))
}

/// The latest calculation of a plan and period.
pub(crate) async fn calculation(app: &App, ctx: &Context, program: &ProgramEntry, label: &str) -> Result<CalculationEntry, Failure> {
    let latest = calculations::latest(app, ctx).await?;
    latest.into_iter().find(|c| c.document.program == program.id.0 && c.document.period == label).ok_or_else(|| {
        let name = &program.program.name;
        Failure::refused("not_calculated", format!("\"{name}\" was not calculated for {label} yet"))
            .advise(format!("run `meed calculate --plan \"{name}\" --period {label}`"))
    })
}
