-- A reward is a line of a payee's cell: its kind, a name where there are several of one kind, and the period in which it is due.
-- Rows of the release before have none of them: a commission that was due with its cell.
alter table reward add column kind integer;
alter table reward add column line text;
alter table reward add column due_day integer;
