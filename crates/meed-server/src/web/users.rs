//! Who may sign in and as what, and the settings of the workspace.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use meed_app::access::roles;
use meed_app::access::users::User;
use meed_app::preferences::{self, Preferences, VisibleFrom};
use meed_app::{Role, access};
use meed_core::id::Kind;

use super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::flash;
use super::form::{Fields, Posted, id};
use super::shown::setting;
use super::visit::Visit;
use crate::ServerState;
use crate::pages::errors::ConfirmPage;
use crate::pages::users::{SettingsPage, UserLinkPage, UserRow, UsersPage};
use crate::pages::{Badge, Choice, Fact, FormErrors, Nav, Tone};

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/users", get(list).post(invite))
        .route("/users/{id}/role", post(change))
        .route("/users/{id}/link", post(link))
        .route("/users/{id}/remove", get(ask).post(remove))
        .route("/settings", get(settings).post(save))
}

async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&users_page(&state, &visit, &Fields::default(), FormErrors::none()).await?)
}

fn choices(is_of_rep: bool, chosen: Role) -> Vec<Choice> {
    let fitting = Role::ALL.into_iter().filter(|role| role.is_of_rep() == is_of_rep);
    fitting.map(|role| Choice { note: role.text().1.to_owned(), ..Choice::new(role.word(), role.text().0, role == chosen) }).collect()
}

async fn users_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<UsersPage, Trouble> {
    let row = |user: &User| UserRow {
        id: user.id.text(Kind::User),
        name: user.name.clone(),
        email: user.email.clone(),
        rep_href: user.rep.map(|rep| format!("/reps/{}", rep.text(Kind::Rep))).unwrap_or_default(),
        roles: choices(user.rep.is_some(), user.role),
        about: user.role.text().1.to_owned(),
        status: if user.has_password { Badge::new("Active", Tone::Good) } else { Badge::new("Invited", Tone::Info) },
        can_link: !user.has_password,
        is_self: user.id == visit.session.user.id,
    };
    let chosen = Role::from_word(form.text("role")).unwrap_or(Role::Limited);
    Ok(UsersPage {
        chrome: visit.chrome(Nav::Users),
        rows: roles::people(&state.app, &visit.ctx).await?.iter().map(row).collect(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        roles: choices(false, chosen),
        errors,
    })
}

fn link_page(state: &ServerState, visit: &Visit, name: String, token: &str) -> Answer {
    let url = format!("{}/welcome/{token}", state.public_url);
    page(&UserLinkPage { chrome: visit.chrome(Nav::Users), name, url, valid: "7 days".to_owned() })
}

async fn invite(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let role = Role::from_word(form.text("role")).unwrap_or(Role::Limited);
    match roles::invite(&state.app, &visit.ctx, form.text("name"), form.text("email"), role).await {
        Ok((_, token)) => link_page(&state, &visit, form.text("name").to_owned(), &token),
        Err(error) => {
            let errors = form_errors(error, &[("name", "name"), ("email", "email"), ("role", "role")])?;
            form_page(&users_page(&state, &visit, &form, errors).await?)
        }
    }
}

async fn user(state: &ServerState, visit: &Visit, text: &str) -> Result<User, Trouble> {
    let id = id(text, Kind::User)?;
    roles::people(&state.app, &visit.ctx).await?.into_iter().find(|user| user.id == id).ok_or_else(Trouble::not_found)
}

async fn change(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let user = user(&state, &visit, &text).await?;
    let role = Role::from_word(form.text("role")).ok_or_else(|| Trouble::unreadable("role_unknown", "there is no such role"))?;
    match roles::set_role(&state.app, &visit.ctx, user.id, role).await {
        Ok(()) => {
            let said = format!("{} is now {}.", user.name, role.text().0.to_lowercase());
            Ok(flash::see_other(&state, "/users", Tone::Good, &said))
        }
        Err(error) => {
            let errors = form_errors(error, &[])?;
            form_page(&users_page(&state, &visit, &Fields::default(), errors).await?)
        }
    }
}

async fn link(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(_): Posted) -> Answer {
    let user = user(&state, &visit, &text).await?;
    let token = roles::invite_again(&state.app, &visit.ctx, user.id).await?;
    link_page(&state, &visit, user.name, &token)
}

async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let user = user(&state, &visit, &text).await?;
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    page(&ConfirmPage {
        chrome: visit.chrome(Nav::Users),
        title: format!("Remove {}?", user.name),
        text: "From now on they cannot sign in, and their open pages lead nowhere. What they did stays in the audit log.".to_owned(),
        facts: vec![fact("E-mail", user.email), fact("Role", user.role.text().0.to_owned())],
        action: format!("/users/{text}/remove"),
        fields: Vec::new(),
        button: "Remove".to_owned(),
        danger: true,
        cancel: "/users".to_owned(),
    })
}

