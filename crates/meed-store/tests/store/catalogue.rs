//! The checks of `scale-out.md` §11 on the schema: what keeps it fit for Citus, the table manifest, and that both engines
//! have one schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use meed_store::{EngineOptions, JOURNAL_TABLES, TABLE_MANIFEST, testing};

use crate::database::{Database, close};

/// Both catalogues print to this text. A migration changes it, in the same commit.
const SCHEMA: &str = include_str!("schema.txt");

fn manifest() -> BTreeMap<String, Vec<String>> {
    let table: toml::Table = TABLE_MANIFEST.parse().expect("the manifest is TOML");
    table.into_iter().map(|(kind, tables)| (kind, tables.as_table().expect("tables of a kind").keys().cloned().collect())).collect()
}

async fn rows(database: &Database, text: &str) -> Vec<String> {
    testing::query_as_owner(&database.engine, text).await.expect("the catalogue can be read")
}

/// Each line of these answers breaks a rule. `TABLES` stands for the sharded tables.
const RULES: &[(&str, &str)] = &[
    (
        "a sharded table without a primary key",
        "select c.relname from pg_class c where c.relname = any(TABLES) and c.relnamespace = current_schema()::regnamespace
         and not exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary)",
    ),
    (
        "workspace_id is missing, nullable, or of another type",
        "select t.name from unnest(TABLES) as t (name) where not exists (select 1 from information_schema.columns k
         where k.table_schema = current_schema() and k.table_name = t.name and k.column_name = 'workspace_id' and k.is_nullable = 'NO'
         and k.data_type = 'bigint' and k.domain_name is null)",
    ),
    (
        "a key that does not begin with workspace_id",
        "select i.indexrelid::regclass from pg_index i join pg_class c on c.oid = i.indrelid
         where c.relname = any(TABLES) and c.relnamespace = current_schema()::regnamespace
         and not exists (select 1 from pg_attribute a where a.attrelid = i.indrelid and a.attname = 'workspace_id' and a.attnum = i.indkey[0])",
    ),
    (
        "a foreign key: rows of one subject do not bind those of another, and workspace_id would have to be paired",
        "select conrelid::regclass, conname from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace",
    ),
    (
        "a deferrable or exclusion constraint",
        "select conname from pg_constraint where (condeferrable or contype = 'x') and connamespace = current_schema()::regnamespace",
    ),
    (
        "a trigger or rule",
        "select c.relname from pg_class c where c.relnamespace = current_schema()::regnamespace and (c.relhastriggers or c.relhasrules)",
    ),
    (
        "a sequence, view, or table of another kind",
        "select relname, relkind from pg_class where relnamespace = current_schema()::regnamespace and relkind not in ('r', 'i', 't')",
    ),
    (
        "an identity column, a generated one, or a default",
        "select table_name, column_name from information_schema.columns where table_schema = current_schema()
         and (is_identity = 'YES' or is_generated <> 'NEVER' or column_default is not null)",
    ),
    (
        "a text whose order depends on the locale",
        "select table_name, column_name from information_schema.columns where table_schema = current_schema() and data_type = 'text'
         and collation_name is distinct from 'C' and table_name <> 'applied_migration'",
    ),
    (
        "a function or procedure",
        "select proname from pg_proc where pronamespace = current_schema()::regnamespace",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migrated_postgres_keeps_the_rules_of_scaling_out() {
    let database = Database::postgres().await;
    close(database.open().await).await;
    let tables: Vec<String> = manifest()["sharded"].iter().map(|table| format!("'{table}'")).collect();
    let tables = format!("array[{}]", tables.join(", "));
    for (rule, text) in RULES {
        assert_eq!(rows(&database, &text.replace("TABLES", &tables)).await, Vec::<String>::new(), "{rule}");
    }
    database.must_verify().await;
}

/// The rules can be broken: each is, and its check finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_of_scaling_out_finds_what_breaks_it() {
    let database = Database::postgres().await;
    close(database.open().await).await;
    for text in [
        "create table a (workspace_id bigint not null)",
        "create table b (workspace_id integer, id bigint, primary key (id))",
        "create table c (workspace_id bigint not null, id bigint generated always as identity, name text, primary key (workspace_id, id),
         constraint c_b foreign key (id) references b (id) deferrable)",
        "create view v as select 1 as one",
        "create function f() returns bigint language sql as 'select 1'",
    ] {
        database.tamper(text).await;
    }
    for (rule, text) in RULES {
        let found = rows(&database, &text.replace("TABLES", "array['a', 'b', 'c']")).await;
        assert!(!found.is_empty(), "nothing found: {rule}");
    }
    database.tamper("drop view v; drop function f(); drop table c; drop table b; drop table a").await;
    database.must_verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manifest_names_every_table_once_and_no_other() {
    let manifest = manifest();
    let named: Vec<&String> = manifest.values().flatten().collect();
    let distinct: BTreeSet<&String> = named.iter().copied().collect();
    assert_eq!(named.len(), distinct.len(), "a table has one kind");
    for database in [Database::sqlite().await, Database::postgres().await] {
        close(database.open().await).await;
        let stored = table_names(&database).await;
        assert_eq!(stored.iter().collect::<BTreeSet<_>>(), distinct);
        assert!(JOURNAL_TABLES.iter().all(|table| manifest["sharded"].iter().any(|name| name == table)));
        database.must_verify().await;
    }
}

