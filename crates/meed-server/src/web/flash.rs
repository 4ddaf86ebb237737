//! The message about what just happened: carried to the next page in a signed cookie that lasts two minutes.

use axum::http::HeaderMap;
use axum::response::Response;

use super::cookie::Cookie;
use crate::ServerState;
use crate::pages::{Flash, Link, Tone};

const TEXT_MAX: usize = 300;

/// Adds a message to a redirect.
pub(super) fn put(state: &ServerState, response: &mut Response, tone: Tone, text: &str, link: Option<Link>) {
    let text: String = text.chars().take(TEXT_MAX).collect();
    let link = link.unwrap_or_default();
    let json = serde_json::json!([tone.code(), text, link.text, link.href]).to_string();
    Cookie::Flash.set(state, response.headers_mut(), &format!("{}.{}", sign(state, &json), hex(json.as_bytes())));
}

/// The redirect `to` with a message.
pub(super) fn see_other(state: &ServerState, to: &str, tone: Tone, text: &str) -> Response {
    let mut response = super::answer::see_other(to);
    put(state, &mut response, tone, text, None);
    response
}

/// The message of a request, if it was signed here.
pub(super) fn take(state: &ServerState, headers: &HeaderMap) -> Option<Flash> {
    let cookie = Cookie::Flash.read(state, headers)?;
    let (signature, payload) = cookie.split_once('.')?;
    let json = String::from_utf8(unhex(payload)?).ok()?;
    if sign(state, &json) != signature {
        return None;
    }
    let [tone, text, link, href]: [String; 4] = serde_json::from_str(&json).ok()?;
    let tones = [Tone::Neutral, Tone::Good, Tone::Warn, Tone::Bad, Tone::Info];
    let tone = tones.into_iter().find(|known| known.code() == tone)?;
    Some(Flash { tone, text, link: Some(Link { text: link, href }).filter(|link| !link.text.is_empty()) })
}

fn sign(state: &ServerState, json: &str) -> String {
    let mac = state.app.secrets().fingerprint(format!("flash\0{json}").as_bytes());
    hex(&mac[..16])
}

/// Bytes as lower-case hexadecimal text.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
