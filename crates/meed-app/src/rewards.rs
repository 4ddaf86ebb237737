//! Looking at rewards: what programs posted for their beneficiaries.

use meed_core::command::RewardRow;
use meed_core::id::{Id, Kind};
use meed_core::ledger::Owner;

use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A page of rewards in the order in which they were posted, after the id `after`.
pub async fn list(app: &App, ctx: &Context, after: Option<Id>, limit: i64) -> AppResult<Vec<RewardRow>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.rewards_page(workspace, after, limit.clamp(1, 200))).await?)
}

/// All rewards of a rep.
pub async fn of_rep(app: &App, ctx: &Context, rep: Id) -> AppResult<Vec<RewardRow>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.rewards_of(workspace, Owner::rep(rep))).await?)
}

/// A reward by id, with the line that explains it, as JSON.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<(RewardRow, Option<String>)> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let found = app.store().read(move |r| Ok((r.reward(workspace, id)?, r.explanation(workspace, id)?))).await?;
    let reward = found.0.ok_or_else(|| AppError::not_found(&format!("reward {}", id.text(Kind::Reward))))?;
    Ok((reward, found.1))
}
