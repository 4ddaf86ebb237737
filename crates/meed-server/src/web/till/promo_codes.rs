//! Promo codes: what customers say at the till so that an offer asks for it.

use std::str::FromStr;

use axum::extract::{Path, State};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use meed_app::loyalty::PromoCodeDocument;
use meed_app::loyalty::records::{self, Entry};
use meed_core::id::{Id, Kind};

use super::basket::{Wrong, errors, wrong};
use super::removal::{self, Removal, record_errors};
use crate::ServerState;
use crate::pages::till::{PromoCodePage, PromoCodeRow, PromoCodesPage};
use crate::pages::{Badge, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted, id};
use crate::web::shown::{counted, day_text};
use crate::web::visit::Visit;

/// `GET /promo-codes`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    let zone = zone(&state, &visit).await?;
    let now_us = state.app.now().as_microsecond();
    let row = |Entry { id, document, .. }: Entry<PromoCodeDocument>| PromoCodeRow {
        id: id.text(Kind::PromoCode),
        days: days(&zone, &document),
        uses: document.uses_max.map(|uses| counted(u64::try_from(uses).unwrap_or_default(), "time", "times")).unwrap_or_default(),
        status: status(&document, now_us),
        code: document.code,
    };
    let all = records::list::<PromoCodeDocument>(&state.app, &visit.ctx).await?;
    page(&PromoCodesPage { chrome: visit.chrome(Nav::PromoCodes), rows: all.into_iter().map(row).collect() })
}

async fn zone(state: &ServerState, visit: &Visit) -> Result<TimeZone, Trouble> {
    Ok(state.app.fresh_till_config(visit.ctx.workspace).await?.zone.clone())
}

fn status(document: &PromoCodeDocument, now_us: i64) -> Badge {
    match (document.effective, document.from_us, document.until_us) {
        (false, ..) => Badge::new("Off", Tone::Neutral),
        (true, _, Some(until)) if until <= now_us => Badge::new("Over", Tone::Neutral),
        (true, Some(from), _) if now_us < from => Badge::new("To come", Tone::Info),
        (true, ..) => Badge::new("On", Tone::Good),
    }
}

/// First and last day, as far as there are any.
fn ends(zone: &TimeZone, document: &PromoCodeDocument) -> [Option<Date>; 2] {
    let day = |us: i64| Timestamp::from_microsecond(us).ok().map(|at| zone.to_datetime(at).date());
    [document.from_us.and_then(day), document.until_us.and_then(|until| day(until.saturating_sub(1)))]
}

fn days(zone: &TimeZone, document: &PromoCodeDocument) -> String {
    match ends(zone, document) {
        [None, None] => String::new(),
        [Some(from), None] => format!("from {}", day_text(from)),
        [None, Some(until)] => format!("until {}", day_text(until)),
        [Some(from), Some(until)] => format!("{} to {}", day_text(from), day_text(until)),
    }
}

/// `GET /promo-codes/new`
pub(in crate::web) async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&form_of(&state, &visit, None, None, FormErrors::none()).await?)
}

/// `GET /promo-codes/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let kept = promo_code(&state, &visit, &text).await?;
    page(&form_of(&state, &visit, Some(&kept), None, FormErrors::none()).await?)
}

async fn promo_code(state: &ServerState, visit: &Visit, text: &str) -> Result<Entry<PromoCodeDocument>, Trouble> {
    Ok(records::get(&state.app, &visit.ctx, id(text, Kind::PromoCode)?).await?)
}

/// The fields as typed, or as they are kept.
async fn form_of(
    state: &ServerState,
    visit: &Visit,
    kept: Option<&Entry<PromoCodeDocument>>,
    form: Option<&Fields>,
    errors: FormErrors,
) -> Result<PromoCodePage, Trouble> {
    let document = kept.map(|kept| kept.document.clone()).unwrap_or_default();
    let shown = shown(&zone(state, visit).await?, &document);
    Ok(PromoCodePage {
        chrome: visit.chrome(Nav::PromoCodes),
        id: kept.map(|kept| kept.id.text(Kind::PromoCode)).unwrap_or_default(),
        title: if kept.is_some() { document.code.clone() } else { "Add a promo code".to_owned() },
        typed: form.map_or(shown, |form| FIELDS.map(|field| form.text(field).to_owned())),
        is_effective: form.map_or(document.effective, |form| form.text("effective") == "yes"),
        errors,
    })
}

