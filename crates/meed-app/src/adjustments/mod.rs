//! Adjustments: rewards by hand, changed commissions, cleared draws (`commissions.md` §5).
//!
//! An adjustment is a record of its own and input to every calculation of its period. One that changes the commission of a
//! sale is tied to the credit as it stands: it lapses, with an alert, when the payee, the rule or the tier is another.

use meed_core::command::{PutRecord, PutRecords, Record, RecordKind, Reply, day_number};
use meed_core::crediting::{Adjustment, AdjustmentKind, Listed, RewardKind};
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Rounding, to_minor};
use meed_core::period::Period;
use serde::{Deserialize, Serialize};

use crate::calculations;
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Longest label.
const LABEL_MAX: usize = 200;

/// A stored adjustment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AdjustmentDocument {
    pub program: i64,
    /// Label of the period.
    pub period: String,
    pub cell_day: i64,
    pub rep: i64,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`.
    pub kind: String,
    /// Minor units; 0 for a cleared draw.
    pub amount: i64,
    pub currency: String,
    pub label: String,
    /// The sale whose commission is changed, and the credit it is tied to.
    #[serde(default)]
    pub sale: Option<i64>,
    #[serde(default)]
    pub rule: Option<String>,
    #[serde(default)]
    pub tier: Option<String>,
    pub created_us: i64,
    pub created_by: String,
}

/// An adjustment with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AdjustmentEntry {
    pub id: Id,
    pub document: AdjustmentDocument,
}

/// An adjustment to make.
#[derive(Clone, Debug)]
pub struct NewAdjustment {
    /// The program.
    pub program: Id,
    /// Label of the period it belongs to.
    pub period: String,
    /// The payee.
    pub rep: Id,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`.
    pub kind: String,
    /// In major units; none for `clear_draw`.
    pub amount: Option<Exact>,
    /// For people.
    pub label: String,
    /// The sale whose commission is changed.
    pub sale: Option<Id>,
}

impl AdjustmentDocument {
    /// The adjustment as calculations take it; `None` for a kind that this release does not know.
    pub(crate) fn adjustment(&self, id: Id) -> Option<Adjustment> {
        let kind = match (self.kind.as_str(), self.sale) {
            ("clear_draw", _) => AdjustmentKind::ClearDraw,
            (_, Some(sale)) => AdjustmentKind::Credit {
                sale: Id(sale),
                rule: self.rule.clone().unwrap_or_default(),
                tier: self.tier.clone(),
                minor: self.amount,
            },
            (word, None) => AdjustmentKind::Amount { kind: RewardKind::from_word(word)?, minor: self.amount },
        };
        Some(Adjustment { id, cell_day: self.cell_day, label: self.label.clone(), kind })
    }
}

/// Makes an adjustment. A period that was calculated before is calculated again at once.
pub async fn add(app: &App, ctx: &Context, new: &NewAdjustment) -> AppResult<AdjustmentEntry> {
    ctx.require(Scope::Release)?;
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(new.program)?;
    let period = Period::parse(&new.period, &config.zone).ok().filter(|period| period.cadence() == entry.program.cadence);
    let period =
        period.ok_or_else(|| AppError::invalid("period_invalid", "period", format!("`{}` is no period of this plan", new.period)))?;
    if config.directory.rep(new.rep).is_none() {
        return Err(AppError::not_found(&format!("rep {}", new.rep.text(Kind::Rep))));
    }
    let label = new.label.trim();
    if label.is_empty() || label.len() > LABEL_MAX {
        return Err(AppError::invalid("label_invalid", "label", format!("say in 1 to {LABEL_MAX} bytes what it is for")));
    }
    let unit = entry.program.currency;
    let amount = amount_of(new, unit)?;
    let mut document = AdjustmentDocument {
        program: new.program.0,
        period: period.label(),
        cell_day: day_number(period.first_day()),
        rep: new.rep.0,
        kind: new.kind.clone(),
        amount,
        currency: unit.code().to_owned(),
        label: label.to_owned(),
        sale: new.sale.map(|sale| sale.0),
        rule: None,
        tier: None,
        created_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
    };
    if let Some(sale) = new.sale {
        tie(app, ctx, &mut document, sale).await?;
    }
    let put = PutRecord::new(RecordKind::Adjustment, None, write(&document)?);
    let subject = format!("{} {}", entry.program.name, document.period);
    let reply = app.submit(ctx, subject, PutRecords::one("adjustment.made", put)).await?;
    let Reply::Records(ids) = reply else { return Err(AppError::bug("an adjustment was answered with something else")) };
    let id = ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written"))?;
    calculate_again(app, ctx, &document).await?;
    Ok(AdjustmentEntry { id, document })
}

