//! Text that is already safe HTML, and the one escaping function of the types that write markup themselves.

use std::fmt::{self, Display, Write as _};

use askama::filters::HtmlSafe;

/// Markup that templates insert as it stands. Only this module's neighbours build it, from escaped parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// Takes markup whose every user-given part went through [`escape`].
    pub(in crate::pages) fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The markup as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// Escapes text for element content and for quoted attributes.
pub fn escape(text: &str) -> Escaped<'_> {
    Escaped(text)
}

/// See [`escape`].
pub struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Control characters are not allowed in HTML or SVG; a picture of them is.
                c if c.is_control() && c != '\n' && c != '\t' => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// An address for an `href`: only paths of this site and fragments pass, everything else leads nowhere.
pub fn local(href: &str) -> &str {
    let inside = (href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\")) || href.starts_with('#');
    if inside { href } else { "#" }
}