async fn table_names(database: &Database) -> Vec<String> {
    let text = match database.engine {
        EngineOptions::Sqlite(_) => "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name",
        EngineOptions::Postgres(_) => {
            "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' order by relname collate \"C\""
        }
    };
    rows(database, text).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_schema_that_is_written_down() {
    for database in [Database::sqlite().await, Database::sqlite_encrypted().await, Database::postgres().await] {
        close(database.open().await).await;
        let mut printed = String::new();
        for table in table_names(&database).await {
            let _ = writeln!(printed, "table {table}");
            for text in catalogue(&database.engine) {
                for line in rows(&database, &text.replace("TABLE", &table)).await {
                    let _ = writeln!(printed, "    {line}");
                }
            }
        }
        assert_eq!(
            printed, SCHEMA,
            "{:?}: tests/store/schema.txt says something else; the migration is meant to change it?",
            database.engine
        );
        database.must_verify().await;
    }
}

/// Columns, primary key, other indexes, and checks of `TABLE`, in one form.
fn catalogue(engine: &EngineOptions) -> &'static [&'static str] {
    match engine {
        EngineOptions::Sqlite(_) => &[
            "select name || ' ' || case type when 'INTEGER' then 'int' when 'BLOB' then 'bytes' else lower(type) end
             || case \"notnull\" when 1 then ' not null' else '' end from pragma_table_info('TABLE') order by cid",
            "select 'primary key (' || group_concat(name, ', ') || ')' from (select name from pragma_table_info('TABLE') where pk > 0 order by pk)",
            "select case l.\"unique\" when 1 then 'unique' else 'index ' || l.name end || ' (' || (select group_concat(i.name, ', ') from
             (select name from pragma_index_info(l.name) order by seqno) i) || ')' as line
             from pragma_index_list('TABLE') l where l.origin <> 'pk' order by line",
            "with recursive part(rest, name) as (
                 select substr(sql, instr(sql, 'constraint ')), '' from sqlite_master where type = 'table' and name = 'TABLE' and sql like '%constraint %'
                 union all
                 select substr(rest, 12 + instr(substr(rest, 12), 'constraint ') - 1), substr(rest, 12, instr(substr(rest, 12), ' ') - 1)
                 || case when substr(rest, 12 + instr(substr(rest, 12), ' ')) like 'check%' then ' check' else '' end
                 from part where rest like 'constraint %' and length(rest) > 12 and instr(substr(rest, 12), ' ') > 0 limit 20)
             select distinct 'check ' || replace(name, ' check', '') as line from part where name like '% check' order by line",
        ],
        EngineOptions::Postgres(_) => &[
            "select column_name || ' ' || case data_type when 'bigint' then 'int' when 'bytea' then 'bytes' else data_type end
             || case is_nullable when 'NO' then ' not null' else '' end from information_schema.columns
             where table_schema = current_schema() and table_name = 'TABLE' order by ordinal_position",
            "select 'primary key (' || string_agg(a.attname, ', ' order by k.place) || ')' from pg_index i
             cross join unnest(i.indkey::int2[]) with ordinality as k (number, place) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
             where i.indrelid = 'TABLE'::regclass and i.indisprimary",
            "select case when i.indisunique then 'unique' else 'index ' || c.relname end || ' (' || (select string_agg(a.attname, ', ' order by k.place)
             from unnest(i.indkey::int2[]) with ordinality as k (number, place) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number) || ')'
             from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'TABLE'::regclass and not i.indisprimary order by 1",
            "select 'check ' || conname from pg_constraint where conrelid = 'TABLE'::regclass and contype = 'c' order by 1",
        ],
    }
}
