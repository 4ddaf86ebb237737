//! Approvals: a payee's manager, or a full administrator, says that a statement is right before its rewards are released
//! (`commissions.md` §5 step 4, behaviour 52).
//!
//! An approval is of an amount. When the amount changes, it no longer holds and must be given again.

use std::collections::BTreeMap;

use meed_core::command::{Class, PutRecord, PutRecords, Record, RecordKind, Refused, RewardState};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};

use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::people::{manages, seen, today};
use crate::releases::{self, PeriodState, PeriodView, RewardView};
use crate::{App, Context, Role, Scope, calculations, preferences};

/// The approval of one payee's statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ApprovalDocument {
    pub program: i64,
    pub period: String,
    pub booked_day: i64,
    pub rep: i64,
    /// What was approved, minor units.
    pub amount: i64,
    pub currency: String,
    pub approved_us: i64,
    pub approved_by: String,
}

/// Where the approval of a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// The plan asks for none, and none was given.
    NotRequired,
    /// It is asked for.
    Pending,
    /// It was given for another amount.
    Outdated,
    /// It is given.
    Approved,
}

impl Approval {
    /// The word in the column `Manager Approval` and in the API.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotRequired => "Not required",
            Self::Pending | Self::Outdated => "Pending",
            Self::Approved => "Approved",
        }
    }

    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotRequired => "not_required",
            Self::Pending => "pending",
            Self::Outdated => "outdated",
            Self::Approved => "approved",
        }
    }
}

/// A statement with its approval.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ApprovalLine {
    pub program: Id,
    pub program_name: String,
    pub period: String,
    pub rep: Id,
    pub rep_name: String,
    pub currency: meed_core::money::Unit,
    /// Minor units.
    pub amount: i64,
    pub approval: Approval,
    pub given: Option<ApprovalDocument>,
    /// Whether the caller may give or take it.
    pub may_decide: bool,
}

/// The approvals of a period, by rep.
pub(crate) type Given = BTreeMap<Id, ApprovalDocument>;

fn prefix(program: Id, booked_day: i64) -> String {
    format!("{program}:{booked_day}:")
}

/// The approvals that were given for a program's period.
pub(crate) async fn given(app: &App, ctx: &Context, program: Id, booked_day: i64) -> AppResult<Given> {
    let (workspace, prefix) = (ctx.workspace, prefix(program, booked_day));
    let records = app.store().read(move |r| r.records_by_key_prefix(workspace, RecordKind::Approval, &prefix)).await?;
    let pair = |record: &Record| {
        let document: ApprovalDocument = read(record)?;
        Ok((Id(document.rep), document))
    };
    records.iter().map(pair).collect()
}

/// Where the approval of one payee's rewards stands.
pub(crate) fn standing(is_required: bool, given: &Given, payee: &RewardView) -> Approval {
    match given.get(&payee.owner.id) {
        Some(found) if found.amount == payee.total => Approval::Approved,
        Some(_) => Approval::Outdated,
        None if is_required => Approval::Pending,
        None => Approval::NotRequired,
    }
}

