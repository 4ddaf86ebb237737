-- What SQLite's planner is told about every table: one workspace with a million rows. Without it the planner takes a workspace
-- for a few rows and reads all of them where an index would find three; with the figures of the day its plans would change
-- with the data.
analyze sqlite_schema;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat)
select t.name, i.name, '1000000 ' || (
    select group_concat(left_over, ' ') from (
        select case when c.seqno + 1 = k.columns and i."unique" then 1 when c.seqno = 0 then 1000000 when c.seqno = 1 then 1000 else 10 end as left_over
        from pragma_index_info(i.name) c join (select count(*) as columns from pragma_index_info(i.name)) k order by c.seqno))
from sqlite_schema t join pragma_index_list(t.name) i
where t.type = 'table' and t.name not like 'sqlite_%';
