//! The leaderboard: how far everybody came against their quota. It shows no money, and payees see it only where the
//! workspace wants it (`commissions.md` §5, rep dashboard).

use meed_core::command::{Class, Refused};
use meed_core::id::Id;
use meed_core::money::Exact;

use crate::calculations::{self, PayeeLine};
use crate::error::AppResult;
use crate::preferences::VisibleFrom;
use crate::releases::{self, PeriodState};
use crate::{App, Context, Scope, preferences};

/// Boards that are shown, newest period first.
const BOARDS_MAX: usize = 6;

/// A place on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Place {
    /// From 1; equal attainment shares a place.
    pub rank: usize,
    pub rep: Id,
    pub name: String,
    /// Attainment in percent of the quota.
    pub percent: Exact,
    /// The caller.
    pub is_self: bool,
}

/// A program's period.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Board {
    pub program: Id,
    pub program_name: String,
    pub period: String,
    pub places: Vec<Place>,
}

/// The latest boards. Payees and managers see them where the workspace wants it, and periods whose credits are released.
pub async fn boards(app: &App, ctx: &Context) -> AppResult<Vec<Board>> {
    let wanted = preferences::get(app, ctx).await?;
    if ctx.role.is_of_rep() {
        if !wanted.leaderboard {
            let text = "this workspace shows no leaderboard";
            return Err(Refused::new(Class::NotFound, "leaderboard_off", text).into());
        }
    } else {
        ctx.require(Scope::Read)?;
    }
    let reader = ctx.reading();
    let config = app.configuration(ctx.workspace).await?;
    let mut boards = Vec::new();
    for calculation in calculations::latest(app, &reader).await? {
        let document = &calculation.document;
        let program = Id(document.program);
        if boards.len() == BOARDS_MAX || config.program(program).is_err() {
            continue;
        }
        if ctx.role.is_of_rep() {
            let standing = releases::period(app, &reader, program, &document.period).await?.standing();
            let is_shown = match standing {
                PeriodState::Released | PeriodState::Paid => true,
                PeriodState::CreditsReleased => wanted.visible_from == VisibleFrom::Credits,
                PeriodState::Draft | PeriodState::Calculated | PeriodState::Reversed => false,
            };
            if !is_shown {
                continue;
            }
        }
        let lines = calculations::payees(app, &reader, &calculation).await?;
        let places = places(&lines, ctx.payee);
        if !places.is_empty() {
            boards.push(Board { program, program_name: document.program_name.clone(), period: document.period.clone(), places });
        }
    }
    Ok(boards)
}

fn places(lines: &[PayeeLine], own: Option<Id>) -> Vec<Place> {
    let attained = lines.iter().filter_map(|line| Some((line, line.percent.as_deref()?.parse::<Exact>().ok()?)));
    let mut attained: Vec<(&PayeeLine, Exact)> = attained.collect();
    attained.sort_by(|(a, x), (b, y)| (y, &a.name, a.rep).cmp(&(x, &b.name, b.rep)));
    let mut places: Vec<Place> = Vec::with_capacity(attained.len());
    for (index, (line, percent)) in attained.into_iter().enumerate() {
        let rank = places.last().filter(|last| last.percent == percent).map_or(index + 1, |last| last.rank);
        let rep = Id(line.rep);
        places.push(Place { rank, rep, name: line.name.clone(), percent, is_self: own == Some(rep) });
    }
    places
}
