//! The credits of a calculation, page by page: frozen ones once its period is released, those of present facts before.

use meed_core::crediting::{Calculation, Listed};
use meed_core::id::Id;

use super::read::CalculationEntry;
use super::scan::{period_of, with_settled};
use crate::error::AppResult;
use crate::releases::{CreditLine, frozen_statement, of_period, payees_of_release};
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
        return frozen(app, ctx, release.id, only, from, limit).await;
    }
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = period_of(&config, &document.period)?;
    let names = std::sync::Arc::clone(&config);
    let look = move |calculation: &Calculation<'_>, _: i64| {
        let mut page = Page::new(from, limit);
        // Rewards are in the order of reps.
        for rep in calculation.rewards().iter().map(|reward| reward.rep).filter(|rep| only.is_none_or(|o| o == *rep)) {
            let Some(wanted) = page.wanted(rep) else { continue };
            let Some(explained) = calculation.explain_part(rep, wanted) else { continue };
            let lines = explained.credits.iter().map(CreditLine::of).collect();
            if page.add(rep, &names.rep_name(rep), lines, explained.credit_count) {
                break;
            }
        }
        page.finish()
    };
    with_settled(app, ctx.workspace, config, &entry, period, look).await
}

/// A page of the frozen credits of a release: only the statements that it shows are read.
async fn frozen(
    app: &App,
    ctx: &Context,
    release: Id,
    only: Option<Id>,
    from: Option<CreditPlace>,
    limit: usize,
) -> AppResult<(Vec<PayeeCredit>, Option<CreditPlace>)> {
    let mut page = Page::new(from, limit);
    for (rep, statement) in payees_of_release(app, ctx, release).await?.into_iter().filter(|(rep, _)| only.is_none_or(|o| o == *rep)) {
        let Some(wanted) = page.wanted(rep) else { continue };
        let body = frozen_statement(app, ctx, statement, wanted).await?.body;
        if page.add(rep, &body.rep_name, body.credits, body.credit_count) {
            break;
        }
    }
    Ok(page.finish())
}

/// A page while it fills, payee by payee.
struct Page {
    from: Option<CreditPlace>,
    limit: usize,
    credits: Vec<PayeeCredit>,
    next: Option<CreditPlace>,
}

impl Page {
    fn new(from: Option<CreditPlace>, limit: usize) -> Self {
        Self { from, limit, credits: Vec::with_capacity(limit), next: None }
    }

    /// What of a payee's credits is wanted, one more than fits so that it shows whether there are more; `None` before the
    /// page begins.
    fn wanted(&self, rep: Id) -> Option<Listed> {
        let count = self.limit - self.credits.len() + 1;
        match self.from {
            Some(from) if rep < from.rep => None,
            Some(from) if rep == from.rep => Some(Listed::Slice { from: from.skip, count }),
            _ => Some(Listed::Slice { from: 0, count }),
        }
    }

    /// Adds a payee's credits. Answers whether the page is full and more follow.
    fn add(&mut self, rep: Id, rep_name: &str, lines: Vec<CreditLine>, all: usize) -> bool {
        let skip = self.from.filter(|from| from.rep == rep).map_or(0, |from| from.skip.min(all));
        for (index, credit) in lines.into_iter().enumerate() {
            if self.credits.len() == self.limit {
                self.next = Some(CreditPlace { rep, skip: skip + index });
                return true;
            }
            self.credits.push(PayeeCredit { rep, rep_name: rep_name.to_owned(), credit });
        }
        false
    }

    fn finish(self) -> (Vec<PayeeCredit>, Option<CreditPlace>) {
        (self.credits, self.next)
    }
}
