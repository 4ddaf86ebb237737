//! Wallets: what is in them, what expires when, what happened; adjustments and the sweep.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::{Reply, State, day_number};
use meed_core::id::Id;
use meed_core::ledger::{Account, Hold, Lot, Owner, Purpose};
use meed_core::loyalty::{
    Adjust, AdjustmentBody, ExtendLot, ExtensionBody, Limit, Sweep, TillConfig, TillReply, TransferDone, TransferWallet,
};
use meed_core::money::{Minor, Unit};
use meed_store::{Priority, Reader, Reserved, StoreError, StoredEvent};

use super::who::Who;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A wallet as it stands, or as it will stand if nothing happens but time.
#[derive(Clone, Debug)]
pub struct WalletView {
    /// What it counts.
    pub unit: Unit,
    /// What may be used: active, not expired, not held.
    pub balance: Minor,
    /// Of it, what is bound by conditions.
    pub conditional: Minor,
    /// Reserved by holds.
    pub held: Minor,
    /// Earned, not usable yet.
    pub pending: Minor,
    /// Taken back, but already spent.
    pub owed: Minor,
    /// The open lots in the order in which they are used.
    pub lots: Vec<Lot>,
    /// What expires on which local day (day number), soonest first.
    pub expiring: Vec<(i64, Minor)>,
}

/// The wallets of a participant, money first. `as_of` is now, or a time to come.
pub async fn read(app: &App, ctx: &Context, participant: Id, as_of: Option<Timestamp>) -> AppResult<Vec<WalletView>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let now = app.now();
    let as_of = as_of.unwrap_or(now);
    if day_number(as_of.to_zoned(jiff::tz::TimeZone::UTC).date()) < day_number(now.to_zoned(jiff::tz::TimeZone::UTC).date()) {
        return Err(AppError::invalid("date_in_past", "as_of_date", "a balance is told for today or a day to come"));
    }
    let config = app.till_config(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let parts = app.store().read(move |r| Parts::read(r, workspace, participant)).await?;
    Ok(parts.views(&config, as_of.max(now).as_microsecond()))
}

/// What may be used of somebody's wallets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usable {
    /// Money, in minor units of the currency.
    pub money: Minor,
    /// Points.
    pub points: Minor,
}

/// What was loaded of a participant's wallets for a command.
pub(super) enum Stored {
    /// All that wallets are told from.
    Lots(Parts),
    /// The balances: nothing is due.
    Usable(Usable),
}

impl Stored {
    /// What a command's state has of them.
    pub(super) fn of(state: &State, participant: Id) -> Self {
        if state.tills.has_lots(participant) {
            return Self::Lots(Parts::of(state, participant));
        }
        let of = |unit| state.book.available(&Owner::participant(participant).account(Purpose::Available, unit));
        Self::Usable(Usable { money: of(state.head.unit), points: of(Unit::POINTS) })
    }

    /// What may be used at a time.
    pub(super) fn usable(self, config: &TillConfig, at_us: i64) -> Usable {
        match self {
            Self::Usable(usable) => usable,
            Self::Lots(mut parts) => {
                parts.free_ended(at_us);
                let mut of = |unit| parts.wallet(config, unit, at_us).balance;
                Usable { money: of(config.currency), points: of(Unit::POINTS) }
            }
        }
    }
}

/// What wallets are told from.
pub(super) struct Parts {
    lots: Vec<Lot>,
    accounts: Vec<Account>,
    reserved: Vec<Reserved>,
}

impl Parts {
    /// Reads what is stored of a participant's wallets.
    pub(super) fn read(r: &mut Reader<'_>, workspace: Id, participant: Id) -> Result<Self, StoreError> {
        let lots = r.open_lots(workspace, participant)?;
        let accounts = r.accounts_of(workspace, Owner::participant(participant))?;
        let is_held = accounts.iter().any(|account| account.totals.debits_pending > 0);
        let reserved = if is_held { r.reserved(workspace, participant)? } else { Vec::new() };
        Ok(Self { lots, accounts, reserved })
    }

    /// The same from what was loaded for a command that looks at the participant's lots.
    fn of(state: &State, participant: Id) -> Self {
        let (book, owner) = (&state.book, Owner::participant(participant));
        let (mut lots, mut accounts, mut reserved) = (Vec::<Lot>::new(), Vec::<Account>::new(), Vec::new());
        for unit in [state.head.unit, Unit::POINTS] {
            lots.extend(book.lots_of(participant, unit).filter(|lot| lot.remaining > 0).copied());
            let of_unit = [Purpose::Available, Purpose::Pending, Purpose::Recoverable];
            accounts.extend(of_unit.into_iter().filter_map(|purpose| book.account(&owner.account(purpose, unit)).copied()));
        }
        for account in accounts.iter().filter(|account| account.totals.debits_pending > 0) {
            let holds = book.open_holds_on(account.id).into_iter();
            let reserves = |hold: Hold| Reserved { hold: hold.id, expires_us: hold.expires_us, parts: book.allocation(hold.id).to_vec() };
            reserved.extend(holds.map(reserves));
        }
        Self { lots, accounts, reserved }
    }

