//! A payee's own credits of a period as CSV, where the workspace lets them take it away.

use meed_core::command::{Class, Refused};
use meed_core::id::Id;

use super::csv_line;
use crate::error::AppResult;
use crate::{App, Context, preferences, statements};

/// Columns of the file.
const COLUMNS: [&str; 9] = ["Plan", "Period", "Date", "Sale", "Rule", "Credited", "Rate", "Credit", "Currency"];

/// The credits of a payee's period, over all plans that they may see.
pub async fn statement_csv(app: &App, ctx: &Context, rep: Id, label: &str) -> AppResult<Vec<u8>> {
    let all = statements::of_payee(app, ctx, rep, label).await?;
    let wanted = preferences::get(app, ctx).await?;
    if ctx.role.is_of_rep() && !(wanted.details && wanted.export) {
        return Err(Refused::new(Class::NotFound, "export_off", "this workspace does not hand out this file").into());
    }
    let zone = app.configuration(ctx.workspace).await?.zone.clone();
    let mut out = "\u{feff}".as_bytes().to_vec();
    csv_line(&mut out, &COLUMNS);
    for statement in &all {
        let body = &statement.body;
        for credit in &body.credits {
            let at = credit.at.parse::<jiff::Timestamp>().map(|at| zone.to_datetime(at).date().to_string()).unwrap_or_default();
            let cells = [
                body.program_name.clone(),
                body.period.clone(),
                at,
                credit.unique_id.clone().unwrap_or_default(),
                credit.rule.clone(),
                credit.basis.clone(),
                credit.rate.as_ref().map(|rate| format!("{rate}%")).unwrap_or_default(),
                if statement.shown == statements::Shown::All { credit.amount.clone() } else { String::new() },
                body.currency.clone(),
            ];
            csv_line(&mut out, &cells);
        }
    }
    Ok(out)
}
