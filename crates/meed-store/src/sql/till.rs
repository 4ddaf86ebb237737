//! Till events, identities, cells, counters, lots and lot moves.

use crate::statement::Statement;
use crate::value::Kind::{Bytes, Int, Text};

pub(crate) static EVENT_BY_ID_SET: Statement = Statement::split(
    "till_event_by_id",
    "select e.event_id, e.kind, e.participant_id, e.about_id, e.at_us, e.recorded_us, e.salt, e.body, e.previous_id, s.body from till_event e
     left join till_standing s on s.workspace_id = e.workspace_id and s.event_id = e.event_id where e.workspace_id = $1 and e.event_id = $2",
    "select e.event_id, e.kind, e.participant_id, e.about_id, e.at_us, e.recorded_us, e.salt, e.body, e.previous_id, s.body
     from unnest($2::bigint[]) as k (event_id) join till_event e on e.event_id = k.event_id
     left join till_standing s on s.workspace_id = e.workspace_id and s.event_id = e.event_id where e.workspace_id = $1",
    &[Int],
);
/// Events and those of the same participant before them, so many at most of each. Ids that do not fall would lead in a circle.
pub(crate) static EVENTS_BACK_SET: Statement = Statement::split(
    "till_events_back",
    "with recursive back (event_id, kind, participant_id, about_id, at_us, recorded_us, salt, body, previous_id, more) as (
     select event_id, kind, participant_id, about_id, at_us, recorded_us, salt, body, previous_id, $3 - 1 from till_event
     where workspace_id = $1 and event_id = $2
     union all
     select e.event_id, e.kind, e.participant_id, e.about_id, e.at_us, e.recorded_us, e.salt, e.body, e.previous_id, k.more - 1
     from back k join till_event e on e.workspace_id = $1 and e.event_id = k.previous_id
     where k.more > 0 and e.event_id < k.event_id and e.participant_id = k.participant_id)
     select k.event_id, k.kind, k.participant_id, k.about_id, k.at_us, k.recorded_us, k.salt, k.body, k.previous_id, s.body
     from back k left join till_standing s on s.workspace_id = $1 and s.event_id = k.event_id order by k.event_id desc",
    "with recursive back (event_id, kind, participant_id, about_id, at_us, recorded_us, salt, body, previous_id, more) as (
     select e.event_id, e.kind, e.participant_id, e.about_id, e.at_us, e.recorded_us, e.salt, e.body, e.previous_id, k.at_most - 1
     from unnest($2::bigint[], $3::bigint[]) as k (event_id, at_most) join till_event e on e.event_id = k.event_id where e.workspace_id = $1
     union all
     select e.event_id, e.kind, e.participant_id, e.about_id, e.at_us, e.recorded_us, e.salt, e.body, e.previous_id, k.more - 1
     from back k cross join lateral (select * from till_event x where x.workspace_id = $1 and x.event_id = k.previous_id limit 1) e
     where k.more > 0 and e.event_id < k.event_id and e.participant_id = k.participant_id)
     select k.event_id, k.kind, k.participant_id, k.about_id, k.at_us, k.recorded_us, k.salt, k.body, k.previous_id, s.body
     from back k left join till_standing s on s.workspace_id = $1 and s.event_id = k.event_id order by k.event_id desc",
    &[Int, Int],
);
/// The first event of the same participant before an id that is none of theirs, from their last event back.
pub(crate) static EVENT_BEFORE_SET: Statement = Statement::split(
    "till_event_before",
    "with recursive back (event_id, participant_id, previous_id) as (
     select event_id, participant_id, previous_id from till_event where workspace_id = $1 and event_id = $2
     union all
     select e.event_id, e.participant_id, e.previous_id from back k join till_event e on e.workspace_id = $1 and e.event_id = k.previous_id
     where k.event_id >= $3 and e.event_id < k.event_id and e.participant_id = k.participant_id)
     select max(k.event_id) from back k where k.event_id < $3",
    "with recursive back (event_id, participant_id, previous_id, before_id) as (
     select e.event_id, e.participant_id, e.previous_id, k.before_id from unnest($2::bigint[], $3::bigint[]) as k (event_id, before_id)
     join till_event e on e.event_id = k.event_id where e.workspace_id = $1
     union all
     select e.event_id, e.participant_id, e.previous_id, k.before_id
     from back k cross join lateral (select * from till_event x where x.workspace_id = $1 and x.event_id = k.previous_id limit 1) e
     where k.event_id >= k.before_id and e.event_id < k.event_id and e.participant_id = k.participant_id)
     select max(k.event_id) from back k where k.event_id < k.before_id group by k.participant_id, k.before_id",
    &[Int, Int],
);
pub(crate) static EVENT_PAGE_ALL: Statement = Statement::same(
    "till_event_page_all",
    "select e.event_id, e.kind, e.participant_id, e.about_id, e.at_us, e.recorded_us, e.salt, e.body, e.previous_id, s.body from till_event e
     left join till_standing s on s.workspace_id = e.workspace_id and s.event_id = e.event_id
     where e.workspace_id = $1 and e.event_id < $2 order by e.event_id desc limit $3",
    &[Int, Int, Int],
);
pub(crate) static EVENT_ADD_SET: Statement = Statement::split(
    "till_event_add",
    "insert into till_event (workspace_id, event_id, kind, participant_id, about_id, at_us, recorded_us, salt, body, previous_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    "insert into till_event as x (workspace_id, event_id, kind, participant_id, about_id, at_us, recorded_us, salt, body, previous_id)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[],
     $10::bigint[]) as u",
    &[Int, Int, Int, Int, Int, Int, Int, Bytes, Int],
);
pub(crate) static STANDING_PUT_SET: Statement = Statement::split(
    "till_standing_put",
    "insert into till_standing (workspace_id, event_id, body) values ($1, $2, $3) on conflict (workspace_id, event_id) do update set body = excluded.body",
    "insert into till_standing as x (workspace_id, event_id, body) select $1, u.* from unnest($2::bigint[], $3::bytea[]) as u (event_id, body)
     on conflict (workspace_id, event_id) do update set body = excluded.body",
    &[Int, Bytes],
);
pub(crate) static IDENTITY_SET: Statement = Statement::split(
    "till_identity",
    "select source_id, reference, event_id, fingerprint from till_identity where workspace_id = $1 and source_id = $2 and reference = $3",
    "select i.source_id, i.reference, i.event_id, i.fingerprint from unnest($2::bigint[], $3::text[]) as k (source_id, reference)
     join till_identity i on i.source_id = k.source_id and i.reference = k.reference where i.workspace_id = $1",
    &[Int, Text],
);
pub(crate) static IDENTITY_ADD_SET: Statement = Statement::split(
    "till_identity_add",
    "insert into till_identity (workspace_id, source_id, reference, event_id, fingerprint) values ($1, $2, $3, $4, $5)",
    "insert into till_identity as x (workspace_id, source_id, reference, event_id, fingerprint)
     select $1, u.* from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bytea[]) as u",
    &[Int, Text, Int, Bytes],
);
pub(crate) static CELL_SET: Statement = Statement::split(
    "till_cell",
    "select participant_id, due_us, body, last_event_id from till_cell where workspace_id = $1 and participant_id = $2",
    "select c.participant_id, c.due_us, c.body, c.last_event_id from unnest($2::bigint[]) as k (participant_id)
     join till_cell c on c.participant_id = k.participant_id where c.workspace_id = $1",
    &[Int],
);
pub(crate) static CELL_PUT_SET: Statement = Statement::split(
    "till_cell_put",
    "insert into till_cell (workspace_id, participant_id, due_us, body, last_event_id) values ($1, $2, $3, $4, $5)
     on conflict (workspace_id, participant_id) do update set due_us = excluded.due_us, body = excluded.body, last_event_id = excluded.last_event_id",
    "insert into till_cell as x (workspace_id, participant_id, due_us, body, last_event_id)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[]) as u (participant_id, due_us, body, last_event_id)
     on conflict (workspace_id, participant_id) do update set due_us = excluded.due_us, body = excluded.body, last_event_id = excluded.last_event_id",
    &[Int, Int, Bytes, Int],
);
pub(crate) static LAST_EVENTS: Statement = Statement::same(
    "till_last_events",
    "select participant_id, last_event_id from till_cell where workspace_id = $1 and last_event_id is not null order by participant_id",
    &[Int],
);
pub(crate) static COUNTER_SET: Statement = Statement::split(
    "till_counter",
    "select subject_id, used from till_counter where workspace_id = $1 and subject_id = $2",
    "select c.subject_id, c.used from unnest($2::bigint[]) as k (subject_id) join till_counter c on c.subject_id = k.subject_id where c.workspace_id = $1",
    &[Int],
);
pub(crate) static COUNTERS: Statement =
    Statement::same("till_counters", "select subject_id, used from till_counter where workspace_id = $1 order by subject_id", &[Int]);
