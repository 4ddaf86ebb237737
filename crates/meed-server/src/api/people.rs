//! `/v1/reps` and `/v1/teams`: who sells, and the aliases by which sales name them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::documents::{EnrollmentDocument, MembershipDocument, RepDocument, TeamDocument, VariableDocument};
use meed_app::people::{self, RepEntry, TeamEntry};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{FieldParams, Page, PageParams, json, one, page, page_of};
use super::openapi::Refusals;
use super::problem::Answered;
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::Number;
use crate::ServerState;

/// Membership in a team: from a day until before another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Membership)]
pub(crate) struct MembershipIo {
    /// The team.
    #[schema(example = "team_01jq3v8k2m9ra")]
    team: String,
    /// First day; always if null.
    #[serde(default)]
    #[schema(example = "2026-01-01")]
    from: Option<String>,
    /// First day after; open if null.
    #[serde(default)]
    until: Option<String>,
}

/// Enrollment in a plan that requires it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Enrollment)]
pub(crate) struct EnrollmentIo {
    /// Name of the plan.
    #[schema(example = "Field sales")]
    program: String,
    /// First day; always if null.
    #[serde(default)]
    #[schema(example = "2026-01-01")]
    from: Option<String>,
    /// First day after; open if null.
    #[serde(default)]
    until: Option<String>,
}

/// A value from a day on, such as a quota.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VariableIn)]
pub(crate) struct VariableIn {
    /// Name, as plans write it.
    #[schema(example = "quota")]
    name: String,
    /// First day on which it holds; always if null.
    #[serde(default)]
    #[schema(example = "2026-01-01")]
    from: Option<String>,
    /// An exact number.
    #[schema(value_type = String, example = "100000")]
    value: Number,
}

/// A value from a day on.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Variable)]
pub(crate) struct VariableOut {
    /// Name, as plans write it.
    name: String,
    /// First day on which it holds; always if null.
    from: Option<String>,
    /// An exact number.
    #[schema(example = "100000")]
    value: String,
}

/// A rep to make, or all that is known of one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RepIn)]
pub(crate) struct RepIn {
    /// Name; also an alias.
    #[schema(example = "Dana Reyes")]
    name: String,
    /// E-mail address; also an alias.
    #[serde(default)]
    #[schema(example = "dana@example.com")]
    email: Option<String>,
    /// Further names by which sales name the rep; case does not matter.
    #[serde(default)]
    #[schema(example = json!(["DREYES"]))]
    aliases: Vec<String>,
    /// Direct manager, a rep.
    #[serde(default)]
    manager: Option<String>,
    /// Teams with the days for which membership holds.
    #[serde(default)]
    memberships: Vec<MembershipIo>,
    /// Free labels by which plans may address reps.
    #[serde(default)]
    tags: Vec<String>,
    /// Key by which payroll knows the rep; also an alias.
    #[serde(default)]
    external_id: Option<String>,
    /// Values such as a quota.
    #[serde(default)]
    variables: Vec<VariableIn>,
    /// Plans in which the rep has enrolled.
    #[serde(default)]
    enrollments: Vec<EnrollmentIo>,
    /// ISO code of the currency in which the rep is paid; that of each plan if not given.
    #[serde(default)]
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// Whether the rep still takes part; yes if not given.
    #[serde(default)]
    active: Option<bool>,
}

/// A rep.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rep)]
#[allow(missing_docs)]
pub(crate) struct RepOut {
    /// The rep.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    id: String,
    /// Counts its changes, from 1.
    version: i32,
    name: String,
    email: Option<String>,
    aliases: Vec<String>,
    manager: Option<String>,
    memberships: Vec<MembershipIo>,
    tags: Vec<String>,
    external_id: Option<String>,
    variables: Vec<VariableOut>,
    enrollments: Vec<EnrollmentIo>,
    currency: Option<String>,
    active: bool,
}

/// A team to make, or all that is known of one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TeamIn)]
pub(crate) struct TeamIn {
    /// Name; also an alias.
    #[schema(example = "West")]
    name: String,
    /// What the team is for.
    #[serde(default)]
    description: Option<String>,
    /// Further names by which sales name the team: territories, countries, codes.
    #[serde(default)]
    #[schema(example = json!(["CA", "OR", "WA"]))]
    aliases: Vec<String>,
    /// The rep who leads it.
    #[serde(default)]
    manager: Option<String>,
    /// The team above.
    #[serde(default)]
    parent: Option<String>,
    /// Values such as the quota of the team.
    #[serde(default)]
    variables: Vec<VariableIn>,
}

