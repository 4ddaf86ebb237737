//! What the planner of PostgreSQL knows about the tables. SQLite has no part in this: its look-ups name their keys.

use crate::statement::Statement;

/// Tables that have grown to more than four times the size at which they were last looked at. Empty and tiny ones do not
/// matter.
pub(crate) static OUTGROWN: Statement = Statement::split(
    "statistics_outgrown",
    "select '' where false",
    "select c.relname::text from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
     and pg_relation_size(c.oid) > 32768 * greatest(c.relpages, 1)::bigint order by 1",
    &[],
);

/// The statement that looks at a table.
pub(crate) fn analyze(table: &str) -> Option<&'static str> {
    ANALYZE.iter().copied().find(|text| text.strip_prefix("analyze ") == Some(table))
}

const ANALYZE: &[&str] = &[
    "analyze record",
    "analyze record_version",
    "analyze sale",
    "analyze sale_identity",
    "analyze sale_original",
    "analyze sale_version",
    "analyze account",
    "analyze transfer",
    "analyze hold",
    "analyze reversed",
    "analyze reward",
    "analyze explanation",
    "analyze statement",
    "analyze command",
    "analyze audit",
    "analyze event",
    "analyze till_event",
    "analyze till_standing",
    "analyze till_identity",
    "analyze till_cell",
    "analyze till_counter",
    "analyze lot",
    "analyze lot_move",
];

/// When the server was started, in microseconds: another run may have lost what was committed and not saved.
pub(crate) static SERVER_STARTED: Statement = Statement::split(
    "statistics_server_started",
    "select 0",
    "select (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint",
    &[],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[&OUTGROWN, &SERVER_STARTED];
