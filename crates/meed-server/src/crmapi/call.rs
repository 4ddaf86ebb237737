//! A call of the classic surface: its parameters from a body or a query, its token, its answer (`pos-loyalty.md` §1 to §3).

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use meed_app::access::tokens::{self, Bearer};
use meed_core::id::Id;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::failure::{Answered, Failure};
use super::out::{Out, Wanted, object};
use crate::ServerState;
use crate::api::answer;
use crate::api::idempotency::mark_replayed;
use crate::api::request::{self, idempotency_key};

/// Parameters that carry a token.
pub(super) trait Parameters: DeserializeOwned + Send + Sync {
    /// `token`.
    fn token(&self) -> Option<&str>;
    /// `fields_set`.
    fn fields_set(&self) -> Option<&str>;
}

/// Gives a type of parameters its `token` and `fields_set`.
macro_rules! parameters {
    ($($name:ident),*) => { $(
        impl $crate::crmapi::call::Parameters for $name {
            fn token(&self) -> Option<&str> {
                self.token.as_deref()
            }

            fn fields_set(&self) -> Option<&str> {
                self.fields_set.as_deref()
            }
        }
    )* };
}
pub(super) use parameters;

/// A call whose token was good.
pub(super) struct Call<T> {
    /// Its parameters.
    pub parameters: T,
    /// Who calls.
    pub bearer: Bearer,
    /// Its `Idempotency-Key`.
    pub key: Option<String>,
}

/// The parameters of a request as JSON: the body, or the query as an object of texts.
pub(super) async fn read(request: Request, state: &ServerState) -> Answered<(HeaderMap, Bytes)> {
    let headers = request.headers().clone();
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        let query = request.uri().query().unwrap_or_default();
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|_| Failure::invalid("query", "the query cannot be read"))?;
        let mut map = Map::new();
        for (name, value) in pairs {
            if map.insert(name.clone(), Value::String(value)).is_some() {
                return Err(Failure::new("PARAMETER_REPEATED", "this parameter stands there twice").at(name));
            }
        }
        return Ok((headers, Value::Object(map).to_string().into()));
    }
    Ok((headers, request::body(request, state).await?))
}

/// Reads the token alone of a body that is refused for another reason: without a valid one nothing is told about the rest.
#[derive(Deserialize)]
struct TokenOnly {
    #[serde(default)]
    token: Option<String>,
}

/// The token of a body that is refused. One that is no JSON, or tells two tokens, is refused as such, since no other token would
/// mend it: what is told is the caller's own text.
fn token_alone(bytes: &[u8]) -> Answered<String> {
    if let (Some(error), false) = (serde_json::from_slice::<Value>(bytes).err(), bytes.trim_ascii().is_empty()) {
        return Err(Failure::new("PARAMETER_INVALID", format!("the body is not JSON: {error}")));
    }
    match serde_json::from_slice::<TokenOnly>(bytes) {
        Ok(only) => Ok(only.token.unwrap_or_default()),
        Err(error) if error.to_string().starts_with("duplicate field") => {
            Err(Failure::new("PARAMETER_REPEATED", "this parameter stands there twice").at("token"))
        }
        Err(_) => Ok(String::new()),
    }
}

impl<T: Parameters> FromRequest<ServerState> for Call<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &ServerState) -> Answered<Self> {
        let (headers, bytes) = read(request, state).await?;
        let parameters = match request::parse::<T>(&bytes) {
            Ok(parameters) => parameters,
            Err(problem) => {
                tokens::check(&state.app, &token_alone(&bytes)?).await?;
                return Err(problem.into());
            }
        };
        let bearer = tokens::check(&state.app, parameters.token().unwrap_or_default()).await?;
        let key = idempotency_key(&headers)?.map(str::to_owned);
        Ok(Self { parameters, bearer, key })
    }
}

impl<T: Parameters> Call<T> {
    /// The answer, with the fields that are wanted.
    pub(super) fn answer(&self, data: Out) -> Response {
        ok(data, self.parameters.fields_set())
    }

    /// The answer to a command, which may be the first one again.
    pub(super) fn answer_to(&self, data: Out, is_replayed: bool) -> Response {
        let response = self.answer(data);
        if is_replayed { mark_replayed(response) } else { response }
    }

    /// The fields that are wanted.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted::of(self.parameters.fields_set())
    }

    /// Refuses a bearer who may see one customer only.
    pub(super) fn not_a_customer(&self) -> Answered<()> {
        if self.bearer.contact.is_none() { Ok(()) } else { Err(Failure::denied()) }
    }

    /// Refuses what belongs to another customer than the bearer's own.
    pub(super) fn may_see(&self, participant: Id) -> Answered<()> {
        if self.bearer.contact.is_none_or(|own| own == participant) { Ok(()) } else { Err(Failure::denied()) }
    }
}

/// A successful answer. Fields that do not exist are reported and ignored.
pub(super) fn ok(mut data: Out, fields_set: Option<&str>) -> Response {
    let unknown = match Wanted::of(fields_set) {
        Wanted::All => Vec::new(),
        Wanted::Only(names) => data.pick(&names),
    };
    let described = (!unknown.is_empty()).then(|| format!("unknown names in fields_set were ignored: {}", unknown.join(", ")));
    let status = object! {"code": "OK", "message": Option::<String>::None, "description": described};
    answer::json(StatusCode::OK, &object! {"status": status, "data": data})
}

/// The user name of HTTP Basic, whose password is empty.
pub(super) fn basic_key(headers: &HeaderMap) -> Answered<String> {
    let wrong = || Failure::new("INVALID_CREDENTIALS", "send the key as the user name of HTTP Basic, with an empty password");
    let text = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(wrong)?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(wrong)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(wrong());
    }
    let decoded = tokens::unbase64(&encoded.trim().trim_end_matches('=').replace('+', "-").replace('/', "_")).ok_or_else(wrong)?;
    let text = String::from_utf8(decoded).map_err(|_| wrong())?;
    text.strip_suffix(':').map(str::to_owned).ok_or_else(wrong)
}
