//! One command for the server, and its answer.

use std::sync::Arc;

use meed_app::loyalty::Who;
use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::purchases::{self, PurchaseInput, RefundInput};
use meed_app::loyalty::spends::{self, SpendInput};
use meed_app::loyalty::wallets::{self, AdjustInput, ExtendInput, TransferInput};
use meed_app::{App, Context};
use meed_core::id::Id;
use meed_core::loyalty::{Basket, HoldDone, PurchaseDone, RefundDone, RefundLine, SpendAsk, SpendDone};
use meed_core::money::{Exact, Unit};

use crate::shop::code;
use crate::world::{Asks, Does};

/// What the server answers.
#[derive(Clone, Debug)]
pub(crate) enum Got {
    Bought(Box<PurchaseDone>),
    Spent(Box<SpendDone>),
    Back(Box<RefundDone>),
    Held(Box<HoldDone>),
    /// Event, lots that were opened, balance.
    Moved(Id, Vec<Id>, i64),
    Refused(String),
}

impl Got {
    pub(crate) fn event(&self) -> Id {
        match self {
            Self::Bought(done) => done.id,
            Self::Spent(done) => done.id,
            Self::Back(done) => done.id,
            Self::Held(done) => done.id,
            Self::Moved(id, ..) => *id,
            Self::Refused(_) => Id(i64::MAX),
        }
    }
}

/// A command for the server, with the ids that it needs.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) ctx: Context,
    pub(crate) who: Id,
    pub(crate) other: Id,
    pub(crate) target: Id,
    pub(crate) unit: Unit,
    pub(crate) source: Id,
    pub(crate) basket: Option<Basket>,
    pub(crate) does: Does,
    pub(crate) identity: String,
}

impl Call {
    pub(crate) fn input(&self, basket: Basket) -> PurchaseInput {
        let (spend, is_offline) = match &self.does {
            Does::Buy { asks, is_offline, .. } => (asks.map(ask), *is_offline),
            _ => (None, false),
        };
        PurchaseInput {
            who: Who::Id(self.who),
            basket,
            source: self.source,
            identity: Some(self.identity.clone()),
            spend,
            is_offline,
            price_token: None,
            is_undated: false,
        }
    }

    pub(crate) async fn run(self) -> Got {
        let (app, ctx, who, source, unit) = (&self.app, &self.ctx, Who::Id(self.who), self.source, self.unit);
        let identity = Some(self.identity.clone());
        let key = Some(self.identity.as_str());
        let time = |us: i64| jiff::Timestamp::from_microsecond(us).expect("a time");
        let got = match self.does.clone() {
            Does::Buy { .. } => {
                let input = self.input(self.basket.clone().expect("a basket"));
                purchases::create(app, ctx, input).await.map(|view| Got::Bought(Box::new(view.done)))
            }
            Does::Spend { asks, .. } => {
                let input = SpendInput { who: None, purchase: self.target, ask: ask(asks), source, identity, at: None, is_offline: false };
                spends::create(app, ctx, input).await.map(|done| Got::Spent(Box::new(done)))
            }
            Does::CancelSpend { .. } => spends::cancel(app, ctx, self.target, key).await.map(|done| Got::Back(Box::new(done))),
            Does::Cancel { .. } => purchases::cancel(app, ctx, self.target, None, key).await.map(|done| Got::Back(Box::new(done))),
            Does::Refund { lines, .. } => {
                let line = |(line, amount, quantity): (usize, Option<i64>, Option<i64>)| RefundLine {
                    line: u32::try_from(line).expect("small"),
                    amount,
                    quantity: quantity.map(Exact::from),
                };
                let input = RefundInput { source, identity, lines: lines.into_iter().map(line).collect(), at: None, note: None };
                purchases::refund(app, ctx, self.target, input).await.map(|done| Got::Back(Box::new(done)))
            }
            Does::Hold { amount, minutes, .. } => {
                let input = HoldInput { who, unit, amount, minutes: Some(minutes), source, identity };
                holds::hold(app, ctx, input).await.map(|done| Got::Held(Box::new(done)))
            }
            Does::Capture { amount, .. } => holds::capture(app, ctx, self.target, amount, key).await.map(|done| Got::Held(Box::new(done))),
            Does::Release { .. } => holds::release(app, ctx, self.target, key).await.map(|done| Got::Held(Box::new(done))),
            Does::Adjust { amount, until_us, .. } => {
                let reason = "by hand".to_owned();
                let input = AdjustInput { who, unit, amount, is_top_up: false, expires: until_us.map(time), reason, source, identity };
                wallets::adjust(app, ctx, input).await.map(|(id, body, _)| Got::Moved(id, body.lot.into_iter().collect(), body.balance))
            }
            Does::Transfer { amount, .. } => {
                let input = TransferInput { from: who, to: Who::Id(self.other), unit, amount, reason: "a gift".into(), source, identity };
                let lots = |done: &meed_core::loyalty::TransferDone| done.body.lots.iter().map(|(lot, _)| *lot).collect();
                wallets::transfer(app, ctx, input).await.map(|done| Got::Moved(done.id, lots(&done), done.body.balance))
            }
            Does::Extend { until_us, .. } => {
                let input = ExtendInput { who, lot: self.target, expires: Some(time(until_us)), reason: "sorry".into(), identity };
                wallets::extend(app, ctx, input).await.map(|(id, body, _)| Got::Moved(id, Vec::new(), body.balance))
            }
            Does::AdHoc { debit, .. } => {
                let input = self.input(self.basket.clone().expect("a basket"));
                purchases::ad_hoc_return(app, ctx, input, Some(debit), 0).await.map(|done| Got::Back(Box::new(done)))
            }
        };
        got.unwrap_or_else(|error| Got::Refused(code(&error)))
    }
}

fn ask(asks: Asks) -> SpendAsk {
    SpendAsk { amount: asks.amount, all_or_nothing: asks.all_or_nothing, ..SpendAsk::default() }
}
