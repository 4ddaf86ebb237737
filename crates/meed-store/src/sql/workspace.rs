//! The workspace row: lock of the batch, heads of ids, times and the audit chain.

use crate::statement::Statement;
use crate::value::Kind::{Bytes, Int, Text};

pub(crate) static LOCK: Statement = Statement::split(
    "workspace_lock",
    "select config_version, last_id, last_recorded_us, audit_number, audit_hash, zone, unit, sale_count from workspace where workspace_id = $1",
    "select config_version, last_id, last_recorded_us, audit_number, audit_hash, zone, unit, sale_count from workspace where workspace_id = $1 for update",
    &[Int],
);
pub(crate) static READ: Statement = Statement::same(
    "workspace_read",
    "select config_version, last_id, last_recorded_us, audit_number, audit_hash, zone, unit, sale_count from workspace where workspace_id = $1",
    &[Int],
);
pub(crate) static CREATE: Statement = Statement::same(
    "workspace_create",
    "insert into workspace (workspace_id, config_version, last_id, last_recorded_us, audit_number, audit_hash, zone, unit, sale_count)
     values ($1, 1, 0, 0, 0, $2, $3, $4, 0) on conflict (workspace_id) do nothing",
    &[Int, Bytes, Text, Text],
);
pub(crate) static ADVANCE: Statement = Statement::same(
    "workspace_advance",
    "update workspace set config_version = $2, last_id = $3, last_recorded_us = $4, audit_number = $5, audit_hash = $6, sale_count = $7 where workspace_id = $1",
    &[Int, Int, Int, Int, Int, Bytes, Int],
);
/// A platform statement: it names no workspace because it lists them.
pub(crate) static LIST: Statement = Statement::same("workspace_list", "select workspace_id from workspace order by workspace_id", &[]);
/// A platform statement: the database about itself.
pub(crate) static ABOUT: Statement = Statement::split(
    "workspace_about",
    "select sqlite_version(), 0",
    "select current_setting('server_version'), case current_setting('is_superuser') when 'on' then 1::bigint else 0::bigint end",
    &[],
);
/// Only SQLite copies itself; it is in no list of statements that both engines prepare.
pub(crate) static COPY_INTO: Statement = Statement::split("workspace_copy", "vacuum into $1", "select 1 where false", &[Text]);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[&LOCK, &READ, &CREATE, &ADVANCE, &LIST, &ABOUT];