pub(crate) static COUNTER_PUT_SET: Statement = Statement::split(
    "till_counter_put",
    "insert into till_counter (workspace_id, subject_id, used) values ($1, $2, $3) on conflict (workspace_id, subject_id) do update set used = excluded.used",
    "insert into till_counter as x (workspace_id, subject_id, used) select $1, u.* from unnest($2::bigint[], $3::bigint[]) as u (subject_id, used)
     on conflict (workspace_id, subject_id) do update set used = excluded.used",
    &[Int, Int],
);
pub(crate) static LOT_BY_ID_SET: Statement = Statement::split(
    "lot_by_id",
    "select lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost, recorded_us, remaining, held, expired,
     pending, extended_us from lot where workspace_id = $1 and lot_id = $2",
    "select l.lot_id, l.participant_id, l.unit, l.amount, l.program_id, l.version_id, l.sale_id, l.active_us, l.expires_us, l.rank, l.cost, l.recorded_us,
     l.remaining, l.held, l.expired, l.pending, l.extended_us from unnest($2::bigint[]) as k (lot_id) join lot l on l.lot_id = k.lot_id where l.workspace_id = $1",
    &[Int],
);
pub(crate) static LOT_OPEN_SET: Statement = Statement::split(
    "lot_open",
    "select lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost, recorded_us, remaining, held, expired,
     pending, extended_us from lot where workspace_id = $1 and participant_id = $2 and remaining > 0 order by lot_id",
    "select l.lot_id, l.participant_id, l.unit, l.amount, l.program_id, l.version_id, l.sale_id, l.active_us, l.expires_us, l.rank, l.cost, l.recorded_us,
     l.remaining, l.held, l.expired, l.pending, l.extended_us from unnest($2::bigint[]) as k (participant_id)
     join lot l on l.participant_id = k.participant_id where l.workspace_id = $1 and l.remaining > 0 order by l.lot_id",
    &[Int],
);
/// Open lots of those participants of whom one is bound to conditions.
pub(crate) static LOT_BOUND_SET: Statement = Statement::split(
    "lot_bound",
    "select lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost, recorded_us, remaining, held, expired,
     pending, extended_us from lot where workspace_id = $1 and participant_id = $2 and remaining > 0
     and exists (select 1 from lot b where b.workspace_id = $1 and b.participant_id = $2 and b.remaining > 0 and b.rank > 0) order by lot_id",
    "select l.lot_id, l.participant_id, l.unit, l.amount, l.program_id, l.version_id, l.sale_id, l.active_us, l.expires_us, l.rank, l.cost, l.recorded_us,
     l.remaining, l.held, l.expired, l.pending, l.extended_us from unnest($2::bigint[]) as k (participant_id)
     cross join lateral (select 1 from lot b where b.workspace_id = $1 and b.participant_id = k.participant_id and b.remaining > 0 and b.rank > 0 limit 1)
     as bound join lot l on l.participant_id = k.participant_id where l.workspace_id = $1 and l.remaining > 0 order by l.lot_id",
    &[Int],
);
/// Lots of some participants of which something expired that could be used at a business time.
pub(crate) static LOT_EXPIRED_SET: Statement = Statement::split(
    "lot_expired",
    "select lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost, recorded_us, remaining, held, expired,
     pending, extended_us from lot where workspace_id = $1 and participant_id = $2 and expired > 0 and coalesce(extended_us, expires_us) > $3 order by lot_id",
    "select l.lot_id, l.participant_id, l.unit, l.amount, l.program_id, l.version_id, l.sale_id, l.active_us, l.expires_us, l.rank, l.cost, l.recorded_us,
     l.remaining, l.held, l.expired, l.pending, l.extended_us from unnest($2::bigint[], $3::bigint[]) as k (participant_id, at_us)
     join lot l on l.participant_id = k.participant_id
     where l.workspace_id = $1 and l.expired > 0 and coalesce(l.extended_us, l.expires_us) > k.at_us order by l.lot_id",
    &[Int, Int],
);
/// Lots of all participants that are due, oldest first.
pub(crate) static LOT_DUE: Statement = Statement::same(
    "lot_due",
    "select lot_id, participant_id from lot where workspace_id = $1 and due_us is not null and due_us <= $2 order by due_us, lot_id limit $3",
    &[Int, Int, Int],
);
/// Lots that are opened by the batch.
pub(crate) static LOT_ADD_SET: Statement = Statement::split(
    "lot_add",
    "insert into lot (workspace_id, lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost, recorded_us,
     remaining, held, expired, pending, due_us, extended_us)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    "insert into lot as x (workspace_id, lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost,
     recorded_us, remaining, held, expired, pending, due_us, extended_us)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
     $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[]) as u",
    &[Int, Int, Text, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int],
);
/// What may change of a lot.
pub(crate) static LOT_CHANGE_SET: Statement = Statement::split(
    "lot_change",
    "update lot set remaining = $3, held = $4, expired = $5, pending = $6, due_us = $7, extended_us = $8 where workspace_id = $1 and lot_id = $2",
    "update lot as x set remaining = u.remaining, held = u.held, expired = u.expired, pending = u.pending, due_us = u.due_us, extended_us = u.extended_us
     from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
     as u (lot_id, remaining, held, expired, pending, due_us, extended_us)
     where x.workspace_id = $1 and x.lot_id = u.lot_id",
    &[Int, Int, Int, Int, Int, Int, Int],
);
pub(crate) static MOVE_ADD_SET: Statement = Statement::split(
    "lot_move_add",
    "insert into lot_move (workspace_id, transfer_id, lot_id, kind, amount, recorded_us) values ($1, $2, $3, $4, $5, $6)",
    "insert into lot_move as x (workspace_id, transfer_id, lot_id, kind, amount, recorded_us)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) as u",
    &[Int, Int, Int, Int, Int],
);
/// What each hold reserves.
pub(crate) static ALLOCATION_SET: Statement = Statement::split(
    "lot_allocation",
    "select transfer_id, lot_id, amount from lot_move where workspace_id = $1 and transfer_id = $2 and kind = 1 order by lot_id",
    "select m.transfer_id, m.lot_id, m.amount from unnest($2::bigint[]) as k (transfer_id)
     join lot_move m on m.transfer_id = k.transfer_id where m.workspace_id = $1 and m.kind = 1 order by m.transfer_id, m.lot_id",
    &[Int],
);
/// The lots from which transfers took what expired, or to which they brought it back.
pub(crate) static EXPIRY_SET: Statement = Statement::split(
    "lot_expiry",
    "select transfer_id, lot_id from lot_move where workspace_id = $1 and transfer_id = $2 and kind in (5, 10) order by lot_id",
    "select m.transfer_id, m.lot_id from unnest($2::bigint[]) as k (transfer_id)
     join lot_move m on m.transfer_id = k.transfer_id where m.workspace_id = $1 and m.kind in (5, 10) order by m.transfer_id, m.lot_id",
    &[Int],
);
pub(crate) static LOTS: Statement = Statement::same(
    "lots",
    "select lot_id, participant_id, unit, amount, program_id, version_id, sale_id, active_us, expires_us, rank, cost, recorded_us, remaining, held, expired,
     pending, extended_us from lot where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3 order by lot_id",
    &[Int, Int, Int],
);
pub(crate) static MOVES: Statement = Statement::same(
    "lot_moves",
    "select transfer_id, lot_id, kind, amount, recorded_us from lot_move where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3
     order by transfer_id, lot_id, kind",
    &[Int, Int, Int],
);
pub(crate) static EVENTS: Statement = Statement::same(
    "till_events",
    "select event_id, kind, participant_id, about_id, at_us, recorded_us, salt, body, previous_id from till_event
     where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3 order by event_id",
    &[Int, Int, Int],
);

