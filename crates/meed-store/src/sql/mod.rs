//! Every statement that Meed sends, by noun. `$1` is always the workspace.

pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod record;
pub(crate) mod reward;
pub(crate) mod sale;
pub(crate) mod statistics;
pub(crate) mod till;
pub(crate) mod verify;
pub(crate) mod workspace;

#[cfg(any(test, feature = "testing"))]
use crate::statement::Statement;

/// All statements, for the checks that prepare each of them on both engines.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn all() -> Vec<&'static Statement> {
    [workspace::ALL, record::ALL, sale::ALL, ledger::ALL, reward::ALL, journal::ALL, statistics::ALL, till::ALL, verify::ALL].concat()
}

/// What `meed bench calculate` lets sqlite3 calculate, for comparison, with the same quota for everybody.
#[must_use]
pub fn calculation_script(quota: u64) -> String {
    include_str!("calculate_peer.sql").replace("{quota}", &format!("{quota}.0"))
}

/// What `meed bench peers` lets psql do with a file, for comparison: COPY into a table without keys.
#[must_use]
pub fn copy_script(csv: &str) -> String {
    include_str!("peers.sql").replace("{csv}", csv)
}
