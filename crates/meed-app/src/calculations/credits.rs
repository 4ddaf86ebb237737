//! The credits of a calculation, page by page: frozen ones once its period is released, those of present facts before.

use meed_core::id::Id;

use super::read::CalculationEntry;
use super::scan::{period_of, with_settled};
use crate::error::AppResult;
use crate::releases::{CreditLine, of_period, statements_of_release};
use crate::{App, Context, Scope};

/// A credit with its payee.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct PayeeCredit {
    pub rep: Id,
    pub rep_name: String,
    pub credit: CreditLine,
}

/// Where a page of credits begins: the payee, and how many of their credits came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditPlace {
    /// The payee.
    pub rep: Id,
    /// Credits of this payee that came before.
    pub skip: usize,
}

/// A page of credits by payee id and canonical order, and where the next one begins; of one payee if `only` says so.
pub async fn credits(
    app: &App,
    ctx: &Context,
    calculation: &CalculationEntry,
    only: Option<Id>,
    from: Option<CreditPlace>,
    limit: usize,
) -> AppResult<(Vec<PayeeCredit>, Option<CreditPlace>)> {
    ctx.require(Scope::Read)?;
    let document = &calculation.document;
    let program = Id(document.program);
    if let Some(release) = of_period(app, ctx, program, document.cell_day).await? {
        let statements = statements_of_release(app, ctx, release.id).await?;
        let mut payees: Vec<Payee> = statements.into_iter().map(|s| (Id(s.body.rep), s.body.rep_name, s.body.credits)).collect();
        payees.sort_by_key(|(rep, ..)| *rep);
        return Ok(cut(payees.into_iter().filter(|(rep, ..)| only.is_none_or(|o| o == *rep)), from, limit));
    }
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = period_of(&config, &document.period)?;
    let names = std::sync::Arc::clone(&config);
    let look = move |calculation: &meed_core::crediting::Calculation<'_>, _: i64| {
        let mut reps: Vec<Id> = calculation.rewards().iter().map(|reward| reward.rep).collect();
        reps.retain(|rep| only.is_none_or(|o| o == *rep));
        reps.sort_unstable();
        // Explained one payee at a time, and only as far as the page goes.
        let payees = reps.into_iter().filter(|rep| from.is_none_or(|f| f.rep <= *rep)).map(|rep| {
            let credits = calculation.explain(rep).map(|e| e.credits).unwrap_or_default();
            (rep, names.rep_name(rep), credits.iter().map(CreditLine::of).collect())
        });
        cut(payees, from, limit)
    };
    with_settled(app, ctx.workspace, config, &entry, period, look).await
}

type Payee = (Id, String, Vec<CreditLine>);

fn cut(payees: impl Iterator<Item = Payee>, from: Option<CreditPlace>, limit: usize) -> (Vec<PayeeCredit>, Option<CreditPlace>) {
    let mut page = Vec::with_capacity(limit);
    for (rep, rep_name, credits) in payees {
        let skip = match from {
            Some(from) if rep < from.rep => continue,
            Some(from) if rep == from.rep => from.skip,
            _ => 0,
        };
        for (index, credit) in credits.into_iter().enumerate().skip(skip) {
            if page.len() == limit {
                return (page, Some(CreditPlace { rep, skip: index }));
            }
            page.push(PayeeCredit { rep, rep_name: rep_name.clone(), credit });
        }
    }
    (page, None)
}