/// A team.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Team)]
#[allow(missing_docs)]
pub(crate) struct TeamOut {
    /// The team.
    #[schema(example = "team_01jq3v8k2m9ra")]
    id: String,
    /// Counts its changes, from 1.
    version: i32,
    name: String,
    description: Option<String>,
    aliases: Vec<String>,
    manager: Option<String>,
    parent: Option<String>,
    variables: Vec<VariableOut>,
}

fn variables_in(variables: Vec<VariableIn>) -> Vec<VariableDocument> {
    variables.into_iter().map(|v| VariableDocument { name: v.name, from: v.from, value: v.value.0.to_string() }).collect()
}

fn variables_out(variables: &[VariableDocument]) -> Vec<VariableOut> {
    variables.iter().map(|v| VariableOut { name: v.name.clone(), from: v.from.clone(), value: v.value.clone() }).collect()
}

fn optional_id(text: Option<&str>, kind: Kind, field: &str) -> Answered<Option<i64>> {
    text.map(|text| id_in(text, kind, field).map(|id| id.0)).transpose()
}

impl RepIn {
    fn document(self) -> Answered<RepDocument> {
        let memberships = self.memberships.into_iter().enumerate().map(|(index, m)| {
            let team = id_in(&m.team, Kind::Team, &format!("memberships[{index}].team"))?;
            Ok(MembershipDocument { team: team.0, from: m.from, until: m.until })
        });
        Ok(RepDocument {
            manager: optional_id(self.manager.as_deref(), Kind::Rep, "manager")?,
            memberships: memberships.collect::<Answered<_>>()?,
            name: self.name,
            email: self.email,
            aliases: self.aliases,
            tags: self.tags,
            external_id: self.external_id,
            variables: variables_in(self.variables),
            enrollments: self
                .enrollments
                .into_iter()
                .map(|e| EnrollmentDocument { program: e.program, from: e.from, until: e.until })
                .collect(),
            currency: self.currency.map(|code| code.to_uppercase()),
            inactive: !self.active.unwrap_or(true),
        })
    }
}

impl TeamIn {
    /// Rights over results are kept as they are: only the compatible surface sets them.
    fn document(self, former: Option<&TeamDocument>) -> Answered<TeamDocument> {
        let former = former.cloned().unwrap_or_default();
        Ok(TeamDocument {
            manager: optional_id(self.manager.as_deref(), Kind::Rep, "manager")?,
            parent: optional_id(self.parent.as_deref(), Kind::Team, "parent")?,
            name: self.name,
            description: self.description,
            aliases: self.aliases,
            variables: variables_in(self.variables),
            ..former
        })
    }
}

impl From<&RepEntry> for RepOut {
    fn from(entry: &RepEntry) -> Self {
        let document = &entry.document;
        let membership =
            |m: &MembershipDocument| MembershipIo { team: Id(m.team).text(Kind::Team), from: m.from.clone(), until: m.until.clone() };
        Self {
            id: entry.id.text(Kind::Rep),
            version: entry.version,
            name: document.name.clone(),
            email: document.email.clone(),
            aliases: document.aliases.clone(),
            manager: document.manager.map(|id| Id(id).text(Kind::Rep)),
            memberships: document.memberships.iter().map(membership).collect(),
            tags: document.tags.clone(),
            external_id: document.external_id.clone(),
            variables: variables_out(&document.variables),
            enrollments: document
                .enrollments
                .iter()
                .map(|e| EnrollmentIo { program: e.program.clone(), from: e.from.clone(), until: e.until.clone() })
                .collect(),
            currency: document.currency.clone(),
            active: !document.inactive,
        }
    }
}

impl From<&TeamEntry> for TeamOut {
    fn from(entry: &TeamEntry) -> Self {
        let document = &entry.document;
        Self {
            id: entry.id.text(Kind::Team),
            version: entry.version,
            name: document.name.clone(),
            description: document.description.clone(),
            aliases: document.aliases.clone(),
            manager: document.manager.map(|id| Id(id).text(Kind::Rep)),
            parent: document.parent.map(|id| Id(id).text(Kind::Team)),
            variables: variables_out(&document.variables),
        }
    }
}

/// List reps
///
/// By name. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/reps", tag = "Reps and teams", operation_id = "listReps", params(PageParams),
    responses((status = 200, description = "A page of reps", body = Page<RepOut>), Refusals),
)]
pub(crate) async fn reps(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let (reps, next) = page_of(people::reps(&state.app, &ctx).await?, &params, |rep| rep.id)?;
    page(reps.iter().map(RepOut::from).collect(), next, params.fields.as_deref())
}

