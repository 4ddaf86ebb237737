-- Each event names the one of the same participant before it (0: none), and the participant's cell the last one. An index of events
-- by participant would cost every purchase a page of its own.
-- Millions of events take their time.
set local statement_timeout = 0;
set local enable_seqscan = on;
set local enable_hashjoin = on;
drop index till_event_by_participant;
alter table till_event add column previous_id bigint not null default 0;
alter table till_cell add column last_event_id bigint;
-- Rows of the journal are written once. Only this migration may add to them what came before.
grant update on till_event to current_user;
update till_event set previous_id = b.previous_id
    from (select workspace_id as of_workspace, event_id as of_event,
          lag(event_id) over (partition by workspace_id, participant_id order by event_id) as previous_id from till_event) as b
    where b.previous_id is not null and till_event.workspace_id = b.of_workspace and till_event.event_id = b.of_event;
revoke update on till_event from current_user;
-- A process of the release before would write events that nobody finds: it is refused.
alter table till_event alter column previous_id drop default;
-- The cell of somebody of whom there is none is empty.
insert into till_cell (workspace_id, participant_id, due_us, body, last_event_id)
    select workspace_id, participant_id, null, '\x02000000000000000000', max(event_id) from till_event where true group by workspace_id, participant_id
    on conflict (workspace_id, participant_id) do update set last_event_id = excluded.last_event_id;
