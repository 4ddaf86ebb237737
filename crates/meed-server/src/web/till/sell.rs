//! The till: identify, basket, preview, sell.

use std::sync::Arc;

use axum::extract::State;
use meed_app::AppError;
use meed_app::loyalty::participants::ParticipantView;
use meed_app::loyalty::purchases::{self, PurchaseInput, PurchaseView};
use meed_app::loyalty::{TillConfig, Who, participants, wallets};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{SpendAsk, SpendMethod, Verdict, WhyNot};
use meed_core::money::{Amount as Exactly, Minor, Unit};

use super::basket::{Wrong, amount, basket, customer, errors, unit_of, units, wrong};
use super::lines;
use crate::ServerState;
use crate::pages::till::{OfferSays, TillCustomer, TillLine, TillPage, TillPreview};
use crate::pages::{FormErrors, Nav};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page, see_other};
use crate::web::form::{Asked, Fields, Posted};
use crate::web::shown::money;
use crate::web::visit::Visit;

/// Where the fields of the use case stand in the form.
const FIELDS: &[(&str, &str)] =
    &[("spend_amount", "spend"), ("promo_code", "promo_code"), ("products_set", "add"), ("rewards_participant_identifier", "code")];

/// The free field that holds the cash handed over, in minor units.
pub(super) const CASH_GIVEN: &str = "cash_given";

/// Points in words; empty if none.
pub(super) fn points(amount: Minor) -> String {
    if amount == 0 { String::new() } else { format!("{} points", crate::pages::shown::count(amount)) }
}

/// `GET /till`
pub(in crate::web) async fn start(State(state): State<ServerState>, visit: Visit, Asked(form): Asked) -> Answer {
    let till = Till::open(&state, &visit, &form).await?;
    if till.is_unknown { form_page(&till.page(till.nobody())) } else { page(&till.page(FormErrors::none())) }
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
    lines: Vec<TillLine>,
    focus: String,
    spend: String,
    seen: Option<TillPreview>,
    sale: String,
    begun: String,
    one_time: String,
    refused: Option<String>,
    /// Somebody was looked for, and nobody found.
    is_unknown: bool,
}

impl<'a> Till<'a> {
    async fn open(state: &'a ServerState, visit: &'a Visit, form: &'a Fields) -> Result<Self, Trouble> {
        let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
        let unit = unit_of(form, &config)?;
        let sale = form.filled("sale").map_or_else(meed_app::token, |sale| Ok(sale.to_owned()))?;
        let begun = form.filled("begun").map_or_else(|| state.app.now().to_string(), str::to_owned);
        let mut till = Self {
            lines: lines::typed(form, &config),
            spend: form.text("spend").to_owned(),
            one_time: form.text("otp").to_owned(),
            focus: String::new(),
            found: None,
            wallet: Vec::new(),
            seen: None,
            refused: None,
            is_unknown: false,
            state,
            visit,
            form,
            config,
            unit,
            sale,
            begun,
        };
        till.identify().await?;
        if let Some(found) = &till.found {
            till.wallet = wallets::read(&state.app, &visit.ctx, found.id, None).await?;
        }
        Ok(till)
    }

    /// Finds the customer: the one found before, unless somebody else is looked for.
    async fn identify(&mut self) -> Result<(), Trouble> {
        let (app, ctx, code) = (&self.state.app, &self.visit.ctx, self.form.text("code"));
        let is_dropped = self.form.text("do") == "nobody";
        if code.is_empty() {
            let before = self.form.id("who", Kind::Participant)?.filter(|_| !is_dropped);
            if let Some(before) = before {
                self.found = Some(participants::find(app, ctx, &Who::Id(before)).await?);
            }
            return Ok(());
        }
        match customer(app, ctx, code).await {
            Err(AppError::Refused(no)) if no.code == "access_token_not_effective" => {
                self.refused = Some("This card or number is switched off.".to_owned());
            }
            Err(other) => return Err(other.into()),
            Ok(Some((found, is_one_time))) => {
                self.one_time = if is_one_time { code.to_owned() } else { String::new() };
                self.found = Some(found);
            }
            Ok(None) => {}
        }
        self.is_unknown = self.found.is_none();
        Ok(())
    }

    fn nobody(&self) -> FormErrors {
        FormErrors::one("code", self.refused.as_deref().unwrap_or("Nobody is identified by this."))
    }

    fn in_wallet(&self, unit: Unit) -> Minor {
        self.wallet.iter().find(|wallet| wallet.unit == unit).map_or(0, |wallet| wallet.balance)
    }

    fn customer(&self) -> Option<TillCustomer> {
        let found = self.found.as_ref()?;
        let person = &found.participant;
        Some(TillCustomer {
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
        })
    }

