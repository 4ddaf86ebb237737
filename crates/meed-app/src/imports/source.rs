//! Which source a file comes from when nobody says: the only one that brought its layout before, or one called after it.

use meed_core::id::Id;

use super::read_file::{ReadAs, all_mappings, look_at};
use super::upload::{Upload, open};
use crate::error::AppResult;
use crate::{App, Context, sources};

/// Characters of a source's name that is taken from a file's name, at most.
const NAME_MAX: usize = 100;

/// The source that a file most likely comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelySource {
    /// Its name.
    pub name: String,
    /// Its id; `None` where it does not exist yet.
    pub id: Option<Id>,
}

/// Finds the source of a file. Two sources that brought the same layout leave it to the name of the file. Writes nothing.
pub async fn likely_source(app: &App, ctx: &Context, file_name: &str, file: std::fs::File, choices: ReadAs) -> AppResult<LikelySource> {
    let layout = look_at(app, ctx, None, file_name, file, choices).await?.layout_fingerprint();
    let mut brought = all_mappings(app, ctx).await?.into_iter().filter(|(_, m)| m.fingerprint == layout).map(|(_, m)| Id(m.source));
    if let (Some(one), None) = (brought.next(), brought.next()) {
        let source = sources::get(app, ctx, one).await?;
        return Ok(LikelySource { name: source.document.name, id: Some(one) });
    }
    let name = source_name(file_name);
    let found = sources::find(app, ctx, &name).await?;
    Ok(LikelySource { name, id: found.map(|s| s.id) })
}

/// The same for a file that is kept already.
pub async fn likely_source_of_kept(app: &App, ctx: &Context, file_name: &str, kept: &Upload) -> AppResult<LikelySource> {
    likely_source(app, ctx, file_name, open(app, &kept.sha256)?, ReadAs::default()).await
}

/// `deals-2026-03.csv` and `deals-2026-04.csv` come from one system: `deals`.
fn source_name(file_name: &str) -> String {
    let unpacked = file_name.strip_suffix(".gz").or_else(|| file_name.strip_suffix(".zip")).unwrap_or(file_name);
    let stem = unpacked.rsplit_once('.').map_or(unpacked, |(stem, _)| stem);
    let words: String = stem.chars().map(|c| if c.is_ascii_digit() || c.is_control() { ' ' } else { c }).collect();
    let name = words.split([' ', '-', '_', '.', '(', ')']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("_");
    if name.is_empty() { "Files".to_owned() } else { name.chars().take(NAME_MAX).collect() }
}

#[cfg(test)]
mod tests {
    use super::source_name;

    #[test]
    fn exports_of_one_system_share_a_source() {
        assert_eq!(source_name("deals-2026-03.csv"), "deals");
        assert_eq!(source_name("deals-2026-04.csv"), "deals");
        assert_eq!(source_name("hubspot_deals.csv"), "hubspot_deals");
        assert_eq!(source_name("export (3).xlsx"), "export");
        assert_eq!(source_name("deals-2026.csv.gz"), "deals");
        assert_eq!(source_name("deals.zip"), "deals");
        assert_eq!(source_name("2026.csv"), "Files");
        assert_eq!(source_name(".csv"), "Files");
    }
}