async fn remove(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    if form.text("confirm") != "yes" {
        return Err(Trouble::unreadable("confirmation_missing", "confirm that this person is to be removed"));
    }
    let user = user(&state, &visit, &text).await?;
    access::roles::remove(&state.app, &visit.ctx, user.id).await?;
    Ok(flash::see_other(&state, "/users", Tone::Good, &format!("{} can no longer sign in.", user.name)))
}

async fn settings(State(state): State<ServerState>, visit: Visit) -> Answer {
    let preferences = preferences::get(&state.app, &visit.ctx).await?;
    page(&settings_page(&state, &visit, &preferences, FormErrors::none()).await?)
}

async fn settings_page(state: &ServerState, visit: &Visit, preferences: &Preferences, errors: FormErrors) -> Result<SettingsPage, Trouble> {
    let config = setting(&state.app, &visit.ctx).await?.config;
    let noted = |value: &str, label: &str, note: &str, selected| Choice { note: note.to_owned(), ..Choice::new(value, label, selected) };
    let from = preferences.visible_from;
    let programs = config
        .programs
        .iter()
        .map(|entry| Choice::new(&entry.id.text(Kind::Program), &entry.program.name, preferences.needs_approval(entry.id)));
    Ok(SettingsPage {
        chrome: visit.chrome(Nav::Settings),
        visible_from: vec![
            noted(
                "credits",
                "The release of its credits",
                "Amounts show as pending until the rewards are released.",
                from == VisibleFrom::Credits,
            ),
            noted(
                "rewards",
                "The release of its rewards",
                "Before it, they see which sales are credited to them, and nothing of attainment and rewards.",
                from == VisibleFrom::Rewards,
            ),
        ],
        shown: vec![
            noted("details", "Each credited sale with its working", "Without it, a statement shows totals.", preferences.details),
            noted("export", "Their credits as CSV", "A file of the sales that count for them.", preferences.export),
            noted("leaderboard", "A leaderboard", "Everybody sees how far everybody came, never what they earn.", preferences.leaderboard),
        ],
        programs: programs.collect(),
        statement_word: preferences.statement_word.clone(),
        attainment_word: preferences.attainment_word.clone(),
        errors,
    })
}

async fn save(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let mut approved = Vec::new();
    for text in form.all("approved") {
        approved.push(id(text, Kind::Program)?.0);
    }
    let preferences = Preferences {
        visible_from: if form.text("visible_from") == "rewards" { VisibleFrom::Rewards } else { VisibleFrom::Credits },
        details: form.text("details") == "yes",
        export: form.text("export") == "yes",
        leaderboard: form.text("leaderboard") == "yes",
        approved_programs: approved,
        statement_word: form.text("statement_word").to_owned(),
        attainment_word: form.text("attainment_word").to_owned(),
    };
    match preferences::put(&state.app, &visit.ctx, &preferences).await {
        Ok(()) => Ok(flash::see_other(&state, "/settings", Tone::Good, "Saved.")),
        Err(error) => {
            let errors = form_errors(error, &[("statement_word", "statement_word"), ("attainment_word", "attainment_word")])?;
            form_page(&settings_page(&state, &visit, &preferences, errors).await?)
        }
    }
}
