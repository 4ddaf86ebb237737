//! Sales, their duplicate check, originals and former versions.

use crate::statement::Statement;
use crate::value::Kind::{Bytes, Int, Text};

pub(crate) static BY_IDENTITY_SET: Statement = Statement::split(
    "sale_by_identity",
    "select s.sale_id, s.source_id, s.identity, s.at_ns, s.version, s.recorded_us, s.created_us, s.import_id, s.line, s.salt, s.facts, s.day
     from sale_identity i join sale s on s.workspace_id = i.workspace_id and s.sale_id = i.sale_id
     where i.workspace_id = $1 and i.source_id = $2 and i.identity = $3",
    "select s.sale_id, s.source_id, s.identity, s.at_ns, s.version, s.recorded_us, s.created_us, s.import_id, s.line, s.salt, s.facts, s.day
     from unnest($2::bigint[], $3::text[]) as k (source_id, identity)
     join sale_identity i on i.workspace_id = $1 and i.source_id = k.source_id and i.identity = k.identity
     join sale s on s.workspace_id = i.workspace_id and s.sale_id = i.sale_id where s.workspace_id = $1",
    &[Int, Text],
);
pub(crate) static BY_ID: Statement = Statement::same(
    "sale_by_id",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, created_us, import_id, line, salt, facts, day from sale where workspace_id = $1 and sale_id = $2",
    &[Int, Int],
);
pub(crate) static BY_ID_SET: Statement = Statement::split(
    "sale_by_id_set",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, created_us, import_id, line, salt, facts, day from sale where workspace_id = $1 and sale_id = $2",
    "select s.sale_id, s.source_id, s.identity, s.at_ns, s.version, s.recorded_us, s.created_us, s.import_id, s.line, s.salt, s.facts, s.day
     from unnest($2::bigint[]) as k (sale_id) join sale s on s.sale_id = k.sale_id where s.workspace_id = $1",
    &[Int],
);
pub(crate) static INSERT_SET: Statement = Statement::split(
    "sale_insert",
    "insert into sale (workspace_id, sale_id, source_id, identity, day, at_ns, version, recorded_us, created_us, import_id, line, salt, facts)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    "insert into sale as x (workspace_id, sale_id, source_id, identity, day, at_ns, version, recorded_us, created_us, import_id, line, salt, facts)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
     $10::bigint[], $11::bigint[], $12::bigint[], $13::bytea[]) as u",
    &[Int, Int, Text, Int, Int, Int, Int, Int, Int, Int, Int, Bytes],
);
pub(crate) static IDENTITY_SET: Statement = Statement::split(
    "sale_identity_insert",
    "insert into sale_identity (workspace_id, source_id, identity, sale_id) values ($1, $2, $3, $4)",
    "insert into sale_identity as x (workspace_id, source_id, identity, sale_id)
     select $1, u.* from unnest($2::bigint[], $3::text[], $4::bigint[]) as u",
    &[Int, Text, Int],
);
pub(crate) static UPDATE_SET: Statement = Statement::split(
    "sale_update",
    "update sale set day = $3, at_ns = $4, version = $5, recorded_us = $6, import_id = $7, line = $8, salt = $9, facts = $10 where workspace_id = $1 and sale_id = $2",
    "update sale as x set day = u.day, at_ns = u.at_ns, version = u.version, recorded_us = u.recorded_us, import_id = u.import_id, line = u.line,
     salt = u.salt, facts = u.facts from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
     $9::bigint[], $10::bytea[]) as u (sale_id, day, at_ns, version, recorded_us, import_id, line, salt, facts) where x.workspace_id = $1 and x.sale_id = u.sale_id",
    &[Int, Int, Int, Int, Int, Int, Int, Int, Bytes],
);
pub(crate) static ORIGINAL_SET: Statement = Statement::split(
    "sale_original_put",
    "insert into sale_original (workspace_id, sale_id, layout_id, cells) values ($1, $2, $3, $4)
     on conflict (workspace_id, sale_id) do update set layout_id = excluded.layout_id, cells = excluded.cells",
    "insert into sale_original as x (workspace_id, sale_id, layout_id, cells)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bytea[]) as u (sale_id, layout_id, cells)
     on conflict (workspace_id, sale_id) do update set layout_id = excluded.layout_id, cells = excluded.cells",
    &[Int, Int, Bytes],
);
pub(crate) static VERSION_SET: Statement = Statement::split(
    "sale_version_add",
    "insert into sale_version (workspace_id, sale_id, version, recorded_us, import_id, line, salt, facts) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    "insert into sale_version as x (workspace_id, sale_id, version, recorded_us, import_id, line, salt, facts)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[]) as u",
    &[Int, Int, Int, Int, Int, Int, Bytes],
);
pub(crate) static ORIGINALS: Statement = Statement::split(
    "sale_originals",
    "select sale_id, layout_id, cells from sale_original where workspace_id = $1 and sale_id = $2",
    "select o.sale_id, o.layout_id, o.cells from unnest($2::bigint[]) as k (sale_id) join sale_original o on o.sale_id = k.sale_id where o.workspace_id = $1",
    &[Int],
);
pub(crate) static VERSIONS: Statement = Statement::same(
    "sale_versions",
    "select version, recorded_us, import_id, line, facts from sale_version where workspace_id = $1 and sale_id = $2 order by version",
    &[Int, Int],
);
/// Former versions of several sales.
pub(crate) static VERSIONS_SET: Statement = Statement::split(
    "sale_versions_set",
    "select sale_id, version, recorded_us, import_id, line, facts from sale_version where workspace_id = $1 and sale_id = $2 order by version",
    "select v.sale_id, v.version, v.recorded_us, v.import_id, v.line, v.facts from unnest($2::bigint[]) as k (sale_id)
     join sale_version v on v.sale_id = k.sale_id where v.workspace_id = $1 order by v.sale_id, v.version",
    &[Int],
);
/// What an import brought and nothing has changed since. It passes over the sales: taking an import back is rare, and an
/// index for it would cost every sale.
pub(crate) static OF_IMPORT: Statement = Statement::same(
    "sale_of_import",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, created_us, import_id, line, salt, facts, day from sale
     where workspace_id = $1 and import_id = $2 and sale_id > $3 order by sale_id limit $4",
    &[Int, Int, Int, Int],
);
/// Sales that an import brought and something else changed later.
pub(crate) static CHANGED_SINCE_IMPORT: Statement = Statement::same(
    "sale_changed_since_import",
    "select s.sale_id from sale s where s.workspace_id = $1 and coalesce(s.import_id, 0) <> $2 and exists (select 1 from sale_version v
     where v.workspace_id = s.workspace_id and v.sale_id = s.sale_id and v.import_id = $2) order by s.sale_id limit $3",
    &[Int, Int, Int],
);
/// Every sale of a workspace in record order. The cheapest way to a period that holds most of them.
pub(crate) static SCAN: Statement = Statement::same(
    "sale_scan",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, facts from sale where workspace_id = $1 and sale_id > $2 and sale_id <= $3 order by sale_id",
    &[Int, Int, Int],
);
/// The same page by page, from either end.
pub(crate) static SCAN_UP: Statement = Statement::same(
    "sale_scan_up",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, facts from sale where workspace_id = $1 and sale_id > $2 and sale_id <= $3
     order by sale_id limit $4",
    &[Int, Int, Int, Int],
);
pub(crate) static SCAN_DOWN: Statement = Statement::same(
    "sale_scan_down",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, facts from sale where workspace_id = $1 and sale_id > $2 and sale_id <= $3
     order by sale_id desc limit $4",
    &[Int, Int, Int, Int],
);
pub(crate) static BY_DAYS: Statement = Statement::same(
    "sale_by_days",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, facts from sale where workspace_id = $1 and day >= $2 and day <= $3 order by day, sale_id",
    &[Int, Int, Int],
);
pub(crate) static COUNT_DAYS: Statement =
    Statement::same("sale_count_days", "select count(*) from sale where workspace_id = $1 and day >= $2 and day <= $3", &[Int, Int, Int]);
