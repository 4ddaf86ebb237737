-- A reward is a line of a payee's cell: its kind, a name where there are several of one kind, and the period in which it is due.
-- A day of 0 stands for the cell's own, as the release before wrote it.
alter table reward add column kind bigint not null default 1;
alter table reward add column line text collate "C" not null default '';
alter table reward add column due_day bigint not null default 0;
