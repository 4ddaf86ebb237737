//! What if: a text that is tried over stored history, and two versions beside each other.

use axum::extract::{Path, State};
use meed_app::AppError;
use meed_app::programs::{check, versions};
use meed_app::what_if::{self, PayeeChange, Question, Turn, WhatIf};
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Unit};
use rust_decimal::prelude::ToPrimitive;

use super::super::answer::{Answer, Trouble, form_page, page, sentence};
use super::super::form::{Asked, Fields, Posted, id};
use super::super::shown::{Setting, counted, day_text, exact, money, period_words, setting};
use super::super::visit::Visit;
use super::diff::diff;
use super::edit::wrong;
use crate::ServerState;
use crate::pages::what_if::{ChangeRow, ComparePage, KnobField, KnobGroup, SaleChangeRow, WhatIfPage, WhatIfResult};
use crate::pages::{Badge, Choice, Figure, FormErrors, Link, Nav, Tone};

/// Payees of an answer.
const PAYEES_MAX: usize = 500;

/// The figures of a text as form fields. What was typed wins over what stands in the text.
pub(super) fn knob_groups(text: &str, form: &Fields) -> Vec<KnobGroup> {
    let mut groups: Vec<KnobGroup> = Vec::new();
    for (index, knob) in what_if::knobs(text).into_iter().enumerate() {
        let name = if knob.group.is_empty() { "The plan".to_owned() } else { knob.group.clone() };
        let typed = form.text(&format!("knob_{index}"));
        let is_kept = !typed.is_empty() && form.text(&format!("knob_was_{index}")) == knob.value;
        let field = KnobField {
            index,
            label: if knob.label.is_empty() { "value".to_owned() } else { knob.label },
            value: if is_kept { typed.to_owned() } else { knob.value.clone() },
            was: knob.value,
            line: knob.line,
        };
        match groups.last_mut().filter(|group| group.name == name) {
            Some(group) => group.knobs.push(field),
            None => groups.push(KnobGroup { name, knobs: vec![field] }),
        }
    }
    groups
}

/// The posted text with the figures of the form in it.
pub(super) fn turned(form: &Fields) -> Result<String, FormErrors> {
    // Browsers send line ends as CR LF.
    let text = form.raw("document").replace("\r\n", "\n");
    let turn =
        |(index, value): (usize, &str)| Turn { index, was: form.text(&format!("knob_was_{index}")).to_owned(), value: value.to_owned() };
    let turns: Vec<Turn> = form.numbered("knob_").into_iter().map(turn).collect();
    what_if::turn(&text, &turns)
        .map_err(|wrong| FormErrors(wrong.into_iter().map(|(index, text)| (format!("knob_{index}"), sentence(&text))).collect()))
}

struct Shown<'a> {
    document: &'a str,
    result: Option<WhatIfResult>,
    examples_fail: bool,
    errors: FormErrors,
}

async fn what_if_page(state: &ServerState, visit: &Visit, text: &str, form: &Fields, shown: Shown<'_>) -> Result<WhatIfPage, Trouble> {
    visit.ctx.require_plans()?;
    let setting = setting(&state.app, &visit.ctx).await?;
    let entry = setting.config.program(id(text, Kind::Program)?)?;
    let labels = labels(state, visit, &setting, entry.program.cadence).await?;
    let newest = labels.first().cloned().unwrap_or_default();
    let choices = |field: &str| {
        let chosen = form.filled(field).unwrap_or(&newest).to_owned();
        labels.iter().map(|label| Choice::new(label, &period_words(label), *label == chosen)).collect::<Vec<_>>()
    };
    Ok(WhatIfPage {
        chrome: visit.chrome(Nav::Programs),
        id: text.to_owned(),
        name: entry.program.name.clone(),
        version: format!("v{}", entry.number),
        document: shown.document.to_owned(),
        knobs: knob_groups(shown.document, if shown.errors.any() { form } else { &EMPTY }),
        from: choices("from"),
        until: choices("until"),
        wrong: wrong(shown.document, &check(shown.document)),
        examples_fail: shown.examples_fail,
        result: shown.result,
        errors: shown.errors,
    })
}

static EMPTY: std::sync::LazyLock<Fields> = std::sync::LazyLock::new(Fields::default);

