//! Cookies: reading them, and writing them with the attributes that each needs.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::ServerState;

/// The cookies of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Token of the session.
    Session,
    /// Token of a visitor who is not signed in, for the forms at the door.
    Door,
    /// Message for the next page.
    Flash,
    /// Colours.
    Theme,
}

impl Cookie {
    /// The name. Browsers take a `__Host-` cookie from this host and over TLS only.
    fn name(self, is_secure: bool) -> String {
        let name = match self {
            Self::Session => "meed_session",
            Self::Door => "meed_door",
            Self::Flash => "meed_flash",
            Self::Theme => "meed_theme",
        };
        if is_secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// Seconds that it lasts.
    fn max_age(self) -> i64 {
        match self {
            Self::Session => meed_app::access::sessions::SESSION_US / 1_000_000,
            Self::Door => 3_600,
            Self::Flash => 120,
            Self::Theme => 365 * 24 * 3_600,
        }
    }

    /// Its value in a request.
    pub(super) fn read(self, state: &ServerState, headers: &HeaderMap) -> Option<String> {
        let name = self.name(state.is_secure);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
            .filter(|value| !value.is_empty())
    }

    /// Puts it into a response. Values are tokens, words and hexadecimal text.
    pub(super) fn set(self, state: &ServerState, headers: &mut HeaderMap, value: &str) {
        self.write(state, headers, value, self.max_age());
    }

    /// Takes it back.
    pub(super) fn clear(self, state: &ServerState, headers: &mut HeaderMap) {
        self.write(state, headers, "", 0);
    }

    fn write(self, state: &ServerState, headers: &mut HeaderMap, value: &str, max_age: i64) {
        let secure = if state.is_secure { "; Secure" } else { "" };
        let name = self.name(state.is_secure);
        let line = format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}
