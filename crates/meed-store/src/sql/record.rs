//! Records: configuration and other small documents, with their history.

use crate::statement::Statement;
use crate::value::Kind::{Int, Text};

pub(crate) static BY_ID_SET: Statement = Statement::split(
    "record_by_id",
    "select kind, record_id, record_key, version, deleted, body, recorded_us from record where workspace_id = $1 and kind = $2 and record_id = $3",
    "select r.kind, r.record_id, r.record_key, r.version, r.deleted, r.body, r.recorded_us from record r
     join unnest($2::bigint[], $3::bigint[]) as k (kind, record_id) on r.kind = k.kind and r.record_id = k.record_id where r.workspace_id = $1",
    &[Int, Int],
);
pub(crate) static BY_KEY_SET: Statement = Statement::split(
    "record_by_key",
    "select kind, record_id, record_key, version, deleted, body, recorded_us from record where workspace_id = $1 and kind = $2 and record_key = $3",
    "select r.kind, r.record_id, r.record_key, r.version, r.deleted, r.body, r.recorded_us from record r
     join unnest($2::bigint[], $3::text[]) as k (kind, record_key) on r.kind = k.kind and r.record_key = k.record_key where r.workspace_id = $1",
    &[Int, Text],
);
pub(crate) static PUT_SET: Statement = Statement::split(
    "record_put",
    "insert into record (workspace_id, kind, record_id, record_key, version, deleted, body, recorded_us) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (workspace_id, kind, record_id) do update set record_key = excluded.record_key, version = excluded.version, deleted = excluded.deleted,
     body = excluded.body, recorded_us = excluded.recorded_us",
    "insert into record as x (workspace_id, kind, record_id, record_key, version, deleted, body, recorded_us)
     select $1, u.kind, u.record_id, u.record_key, u.version, u.deleted, u.body, u.recorded_us
     from unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[])
     as u (kind, record_id, record_key, version, deleted, body, recorded_us)
     on conflict (workspace_id, kind, record_id) do update set record_key = excluded.record_key, version = excluded.version, deleted = excluded.deleted,
     body = excluded.body, recorded_us = excluded.recorded_us",
    &[Int, Int, Text, Int, Int, Text, Int],
);
pub(crate) static VERSION_SET: Statement = Statement::split(
    "record_version_add",
    "insert into record_version (workspace_id, kind, record_id, version, deleted, body, salt, recorded_us, command_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    "insert into record_version as x (workspace_id, kind, record_id, version, deleted, body, salt, recorded_us, command_id)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[]) as u",
    &[Int, Int, Int, Int, Text, Int, Int, Int],
);
pub(crate) static LIST: Statement = Statement::same(
    "record_list",
    "select kind, record_id, record_key, version, deleted, body, recorded_us from record where workspace_id = $1 and kind = $2 and deleted = 0 order by record_id",
    &[Int, Int],
);
/// Records of a kind that were written after a time, deleted ones among them: what a cache has to learn.
pub(crate) static CHANGED_SINCE: Statement = Statement::same(
    "record_changed_since",
    "select kind, record_id, record_key, version, deleted, body, recorded_us from record
     where workspace_id = $1 and kind = $2 and recorded_us > $3 order by record_id",
    &[Int, Int, Int],
);
/// Keys are compared by bytes, so a prefix is a stretch of keys.
pub(crate) static KEY_RANGE: Statement = Statement::same(
    "record_key_range",
    "select kind, record_id, record_key, version, deleted, body, recorded_us from record
     where workspace_id = $1 and kind = $2 and deleted = 0 and record_key >= $3 and record_key < $4 order by record_key",
    &[Int, Int, Text, Text],
);
pub(crate) static PAGE_BACK: Statement = Statement::same(
    "record_page_back",
    "select kind, record_id, record_key, version, deleted, body, recorded_us from record
     where workspace_id = $1 and kind = $2 and deleted = 0 and record_id < $3 order by record_id desc limit $4",
    &[Int, Int, Int, Int],
);
pub(crate) static VERSIONS: Statement = Statement::same(
    "record_versions",
    "select kind, record_id, '', version, deleted, body, recorded_us from record_version where workspace_id = $1 and kind = $2 and record_id = $3 order by version",
    &[Int, Int, Int],
);
pub(crate) static VERSIONS_BY_TIME: Statement = Statement::same(
    "record_versions_by_time",
    "select kind, record_id, '', version, deleted, body, recorded_us, salt, command_id from record_version
     where workspace_id = $1 and recorded_us >= $2 and recorded_us <= $3 order by recorded_us, kind, record_id, version",
    &[Int, Int, Int],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] =
    &[&BY_ID_SET, &BY_KEY_SET, &PUT_SET, &VERSION_SET, &LIST, &CHANGED_SINCE, &KEY_RANGE, &PAGE_BACK, &VERSIONS, &VERSIONS_BY_TIME];
