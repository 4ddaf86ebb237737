//! Approvals of statements, single and in bulk.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use meed_app::access::{ActorNames, actor_names};
use meed_app::approvals::{self, Approval, ApprovalLine};
use meed_core::id::{Id, Kind};

use super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::flash;
use super::form::{Posted, id};
use super::shown::{Setting, counted, money, period_words, setting};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::approvals::{ApprovalGroup, ApprovalRow, ApprovalsPage};
use crate::pages::{Badge, FormErrors, Nav, Tone};

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/approvals", get(show).post(decide))
}

async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&approvals_page(&state, &visit, FormErrors::none()).await?)
}

async fn approvals_page(state: &ServerState, visit: &Visit, errors: FormErrors) -> Result<ApprovalsPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let actors = actor_names(&state.app, &visit.ctx).await?;
    let mut groups: Vec<ApprovalGroup> = Vec::new();
    for line in approvals::open(&state.app, &visit.ctx).await? {
        let program = line.program.text(Kind::Program);
        let place = groups.iter().position(|group| group.program == program && group.label == line.period);
        let place = place.unwrap_or_else(|| {
            groups.push(ApprovalGroup {
                number: groups.len(),
                program: program.clone(),
                name: line.program_name.clone(),
                label: line.period.clone(),
                period: period_words(&line.period),
                progress: String::new(),
                rows: Vec::new(),
            });
            groups.len() - 1
        });
        groups[place].rows.push(row(&setting, &actors, &line));
    }
    for group in &mut groups {
        let approved = group.rows.iter().filter(|row| row.status.tone == Tone::Good).count();
        group.progress = format!("{approved} of {} approved", counted(group.rows.len() as u64, "statement", "statements"));
    }
    Ok(ApprovalsPage { chrome: visit.chrome(Nav::Approvals), groups, errors })
}

fn row(setting: &Setting, actors: &ActorNames, line: &ApprovalLine) -> ApprovalRow {
    let rep = line.rep.text(Kind::Rep);
    let status = match line.approval {
        Approval::Approved => Badge::new("Approved", Tone::Good),
        Approval::Outdated => Badge::new("Amount changed", Tone::Warn),
        Approval::Pending => Badge::new("Waits", Tone::Warn),
        Approval::NotRequired => Badge::new("Not required", Tone::Neutral),
    };
    let note = line.given.as_ref().map_or_else(String::new, |given| {
        let was =
            if line.approval == Approval::Outdated { format!(" at {}", money(given.amount, line.currency).text()) } else { String::new() };
        format!("{}{was}, {}", actors.name(&given.approved_by), setting.moment(given.approved_us))
    });
    ApprovalRow {
        href: format!("/statements/{rep}/{}", line.period),
        rep,
        name: line.rep_name.clone(),
        amount: money(line.amount, line.currency),
        status,
        note,
        can_decide: line.may_decide,
    }
}

async fn decide(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let program = form.id("program", Kind::Program)?.ok_or_else(Trouble::not_found)?;
    let (label, action) = (form.text("period"), form.text("action"));
    let reps: Vec<Id> = match action {
        "approve_all" => {
            let lines = approvals::of_period(&state.app, &visit.ctx, program, label).await?;
            lines.into_iter().filter(|line| line.may_decide && line.approval != Approval::Approved).map(|line| line.rep).collect()
        }
        _ => form.all("rep").into_iter().map(|text| id(text, Kind::Rep)).collect::<Result<_, _>>()?,
    };
    if reps.is_empty() && action != "approve_all" {
        return form_page(&approvals_page(&state, &visit, FormErrors::one("", "Choose at least one statement.")).await?);
    }
    match approvals::decide(&state.app, &visit.ctx, program, label, &reps, action != "withdraw").await {
        Ok(changed) => {
            let done = if action == "withdraw" { "withdrawn" } else { "approved" };
            let said = format!("{} {done}.", counted(changed as u64, "statement", "statements"));
            Ok(flash::see_other(&state, "/approvals", Tone::Good, &said))
        }
        Err(error) => {
            let errors = form_errors(error, &[])?;
            form_page(&approvals_page(&state, &visit, errors).await?)
        }
    }
}
