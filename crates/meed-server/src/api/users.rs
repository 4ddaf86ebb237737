//! `/v1/users`: who may sign in to the pages, and as what.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::Role;
use meed_app::access::roles;
use meed_app::access::users::User;
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Page, PageParams, json, no_content, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem, Problem};
use super::request::{Caller, Json, Params, id_of};
use crate::ServerState;

/// A person who may sign in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserOut {
    /// The person.
    #[schema(example = "usr_01jq3v8k2m9ra")]
    id: String,
    /// Full name.
    #[schema(example = "Ines Albrecht")]
    name: String,
    /// Address by which they sign in.
    #[schema(example = "ines@example.com")]
    email: String,
    /// `admin`, `limited`, `limited_no_plans`, `manager` or `payee`.
    #[schema(example = "limited")]
    role: String,
    /// The rep that a manager or payee is.
    rep: Option<String>,
    /// Whether they have signed in and set a password.
    active: bool,
}

/// An administrator to let in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserIn)]
pub(crate) struct UserIn {
    /// Full name.
    #[schema(example = "Ines Albrecht")]
    name: String,
    /// Address by which they sign in.
    #[schema(example = "ines@example.com")]
    email: String,
    /// `admin`, `limited` or `limited_no_plans`.
    #[schema(example = "limited")]
    role: String,
}

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleIn)]
pub(crate) struct RoleIn {
    /// `admin`, `limited`, `limited_no_plans`, `manager` or `payee`.
    #[schema(example = "limited")]
    role: String,
}

/// A person with the link that lets them in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = UserInvited)]
pub(crate) struct InvitedOut {
    /// The person.
    user: UserOut,
    /// A link that works once, within seven days. It is shown only here.
    #[schema(example = "https://meed.example.com/welcome/…")]
    link: String,
}

impl From<&User> for UserOut {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.text(Kind::User),
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role.word().to_owned(),
            rep: user.rep.map(|rep| rep.text(Kind::Rep)),
            active: user.has_password,
        }
    }
}

fn role_in(word: &str) -> Answered<Role> {
    Role::from_word(word).ok_or_else(|| FieldProblem::new("role", "role_unknown", format!("`{word}` is no role")).into())
}

/// List users
///
/// Needs the scope `admin`. Who may sign in to the pages, oldest first.
#[utoipa::path(
    get, path = "/users", tag = "Users", operation_id = "listUsers", params(PageParams),
    responses((status = 200, description = "A page of users", body = Page<UserOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let all = roles::people(&state.app, &ctx).await?;
    let (users, next) = page_of(all, &params, |user| user.id)?;
    page(users.iter().map(UserOut::from).collect(), next, params.fields.as_deref())
}

/// Invite an administrator
///
/// Needs the scope `admin`. Payees and managers are invited from the page of their rep.
#[utoipa::path(
    post, path = "/users", tag = "Users", operation_id = "inviteUser",
    request_body(content = UserIn, example = json!({"name": "Ines Albrecht", "email": "ines@example.com", "role": "limited"})),
    responses((status = 201, description = "The person and their link", body = InvitedOut), Refusals),
)]
pub(crate) async fn invite(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<UserIn>) -> Answered<Response> {
    ctx.require(meed_app::Scope::Admin)?;
    let (id, token) = roles::invite(&state.app, &ctx, &body.name, &body.email, role_in(&body.role)?).await?;
    let user = found(&state, &ctx, id).await?;
    let link = format!("{}/welcome/{token}", state.public_url);
    Ok(json(StatusCode::CREATED, &InvitedOut { user: UserOut::from(&user), link }))
}

async fn found(state: &ServerState, ctx: &meed_app::Context, id: Id) -> Answered<User> {
    let all = roles::people(&state.app, ctx).await?;
    all.into_iter().find(|user| user.id == id).ok_or_else(|| Problem::not_found("user"))
}

/// Change a role
///
/// Needs the scope `admin`. It holds from the person's next request on. The last full administrator stays one.
#[utoipa::path(
    put, path = "/users/{id}", tag = "Users", operation_id = "putUserRole",
    params(("id" = String, Path, description = "The person", example = "usr_01jq3v8k2m9ra")),
    request_body(content = RoleIn, example = json!({"role": "limited"})),
    responses((status = 200, description = "The person", body = UserOut), Refusals),
)]
pub(crate) async fn put_role(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<RoleIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Admin)?;
    let id = id_of(&id, Kind::User, "user")?;
    roles::set_role(&state.app, &ctx, id, role_in(&body.role)?).await?;
    Ok(json(StatusCode::OK, &UserOut::from(&found(&state, &ctx, id).await?)))
}

/// Remove a user
///
/// Needs the scope `admin`. Their sessions end at once; what they did stays in the audit log.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "Users", operation_id = "removeUser",
    params(("id" = String, Path, description = "The person", example = "usr_01jq3v8k2m9ra")),
    responses((status = 204, description = "They can no longer sign in"), Refusals),
)]
pub(crate) async fn remove(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    roles::remove(&state.app, &ctx, id_of(&id, Kind::User, "user")?).await?;
    Ok(no_content())
}
