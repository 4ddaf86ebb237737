-- The transfers of an account. What tills post most (awards, what is paid with them, holds, budgets, mirrors) is left out: an entry for each
-- would cost every purchase, and lots and events name those transfers.
create index transfer_by_debit on transfer (workspace_id, debit_account, transfer_id) where kind not in (1, 101, 102, 104, 105, 106, 119, 120, 121);
create index transfer_by_credit on transfer (workspace_id, credit_account, transfer_id) where kind not in (1, 101, 102, 104, 105, 106, 119, 120, 121);
