//! Command identities, the audit chain and the outbox.

use crate::statement::Statement;
use crate::value::Kind::{Bytes, Int, Text};

pub(crate) static COMMAND_BY_IDENTITY_SET: Statement = Statement::split(
    "command_by_identity",
    "select source_id, identity, fingerprint, answer from command where workspace_id = $1 and source_id = $2 and identity = $3",
    "select c.source_id, c.identity, c.fingerprint, c.answer from unnest($2::bigint[], $3::text[]) as k (source_id, identity)
     join command c on c.source_id = k.source_id and c.identity = k.identity where c.workspace_id = $1",
    &[Int, Text],
);
pub(crate) static COMMAND_ADD_SET: Statement = Statement::split(
    "command_add",
    "insert into command (workspace_id, source_id, identity, fingerprint, answer, recorded_us) values ($1, $2, $3, $4, $5, $6)",
    "insert into command as x (workspace_id, source_id, identity, fingerprint, answer, recorded_us)
     select $1, u.* from unnest($2::bigint[], $3::text[], $4::bytea[], $5::text[], $6::bigint[]) as u",
    &[Int, Text, Bytes, Text, Int],
);
pub(crate) static AUDIT_ADD_SET: Statement = Statement::split(
    "audit_add",
    "insert into audit (workspace_id, audit_number, command_id, recorded_us, actor, action, subject, digest, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    "insert into audit as x (workspace_id, audit_number, command_id, recorded_us, actor, action, subject, digest, hash)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[]) as u",
    &[Int, Int, Int, Text, Text, Text, Bytes, Bytes],
);
pub(crate) static AUDIT_PAGE: Statement = Statement::same(
    "audit_page",
    "select audit_number, command_id, recorded_us, actor, action, subject, digest, hash from audit where workspace_id = $1 and audit_number < $2
     order by audit_number desc limit $3",
    &[Int, Int, Int],
);
pub(crate) static AUDIT_HASH: Statement =
    Statement::same("audit_hash", "select hash from audit where workspace_id = $1 and audit_number = $2", &[Int, Int]);
/// A message that nobody reads: its commit brings the log of everybody's commits before it to disk. SQLite flushes its log itself.
pub(crate) static FLUSH: Statement = Statement::split("flush", "select 0", "select pg_logical_emit_message(true, 'meed', '') is null", &[]);
pub(crate) static EVENT_ADD_SET: Statement = Statement::split(
    "event_add",
    "insert into event (workspace_id, event_id, topic, subject, body, recorded_us) values ($1, $2, $3, $4, $5, $6)",
    "insert into event as x (workspace_id, event_id, topic, subject, body, recorded_us)
     select $1, u.* from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[]) as u",
    &[Int, Text, Text, Text, Int],
);
pub(crate) static EVENT_PAGE: Statement = Statement::same(
    "event_page",
    "select event_id, topic, subject, body, recorded_us from event where workspace_id = $1 and event_id > $2 order by event_id limit $3",
    &[Int, Int, Int],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] =
    &[&COMMAND_BY_IDENTITY_SET, &COMMAND_ADD_SET, &AUDIT_ADD_SET, &AUDIT_PAGE, &AUDIT_HASH, &FLUSH, &EVENT_ADD_SET, &EVENT_PAGE];