/// Periods that hold sales, newest first.
pub(super) async fn labels(
    state: &ServerState,
    visit: &Visit,
    setting: &Setting,
    cadence: meed_core::period::Cadence,
) -> Result<Vec<String>, Trouble> {
    let days = meed_app::sales::per_day(&state.app, &visit.ctx).await?;
    let mut labels: Vec<String> = days.iter().map(|(day, _)| setting.label(*day, cadence)).collect();
    labels.dedup();
    labels.reverse();
    labels.truncate(what_if::PERIODS_MAX);
    Ok(labels)
}

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(asked): Asked) -> Answer {
    let setting = setting(&state.app, &visit.ctx).await?;
    visit.ctx.require_plans()?;
    let document = setting.config.program(id(&text, Kind::Program)?)?.text.clone();
    let shown = Shown { document: &document, result: None, examples_fail: false, errors: FormErrors::none() };
    page(&what_if_page(&state, &visit, &text, &asked, shown).await?)
}

pub(super) async fn compare(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let document = match turned(&form) {
        Ok(document) => document,
        Err(errors) => {
            let document = form.raw("document").replace("\r\n", "\n");
            let shown = Shown { document: &document, result: None, examples_fail: false, errors };
            return form_page(&what_if_page(&state, &visit, &text, &form, shown).await?);
        }
    };
    let only = form.id("only", Kind::Rep)?;
    let question = Question { text: document.clone(), from: form.text("from").to_owned(), until: form.text("until").to_owned(), only };
    match what_if::compare(&state.app, &visit.ctx, id(&text, Kind::Program)?, &question).await {
        Ok(answer) => {
            let setting = setting(&state.app, &visit.ctx).await?;
            let result = Some(result(&setting, &answer, only));
            let shown = Shown { document: &document, result, examples_fail: !answer.examples_pass, errors: FormErrors::none() };
            page(&what_if_page(&state, &visit, &text, &form, shown).await?)
        }
        Err(AppError::Refused(refused)) if refused.class == meed_core::command::Class::Invalid => {
            let said = refused.text.lines().next().unwrap_or_default().to_owned();
            let field = if refused.code.starts_with("plan_") || refused.code.starts_with("what_if_") { "document" } else { "" };
            let errors = FormErrors::one(field, &sentence(&said));
            let shown = Shown { document: &document, result: None, examples_fail: false, errors };
            form_page(&what_if_page(&state, &visit, &text, &form, shown).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn result(setting: &Setting, answer: &WhatIf, only: Option<Id>) -> WhatIfResult {
    let unit = answer.currency;
    let gains = answer.payees.iter().filter(|payee| payee.difference() > 0).count();
    let loses = answer.payees.iter().filter(|payee| payee.difference() < 0).count();
    let figure = |label: &str, minor: i64, note: String| Figure {
        label: label.to_owned(),
        value: signed(minor, unit, label == "Difference"),
        unit: unit.code().to_owned(),
        note,
        href: String::new(),
    };
    let difference = answer.after.total.saturating_sub(answer.before.total);
    let figures = vec![
        figure("Now", answer.before.total, format!("v{}, {}", answer.version_number, counted(answer.before.payees, "payee", "payees"))),
        figure("Then", answer.after.total, counted(answer.after.payees, "payee", "payees")),
        figure("Difference", difference, share_words(difference, answer.before.total)),
        Figure {
            label: "Winners and losers".to_owned(),
            value: format!("{gains} : {loses}"),
            unit: String::new(),
            note: format!("over {}", counted(answer.sales, "sale", "sales")),
            href: String::new(),
        },
    ];
    let largest = answer.payees.iter().map(|payee| payee.difference().unsigned_abs()).max().unwrap_or(0).max(1);
    let rows = answer.payees.iter().filter(|p| p.before != 0 || p.after != 0).take(PAYEES_MAX);
    WhatIfResult {
        figures,
        payees: rows.map(|payee| row(payee, unit, largest)).collect(),
        sales_of: only.map(|rep| setting.config.rep_name(rep)).unwrap_or_default(),
        sales: answer
            .sale_changes
            .iter()
            .map(|change| {
                let sale = change.sale.text(Kind::Sale);
                let difference = change.after.checked_sub(change.before).unwrap_or(Exact::ZERO);
                SaleChangeRow {
                    sale: Link::new(change.unique_id.as_deref().unwrap_or(&sale), &format!("/sales/{sale}")),
                    day: day_text(setting.day_of(change.at)),
                    before: exact(change.before, unit.code()),
                    after: exact(change.after, unit.code()),
                    difference: exact(difference, unit.code()),
                }
            })
            .collect(),
        alerts: answer.alerts.iter().map(|alert| sentence(alert)).collect(),
    }
}

fn signed(minor: i64, unit: Unit, is_difference: bool) -> String {
    let digits = money(minor, unit).digits().to_owned();
    if is_difference && minor > 0 { format!("+{digits}") } else { digits }
}

/// `+4.2% of what is paid now`.
fn share_words(difference: i64, before: i64) -> String {
    let percent = Exact::from(difference).checked_mul(Exact::ONE_HUNDRED).and_then(|d| d.checked_div(Exact::from(before)));
    match percent {
        Some(percent) if before != 0 => {
            let sign = if difference > 0 { "+" } else { "" };
            format!("{sign}{}% of what is paid now", percent.round_dp(1).normalize())
        }
        _ => String::new(),
    }
}

fn row(payee: &PayeeChange, unit: Unit, largest: u64) -> ChangeRow {
    let difference = payee.difference();
    let mark = match difference {
        0 => Badge::new("Same", Tone::Neutral),
        1.. => Badge::new("Gains", Tone::Good),
        _ => Badge::new("Loses", Tone::Bad),
    };
    let share = Exact::from(difference.unsigned_abs()).checked_mul(Exact::ONE_HUNDRED).and_then(|d| d.checked_div(Exact::from(largest)));
    let rounded = |percent: &Option<String>| {
        let exact = percent.as_deref().and_then(|text| text.parse::<Exact>().ok());
        exact.map(|exact| exact.round_dp(1).normalize().to_string())
    };
    let attainment = match (rounded(&payee.percent_before), rounded(&payee.percent_after)) {
        (Some(before), Some(after)) if before == after => format!("{before}%"),
        (Some(before), Some(after)) => format!("{before}% → {after}%"),
        (None, Some(after)) => format!("{after}%"),
        (Some(before), None) => format!("{before}% → no goal"),
        (None, None) => String::new(),
    };
    ChangeRow {
        rep: payee.rep.text(Kind::Rep),
        name: payee.name.clone(),
        before: money(payee.before, unit),
        after: money(payee.after, unit),
        difference: money(difference, unit),
        mark,
        attainment,
        share: share.and_then(|share| share.round().to_u32()).unwrap_or(0),
        loses: difference < 0,
    }
}

/// Two versions beside each other: the one before the newest and the newest, unless others are asked for.
pub(super) async fn versions_page(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(asked): Asked) -> Answer {
    let program = id(&text, Kind::Program)?;
    let all = versions(&state.app, &visit.ctx, program).await?;
    let newest = all.first().ok_or_else(Trouble::not_found)?.document.number;
    let number = |field: &str, usual: u32| asked.filled(field).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (from, until) = (number("from", newest.saturating_sub(1).max(1)), number("until", newest));
    let find = |number: u32| all.iter().find(|version| version.document.number == number).ok_or_else(Trouble::not_found);
    let (lines, added, gone) = diff(&find(from)?.document.text, &find(until)?.document.text);
    let choices = |chosen: u32| {
        let choice = |v: &meed_app::programs::Version| {
            let label = if v.document.note.is_empty() {
                format!("v{}", v.document.number)
            } else {
                format!("v{}: {}", v.document.number, v.document.note)
            };
            Choice::new(&v.document.number.to_string(), &label, v.document.number == chosen)
        };
        all.iter().map(choice).collect::<Vec<_>>()
    };
    let setting = setting(&state.app, &visit.ctx).await?;
    page(&ComparePage {
        chrome: visit.chrome(Nav::Programs),
        id: text,
        name: setting.config.program(program)?.program.name.clone(),
        from: choices(from),
        until: choices(until),
        summary: format!("{} came and {} went.", counted(added as u64, "line", "lines"), counted(gone as u64, "line", "lines")),
        lines,
    })
}