    /// The wallets as they stand at a time, money first.
    fn views(mut self, config: &TillConfig, at_us: i64) -> Vec<WalletView> {
        self.free_ended(at_us);
        vec![self.wallet(config, config.currency, at_us), self.wallet(config, Unit::POINTS, at_us)]
    }

    /// A hold that ran out reserves nothing any more, whether a command has said so or not.
    fn free_ended(&mut self, at_us: i64) {
        let ended = self.reserved.iter().filter(|hold| hold.expires_us.is_some_and(|end| end <= at_us));
        for (lot, amount) in ended.flat_map(|hold| &hold.parts) {
            if let Some(lot) = self.lots.iter_mut().find(|known| known.id == *lot) {
                lot.held -= amount;
            }
        }
    }

    /// What is owed at a time. Of what matured by then it takes its part, whether a command has said so or not.
    fn net(&mut self, unit: Unit, at_us: i64) -> Minor {
        let owed = self.accounts.iter().find(|account| (account.key.purpose, account.key.unit) == (Purpose::Recoverable, unit));
        let mut owed = owed.map_or(0, Account::posted);
        let mut matured: Vec<&mut Lot> =
            self.lots.iter_mut().filter(|lot| lot.unit == unit && lot.is_pending && lot.active_us <= at_us).collect();
        matured.sort_by_key(|lot| lot.id);
        for lot in matured {
            let part = owed.min(lot.free()).max(0);
            (owed, lot.remaining) = (owed - part, lot.remaining - part);
        }
        owed
    }

    fn wallet(&mut self, config: &TillConfig, unit: Unit, at_us: i64) -> WalletView {
        let owed = self.net(unit, at_us);
        // Of a lot that is over stays what a hold reserves: it may still be captured.
        let stays = |lot: &Lot| if lot.is_over(at_us) { Lot { remaining: lot.held, ..*lot } } else { *lot };
        let open = self.lots.iter().filter(|lot| lot.unit == unit).map(stays);
        let mut open: Vec<Lot> = open.filter(|lot| lot.held > 0 || lot.remaining > 0 && !lot.is_over(at_us)).collect();
        open.sort_by_key(Lot::consumption_key);
        // A lot whose day has come counts as active, whether a command has said so or not.
        let is_active = |lot: &&Lot| !lot.is_pending || lot.active_us <= at_us;
        let free: Vec<&Lot> = open.iter().filter(is_active).collect();
        let mut expiring: BTreeMap<i64, Minor> = BTreeMap::new();
        for lot in open.iter().filter(|lot| !lot.is_over(at_us)) {
            let Some(expires) = lot.expires_us.and_then(|us| Timestamp::from_microsecond(us).ok()) else { continue };
            *expiring.entry(day_number(config.zone.to_datetime(expires).date())).or_default() += lot.remaining;
        }
        WalletView {
            unit,
            balance: free.iter().map(|lot| lot.free()).sum(),
            conditional: free.iter().filter(|lot| lot.rank > 0).map(|lot| lot.free()).sum(),
            held: open.iter().map(|lot| lot.held).sum(),
            pending: open.iter().filter(|lot| !is_active(lot)).map(|lot| lot.remaining).sum(),
            owed,
            lots: open,
            expiring: expiring.into_iter().collect(),
        }
    }
}

/// A limit of a participant's wallet with what is left of it today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitView {
    /// The limit.
    pub limit: Limit,
    /// Whether it is the participant's own, instead of everybody's.
    pub is_own: bool,
    /// How often more; `None`: it limits no number.
    pub number_left: Option<i64>,
    /// How much more, in minor units; `None`: it limits no amount.
    pub amount_left: Option<Minor>,
}

/// The limits of a participant's wallet, everybody's first.
pub async fn limits(app: &App, ctx: &Context, participant: Id) -> AppResult<Vec<LimitView>> {
    let person = super::participants::find(app, ctx, &Who::Id(participant)).await?.participant;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let usage = app.store().read(move |r| r.till_cell(workspace, participant)).await?.usage_at(app.now_us());
    let day = day_number(config.zone.to_datetime(app.now()).date());
    let view = |(limit, is_own): (&Limit, bool)| {
        let (number_left, amount_left) = limit.left(&usage, day);
        LimitView { limit: *limit, is_own, number_left, amount_left }
    };
    let general = config.settings.limits.iter().map(|limit| (limit, false));
    Ok(general.chain(person.limits.iter().map(|limit| (limit, true))).map(view).collect())
}

/// What happened to a participant, newest first, before the id `before`.
pub async fn journal(app: &App, ctx: &Context, participant: Id, before: Option<Id>, limit: i64) -> AppResult<Vec<StoredEvent>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.till_events_back(workspace, Some(participant), before, limit.clamp(1, 1_000))).await?)
}

