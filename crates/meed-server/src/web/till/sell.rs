//! The till: identify, basket, preview, sell.

use std::sync::Arc;

use axum::extract::State;
use meed_app::AppError;
use meed_app::loyalty::participants::ParticipantView;
use meed_app::loyalty::purchases::{self, PurchaseInput, PurchaseView};
use meed_app::loyalty::{TillConfig, Who, wallets};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{SpendAsk, SpendMethod, Verdict};
use meed_core::money::{Amount as Exactly, Minor, Unit};

use super::basket::{Wrong, amount, basket, customer, errors, products, typed, unit_of, units};
use crate::ServerState;
use crate::pages::till::{OfferSays, TillCustomer, TillPage, TillPreview};
use crate::pages::{FormErrors, Nav};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page, see_other};
use crate::web::form::{Asked, Fields, Posted};
use crate::web::shown::money;
use crate::web::visit::Visit;

/// Where the fields of the use case stand in the form.
const FIELDS: &[(&str, &str)] =
    &[("spend_amount", "spend"), ("promo_code", "promo_code"), ("products_set", "product1"), ("rewards_participant_identifier", "code")];

/// Points in words; empty if none.
pub(super) fn points(amount: Minor) -> String {
    if amount == 0 { String::new() } else { format!("{} points", crate::pages::shown::count(amount)) }
}

/// `GET /till`
pub(in crate::web) async fn start(State(state): State<ServerState>, visit: Visit, Asked(form): Asked) -> Answer {
    let till = Till::open(&state, &visit, &form).await?;
    let found = till.found.is_some() || form.text("code").is_empty();
    if found { page(&till.page(FormErrors::none())) } else { form_page(&till.page(till.nobody())) }
}

/// What the page is about.
struct Till<'a> {
    state: &'a ServerState,
    visit: &'a Visit,
    form: &'a Fields,
    config: Arc<TillConfig>,
    unit: Option<Id>,
    found: Option<ParticipantView>,
    wallet: Vec<wallets::WalletView>,
    seen: Option<TillPreview>,
    sale: String,
    begun: String,
    refused: Option<String>,
}

impl<'a> Till<'a> {
    async fn open(state: &'a ServerState, visit: &'a Visit, form: &'a Fields) -> Result<Self, Trouble> {
        let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
        let unit = unit_of(form, &config)?;
        let code = form.text("code");
        let mut refused = None;
        let mut found = None;
        if !code.is_empty() {
            found = match customer(&state.app, &visit.ctx, code).await {
                Err(AppError::Refused(no)) if no.code == "access_token_not_effective" => {
                    refused = Some("This card or number is switched off.".to_owned());
                    None
                }
                other => other?,
            };
        }
        let wallet = match &found {
            Some(found) => wallets::read(&state.app, &visit.ctx, found.id, None).await?,
            None => Vec::new(),
        };
        let sale = form.filled("sale").map_or_else(meed_app::token, |sale| Ok(sale.to_owned()))?;
        let begun = form.filled("begun").map_or_else(|| state.app.now().to_string(), str::to_owned);
        Ok(Self { state, visit, form, config, unit, found, wallet, seen: None, sale, begun, refused })
    }

    fn nobody(&self) -> FormErrors {
        FormErrors::one("code", self.refused.as_deref().unwrap_or("Nobody is identified by this."))
    }

    fn in_wallet(&self, unit: Unit) -> Minor {
        self.wallet.iter().find(|wallet| wallet.unit == unit).map_or(0, |wallet| wallet.balance)
    }

    fn page(&self, errors: FormErrors) -> TillPage {
        let customer = self.found.as_ref().map(|found| {
            let person = &found.participant;
            TillCustomer {
                name: if person.name.is_empty() { person.number.clone() } else { person.name.clone() },
                number: person.number.clone(),
                tier: found.tier.as_ref().map(|tier| tier.name.clone()).unwrap_or_default(),
                balance: money(self.in_wallet(self.config.currency), self.config.currency),
                points: points(self.in_wallet(Unit::POINTS)),
                blocked: match (person.terminated.is_some(), person.is_blocked) {
                    (true, _) => "This customer has left: they earn and spend nothing.".to_owned(),
                    (false, true) => "This customer may not spend. They still earn.".to_owned(),
                    (false, false) => String::new(),
                },
            }
        });
        TillPage {
            chrome: self.visit.chrome(Nav::Till),
            units: units(&self.config, self.unit),
            unit: self.unit.map(|unit| unit.text(Kind::Unit)).unwrap_or_default(),
            code: self.form.text("code").to_owned(),
            customer,
            products: products(&self.config),
            lines: typed(self.form),
            promo_code: self.form.text("promo_code").to_owned(),
            spend: self.form.text("spend").to_owned(),
            sale: self.sale.clone(),
            begun: self.begun.clone(),
            preview: self.seen.clone(),
            currency: self.config.currency.code().to_owned(),
            errors,
        }
    }

