-- Loyalty at the till: what happened, wallets in lots, and what is remembered of customers.

-- Journal: purchases, spends, refunds, holds and the like, each with its packed body.
create table till_event (
    workspace_id integer not null,
    event_id integer not null,
    kind integer not null,
    participant_id integer not null,
    about_id integer,
    at_us integer not null,
    recorded_us integer not null,
    salt integer not null,
    body blob not null,
    constraint till_event_pk primary key (workspace_id, event_id)
) strict, without rowid;
create index till_event_by_participant on till_event (workspace_id, participant_id, event_id);

-- How an event stands now, where that is no longer what its body says (a projection).
create table till_standing (
    workspace_id integer not null,
    event_id integer not null,
    body blob not null,
    constraint till_standing_pk primary key (workspace_id, event_id)
) strict, without rowid;

-- The duplicate check: (source, reference) to event.
create table till_identity (
    workspace_id integer not null,
    source_id integer not null,
    reference text not null,
    event_id integer not null,
    fingerprint blob not null,
    constraint till_identity_pk primary key (workspace_id, source_id, reference)
) strict, without rowid;

-- What is remembered of a participant between purchases (a projection of the purchases).
create table till_cell (
    workspace_id integer not null,
    participant_id integer not null,
    due_us integer,
    body blob not null,
    constraint till_cell_pk primary key (workspace_id, participant_id)
) strict, without rowid;

-- Uses of what is limited in number: offers and promo codes.
create table till_counter (
    workspace_id integer not null,
    subject_id integer not null,
    used integer not null,
    constraint till_counter_pk primary key (workspace_id, subject_id)
) strict, without rowid;

-- Credits of wallets. What a lot is never changes; remaining, held, expired, pending and due_us are a projection of its moves.
create table lot (
    workspace_id integer not null,
    lot_id integer not null,
    participant_id integer not null,
    unit text not null,
    amount integer not null,
    program_id integer not null,
    version_id integer,
    sale_id integer,
    active_us integer not null,
    expires_us integer,
    rank integer not null,
    cost integer not null,
    recorded_us integer not null,
    remaining integer not null,
    held integer not null,
    expired integer not null,
    pending integer not null,
    due_us integer,
    constraint lot_pk primary key (workspace_id, lot_id),
    constraint lot_bounds check (0 <= held and held <= remaining and remaining <= amount)
) strict, without rowid;
create index lot_open on lot (workspace_id, participant_id, lot_id) where remaining > 0;
create index lot_due on lot (workspace_id, due_us, lot_id) where due_us is not null;

-- Journal: what each transfer did to which lot.
create table lot_move (
    workspace_id integer not null,
    transfer_id integer not null,
    lot_id integer not null,
    kind integer not null,
    amount integer not null,
    recorded_us integer not null,
    constraint lot_move_pk primary key (workspace_id, transfer_id, lot_id, kind),
    constraint lot_move_amount_positive check (amount > 0)
) strict, without rowid;

-- Open holds are found by the account that they reserve.
alter table hold add column debit_account integer;
create index hold_open on hold (workspace_id, debit_account, transfer_id) where state = 1;