pub(crate) static CHANGED_IN_DAYS: Statement = Statement::same(
    "sale_changed_in_days",
    "select count(*) from sale where workspace_id = $1 and day >= $2 and day <= $3 and recorded_us > $4",
    &[Int, Int, Int, Int],
);
pub(crate) static PER_DAY: Statement = Statement::same(
    "sale_per_day",
    "select day, count(*) from sale where workspace_id = $1 and day >= $2 and day <= $3 group by day order by day",
    &[Int, Int, Int],
);
pub(crate) static PAGE: Statement = Statement::same(
    "sale_page",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, created_us, import_id, line, salt, facts, day from sale
     where workspace_id = $1 and day >= $2 and day <= $3 and (day < $4 or (day = $4 and sale_id < $5)) order by day desc, sale_id desc limit $6",
    &[Int, Int, Int, Int, Int, Int],
);
pub(crate) static ID_BOUNDS: Statement = Statement::same(
    "sale_id_bounds",
    "select coalesce((select min(s.sale_id) from sale s where s.workspace_id = $1), 0),
     coalesce((select max(s.sale_id) from sale s where s.workspace_id = $1), 0) from workspace w where w.workspace_id = $1",
    &[Int],
);
/// The versions that a later one replaced after a point in time, for questions "as known at".
pub(crate) static REPLACED_SINCE: Statement = Statement::same(
    "sale_replaced_since",
    "select v.sale_id, v.version, v.recorded_us, v.facts from sale_version v join sale s on s.workspace_id = v.workspace_id and s.sale_id = v.sale_id
     where v.workspace_id = $1 and v.recorded_us <= $2 and s.recorded_us > $2 order by v.sale_id, v.version",
    &[Int, Int],
);

/// The sales as they were known at a point in recorded time: of each the last version not after it. A former version keeps
/// its business time in its facts only.
pub(crate) static KNOWN_AT: Statement = Statement::same(
    "sale_known_at",
    "select sale_id, source_id, identity, at_ns, version, recorded_us, facts from sale where workspace_id = $1 and recorded_us <= $2
     union all
     select v.sale_id, s.source_id, s.identity, cast(null as bigint), v.version, v.recorded_us, v.facts
     from sale_version v join sale s on s.workspace_id = v.workspace_id and s.sale_id = v.sale_id
     where v.workspace_id = $1 and v.recorded_us <= $2 and s.recorded_us > $2 and not exists (select 1 from sale_version w
     where w.workspace_id = v.workspace_id and w.sale_id = v.sale_id and w.version = v.version + 1 and w.recorded_us <= $2) order by 1",
    &[Int, Int],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[
    &BY_IDENTITY_SET,
    &BY_ID,
    &BY_ID_SET,
    &INSERT_SET,
    &IDENTITY_SET,
    &UPDATE_SET,
    &ORIGINAL_SET,
    &VERSION_SET,
    &ORIGINALS,
    &VERSIONS,
    &VERSIONS_SET,
    &OF_IMPORT,
    &CHANGED_SINCE_IMPORT,
    &SCAN,
    &SCAN_UP,
    &SCAN_DOWN,
    &BY_DAYS,
    &COUNT_DAYS,
    &CHANGED_IN_DAYS,
    &PER_DAY,
    &PAGE,
    &ID_BOUNDS,
    &REPLACED_SINCE,
    &KNOWN_AT,
];