    fn input(&self) -> Result<PurchaseInput, Wrong> {
        let missing = || ("code".to_owned(), "Identify the customer first.".to_owned());
        let (found, unit) = (self.found.as_ref().ok_or_else(missing)?, self.unit.ok_or_else(missing)?);
        // The receipt number is made of the sale's own name, so that the same sale has the same number.
        let reference = format!("W-{}", self.sale.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_uppercase());
        let spend = match self.form.filled("spend") {
            None => None,
            Some(text) => match amount(text, self.config.currency, "spend")? {
                0 => None,
                amount => Some(SpendAsk { amount: Some(amount), all_or_nothing: true, ..SpendAsk::default() }),
            },
        };
        // The moment in which the sale was begun: sending it again must be the same sale.
        let at = self.begun.parse().unwrap_or_else(|_| self.state.app.now());
        Ok(PurchaseInput {
            who: Who::Id(found.id),
            basket: basket(self.form, &self.config, unit, at, reference)?,
            source: Id(0),
            identity: Some(format!("till page\n{}", self.sale)),
            spend,
            is_offline: false,
            price_token: None,
        })
    }

    async fn look(&mut self) -> Result<(), FormErrors> {
        let input = self.input().map_err(errors)?;
        match purchases::preview(&self.state.app, &self.visit.ctx, input).await {
            Ok(view) => {
                self.seen = Some(preview_of(&view, &self.config));
                Ok(())
            }
            Err(error) => Err(refusal(error)),
        }
    }
}

/// A refusal as errors of the form; what is no refusal of the form stands above it.
fn refusal(error: AppError) -> FormErrors {
    form_errors(error, FIELDS).unwrap_or_else(|trouble| {
        let text = if trouble.text.is_empty() { "That did not work; try again.".to_owned() } else { trouble.text };
        FormErrors::one("code", &crate::web::answer::sentence(&text))
    })
}

/// What an offer gave or why not.
pub(super) fn says(verdict: &Verdict, gives: &[(Unit, Minor)]) -> OfferSays {
    let given: Vec<String> = gives.iter().map(|(unit, minor)| Exactly { minor: *minor, unit: *unit }.to_string()).collect();
    let text = match &verdict.why_not {
        Some(why) => crate::web::answer::sentence(&why.to_string()),
        None if given.is_empty() => "It applies.".to_owned(),
        None => format!("It gives {}.", given.join(" and ")),
    };
    OfferSays { name: verdict.name.clone(), applies: verdict.why_not.is_none(), text, is_draft: false }
}

fn preview_of(view: &PurchaseView, config: &TillConfig) -> TillPreview {
    let standing = &view.done.standing;
    let amount = |minor| money(minor, config.currency);
    let at_once = standing.spent_by(SpendMethod::Instant) + standing.spent_by(SpendMethod::Automatic);
    let shown = |minor: Minor| amount(minor).text();
    let limits = match (view.minimum_spend, view.maximum_spend) {
        (0, None) => String::new(),
        (least, None) => format!("At least {}.", shown(least)),
        (0, Some(most)) => format!("At most {}.", shown(most)),
        (least, Some(most)) => format!("From {} to {}.", shown(least), shown(most)),
    };
    let offers = view.done.verdicts.iter().map(|verdict| {
        let gives: Vec<(Unit, Minor)> =
            standing.grants.iter().filter(|grant| grant.offer == verdict.offer).map(|grant| (grant.unit, grant.amount)).collect();
        says(verdict, &gives)
    });
    TillPreview {
        total: amount(view.done.body.basket.total()),
        awarded: amount(standing.awarded(config.currency)),
        points: match points(standing.awarded(Unit::POINTS)) {
            text if text.is_empty() => text,
            text => format!("And {text}."),
        },
        at_once: amount(at_once),
        spendable: amount(if view.allow_spending { view.done.additional } else { 0 }),
        limits,
        offers: offers.collect(),
    }
}

/// `POST /till/preview`
pub(in crate::web) async fn preview(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let mut till = Till::open(&state, &visit, &form).await?;
    match till.look().await {
        Ok(()) => page(&till.page(FormErrors::none())),
        Err(errors) => form_page(&till.page(errors)),
    }
}

/// `POST /till/sell`: purchase and spend in one commit.
pub(in crate::web) async fn sell(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let mut till = Till::open(&state, &visit, &form).await?;
    let sold = match till.input() {
        Ok(input) => purchases::create(&state.app, &visit.ctx, input).await.map_err(refusal),
        Err(wrong) => Err(errors(wrong)),
    };
    match sold {
        Ok(view) => Ok(see_other(&format!("/till/receipts/{}", view.done.id.text(Kind::Purchase)))),
        Err(errors) => {
            // What can still be looked at is shown beside what was refused.
            let _ = till.look().await;
            form_page(&till.page(errors))
        }
    }
}
