-- Base schema. Every table is keyed by workspace_id first; see tables.toml for the kind of each.

-- One row per side of a tenant: the lock of its batches, and the heads of its ids, times and audit chain.
create table workspace (
    workspace_id integer not null,
    config_version integer not null,
    last_id integer not null,
    last_recorded_us integer not null,
    audit_number integer not null,
    audit_hash blob not null,
    zone text not null,
    unit text not null,
    sale_count integer not null,
    constraint workspace_pk primary key (workspace_id)
) strict, without rowid;

-- Configuration and other small documents, by kind: reps, teams, programs, sources, keys, imports, calculations.
create table record (
    workspace_id integer not null,
    kind integer not null,
    record_id integer not null,
    record_key text not null,
    version integer not null,
    deleted integer not null,
    body text not null,
    recorded_us integer not null,
    constraint record_pk primary key (workspace_id, kind, record_id),
    constraint record_key_unique unique (workspace_id, kind, record_key)
) strict, without rowid;

-- Journal: every version a configuration record ever had.
create table record_version (
    workspace_id integer not null,
    kind integer not null,
    record_id integer not null,
    version integer not null,
    deleted integer not null,
    body text not null,
    salt integer not null,
    recorded_us integer not null,
    command_id integer not null,
    constraint record_version_pk primary key (workspace_id, kind, record_id, version)
) strict, without rowid;

-- Current facts of each sale, packed.
create table sale (
    workspace_id integer not null,
    sale_id integer not null,
    source_id integer not null,
    identity text not null,
    day integer not null,
    at_ns integer not null,
    version integer not null,
    recorded_us integer not null,
    created_us integer not null,
    import_id integer,
    line integer,
    salt integer not null,
    facts blob not null,
    constraint sale_pk primary key (workspace_id, sale_id)
) strict, without rowid;
create index sale_by_day on sale (workspace_id, day, sale_id);

-- The duplicate check: (source, unique id or checksum) to sale.
create table sale_identity (
    workspace_id integer not null,
    source_id integer not null,
    identity text not null,
    sale_id integer not null,
    constraint sale_identity_pk primary key (workspace_id, source_id, identity)
) strict, without rowid;

-- Original columns of a sale, erasable.
create table sale_original (
    workspace_id integer not null,
    sale_id integer not null,
    layout_id integer not null,
    cells blob not null,
    constraint sale_original_pk primary key (workspace_id, sale_id)
) strict, without rowid;

-- Journal: what a sale said before it was changed.
create table sale_version (
    workspace_id integer not null,
    sale_id integer not null,
    version integer not null,
    recorded_us integer not null,
    import_id integer,
    line integer,
    salt integer not null,
    facts blob not null,
    constraint sale_version_pk primary key (workspace_id, sale_id, version)
) strict, without rowid;

-- Accounts with their running totals (a projection of the transfers).
create table account (
    workspace_id integer not null,
    account_id integer not null,
    owner_kind integer not null,
    owner_id integer not null,
    purpose integer not null,
    unit text not null,
    state integer not null,
    debits_posted integer not null,
    debits_pending integer not null,
    credits_posted integer not null,
    credits_pending integer not null,
    constraint account_pk primary key (workspace_id, account_id),
    constraint account_key_unique unique (workspace_id, owner_kind, owner_id, purpose, unit)
) strict, without rowid;

-- Journal: every movement.
create table transfer (
    workspace_id integer not null,
    transfer_id integer not null,
    command_id integer not null,
    debit_account integer not null,
    credit_account integer not null,
    amount integer not null,
    unit text not null,
    kind integer not null,
    phase integer not null,
    sale_id integer,
    reward_id integer,
    payout_id integer,
    version_id integer,
    hold_id integer,
    reverses_id integer,
    business_us integer not null,
    recorded_us integer not null,
    period_day integer,
    expires_us integer,
    constraint transfer_pk primary key (workspace_id, transfer_id),
    constraint transfer_amount_positive check (amount > 0),
    constraint transfer_two_accounts check (debit_account <> credit_account)
) strict, without rowid;

-- State of each hold (a projection).
create table hold (
    workspace_id integer not null,
    transfer_id integer not null,
    state integer not null,
    posted integer not null,
    constraint hold_pk primary key (workspace_id, transfer_id)
) strict, without rowid;

-- How much of a transfer has been reversed (a projection).
create table reversed (
    workspace_id integer not null,
    transfer_id integer not null,
    amount integer not null,
    constraint reversed_pk primary key (workspace_id, transfer_id)
) strict, without rowid;

-- What a program posted for one beneficiary: the target of a cell or a later difference to it.
create table reward (
    workspace_id integer not null,
    reward_id integer not null,
    program_id integer not null,
    version_id integer not null,
    calculation_id integer not null,
    cell_day integer not null,
    booked_day integer not null,
    owner_kind integer not null,
    owner_id integer not null,
    unit text not null,
    amount integer not null,
    exact text not null,
    state integer not null,
    release_id integer,
    payout_id integer,
    recorded_us integer not null,
    constraint reward_pk primary key (workspace_id, reward_id)
) strict, without rowid;
create index reward_by_period on reward (workspace_id, program_id, booked_day, reward_id);
create index reward_by_cell on reward (workspace_id, program_id, cell_day, owner_kind, owner_id, reward_id);
create index reward_by_owner on reward (workspace_id, owner_kind, owner_id, booked_day, reward_id);

-- Journal: why a reward has its amount.
create table explanation (
    workspace_id integer not null,
    reward_id integer not null,
    body text not null,
    constraint explanation_pk primary key (workspace_id, reward_id)
) strict, without rowid;

-- Journal: a payee's frozen account of a period.
create table statement (
    workspace_id integer not null,
    statement_id integer not null,
    release_id integer not null,
    program_id integer not null,
    booked_day integer not null,
    owner_kind integer not null,
    owner_id integer not null,
    audit_from integer not null,
    audit_to integer not null,
    recorded_us integer not null,
    body text not null,
    constraint statement_pk primary key (workspace_id, statement_id)
) strict, without rowid;
create index statement_by_owner on statement (workspace_id, owner_kind, owner_id, booked_day, statement_id);
create index statement_by_release on statement (workspace_id, release_id, statement_id);

-- Journal: identity and first answer of each command that carries one. Kept for ever.
create table command (
    workspace_id integer not null,
    source_id integer not null,
    identity text not null,
    fingerprint blob not null,
    answer text not null,
    recorded_us integer not null,
    constraint command_pk primary key (workspace_id, source_id, identity)
) strict, without rowid;

-- Journal: the hash chain, one line per command with an effect.
create table audit (
    workspace_id integer not null,
    audit_number integer not null,
    command_id integer not null,
    recorded_us integer not null,
    actor text not null,
    action text not null,
    subject text not null,
    digest blob not null,
    hash blob not null,
    constraint audit_pk primary key (workspace_id, audit_number)
) strict, without rowid;

-- Outbox: what the outside may want to hear, in order.
create table event (
    workspace_id integer not null,
    event_id integer not null,
    topic text not null,
    subject text not null,
    body text not null,
    recorded_us integer not null,
    constraint event_pk primary key (workspace_id, event_id)
) strict, without rowid;