/// Make a rep
///
/// Needs the scope `plans`. Two reps may share an alias; sales under it then credit nobody and raise an alert.
#[utoipa::path(
    post, path = "/reps", tag = "Reps and teams", operation_id = "createRep",
    request_body(content = RepIn, example = json!({"name": "Dana Reyes", "email": "dana@example.com", "aliases": ["DREYES"], "variables": [{"name": "quota", "from": "2026-01-01", "value": "100000"}]})),
    responses((status = 201, description = "The rep", body = RepOut), Refusals),
)]
pub(crate) async fn create_rep(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<RepIn>) -> Answered<Response> {
    let id = people::put_rep(&state.app, &ctx, None, &body.document()?).await?;
    Ok(json(StatusCode::CREATED, &RepOut::from(&people::rep(&state.app, &ctx, id).await?)))
}

/// Get a rep
///
/// Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/reps/{id}", tag = "Reps and teams", operation_id = "getRep",
    params(("id" = String, Path, description = "The rep", example = "rep_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The rep", body = RepOut), Refusals),
)]
pub(crate) async fn rep(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let rep = people::rep(&state.app, &ctx, id_of(&id, Kind::Rep, "rep")?).await?;
    one(&RepOut::from(&rep), params.fields.as_deref())
}

/// Change a rep
///
/// Needs the scope `plans`. Replaces all that is known of the rep. What was released stays as it was.
#[utoipa::path(
    put, path = "/reps/{id}", tag = "Reps and teams", operation_id = "putRep",
    params(("id" = String, Path, description = "The rep", example = "rep_01jq3v8k2m9ra")),
    request_body(content = RepIn, example = json!({"name": "Dana Reyes", "aliases": ["DREYES", "dana.r"], "active": true})),
    responses((status = 200, description = "The rep", body = RepOut), Refusals),
)]
pub(crate) async fn put_rep(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<RepIn>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Rep, "rep")?;
    people::put_rep(&state.app, &ctx, Some(id), &body.document()?).await?;
    Ok(json(StatusCode::OK, &RepOut::from(&people::rep(&state.app, &ctx, id).await?)))
}

/// List teams
///
/// By name. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/teams", tag = "Reps and teams", operation_id = "listTeams", params(PageParams),
    responses((status = 200, description = "A page of teams", body = Page<TeamOut>), Refusals),
)]
pub(crate) async fn teams(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let (teams, next) = page_of(people::teams(&state.app, &ctx).await?, &params, |team| team.id)?;
    page(teams.iter().map(TeamOut::from).collect(), next, params.fields.as_deref())
}

/// Make a team
///
/// Needs the scope `plans`.
#[utoipa::path(
    post, path = "/teams", tag = "Reps and teams", operation_id = "createTeam",
    request_body(content = TeamIn, example = json!({"name": "West", "aliases": ["CA", "OR", "WA"]})),
    responses((status = 201, description = "The team", body = TeamOut), Refusals),
)]
pub(crate) async fn create_team(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<TeamIn>) -> Answered<Response> {
    let id = people::put_team(&state.app, &ctx, None, &body.document(None)?).await?;
    Ok(json(StatusCode::CREATED, &TeamOut::from(&people::team(&state.app, &ctx, id).await?)))
}

/// Get a team
///
/// Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/teams/{id}", tag = "Reps and teams", operation_id = "getTeam",
    params(("id" = String, Path, description = "The team", example = "team_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The team", body = TeamOut), Refusals),
)]
pub(crate) async fn team(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let team = people::team(&state.app, &ctx, id_of(&id, Kind::Team, "team")?).await?;
    one(&TeamOut::from(&team), params.fields.as_deref())
}

/// Change a team
///
/// Needs the scope `plans`. Replaces all that is known of the team.
#[utoipa::path(
    put, path = "/teams/{id}", tag = "Reps and teams", operation_id = "putTeam",
    params(("id" = String, Path, description = "The team", example = "team_01jq3v8k2m9ra")),
    request_body(content = TeamIn, example = json!({"name": "West", "aliases": ["CA", "OR", "WA", "NV"]})),
    responses((status = 200, description = "The team", body = TeamOut), Refusals),
)]
pub(crate) async fn put_team(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<TeamIn>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Team, "team")?;
    let former = people::team(&state.app, &ctx, id).await?;
    people::put_team(&state.app, &ctx, Some(id), &body.document(Some(&former.document))?).await?;
    Ok(json(StatusCode::OK, &TeamOut::from(&people::team(&state.app, &ctx, id).await?)))
}
