//! Style sheet, scripts and pictures, compiled into the binary and served under names that carry their content's hash.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// Header value for every answer made from [`asset`]: the name changes with the content, so it may be kept for a year.
pub const ASSET_CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Content security policy under which every page works: no inline script, no inline style, nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = concat!(
    include_str!("../../assets/style/tokens.css"),
    include_str!("../../assets/style/frame.css"),
    include_str!("../../assets/style/parts.css"),
    include_str!("../../assets/style/table.css"),
    include_str!("../../assets/style/form.css"),
    include_str!("../../assets/style/chart.css"),
    include_str!("../../assets/style/wizard.css"),
    include_str!("../../assets/style/statement.css"),
    include_str!("../../assets/style/till.css"),
    include_str!("../../assets/style/print.css"),
);

struct Entry {
    /// Name used in templates.
    name: &'static str,
    /// Name on the wire: stem, hash, extension.
    served: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let files: [(&str, &str, &[u8]); 5] = [
        ("meed.css", "text/css; charset=utf-8", STYLE.as_bytes()),
        ("meed.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/meed.js")),
        ("htmx.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/htmx.min.js")),
        ("mark.svg", "image/svg+xml", include_bytes!("../../assets/mark.svg")),
        ("icons.svg", "image/svg+xml", include_bytes!("../../assets/icons.svg")),
    ];
    files
        .into_iter()
        .map(|(name, content_type, bytes)| {
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
            let mut served = String::new();
            // Writing to a string cannot fail.
            let _ = write!(served, "{stem}-{:012x}.{extension}", fingerprint(bytes) & 0xffff_ffff_ffff);
            Entry { name, served, content_type, bytes }
        })
        .collect()
});

/// FNV-1a. It only has to change when the content does.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The asset served as `/assets/{path}`: its content type and bytes. `None` for an unknown or outdated name.
pub fn asset(path: &str) -> Option<(&'static str, &'static [u8])> {
    ENTRIES.iter().find(|entry| entry.served == path).map(|entry| (entry.content_type, entry.bytes))
}

/// The address of an asset by its plain name: `meed.css`, `meed.js`, `htmx.js`, `mark.svg` or `icons.svg`.
pub fn asset_url(name: &str) -> String {
    let served = ENTRIES.iter().find(|entry| entry.name == name).map_or(name, |entry| entry.served.as_str());
    format!("/assets/{served}")
}
