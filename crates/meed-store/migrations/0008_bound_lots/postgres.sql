-- Millions of lots take their time.
set local statement_timeout = 0;
-- Who has lots that are bound to conditions: what others could spend is their balance.
create index lot_bound on lot (workspace_id, participant_id, lot_id) where remaining > 0 and rank > 0;