/// What purchases were awarded (kind 101) and what was spent on them (106), net of what was taken back, by program and unit.
pub(crate) static PURCHASE_SUMS: Statement = Statement::same(
    "till_purchase_sums",
    "select t.sale_id, cast(case when t.kind in (106, 107) then 106 else 101 end as bigint) as side, case when t.kind in (101, 102, 107) then d.owner_id else c.owner_id end
     as program, t.unit, cast(sum(case when t.kind in (101, 102, 106) then t.amount else -t.amount end) as bigint) from transfer t
     join account d on d.workspace_id = t.workspace_id and d.account_id = t.debit_account
     join account c on c.workspace_id = t.workspace_id and c.account_id = t.credit_account
     where t.workspace_id = $1 and t.sale_id > $2 and t.sale_id <= $3 and t.kind in (101, 102, 106, 107, 110, 111) group by 1, 2, 3, 4 order by 1, 2, 3, 4",
    &[Int, Int, Int],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[
    &EVENT_BY_ID_SET,
    &EVENTS_BACK_SET,
    &EVENT_BEFORE_SET,
    &EVENT_PAGE_ALL,
    &EVENT_ADD_SET,
    &STANDING_PUT_SET,
    &IDENTITY_SET,
    &IDENTITY_ADD_SET,
    &CELL_SET,
    &LAST_EVENTS,
    &CELL_PUT_SET,
    &COUNTER_SET,
    &COUNTERS,
    &COUNTER_PUT_SET,
    &PURCHASE_SUMS,
    &LOT_BY_ID_SET,
    &LOT_OPEN_SET,
    &LOT_BOUND_SET,
    &LOT_EXPIRED_SET,
    &LOT_DUE,
    &LOT_ADD_SET,
    &LOT_CHANGE_SET,
    &MOVE_ADD_SET,
    &ALLOCATION_SET,
    &EXPIRY_SET,
    &LOTS,
    &MOVES,
    &EVENTS,
];
