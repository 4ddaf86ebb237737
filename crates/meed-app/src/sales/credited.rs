//! Whether sales are credited by the plans as they stand, for lists.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use meed_core::command::RecordKind;
use meed_core::condition::SaleRef;
use meed_core::id::Id;
use meed_core::period::Period;
use meed_store::{Reader, StoreError};

use super::read::SaleView;
use crate::calculations::{Binding, OriginalPairs};
use crate::documents::read;
use crate::error::AppResult;
use crate::imports::LayoutDocument;
use crate::{App, Configuration, Context, ProgramEntry, Scope};

/// What the plans make of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credited {
    /// At least one rule credits somebody.
    Yes,
    /// No rule does.
    No,
    /// There is no program.
    NoProgram,
}

/// A question about the crediting of sales.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditFilter {
    /// Sales that are credited, or that are not.
    Credited(bool),
    /// Sales that a program refuses for the reason with this code, wholly or in part.
    Refused(Id, String),
}

/// What the plans make of each of some sales.
pub async fn credited(app: &App, ctx: &Context, sales: Vec<SaleView>) -> AppResult<Vec<Credited>> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| judge(r, workspace, &config, &sales, None)).await?)
}

/// The sales that a filter keeps.
pub(super) fn keep(
    r: &mut Reader<'_>,
    workspace: Id,
    config: &Configuration,
    sales: Vec<SaleView>,
    filter: &CreditFilter,
) -> Result<Vec<SaleView>, StoreError> {
    let verdicts = judge(r, workspace, config, &sales, Some(filter))?;
    let wanted = if matches!(filter, CreditFilter::Credited(false)) { Credited::No } else { Credited::Yes };
    Ok(sales.into_iter().zip(verdicts).filter(|(_, verdict)| *verdict == wanted).map(|(sale, _)| sale).collect())
}

/// Judges sales period by period, so that each program is bound once for all of them. With a reason as filter, `Yes`
/// means that the sale was refused for it.
fn judge(
    r: &mut Reader<'_>,
    workspace: Id,
    config: &Configuration,
    sales: &[SaleView],
    filter: Option<&CreditFilter>,
) -> Result<Vec<Credited>, StoreError> {
    let asked = |entry: &&ProgramEntry| match filter {
        Some(CreditFilter::Refused(program, _)) => entry.id == *program,
        _ => true,
    };
    let programs: Vec<&ProgramEntry> = config.programs.iter().filter(|entry| entry.has_results()).filter(asked).collect();
    let none = if programs.is_empty() { Credited::NoProgram } else { Credited::No };
    let mut verdicts = vec![none; sales.len()];
    let uses_originals = programs.iter().any(|entry| entry.program.uses_originals());
    let originals = if uses_originals { originals(r, workspace, sales)? } else { HashMap::new() };
    for entry in programs {
        let mut by_period: HashMap<String, (Period, Vec<usize>)> = HashMap::new();
        for (index, sale) in sales.iter().enumerate() {
            if let Ok(period) = Period::containing(sale.stored.sale.at, entry.program.cadence, &config.zone) {
                by_period.entry(period.label()).or_insert_with(|| (period, Vec::new())).1.push(index);
            }
        }
        for (period, indices) in by_period.values() {
            let binding = Binding::from(entry);
            let bound = binding.bind(config, period);
            for index in indices {
                let sale = &sales[*index];
                let pairs = originals.get(&sale.stored.id).map(|pairs| OriginalPairs(pairs));
                let mut reference = SaleRef::from(&sale.stored);
                if let Some(pairs) = &pairs {
                    reference = reference.with_originals(pairs);
                }
                let verdict = bound.verdict(reference);
                let is_hit = match filter {
                    Some(CreditFilter::Refused(_, code)) => {
                        verdict.rules.iter().any(|rule| rule.refused.iter().any(|refused| refused.reason.code() == code))
                    }
                    _ => verdict.rules.iter().any(|rule| !rule.credited.is_empty()),
                };
                if is_hit {
                    verdicts[*index] = Credited::Yes;
                }
            }
        }
    }
    Ok(verdicts)
}

type Pairs = Vec<(String, String)>;

fn originals(r: &mut Reader<'_>, workspace: Id, sales: &[SaleView]) -> Result<HashMap<Id, Pairs>, StoreError> {
    let ids: Vec<Id> = sales.iter().map(|sale| sale.stored.id).collect();
    let mut layouts: HashMap<Id, Vec<String>> = HashMap::new();
    let mut found = HashMap::new();
    for (sale, layout, cells) in r.originals(workspace, &ids)? {
        if let Entry::Vacant(slot) = layouts.entry(layout) {
            let record = r.record(workspace, RecordKind::Layout, layout)?;
            slot.insert(record.and_then(|record| read::<LayoutDocument>(&record).ok()).map(|d| d.columns).unwrap_or_default());
        }
        let columns = layouts.get(&layout).map(Vec::as_slice).unwrap_or_default();
        found.insert(sale, columns.iter().cloned().zip(cells).collect());
    }
    Ok(found)
}
