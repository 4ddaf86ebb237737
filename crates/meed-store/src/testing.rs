//! Hooks for tests: schemas of their own on a PostgreSQL server, and texts run behind the store's back.
//!
//! Only built with the feature `testing`. SQL may stand in this crate alone, so what tests of other crates need of it is
//! here.

use tokio_postgres::NoTls;

use crate::engine::{PostgresSession, Role, Session, SqliteSession};
use crate::error::StoreError;
use crate::sql;
use crate::statement::Statement;
use crate::store::{EngineOptions, Store};

/// Makes an empty schema, to be named in [`crate::PostgresOptions::schema`].
pub async fn create_schema(url: &str, schema: &str) -> Result<(), StoreError> {
    run_on_postgres(url, &format!("create schema {schema}")).await
}

/// Removes a schema with everything in it.
pub async fn drop_schema(url: &str, schema: &str) -> Result<(), StoreError> {
    run_on_postgres(url, &format!("drop schema {schema} cascade")).await
}

async fn run_on_postgres(url: &str, text: &str) -> Result<(), StoreError> {
    let fail = |e: tokio_postgres::Error| {
        StoreError::broken(e.as_db_error().map_or_else(|| e.to_string(), |refused| format!("{}: {refused}", refused.code().code())))
    };
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(fail)?;
    let connection = tokio::spawn(connection);
    let result = client.batch_execute(text).await.map_err(fail);
    drop(client);
    let _ = connection.await;
    result
}

/// Runs a text over a connection like those that serve, with no more rights than they have.
pub async fn run_as_writer(store: &Store, text: &str) -> Result<(), StoreError> {
    let (connect, text) = (store.writer_connection(), text.to_owned());
    tokio::task::spawn_blocking(move || connect()?.run_script(&text)).await.map_err(|e| StoreError::bug(e.to_string()))?
}

/// Runs a text as somebody with full access to the database would: on SQLite without the serving connection's
/// restrictions, on PostgreSQL as the owner of the tables.
pub async fn run_as_owner(options: &EngineOptions, text: &str) -> Result<(), StoreError> {
    let (options, text) = (options.clone(), text.to_owned());
    let run = move || match &options {
        EngineOptions::Sqlite(sqlite) => SqliteSession::open(sqlite, Role::Migrator)?.run_script(&text),
        EngineOptions::Postgres(postgres) => {
            let mut session = PostgresSession::open(postgres, Role::Migrator)?;
            for table in crate::JOURNAL_TABLES {
                session.run_script(&format!("grant update, delete on {table} to current_user"))?;
            }
            let result = session.run_script(&text);
            for table in crate::JOURNAL_TABLES {
                session.run_script(&format!("revoke update, delete on {table} from current_user"))?;
            }
            result
        }
    };
    tokio::task::spawn_blocking(run).await.map_err(|e| StoreError::bug(e.to_string()))?
}

/// Lets a batch fail that changes a row of a table a second time since this was said: a trigger notes every row, once.
pub async fn note_each_change_once(options: &EngineOptions, table: &str) -> Result<(), StoreError> {
    let text = match options {
        EngineOptions::Sqlite(_) => format!(
            "create table {table}_changed (row_id integer primary key);
             create trigger {table}_changed after update on {table} begin insert into {table}_changed values (new.{table}_id); end"
        ),
        EngineOptions::Postgres(_) => format!(
            "create table {table}_changed (row_id bigint primary key);
             create function {table}_changed() returns trigger language plpgsql as
             $$ begin insert into {table}_changed values (new.{table}_id); return new; end $$;
             create trigger {table}_changed after update on {table} for each row execute function {table}_changed()"
        ),
    };
    run_as_owner(options, &text).await
}

/// Ends what [`note_each_change_once`] began.
pub async fn forget_changes(options: &EngineOptions, table: &str) -> Result<(), StoreError> {
    let text = match options {
        EngineOptions::Sqlite(_) => format!("drop trigger {table}_changed; drop table {table}_changed"),
        EngineOptions::Postgres(_) => {
            format!("drop trigger {table}_changed on {table}; drop function {table}_changed; drop table {table}_changed")
        }
    };
    run_as_owner(options, &text).await
}

/// A statement as the store sends it.
#[derive(Clone, Copy, Debug)]
pub struct StatementText {
    /// Its name.
    pub name: &'static str,
    /// Its text for SQLite.
    pub sqlite: &'static str,
    /// Its text for PostgreSQL.
    pub postgres: &'static str,
    /// How many values it is given.
    pub params: usize,
    /// Whether it is run for a set of rows: then the workspace comes before the values.
    pub is_set: bool,
}

