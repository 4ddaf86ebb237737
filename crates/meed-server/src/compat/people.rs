//! The sister calls of `CreateTransaction`: teams, team members and custom variables (`commissions.md` §2.4), created or
//! updated by name.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::documents::{MembershipDocument, TeamDocument, VariableDocument};
use meed_app::people::{self, RepEntry, TeamEntry};
use meed_app::{App, Context, Scope};
use meed_core::id::{Id, Kind};
use meed_core::people::{Match, fold_alias};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ServerState;
use crate::api::answer::json;
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem};
use crate::api::request::{Caller, Json};
use crate::api::wire::{Field, Number};

/// A team to create, or to update by its name.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[schema(as = CompatibleTeamIn)]
#[allow(missing_docs)]
pub(super) struct TeamIn {
    #[schema(example = "West")]
    name: String,
    #[schema(value_type = Option<String>)]
    description: Field<String>,
    /// A rep: id, e-mail address, name or alias.
    #[schema(value_type = Option<String>, example = "dana@example.com")]
    manager_id: Field<String>,
    /// A team: id, name or alias.
    #[schema(value_type = Option<String>)]
    parent_team_id: Field<String>,
    #[schema(value_type = Option<bool>)]
    manager_can_view_results: Field<bool>,
    #[schema(value_type = Option<bool>)]
    manager_can_view_credits: Field<bool>,
    #[schema(value_type = Option<bool>)]
    members_can_view_credits: Field<bool>,
}

/// A member to put into a team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = CompatibleTeamMemberIn)]
pub(super) struct MemberIn {
    /// A team: id, name or alias.
    #[schema(example = "West")]
    team_id: String,
    /// A rep: id, e-mail address, name or alias.
    #[schema(example = "dana@example.com")]
    user_id: String,
    /// First day; always if not given.
    #[serde(default)]
    #[schema(example = "2026-01-01")]
    start_date: Option<String>,
    /// First day after; open if not given.
    #[serde(default)]
    end_date: Option<String>,
}

/// A custom variable to set for a user or a team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = CompatibleVariableIn)]
pub(super) struct VariableIn {
    /// Its name, with or without `@@`.
    #[schema(example = "Quota")]
    name: String,
    /// Its value.
    #[schema(value_type = f64, example = 100_000)]
    value: Number,
    /// First day on which it holds; always if not given.
    #[serde(default)]
    #[schema(example = "2026-01-01")]
    effective_date: Option<String>,
    /// A rep: id, e-mail address, name or alias. Either this or `teamId`.
    #[serde(default)]
    user_id: Option<String>,
    /// A team: id, name or alias. Either this or `userId`.
    #[serde(default)]
    team_id: Option<String>,
}

/// What was saved.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CompatibleSaved)]
pub(super) struct SavedOut {
    /// The team, or the user or team that has the variable.
    #[serde(rename = "Id")]
    #[schema(example = "team_01jq3v8k2m9ra")]
    id: String,
}

fn saved(id: String) -> Response {
    json(StatusCode::OK, &SavedOut { id })
}

fn unknown(field: &str, text: &str) -> Problem {
    let shown: String = text.chars().take(60).collect();
    Problem::unreadable("reference_unknown", format!("`{shown}` names nothing that is known, or more than one")).at(field)
}

/// A rep by id, or by an alias that only one rep has.
async fn rep_of(app: &App, ctx: &Context, text: &str, field: &str) -> Answered<RepEntry> {
    let config = app.configuration(ctx.workspace).await?;
    let ((Ok(id), _) | (Err(_), Match::One(id))) = (Id::parse(text, Kind::Rep), config.directory.find_rep(text)) else {
        return Err(unknown(field, text));
    };
    people::rep(app, ctx, id).await.map_err(|_| unknown(field, text))
}

/// A team by id, or by an alias that only one team has.
async fn team_of(app: &App, ctx: &Context, text: &str, field: &str) -> Answered<TeamEntry> {
    let config = app.configuration(ctx.workspace).await?;
    let ((Ok(id), _) | (Err(_), Match::One(id))) = (Id::parse(text, Kind::Team), config.directory.find_team(text)) else {
        return Err(unknown(field, text));
    };
    people::team(app, ctx, id).await.map_err(|_| unknown(field, text))
}

fn set<T>(slot: &mut T, field: Field<T>, cleared: T) {
    match field {
        Field::Absent => {}
        Field::Null => *slot = cleared,
        Field::Given(value) => *slot = value,
    }
}

