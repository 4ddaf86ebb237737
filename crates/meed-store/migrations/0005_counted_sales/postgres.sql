-- What is left of a sale that was taken back counts no more: a day, a currency, and the words "taken back" as its status.
update workspace set sale_count = sale_count - (
    select count(*) from sale
    where sale.workspace_id = workspace.workspace_id and octet_length(sale.facts) < 64
        and position('\x74616b656e206261636b'::bytea in sale.facts) > 0
);