/// A credit or debit by hand.
#[derive(Clone, Debug)]
pub struct AdjustInput {
    /// Whose wallet.
    pub who: Who,
    /// What it counts.
    pub unit: Unit,
    /// Above 0 a credit, below 0 a debit.
    pub amount: Minor,
    /// Whether a credit was paid for, instead of given.
    pub is_top_up: bool,
    /// Until when a credit may be used.
    pub expires: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// The source within which the reference is unique.
    pub source: Id,
    /// The external reference.
    pub identity: Option<String>,
}

/// Credits or debits a wallet by hand.
/// Answers the event, and whether it was there before.
pub async fn adjust(app: &App, ctx: &Context, input: AdjustInput) -> AppResult<(Id, AdjustmentBody, bool)> {
    ctx.require(Scope::Sales)?;
    let who = input.who.wallet(app, ctx.workspace).await?;
    let content = format!("adjust\n{who:?}\n{}\n{}\n{:?}\n{}", input.unit, input.amount, input.expires, input.reason);
    let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| {
        Ok(Adjust {
            config: Arc::clone(config),
            who: who.clone(),
            identity: identity.clone(),
            unit: input.unit,
            amount: input.amount,
            is_top_up: input.is_top_up,
            expires: input.expires,
            reason: input.reason.clone(),
            at,
        })
    };
    match super::submit(app, ctx, "adjustment".to_owned(), Priority::Interactive, prepare).await? {
        TillReply::Adjustment(id, body, is_repeat) => Ok((id, *body, is_repeat)),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Posts what is due in wallets that nobody touches, `limit` lots at a time, until nothing is due. A job; answers how many
/// wallets it looked at.
pub async fn sweep(app: &App, ctx: &Context, limit: i64) -> AppResult<u32> {
    ctx.require(Scope::Admin)?;
    let mut swept = 0;
    // Every round takes what is due away, so a round that finds nothing is the last.
    for _ in 0..10_000 {
        match app.submit_as(ctx, "due lots".to_owned(), Priority::Bulk, None, Sweep { limit: limit.clamp(1, 1_000) }).await? {
            meed_store::Answer::Decided(Ok(Reply::Till(TillReply::Swept(0)))) => break,
            meed_store::Answer::Decided(Ok(Reply::Till(TillReply::Swept(count)))) => swept += count,
            meed_store::Answer::Decided(Err(refused)) => return Err(refused.into()),
            other => return Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
        }
    }
    Ok(swept)
}

/// A transfer between wallets.
#[derive(Clone, Debug)]
pub struct TransferInput {
    /// Who gives.
    pub from: Who,
    /// Who gets.
    pub to: Who,
    /// What it counts.
    pub unit: Unit,
    /// How much, in minor units.
    pub amount: Minor,
    /// Why.
    pub reason: String,
    /// The source within which the reference is unique.
    pub source: Id,
    /// The external reference.
    pub identity: Option<String>,
}

/// Moves an amount from one participant's wallet to another's. What arrives keeps its expiry and conditions.
pub async fn transfer(app: &App, ctx: &Context, input: TransferInput) -> AppResult<TransferDone> {
    ctx.require(Scope::Sales)?;
    let (from, to) = (input.from.wallet(app, ctx.workspace).await?, input.to.wallet(app, ctx.workspace).await?);
    let content = format!("transfer\n{from:?}\n{to:?}\n{}\n{}\n{}", input.unit, input.amount, input.reason);
    let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| {
        let (from, to, identity, reason) = (from.clone(), to.clone(), identity.clone(), input.reason.clone());
        Ok(TransferWallet { config: Arc::clone(config), from, to, identity, unit: input.unit, amount: input.amount, reason, at })
    };
    match super::submit(app, ctx, "transfer".to_owned(), Priority::Interactive, prepare).await? {
        TillReply::Transfer(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// A lot to extend.
#[derive(Clone, Debug)]
pub struct ExtendInput {
    /// Whose wallet.
    pub who: Who,
    /// The lot.
    pub lot: Id,
    /// Until when it may be used; `None`: for ever.
    pub expires: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// The external reference.
    pub identity: Option<String>,
}

/// Lets a lot be used until a later time, or for ever; what had expired of it comes back. A decision of the operator. Answers
/// the event, and whether it was there before.
pub async fn extend(app: &App, ctx: &Context, input: ExtendInput) -> AppResult<(Id, ExtensionBody, bool)> {
    ctx.require(Scope::Sales)?;
    let who = input.who.wallet(app, ctx.workspace).await?;
    let ExtendInput { lot, expires, reason, .. } = &input;
    let content = format!("extend\n{who:?}\n{lot}\n{expires:?}\n{reason}");
    let identity = input.identity.as_ref().map(|reference| super::identified(app, Id(0), reference, &content));
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| {
        let (who, identity, reason) = (who.clone(), identity.clone(), reason.clone());
        Ok(ExtendLot { config: Arc::clone(config), who, identity, lot: *lot, expires: *expires, reason, at })
    };
    match super::submit(app, ctx, lot.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Extension(id, body, is_repeat) => Ok((id, *body, is_repeat)),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}
