//! `/v1/participants`: who takes part, and by what they are identified.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use meed_app::loyalty::participants::{self, MeansInput, ParticipantView};
use meed_app::loyalty::{LimitDocument, Who};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{AutoSpend, Membership, Participant, Termination};
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::kept::LimitIo;
use super::tiers::TierByHandOut;
use crate::ServerState;
use crate::api::answer::{FieldParams, Page, bad_cursor, json, limit_of, no_content, one, page};
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, FieldProblem};
use crate::api::request::{Caller, Json, Params, id_in, id_of};
use crate::api::wire::time;

/// A means of identification to add.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeansIn {
    /// What it is: `card`, `phone`, `email`, `number` …
    #[schema(example = "card")]
    kind: String,
    /// As a till reads it; spaces and case do not matter.
    #[schema(example = "4711 0815")]
    code: String,
    /// Must then be given with the code, where the till sends it as `identifier`.
    #[serde(default)]
    pass_code: Option<String>,
    /// Brand of the payment medium, where it is one.
    #[serde(default)]
    payment_brand: Option<String>,
    /// Type of the payment medium.
    #[serde(default)]
    payment_type: Option<String>,
}

/// A means of identification.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Means)]
pub(crate) struct MeansOut {
    /// Its id.
    id: String,
    /// What it is.
    kind: String,
    /// As a till reads it.
    code: String,
    /// Whether it identifies anyone.
    effective: bool,
    /// Whether it has a pass code.
    has_pass_code: bool,
}

/// When a participant spends without being asked. Amounts are minor units.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = AutoSpend)]
pub(crate) struct AutoSpendIo {
    /// Whether they allowed it.
    enabled: bool,
    /// Not below this balance.
    minimum_balance: i64,
    /// Not less than this.
    minimum_spend: i64,
    /// Not more than this; no limit if null.
    maximum_spend: Option<i64>,
    /// Only at these merchants; empty: all.
    merchants: Vec<String>,
}

/// All that is known of a participant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ParticipantIn {
    /// The number that people see; made if empty.
    #[schema(example = "RP0000000019")]
    number: String,
    /// Name, as the till shows it.
    #[schema(example = "Anna Reed")]
    name: String,
    /// Given name.
    first_name: String,
    /// Family name, or the company's.
    last_name: String,
    /// Whether it is a company.
    is_company: bool,
    /// E-mail address.
    email: Option<String>,
    /// Phone number.
    phone: Option<String>,
    /// City.
    city: Option<String>,
    /// ISO country code.
    country: Option<String>,
    /// Gender.
    gender: Option<String>,
    /// Date of birth; the year 0001 where it is not known.
    #[schema(example = "1990-04-12")]
    born: Option<String>,
    /// Name day as month and day; as it was if null.
    #[schema(example = "07-26")]
    name_day: Option<String>,
    /// Segments that conditions read.
    tags: Vec<String>,
    /// Schemes joined, besides those that everyone is in.
    schemes: Vec<String>,
    /// The store that signed them up.
    sign_up_unit: Option<String>,
    /// Spending without being asked.
    auto_spend: AutoSpendIo,
    /// Payment media bound to the account, as tills name them; empty: any may be used.
    payment_media: Vec<String>,
    /// Whether spends are blocked; awards go on.
    spend_blocked: bool,
    /// Why they left; they take part if null.
    terminated: Option<String>,
    /// Limits of their own wallet, not above the general ones; as they were if null.
    limits: Option<Vec<LimitIo>>,
    /// Means of identification to add.
    means: Vec<MeansIn>,
}

/// A participant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub(crate) struct ParticipantOut {
    /// The participant.
    #[schema(example = "par_01jq3v8k2m9ra")]
    id: String,
    /// Counts its changes, from 1.
    version: i32,
    /// The number that people see.
    number: String,
    /// Name.
    name: String,
    /// Given name.
    first_name: String,
    /// Family name, or the company's.
    last_name: String,
    /// Whether it is a company.
    is_company: bool,
    /// E-mail address.
    email: Option<String>,
    /// Phone number.
    phone: Option<String>,
    /// City.
    city: Option<String>,
    /// ISO country code.
    country: Option<String>,
    /// Gender.
    gender: Option<String>,
    /// Date of birth.
    born: Option<String>,
    /// Name day as month and day.
    name_day: Option<String>,
    /// Segments.
    tags: Vec<String>,
    /// Schemes joined and not left.
    schemes: Vec<String>,
    /// The store that signed them up.
    sign_up_unit: Option<String>,
    /// When they signed up.
    signed_up_at: String,
    /// Spending without being asked.
    auto_spend: AutoSpendIo,
    /// Payment media bound to the account; empty: any.
    payment_media: Vec<String>,
    /// Whether spends are blocked.
    spend_blocked: bool,
    /// Why they left.
    terminated: Option<String>,
    /// Limits of their own wallet.
    limits: Vec<LimitIo>,
    /// Code of the present tier.
    tier: Option<String>,
    /// What was set of it by hand and holds now.
    tier_by_hand: Option<TierByHandOut>,
    /// Value units of the rolling window.
    #[schema(example = "240.50")]
    period_units: String,
    /// Value units ever.
    lifetime_units: String,
}

