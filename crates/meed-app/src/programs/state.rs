//! The states of a program: what is calculated, and what each state stops (`commissions.md` §4.1).

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, RecordKind, day_number};
use meed_core::id::{Id, Kind};
use meed_core::period::Period;

use crate::calculations::latest;
use crate::documents::{ProgramDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, ProgramEntry, Scope};

/// Where a program stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProgramState {
    /// Being written: tried with what-if and projections, never calculated, not shown to payees.
    Draft,
    /// Calculated.
    #[default]
    Active,
    /// Not calculated for a while, neither by hand nor by itself. What was calculated can be released and paid.
    Paused,
    /// Takes no new period. Periods that were calculated are kept right, and what they left for later comes due.
    Completed,
    /// Put away: not calculated, without new versions, no longer offered.
    Archived,
}

impl ProgramState {
    /// All of them, in the order of a program's life.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Active, Self::Paused, Self::Completed, Self::Archived];

    /// The word for the API and the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Archived => "archived",
        }
    }

    /// The state that goes by a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// What a stored document says. Former releases knew active and archived ones only.
    pub(crate) fn of(document: &ProgramDocument) -> Self {
        match document.state.as_deref().and_then(Self::from_word) {
            Some(state) => state,
            None if document.archived => Self::Archived,
            None => Self::Active,
        }
    }

    /// Where a program may go from here.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Draft | Self::Completed => &[Self::Active, Self::Archived],
            Self::Active => &[Self::Paused, Self::Completed, Self::Draft],
            Self::Paused => &[Self::Active, Self::Completed],
            Self::Archived => &[Self::Active],
        }
    }

    /// Why a program in this state is not calculated; `None` where it is.
    fn stops(self) -> Option<AppError> {
        match self {
            Self::Active | Self::Completed => None,
            Self::Draft => Some(AppError::conflict(
                "plan_draft",
                "this plan is a draft: try it with what-if, and set it active before it is calculated",
            )),
            Self::Paused => Some(AppError::conflict("plan_paused", "this plan is paused; set it active to calculate it")),
            Self::Archived => Some(AppError::conflict("plan_archived", "this plan is archived; set it active to calculate it")),
        }
    }
}

impl ProgramEntry {
    /// Refuses what would calculate the program while its state stops that.
    pub(crate) fn require_running(&self) -> AppResult<()> {
        self.state.stops().map_or(Ok(()), Err)
    }

    /// Whether a period lies after the last one of a completed program.
    pub(crate) fn is_closed_for(&self, period: &Period) -> bool {
        self.closes.is_some_and(|closes| period.first_day() > closes)
    }

    /// Whether it has, or may have, results that people see: a draft has none, nor has one that was put away as a draft.
    #[must_use]
    pub fn has_results(&self) -> bool {
        match self.state {
            ProgramState::Draft => false,
            ProgramState::Archived => self.closes.is_some(),
            ProgramState::Active | ProgramState::Paused | ProgramState::Completed => true,
        }
    }

    /// Whether the program is calculated.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state.stops().is_none()
    }
}

/// Refuses a period that a program does not take. After the last period of a completed one only those are left in which
/// something is booked already, such as what was held back: they can be looked at and released.
pub(crate) async fn require_calculable(app: &App, ctx: &Context, entry: &ProgramEntry, period: &Period) -> AppResult<()> {
    entry.require_running()?;
    if !entry.is_closed_for(period) {
        return Ok(());
    }
    let (workspace, program, day) = (ctx.workspace, entry.id, day_number(period.first_day()));
    if app.store().read(move |r| r.rewards_booked(workspace, program, day)).await?.is_empty() {
        let closes = entry.closes.map(|day| day.to_string()).unwrap_or_default();
        let text =
            format!("this plan was completed with the period that ended on {closes}, and nothing of it is due in {}", period.label());
        return Err(AppError::conflict("plan_completed", text));
    }
    Ok(())
}

/// A change of state.
#[derive(Clone, Debug, Default)]
pub struct Move {
    /// Where the program goes.
    pub to: ProgramState,
    /// For `completed`: the label of its last period; the last one that was calculated where none is named.
    pub last_period: Option<String>,
    /// Refuse unless the program stands here, such as what the page showed.
    pub from: Option<ProgramState>,
}

