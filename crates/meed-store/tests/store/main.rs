//! The store on every engine: one body of tests, run on SQLite, encrypted SQLite and PostgreSQL.
//!
//! Every test ends with `verify` over all its workspaces, which must print no difference.

#[macro_use]
mod database;
mod make;

mod behaviours;
mod catalogue;
mod events_back;
mod kills;
mod lost_connections;
mod protected;
mod records;
mod rewards;
mod sales;
mod server_down;
mod statements;
mod submissions;
mod till;
mod till_kills;
mod twins;
mod verify;
