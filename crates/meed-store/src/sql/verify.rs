//! What `meed verify` reads. Ranges of recorded time exclude their start and include their end.

use crate::statement::Statement;
use crate::value::Kind::Int;

pub(crate) static LINES: Statement = Statement::same(
    "verify_lines",
    "select audit_number, command_id, recorded_us, actor, action, subject, digest, hash from audit where workspace_id = $1 and audit_number > $2
     order by audit_number limit $3",
    &[Int, Int, Int],
);
pub(crate) static COMMANDS: Statement = Statement::same(
    "verify_commands",
    "select recorded_us, source_id, identity, fingerprint from command where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3
     order by recorded_us, source_id, identity",
    &[Int, Int, Int],
);
/// Every version of every sale. Day and business time are kept for the present version only.
pub(crate) static SALES: Statement = Statement::same(
    "verify_sales",
    "select sale_id, version, recorded_us, source_id, identity, import_id, line, salt, facts, day, at_ns, created_us from sale
     where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3
     union all
     select v.sale_id, v.version, v.recorded_us, s.source_id, s.identity, v.import_id, v.line, v.salt, v.facts, cast(null as bigint), cast(null as bigint),
     s.created_us from sale_version v join sale s on s.workspace_id = v.workspace_id and s.sale_id = v.sale_id
     where v.workspace_id = $1 and v.recorded_us > $2 and v.recorded_us <= $3 order by 1, 2",
    &[Int, Int, Int],
);
pub(crate) static RECORD_VERSIONS: Statement = Statement::same(
    "verify_record_versions",
    "select kind, record_id, version, deleted, salt, body, recorded_us, command_id from record_version
     where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3 order by kind, record_id, version",
    &[Int, Int, Int],
);
pub(crate) static REWARDS: Statement = Statement::same(
    "verify_rewards",
    "select r.reward_id, r.program_id, r.version_id, r.calculation_id, r.cell_day, r.booked_day, r.owner_kind, r.owner_id, r.unit, r.amount, r.exact, r.state,
     r.release_id, r.payout_id, r.recorded_us, r.kind, r.line, r.due_day, e.body
     from reward r left join explanation e on e.workspace_id = r.workspace_id and e.reward_id = r.reward_id
     where r.workspace_id = $1 and r.recorded_us > $2 and r.recorded_us <= $3 order by r.reward_id",
    &[Int, Int, Int],
);
pub(crate) static STATEMENTS: Statement = Statement::same(
    "verify_statements",
    "select statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body from statement
     where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3 order by statement_id",
    &[Int, Int, Int],
);
pub(crate) static TRANSFERS: Statement = Statement::same(
    "verify_transfers",
    "select transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id, version_id, hold_id,
     reverses_id, business_us, recorded_us, period_day, expires_us from transfer where workspace_id = $1 and recorded_us > $2 and recorded_us <= $3
     order by transfer_id",
    &[Int, Int, Int],
);
pub(crate) static HOLDS: Statement = Statement::same(
    "verify_holds",
    "select h.transfer_id, h.state, h.posted, t.debit_account, t.credit_account, t.amount, t.unit, t.expires_us
     from hold h left join transfer t on t.workspace_id = h.workspace_id and t.transfer_id = h.transfer_id where h.workspace_id = $1 order by h.transfer_id",
    &[Int],
);
pub(crate) static RECORDS: Statement = Statement::same(
    "verify_records",
    "select r.kind, r.record_id, r.version, r.deleted, r.body, r.recorded_us, v.deleted, v.body, v.recorded_us, r.record_key
     from record r left join record_version v
     on v.workspace_id = r.workspace_id and v.kind = r.kind and v.record_id = r.record_id and v.version = r.version
     where r.workspace_id = $1 order by r.kind, r.record_id",
    &[Int],
);
pub(crate) static RECORD_COUNTS: Statement = Statement::same(
    "verify_record_counts",
    "select kind, record_id, count(*), max(version) from record_version where workspace_id = $1 group by kind, record_id order by kind, record_id",
    &[Int],
);
/// Identities that lead to no sale, or to one with another identity.
pub(crate) static LOST_IDENTITIES: Statement = Statement::same(
    "verify_lost_identities",
    "select i.sale_id, i.identity from sale_identity i left join sale s on s.workspace_id = i.workspace_id and s.sale_id = i.sale_id
     where i.workspace_id = $1 and (s.sale_id is null or s.source_id <> i.source_id or s.identity <> i.identity) order by i.sale_id, i.identity",
    &[Int],
);
/// Sales whose identity leads nowhere or to another sale: twins.
pub(crate) static TWIN_SALES: Statement = Statement::same(
    "verify_twin_sales",
    "select s.sale_id, s.identity from sale s
     left join sale_identity i on i.workspace_id = s.workspace_id and i.source_id = s.source_id and i.identity = s.identity
     where s.workspace_id = $1 and (i.sale_id is null or i.sale_id <> s.sale_id) order by s.sale_id",
    &[Int],
);
pub(crate) static LOST_ORIGINALS: Statement = Statement::same(
    "verify_lost_originals",
    "select o.sale_id, 'original columns' from sale_original o left join sale s on s.workspace_id = o.workspace_id and s.sale_id = o.sale_id
     where o.workspace_id = $1 and s.sale_id is null order by o.sale_id",
    &[Int],
);
pub(crate) static LOST_VERSIONS: Statement = Statement::same(
    "verify_lost_versions",
    "select v.sale_id, 'former version' from sale_version v left join sale s on s.workspace_id = v.workspace_id and s.sale_id = v.sale_id
     where v.workspace_id = $1 and (s.sale_id is null or v.version >= s.version or v.version < 1) order by v.sale_id, v.version",
    &[Int],
);
/// Sales that do not have every former version.
pub(crate) static MISSING_VERSIONS: Statement = Statement::same(
    "verify_missing_versions",
    "select s.sale_id, 'former versions' from sale s left join sale_version v on v.workspace_id = s.workspace_id and v.sale_id = s.sale_id
     where s.workspace_id = $1 and s.version > 1 group by s.sale_id, s.version having count(v.sale_id) <> s.version - 1 order by s.sale_id",
    &[Int],
);
pub(crate) static LOST_EXPLANATIONS: Statement = Statement::same(
    "verify_lost_explanations",
    "select e.reward_id, 'explanation' from explanation e left join reward r on r.workspace_id = e.workspace_id and r.reward_id = e.reward_id
     where e.workspace_id = $1 and r.reward_id is null order by e.reward_id",
    &[Int],
);
/// Transfers that name a sale which the workspace does not have. A purchase at a till is a sale, too.
pub(crate) static LOST_SALE_CAUSES: Statement = Statement::same(
    "verify_lost_sale_causes",
    "select t.transfer_id, 'sale' from transfer t left join sale s on s.workspace_id = t.workspace_id and s.sale_id = t.sale_id
     left join till_event e on e.workspace_id = t.workspace_id and e.event_id = t.sale_id
     where t.workspace_id = $1 and t.sale_id is not null and s.sale_id is null and e.event_id is null order by t.transfer_id",
    &[Int],
);
/// Lots without the transfer that opened them, or not of its amount and unit.
pub(crate) static LOST_LOTS: Statement = Statement::same(
    "verify_lost_lots",
    "select l.lot_id, 'lot' from lot l left join transfer t on t.workspace_id = l.workspace_id and t.transfer_id = l.lot_id
     where l.workspace_id = $1 and (t.transfer_id is null or t.amount <> l.amount or t.unit <> l.unit) order by l.lot_id",
    &[Int],
);
/// Moves of lots or by transfers that do not exist.
pub(crate) static LOST_MOVES: Statement = Statement::same(
    "verify_lost_moves",
    "select m.transfer_id, 'lot move' from lot_move m left join transfer t on t.workspace_id = m.workspace_id and t.transfer_id = m.transfer_id
     left join lot l on l.workspace_id = m.workspace_id and l.lot_id = m.lot_id
     where m.workspace_id = $1 and (t.transfer_id is null or l.lot_id is null or t.recorded_us <> m.recorded_us) order by m.transfer_id, m.lot_id, m.kind",
    &[Int],
);
/// Transfers on wallets (purposes 6 and 7 of owner kind 3) whose lots do not move by their amount. What frees a hold
/// (phase 4) is told by the moves of kind 2. What goes from wallet to wallet moves a lot of each.
pub(crate) static UNMOVED_LOTS: Statement = Statement::same(
    "verify_unmoved_lots",
    "select t.transfer_id, 'lots of a transfer' from transfer t
     join account d on d.workspace_id = t.workspace_id and d.account_id = t.debit_account
     join account c on c.workspace_id = t.workspace_id and c.account_id = t.credit_account
     left join lot l on l.workspace_id = t.workspace_id and l.lot_id = t.transfer_id
     where t.workspace_id = $1 and ((d.owner_kind = 3 and d.purpose in (6, 7)) or (c.owner_kind = 3 and c.purpose in (6, 7)))
     and t.amount * (case when d.owner_kind = 3 and c.owner_kind = 3 and d.owner_id <> c.owner_id then 2 else 1 end) <> coalesce(l.amount, 0) + coalesce((select cast(sum(m.amount) as bigint) from lot_move m where m.workspace_id = t.workspace_id
     and m.transfer_id = t.transfer_id and ((t.phase = 4 and m.kind = 2) or (t.phase <> 4 and m.kind <> 2))), 0) order by t.transfer_id",
    &[Int],
);
/// Events that stand, or are named by an identity, and do not exist.
pub(crate) static LOST_STANDINGS: Statement = Statement::same(
    "verify_lost_standings",
    "select s.event_id, 'standing' from till_standing s left join till_event e on e.workspace_id = s.workspace_id and e.event_id = s.event_id
     where s.workspace_id = $1 and e.event_id is null order by s.event_id",
    &[Int],
);
pub(crate) static LOST_REFERENCES: Statement = Statement::same(
    "verify_lost_references",
    "select i.event_id, i.reference from till_identity i left join till_event e on e.workspace_id = i.workspace_id and e.event_id = i.event_id
     where i.workspace_id = $1 and e.event_id is null order by i.event_id, i.reference",
    &[Int],
);
/// Transfers that name a payout which the workspace does not have. $2 is the kind of payouts.
pub(crate) static LOST_PAYOUT_CAUSES: Statement = Statement::same(
    "verify_lost_payout_causes",
    "select t.transfer_id, 'payout' from transfer t
     left join record r on r.workspace_id = t.workspace_id and r.kind = $2 and r.record_id = t.payout_id
     where t.workspace_id = $1 and t.payout_id is not null and r.record_id is null order by t.transfer_id",
    &[Int, Int],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[
    &LINES,
    &COMMANDS,
    &SALES,
    &RECORD_VERSIONS,
    &REWARDS,
    &STATEMENTS,
    &TRANSFERS,
    &HOLDS,
    &RECORDS,
    &RECORD_COUNTS,
    &LOST_IDENTITIES,
    &TWIN_SALES,
    &LOST_ORIGINALS,
    &LOST_VERSIONS,
    &MISSING_VERSIONS,
    &LOST_EXPLANATIONS,
    &LOST_SALE_CAUSES,
    &LOST_LOTS,
    &LOST_MOVES,
    &UNMOVED_LOTS,
    &LOST_STANDINGS,
    &LOST_REFERENCES,
    &LOST_PAYOUT_CAUSES,
];