/// Progress with an offer that counts over purchases.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OfferProgress)]
pub(crate) struct ProgressOut {
    /// The offer.
    offer: String,
    /// Its name.
    name: String,
    /// What counts so far.
    current: String,
    /// What is needed.
    target: String,
    /// How often it was given already.
    times: i64,
}

/// A one-time code.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OneTimeCode)]
pub(crate) struct OneTimeCodeOut {
    /// The code.
    #[schema(example = "48210375")]
    code: String,
    /// Until when it identifies them.
    expires_at: String,
}

/// Whether a means of identification is effective.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeansSwitch {
    /// Its code.
    #[schema(example = "4711 0815")]
    code: String,
    /// Whether it identifies anyone.
    effective: bool,
}

/// Which participants are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Entries at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Names of the fields to answer, with commas between them; all if not given.
    fields: Option<String>,
    /// Only the one whom this code identifies: card, phone, e-mail …
    code: Option<String>,
    /// Only the one with this number.
    number: Option<String>,
}

impl From<MeansIn> for MeansInput {
    fn from(means: MeansIn) -> Self {
        let MeansIn { kind, code, pass_code, payment_brand, payment_type } = means;
        Self { kind, code, pass_code, payment_brand, payment_type }
    }
}

impl ParticipantIn {
    /// What is not travelled with stays as it was.
    fn participant(self, former: Option<&Participant>, currency: Unit, now_us: i64) -> Answered<(Participant, Vec<MeansInput>)> {
        let former = former.cloned().unwrap_or_default();
        let limits = match self.limits {
            None => former.limits,
            Some(limits) => participants::limits(limits.into_iter().map(LimitDocument::from).collect(), currency)?,
        };
        let born = self
            .born
            .as_deref()
            .map(|text| text.parse::<Date>().map_err(|_| FieldProblem::new("born", "date_unreadable", "a date is written YYYY-MM-DD")));
        let name_day = self.name_day.as_deref().map(|text| {
            // A leap year, so that the 29th of February is a day.
            let found = format!("2000-{text}").parse::<Date>().ok().filter(|_| text.len() == 5);
            let wrong = || FieldProblem::new("name_day", "date_unreadable", "a name day is written MM-DD");
            found.map(|date| (date.month(), date.day())).ok_or_else(wrong)
        });
        let wanted: Vec<Id> = self
            .schemes
            .iter()
            .enumerate()
            .map(|(place, text)| id_in(text, Kind::Scheme, &format!("schemes[{place}]")))
            .collect::<Answered<_>>()?;
        let mut schemes: Vec<Membership> = former.schemes.clone();
        for member in schemes.iter_mut().filter(|member| member.until_us.is_none() && !wanted.contains(&member.scheme)) {
            member.until_us = Some(now_us);
        }
        for scheme in wanted {
            if !schemes.iter().any(|member| member.scheme == scheme && member.until_us.is_none()) {
                schemes.push(Membership { scheme, since_us: now_us, until_us: None, unit: None });
            }
        }
        let auto = self.auto_spend;
        let merchants = auto
            .merchants
            .iter()
            .enumerate()
            .map(|(place, text)| id_in(text, Kind::Merchant, &format!("auto_spend.merchants[{place}]")))
            .collect::<Answered<_>>()?;
        let terminated = self.terminated.map(|reason| match former.terminated.clone() {
            Some(present) if present.reason == reason => present,
            _ => Termination { at_us: now_us, reason },
        });
        let sign_up_unit = self.sign_up_unit.as_deref().map(|text| id_in(text, Kind::Unit, "sign_up_unit")).transpose()?;
        let participant = Participant {
            number: if self.number.is_empty() { former.number } else { self.number },
            name: self.name,
            first_name: self.first_name,
            last_name: self.last_name,
            is_company: self.is_company,
            email: self.email,
            phone: self.phone,
            city: self.city,
            country: self.country,
            gender: self.gender,
            born: born.transpose()?,
            name_day: name_day.transpose()?.or(former.name_day),
            tags: self.tags,
            sign_up_unit,
            sign_up_us: former.sign_up_us,
            schemes,
            limits,
            tiers: Vec::new(),
            auto_spend: AutoSpend {
                is_enabled: auto.enabled,
                minimum_balance: auto.minimum_balance,
                minimum_spend: auto.minimum_spend,
                maximum_spend: auto.maximum_spend,
                merchants,
                updated_us: now_us,
            },
            payment_media: self.payment_media,
            is_blocked: self.spend_blocked,
            terminated,
        };
        Ok((participant, self.means.into_iter().map(MeansInput::from).collect()))
    }
}

