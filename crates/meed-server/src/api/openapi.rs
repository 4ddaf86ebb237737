//! The description of the API, made from the routes themselves.

use std::collections::BTreeMap;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::problem::{FieldProblem, ProblemOut};

/// The refusals that every operation may answer.
pub(crate) struct Refusals;

/// Status and meaning of what any operation may refuse.
pub(crate) const REFUSALS: &[(&str, &str)] = &[
    ("400", "The request cannot be read: not JSON, a wrong type, a missing or unknown field"),
    ("401", "The API key is missing, wrong or revoked"),
    ("403", "The API key lacks the scope"),
    ("404", "What is named does not exist in this workspace"),
    ("409", "The present state forbids it"),
    ("413", "The body is too large"),
    ("415", "The body is of a kind that is not taken here"),
    ("422", "A value is wrong"),
    ("429", "Too much at once; `Retry-After` says when to try again"),
    ("500", "Something failed inside; the request id names it in the log"),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = || Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
        REFUSALS
            .iter()
            .map(|(status, text)| {
                let response = ResponseBuilder::new().description(*text).content("application/problem+json", content()).build();
                ((*status).to_owned(), RefOr::T(response))
            })
            .collect()
    }
}

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-ApiKey"))));
    }
}

/// What stands around the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Meed",
        description = "An incentive server: a sale comes in, Meed works out who earned what and why, one ledger keeps it, and a payout carries it out.\n\nMoney is integer minor units beside its currency. Exact unrounded amounts are decimal texts. Times are RFC 3339 in UTC. Lists are pages: pass `next_cursor` as `cursor`. Every answer carries `X-Request-Id`; every refusal is `application/problem+json` with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Meed")
    ),
    components(schemas(ProblemOut, FieldProblem)),
    security(("bearer" = []), ("api_key" = [])),
    modifiers(&Schemes),
)]
pub(crate) struct Frame;
