//! What is said of single payees of a release: a day of their own from which they may be paid, and that they are not to be
//! paid until somebody says so (`commissions.md` §5 step 5). Statements and the ledger stay as they are: what is held back
//! is owed, and paying it is refused.

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, RecordKind, RewardState};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};

use super::read::{PeriodView, RewardView, period};
use super::release::{ReleaseDocument, ReleaseEntry, get};
use crate::documents::{date, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Longest reason, in characters.
const REASON_MAX: usize = 500;

/// What is said of one payee of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct PayeeTerms {
    pub payee: i64,
    /// ISO date from which they may be paid; that of the release where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_date: Option<String>,
    /// Not to be paid until the mark is taken away.
    pub unpaid: bool,
    /// Why; the payee reads it.
    pub reason: String,
    pub changed_us: i64,
    pub changed_by: String,
}

/// What is to be said of a payee. Neither a date nor the mark: the release's own date holds again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTerms {
    /// The payee.
    pub payee: Id,
    /// A day such as `2026-04-30`.
    pub release_date: Option<String>,
    /// Not to be paid until the mark is taken away.
    pub unpaid: bool,
    /// Why: needed with the mark.
    pub reason: String,
}

/// Where paying a payee of a release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentState {
    /// May be paid.
    Due,
    /// May be paid from a later day on.
    Later,
    /// Marked: not to be paid.
    Unpaid,
    /// Is paid.
    Paid,
}

impl PaymentState {
    /// The word for the API, the files and the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Later => "later",
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
        }
    }

    /// The same for pages and files.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Due => "Due",
            Self::Later => "Later",
            Self::Unpaid => "Unpaid",
            Self::Paid => "Paid",
        }
    }
}

impl ReleaseDocument {
    /// What is said of a payee apart from the others.
    #[must_use]
    pub fn terms_of(&self, payee: Id) -> Option<&PayeeTerms> {
        self.apart.iter().find(|terms| terms.payee == payee.0)
    }

    /// The day from which a payee may be paid, ISO.
    #[must_use]
    pub fn release_date_of(&self, payee: Id) -> &str {
        self.terms_of(payee).and_then(|terms| terms.release_date.as_deref()).unwrap_or(&self.release_date)
    }

    /// Where paying a payee stands on a day.
    #[must_use]
    pub fn payment(&self, payee: Id, state: RewardState, on: Date) -> PaymentState {
        let terms = self.terms_of(payee);
        if state == RewardState::Paid {
            return PaymentState::Paid;
        }
        if terms.is_some_and(|terms| terms.unpaid) {
            return PaymentState::Unpaid;
        }
        // The day of the release itself binds where somebody chose a later one; days in ISO form sort as they follow.
        let own = terms.and_then(|terms| terms.release_date.as_deref());
        let binding = own.or(Some(self.release_date.as_str()).filter(|_| self.is_dated_ahead));
        match binding {
            Some(day) if *day > *on.to_string() => PaymentState::Later,
            _ => PaymentState::Due,
        }
    }
}

/// A payee of a release.
#[derive(Clone, Debug)]
pub struct ReleasePayee {
    /// The payee.
    pub payee: Id,
    /// Their name.
    pub name: String,
    /// What the release gives them, minor units.
    pub total: i64,
    /// Where paying them stands today.
    pub payment: PaymentState,
    /// ISO date from which they may be paid.
    pub release_date: String,
    /// What is said of them apart from the others.
    pub terms: Option<PayeeTerms>,
}

/// The payees of a release with where paying each stands today, the highest first. None once it is taken back.
pub async fn release_payees(app: &App, ctx: &Context, release: &ReleaseEntry) -> AppResult<Vec<ReleasePayee>> {
    let document = &release.document;
    let booked = period(app, ctx, Id(document.program), &document.period).await?;
    if booked.release.as_ref().is_none_or(|own| own.id != release.id) {
        return Ok(Vec::new());
    }
    let today = today(app, ctx).await?;
    let payee = |view: &RewardView| ReleasePayee {
        payee: view.owner.id,
        name: view.name.clone(),
        total: view.total,
        payment: document.payment(view.owner.id, view.state, today),
        release_date: document.release_date_of(view.owner.id).to_owned(),
        terms: document.terms_of(view.owner.id).cloned(),
    };
    Ok(booked.payees.iter().map(payee).collect())
}

