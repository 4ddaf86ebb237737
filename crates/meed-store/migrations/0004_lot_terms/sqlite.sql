-- Until when a lot may be used since somebody extended it; null: as it was opened. The largest number stands for never.
-- Rows of the release before were never extended.
alter table lot add column extended_us integer;
-- What expired of a lot pays sales that a till made before, while it had no connection.
create index lot_expired on lot (workspace_id, participant_id, lot_id) where expired > 0;
