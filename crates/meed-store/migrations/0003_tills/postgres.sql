-- Loyalty at the till: what happened, wallets in lots, and what is remembered of customers.

-- Journal: purchases, spends, refunds, holds and the like, each with its packed body.
create table till_event (
    workspace_id bigint not null,
    event_id bigint not null,
    kind bigint not null,
    participant_id bigint not null,
    about_id bigint,
    at_us bigint not null,
    recorded_us bigint not null,
    salt bigint not null,
    body bytea not null,
    constraint till_event_pk primary key (workspace_id, event_id)
);
create index till_event_by_participant on till_event (workspace_id, participant_id, event_id);

-- How an event stands now, where that is no longer what its body says (a projection).
create table till_standing (
    workspace_id bigint not null,
    event_id bigint not null,
    body bytea not null,
    constraint till_standing_pk primary key (workspace_id, event_id)
);

-- The duplicate check: (source, reference) to event.
create table till_identity (
    workspace_id bigint not null,
    source_id bigint not null,
    reference text collate "C" not null,
    event_id bigint not null,
    fingerprint bytea not null,
    constraint till_identity_pk primary key (workspace_id, source_id, reference)
);

-- What is remembered of a participant between purchases (a projection of the purchases).
create table till_cell (
    workspace_id bigint not null,
    participant_id bigint not null,
    due_us bigint,
    body bytea not null,
    constraint till_cell_pk primary key (workspace_id, participant_id)
);

-- Uses of what is limited in number: offers and promo codes.
create table till_counter (
    workspace_id bigint not null,
    subject_id bigint not null,
    used bigint not null,
    constraint till_counter_pk primary key (workspace_id, subject_id)
);

-- Credits of wallets. What a lot is never changes; remaining, held, expired, pending and due_us are a projection of its moves.
create table lot (
    workspace_id bigint not null,
    lot_id bigint not null,
    participant_id bigint not null,
    unit text collate "C" not null,
    amount bigint not null,
    program_id bigint not null,
    version_id bigint,
    sale_id bigint,
    active_us bigint not null,
    expires_us bigint,
    rank bigint not null,
    cost bigint not null,
    recorded_us bigint not null,
    remaining bigint not null,
    held bigint not null,
    expired bigint not null,
    pending bigint not null,
    due_us bigint,
    constraint lot_pk primary key (workspace_id, lot_id),
    constraint lot_bounds check (0 <= held and held <= remaining and remaining <= amount)
);
create index lot_open on lot (workspace_id, participant_id, lot_id) where remaining > 0;
create index lot_due on lot (workspace_id, due_us, lot_id) where due_us is not null;

-- Journal: what each transfer did to which lot.
create table lot_move (
    workspace_id bigint not null,
    transfer_id bigint not null,
    lot_id bigint not null,
    kind bigint not null,
    amount bigint not null,
    recorded_us bigint not null,
    constraint lot_move_pk primary key (workspace_id, transfer_id, lot_id, kind),
    constraint lot_move_amount_positive check (amount > 0)
);

-- Open holds are found by the account that they reserve.
alter table hold add column debit_account bigint;
create index hold_open on hold (workspace_id, debit_account, transfer_id) where state = 1;

revoke update, delete, truncate on till_event, lot_move from current_user;