/// Refuses a release while approvals that its plan asks for are missing.
pub(crate) async fn require_complete(app: &App, ctx: &Context, booked: &PeriodView) -> AppResult<()> {
    if !preferences::get(app, ctx).await?.needs_approval(booked.program) {
        return Ok(());
    }
    let given = given(app, ctx, booked.program, booked.booked_day).await?;
    let missing: Vec<&str> =
        booked.payees.iter().filter(|p| standing(true, &given, p) != Approval::Approved).map(|p| p.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let named = missing.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    let more = if missing.len() > 5 { format!(" and {} more", missing.len() - 5) } else { String::new() };
    Err(AppError::conflict("approval_missing", format!("these statements are not approved: {named}{more}")))
}

/// The statements of the caller's line, or of everybody, that stand open in a period, with their approvals. Those of
/// managers only once their credits are released.
pub async fn of_period(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Vec<ApprovalLine>> {
    let seen = seen(app, ctx).await?;
    let reader = ctx.reading();
    let booked = releases::period(app, &reader, program, label).await?;
    if ctx.role.is_of_rep() && booked.standing() < PeriodState::CreditsReleased {
        return Ok(Vec::new());
    }
    let config = app.configuration(ctx.workspace).await?;
    let is_required = preferences::get(app, ctx).await?.needs_approval(program);
    let given = given(app, ctx, program, booked.booked_day).await?;
    let entry = config.program(program)?;
    let mut lines = Vec::new();
    for payee in booked.payees.iter().filter(|payee| seen.covers(payee.owner.id)) {
        lines.push(ApprovalLine {
            program,
            program_name: entry.program.name.clone(),
            period: booked.label.clone(),
            rep: payee.owner.id,
            rep_name: payee.name.clone(),
            currency: booked.currency,
            amount: payee.total,
            approval: standing(is_required, &given, payee),
            given: given.get(&payee.owner.id).cloned(),
            may_decide: payee.state == RewardState::Accrued && check_decider(app, ctx, payee.owner.id).await.is_ok(),
        });
    }
    Ok(lines)
}

/// What waits for the caller's word: open statements of every period that is calculated, the ones without approval first.
pub async fn open(app: &App, ctx: &Context) -> AppResult<Vec<ApprovalLine>> {
    // Refuses who sees nobody's figures.
    seen(app, ctx).await?;
    let reader = ctx.reading();
    let mut lines = Vec::new();
    let config = app.configuration(ctx.workspace).await?;
    for calculation in calculations::latest(app, &reader).await? {
        let document = &calculation.document;
        let program = Id(document.program);
        if config.program(program).is_err() || releases::of_period(app, &reader, program, document.cell_day).await?.is_some() {
            continue;
        }
        lines.extend(of_period(app, ctx, program, &document.period).await?);
    }
    Ok(lines)
}

/// Refuses unless the caller may decide about a rep's statements. Nobody approves their own, except a full administrator,
/// or who is their own manager.
async fn check_decider(app: &App, ctx: &Context, rep: Id) -> AppResult<()> {
    if ctx.has(Scope::Admin) {
        return Ok(());
    }
    let refuse = |code, text: &str| Err(Refused::new(Class::Forbidden, code, text.to_owned()).into());
    match (ctx.role, ctx.payee) {
        (Role::Manager, Some(own)) => {
            let config = app.configuration(ctx.workspace).await?;
            if manages(&config.directory, own, rep, today(app, &config)) {
                Ok(())
            } else if own == rep {
                refuse("own_statement", "nobody approves their own statement")
            } else {
                refuse("not_your_line", "this payee is not in your line")
            }
        }
        (_, Some(own)) if own == rep => refuse("own_statement", "nobody approves their own statement"),
        _ => refuse("approver_needed", "a statement is approved by the payee's manager or a full administrator"),
    }
}

/// Gives approvals, or takes them back, for payees of a period: all or none. Answers how many changed.
pub async fn decide(app: &App, ctx: &Context, program: Id, label: &str, reps: &[Id], is_approved: bool) -> AppResult<usize> {
    for rep in reps {
        check_decider(app, ctx, *rep).await?;
    }
    let booked = releases::period(app, &ctx.reading(), program, label).await?;
    match booked.standing() {
        PeriodState::Released | PeriodState::Paid => {
            return Err(AppError::conflict("already_released", "the rewards of this period are released; approvals no longer change"));
        }
        state if ctx.role.is_of_rep() && state != PeriodState::CreditsReleased => {
            return Err(AppError::conflict("credits_not_released", "the credits of this period are not released yet"));
        }
        _ => {}
    }
    let given = given(app, ctx, program, booked.booked_day).await?;
    let mut puts = Vec::new();
    for rep in reps {
        let payee = booked.payees.iter().find(|payee| payee.owner.id == *rep);
        let payee = payee.ok_or_else(|| AppError::not_found(&format!("statement of {} in this period", rep.text(Kind::Rep))))?;
        let key = format!("{}{rep}", prefix(program, booked.booked_day));
        let present = given.get(rep);
        if !is_approved {
            let workspace = ctx.workspace;
            let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Approval, &key)).await?;
            puts.extend(record.map(|record| PutRecord::delete(RecordKind::Approval, record.id)));
        } else if present.is_none_or(|present| present.amount != payee.total) {
            let document = ApprovalDocument {
                program: program.0,
                period: booked.label.clone(),
                booked_day: booked.booked_day,
                rep: rep.0,
                amount: payee.total,
                currency: booked.currency.code().to_owned(),
                approved_us: app.now_us(),
                approved_by: ctx.actor.0.clone(),
            };
            puts.push(PutRecord::upsert(RecordKind::Approval, key, write(&document)?));
        }
    }
    let changed = puts.len();
    if changed > 0 {
        let config = app.configuration(ctx.workspace).await?;
        let names: Vec<String> = reps.iter().take(3).map(|rep| config.rep_name(*rep)).collect();
        let more = if reps.len() > 3 { format!(" and {} more", reps.len() - 3) } else { String::new() };
        let subject = format!("{} {}: {}{more}", config.program(program)?.program.name, booked.label, names.join(", "));
        let action = if is_approved { "statement.approved" } else { "statement.approval_withdrawn" };
        app.submit(ctx, subject, PutRecords { action, puts, event: None }).await?;
    }
    Ok(changed)
}
