-- Each event names the one of the same participant before it (0: none), and the participant's cell the last one. An index of events
-- by participant would cost every purchase a page of its own.
drop index till_event_by_participant;
alter table till_event add column previous_id integer not null default 0;
alter table till_cell add column last_event_id integer;
update till_event set previous_id = b.previous_id
    from (select workspace_id as of_workspace, event_id as of_event,
          lag(event_id) over (partition by workspace_id, participant_id order by event_id) as previous_id from till_event) as b
    where b.previous_id is not null and till_event.workspace_id = b.of_workspace and till_event.event_id = b.of_event;
-- The cell of somebody of whom there is none is empty.
insert into till_cell (workspace_id, participant_id, due_us, body, last_event_id)
    select workspace_id, participant_id, null, x'02000000000000000000', max(event_id) from till_event where true group by workspace_id, participant_id
    on conflict (workspace_id, participant_id) do update set last_event_id = excluded.last_event_id;
