-- What COPY has to do: twelve text columns, no key, no index.
drop table if exists bench_peer;
create table bench_peer (
    order_number text, order_date text, customer text, email text, sku text, product text,
    quantity text, amount text, tax text, currency text, rep text, country text
);
\copy bench_peer from '{csv}' with (format csv, header)
drop table bench_peer;