impl From<&ParticipantView> for ParticipantOut {
    fn from(view: &ParticipantView) -> Self {
        let person = view.participant.clone();
        let auto = person.auto_spend;
        Self {
            id: view.id.text(Kind::Participant),
            version: view.version,
            number: person.number,
            name: person.name,
            first_name: person.first_name,
            last_name: person.last_name,
            is_company: person.is_company,
            email: person.email,
            phone: person.phone,
            city: person.city,
            country: person.country,
            gender: person.gender,
            born: person.born.map(|born| born.to_string()),
            name_day: person.name_day.map(|(month, day)| format!("{month:02}-{day:02}")),
            tags: person.tags,
            schemes: person.schemes.iter().filter(|m| m.until_us.is_none()).map(|m| m.scheme.text(Kind::Scheme)).collect(),
            sign_up_unit: person.sign_up_unit.map(|id| id.text(Kind::Unit)),
            signed_up_at: time(person.sign_up_us),
            auto_spend: AutoSpendIo {
                enabled: auto.is_enabled,
                minimum_balance: auto.minimum_balance,
                minimum_spend: auto.minimum_spend,
                maximum_spend: auto.maximum_spend,
                merchants: auto.merchants.iter().map(|id| id.text(Kind::Merchant)).collect(),
            },
            payment_media: person.payment_media,
            spend_blocked: person.is_blocked,
            terminated: person.terminated.map(|end| end.reason),
            limits: participants::limit_documents(&person.limits).into_iter().map(LimitIo::from).collect(),
            tier: view.tier.as_ref().map(|tier| tier.code.clone()),
            tier_by_hand: view.tier_by_hand.as_ref().map(TierByHandOut::from),
            period_units: view.period_units.to_string(),
            lifetime_units: view.lifetime_units.to_string(),
        }
    }
}

/// List participants
///
/// Newest first, or the one whom a code or number identifies. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/participants", tag = "Participants", operation_id = "listParticipants", params(ListParams),
    responses((status = 200, description = "A page of participants", body = Page<ParticipantOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<ListParams>) -> Answered<Response> {
    let who = match (params.code, params.number) {
        (Some(code), _) => Some(Who::Code(code)),
        (None, Some(number)) => Some(Who::Number(number)),
        (None, None) => None,
    };
    if let Some(who) = who {
        let found = participants::find(&state.app, &ctx, &who).await?;
        return page(vec![ParticipantOut::from(&found)], None, params.fields.as_deref());
    }
    let limit = limit_of(params.limit)?;
    let before = params.cursor.as_deref().map(|cursor| Id::parse(cursor, Kind::Participant).map_err(|_| bad_cursor())).transpose()?;
    let mut rows = participants::list(&state.app, &ctx, before, i64::try_from(limit).unwrap_or(100) + 1).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|view| view.id.text(Kind::Participant));
    page(rows.iter().map(ParticipantOut::from).collect(), next, params.fields.as_deref())
}

/// Make a participant
///
/// Needs the scope `sales`. The number and every code identify one participant only.
#[utoipa::path(
    post, path = "/participants", tag = "Participants", operation_id = "createParticipant",
    request_body(content = ParticipantIn, example = json!({"name": "Anna Reed", "born": "1990-04-12", "means": [{"kind": "card", "code": "4711 0815"}, {"kind": "phone", "code": "+1 555 0100", "pass_code": "2468"}]})),
    responses((status = 201, description = "The participant", body = ParticipantOut), Refusals),
)]
pub(crate) async fn create(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<ParticipantIn>) -> Answered<Response> {
    let (participant, means) = body.participant(None, state.app.till_config(ctx.workspace).await?.currency, state.app.now_us())?;
    let view = participants::create(&state.app, &ctx, participant, means).await?;
    Ok(json(StatusCode::CREATED, &ParticipantOut::from(&view)))
}

fn by(id: &str) -> Answered<Id> {
    id_of(id, Kind::Participant, "participant")
}

