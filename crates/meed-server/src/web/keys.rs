//! API keys: the list, making one, revoking one.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use meed_app::Scope;
use meed_app::access::actor_names;
use meed_app::access::keys::{self, KeyInfo};
use meed_core::id::Kind;

use super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::flash;
use super::form::{Fields, Posted, id};
use super::shown::setting;
use super::visit::Visit;
use crate::ServerState;
use crate::pages::errors::ConfirmPage;
use crate::pages::keys::{KeyCreatedPage, KeyRow, KeysPage};
use crate::pages::{Badge, Choice, Fact, FormErrors, Nav, Tone};

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/keys", get(list).post(create)).route("/keys/{id}/revoke", get(ask).post(revoke))
}

fn words(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.word().to_owned()).collect()
}

async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&keys_page(&state, &visit, &Fields::default(), FormErrors::none()).await?)
}

async fn keys_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<KeysPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let actors = actor_names(app, ctx).await?;
    let row = |key: &KeyInfo| KeyRow {
        id: key.id.text(Kind::Key),
        label: key.label.clone(),
        prefix: format!("{}…", key.hint),
        scopes: words(&key.scopes),
        created: format!("made {} by {}", setting.moment(key.created_us), actors.name(&key.created_by)),
        last_used: key.last_used_us.map(|us| setting.moment(us)).unwrap_or_default(),
        status: Badge::new("Active", Tone::Good),
        active: true,
    };
    let ticked = form.all("scope");
    let scopes = Scope::ALL
        .map(|scope| Choice { note: scope.text().to_owned(), ..Choice::new(scope.word(), scope.word(), ticked.contains(&scope.word())) });
    Ok(KeysPage {
        chrome: visit.chrome(Nav::Keys),
        rows: keys::list(app, ctx).await?.iter().map(row).collect(),
        label: form.text("label").to_owned(),
        scopes: scopes.to_vec(),
        errors,
    })
}

async fn create(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let scopes: Vec<Scope> = form.all("scope").into_iter().filter_map(Scope::from_word).collect();
    match keys::create(&state.app, &visit.ctx, form.text("label"), &scopes).await {
        Ok(key) => page(&KeyCreatedPage {
            chrome: visit.chrome(Nav::Keys),
            label: key.info.label,
            example: format!("curl -H 'Authorization: Bearer {}' {}/v1/sales", key.secret, state.public_url),
            secret: key.secret,
            scopes: words(&key.info.scopes),
        }),
        Err(error) => {
            let errors = form_errors(error, &[("label", "label"), ("scopes", "scope")])?;
            form_page(&keys_page(&state, &visit, &form, errors).await?)
        }
    }
}

async fn key(state: &ServerState, visit: &Visit, text: &str) -> Result<KeyInfo, Trouble> {
    let id = id(text, Kind::Key)?;
    keys::list(&state.app, &visit.ctx).await?.into_iter().find(|key| key.id == id).ok_or_else(Trouble::not_found)
}

async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let key = key(&state, &visit, &text).await?;
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    page(&ConfirmPage {
        chrome: visit.chrome(Nav::Keys),
        title: format!("Revoke “{}”?", key.label),
        text: "From now on no request with it has an effect. It cannot be brought back; make a new one instead.".to_owned(),
        facts: vec![fact("Key", format!("{}…", key.hint)), fact("May", words(&key.scopes).join(", "))],
        action: format!("/keys/{text}/revoke"),
        fields: Vec::new(),
        button: "Revoke the key".to_owned(),
        danger: true,
        cancel: "/keys".to_owned(),
    })
}

async fn revoke(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    if form.text("confirm") != "yes" {
        return Err(Trouble::unreadable("confirmation_missing", "confirm that the key is to be revoked"));
    }
    let key = key(&state, &visit, &text).await?;
    keys::revoke(&state.app, &visit.ctx, key.id).await?;
    Ok(flash::see_other(&state, "/keys", Tone::Good, &format!("“{}” is revoked. It opens nothing any more.", key.label)))
}