/// Every statement that the store sends.
#[must_use]
pub fn statements() -> Vec<StatementText> {
    let text = |s: &'static Statement| {
        // Those that run for a set are told by their arrays; what runs once a row on SQLite takes the workspace as well.
        let is_set = s.postgres.contains("[]");
        StatementText { name: s.name, sqlite: s.sqlite, postgres: s.postgres, params: s.params.len() + usize::from(is_set), is_set }
    };
    sql::all().into_iter().map(text).collect()
}

/// Rows of a query as text, column by column with `|` between: for checks of the catalogues.
pub async fn query_as_owner(options: &EngineOptions, text: &str) -> Result<Vec<String>, StoreError> {
    let (options, text) = (options.clone(), text.to_owned());
    let run = move || match &options {
        EngineOptions::Sqlite(sqlite) => SqliteSession::open(sqlite, Role::Migrator)?.query_as_text(&text),
        EngineOptions::Postgres(postgres) => PostgresSession::open(postgres, Role::Migrator)?.query_as_text(&text),
    };
    tokio::task::spawn_blocking(run).await.map_err(|e| StoreError::bug(e.to_string()))?
}

/// Prepares a text: the number of its parameters, and its columns.
pub async fn prepare_as_owner(options: &EngineOptions, text: &str) -> Result<(usize, Vec<String>), StoreError> {
    let (options, text) = (options.clone(), text.to_owned());
    let run = move || match &options {
        EngineOptions::Sqlite(sqlite) => SqliteSession::open(sqlite, Role::Migrator)?.prepare_only(&text),
        EngineOptions::Postgres(postgres) => PostgresSession::open(postgres, Role::Migrator)?.prepare_only(&text),
    };
    tokio::task::spawn_blocking(run).await.map_err(|e| StoreError::bug(e.to_string()))?
}

/// Damage to what wallets and offers keep, what `verify` reports it as, and how it is undone.
pub const TILL_DAMAGE: &[(&str, &str, &str)] = &[
    (
        "update lot set remaining = remaining - 1 where lot_id = (select max(lot_id) from lot where remaining > 500)",
        "lot_remaining",
        "update lot set remaining = remaining + 1 where lot_id = (select max(lot_id) from lot where remaining > 498)",
    ),
    ("update lot set held = held - 1 where held > 0", "lot_held", "update lot set held = held + 1 where held > 0"),
    ("update lot set expired = expired - 1 where expired > 0", "lot_expired", "update lot set expired = expired + 1 where expired > 0"),
    (
        "update lot set extended_us = extended_us - 7 where extended_us is not null",
        "lot_expiry",
        "update lot set extended_us = extended_us + 7 where extended_us is not null",
    ),
    ("update lot set expires_us = expires_us + 1", "digest", "update lot set expires_us = expires_us - 1"),
    ("update lot_move set amount = amount + 1", "lot_moves", "update lot_move set amount = amount - 1"),
    ("update till_counter set used = used + 1", "counter", "update till_counter set used = used - 1"),
    (
        "update till_event set previous_id = -previous_id where previous_id > 0",
        "previous_event",
        "update till_event set previous_id = -previous_id where previous_id < 0",
    ),
    ("update till_cell set last_event_id = last_event_id + 1", "last_event", "update till_cell set last_event_id = last_event_id - 1"),
    ("update till_cell set participant_id = participant_id + 1", "last_event", "update till_cell set participant_id = participant_id - 1"),
    (
        "create table kept as select * from till_cell;
         update till_cell set body = (select k.body from kept k order by k.participant_id limit 1)",
        "cell_last",
        "update till_cell set body = (select k.body from kept k where k.workspace_id = till_cell.workspace_id
         and k.participant_id = till_cell.participant_id); drop table kept",
    ),
    (
        "update till_cell set due_us = due_us + 86400000000000 where due_us is not null",
        "cell_due",
        "update till_cell set due_us = due_us - 86400000000000 where due_us is not null",
    ),
    (
        "update till_standing set event_id = event_id + 1 where event_id = (select max(event_id) from till_standing)",
        "reference at",
        "update till_standing set event_id = event_id - 1 where event_id = (select max(event_id) from till_standing)",
    ),
    ("update till_standing set event_id = -event_id", "purchase_", "update till_standing set event_id = -event_id"),
    (
        "update account set credits_posted = credits_posted + 1 where account_id in (select debit_account from transfer where kind = 119)",
        "credits_posted",
        "update account set credits_posted = credits_posted - 1 where account_id in (select debit_account from transfer where kind = 119)",
    ),
    ("update transfer set amount = amount + 1 where kind = 119", "digest", "update transfer set amount = amount - 1 where kind = 119"),
];