fn amount_of(new: &NewAdjustment, unit: meed_core::money::Unit) -> AppResult<i64> {
    let wrong = |text: &str| AppError::invalid("amount_invalid", "amount", text.to_owned());
    match (new.kind.as_str(), new.amount) {
        ("clear_draw", None) if new.sale.is_none() => Ok(0),
        ("clear_draw", _) => Err(wrong("a cleared draw has neither an amount nor a sale")),
        ("adjustment" | "bonus" | "clawback", Some(amount)) => {
            let minor = to_minor(amount, unit, Rounding::HalfUp).map_err(|_| wrong("the amount leaves the range that can be kept"))?;
            if Exact::new(minor, unit.exponent()) != amount || minor == 0 {
                return Err(wrong("an amount is not 0 and has no more decimals than its currency"));
            }
            if new.kind == "clawback" && minor > 0 { Err(wrong("a clawback is below 0")) } else { Ok(minor) }
        }
        ("adjustment" | "bonus" | "clawback", None) => Err(wrong("an amount is needed")),
        _ => Err(AppError::invalid("kind_invalid", "kind", "`kind` is adjustment, bonus, clawback or clear_draw".to_owned())),
    }
}

/// Ties an adjustment to the credit that the payee has for a sale.
async fn tie(app: &App, ctx: &Context, document: &mut AdjustmentDocument, sale: Id) -> AppResult<()> {
    let reader = Context { scopes: vec![Scope::Read, Scope::Release], ..ctx.clone() };
    let (program, rep) = (Id(document.program), Id(document.rep));
    let explained = calculations::statement_part(app, &reader, program, &document.period, rep, Listed::OfSale(sale)).await?;
    let credit = explained.and_then(|explained| explained.credits.into_iter().next());
    let text = "this payee is not credited for this sale in this period";
    let credit = credit.ok_or_else(|| AppError::conflict("not_credited", text))?;
    document.tier = credit.tier();
    document.rule = Some(credit.rule_id);
    Ok(())
}

/// Takes an adjustment back. What it posted is taken back by the next calculation, which follows at once.
pub async fn remove(app: &App, ctx: &Context, id: Id) -> AppResult<()> {
    ctx.require(Scope::Release)?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Adjustment, id)).await?;
    let record = record.ok_or_else(|| AppError::not_found("adjustment"))?;
    let document: AdjustmentDocument = read(&record)?;
    let subject = format!("{} {}", document.label, document.period);
    app.submit(ctx, subject, PutRecords::one("adjustment.removed", PutRecord::delete(RecordKind::Adjustment, id))).await?;
    calculate_again(app, ctx, &document).await
}

/// The adjustments of a program, by period and time.
pub async fn list(app: &App, ctx: &Context, program: Id) -> AppResult<Vec<AdjustmentEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Adjustment)).await?;
    let mut all: Vec<AdjustmentEntry> = records.iter().map(entry).collect::<AppResult<_>>()?;
    all.retain(|entry| entry.document.program == program.0);
    all.sort_by_key(|entry| (entry.document.cell_day, entry.id));
    Ok(all)
}

fn entry(record: &Record) -> AppResult<AdjustmentEntry> {
    Ok(AdjustmentEntry { id: record.id, document: read(record)? })
}

async fn calculate_again(app: &App, ctx: &Context, document: &AdjustmentDocument) -> AppResult<()> {
    let reader = Context { scopes: vec![Scope::Read, Scope::Release], ..ctx.clone() };
    let known = calculations::latest(app, &reader).await?;
    if known.iter().any(|c| c.document.program == document.program && c.document.period == document.period) {
        calculations::calculate(app, ctx, Id(document.program), &document.period).await?;
    }
    Ok(())
}