const FIELDS: [&str; 4] = ["code", "from", "until", "uses"];

/// What stands in the fields of a promo code that is kept.
fn shown(zone: &TimeZone, document: &PromoCodeDocument) -> [String; 4] {
    let [from, until] = ends(zone, document).map(|day| day.map(|day| day.to_string()).unwrap_or_default());
    [document.code.clone(), from, until, document.uses_max.map(|uses| uses.to_string()).unwrap_or_default()]
}

fn read(form: &Fields, zone: &TimeZone, kept: &PromoCodeDocument) -> Result<PromoCodeDocument, Wrong> {
    let [_, kept_from, kept_until, _] = shown(zone, kept);
    let start = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_microsecond());
    let moment = |field: &str, of: &dyn Fn(Date) -> Option<i64>| {
        let read = |text: &str| Date::from_str(text).ok().and_then(of).ok_or_else(|| wrong(field, "Write a day such as 2026-04-30."));
        form.filled(field).map(read).transpose()
    };
    // A time of day that came over the interface stays while its day stays.
    let from_us = if form.text("from") == kept_from { kept.from_us } else { moment("from", &start)? };
    let next = |day: Date| day.tomorrow().ok().and_then(start);
    let until_us = if form.text("until") == kept_until { kept.until_us } else { moment("until", &next)? };
    if from_us.zip(until_us).is_some_and(|(from, until)| until <= from) {
        return Err(wrong("until", "The last day is before the first."));
    }
    let uses = form.filled("uses").map(|text| text.parse().ok().filter(|uses: &i64| *uses > 0));
    Ok(PromoCodeDocument {
        code: form.text("code").to_owned(),
        effective: form.text("effective") == "yes",
        from_us,
        until_us,
        uses_max: uses.map(|uses| uses.ok_or_else(|| wrong("uses", "Write a whole number above 0."))).transpose()?,
    })
}

/// `POST /promo-codes`
pub(in crate::web) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, &form).await
}

/// `POST /promo-codes/{id}`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let kept = promo_code(&state, &visit, &text).await?;
    put(&state, &visit, Some(&kept), &form).await
}

async fn put(state: &ServerState, visit: &Visit, kept: Option<&Entry<PromoCodeDocument>>, form: &Fields) -> Answer {
    let again = async |errors| form_page(&form_of(state, visit, kept, Some(form), errors).await?);
    if form.text("code").is_empty() {
        return again(FormErrors::one("code", "Write the code.")).await;
    }
    let before = kept.map(|kept| kept.document.clone()).unwrap_or_default();
    let document = match read(form, &zone(state, visit).await?, &before) {
        Ok(document) => document,
        Err(wrong) => return again(errors(wrong)).await,
    };
    match records::put(&state.app, &visit.ctx, kept.map(|kept: &Entry<_>| -> Id { kept.id }), &document).await {
        Ok(_) => Ok(flash::see_other(state, "/promo-codes", Tone::Good, &format!("“{}” is saved.", document.code))),
        Err(error) => {
            let names = [("name", "code"), ("code", "code")];
            again(record_errors(error, ("code", "Another promo code is the same."), &names)?).await
        }
    }
}

/// `GET /promo-codes/{id}/remove`
pub(in crate::web) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let kept = promo_code(&state, &visit, &text).await?;
    let removal = Removal {
        name: &kept.document.code,
        text: "Tills that send it are refused from now on. Purchases that were made with it keep it. Switch it off instead if it may come \
               back.",
        facts: Vec::new(),
        path: format!("/promo-codes/{text}"),
    };
    removal.ask(&visit, Nav::PromoCodes)
}

/// `POST /promo-codes/{id}/remove`
pub(in crate::web) async fn remove(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let kept = promo_code(&state, &visit, &text).await?;
    removal::remove::<PromoCodeDocument>(&state, &visit, kept.id, &form, &kept.document.code, "/promo-codes").await
}
