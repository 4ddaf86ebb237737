-- The calculation of `meed bench calculate` in SQL over one plain table `sales`. Amounts are binary
-- floating point, nothing is explained or stored: it is the floor, not the same work.
with shared as (
    select cast("Amount" as real) / (1 + (instr("Sales Rep", ' || ') > 0)) as basis,
           substr("Sales Rep", 1, 8) as first, substr("Sales Rep", 13, 8) as second
    from sales where cast("Amount" as real) > 0
), credited as (
    select first as rep, basis from shared union all select second, basis from shared where second <> ''
), reached as (
    select cast(substr(rep, 5) as integer) as n, sum(basis) as total from credited group by rep
), earned as (
    select n, min(total, {quota} * 0.5) * 0.03 + max(0, min(total, {quota}) - {quota} * 0.5) * 0.04 + max(0, total - {quota}) * 0.05 as amount
    from reached
    union all select n / 10 * 10, total * 0.01 from reached where n % 10 <> 0
    union all select n / 100 * 100, total * 0.005 from reached where n % 100 >= 10
)
select count(*), sum(paid) from (select n, max(round(sum(amount), 2), 2000) as paid from earned group by n);
