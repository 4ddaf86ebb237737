-- Base schema. Every table is keyed by workspace_id first; see tables.toml for the kind of each.

-- One row per side of a tenant: the lock of its batches, and the heads of its ids, times and audit chain.
create table workspace (
    workspace_id bigint not null,
    config_version bigint not null,
    last_id bigint not null,
    last_recorded_us bigint not null,
    audit_number bigint not null,
    audit_hash bytea not null,
    zone text collate "C" not null,
    unit text collate "C" not null,
    sale_count bigint not null,
    constraint workspace_pk primary key (workspace_id)
);

-- Configuration and other small documents, by kind: reps, teams, programs, sources, keys, imports, calculations.
create table record (
    workspace_id bigint not null,
    kind bigint not null,
    record_id bigint not null,
    record_key text collate "C" not null,
    version bigint not null,
    deleted bigint not null,
    body text collate "C" not null,
    recorded_us bigint not null,
    constraint record_pk primary key (workspace_id, kind, record_id),
    constraint record_key_unique unique (workspace_id, kind, record_key)
);

-- Journal: every version a configuration record ever had.
create table record_version (
    workspace_id bigint not null,
    kind bigint not null,
    record_id bigint not null,
    version bigint not null,
    deleted bigint not null,
    body text collate "C" not null,
    salt bigint not null,
    recorded_us bigint not null,
    command_id bigint not null,
    constraint record_version_pk primary key (workspace_id, kind, record_id, version)
);

-- Current facts of each sale, packed.
create table sale (
    workspace_id bigint not null,
    sale_id bigint not null,
    source_id bigint not null,
    identity text collate "C" not null,
    day bigint not null,
    at_ns bigint not null,
    version bigint not null,
    recorded_us bigint not null,
    created_us bigint not null,
    import_id bigint,
    line bigint,
    salt bigint not null,
    facts bytea not null,
    constraint sale_pk primary key (workspace_id, sale_id)
);
create index sale_by_day on sale (workspace_id, day, sale_id);

-- The duplicate check: (source, unique id or checksum) to sale.
create table sale_identity (
    workspace_id bigint not null,
    source_id bigint not null,
    identity text collate "C" not null,
    sale_id bigint not null,
    constraint sale_identity_pk primary key (workspace_id, source_id, identity)
);

-- Original columns of a sale, erasable.
create table sale_original (
    workspace_id bigint not null,
    sale_id bigint not null,
    layout_id bigint not null,
    cells bytea not null,
    constraint sale_original_pk primary key (workspace_id, sale_id)
);

-- Journal: what a sale said before it was changed.
create table sale_version (
    workspace_id bigint not null,
    sale_id bigint not null,
    version bigint not null,
    recorded_us bigint not null,
    import_id bigint,
    line bigint,
    salt bigint not null,
    facts bytea not null,
    constraint sale_version_pk primary key (workspace_id, sale_id, version)
);

-- Accounts with their running totals (a projection of the transfers).
create table account (
    workspace_id bigint not null,
    account_id bigint not null,
    owner_kind bigint not null,
    owner_id bigint not null,
    purpose bigint not null,
    unit text collate "C" not null,
    state bigint not null,
    debits_posted bigint not null,
    debits_pending bigint not null,
    credits_posted bigint not null,
    credits_pending bigint not null,
    constraint account_pk primary key (workspace_id, account_id),
    constraint account_key_unique unique (workspace_id, owner_kind, owner_id, purpose, unit)
);

-- Journal: every movement.
create table transfer (
    workspace_id bigint not null,
    transfer_id bigint not null,
    command_id bigint not null,
    debit_account bigint not null,
    credit_account bigint not null,
    amount bigint not null,
    unit text collate "C" not null,
    kind bigint not null,
    phase bigint not null,
    sale_id bigint,
    reward_id bigint,
    payout_id bigint,
    version_id bigint,
    hold_id bigint,
    reverses_id bigint,
    business_us bigint not null,
    recorded_us bigint not null,
    period_day bigint,
    expires_us bigint,
    constraint transfer_pk primary key (workspace_id, transfer_id),
    constraint transfer_amount_positive check (amount > 0),
    constraint transfer_two_accounts check (debit_account <> credit_account)
);

