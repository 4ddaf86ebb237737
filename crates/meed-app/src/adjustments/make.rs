//! Making adjustments and taking them back. What is refused is refused before anything is written; several are written
//! together, and each period they concern is calculated again once.

use std::collections::BTreeSet;

use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply, day_number};
use meed_core::crediting::Listed;
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Rounding, Unit, to_minor};
use meed_core::period::Period;

use super::list::{AdjustmentEntry, all, entry, get};
use super::{AdjustmentDocument, LABEL_MAX, clawback};
use crate::documents::write;
use crate::error::{AppError, AppResult};
use crate::secrets::hex;
use crate::{App, Configuration, Context, ProgramEntry, Scope, calculations};

/// An adjustment to make.
#[derive(Clone, Debug, Default)]
pub struct NewAdjustment {
    /// The program.
    pub program: Id,
    /// Label of the period it belongs to.
    pub period: String,
    /// The payee.
    pub rep: Id,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`.
    pub kind: String,
    /// In major units; none for `clear_draw`, and where `to` says what it should come to. A clawback of a sale without one
    /// takes back all that the sale earned.
    pub amount: Option<Exact>,
    /// What the commission of the sale should come to, in major units.
    pub to: Option<Exact>,
    /// For people.
    pub label: String,
    /// The sale whose commission is changed, or taken back by a clawback.
    pub sale: Option<Id>,
    /// Id of the rule, where several credit the payee for the sale.
    pub rule: Option<String>,
}

/// What was made, or was there already under the same identity.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Made {
    pub entries: Vec<AdjustmentEntry>,
    /// They were made by the same request before.
    pub is_repeated: bool,
}

/// What checking needs, read once.
pub(super) struct Desk<'a> {
    pub(super) app: &'a App,
    pub(super) ctx: &'a Context,
    pub(super) config: std::sync::Arc<Configuration>,
    /// What was decided before.
    pub(super) known: Vec<AdjustmentEntry>,
}

impl<'a> Desk<'a> {
    pub(super) async fn open(app: &'a App, ctx: &'a Context) -> AppResult<Self> {
        ctx.require(Scope::Release)?;
        Ok(Self { app, ctx, config: app.configuration(ctx.workspace).await?, known: all(app, &reader(ctx)).await? })
    }

    pub(super) fn reader(&self) -> Context {
        reader(self.ctx)
    }

    /// A period of the program's length.
    pub(super) fn period(&self, entry: &ProgramEntry, label: &str) -> AppResult<Period> {
        let period = Period::parse(label, &self.config.zone).ok().filter(|period| period.cadence() == entry.program.cadence);
        period.ok_or_else(|| AppError::invalid("period_invalid", "period", format!("`{label}` is no period of this plan")))
    }

    /// The document of an adjustment, or why it cannot be made.
    pub(super) async fn check(&self, new: &NewAdjustment) -> AppResult<AdjustmentDocument> {
        let entry = self.config.program(new.program)?;
        entry.require_running()?;
        let period = self.period(entry, &new.period)?;
        if self.config.directory.rep(new.rep).is_none() {
            return Err(AppError::not_found(&format!("rep {}", new.rep.text(Kind::Rep))));
        }
        let unit = entry.program.currency;
        let mut document = AdjustmentDocument {
            program: new.program.0,
            period: period.label(),
            cell_day: day_number(period.first_day()),
            rep: new.rep.0,
            kind: new.kind.clone(),
            amount: 0,
            currency: unit.code().to_owned(),
            label: label(&new.label)?,
            sale: None,
            rule: None,
            tier: None,
            origin: None,
            origin_period: None,
            earned: None,
            request: None,
            created_us: self.app.now_us(),
            created_by: self.ctx.actor.0.clone(),
        };
        match (new.kind.as_str(), new.sale) {
            ("clawback", Some(sale)) => {
                let wanted = new.amount.map(|amount| amount_of(&new.kind, amount, unit)).transpose()?;
                clawback::link(self, &mut document, entry, &period, sale, wanted).await?;
            }
            (_, Some(sale)) => self.tie(&mut document, new, sale, unit).await?,
            _ => document.amount = plain_amount(new, unit)?,
        }
        Ok(document)
    }

    /// Ties an adjustment to the credit that the payee has for a sale.
    async fn tie(&self, document: &mut AdjustmentDocument, new: &NewAdjustment, sale: Id, unit: Unit) -> AppResult<()> {
        let program = Id(document.program);
        let of_sale = Listed::OfSale(sale);
        let explained = calculations::statement_part(self.app, &self.reader(), program, &document.period, new.rep, of_sale).await?;
        let mut credits = explained.map(|explained| explained.credits).unwrap_or_default();
        credits.retain(|credit| new.rule.as_ref().is_none_or(|rule| *rule == credit.rule_id));
        let text = "this payee is not credited for this sale in this period";
        let first = credits.first().ok_or_else(|| AppError::conflict("not_credited", text))?;
        if let Some(other) = credits.iter().find(|credit| credit.rule_id != first.rule_id) {
            let text = format!("two rules credit this payee for this sale, `{}` and `{}`: name the one", first.rule_id, other.rule_id);
            return Err(AppError::invalid("rule_ambiguous", "rule", text));
        }
        document.sale = Some(sale.0);
        document.rule = Some(first.rule_id.clone());
        document.tier = first.tier();
        document.amount = match (new.to, new.amount) {
            (None, _) => plain_amount(new, unit)?,
            (Some(_), Some(_)) => return Err(wrong_amount("say either by how much it changes or what it comes to, not both")),
            (Some(to), None) => {
                let earned = credits.iter().try_fold(Exact::ZERO, |sum, credit| sum.checked_add(credit.amount));
                let before = self.known.iter().map(|known| &known.document);
                let same = before.filter(|d| d.cell_day == document.cell_day && d.program == document.program && d.rep == document.rep);
                let changed = same.filter(|d| d.sale == document.sale && d.rule == document.rule).map(|d| d.amount);
                let changed = changed.fold(0i64, i64::saturating_add);
                let stands = earned.and_then(|earned| earned.checked_add(Exact::new(changed, unit.exponent())));
                let by = stands.and_then(|stands| to.checked_sub(stands)).ok_or_else(|| wrong_amount(OUT_OF_RANGE))?;
                match to_minor(by, unit, Rounding::HalfUp).map_err(|_| wrong_amount(OUT_OF_RANGE))? {
                    0 => return Err(wrong_amount("the commission of this sale comes to this already")),
                    minor => minor,
                }
            }
        };
        Ok(())
    }
}

fn reader(ctx: &Context) -> Context {
    Context { scopes: vec![Scope::Read, Scope::Release], ..ctx.clone() }
}

pub(super) fn label(text: &str) -> AppResult<String> {
    let label = text.trim();
    if label.is_empty() || label.len() > LABEL_MAX {
        return Err(AppError::invalid("label_invalid", "label", format!("say in 1 to {LABEL_MAX} bytes what it is for")));
    }
    Ok(label.to_owned())
}

const OUT_OF_RANGE: &str = "the amount leaves the range that can be kept";

fn wrong_amount(text: &str) -> AppError {
    AppError::invalid("amount_invalid", "amount", text.to_owned())
}

fn plain_amount(new: &NewAdjustment, unit: Unit) -> AppResult<i64> {
    if new.to.is_some() && new.sale.is_none() {
        return Err(wrong_amount("only the commission of a sale can be set to an amount; name the sale"));
    }
    match (new.kind.as_str(), new.amount) {
        ("clear_draw", None) if new.sale.is_none() => Ok(0),
        ("clear_draw", _) => Err(wrong_amount("a cleared draw has neither an amount nor a sale")),
        ("adjustment" | "bonus" | "clawback", Some(amount)) => amount_of(&new.kind, amount, unit),
        ("adjustment" | "bonus" | "clawback", None) => Err(wrong_amount("an amount is needed")),
        _ => Err(AppError::invalid("kind_invalid", "kind", "`kind` is adjustment, bonus, clawback or clear_draw".to_owned())),
    }
}

fn amount_of(kind: &str, amount: Exact, unit: Unit) -> AppResult<i64> {
    let minor = to_minor(amount, unit, Rounding::HalfUp).map_err(|_| wrong_amount(OUT_OF_RANGE))?;
    if Exact::new(minor, unit.exponent()) != amount || minor == 0 {
        return Err(wrong_amount("an amount is not 0 and has no more decimals than its currency"));
    }
    if kind == "clawback" && minor > 0 { Err(wrong_amount("a clawback is below 0")) } else { Ok(minor) }
}

/// Names a request, so that the same one again changes nothing.
#[derive(Clone, Debug)]
pub struct Once {
    prefix: String,
    fingerprint: String,
}

impl Once {
    /// Of a key that the caller chose, and what the request holds.
    #[must_use]
    pub fn new(app: &App, key: &str, content: &[u8]) -> Self {
        let secrets = app.secrets();
        Self { prefix: format!("once:{}:", hex(&secrets.fingerprint(key.as_bytes()))), fingerprint: hex(&secrets.fingerprint(content)) }
    }
}

/// Makes an adjustment. A period that was calculated before is calculated again at once.
pub async fn add(app: &App, ctx: &Context, new: &NewAdjustment) -> AppResult<AdjustmentEntry> {
    let made = add_once(app, ctx, new, None).await?;
    made.entries.into_iter().next().ok_or_else(|| AppError::bug("no record was written"))
}

/// The same, once for each request.
pub async fn add_once(app: &App, ctx: &Context, new: &NewAdjustment, once: Option<&Once>) -> AppResult<Made> {
    let desk = Desk::open(app, ctx).await?;
    if let Some(made) = repeated(app, ctx, once).await? {
        return Ok(made);
    }
    let document = desk.check(new).await?;
    add_many(app, ctx, vec![document], once).await
}

/// Writes adjustments that were checked, all of them together, and calculates each of their periods that was calculated
/// before again.
pub async fn add_many(app: &App, ctx: &Context, mut documents: Vec<AdjustmentDocument>, once: Option<&Once>) -> AppResult<Made> {
    ctx.require(Scope::Release)?;
    let Some(first) = documents.first() else { return Ok(Made::default()) };
    let config = app.configuration(ctx.workspace).await?;
    let name = &config.program(Id(first.program))?.program.name;
    let subject = match documents.as_slice() {
        [only] => format!("{name} {}", only.period),
        several => format!("{name}: {} adjustments", several.len()),
    };
    let mut puts = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter_mut().enumerate() {
        document.request = once.map(|once| once.fingerprint.clone());
        let key = once.map(|once| format!("{}{index:06}", once.prefix));
        puts.push(PutRecord::new(RecordKind::Adjustment, key, write(document)?));
    }
    let reply = match app.submit(ctx, subject, PutRecords { action: "adjustment.made", puts, event: None }).await {
        Err(AppError::Refused(refused)) if refused.code == "key_taken" => {
            // The same request at the same time was faster.
            return repeated(app, ctx, once).await?.ok_or(AppError::Refused(refused));
        }
        other => other?,
    };
    let Reply::Records(ids) = reply else { return Err(AppError::bug("adjustments were answered with something else")) };
    calculate_again(app, ctx, &documents).await?;
    let entries = ids.into_iter().zip(documents).map(|((id, _), document)| AdjustmentEntry { id, document });
    Ok(Made { entries: entries.collect(), is_repeated: false })
}

/// What the same request made before.
pub async fn repeated(app: &App, ctx: &Context, once: Option<&Once>) -> AppResult<Option<Made>> {
    ctx.require(Scope::Release)?;
    let Some(once) = once else { return Ok(None) };
    let (workspace, prefix) = (ctx.workspace, once.prefix.clone());
    let found = app.store().read(move |r| r.records_by_key_prefix(workspace, RecordKind::Adjustment, &prefix)).await?;
    let entries: Vec<AdjustmentEntry> = found.iter().map(entry).collect::<AppResult<_>>()?;
    match entries.first() {
        None => Ok(None),
        Some(first) if first.document.request.as_ref() == Some(&once.fingerprint) => Ok(Some(Made { entries, is_repeated: true })),
        Some(_) => Err(AppError::conflict("idempotency_key_reused", "this request was made before with something else in it")),
    }
}

/// Takes an adjustment back. What it posted is taken back by the next calculation, which follows at once.
pub async fn remove(app: &App, ctx: &Context, id: Id) -> AppResult<()> {
    ctx.require(Scope::Release)?;
    let found = get(app, ctx, id).await?;
    remove_many(app, ctx, std::slice::from_ref(&found)).await
}

/// Takes several back together.
pub async fn remove_many(app: &App, ctx: &Context, entries: &[AdjustmentEntry]) -> AppResult<()> {
    ctx.require(Scope::Release)?;
    let subject = match entries {
        [] => return Ok(()),
        [only] => format!("{} {}", only.document.label, only.document.period),
        several => format!("{} adjustments", several.len()),
    };
    let puts = entries.iter().map(|entry| PutRecord::delete(RecordKind::Adjustment, entry.id)).collect();
    app.submit(ctx, subject, PutRecords { action: "adjustment.removed", puts, event: None }).await?;
    let documents: Vec<AdjustmentDocument> = entries.iter().map(|entry| entry.document.clone()).collect();
    calculate_again(app, ctx, &documents).await
}

async fn calculate_again(app: &App, ctx: &Context, documents: &[AdjustmentDocument]) -> AppResult<()> {
    let known = calculations::latest(app, &reader(ctx)).await?;
    let cells: BTreeSet<(i64, i64, &str)> = documents.iter().map(|d| (d.cell_day, d.program, d.period.as_str())).collect();
    let config = app.configuration(ctx.workspace).await?;
    for (_, program, period) in cells {
        // A program that is not calculated now follows once it is again.
        if config.program(Id(program)).is_ok_and(ProgramEntry::is_running)
            && known.iter().any(|c| c.document.program == program && c.document.period == period)
        {
            calculations::calculate(app, ctx, Id(program), period).await?;
        }
    }
    Ok(())
}
