//! Style sheet, scripts and pictures.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::see_other;
use crate::pages::{ASSET_CACHE_CONTROL, asset as find, asset_url};

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some((content_type, bytes)) = find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let headers =
        [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, ASSET_CACHE_CONTROL), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, bytes).into_response()
}

pub(super) async fn favicon() -> Response {
    see_other(&asset_url("mark.svg"))
}