/// Moves a program to another state. The same state again changes nothing. Answers whether anything changed.
pub async fn set_state(app: &App, ctx: &Context, program: Id, wanted: &Move) -> AppResult<bool> {
    ctx.require(Scope::Plans)?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Program, program)).await?;
    let record = record.ok_or_else(|| AppError::not_found(&format!("program {}", program.text(Kind::Program))))?;
    let mut document: ProgramDocument = read(&record)?;
    let state = ProgramState::of(&document);
    let closes = if wanted.to == ProgramState::Completed { Some(closing_day(app, ctx, program, wanted).await?) } else { None };
    let closes = closes.map(|day| day.to_string());
    if state == wanted.to && closes == document.closes {
        return Ok(false);
    }
    if wanted.from.is_some_and(|from| from != state) {
        let text = format!("this plan is {} by now; look at it again", state.word());
        return Err(AppError::conflict("plan_state", text));
    }
    if state != wanted.to && !state.next().contains(&wanted.to) {
        let next: Vec<&str> = state.next().iter().map(|state| state.word()).collect();
        let text = format!("this plan is {}; from there it can become {}, and not {}", state.word(), next.join(" or "), wanted.to.word());
        return Err(AppError::conflict("plan_state", text));
    }
    if wanted.to == ProgramState::Draft && is_calculated(app, ctx, program).await? {
        return Err(AppError::conflict("plan_calculated", "this plan was calculated, so it is no draft any more; pause it instead"));
    }
    document.state = Some(wanted.to.word().to_owned());
    document.archived = wanted.to == ProgramState::Archived;
    // What a completed program closed with stays when it is put away, and ends when it is taken up again.
    if wanted.to != ProgramState::Archived {
        document.closes = closes;
    }
    let change = PutRecord::change(RecordKind::Program, program, write(&document)?);
    let put = PutRecord { expected_version: Some(record.version), ..change };
    let command = PutRecords { action: action(wanted.to), puts: vec![put], event: Some("program.state_changed") };
    app.submit(ctx, format!("{} {}", document.name, wanted.to.word()), command).await?;
    Ok(true)
}

const fn action(to: ProgramState) -> &'static str {
    match to {
        ProgramState::Draft => "program.made_draft",
        ProgramState::Active => "program.activated",
        ProgramState::Paused => "program.paused",
        ProgramState::Completed => "program.completed",
        ProgramState::Archived => "program.archived",
    }
}

/// What everybody who may decide about a plan may know: the periods that were calculated.
fn reader(ctx: &Context) -> Context {
    Context { scopes: vec![Scope::Read, Scope::Release, Scope::Plans], ..ctx.clone() }
}

async fn is_calculated(app: &App, ctx: &Context, program: Id) -> AppResult<bool> {
    Ok(latest(app, &reader(ctx)).await?.iter().any(|calculation| calculation.document.program == program.0))
}

/// The last day of the last period of a program that is completed.
async fn closing_day(app: &App, ctx: &Context, program: Id, wanted: &Move) -> AppResult<Date> {
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?;
    let known = latest(app, &reader(ctx)).await?;
    let of_program = known.iter().filter(|calculation| calculation.document.program == program.0);
    let last = of_program.max_by_key(|calculation| calculation.document.cell_day).map(|calculation| calculation.document.period.clone());
    let field = |text: String| AppError::invalid("period_invalid", "last_period", text);
    let parsed = |label: &str| Period::parse(label, &config.zone).ok().filter(|period| period.cadence() == entry.program.cadence);
    let Some(label) = wanted.last_period.as_deref().or(last.as_deref()) else {
        return Err(field("nothing of this plan was calculated yet; name the last period that it takes".to_owned()));
    };
    let named = parsed(label).ok_or_else(|| field(format!("`{label}` is no period of this plan")))?;
    if let Some(last) = last.as_deref().and_then(parsed).filter(|last| last.first_day() > named.first_day()) {
        return Err(field(format!("{} was calculated already, and is later than {}", last.label(), named.label())));
    }
    Ok(named.last_day())
}

/// Refuses a new version where the state of the program that is there forbids it.
pub(super) fn require_open(document: &ProgramDocument, begins: ProgramState) -> AppResult<()> {
    let state = ProgramState::of(document);
    if state == ProgramState::Archived {
        let text = "a plan of this name is archived; set it active, or give the new one another name";
        return Err(AppError::conflict("plan_archived", text));
    }
    if begins == ProgramState::Draft && state != ProgramState::Draft {
        let text = format!("a plan of this name is {}; a change to it is tried with what-if, or under another name", state.word());
        return Err(AppError::conflict("plan_state", text));
    }
    Ok(())
}

/// A new program in the state in which it begins.
pub(super) fn begun(document: ProgramDocument, begins: ProgramState) -> ProgramDocument {
    ProgramDocument { state: Some(begins.word().to_owned()), archived: begins == ProgramState::Archived, ..document }
}
