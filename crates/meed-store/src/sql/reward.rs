//! Rewards, their explanations, and statements.

use crate::statement::Statement;
use crate::value::Kind::{Int, Text};

pub(crate) static BY_CELL_PERIOD: Statement = Statement::same(
    "reward_by_cell_period",
    "select reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact, state, release_id, payout_id,
     recorded_us, kind, line, due_day from reward where workspace_id = $1 and program_id = $2 and cell_day = $3 order by reward_id",
    &[Int, Int, Int],
);
/// What earlier cells of a program came to, summed by line: what a calculation that looks back needs to know.
pub(crate) static PAST: Statement = Statement::same(
    "reward_past",
    "select owner_kind, owner_id, cell_day, coalesce(due_day, cell_day), coalesce(kind, 1), coalesce(line, ''), cast(sum(amount) as bigint) from reward
     where workspace_id = $1 and program_id = $2 and cell_day < $3
     group by owner_kind, owner_id, cell_day, coalesce(due_day, cell_day), coalesce(kind, 1), coalesce(line, '')
     order by owner_kind, owner_id, cell_day, coalesce(due_day, cell_day), coalesce(kind, 1), coalesce(line, '')",
    &[Int, Int, Int],
);
pub(crate) static BY_BOOKED_PERIOD: Statement = Statement::same(
    "reward_by_booked_period",
    "select reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact, state, release_id, payout_id,
     recorded_us, kind, line, due_day from reward where workspace_id = $1 and program_id = $2 and booked_day = $3 order by reward_id",
    &[Int, Int, Int],
);
pub(crate) static BY_OWNER: Statement = Statement::same(
    "reward_by_owner",
    "select reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact, state, release_id, payout_id,
     recorded_us, kind, line, due_day from reward where workspace_id = $1 and owner_kind = $2 and owner_id = $3 order by booked_day, reward_id",
    &[Int, Int, Int],
);
pub(crate) static BY_OWNER_PERIOD: Statement = Statement::same(
    "reward_by_owner_period",
    "select reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact, state, release_id, payout_id,
     recorded_us, kind, line, due_day from reward where workspace_id = $1 and owner_kind = $2 and owner_id = $3 and booked_day = $4 and program_id = $5
     order by reward_id",
    &[Int, Int, Int, Int, Int],
);
pub(crate) static LIST: Statement = Statement::same(
    "reward_list",
    "select reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact, state, release_id, payout_id,
     recorded_us, kind, line, due_day from reward where workspace_id = $1 and reward_id > $2 order by reward_id limit $3",
    &[Int, Int, Int],
);
pub(crate) static BY_ID: Statement = Statement::same(
    "reward_by_id",
    "select reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact, state, release_id, payout_id,
     recorded_us, kind, line, due_day from reward where workspace_id = $1 and reward_id = $2",
    &[Int, Int],
);
pub(crate) static ADD_SET: Statement = Statement::split(
    "reward_add",
    "insert into reward (workspace_id, reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount, exact,
     state, release_id, payout_id, recorded_us, kind, line, due_day)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    "insert into reward as x (workspace_id, reward_id, program_id, version_id, calculation_id, cell_day, booked_day, owner_kind, owner_id, unit, amount,
     exact, state, release_id, payout_id, recorded_us, kind, line, due_day)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
     $11::bigint[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[], $19::bigint[]) as u",
    &[Int, Int, Int, Int, Int, Int, Int, Int, Text, Int, Text, Int, Int, Int, Int, Int, Text, Int],
);
pub(crate) static STATE_SET: Statement = Statement::split(
    "reward_state",
    "update reward set state = $3, release_id = $4, payout_id = $5 where workspace_id = $1 and reward_id = $2",
    "update reward as x set state = u.state, release_id = u.release_id, payout_id = u.payout_id
     from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as u (reward_id, state, release_id, payout_id)
     where x.workspace_id = $1 and x.reward_id = u.reward_id",
    &[Int, Int, Int, Int],
);
pub(crate) static EXPLANATION_SET: Statement = Statement::split(
    "explanation_add",
    "insert into explanation (workspace_id, reward_id, body) values ($1, $2, $3)",
    "insert into explanation as x (workspace_id, reward_id, body) select $1, u.* from unnest($2::bigint[], $3::text[]) as u",
    &[Int, Text],
);
pub(crate) static EXPLANATION: Statement =
    Statement::same("explanation", "select body from explanation where workspace_id = $1 and reward_id = $2", &[Int, Int]);
pub(crate) static STATEMENT_SET: Statement = Statement::split(
    "statement_add",
    "insert into statement (workspace_id, statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    "insert into statement as x (workspace_id, statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
     $11::text[]) as u",
    &[Int, Int, Int, Int, Int, Int, Int, Int, Int, Text],
);
pub(crate) static STATEMENTS_OF_RELEASE: Statement = Statement::same(
    "statements_of_release",
    "select statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body from statement
     where workspace_id = $1 and release_id = $2 order by statement_id",
    &[Int, Int],
);
pub(crate) static STATEMENTS_OF_OWNER: Statement = Statement::same(
    "statements_of_owner",
    "select statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body from statement
     where workspace_id = $1 and owner_kind = $2 and owner_id = $3 order by booked_day, statement_id",
    &[Int, Int, Int],
);
pub(crate) static STATEMENT_OF_PERIOD: Statement = Statement::same(
    "statement_of_period",
    "select statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body from statement
     where workspace_id = $1 and owner_kind = $2 and owner_id = $3 and booked_day = $4 and release_id = $5 order by statement_id",
    &[Int, Int, Int, Int, Int],
);
pub(crate) static STATEMENT_BY_ID: Statement = Statement::same(
    "statement_by_id",
    "select statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body from statement
     where workspace_id = $1 and statement_id = $2",
    &[Int, Int],
);
/// Whose statements a release froze, without what is in them.
pub(crate) static STATEMENT_OWNERS: Statement = Statement::same(
    "statement_owners",
    "select statement_id, owner_kind, owner_id from statement where workspace_id = $1 and release_id = $2 order by owner_kind, owner_id, statement_id",
    &[Int, Int],
);
pub(crate) static STATEMENTS_PAGE: Statement = Statement::same(
    "statements_page",
    "select statement_id, release_id, program_id, booked_day, owner_kind, owner_id, audit_from, audit_to, recorded_us, body from statement
     where workspace_id = $1 and release_id = $2 and statement_id > $3 order by statement_id limit $4",
    &[Int, Int, Int, Int],
);
/// Sum credited per booked period, for the overview.
pub(crate) static SUMS: Statement = Statement::same(
    "reward_sums",
    "select booked_day, program_id, owner_kind, owner_id, unit, state, cast(sum(amount) as bigint) from reward where workspace_id = $1 and booked_day >= $2
     group by booked_day, program_id, owner_kind, owner_id, unit, state order by booked_day, program_id, owner_kind, owner_id, unit, state",
    &[Int, Int],
);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[
    &BY_CELL_PERIOD,
    &PAST,
    &BY_BOOKED_PERIOD,
    &BY_OWNER,
    &BY_OWNER_PERIOD,
    &LIST,
    &BY_ID,
    &ADD_SET,
    &STATE_SET,
    &EXPLANATION_SET,
    &EXPLANATION,
    &STATEMENT_SET,
    &STATEMENTS_OF_RELEASE,
    &STATEMENTS_OF_OWNER,
    &STATEMENT_OF_PERIOD,
    &STATEMENT_BY_ID,
    &STATEMENT_OWNERS,
    &STATEMENTS_PAGE,
    &SUMS,
];
