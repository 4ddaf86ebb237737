//! Accounts, transfers, holds and reversed totals.

use crate::statement::Statement;
use crate::value::Kind::{Int, Text};

pub(crate) static ACCOUNT_BY_KEY_SET: Statement = Statement::split(
    "account_by_key",
    "select account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending from account
     where workspace_id = $1 and owner_kind = $2 and owner_id = $3 and purpose = $4 and unit = $5",
    "select a.account_id, a.owner_kind, a.owner_id, a.purpose, a.unit, a.state, a.debits_posted, a.debits_pending, a.credits_posted, a.credits_pending
     from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) as k (owner_kind, owner_id, purpose, unit)
     join account a on a.owner_kind = k.owner_kind and a.owner_id = k.owner_id and a.purpose = k.purpose and a.unit = k.unit where a.workspace_id = $1",
    &[Int, Int, Int, Text],
);
/// Accounts that are made by the batch.
pub(crate) static ACCOUNT_ADD_SET: Statement = Statement::split(
    "account_add",
    "insert into account (workspace_id, account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    "insert into account as x (workspace_id, account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
     $11::bigint[]) as u",
    &[Int, Int, Int, Int, Text, Int, Int, Int, Int, Int],
);
/// Accounts that were there: no index needs to be looked at for what never changes of them.
pub(crate) static ACCOUNT_CHANGE_SET: Statement = Statement::split(
    "account_change",
    "update account set state = $3, debits_posted = $4, debits_pending = $5, credits_posted = $6, credits_pending = $7
     where workspace_id = $1 and account_id = $2",
    "update account as x set state = u.state, debits_posted = u.debits_posted, debits_pending = u.debits_pending, credits_posted = u.credits_posted,
     credits_pending = u.credits_pending
     from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
     as u (account_id, state, debits_posted, debits_pending, credits_posted, credits_pending)
     where x.workspace_id = $1 and x.account_id = u.account_id",
    &[Int, Int, Int, Int, Int, Int],
);
pub(crate) static ACCOUNTS: Statement = Statement::same(
    "accounts",
    "select account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending from account
     where workspace_id = $1 order by account_id",
    &[Int],
);
pub(crate) static ACCOUNTS_OF: Statement = Statement::same(
    "accounts_of",
    "select account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending from account
     where workspace_id = $1 and owner_kind = $2 and owner_id = $3 order by account_id",
    &[Int, Int, Int],
);
pub(crate) static TRANSFER_ADD_SET: Statement = Statement::split(
    "transfer_add",
    "insert into transfer (workspace_id, transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id,
     version_id, hold_id, reverses_id, business_us, recorded_us, period_day, expires_us)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
    "insert into transfer as x (workspace_id, transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id,
     payout_id, version_id, hold_id, reverses_id, business_us, recorded_us, period_day, expires_us)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[],
     $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[]) as u",
    &[Int, Int, Int, Int, Int, Text, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int],
);
pub(crate) static TRANSFERS_AS_OF: Statement = Statement::same(
    "transfers_as_of",
    "select transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id, version_id, hold_id,
     reverses_id, business_us, recorded_us, period_day, expires_us from transfer where workspace_id = $1 and recorded_us <= $2 and business_us < $3
     order by transfer_id",
    &[Int, Int, Int],
);
/// Transfers on either side of up to eight accounts, from a transfer on.
pub(crate) static TRANSFERS_TOUCHING: Statement = Statement::same(
    "transfers_touching",
    "select transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id, version_id, hold_id,
     reverses_id, business_us, recorded_us, period_day, expires_us from transfer where workspace_id = $1 and transfer_id >= $2 and recorded_us <= $3
     and (debit_account in ($4, $5, $6, $7, $8, $9, $10, $11) or credit_account in ($4, $5, $6, $7, $8, $9, $10, $11)) order by transfer_id",
    &[Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int],
);
/// Transfers on one side of some accounts, but for the kinds that tills post most: those are found by id (migration 6).
pub(crate) static TRANSFERS_BY_DEBIT_SET: Statement = Statement::split(
    "transfers_by_debit",
    "select transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id, version_id, hold_id,
     reverses_id, business_us, recorded_us, period_day, expires_us from transfer where workspace_id = $1 and debit_account = $2
     and kind not between 101 and 102 and kind not between 104 and 106 and kind not between 119 and 121 and kind > 1 order by transfer_id",
    "select t.transfer_id, t.command_id, t.debit_account, t.credit_account, t.amount, t.unit, t.kind, t.phase, t.sale_id, t.reward_id, t.payout_id,
     t.version_id, t.hold_id, t.reverses_id, t.business_us, t.recorded_us, t.period_day, t.expires_us
     from unnest($2::bigint[]) as k (account_id) join transfer t on t.debit_account = k.account_id
     where t.workspace_id = $1
     and t.kind not between 101 and 102 and t.kind not between 104 and 106 and t.kind not between 119 and 121 and t.kind > 1
     order by t.transfer_id",
    &[Int],
);
pub(crate) static TRANSFERS_BY_CREDIT_SET: Statement = Statement::split(
    "transfers_by_credit",
    "select transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id, version_id, hold_id,
     reverses_id, business_us, recorded_us, period_day, expires_us from transfer where workspace_id = $1 and credit_account = $2
     and kind not between 101 and 102 and kind not between 104 and 106 and kind not between 119 and 121 and kind > 1 order by transfer_id",
    "select t.transfer_id, t.command_id, t.debit_account, t.credit_account, t.amount, t.unit, t.kind, t.phase, t.sale_id, t.reward_id, t.payout_id,
     t.version_id, t.hold_id, t.reverses_id, t.business_us, t.recorded_us, t.period_day, t.expires_us
     from unnest($2::bigint[]) as k (account_id) join transfer t on t.credit_account = k.account_id
     where t.workspace_id = $1
     and t.kind not between 101 and 102 and t.kind not between 104 and 106 and t.kind not between 119 and 121 and t.kind > 1
     order by t.transfer_id",
    &[Int],
);
pub(crate) static TRANSFER_BY_ID_SET: Statement = Statement::split(
    "transfer_by_id",
    "select transfer_id, command_id, debit_account, credit_account, amount, unit, kind, phase, sale_id, reward_id, payout_id, version_id, hold_id,
     reverses_id, business_us, recorded_us, period_day, expires_us from transfer where workspace_id = $1 and transfer_id = $2",
    "select t.transfer_id, t.command_id, t.debit_account, t.credit_account, t.amount, t.unit, t.kind, t.phase, t.sale_id, t.reward_id, t.payout_id,
     t.version_id, t.hold_id, t.reverses_id, t.business_us, t.recorded_us, t.period_day, t.expires_us
     from unnest($2::bigint[]) as k (transfer_id) join transfer t on t.transfer_id = k.transfer_id where t.workspace_id = $1",
    &[Int],
);
pub(crate) static HOLD_PUT_SET: Statement = Statement::split(
    "hold_put",
    "insert into hold (workspace_id, transfer_id, state, posted, debit_account) values ($1, $2, $3, $4, $5)
     on conflict (workspace_id, transfer_id) do update set state = excluded.state, posted = excluded.posted",
    "insert into hold as x (workspace_id, transfer_id, state, posted, debit_account)
     select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as u
     on conflict (workspace_id, transfer_id) do update set state = excluded.state, posted = excluded.posted",
    &[Int, Int, Int, Int],
);
/// The open holds on an account, with what their transfers say.
pub(crate) static OPEN_HOLDS_SET: Statement = Statement::split(
    "open_holds",
    "select h.transfer_id, h.state, h.posted, t.debit_account, t.credit_account, t.amount, t.unit, t.expires_us
     from hold h join transfer t on t.workspace_id = h.workspace_id and t.transfer_id = h.transfer_id
     where h.workspace_id = $1 and h.debit_account = $2 and h.state = 1 order by h.transfer_id",
    "select h.transfer_id, h.state, h.posted, t.debit_account, t.credit_account, t.amount, t.unit, t.expires_us
     from unnest($2::bigint[]) as k (debit_account)
     join hold h on h.debit_account = k.debit_account and h.workspace_id = $1 and h.state = 1
     join transfer t on t.workspace_id = h.workspace_id and t.transfer_id = h.transfer_id order by h.transfer_id",
    &[Int],
);
/// All accounts of some owners.
pub(crate) static ACCOUNT_BY_OWNER_SET: Statement = Statement::split(
    "account_by_owner",
    "select account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending from account
     where workspace_id = $1 and owner_kind = $2 and owner_id = $3",
    "select a.account_id, a.owner_kind, a.owner_id, a.purpose, a.unit, a.state, a.debits_posted, a.debits_pending, a.credits_posted, a.credits_pending
     from unnest($2::bigint[], $3::bigint[]) as k (owner_kind, owner_id)
     join account a on a.owner_kind = k.owner_kind and a.owner_id = k.owner_id where a.workspace_id = $1",
    &[Int, Int],
);
pub(crate) static ACCOUNT_BY_ID_SET: Statement = Statement::split(
    "account_by_id",
    "select account_id, owner_kind, owner_id, purpose, unit, state, debits_posted, debits_pending, credits_posted, credits_pending from account
     where workspace_id = $1 and account_id = $2",
    "select a.account_id, a.owner_kind, a.owner_id, a.purpose, a.unit, a.state, a.debits_posted, a.debits_pending, a.credits_posted, a.credits_pending
     from unnest($2::bigint[]) as k (account_id) join account a on a.account_id = k.account_id where a.workspace_id = $1",
    &[Int],
);
/// Transfers that may be taken back, with the owners of their accounts and what was taken back before.
pub(crate) static ORIGINAL_SET: Statement = Statement::split(
    "original",
    "select t.transfer_id, t.amount, t.unit, t.phase, d.owner_kind, d.owner_id, c.owner_kind, c.owner_id, r.amount from transfer t
     join account d on d.workspace_id = t.workspace_id and d.account_id = t.debit_account
     join account c on c.workspace_id = t.workspace_id and c.account_id = t.credit_account
     left join reversed r on r.workspace_id = t.workspace_id and r.transfer_id = t.transfer_id
     where t.workspace_id = $1 and t.transfer_id = $2",
    "select t.transfer_id, t.amount, t.unit, t.phase, d.owner_kind, d.owner_id, c.owner_kind, c.owner_id, r.amount
     from unnest($2::bigint[]) as k (transfer_id) join transfer t on t.transfer_id = k.transfer_id
     join account d on d.workspace_id = t.workspace_id and d.account_id = t.debit_account
     join account c on c.workspace_id = t.workspace_id and c.account_id = t.credit_account
     left join reversed r on r.workspace_id = t.workspace_id and r.transfer_id = t.transfer_id where t.workspace_id = $1",
    &[Int],
);
pub(crate) static REVERSED_PUT_SET: Statement = Statement::split(
    "reversed_put",
    "insert into reversed (workspace_id, transfer_id, amount) values ($1, $2, $3)
     on conflict (workspace_id, transfer_id) do update set amount = excluded.amount",
    "insert into reversed as x (workspace_id, transfer_id, amount) select $1, u.* from unnest($2::bigint[], $3::bigint[]) as u (transfer_id, amount)
     on conflict (workspace_id, transfer_id) do update set amount = excluded.amount",
    &[Int, Int],
);
pub(crate) static REVERSED: Statement =
    Statement::same("reversed", "select transfer_id, amount from reversed where workspace_id = $1 order by transfer_id", &[Int]);

#[cfg(any(test, feature = "testing"))]
pub(crate) const ALL: &[&Statement] = &[
    &ACCOUNT_BY_KEY_SET,
    &ACCOUNT_ADD_SET,
    &ACCOUNT_CHANGE_SET,
    &ACCOUNTS,
    &ACCOUNTS_OF,
    &TRANSFER_ADD_SET,
    &TRANSFERS_AS_OF,
    &TRANSFERS_TOUCHING,
    &TRANSFERS_BY_DEBIT_SET,
    &TRANSFERS_BY_CREDIT_SET,
    &TRANSFER_BY_ID_SET,
    &HOLD_PUT_SET,
    &OPEN_HOLDS_SET,
    &ACCOUNT_BY_OWNER_SET,
    &ACCOUNT_BY_ID_SET,
    &ORIGINAL_SET,
    &REVERSED_PUT_SET,
    &REVERSED,
];
