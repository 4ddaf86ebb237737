//! Migrations and the table manifest.
//!
//! A migration is a folder with one text per engine. They are applied in order, once, each in a transaction; the local
//! table `applied_migration` remembers them. From the first release on a migration works beside the previous release: expand,
//! backfill, contract.

use crate::engine::{EngineKind, Session};
use crate::error::StoreError;
use crate::statement::Statement;
use crate::value::{Kind, Value};

/// Tables whose rows are written once. The database itself refuses to change them (`ledger.md` §10).
pub const JOURNAL_TABLES: &[&str] =
    &["record_version", "sale_version", "transfer", "explanation", "statement", "command", "audit", "till_event", "lot_move"];

/// The manifest of all tables with their kind, read by the checks and by an adoption into Citus.
pub const TABLE_MANIFEST: &str = include_str!("../migrations/tables.toml");

struct Migration {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "base",
        sqlite: include_str!("../migrations/0001_base/sqlite.sql"),
        postgres: include_str!("../migrations/0001_base/postgres.sql"),
    },
    Migration {
        number: 2,
        name: "reward_lines",
        sqlite: include_str!("../migrations/0002_reward_lines/sqlite.sql"),
        postgres: include_str!("../migrations/0002_reward_lines/postgres.sql"),
    },
    Migration {
        number: 3,
        name: "tills",
        sqlite: include_str!("../migrations/0003_tills/sqlite.sql"),
        postgres: include_str!("../migrations/0003_tills/postgres.sql"),
    },
    Migration {
        number: 4,
        name: "lot_terms",
        sqlite: include_str!("../migrations/0004_lot_terms/sqlite.sql"),
        postgres: include_str!("../migrations/0004_lot_terms/postgres.sql"),
    },
    Migration {
        number: 5,
        name: "counted_sales",
        sqlite: include_str!("../migrations/0005_counted_sales/sqlite.sql"),
        postgres: include_str!("../migrations/0005_counted_sales/postgres.sql"),
    },
    Migration {
        number: 6,
        name: "transfers_by_account",
        sqlite: include_str!("../migrations/0006_transfers_by_account/sqlite.sql"),
        postgres: include_str!("../migrations/0006_transfers_by_account/postgres.sql"),
    },
    Migration {
        number: 7,
        name: "events_back",
        sqlite: include_str!("../migrations/0007_events_back/sqlite.sql"),
        postgres: include_str!("../migrations/0007_events_back/postgres.sql"),
    },
    Migration {
        number: 8,
        name: "bound_lots",
        sqlite: include_str!("../migrations/0008_bound_lots/sqlite.sql"),
        postgres: include_str!("../migrations/0008_bound_lots/postgres.sql"),
    },
];

/// Figures for SQLite's planner, made from the schema.
const PLANNER: &str = include_str!("../migrations/planner.sqlite.sql");

const CREATE_LEDGER: Statement = Statement::split(
    "migration_table",
    "create table if not exists applied_migration (number integer not null, name text not null, constraint applied_migration_pk primary key (number)) strict",
    "create table if not exists applied_migration (number bigint not null, name text not null, constraint applied_migration_pk primary key (number))",
    &[],
);

static LOCK_LEDGER: Statement =
    Statement::split("migration_lock", "select 1 where false", "lock table applied_migration in exclusive mode", &[]);
static APPLIED: Statement = Statement::same("migration_applied", "select number, name from applied_migration order by number", &[]);
static REMEMBER: Statement =
    Statement::same("migration_remember", "insert into applied_migration (number, name) values ($1, $2)", &[Kind::Int, Kind::Text]);

/// Brings the schema up to this release. Refuses a database of a newer one.
pub(crate) fn migrate(session: &mut dyn Session, engine: EngineKind) -> Result<(), StoreError> {
    let text = |s: &Statement| if engine == EngineKind::Sqlite { s.sqlite } else { s.postgres };
    // Of several processes that start at once PostgreSQL may let all but one fail here although the table "exists".
    let mut created = session.run_script(text(&CREATE_LEDGER));
    if created.is_err() {
        created = session.run_script(text(&CREATE_LEDGER));
    }
    created?;
    session.begin()?;
    let result = apply(session, engine);
    if result.is_err() {
        session.rollback();
        return result;
    }
    session.commit()
}

/// Refuses a schema that is not the one of this release, for those who may not bring it up to date.
pub(crate) fn insist_on_current(session: &mut dyn Session) -> Result<(), StoreError> {
    let mut applied = 0;
    session.query(&APPLIED, &[], &mut |row| {
        let (number, name) = (row.int(0)?, row.text(1)?);
        applied += usize::from(MIGRATIONS.iter().any(|m| m.number == number && m.name == name));
        Ok(())
    })?;
    if applied == MIGRATIONS.len() {
        return Ok(());
    }
    Err(StoreError::broken("the server beside runs another release of Meed; use its own program"))
}

fn apply(session: &mut dyn Session, engine: EngineKind) -> Result<(), StoreError> {
    if engine == EngineKind::Postgres {
        session.run_script(LOCK_LEDGER.postgres)?;
    }
    let mut applied = Vec::new();
    session.query(&APPLIED, &[], &mut |row| {
        applied.push((row.int(0)?, row.text(1)?.to_owned()));
        Ok(())
    })?;
    for (number, name) in &applied {
        if !MIGRATIONS.iter().any(|m| m.number == *number && m.name == name) {
            return Err(StoreError::broken(format!(
                "the database was made by a newer Meed: it has migration {number} `{name}`, which this one does not know"
            )));
        }
    }
    let is_new = applied.len() < MIGRATIONS.len();
    for migration in MIGRATIONS {
        if applied.iter().any(|(number, _)| *number == migration.number) {
            continue;
        }
        session.run_script(if engine == EngineKind::Sqlite { migration.sqlite } else { migration.postgres })?;
        session.execute(&REMEMBER, vec![Value::Int(migration.number), migration.name.into()])?;
    }
    if engine == EngineKind::Sqlite && is_new {
        session.run_script(PLANNER)?;
    }
    Ok(())
}
