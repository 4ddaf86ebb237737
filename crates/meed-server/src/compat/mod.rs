//! `/app/Api/*`: the surface of systems that push to Sales Cookie (`commissions.md` §2.2 to §2.6). A thin adapter: it keeps
//! its own words on the wire and calls the same use cases as `/v1`.

mod automation;
mod create_transaction;
mod csv_upload;
mod mapping_xml;
mod people;
mod rest_import;
mod transaction;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ServerState;
use crate::api::problem;

/// Bytes of a JSON body.
const BODY_MAX: usize = 256 * 1024;

/// The routes with their description, to be put below `/app/Api`.
pub(crate) fn described() -> OpenApiRouter<ServerState> {
    let json = OpenApiRouter::new()
        .routes(routes!(create_transaction::create))
        .routes(routes!(people::team))
        .routes(routes!(people::member))
        .routes(routes!(people::variable))
        .routes(routes!(automation::test))
        .routes(routes!(automation::samples))
        .routes(routes!(csv_upload::job))
        .layer(DefaultBodyLimit::max(BODY_MAX));
    let xml = OpenApiRouter::new().routes(routes!(rest_import::prepare)).layer(DefaultBodyLimit::max(mapping_xml::XML_MAX));
    // Uploads have a limit of their own, which their handlers keep while the bytes arrive.
    let uploads =
        OpenApiRouter::new().routes(routes!(csv_upload::upload)).routes(routes!(rest_import::import)).layer(DefaultBodyLimit::disable());
    json.merge(xml).merge(uploads).fallback(problem::unknown_route)
}