-- State of each hold (a projection).
create table hold (
    workspace_id bigint not null,
    transfer_id bigint not null,
    state bigint not null,
    posted bigint not null,
    constraint hold_pk primary key (workspace_id, transfer_id)
);

-- How much of a transfer has been reversed (a projection).
create table reversed (
    workspace_id bigint not null,
    transfer_id bigint not null,
    amount bigint not null,
    constraint reversed_pk primary key (workspace_id, transfer_id)
);

-- What a program posted for one beneficiary: the target of a cell or a later difference to it.
create table reward (
    workspace_id bigint not null,
    reward_id bigint not null,
    program_id bigint not null,
    version_id bigint not null,
    calculation_id bigint not null,
    cell_day bigint not null,
    booked_day bigint not null,
    owner_kind bigint not null,
    owner_id bigint not null,
    unit text collate "C" not null,
    amount bigint not null,
    exact text collate "C" not null,
    state bigint not null,
    release_id bigint,
    payout_id bigint,
    recorded_us bigint not null,
    constraint reward_pk primary key (workspace_id, reward_id)
);
create index reward_by_period on reward (workspace_id, program_id, booked_day, reward_id);
create index reward_by_cell on reward (workspace_id, program_id, cell_day, owner_kind, owner_id, reward_id);
create index reward_by_owner on reward (workspace_id, owner_kind, owner_id, booked_day, reward_id);

-- Journal: why a reward has its amount.
create table explanation (
    workspace_id bigint not null,
    reward_id bigint not null,
    body text collate "C" not null,
    constraint explanation_pk primary key (workspace_id, reward_id)
);

-- Journal: a payee's frozen account of a period.
create table statement (
    workspace_id bigint not null,
    statement_id bigint not null,
    release_id bigint not null,
    program_id bigint not null,
    booked_day bigint not null,
    owner_kind bigint not null,
    owner_id bigint not null,
    audit_from bigint not null,
    audit_to bigint not null,
    recorded_us bigint not null,
    body text collate "C" not null,
    constraint statement_pk primary key (workspace_id, statement_id)
);
create index statement_by_owner on statement (workspace_id, owner_kind, owner_id, booked_day, statement_id);
create index statement_by_release on statement (workspace_id, release_id, statement_id);

-- Journal: identity and first answer of each command that carries one. Kept for ever.
create table command (
    workspace_id bigint not null,
    source_id bigint not null,
    identity text collate "C" not null,
    fingerprint bytea not null,
    answer text collate "C" not null,
    recorded_us bigint not null,
    constraint command_pk primary key (workspace_id, source_id, identity)
);

-- Journal: the hash chain, one line per command with an effect.
create table audit (
    workspace_id bigint not null,
    audit_number bigint not null,
    command_id bigint not null,
    recorded_us bigint not null,
    actor text collate "C" not null,
    action text collate "C" not null,
    subject text collate "C" not null,
    digest bytea not null,
    hash bytea not null,
    constraint audit_pk primary key (workspace_id, audit_number)
);

-- Outbox: what the outside may want to hear, in order.
create table event (
    workspace_id bigint not null,
    event_id bigint not null,
    topic text collate "C" not null,
    subject text collate "C" not null,
    body text collate "C" not null,
    recorded_us bigint not null,
    constraint event_pk primary key (workspace_id, event_id)
);

-- The journal is written once: the serving role itself may neither change nor remove its rows.
revoke update, delete, truncate on record_version from current_user;
revoke update, delete, truncate on sale_version from current_user;
revoke update, delete, truncate on transfer from current_user;
revoke update, delete, truncate on explanation from current_user;
revoke update, delete, truncate on statement from current_user;
revoke update, delete, truncate on command from current_user;
revoke update, delete, truncate on audit from current_user;
