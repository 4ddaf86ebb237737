//! One adjustment by hand, and taking one back.

use axum::extract::{Path, State};
use meed_app::adjustments::{self, NewAdjustment, Once};
use meed_app::{AppError, calculations, sales, sources};
use meed_core::id::{Id, Kind};
use meed_core::money::Exact;

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Asked, Fields, Posted, id};
use super::super::shown::{Setting, exact, money_in, period_words, setting};
use super::super::visit::{Visit, safe_next};
use super::{kind_words, periods, program, programs};
use crate::ServerState;
use crate::pages::adjustments::AdjustmentFormPage;
use crate::pages::errors::ConfirmPage;
use crate::pages::{Choice, Fact, FormErrors, Nav, Tone};

const KINDS: [(&str, &str, &str); 4] = [
    ("adjustment", "Adjustment", "Adds or takes an amount, in general or of one sale."),
    ("bonus", "Bonus", "A reward by hand, shown as a bonus."),
    ("clawback", "Clawback", "Takes back; of a sale, what it earned in whatever period."),
    ("clear_draw", "Clear the draw", "What is owed on draws need not be repaid. Takes no amount and no sale."),
];

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    page(&form(&state, &visit, &asked, FormErrors::none()).await?)
}

async fn form(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<AdjustmentFormPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let kind = form.filled("kind").unwrap_or("adjustment");
    let mut reps: Vec<_> = setting.config.directory.reps().iter().collect();
    reps.sort_by_key(|rep| rep.name.to_lowercase());
    let payee = form.text("payee");
    let mut payees: Vec<Choice> =
        reps.iter().map(|rep| (rep.id.text(Kind::Rep), &rep.name)).map(|(id, name)| Choice::new(&id, name, id == payee)).collect();
    if payee.is_empty() {
        payees.insert(0, Choice::new("", "Choose…", true));
    }
    let chosen = periods(state, visit, &setting, form.text("period")).await?;
    let known = credited(state, visit, &setting, form).await?;
    Ok(AdjustmentFormPage {
        chrome: visit.chrome(Nav::Adjustments),
        programs: programs(&setting, form.text("program")),
        periods: chosen,
        payees,
        kinds: KINDS
            .iter()
            .map(|(value, label, note)| Choice { note: (*note).to_owned(), ..Choice::new(value, label, *value == kind) })
            .collect(),
        amount: form.text("amount").to_owned(),
        to: form.text("to").to_owned(),
        label: form.text("label").to_owned(),
        sale: known.name.unwrap_or_else(|| form.text("sale").to_owned()),
        rules: known.rules,
        facts: known.facts,
        once: form.filled("once").map_or_else(meed_app::token, |once| Ok(once.to_owned()))?,
        back: safe_next(form.filled("back").unwrap_or("/adjustments")).to_owned(),
        errors,
    })
}

/// What is known of the sale that a form names.
#[derive(Default)]
struct Known {
    name: Option<String>,
    facts: Vec<Fact>,
    rules: Vec<Choice>,
}

/// What the payee earns by the sale under the plan, and by which rules.
async fn credited(state: &ServerState, visit: &Visit, setting: &Setting, form: &Fields) -> Result<Known, Trouble> {
    let ids = (sale_of(state, visit, form.text("sale")).await?, Id::parse(form.text("payee"), Kind::Rep), program(form)?);
    let (Some((sale, name)), Ok(rep), Some(program)) = ids else { return Ok(Known::default()) };
    let Some(verdict) = calculations::verdicts(&state.app, &visit.ctx, sale).await?.into_iter().find(|v| v.program == program) else {
        return Ok(Known { name: Some(name), ..Known::default() });
    };
    let entry = setting.config.program(program)?;
    let code = entry.program.currency.code();
    let own: Vec<_> = verdict.credits.iter().filter(|(whose, _)| *whose == rep).map(|(_, credit)| credit).collect();
    let sum = own.iter().try_fold(Exact::ZERO, |sum, credit| sum.checked_add(credit.amount)).unwrap_or_default();
    let words = format!("{} in {}", exact(sum, code).text(), period_words(&verdict.period.label()));
    let fact = Fact { label: "Earns by this sale now".to_owned(), value: words, href: format!("/sales/{}", sale.text(Kind::Sale)) };
    let mut rules: Vec<Choice> = Vec::new();
    for credit in own {
        let rule = entry.program.rules.iter().find(|rule| rule.id == credit.rule_id);
        let label = rule.map_or_else(|| credit.rule_id.clone(), |rule| rule.label.clone());
        if !rules.iter().any(|known| known.value == credit.rule_id) {
            rules.push(Choice::new(&credit.rule_id, &label, credit.rule_id == form.text("rule")));
        }
    }
    Ok(Known { name: Some(name), facts: vec![fact], rules })
}