    fn page(&self, errors: FormErrors) -> TillPage {
        let usual = if self.found.is_none() && self.lines.is_empty() { "code" } else { "add" };
        let focus =
            if self.is_unknown { "code" } else { [self.focus.as_str(), usual].into_iter().find(|f| !f.is_empty()).unwrap_or("add") };
        let was_added = !errors.0.iter().any(|(field, _)| field == "add");
        TillPage {
            chrome: self.visit.chrome(Nav::Till),
            units: units(&self.config, self.unit),
            code: if self.is_unknown { self.form.text("code").to_owned() } else { String::new() },
            who: self.found.as_ref().map(|found| found.id.text(Kind::Participant)).unwrap_or_default(),
            one_time: self.one_time.clone(),
            customer: self.customer(),
            products: lines::products(&self.config),
            tiles: lines::tiles(&self.config),
            lines: self.lines.clone(),
            vat_rates: self.config.settings.vat_rates.iter().map(|rate| rate.percent.normalize().to_string()).collect(),
            add: if was_added { String::new() } else { self.form.text("add").to_owned() },
            focus: focus.to_owned(),
            promo_code: self.form.text("promo_code").to_owned(),
            spend: self.spend.clone(),
            paid_by: self.form.filled("paid_by").unwrap_or("cash").to_owned(),
            given: self.form.text("given").to_owned(),
            sale: self.sale.clone(),
            begun: self.begun.clone(),
            preview: self.seen.clone(),
            currency: self.config.currency.code().to_owned(),
            errors,
        }
    }

    fn identity(&self) -> String {
        format!("till page\n{}", self.sale)
    }

    /// What the customer wants to spend.
    fn wanted(&self) -> Result<Minor, Wrong> {
        if self.spend.is_empty() {
            return Ok(0);
        }
        let wanted = amount(&self.spend, self.config.currency, "spend")?;
        if wanted < 0 { Err(wrong("spend", "Write an amount such as 12.50.")) } else { Ok(wanted) }
    }

    fn input(&self, wanted: Minor) -> Result<PurchaseInput, Wrong> {
        let missing = || ("code".to_owned(), "Identify the customer first.".to_owned());
        let (found, unit) = (self.found.as_ref().ok_or_else(missing)?, self.unit.ok_or_else(missing)?);
        // The receipt number is made of the sale's own name, so that the same sale has the same number.
        let reference = format!("W-{}", self.sale.chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_uppercase());
        let spend = match wanted {
            0 => None,
            amount => Some(SpendAsk { amount: Some(amount), all_or_nothing: true, ..SpendAsk::default() }),
        };
        // The moment in which the sale was begun: sending it again must be the same sale.
        let at = self.begun.parse().unwrap_or_else(|_| self.state.app.now());
        let who = if self.one_time.is_empty() { Who::Id(found.id) } else { Who::OneTimeCode(self.one_time.clone()) };
        let mut basket = basket(self.form, &self.lines, &self.config, unit, at, reference)?;
        basket.payment_type = self.form.filled("paid_by").map(str::to_uppercase);
        // Cash that cannot be read is told when the payment is taken.
        let given = self.form.filled("given").filter(|_| basket.payment_type.as_deref() == Some("CASH"));
        if let Some(given) = given.and_then(|given| amount(given, self.config.currency, "given").ok()) {
            basket.extra.insert(CASH_GIVEN.to_owned(), given.to_string());
        }
        Ok(PurchaseInput {
            who,
            basket,
            source: Id(0),
            identity: Some(self.identity()),
            spend,
            is_offline: false,
            price_token: None,
            is_undated: false,
        })
    }

    async fn look(&mut self) -> Result<(), FormErrors> {
        // A spend that cannot be read is none: the sums stand there all the same, and what is wrong at its field.
        let input = self.input(self.wanted().unwrap_or(0)).map_err(errors)?;
        let view = purchases::preview(&self.state.app, &self.visit.ctx, input).await.map_err(refusal)?;
        if self.form.text("do") == "spend-all" {
            let most = view.maximum_spend.unwrap_or(Minor::MAX);
            let all = if view.allow_spending { view.done.additional.min(most) } else { 0 };
            self.spend = if all > 0 { money(all, self.config.currency).plain().to_owned() } else { String::new() };
        }
        let typed = self.wanted();
        let wanted = typed.as_ref().map_or(0, |wanted| *wanted);
        // What the wallet cannot pay is to pay in money still.
        let is_covered = wanted <= view.done.additional.max(0);
        self.seen = Some(preview_of(&view, &self.config, if is_covered { wanted } else { 0 }));
        typed.map_err(errors)?;
        if !is_covered {
            return Err(FormErrors::one("spend", "The wallet does not pay that much of this basket."));
        }
        Ok(())
    }