/// Create or update a team
///
/// By its name. Absent keys keep what is stored, null clears. Needs a key with the scope `admin`.
#[utoipa::path(
    post, path = "/CreateTeam", tag = "Compatible", operation_id = "createCompatibleTeam",
    request_body(content = TeamIn, example = json!({"name": "West", "managerId": "dana@example.com", "managerCanViewResults": true})),
    responses((status = 200, description = "It is saved", body = SavedOut), Refusals),
)]
pub(super) async fn team(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<TeamIn>) -> Answered<Response> {
    ctx.require(Scope::Admin)?;
    let app = &state.app;
    let wanted = fold_alias(&body.name);
    let former = people::teams(app, &ctx).await?.into_iter().find(|team| fold_alias(&team.document.name) == wanted);
    let mut document = former.as_ref().map_or_else(TeamDocument::default, |team| team.document.clone());
    body.name.trim().clone_into(&mut document.name);
    set(&mut document.description, some(body.description), None);
    match body.manager_id {
        Field::Absent => {}
        Field::Null => document.manager = None,
        Field::Given(text) => document.manager = Some(rep_of(app, &ctx, &text, "managerId").await?.id.0),
    }
    match body.parent_team_id {
        Field::Absent => {}
        Field::Null => document.parent = None,
        Field::Given(text) => document.parent = Some(team_of(app, &ctx, &text, "parentTeamId").await?.id.0),
    }
    set(&mut document.manager_can_view_results, body.manager_can_view_results, false);
    set(&mut document.manager_can_view_credits, body.manager_can_view_credits, false);
    set(&mut document.members_can_view_credits, body.members_can_view_credits, false);
    let id = people::put_team(app, &ctx, former.map(|team| team.id), &document).await?;
    Ok(saved(id.text(Kind::Team)))
}

fn some<T>(field: Field<T>) -> Field<Option<T>> {
    match field {
        Field::Absent => Field::Absent,
        Field::Null => Field::Null,
        Field::Given(value) => Field::Given(Some(value)),
    }
}

/// Put a member into a team
///
/// A membership of the same user, team and start date is replaced. Needs a key with the scope `admin`.
#[utoipa::path(
    post, path = "/CreateTeamMember", tag = "Compatible", operation_id = "createTeamMember",
    request_body(content = MemberIn, example = json!({"teamId": "West", "userId": "dana@example.com", "startDate": "2026-01-01"})),
    responses((status = 200, description = "It is saved", body = SavedOut), Refusals),
)]
pub(super) async fn member(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<MemberIn>) -> Answered<Response> {
    ctx.require(Scope::Admin)?;
    let team = team_of(&state.app, &ctx, &body.team_id, "teamId").await?;
    let RepEntry { id, mut document, .. } = rep_of(&state.app, &ctx, &body.user_id, "userId").await?;
    document.memberships.retain(|m| m.team != team.id.0 || m.from != body.start_date);
    document.memberships.push(MembershipDocument { team: team.id.0, from: body.start_date, until: body.end_date });
    people::put_rep(&state.app, &ctx, Some(id), &document).await?;
    Ok(saved(team.id.text(Kind::Team)))
}

/// Set a custom variable
///
/// For a user or a team, from a day on. A value of the same name and day is replaced. Needs a key with the scope `admin`.
#[utoipa::path(
    post, path = "/CreateCustomVariable", tag = "Compatible", operation_id = "createCustomVariable",
    request_body(content = VariableIn, example = json!({"name": "Quota", "value": 100_000, "effectiveDate": "2026-01-01", "userId": "dana@example.com"})),
    responses((status = 200, description = "It is saved", body = SavedOut), Refusals),
)]
pub(super) async fn variable(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<VariableIn>) -> Answered<Response> {
    ctx.require(Scope::Admin)?;
    let app = &state.app;
    let name = body.name.trim().trim_start_matches("@@").to_owned();
    if name.is_empty() {
        return Err(Problem::unreadable("name_invalid", "a variable needs a name").at("name"));
    }
    let value = VariableDocument { name, from: body.effective_date, value: body.value.0.to_string() };
    let put = |variables: &mut Vec<VariableDocument>| {
        variables.retain(|v| v.name != value.name || v.from != value.from);
        variables.push(value.clone());
    };
    match (&body.user_id, &body.team_id) {
        (Some(user), None) => {
            let RepEntry { id, mut document, .. } = rep_of(app, &ctx, user, "userId").await?;
            put(&mut document.variables);
            people::put_rep(app, &ctx, Some(id), &document).await?;
            Ok(saved(id.text(Kind::Rep)))
        }
        (None, Some(team)) => {
            let TeamEntry { id, mut document, .. } = team_of(app, &ctx, team, "teamId").await?;
            put(&mut document.variables);
            people::put_team(app, &ctx, Some(id), &document).await?;
            Ok(saved(id.text(Kind::Team)))
        }
        _ => Err(Problem::unreadable("field_missing", "name either `userId` or `teamId`").at("userId")),
    }
}