pub(super) async fn today(app: &App, ctx: &Context) -> AppResult<Date> {
    Ok(app.now().to_zoned(app.configuration(ctx.workspace).await?.zone.clone()).date())
}

/// Says something of payees of a release apart from the others, in place of what was said of them before. Refused for who
/// is paid already.
pub async fn set_terms(app: &App, ctx: &Context, release: Id, wanted: &[NewTerms]) -> AppResult<ReleaseEntry> {
    ctx.require(Scope::Release)?;
    let found = get(app, ctx, release).await?;
    if found.document.reversed_us.is_some() {
        return Err(AppError::conflict("already_reversed", "this release was taken back"));
    }
    let booked = period(app, ctx, Id(found.document.program), &found.document.period).await?;
    let mut document = found.document.clone();
    document.apart = merged(app, ctx, &found.document.apart, wanted, &booked)?;
    let subject = format!("{} {}", document.program_name, document.period);
    let change = PutRecord::change(RecordKind::Release, release, write(&document)?);
    let put = PutRecord { expected_version: Some(found.version), ..change };
    let command = PutRecords { action: "release.payees_changed", puts: vec![put], event: Some("release.payees_changed") };
    app.submit(ctx, subject, command).await?;
    get(app, ctx, release).await
}

/// What holds once something new is said of some payees.
pub(super) fn merged(
    app: &App,
    ctx: &Context,
    known: &[PayeeTerms],
    wanted: &[NewTerms],
    booked: &PeriodView,
) -> AppResult<Vec<PayeeTerms>> {
    let mut all = known.to_vec();
    for (index, new) in wanted.iter().enumerate() {
        let field = |name: &str| format!("payees[{index}].{name}");
        let Some(view) = booked.payees.iter().find(|view| view.owner.id == new.payee) else {
            let text = format!("{} has nothing in this release", new.payee.text(Kind::Rep));
            return Err(AppError::invalid("payee_not_released", &field("payee"), text));
        };
        if view.state == RewardState::Paid {
            return Err(AppError::conflict("already_paid", format!("{} is paid already", view.name)));
        }
        let day = new.release_date.as_deref().map(date).transpose();
        let day = day.map_err(|_| {
            let text = format!("`{}` is not a date such as 2026-04-15", new.release_date.as_deref().unwrap_or_default());
            AppError::invalid("date_unreadable", &field("release_date"), text)
        })?;
        let reason = new.reason.trim();
        if reason.chars().count() > REASON_MAX || (new.unpaid && reason.is_empty()) {
            let text = format!("say in 1 to 500 characters why {} is not paid", view.name);
            return Err(AppError::invalid("reason_missing", &field("reason"), text));
        }
        let fresh = PayeeTerms {
            payee: new.payee.0,
            release_date: day.map(|day| day.to_string()),
            unpaid: new.unpaid,
            reason: reason.to_owned(),
            changed_us: app.now_us(),
            changed_by: ctx.actor.0.clone(),
        };
        let says_anything = fresh.unpaid || fresh.release_date.is_some();
        match all.iter_mut().find(|terms| terms.payee == new.payee.0) {
            // Said again, it stays whose it was.
            Some(terms) if is_same(terms, &fresh) => {}
            Some(terms) => *terms = fresh,
            None => all.push(fresh),
        }
        if !says_anything {
            all.retain(|terms| terms.payee != new.payee.0);
        }
    }
    all.sort_by_key(|terms| terms.payee);
    Ok(all)
}

fn is_same(a: &PayeeTerms, b: &PayeeTerms) -> bool {
    (&a.release_date, a.unpaid, &a.reason) == (&b.release_date, b.unpaid, &b.reason)
}