    /// Whether the sum to pay is the one that was shown, and the cash covers it.
    fn agreed(&self) -> Result<(), FormErrors> {
        let Some(seen) = &self.seen else { return Ok(()) };
        if self.form.text("seen") != seen.due_seen {
            let text = format!("The basket has changed: {} is to pay now. Take the payment again.", seen.due.text());
            return Err(FormErrors::one("sell", &text));
        }
        let due: Minor = seen.due_seen.parse().unwrap_or_default();
        let is_cash = self.form.text("paid_by") == "cash";
        let given = self.form.filled("given").filter(|_| is_cash).map(|text| amount(text, self.config.currency, "given"));
        match given.transpose().map_err(errors)? {
            Some(given) if given < due => Err(FormErrors::one("given", "This does not cover what is to pay.")),
            _ => Ok(()),
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

/// What an offer gave or why not; `all` tells the name of a better one.
pub(super) fn says(verdict: &Verdict, all: &[Verdict], gives: &[(Unit, Minor)]) -> OfferSays {
    let given: Vec<String> = gives.iter().map(|(unit, minor)| Exactly { minor: *minor, unit: *unit }.to_string()).collect();
    let text = match &verdict.why_not {
        Some(WhyNot::NotBest { best }) => {
            let better = all.iter().find(|other| other.offer == *best).map_or("another offer", |other| other.name.as_str());
            format!("“{better}” gives more, and the two do not stack.")
        }
        Some(why) => crate::web::answer::sentence(&why.to_string()),
        None if given.is_empty() => "It applies.".to_owned(),
        None => format!("It gives {}.", given.join(" and ")),
    };
    OfferSays { name: verdict.name.clone(), applies: verdict.why_not.is_none(), text, is_draft: false }
}

fn preview_of(view: &PurchaseView, config: &TillConfig, wanted: Minor) -> TillPreview {
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
        says(verdict, &view.done.verdicts, &gives)
    });
    let total = view.done.body.basket.total();
    let due = (total - wanted - if view.pays_back { 0 } else { at_once }).max(0);
    let spendable = if view.allow_spending { view.done.additional } else { 0 };
    TillPreview {
        total: amount(total),
        awarded: amount(standing.awarded(config.currency)),
        points: match points(standing.awarded(Unit::POINTS)) {
            text if text.is_empty() => text,
            text => format!("And {text}."),
        },
        at_once: amount(at_once),
        pays_back: view.pays_back && at_once > 0,
        spendable: amount(spendable),
        can_spend: spendable > 0,
        spent: amount(wanted),
        due: amount(due),
        due_seen: due.to_string(),
        limits,
        offers: offers.collect(),
    }
}

/// `POST /till/preview`: what changed in the basket, and what that earns and costs.
pub(in crate::web) async fn preview(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let mut till = Till::open(&state, &visit, &form).await?;
    let edited = lines::edit(&mut till.lines, &form, &till.config);
    let mut errors = match edited {
        Ok(focus) => {
            till.focus = focus;
            FormErrors::none()
        }
        Err(wrong) => errors(wrong),
    };
    if form.text("do") == "spend-none" {
        till.spend = String::new();
    }
    if till.is_unknown {
        errors = till.nobody();
    }
    // A line that still waits for its price is no mistake yet.
    let is_whole = till.found.is_some() && !till.lines.is_empty() && till.lines.iter().all(|line| !line.price.is_empty());
    if is_whole && let Err(wrong) = till.look().await {
        errors = if errors.any() { errors } else { wrong };
    }
    if errors.any() { form_page(&till.page(errors)) } else { page(&till.page(errors)) }
}

/// `POST /till/sell`: purchase and spend in one commit.
pub(in crate::web) async fn sell(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let mut till = Till::open(&state, &visit, &form).await?;
    if till.is_unknown {
        return form_page(&till.page(till.nobody()));
    }
    // A sale that was sold already, with its answer lost on the way, is not looked at anew.
    let is_repeat = purchases::by_identity(&state.app, &visit.ctx, Id(0), &till.identity()).await?.is_some();
    if !is_repeat {
        let agreed = till.look().await.and_then(|()| till.agreed());
        if let Err(errors) = agreed {
            return form_page(&till.page(errors));
        }
    }
    let sold = match till.wanted().and_then(|wanted| till.input(wanted)) {
        Ok(input) => purchases::create(&state.app, &visit.ctx, input).await.map_err(refusal),
        Err(wrong) => Err(errors(wrong)),
    };
    match sold {
        Ok(view) => Ok(see_other(&format!("/till/receipts/{}", view.done.id.text(Kind::Purchase)))),
        Err(errors) => form_page(&till.page(errors)),
    }
}