/// Get a participant
///
/// With the tier that holds now. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/participants/{id}", tag = "Participants", operation_id = "getParticipant",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The participant", body = ParticipantOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let view = participants::find(&state.app, &ctx, &Who::Id(by(&id)?)).await?;
    one(&ParticipantOut::from(&view), params.fields.as_deref())
}

/// Change a participant
///
/// Replaces all that is known; means of identification are added. Needs the scope `sales`.
#[utoipa::path(
    put, path = "/participants/{id}", tag = "Participants", operation_id = "putParticipant",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    request_body(content = ParticipantIn, example = json!({"name": "Anna Reed", "spend_blocked": true})),
    responses((status = 200, description = "The participant", body = ParticipantOut), Refusals),
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ParticipantIn>,
) -> Answered<Response> {
    let id = by(&id)?;
    let former = participants::find(&state.app, &ctx, &Who::Id(id)).await?;
    let currency = state.app.till_config(ctx.workspace).await?.currency;
    let (participant, means) = body.participant(Some(&former.participant), currency, state.app.now_us())?;
    let view = participants::update(&state.app, &ctx, id, participant, means).await?;
    Ok(json(StatusCode::OK, &ParticipantOut::from(&view)))
}

/// List a participant's means of identification
///
/// Pass codes are never told. Needs the scope `read`.
#[utoipa::path(
    get, path = "/participants/{id}/means", tag = "Participants", operation_id = "listMeans",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    responses((status = 200, description = "All of them", body = Page<MeansOut>), Refusals),
)]
pub(crate) async fn means(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = participants::find(&state.app, &ctx, &Who::Id(by(&id)?)).await?.id;
    let all = participants::means(&state.app, &ctx, id).await?;
    let out = all.into_iter().map(|means| MeansOut {
        id: means.id.text(Kind::Means),
        kind: means.kind,
        code: means.code,
        effective: means.is_effective,
        has_pass_code: means.has_pass_code,
    });
    page(out.collect(), None, None)
}

/// Add a means of identification
///
/// Needs the scope `sales`. A code that identifies somebody else is refused.
#[utoipa::path(
    post, path = "/participants/{id}/means", tag = "Participants", operation_id = "addMeans",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    request_body(content = MeansIn, example = json!({"kind": "card", "code": "4711 0816"})),
    responses((status = 200, description = "The participant", body = ParticipantOut), Refusals),
)]
pub(crate) async fn add_means(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<MeansIn>,
) -> Answered<Response> {
    let id = by(&id)?;
    let former = participants::find(&state.app, &ctx, &Who::Id(id)).await?;
    let view = participants::update(&state.app, &ctx, id, former.participant, vec![body.into()]).await?;
    Ok(json(StatusCode::OK, &ParticipantOut::from(&view)))
}

/// Switch a means of identification on or off
///
/// A lost card identifies nobody from the answer on. Needs the scope `sales`.
#[utoipa::path(
    put, path = "/means/state", tag = "Participants", operation_id = "switchMeans",
    request_body(content = MeansSwitch, example = json!({"code": "4711 0815", "effective": false})),
    responses((status = 204, description = "It is switched"), Refusals),
)]
pub(crate) async fn switch_means(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Json(body): Json<MeansSwitch>,
) -> Answered<Response> {
    participants::set_means_state(&state.app, &ctx, &body.code, body.effective).await?;
    Ok(no_content())
}

/// Make a one-time code
///
/// It identifies the participant at a till for five minutes and one purchase or spend. Needs the scope `sales`.
#[utoipa::path(
    post, path = "/participants/{id}/one_time_code", tag = "Participants", operation_id = "makeOneTimeCode",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    responses((status = 201, description = "The code", body = OneTimeCodeOut), Refusals),
)]
pub(crate) async fn one_time_code(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = participants::find(&state.app, &ctx, &Who::Id(by(&id)?)).await?.id;
    let (code, expires_us) = participants::one_time_code(&state.app, &ctx, id).await?;
    Ok(json(StatusCode::CREATED, &OneTimeCodeOut { code, expires_at: time(expires_us) }))
}

/// Get a participant's progress
///
/// With every effective offer that counts over purchases. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/participants/{id}/progress", tag = "Participants", operation_id = "getProgress",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    responses((status = 200, description = "The offers", body = Page<ProgressOut>), Refusals),
)]
pub(crate) async fn progress(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = participants::find(&state.app, &ctx, &Who::Id(by(&id)?)).await?.id;
    let all = participants::progress(&state.app, &ctx, id).await?;
    let out = all.into_iter().map(|progress| ProgressOut {
        offer: progress.offer.text(Kind::Program),
        name: progress.name,
        current: progress.current.to_string(),
        target: progress.target.to_string(),
        times: progress.times,
    });
    page(out.collect(), None, None)
}
