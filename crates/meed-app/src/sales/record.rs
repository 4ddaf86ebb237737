//! Recording sales from the API.

use meed_core::command::{Class, Identity, RecordSales, Refused, Reply, SaleInput, SaleOutcome};
use meed_core::id::{Id, Kind};
use meed_store::{Answer, Priority};

use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Sales in one call at most.
pub const SALES_PER_CALL_MAX: usize = 1_000;

/// Records sales of one source. Each has its own outcome; a refused one does not touch the others.
pub async fn record(app: &App, ctx: &Context, source: Id, sales: Vec<SaleInput>) -> AppResult<Vec<SaleOutcome>> {
    match submit(app, ctx, source, sales, None).await? {
        Answer::Decided(result) => outcomes(result?),
        Answer::Replayed(_) => Err(AppError::bug("a command without identity was replayed")),
    }
}

/// The same under an `Idempotency-Key`: the first answer again when the key comes back with the same content.
pub async fn record_keyed(app: &App, ctx: &Context, source: Id, sales: Vec<SaleInput>, identity: Identity) -> AppResult<Answer> {
    submit(app, ctx, source, sales, Some(identity)).await
}

async fn submit(app: &App, ctx: &Context, source: Id, sales: Vec<SaleInput>, identity: Option<Identity>) -> AppResult<Answer> {
    ctx.require(Scope::Sales)?;
    if sales.len() > SALES_PER_CALL_MAX {
        let text = format!("at most {SALES_PER_CALL_MAX} sales in a call; import a file for more");
        return Err(Refused::new(Class::Invalid, "too_many_sales", text).into());
    }
    let priority = if sales.len() > 10 { Priority::Bulk } else { Priority::Interactive };
    let mut command = RecordSales::new(source, sales);
    command.events = true;
    app.submit_as(ctx, source.text(Kind::Source), priority, identity, command).await
}

fn outcomes(reply: Reply) -> AppResult<Vec<SaleOutcome>> {
    match reply {
        Reply::Sales(outcomes) => Ok(outcomes),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}