/// A sale by its id or by its unique id, with what it is called. Several of one name are told when the form is sent.
async fn sale_of(state: &ServerState, visit: &Visit, text: &str) -> Result<Option<(Id, String)>, Trouble> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(id) = Id::parse(text, Kind::Sale) {
        let history = sales::one(&state.app, &visit.ctx, id).await?;
        // The id names it for sure; a unique id may be another one's, too.
        return Ok(Some((id, text.to_owned())).filter(|_| history.sale.stored.id == id));
    }
    let mut found = Vec::new();
    for source in sources::list(&state.app, &visit.ctx).await? {
        if let Ok(history) = sales::one_by_unique_id(&state.app, &visit.ctx, source.id, text).await {
            found.push(history.sale.stored.id);
        }
    }
    Ok(match found.as_slice() {
        [only] => Some((*only, text.to_owned())),
        _ => None,
    })
}

/// An amount as people type it; what may be thousands or decimals is not guessed.
fn amount(form: &Fields, field: &str, errors: &mut FormErrors) -> Option<Exact> {
    let text = form.filled(field)?;
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace('\u{2212}', "-");
    let read = if plain.contains(',') { None } else { plain.parse::<Exact>().ok() };
    if read.is_none() {
        errors.0.push((field.to_owned(), format!("“{text}” is not an amount such as 1250.00: no thousands, a point for decimals.")));
    }
    read
}

pub(super) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let mut errors = FormErrors::none();
    let rep = form.id("payee", Kind::Rep)?;
    if rep.is_none() {
        errors.0.push(("payee".to_owned(), "Choose whom it is for.".to_owned()));
    }
    let program = program(&form)?.ok_or_else(Trouble::not_found)?;
    let (by, to) = (amount(&form, "amount", &mut errors), amount(&form, "to", &mut errors));
    let sale = sale_of(&state, &visit, form.text("sale")).await?;
    if sale.is_none() && form.filled("sale").is_some() {
        let said = "There is no sale of this number, or several sources have one: take its id from its page.";
        errors.0.push(("sale".to_owned(), said.to_owned()));
    }
    let (Some(rep), false) = (rep, errors.any()) else { return form_page(&self::form(&state, &visit, &form, errors).await?) };
    let new = NewAdjustment {
        program,
        period: form.text("period").to_owned(),
        rep,
        kind: form.text("kind").to_owned(),
        amount: by,
        to,
        label: form.text("label").to_owned(),
        sale: sale.map(|(sale, _)| sale),
        rule: form.filled("rule").map(str::to_owned),
    };
    let once = form.filled("once").map(|once| Once::new(&state.app, once, format!("{new:?}").as_bytes()));
    match adjustments::add_once(&state.app, &visit.ctx, &new, once.as_ref()).await {
        Ok(made) => {
            let document = &made.entries.first().ok_or_else(Trouble::not_found)?.document;
            let name = setting(&state.app, &visit.ctx).await?.config.rep_name(rep);
            let said = match document.kind.as_str() {
                "clear_draw" => format!("What {name} owes on draws is cleared."),
                _ => format!("{name}: {} for “{}”.", money_in(document.amount, &document.currency).text(), document.label),
            };
            let back = safe_next(form.filled("back").unwrap_or("/adjustments")).to_owned();
            Ok(flash::see_other(&state, &back, Tone::Good, &said))
        }
        Err(error) => {
            let is_of_sale = matches!(&error, AppError::Refused(refused) if refused.code == "not_credited");
            let names =
                [("period", "period"), ("label", "label"), ("amount", "amount"), ("kind", "kind"), ("rule", "rule"), ("sale", "sale")];
            let mut errors = form_errors(error, &names)?;
            if is_of_sale && let Some(first) = errors.0.first_mut() {
                "sale".clone_into(&mut first.0);
            }
            form_page(&self::form(&state, &visit, &form, errors).await?)
        }
    }
}

pub(super) async fn ask_remove(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let entry = adjustments::get(&state.app, &visit.ctx, id(&text, Kind::Adjustment)?).await?;
    let setting = setting(&state.app, &visit.ctx).await?;
    let document = &entry.document;
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    let mut facts = vec![
        fact("Payee", setting.config.rep_name(Id(document.rep))),
        fact("Period", period_words(&document.period)),
        fact(kind_words(&document.kind), document.label.clone()),
    ];
    if document.kind != "clear_draw" {
        facts.push(fact("Amount", money_in(document.amount, &document.currency).text()));
    }
    page(&ConfirmPage {
        chrome: visit.chrome(Nav::Adjustments),
        title: "Remove this adjustment?".to_owned(),
        text:
            "Its period is calculated again without it. What it booked is taken back by new entries; of a released period, in the open one."
                .to_owned(),
        facts,
        action: format!("/adjustments/{text}/remove"),
        fields: Vec::new(),
        button: "Remove".to_owned(),
        danger: true,
        cancel: "/adjustments".to_owned(),
    })
}

pub(super) async fn remove(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    if form.text("confirm") != "yes" {
        return Err(Trouble::unreadable("confirmation_missing", "confirm that the adjustment is to be removed"));
    }
    let entry = adjustments::get(&state.app, &visit.ctx, id(&text, Kind::Adjustment)?).await?;
    adjustments::remove(&state.app, &visit.ctx, entry.id).await?;
    Ok(flash::see_other(&state, "/adjustments", Tone::Good, &format!("“{}” is removed.", entry.document.label)))
}
