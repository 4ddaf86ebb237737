//! Explanations: a payee's period to the last cent, and why a sale was or was not credited.

use std::sync::Arc;

use meed_core::condition::SaleRef;
use meed_core::crediting::{Credit, Explanation, Listed, SaleVerdict};
use meed_core::id::Id;
use meed_core::period::Period;

use super::binding::Binding;
use super::scan::{OriginalPairs, period_of, with_settled};
use crate::error::AppResult;
use crate::sales;
use crate::{App, Context, Scope};

/// What one program says of a sale.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The program.
    pub program: Id,
    /// Its name.
    pub program_name: String,
    /// The period of the sale.
    pub period: Period,
    /// Rule by rule: credited to whom, or which condition failed.
    pub verdict: SaleVerdict,
    /// The credits of the sale with their amounts, by rep.
    pub credits: Vec<(Id, Credit)>,
}

/// Explains a payee's target of a program and period: every credit with its pieces.
pub async fn statement(app: &App, ctx: &Context, program: Id, label: &str, rep: Id) -> AppResult<Option<Explanation>> {
    statement_part(app, ctx, program, label, rep, Listed::All).await
}

/// The same with some of the credits. Only their working is made; sums and numbers are those of all.
pub async fn statement_part(app: &App, ctx: &Context, program: Id, label: &str, rep: Id, listed: Listed) -> AppResult<Option<Explanation>> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = period_of(&config, label)?;
    with_settled(app, ctx.workspace, config, &entry, period, move |calculation, _| calculation.explain_part(rep, listed)).await
}

/// What every program says of a sale.
pub async fn verdicts(app: &App, ctx: &Context, sale: Id) -> AppResult<Vec<Verdict>> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let history = sales::one(app, ctx, sale).await?;
    let mut verdicts = Vec::new();
    for entry in config.programs.iter().filter(|entry| entry.has_results()) {
        let Ok(period) = Period::containing(history.sale.stored.sale.at, entry.program.cadence, &config.zone) else { continue };
        let verdict = {
            let binding = Binding::from(entry);
            let bound = binding.bind(&config, &period);
            let originals = OriginalPairs(&history.original);
            bound.verdict(SaleRef::from(&history.sale.stored).with_originals(&originals))
        };
        let is_credited = verdict.rules.iter().any(|rule| !rule.credited.is_empty());
        let credits = if is_credited {
            let config = Arc::clone(&config);
            let look = move |calculation: &meed_core::crediting::Calculation<'_>, _: i64| {
                let mut credits = calculation.credits_of_sale(sale);
                // What a team earned is listed with those who get it.
                credits.retain(|(rep, _)| calculation.reward(*rep).is_some());
                credits.sort_by_key(|(rep, _)| *rep);
                credits
            };
            with_settled(app, ctx.workspace, config, entry, period.clone(), look).await?
        } else {
            Vec::new()
        };
        verdicts.push(Verdict { program: entry.id, program_name: entry.program.name.clone(), period, verdict, credits });
    }
    Ok(verdicts)
}
