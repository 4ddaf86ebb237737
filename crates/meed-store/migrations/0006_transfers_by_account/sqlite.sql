-- The transfers of an account. What tills post most (awards, what is paid with them, holds, budgets, mirrors) is left out: an entry
-- for each would cost every purchase, and lots and events name those transfers. A "not in" would make a table for every row
-- written.
create index transfer_by_debit on transfer (workspace_id, debit_account, transfer_id)
    where kind not between 101 and 102 and kind not between 104 and 106 and kind not between 119 and 121 and kind > 1;
create index transfer_by_credit on transfer (workspace_id, credit_account, transfer_id)
    where kind not between 101 and 102 and kind not between 104 and 106 and kind not between 119 and 121 and kind > 1;
